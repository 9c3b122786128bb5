#include "cli/replay_request.h"

#include "logs/flow_make.h"

/* Why it cannot be sent again, or NULL. */
static const char *refusal_of(const struct flow *f)
{
    const struct head *head = f->kind == FLOW_HTTP ? flow_message_head(&f->request) : NULL;

    if (!head || head->method.len == 0)
        return "it has no request";
    if (head->upgrade || fields_want_upgrade(&head->fields))
        return "it asked for another protocol";
    if (flow_body_cut(&f->request.body) || f->body_not_captured)
        return "its body was not kept whole";
    return NULL;
}

static bool is_kept(const struct flow *f, const struct head *was, const struct field *field)
{
    unsigned rules = field->id == FIELD_OTHER ? 0 : field_rules((enum field_id)field->id);

    if (rules & (FIELD_RULE_HOP | FIELD_RULE_FRAMING))
        return false;
    if (field->id == FIELD_CONTENT_ENCODING && f->request.body.decoded)
        return false;
    return field->id != FIELD_HOST && field->id != FIELD_EXPECT &&
           !fields_list_has(&was->fields, FIELD_CONNECTION, field->name);
}

static enum status put_fields(struct flow *f, const struct head *was, struct bytes authorization,
                              struct head *head)
{
    struct arena *a = &f->arena;
    enum status st = fields_append(a, &head->fields, field_name(FIELD_HOST), head->authority);

    for (uint32_t i = 0; i < was->fields.count && !st; i++) {
        const struct field *field = &was->fields.items[i];

        if (is_kept(f, was, field))
            st = fields_append(a, &head->fields, field->name, field->value);
    }
    if (!st && authorization.len)
        st = fields_append(a, &head->fields, field_name(FIELD_PROXY_AUTHORIZATION), authorization);
    return st ? st : fields_append(a, &head->fields, field_name(FIELD_CONNECTION), BYTES("close"));
}

static enum status put_target(struct flow *f, const struct head *was, struct head *head)
{
    struct buf authority;
    enum status st;

    buf_init(&authority, HTTP_REQUEST_LINE_BYTES);
    flow_put_authority(f, &authority);
    st = buf_status(&authority);
    head->authority = arena_copy(&f->arena, buf_bytes(&authority));
    buf_release(&authority);
    head->scheme = f->scheme;
    head->path = bytes_equal(was->path, BYTES("*")) ? was->path : flow_path(f);
    return st || head->authority.ptr ? st : STATUS_NO_MEMORY;
}

/* A method whose content means something has a length, though it be 0 (RFC 9110 §8.6). */
static void put_framing(struct replay_request *r)
{
    const struct http_method *method = http_method_find(r->head.method);
    bool told = r->body.len || (method && method->request_body);

    r->head.framing = told ? HTTP_LENGTH : HTTP_NO_BODY;
    r->head.length = told ? (int64_t)r->body.len : -1;
}

enum status replay_request_make(struct flow *f, struct bytes authorization,
                                struct replay_request *r, const char **ret_refusal)
{
    const struct head *was = flow_message_head(&f->request);
    const char *refusal = refusal_of(f);
    enum status st;

    *r = (struct replay_request){
        .head = {.side = HTTP_REQUEST, .version = HTTP_1_1, .form = TARGET_ABSOLUTE}};
    buf_init(&r->joined, FLOW_MAKE_BYTES);
    if (refusal) {
        *ret_refusal = refusal;
        return STATUS_REFUSED;
    }
    r->head.method = was->method;
    st = put_target(f, was, &r->head);
    if (!st)
        st = put_fields(f, was, authorization, &r->head);
    if (!st)
        st = flow_wire(&f->request, &r->joined, &r->body);
    put_framing(r);
    return st;
}

void replay_request_release(struct replay_request *r)
{
    buf_release(&r->joined);
}
