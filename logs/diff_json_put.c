/* Differences for programs: one JSON object on one line, as docs/stats.md has it. */
#include <inttypes.h>

#include "base/text.h"
#include "logs/diff.h"

enum { TEXT_BYTES = 256 * 1024 };

static const char *const places[] = {
    [DIFF_LINE] = "line", [DIFF_HEADER] = "header", [DIFF_TRAILER] = "trailer",
    [DIFF_JSON] = "json", [DIFF_TEXT] = "text",     [DIFF_BODY] = "body"};
static const char *const changes[] = {[DIFF_ADDED] = "added",
                                      [DIFF_REMOVED] = "removed",
                                      [DIFF_CHANGED] = "changed",
                                      [DIFF_MOVED] = "moved",
                                      [DIFF_KEPT] = "kept"};

static void put_times(const struct flow_timings *t, struct buf *out)
{
    buf_putf(out,
             ",\"timings_us\":{\"blocked\":%" PRId64 ",\"dns\":%" PRId64 ",\"connect\":%" PRId64
             ",\"tls\":%" PRId64 ",\"send\":%" PRId64,
             t->blocked, t->dns, t->connect, t->tls, t->send);
    buf_putf(out,
             ",\"wait\":%" PRId64 ",\"receive\":%" PRId64 ",\"injected\":%" PRId64
             ",\"total\":%" PRId64 "}",
             t->wait, t->receive, t->injected, t->total);
}

static void put_flow(const struct flow *f, const struct redactor *redactor, bool sent,
                     struct buf *out)
{
    const struct head *head = f->request.received;
    struct buf url, clean;

    buf_init(&url, TEXT_BYTES);
    buf_init(&clean, TEXT_BYTES);
    flow_put_url(f, &url);
    redact_put_url(redactor, buf_bytes(&url), &clean);
    buf_putf(out, "{\"id\":\"%s\",\"number\":%" PRIu64 ",\"side\":\"%s\",\"method\":", f->id,
             f->number, sent ? "sent" : "received");
    text_put_json(out, head ? head->method : bytes_make(NULL, 0));
    buf_put_text(out, ",\"url\":");
    text_put_json(out, buf_bytes(&clean));
    buf_putf(out, ",\"status\":%u", f->status);
    put_times(&f->timings, out);
    buf_put_byte(out, '}');
    buf_release(&clean);
    buf_release(&url);
}

/* JSON stays what it is, but for what a terminal must not see, which stands in strings
 * only. */
static void put_json(struct bytes json, struct buf *out)
{
    struct buf part;

    buf_init(&part, 64);
    while (json.len) {
        uint32_t code = 0;
        size_t len = utf8_decode(json, &code);

        len = len ? len : 1;
        if (code >= ' ' && code < 0x7f) {
            buf_put_byte(out, json.ptr[0]);
        } else {
            buf_clear(&part);
            text_put_json(&part, bytes_until(json, len));
            buf_put(out, bytes_from(bytes_until(buf_bytes(&part), part.len ? part.len - 1 : 0), 1));
        }
        json = bytes_from(json, len);
    }
    buf_release(&part);
}

static void put_value(const struct diff_entry *e, const char *member, struct bytes value,
                      struct buf *out)
{
    buf_putf(out, ",\"%s\":", member);
    if (e->place == DIFF_JSON)
        put_json(value, out);
    else
        text_put_json(out, value);
}

static void put_entry(const struct diff_entry *e, struct buf *out)
{
    buf_putf(out, "{\"message\":\"%s\",\"place\":\"%s\",\"change\":\"%s\"",
             e->side == HTTP_REQUEST ? "request" : "response", places[e->place],
             changes[e->change]);
    if (e->name.len) {
        buf_put_text(out, ",\"name\":");
        text_put_json(out, e->name);
    }
    if (e->a_line)
        buf_putf(out, ",\"before_line\":%" PRIu32, e->a_line);
    if (e->b_line)
        buf_putf(out, ",\"after_line\":%" PRIu32, e->b_line);
    if (e->change != DIFF_ADDED)
        put_value(e, "before", e->before, out);
    if (e->change != DIFF_REMOVED)
        put_value(e, "after", e->after, out);
    buf_put_byte(out, '}');
}

void diff_put_json(const struct diff *d, const struct diff_ask *ask, struct buf *out)
{
    buf_put_text(out, "{\"a\":");
    put_flow(ask->a, &ask->redactor, ask->a_sent, out);
    buf_put_text(out, ",\"b\":");
    put_flow(ask->b, &ask->redactor, ask->b_sent, out);
    buf_putf(out, ",\"equal\":%s,\"cut\":%s,\"differences\":[", diff_equal(d) ? "true" : "false",
             d->cut ? "true" : "false");
    for (const struct diff_entry *e = d->first; e; e = e->next) {
        put_entry(e, out);
        if (e->next)
            buf_put_byte(out, ',');
    }
    buf_put_text(out, "]}\n");
}
