#include <string.h>

#include "base/sizes.h"
#include "rules/answer_build.h"

enum { SECOND_US = 1000 * 1000 };

enum status answer_add(struct answer_builder *b, struct bytes name, const struct template *value)
{
    if (b->plan.count == ANSWER_FIELDS)
        return answer_error(b, "an answer has at most 128 header fields");
    b->fields[b->plan.count++] = (struct answer_field){name, value};
    return STATUS_OK;
}

enum status answer_add_text(struct answer_builder *b, struct bytes name, const char *value)
{
    const struct template *t;
    enum status st = template_literal(b->c, bytes_of(value), TEMPLATE_HEADER, &t);

    return st ? st : answer_add(b, name, t);
}

bool answer_has(const struct answer_builder *b, struct bytes name)
{
    for (uint32_t i = 0; i < b->plan.count; i++) {
        if (bytes_equal_icase(b->fields[i].name, name))
            return true;
    }
    return false;
}

enum status answer_error(struct answer_builder *b, const char *message)
{
    node_error(b->c->reader.diags, b->at, "%s", message);
    return STATUS_BAD_CONFIG;
}

#define FLAG_KEY(key, text)                                                                        \
    {                                                                                              \
        .name = #key, .type = CONFIG_BOOL, .offset = offsetof(struct answer_form, key),            \
        .help = text                                                                               \
    }

static const struct config_key respond_keys[] = {
    NODE_KEY(answer_form, status, "the status code; 200 when absent"),
    NODE_KEY(answer_form, reason, "the reason phrase of HTTP/1"),
    NODE_KEY(answer_form, headers, "header fields; a list makes several lines"),
    NODE_KEY(answer_form, text, "the body as text"),
    NODE_KEY(answer_form, json, "the body as JSON"),
    NODE_KEY(answer_form, file, "the body from a file"),
    NODE_KEY(answer_form, html, "the body as HTML"),
    NODE_KEY(answer_form, problem, "the body as problem details (RFC 9457)"),
    NODE_KEY(answer_form, location, "the Location field"),
    NODE_KEY(answer_form, to, "the same; none: no Location"),
    NODE_KEY(answer_form, retry_after, "the Retry-After field: a duration or an HTTP date"),
    NODE_KEY(answer_form, challenge, "WWW-Authenticate of a 401, Proxy-Authenticate of a 407"),
    NODE_KEY(answer_form, allow, "the Allow field of a 405"),
    FLAG_KEY(raw, "send what is written here and nothing more"),
    FLAG_KEY(early, "answer at once, without reading the request's body"),
    FLAG_KEY(force, "a 304 even when the request is not conditional"),
    NODE_KEY(answer_form, trailers, "fields of the trailer section, which makes it chunked"),
};

static const struct config_section respond_section = {
    "respond", respond_keys, sizeof(respond_keys) / sizeof(respond_keys[0])};

static const struct config_key redirect_keys[] = {
    NODE_KEY(answer_form, status, "301, 302, 303, 307 or 308; 302 when absent"),
    NODE_KEY(answer_form, to, "where to: a URL or a path"),
    NODE_KEY(answer_form, headers, "header fields; a list makes several lines"),
    FLAG_KEY(early, "answer at once, without reading the request's body"),
};

static const struct config_section redirect_section = {
    "redirect", redirect_keys, sizeof(redirect_keys) / sizeof(redirect_keys[0])};

static const struct config_key info_keys[] = {
    NODE_KEY(answer_form, status, "100, 102, 103 or another 1xx; 103 when absent"),
    NODE_KEY(answer_form, headers, "header fields; a list makes several lines"),
};

static const struct config_section info_section = {"info", info_keys,
                                                   sizeof(info_keys) / sizeof(info_keys[0])};

/* The codec writes such a field, and nobody else, unless the answer is raw. */
static enum status framing_check(struct answer_builder *b, const struct node *n)
{
    b->plan.framed = true;
    if (b->plan.raw)
        return STATUS_OK;
    node_key_error(b->c->reader.diags, n,
                   "'%s' is written by weir, which frames the message itself; `raw: true` sends "
                   "what is written here",
                   excerpt(n->key).text);
    return STATUS_BAD_CONFIG;
}

static enum status header_value(struct answer_builder *b, struct bytes name, const struct node *n)
{
    const struct template *value;
    enum status st = template_parse_node(b->c, n, TEMPLATE_HEADER, &value);

    return st ? st : answer_add(b, name, value);
}

static enum status header_parse(struct answer_builder *b, const struct node *n)
{
    struct bytes name;
    enum field_id id;
    enum status st = compiler_key(b->c, n, &name);

    if (st)
        return st;
    if (!http_token_valid(name)) {
        node_key_error(b->c->reader.diags, n, "'%s' is not a field name (RFC 9110 section 5.1)",
                       excerpt(name).text);
        return STATUS_BAD_CONFIG;
    }
    id = field_id_of(name);
    if (field_rules(id) & FIELD_RULE_FRAMING && framing_check(b, n))
        return STATUS_BAD_CONFIG;
    b->has_type |= id == FIELD_CONTENT_TYPE;
    b->plan.has_date |= id == FIELD_DATE;
    b->plan.has_etag |= id == FIELD_ETAG;
    b->plan.has_allow_origin |= bytes_equal_icase(name, BYTES("access-control-allow-origin"));
    if (n->kind != NODE_LIST)
        return header_value(b, name, n);
    for (const struct node *item = n->first; item; item = item->next)
        st = status_worse(st, header_value(b, name, item));
    return st;
}

static enum status headers_parse(struct answer_builder *b)
{
    const struct node *map = b->form->headers;
    enum status st = STATUS_OK;

    if (!map)
        return STATUS_OK;
    st = compiler_want(b->c, map, NODE_MAP, "headers are a map: { name: value }");
    for (const struct node *n = st ? NULL : map->first; n; n = n->next)
        st = status_worse(st, header_parse(b, n));
    return st;
}

/* RFC 9110 §6.5.1 */
static enum status trailer_parse(struct answer_builder *b, const struct node *n)
{
    struct answer_field *f = &b->plan.trailers[b->plan.trailer_count];
    enum status st = compiler_key(b->c, n, &f->name);

    if (st)
        return st;
    if (!http_token_valid(f->name) ||
        field_rules(field_id_of(f->name)) &
            (FIELD_RULE_NO_TRAILER | FIELD_RULE_FRAMING | FIELD_RULE_HOP)) {
        node_key_error(b->c->reader.diags, n,
                       "'%s' may not stand in a trailer section (RFC 9110 section 6.5.1)",
                       excerpt(f->name).text);
        return STATUS_BAD_CONFIG;
    }
    b->plan.trailer_count++;
    return template_parse_node(b->c, n, TEMPLATE_HEADER, &f->value);
}

static enum status trailers_parse(struct answer_builder *b)
{
    const struct node *map = b->form->trailers;
    enum status st;

    if (!map)
        return STATUS_OK;
    st = compiler_want(b->c, map, NODE_MAP, "trailers are a map: { name: value }");
    if (st)
        return st;
    if (http_status_bodiless(b->plan.status) || map->count > ANSWER_TRAILERS) {
        node_key_error(b->c->reader.diags, map,
                       map->count > ANSWER_TRAILERS
                           ? "an answer has at most 32 trailer fields"
                           : "trailers follow content, and this status has none");
        return STATUS_BAD_CONFIG;
    }
    b->plan.trailers = arena_alloc(b->c->arena, map->count * sizeof(*b->plan.trailers));
    if (!b->plan.trailers)
        return STATUS_NO_MEMORY;
    for (const struct node *n = map->first; n; n = n->next)
        st = status_worse(st, trailer_parse(b, n));
    return st;
}

static enum status status_parse(struct answer_builder *b, int64_t otherwise)
{
    const struct node *n = b->form->status;
    int64_t status = otherwise;
    enum status st = n ? config_int(&b->c->reader, n, 100, 999, &status) : STATUS_OK;
    const char *fault = NULL;

    if (st)
        return st;
    if (status < 200)
        fault = "1xx comes before an answer and is none (RFC 9110 section 15.2)";
    else if (status >= 600 && !b->plan.raw)
        fault = "a status is from 200 to 599 (RFC 9110 section 15); `raw: true` sends others";
    if (fault) {
        node_error(b->c->reader.diags, n ? n : b->at, "%s", fault);
        return STATUS_BAD_CONFIG;
    }
    b->plan.status = (uint16_t)status;
    return STATUS_OK;
}

static enum status location_parse(struct answer_builder *b)
{
    const struct node *n = b->form->to ? b->form->to : b->form->location;
    const struct template *value;
    enum status st;

    if (!n)
        return STATUS_OK;
    if (b->form->to && b->form->location) {
        node_key_error(b->c->reader.diags, b->form->location, "'location' and 'to' are the same");
        return STATUS_BAD_CONFIG;
    }
    if (n->kind == NODE_SCALAR && n->plain && bytes_equal(n->text, BYTES("none"))) {
        b->no_location = true;
        return STATUS_OK;
    }
    if (b->plan.status != 201 && b->plan.status / 100 != 3)
        node_warning(b->c->reader.diags, n,
                     "Location means nothing in a %u (RFC 9110 section 10.2.2)",
                     (unsigned)b->plan.status);
    st = template_parse_node(b->c, n, TEMPLATE_URL, &value);
    return st ? st : answer_add(b, field_name(FIELD_LOCATION), value);
}

/* "30s", "30" seconds, or an HTTP date (RFC 9110 §10.2.3). */
static enum status retry_after_parse(struct answer_builder *b)
{
    const struct node *n = b->form->retry_after;
    struct rule_text text;
    uint64_t seconds;
    int64_t us;
    const char *value;
    enum status st = n ? compiler_text(b->c, n, &text) : STATUS_OK;

    if (st || !n)
        return st;
    if (bytes_ends_with(text.all, BYTES(" GMT")) && http_value_valid(text.all))
        return answer_add_text(b, field_name(FIELD_RETRY_AFTER), (const char *)text.all.ptr);
    if (!duration_parse(text.all, &us))
        seconds = (uint64_t)(us / SECOND_US) + (us % SECOND_US > 0);
    else if (bytes_to_u64(text.all, INT32_MAX, &seconds))
        return compiler_error(
            b->c, &text, text.all,
            "expected a duration as 30s, or an HTTP date (RFC 9110 section 10.2.3)");
    value = arena_printf(b->c->arena, "%llu", (unsigned long long)seconds);
    return value ? answer_add_text(b, field_name(FIELD_RETRY_AFTER), value) : STATUS_NO_MEMORY;
}

static enum status challenge_parse(struct answer_builder *b)
{
    const struct node *n = b->form->challenge;

    if (!n)
        return STATUS_OK;
    if (b->plan.status != 401 && b->plan.status != 407) {
        node_key_error(b->c->reader.diags, n,
                       "a challenge belongs to 401 and 407 (RFC 9110 section 11.6.1)");
        return STATUS_BAD_CONFIG;
    }
    return header_value(
        b, field_name(b->plan.status == 407 ? FIELD_PROXY_AUTHENTICATE : FIELD_WWW_AUTHENTICATE),
        n);
}

/* Methods, as a text or a list. */
static enum status allow_parse(struct answer_builder *b)
{
    const struct node *n = b->form->allow;
    struct config_texts methods;
    struct buf text;
    enum status st = n ? config_texts(&b->c->reader, n, &methods) : STATUS_OK;
    char *value;

    if (st || !n)
        return st;
    buf_init(&text, HTTP_HEAD_BYTES);
    for (uint32_t i = 0; i < methods.count; i++) {
        buf_put_text(&text, i ? ", " : "");
        buf_put(&text, methods.items[i]);
    }
    value = buf_status(&text) ? NULL : arena_text(b->c->arena, buf_bytes(&text));
    buf_release(&text);
    if (!value)
        return STATUS_NO_MEMORY;
    if (!http_value_valid(bytes_of(value))) {
        node_error(b->c->reader.diags, n, "this is not a list of methods");
        return STATUS_BAD_CONFIG;
    }
    return answer_add_text(b, field_name(FIELD_ALLOW), value);
}

static enum status reason_parse(struct answer_builder *b)
{
    if (!b->form->reason)
        return STATUS_OK;
    return template_parse_node(b->c, b->form->reason, TEMPLATE_HEADER, &b->plan.reason);
}

static enum status force_check(struct answer_builder *b)
{
    if (!b->plan.force || b->plan.status == 304)
        return STATUS_OK;
    return answer_error(b, "'force' is for 304, which else answers conditional requests only");
}

static enum status plan_keep(struct answer_builder *b, struct answer_plan *ret)
{
    struct answer_field *fields = arena_alloc(b->c->arena, (b->plan.count + 1) * sizeof(*fields));

    if (!fields)
        return STATUS_NO_MEMORY;
    memcpy(fields, b->fields, b->plan.count * sizeof(*fields));
    b->plan.fields = fields;
    *ret = b->plan;
    return STATUS_OK;
}

/* Everything that a form says, in the order in which it is sent. */
static enum status form_parse(struct answer_builder *b, int64_t otherwise, struct answer_plan *ret)
{
    enum status st;

    b->plan.raw = b->form->raw;
    b->plan.early = b->form->early;
    b->plan.force = b->form->force;
    st = status_parse(b, otherwise);
    if (st)
        return st;
    st = force_check(b);
    st = status_worse(st, headers_parse(b));
    st = status_worse(st, trailers_parse(b));
    st = status_worse(st, reason_parse(b));
    st = status_worse(st, location_parse(b));
    st = status_worse(st, retry_after_parse(b));
    st = status_worse(st, challenge_parse(b));
    st = status_worse(st, allow_parse(b));
    st = status_worse(st, answer_body_parse(b));
    if (!st)
        st = answer_needs(b);
    return st ? st : plan_keep(b, ret);
}

enum status answer_of_status(struct rule_compiler *c, const struct node *n, int64_t status,
                             struct answer_plan *ret)
{
    const struct answer_form form = {0};
    struct answer_builder b = {.c = c, .at = n, .form = &form};

    return form_parse(&b, status, ret);
}

enum status answer_parse(struct rule_compiler *c, const struct node *n, struct answer_plan *ret)
{
    struct answer_form form = {0};
    struct answer_builder b = {.c = c, .at = n, .form = &form};
    enum status st = STATUS_OK;

    if (n->kind == NODE_SCALAR)
        form.status = n;
    else
        st = config_read(&c->reader, &respond_section, n, &form);
    if (st)
        return st;
    if (form.status)
        b.at = form.status;
    return form_parse(&b, 200, ret);
}

static bool is_redirection(int64_t status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

enum status answer_parse_redirect(struct rule_compiler *c, const struct node *n,
                                  struct answer_plan *ret)
{
    struct answer_form form = {0};
    struct answer_builder b = {.c = c, .at = n, .form = &form};
    int64_t status = 302;
    enum status st = STATUS_OK;

    if (n->kind == NODE_SCALAR)
        form.to = n;
    else
        st = config_read(&c->reader, &redirect_section, n, &form);
    if (st)
        return st;
    if (!form.to)
        return answer_error(&b, "'to' is missing: where does this redirect to?");
    if (form.status) {
        b.at = form.status;
        st = config_int(&c->reader, form.status, 100, 999, &status);
    }
    if (!st && !is_redirection(status))
        st = answer_error(&b, "a redirect has status 301, 302, 303, 307 or 308");
    return st ? st : form_parse(&b, status, ret);
}

/* 101 is no interim response but the end of HTTP on the connection. */
static enum status info_status_parse(struct answer_builder *b)
{
    int64_t status = 103;
    enum status st = STATUS_OK;

    if (b->form->status)
        st = config_int(&b->c->reader, b->form->status, 100, 199, &status);
    if (!st && status == 101)
        st = answer_error(b, "101 switches protocols: no final response would come after it "
                             "(RFC 9110 section 15.2.2)");
    b->plan.status = (uint16_t)status;
    return st;
}

enum status answer_parse_info(struct rule_compiler *c, const struct node *n,
                              struct answer_plan *ret)
{
    struct answer_form form = {0};
    struct answer_builder b = {.c = c, .at = n, .form = &form};
    enum status st = STATUS_OK;

    if (n->kind == NODE_SCALAR)
        form.status = n;
    else
        st = config_read(&c->reader, &info_section, n, &form);
    if (st)
        return st;
    if (form.status)
        b.at = form.status;
    b.plan.fields = b.fields;
    st = info_status_parse(&b);
    st = status_worse(st, headers_parse(&b));
    b.plan.raw = true; /* nothing is added */
    return st ? st : plan_keep(&b, ret);
}
