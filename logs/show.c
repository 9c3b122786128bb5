#include "logs/show.h"

#include <inttypes.h>
#include <time.h>

#include "base/sizes.h"
#include "base/text.h"
#include "http/json.h"
#include "logs/media.h"

enum { US_PER_S = 1000 * 1000 };

/* ---- who it is ---- */

static void put_time(int64_t us, struct buf *out)
{
    time_t then = (time_t)(us > 0 ? us / US_PER_S : 0);
    struct tm utc;
    char text[32];

    if (!gmtime_r(&then, &utc))
        return;
    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &utc);
    buf_putf(out, ", %s.%06d UTC", text, us > 0 ? (int)(us % US_PER_S) : 0);
}

static void put_url(struct console_format *c, const struct flow *f, struct buf *out)
{
    if (f->host.len == 0)
        return;
    buf_clear(&c->raw);
    flow_put_origin(f, &c->raw);
    redact_put_url(&c->redactor, flow_path(f), &c->raw);
    console_put_star(c, out);
    text_put_terminal(out, buf_bytes(&c->raw));
    buf_put_byte(out, '\n');
}

static void put_tags(struct console_format *c, const struct flow *f, struct buf *out)
{
    if (!f->tags)
        return;
    console_put_star(c, out);
    buf_put_text(out, "tags");
    for (const struct flow_tag *t = f->tags; t; t = t->next) {
        buf_put_byte(out, ' ');
        text_put_terminal(out, bytes_of(t->text));
    }
    buf_put_byte(out, '\n');
}

static void put_identity(struct console_format *c, const struct flow *f, struct buf *out)
{
    console_put_star(c, out);
    buf_putf(out, "flow %" PRIu64 ", ", f->number);
    text_put_terminal(out, bytes_of(f->id));
    put_time(f->started_us, out);
    buf_put_byte(out, '\n');
    put_url(c, f, out);
    if (f->duplicate_of[0]) {
        console_put_star(c, out);
        buf_put_text(out, "a copy that a rule sent, of ");
        text_put_terminal(out, bytes_of(f->duplicate_of));
        buf_put_byte(out, '\n');
    }
    put_tags(c, f, out);
}

/* ---- messages of a WebSocket ---- */

static const char *opcode_name(uint8_t opcode)
{
    switch (opcode) { /* RFC 6455 §11.8 */
    case 1:
        return "text";
    case 2:
        return "binary";
    case 8:
        return "close";
    case 9:
        return "ping";
    case 10:
        return "pong";
    }
    return "message";
}

static void put_message(struct console_format *c, const struct flow *f,
                        const struct flow_socket_message *m, struct buf *out)
{
    struct bytes shown = bytes_until(m->data, SHOW_MESSAGE_BYTES);

    console_put_style(out, c->colour, STYLE_DIM);
    buf_put_text(out, m->from_client ? ">" : "<");
    console_put_style(out, c->colour, STYLE_NONE);
    buf_putf(out, " %s, ", opcode_name(m->opcode));
    size_put(out, (int64_t)m->data.len);
    buf_put_text(out, ", after ");
    duration_put(out, m->time_us - f->started_us);
    if (shown.len) {
        buf_clear(&c->clean);
        redact_put_body(&c->redactor, BYTES(""), shown, &c->clean);
        buf_put_text(out, ": ");
        text_put_terminal(out, buf_bytes(&c->clean));
    }
    buf_put_text(out, shown.len < m->data.len ? " …\n" : "\n");
}

static void put_messages(struct console_format *c, const struct flow *f, unsigned parts,
                         struct buf *out)
{
    uint64_t count = 0;

    for (const struct flow_socket_message *m = f->messages; m; m = m->next) {
        if (!(parts & (m->from_client ? SHOW_REQUEST : SHOW_RESPONSE)))
            continue;
        if (count++ < SHOW_MESSAGES)
            put_message(c, f, m, out);
    }
    if (count <= SHOW_MESSAGES)
        return;
    console_put_star(c, out);
    buf_putf(out, "%" PRIu64 " more messages not shown\n", count - SHOW_MESSAGES);
}

void show_put_story(struct console_format *c, const struct flow *f, unsigned parts, struct buf *out)
{
    bool whole = parts == (SHOW_REQUEST | SHOW_RESPONSE);

    if (whole) {
        console_put_line(c, f, out);
        put_identity(c, f, out);
        console_put_connection_facts(c, f, out);
    }
    if (parts & SHOW_REQUEST)
        console_put_request(c, f, out);
    if (parts & SHOW_RESPONSE)
        console_put_response(c, f, out);
    put_messages(c, f, parts, out);
    if (whole)
        console_put_flow_facts(c, f, out);
}

/* ---- in JSON ---- */

/* The content without its secrets in j->clean; what was wrong with decoding. */
static enum status clean_content(struct jsonl_format *j, const struct flow *f)
{
    struct bytes content;
    enum status st;

    buf_clear(&j->content);
    buf_clear(&j->clean);
    st = flow_content_view(&f->response, &j->content, &content);
    redact_put_body(&j->redactor, flow_content_type(&f->response), content, &j->clean);
    return st ? st : buf_status(&j->clean);
}

static void put_parsed(struct bytes content, struct buf *out)
{
    size_t before = out->len;
    struct json_fault fault = {0};

    buf_put_text(out, ",\"json\":");
    if (json_check(content, &fault) == STATUS_OK && json_compact(content, out) == STATUS_OK) {
        buf_put_text(out, ",\"json_error\":null");
        return;
    }
    if (out->status) /* no room: that is not the content's fault */
        return;
    out->len = before;
    buf_putf(out, ",\"json\":null,\"json_error\":\"line %" PRIu32 " column %" PRIu32 ": ",
             fault.line, fault.column);
    buf_putf(out, "%s\"", fault.sentence ? fault.sentence : "it is not valid");
}

static void put_words(struct jsonl_format *j, const struct flow *f, struct buf *out)
{
    bool any = f->response.body.captured_bytes > 0 && clean_content(j, f) == STATUS_OK;
    struct bytes content = buf_bytes(&j->clean);

    if (!any || !media_is_text(content, flow_body_cut(&f->response.body))) {
        buf_put_text(out, ",\"text\":null,\"json\":null,\"json_error\":null");
        return;
    }
    buf_put_text(out, ",\"text\":");
    text_put_json(out, content);
    put_parsed(content, out);
}

enum status show_put_json(struct jsonl_format *j, const struct flow *f, struct buf *out)
{
    size_t before = out->len;
    enum status st = jsonl_put_flow(j, f, out);

    if (st)
        return st;
    out->len -= 2; /* "}\n" */
    put_words(j, f, out);
    buf_put_text(out, "}\n");
    st = buf_status(out);
    if (st) {
        out->len = before;
        out->status = STATUS_OK;
    }
    return st;
}
