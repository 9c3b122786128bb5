#include "rules/answer.h"

#include <string.h>

#include "rules/date.h"

/* The fields of one answer while it is made. */
struct answer_maker {
    const struct answer_plan *plan;
    struct firing *f;
    struct head *head;
};

static enum status put_field(struct answer_maker *m, struct bytes name, struct bytes value)
{
    return fields_append(m->f->arena, &m->head->fields, name, value);
}

/* The text written to `b`, as a field; releases `b`. */
static enum status put_made(struct answer_maker *m, struct bytes name, struct buf *b)
{
    struct bytes value = bytes_make(NULL, 0);
    enum status st = buf_status(b);

    if (!st)
        value = arena_copy(m->f->arena, buf_bytes(b));
    buf_release(b);
    if (st || !value.ptr)
        return STATUS_NO_MEMORY;
    return put_field(m, name, value);
}

static enum status put_date(struct answer_maker *m)
{
    struct buf text;

    if (m->plan->raw || m->plan->has_date)
        return STATUS_OK;
    buf_init(&text, 64);
    date_put_http(&text, m->f->view->now_us);
    return put_made(m, field_name(FIELD_DATE), &text);
}

static enum status put_written(struct answer_maker *m)
{
    for (uint32_t i = 0; i < m->plan->count; i++) {
        const struct answer_field *field = &m->plan->fields[i];
        struct bytes value;
        enum status st = template_render(field->value, m->f, &value);

        if (!st)
            st = put_field(m, field->name, value);
        if (st)
            return st;
    }
    return STATUS_OK;
}

/* RFC 9110 §15.5.6: a 405 must say what is allowed; not what was just refused. */
static enum status put_allow(struct answer_maker *m)
{
    static const char *const usual[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    struct buf text;

    if (!m->plan->default_allow)
        return STATUS_OK;
    buf_init(&text, 128);
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        if (http_method_is(m->f->view->request, usual[i]))
            continue;
        buf_put_text(&text, text.len ? ", " : "");
        buf_put_text(&text, usual[i]);
    }
    return put_made(m, field_name(FIELD_ALLOW), &text);
}

/* RFC 9110 §15.4.5: a 304 carries the ETag the 200 would have. The client's own, when
 * it sent just one, is what such an answer means. */
static enum status put_etag(struct answer_maker *m)
{
    struct bytes list = fields_value(&m->f->view->request->fields, field_name(FIELD_IF_NONE_MATCH));
    struct bytes tag, other;

    if (m->plan->raw || m->plan->has_etag || m->plan->status != 304 ||
        !bytes_next_listed(&list, &tag) || bytes_next_listed(&list, &other) ||
        !bytes_ends_with(tag, BYTES("\"")))
        return STATUS_OK;
    return put_field(m, field_name(FIELD_ETAG), tag);
}

/* Fetch, "CORS-safelisted response-header name": these need not be exposed. */
static bool is_exposed_anyway(struct bytes name)
{
    static const char *const safe[] = {
        "cache-control", "content-language", "content-length", "content-type", "expires",
        "last-modified", "pragma",           "vary",           "date",         "set-cookie",
    };

    for (size_t i = 0; i < sizeof(safe) / sizeof(safe[0]); i++) {
        if (bytes_equal_icase(name, bytes_of(safe[i])))
            return true;
    }
    return false;
}

static enum status put_exposed(struct answer_maker *m)
{
    struct buf text;

    buf_init(&text, HTTP_HEAD_BYTES);
    for (uint32_t i = 0; i < m->head->fields.count; i++) {
        struct bytes name = m->head->fields.items[i].name;

        if (is_exposed_anyway(name) || fields_find_name(&m->head->fields, name, 0) != (int)i)
            continue;
        buf_put_text(&text, text.len ? ", " : "");
        buf_put(&text, name);
    }
    if (text.len == 0) {
        buf_release(&text);
        return STATUS_OK;
    }
    return put_made(m, BYTES("Access-Control-Expose-Headers"), &text);
}

/* Without these fields a page sees "Failed to fetch" instead of the answer. */
static enum status put_cors(struct answer_maker *m)
{
    struct bytes origin = fields_value(&m->f->view->request->fields, field_name(FIELD_ORIGIN));
    enum status st;

    if (m->plan->raw || !m->f->cors || m->plan->has_allow_origin || origin.len == 0 ||
        !http_value_valid(origin))
        return STATUS_OK;
    st = put_exposed(m);
    if (!st)
        st = put_field(m, BYTES("Access-Control-Allow-Origin"), origin);
    if (!st)
        st = put_field(m, BYTES("Access-Control-Allow-Credentials"), BYTES("true"));
    return st ? st : put_field(m, field_name(FIELD_VARY), field_name(FIELD_ORIGIN));
}

static enum status put_mark(struct answer_maker *m)
{
    if (m->plan->raw || !m->f->mark_name || m->f->marked)
        return STATUS_OK;
    return put_field(m, bytes_of(m->f->mark_name), m->f->mark);
}

static enum status put_length(struct answer_maker *m, struct bytes body)
{
    struct buf text;

    if (http_status_bodiless(m->plan->status) || m->plan->framed)
        return STATUS_OK;
    if (m->plan->trailer_count) {
        m->head->framing = HTTP_CHUNKED;
        return STATUS_OK;
    }
    m->head->framing = HTTP_LENGTH;
    m->head->length = (int64_t)body.len;
    buf_init(&text, 32);
    buf_put_u64(&text, body.len);
    return put_made(m, field_name(FIELD_CONTENT_LENGTH), &text);
}

static enum status put_fields(struct answer_maker *m, struct bytes body)
{
    enum status st = put_date(m);

    if (!st)
        st = put_written(m);
    if (!st)
        st = put_allow(m);
    if (!st)
        st = put_etag(m);
    if (!st && m->plan->media_type.len && !m->plan->raw)
        st = put_field(m, field_name(FIELD_CONTENT_TYPE), m->plan->media_type);
    if (!st)
        st = put_mark(m);
    if (!st)
        st = put_cors(m);
    return st ? st : put_length(m, body);
}

static enum status put_reason(struct answer_maker *m)
{
    const struct http_status *known = http_status_find(m->plan->status);

    if (m->plan->reason)
        return template_render(m->plan->reason, m->f, &m->head->reason);
    m->head->reason = known ? bytes_of(known->phrase) : BYTES("");
    return STATUS_OK;
}

static enum status put_trailers(struct answer_maker *m, struct fields *trailers)
{
    for (uint32_t i = 0; i < m->plan->trailer_count; i++) {
        const struct answer_field *field = &m->plan->trailers[i];
        struct bytes value;
        enum status st = template_render(field->value, m->f, &value);

        if (!st)
            st = fields_append(m->f->arena, trailers, field->name, value);
        if (st)
            return st;
    }
    return STATUS_OK;
}

/* The bytes of an answer that frames itself. */
static enum status raw_make(struct answer_maker *m, struct bytes body, struct bytes *ret_raw)
{
    struct buf out;
    enum status st;

    buf_init(&out, RULE_BODY_BYTES + HTTP_HEAD_BYTES);
    buf_putf(&out, "HTTP/1.1 %u ", (unsigned)m->plan->status);
    buf_put(&out, m->head->reason);
    buf_put_text(&out, "\r\n");
    for (uint32_t i = 0; i < m->head->fields.count; i++) {
        buf_put(&out, m->head->fields.items[i].name);
        buf_put_text(&out, ": ");
        buf_put(&out, m->head->fields.items[i].value);
        buf_put_text(&out, "\r\n");
    }
    buf_put_text(&out, "\r\n");
    if (!http_method_is(m->f->view->request, "HEAD"))
        buf_put(&out, body);
    *ret_raw = arena_copy(m->f->arena, buf_bytes(&out));
    st = buf_status(&out);
    buf_release(&out);
    return st || ret_raw->ptr ? st : STATUS_NO_MEMORY;
}

static enum status answer_fill(struct answer_maker *m, struct answer *answer)
{
    struct bytes body = BYTES("");
    enum status st = put_reason(m);

    if (!st && m->plan->body)
        st = template_render(m->plan->body, m->f, &body);
    if (!st)
        st = put_fields(m, body);
    if (!st && m->plan->framed)
        st = raw_make(m, body, &answer->raw);
    if (st)
        return st;
    if (m->head->framing != HTTP_NO_BODY && !http_method_is(m->f->view->request, "HEAD"))
        answer->body = body;
    return put_trailers(m, &answer->trailers);
}

enum status answer_new(const struct answer_plan *p, struct firing *f, struct answer **ret_answer)
{
    struct answer *answer = arena_alloc(f->arena, sizeof(*answer));
    struct answer_maker m = {p, f, answer ? &answer->head : NULL};
    enum status st;

    if (!answer)
        return STATUS_NO_MEMORY;
    answer->early = p->early;
    answer->head = (struct head){
        .side = HTTP_RESPONSE,
        .version = HTTP_1_1,
        .framing = HTTP_NO_BODY,
        .length = -1,
        .keep_alive = true,
        .status = p->status,
    };
    st = answer_fill(&m, answer);
    if (st == STATUS_REFUSED)
        return firing_skip(f, "rule_skipped: a header value to be sent held a line feed or "
                              "another control");
    if (st == STATUS_LIMIT)
        return firing_skip(f, "rule_skipped: the answer to be sent was too large");
    if (!st)
        *ret_answer = answer;
    return st;
}

enum status answer_make(const struct answer_plan *p, struct firing *f)
{
    struct answer *answer = NULL;
    enum status st = answer_new(p, f, &answer);
    struct effect *e;

    if (st)
        return st;
    e = firing_effect(f, EFFECT_ANSWER);
    if (!e)
        return STATUS_NO_MEMORY;
    e->answer = answer;
    return STATUS_END;
}

bool answer_applies(const struct answer_plan *p, const struct head *request)
{
    if (p->status != 304 || p->force || p->raw)
        return true;
    return (http_method_is(request, "GET") || http_method_is(request, "HEAD")) &&
           (fields_find(&request->fields, FIELD_IF_NONE_MATCH, 0) >= 0 ||
            fields_find(&request->fields, FIELD_IF_MODIFIED_SINCE, 0) >= 0);
}
