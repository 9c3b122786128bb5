/* Asking a flow: a walk along the chain of terms, without recursion or allocation but
 * the scratch's. */
#include <string.h>

#include "http/coding.h"
#include "logs/filter_impl.h"
#include "logs/media.h"

enum { WINDOW_BYTES = 16 * 1024 }; /* put in lower case and searched at once */

bool filter_contains(struct bytes in, struct bytes lower)
{
    uint8_t window[WINDOW_BYTES + FILTER_TEXT_BYTES];
    size_t keep = lower.len ? lower.len - 1 : 0; /* a hit may lie across two windows */

    if (lower.len > in.len || lower.len > FILTER_TEXT_BYTES)
        return false;
    for (size_t at = 0; at + keep < in.len || at == 0; at += WINDOW_BYTES) {
        struct bytes part = bytes_until(bytes_from(in, at), WINDOW_BYTES + keep);

        for (size_t i = 0; i < part.len; i++)
            window[i] = byte_lower(part.ptr[i]);
        if (bytes_search(bytes_make(window, part.len), lower) >= 0)
            return true;
    }
    return false;
}

/* ---- numbers and names ---- */

static bool in_range(const struct filter_value *v, int64_t number)
{
    return v->from <= number && number <= v->to;
}

int64_t filter_size(const struct flow *f)
{
    if (f->kind == FLOW_TUNNEL)
        return f->tunnel_down_bytes;
    return flow_message_head(&f->response) ? f->response.body.wire_bytes : -1;
}

static int64_t flow_version(const struct flow *f)
{
    const struct head *head = f->request.received;

    return head ? (int64_t)head->version : -1;
}

static bool is_below(struct bytes host, struct bytes domain)
{
    size_t front = host.len - domain.len;

    return host.len > domain.len + 1 && host.ptr[front - 1] == '.' &&
           bytes_equal_icase(bytes_from(host, front), domain);
}

bool filter_value_host(const struct filter_value *v, struct bytes host)
{
    bool same = v->how != FILTER_BELOW && bytes_equal_icase(host, v->text);

    return same || (v->how != FILTER_EQUALS && is_below(host, v->text));
}

/* "json" of "application/json", "application/hal+json"; "html" by its short word. */
static bool mime_has_part(struct bytes type, struct bytes word)
{
    ptrdiff_t slash = bytes_find(type, '/'), plus = -1;
    struct bytes subtype;

    if (slash < 0)
        return bytes_equal_icase(type, word);
    subtype = bytes_from(type, (size_t)slash + 1);
    for (size_t i = 0; i < subtype.len; i++)
        if (subtype.ptr[i] == '+')
            plus = (ptrdiff_t)i;
    return bytes_equal_icase(bytes_until(type, (size_t)slash), word) ||
           bytes_equal_icase(subtype, word) ||
           (plus >= 0 && bytes_equal_icase(bytes_from(subtype, (size_t)plus + 1), word)) ||
           bytes_equal_icase(media_short(type), word);
}

bool filter_value_mime(const struct filter_value *v, struct bytes type)
{
    if (v->how == FILTER_PART)
        return type.len && mime_has_part(type, v->text);
    if (v->how == FILTER_MAJOR)
        type = bytes_until(type, v->text.len);
    return bytes_equal_icase(type, v->text);
}

static struct bytes response_type(const struct flow *f)
{
    return media_type(flow_content_type(&f->response));
}

/* ---- fields ---- */

static bool fields_have(const struct fields *fields, const struct filter_value *v)
{
    for (uint32_t i = 0; fields && i < fields->count; i++) {
        const struct field *field = &fields->items[i];

        if (bytes_equal_icase(field->name, v->text) &&
            (v->how == FILTER_NAMED || filter_contains(field->value, v->part)))
            return true;
    }
    return false;
}

static bool message_has_field(const struct flow_message *m, const struct filter_value *v)
{
    return (m->received && fields_have(&m->received->fields, v)) ||
           (m->sent && m->sent != m->received && fields_have(&m->sent->fields, v)) ||
           fields_have(m->trailers, v);
}

/* "name=value" with white space around it. */
static bool cookie_is(struct bytes pair, const struct filter_value *v)
{
    ptrdiff_t equals = bytes_find(pair, '=');
    size_t name = equals < 0 ? pair.len : (size_t)equals;

    return bytes_equal_icase(bytes_trim(bytes_until(pair, name)), v->text) &&
           (v->how == FILTER_NAMED ||
            filter_contains(bytes_trim(bytes_from(pair, name + 1)), v->part));
}

/* Cookie has pairs between semicolons, Set-Cookie one pair and attributes behind it
 * (RFC 6265 §4). */
static bool field_has_cookie(const struct field *field, const struct filter_value *v)
{
    struct bytes rest = field->value;
    bool is_set = field->id == FIELD_SET_COOKIE;

    while (rest.len) {
        ptrdiff_t end = bytes_find(rest, ';');
        size_t len = end < 0 ? rest.len : (size_t)end;

        if (cookie_is(bytes_until(rest, len), v))
            return true;
        if (is_set)
            return false;
        rest = bytes_from(rest, len + 1);
    }
    return false;
}

static bool head_has_cookie(const struct head *head, const struct filter_value *v)
{
    for (uint32_t i = 0; head && i < head->fields.count; i++) {
        const struct field *field = &head->fields.items[i];
        bool cookies = field->id == FIELD_COOKIE || field->id == FIELD_SET_COOKIE;

        if (cookies && (!v || field_has_cookie(field, v)))
            return true;
    }
    return false;
}

/* `v` NULL: any cookie. */
static bool has_cookie(const struct flow *f, const struct filter_value *v)
{
    return head_has_cookie(f->request.received, v) || head_has_cookie(f->request.sent, v) ||
           head_has_cookie(f->response.received, v) || head_has_cookie(f->response.sent, v);
}

/* ---- words ---- */

static bool is_changed(const struct flow_message *m)
{
    return m->received && m->sent && !flow_heads_alike(m->received, m->sent);
}

static bool is_websocket(const struct flow *f)
{
    const struct head *head = flow_message_head(&f->response);

    return f->messages || (f->status == 101 && head &&
                           fields_list_has(&head->fields, FIELD_UPGRADE, BYTES("websocket")));
}

static bool is_redirect(unsigned status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool type_is(const struct flow *f, const char *word)
{
    struct bytes type = response_type(f);

    return type.len && mime_has_part(type, bytes_of(word));
}

static bool has_body(const struct flow_message *m)
{
    return m->body.wire_bytes > 0 || m->body.captured_bytes > 0;
}

bool filter_flow_is(const struct flow *f, enum filter_word word)
{
    switch (word) {
    case FILTER_KIND_HTTP:
        return f->kind == FLOW_HTTP;
    case FILTER_KIND_TUNNEL:
    case FILTER_IS_TUNNEL:
        return f->kind == FLOW_TUNNEL;
    case FILTER_KIND_REFUSED:
    case FILTER_IS_REFUSED:
        return f->kind == FLOW_REFUSED;
    case FILTER_IS_INJECTED:
        return f->injected;
    case FILTER_IS_ERROR:
        return f->error;
    case FILTER_IS_OK:
        return flow_ok(f);
    case FILTER_IS_WEBSOCKET:
        return is_websocket(f);
    case FILTER_IS_REUSED:
        return f->upstream_reused;
    case FILTER_IS_OPEN:
        return f->live;
    case FILTER_IS_IMAGE:
        return type_is(f, "image");
    case FILTER_IS_JSON:
        return type_is(f, "json");
    case FILTER_IS_HTML:
        return type_is(f, "html");
    case FILTER_IS_CACHED:
        return f->status == 304;
    case FILTER_IS_REDIRECT:
        return is_redirect(f->status);
    case FILTER_IS_CHANGED:
        return is_changed(&f->request) || is_changed(&f->response);
    case FILTER_IS_CUT:
        return f->body_not_captured || flow_body_cut(&f->request.body) ||
               flow_body_cut(&f->response.body);
    case FILTER_IS_DUPLICATE:
        return f->duplicate_of[0] != '\0';
    case FILTER_HAS_BODY:
        return has_body(&f->request) || has_body(&f->response);
    case FILTER_HAS_REQUEST_BODY:
        return has_body(&f->request);
    case FILTER_HAS_RESPONSE_BODY:
        return has_body(&f->response);
    case FILTER_HAS_RESPONSE:
        return f->status != 0;
    case FILTER_HAS_TRAILERS:
        return f->request.trailers || f->response.trailers;
    case FILTER_HAS_INTERIM:
        return f->interim != NULL;
    case FILTER_HAS_RULE:
        return f->rules != NULL;
    case FILTER_HAS_TAG:
        return f->tags != NULL;
    case FILTER_HAS_ANOMALY:
        return f->anomalies != 0;
    case FILTER_HAS_COOKIE:
        return has_cookie(f, NULL);
    case FILTER_HAS_DELAY:
        return f->timings.injected > 0;
    case FILTER_HAS_USER:
        return f->user.len > 0;
    case FILTER_HAS_MESSAGES:
        return f->messages != NULL;
    case FILTER_WORD_COUNT:
        break;
    }
    return false;
}

/* ---- texts ---- */

static bool rules_contain(const struct flow *f, struct bytes text)
{
    for (const struct flow_rule *r = f->rules; r; r = r->next)
        if (filter_contains(bytes_of(r->label), text))
            return true;
    return false;
}

static bool tags_have(const struct flow *f, struct bytes text)
{
    for (const struct flow_tag *t = f->tags; t; t = t->next)
        if (bytes_equal_icase(bytes_of(t->text), text))
            return true;
    return false;
}

static bool url_contains(const struct flow *f, struct filter_scratch *s, struct bytes text)
{
    buf_clear(&s->text);
    flow_put_url(f, &s->text);
    return filter_contains(buf_bytes(&s->text), text);
}

/* Decoding stops at whatever is broken; what came before it counts. */
static bool content_contains(const struct flow_message *m, struct filter_content *c,
                             struct bytes text)
{
    if (!c->known) {
        buf_clear(&c->decoded);
        (void)!flow_content_view(m, &c->decoded, &c->view);
        c->known = true;
    }
    return filter_contains(c->view, text);
}

static bool body_contains(const struct flow *f, enum filter_key key, struct filter_scratch *s,
                          struct bytes text)
{
    return (key != FILTER_RESPONSE_BODY && content_contains(&f->request, &s->request, text)) ||
           (key != FILTER_REQUEST_BODY && content_contains(&f->response, &s->response, text));
}

static struct bytes flow_method(const struct flow *f)
{
    return f->request.received ? f->request.received->method : bytes_make(NULL, 0);
}

static bool id_fits(const struct flow *f, const struct filter_value *v)
{
    if (v->how == FILTER_RANGE)
        return f->number && f->number <= INT64_MAX && in_range(v, (int64_t)f->number);
    return bytes_equal_icase(bytes_until(bytes_of(f->id), v->text.len), v->text);
}

static bool value_fits(enum filter_key key, const struct filter_value *v, const struct flow *f,
                       struct filter_scratch *s)
{
    switch (key) {
    case FILTER_URL:
        return url_contains(f, s, v->text);
    case FILTER_HOST:
        return filter_value_host(v, f->host);
    case FILTER_PATH:
        return filter_contains(flow_path(f), v->text);
    case FILTER_METHOD:
        return bytes_equal_icase(flow_method(f), v->text);
    case FILTER_STATUS:
        return in_range(v, f->status);
    case FILTER_MIME:
        return filter_value_mime(v, response_type(f));
    case FILTER_SCHEME:
        return bytes_equal_icase(f->scheme, v->text);
    case FILTER_PORT:
        return in_range(v, f->port);
    case FILTER_VERSION:
        return in_range(v, flow_version(f));
    case FILTER_SIZE:
    case FILTER_LARGER_THAN:
    case FILTER_SMALLER_THAN:
        return in_range(v, filter_size(f));
    case FILTER_DURATION:
        return in_range(v, f->timings.total);
    case FILTER_HEADER:
        return message_has_field(&f->request, v) || message_has_field(&f->response, v);
    case FILTER_REQUEST_HEADER:
        return message_has_field(&f->request, v);
    case FILTER_RESPONSE_HEADER:
        return message_has_field(&f->response, v);
    case FILTER_COOKIE:
        return has_cookie(f, v);
    case FILTER_BODY:
    case FILTER_REQUEST_BODY:
    case FILTER_RESPONSE_BODY:
        return body_contains(f, key, s, v->text);
    case FILTER_CLIENT:
        return filter_contains(f->client, v->text);
    case FILTER_USER:
        return filter_contains(f->user, v->text);
    case FILTER_UPSTREAM:
        return filter_contains(f->upstream, v->text);
    case FILTER_RULE:
        return rules_contain(f, v->text);
    case FILTER_TAG:
        return tags_have(f, v->text);
    case FILTER_ANOMALY:
        return (f->anomalies & (uint64_t)v->from) != 0;
    case FILTER_REASON:
        return filter_contains(bytes_of(f->reason), v->text);
    case FILTER_ID:
        return id_fits(f, v);
    case FILTER_KIND:
    case FILTER_IS:
    case FILTER_HAS:
        return filter_flow_is(f, (enum filter_word)v->from);
    case FILTER_SINCE:
    case FILTER_UNTIL:
        return in_range(v, f->started_us);
    case FILTER_KEY_COUNT:
        break;
    }
    return false;
}

/* ---- the walk ---- */

/* Another flow may lie where the last one lay. */
static void scratch_turn(struct filter_scratch *s, const struct flow *f)
{
    int64_t captured = f->request.body.captured_bytes + f->response.body.captured_bytes;

    if (s->flow == f && s->captured_bytes == captured && memcmp(s->id, f->id, sizeof(s->id)) == 0)
        return;
    s->flow = f;
    s->captured_bytes = captured;
    memcpy(s->id, f->id, sizeof(s->id));
    s->request.known = false;
    s->response.known = false;
}

static bool term_holds(const struct filter_term *t, const struct flow *f, struct filter_scratch *s)
{
    for (uint32_t i = 0; i < t->value_count; i++)
        if (value_fits(t->key, &t->values[i], f, s))
            return !t->negated;
    return t->negated;
}

bool filter_match(const struct filter *f, const struct flow *flow, struct filter_scratch *s)
{
    uint32_t at = f->term_count ? 0 : FILTER_TAKES;

    scratch_turn(s, flow);
    while (at < FILTER_LEAVES) {
        const struct filter_term *t = &f->terms[at];

        at = term_holds(t, flow, s) ? t->if_true : t->if_false;
    }
    return at == FILTER_TAKES;
}
