#include "logs/jsonl_body.h"

#include "logs/flow_clean.h"
#include "logs/media.h"

/* How long the content is that has been decoded whole; what somebody told of an imported
 * one counts, since secrets may have been taken out of it. */
static int64_t whole_bytes(const struct flow_body *body, struct bytes content)
{
    return body->decoded && body->content_bytes ? body->content_bytes : (int64_t)content.len;
}

/* Nobody knows what is in a coding that cannot be undone: only text goes on as it is. */
static void body_open(struct jsonl_format *j, const struct flow_message *m, struct jsonl_body *b)
{
    enum status st;

    buf_clear(&j->content);
    st = flow_open_content(m, &j->content, &b->content);
    b->coded = !st;
    b->cut |= st != STATUS_OK;
}

static void body_decode(struct jsonl_format *j, const struct flow_message *m, struct jsonl_body *b)
{
    enum status st;

    buf_clear(&j->content);
    st = flow_content_view(m, &j->content, &b->content);
    switch (st) {
    case STATUS_OK:
        if (!b->cut)
            b->content_bytes = whole_bytes(&m->body, b->content);
        break;
    case STATUS_TRUNCATED:
    case STATUS_LIMIT:
        b->cut = true;
        break;
    default: /* whatever the reason, the wire's bytes are what there is */
        if (j->redactor.on) {
            body_open(j, m, b);
            break;
        }
        buf_clear(&j->content);
        b->coded = true;
        b->cut |= flow_wire(m, &j->content, &b->content) != STATUS_OK;
        break;
    }
    if (b->content.len > j->content.max) {
        b->content.len = j->content.max;
        b->cut = true;
    }
}

/* False: no secret of which we could know can be in it. */
static bool may_hold_secrets(const struct jsonl_body *b, struct bytes type)
{
    enum media_kind kind = media_kind_of(type);

    return b->text || (kind != MEDIA_IMAGE && kind != MEDIA_OTHER);
}

void jsonl_body_look(struct jsonl_format *j, const struct flow_message *m,
                     struct jsonl_body *ret_body)
{
    struct jsonl_body b = {.content_bytes = -1, .cut = flow_body_cut(&m->body)};
    struct bytes type = flow_content_type(m);

    body_decode(j, m, &b);
    b.text = media_is_text(b.content, b.cut);
    if (j->redactor.on && may_hold_secrets(&b, type)) {
        buf_clear(&j->clean);
        redact_put_body(&j->redactor, type, b.content, &j->clean);
        b.content = buf_bytes(&j->clean);
        b.cut |= buf_status(&j->clean) != STATUS_OK;
        b.text = media_is_text(b.content, b.cut); /* what was none may have been a secret */
    }
    *ret_body = b;
}

static void put_content(const struct jsonl_body *b, struct json_put *p)
{
    if (b->text) {
        JSON_PUT(p, ",\"body\":");
        json_put_string(p, b->content);
    } else {
        JSON_PUT(p, ",\"body\":null,\"body_base64\":");
        json_put_base64(p, b->content);
    }
    if (b->coded)
        JSON_PUT(p, ",\"body_coded\":true");
    if (b->cut)
        JSON_PUT(p, ",\"body_cut\":true");
}

/* Nothing of the content is here, but perhaps somebody told how long it was. */
static int64_t told_bytes(const struct flow_body *body)
{
    if (body->wire_bytes == 0)
        return 0;
    return body->content_bytes ? body->content_bytes : -1;
}

void jsonl_put_body(struct jsonl_format *j, const struct flow_message *m, bool content,
                    struct json_put *p)
{
    struct jsonl_body b = {.content_bytes = told_bytes(&m->body)};

    content = content && m->body.captured_bytes > 0;
    if (content)
        jsonl_body_look(j, m, &b);
    JSON_PUT(p, ",\"body_bytes\":");
    json_put_i64(p, m->body.wire_bytes);
    JSON_PUT(p, ",\"captured_bytes\":");
    json_put_i64(p, m->body.captured_bytes);
    JSON_PUT(p, ",\"content_bytes\":");
    if (b.content_bytes < 0)
        JSON_PUT(p, "null");
    else
        json_put_i64(p, b.content_bytes);
    if (content) {
        put_content(&b, p);
        return;
    }
    JSON_PUT(p, ",\"body\":null");
    if (m->body.wire_bytes > 0)
        JSON_PUT(p, ",\"body_cut\":true");
}
