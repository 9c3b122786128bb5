#include "logs/jsonl_body.h"

#include "logs/media.h"

/* What is shown of a body. */
struct shown {
    struct bytes content; /* in the flow or in j->content */
    struct bytes type;
    int64_t decoded_bytes; /* -1: not known */
    bool coded, cut, text;
};

static struct shown body_look(struct jsonl_format *j, const struct flow_message *m)
{
    struct shown shown = {
        .type = flow_content_type(m), .decoded_bytes = -1, .cut = flow_body_cut(&m->body)};
    enum status st;

    buf_clear(&j->content);
    st = flow_content_view(m, &j->content, &shown.content);
    switch (st) {
    case STATUS_OK:
        if (!shown.cut)
            shown.decoded_bytes = (int64_t)shown.content.len;
        break;
    case STATUS_TRUNCATED:
    case STATUS_LIMIT:
        shown.cut = true;
        break;
    default: /* whatever the reason, the wire's bytes are what there is */
        buf_clear(&j->content);
        shown.coded = true;
        shown.cut |= flow_wire(m, &j->content, &shown.content) != STATUS_OK;
        break;
    }
    if (shown.content.len > JSONL_CONTENT_BYTES) {
        shown.content.len = JSONL_CONTENT_BYTES;
        shown.cut = true;
    }
    shown.text = media_is_text(shown.content, shown.cut);
    return shown;
}

/* False: no secret of which we could know can be in it. */
static bool may_hold_secrets(const struct shown *shown)
{
    enum media_kind kind = media_kind_of(shown->type);

    return shown->text || (kind != MEDIA_IMAGE && kind != MEDIA_OTHER);
}

static void put_content(struct jsonl_format *j, struct shown *shown, struct json_put *p)
{
    if (j->redactor.on && may_hold_secrets(shown)) {
        buf_clear(&j->clean);
        redact_put_body(&j->redactor, shown->type, shown->content, &j->clean);
        shown->content = buf_bytes(&j->clean);
        shown->cut |= buf_status(&j->clean) != STATUS_OK;
    }
    if (shown->text) {
        JSON_PUT(p, ",\"body\":");
        json_put_string(p, shown->content);
    } else {
        JSON_PUT(p, ",\"body\":null,\"body_base64\":");
        json_put_base64(p, shown->content);
    }
    if (shown->coded)
        JSON_PUT(p, ",\"body_coded\":true");
    if (shown->cut)
        JSON_PUT(p, ",\"body_cut\":true");
}

void jsonl_put_body(struct jsonl_format *j, const struct flow_message *m, bool content,
                    struct json_put *p)
{
    struct shown shown = {.decoded_bytes = m->body.wire_bytes == 0 ? 0 : -1};

    content = content && m->body.captured_bytes > 0;
    if (content)
        shown = body_look(j, m);
    JSON_PUT(p, ",\"body_bytes\":");
    json_put_i64(p, m->body.wire_bytes);
    JSON_PUT(p, ",\"captured_bytes\":");
    json_put_i64(p, m->body.captured_bytes);
    JSON_PUT(p, ",\"content_bytes\":");
    if (shown.decoded_bytes < 0)
        JSON_PUT(p, "null");
    else
        json_put_i64(p, shown.decoded_bytes);
    if (content) {
        put_content(j, &shown, p);
        return;
    }
    JSON_PUT(p, ",\"body\":null");
    if (m->body.wire_bytes > 0)
        JSON_PUT(p, ",\"body_cut\":true");
}
