#include "cli/replay_put.h"

#include <inttypes.h>

#include "base/sizes.h"
#include "base/text.h"

enum { URL_BYTES = 128 * 1024 };

static void put_url(const struct replay_result *r, struct buf *out)
{
    flow_put_origin(r->flow, out);
    redact_put_url(r->redactor, flow_path(r->flow), out);
}

static struct bytes method_of(const struct flow *f)
{
    const struct head *head = flow_message_head(&f->request);

    return head && f->kind == FLOW_HTTP ? head->method : bytes_of(flow_kind_text(f->kind));
}

static void put_status(uint16_t status, struct buf *out)
{
    if (status)
        buf_putf(out, "%u", status);
    else
        buf_put_byte(out, '-');
}

static void put_answer(const struct replay_result *r, bool colour, struct buf *out)
{
    bool same = r->answer->status == r->flow->status && !r->answer->error[0];

    buf_put_text(out, "  ");
    put_status(r->flow->status, out);
    buf_put_text(out, " → ");
    buf_put_text(out, colour && !same ? "\033[1;33m" : "");
    put_status(r->answer->status, out);
    buf_put_text(out, colour && !same ? "\033[0m" : "");
    buf_put_text(out, "  ");
    duration_put(out, r->flow->timings.total);
    buf_put_text(out, " → ");
    duration_put(out, r->answer->elapsed_us);
    if (r->answer->error[0])
        buf_putf(out, "  %s", r->answer->error);
}

void replay_put_line(const struct replay_result *r, bool colour, struct buf *out)
{
    struct buf url;

    buf_init(&url, URL_BYTES);
    put_url(r, &url);
    if (r->flow->number)
        buf_putf(out, "%" PRIu64 "  ", r->flow->number);
    text_put_terminal(out, method_of(r->flow));
    buf_put_byte(out, ' ');
    text_put_terminal(out, buf_bytes(&url));
    buf_release(&url);
    if (r->answer)
        put_answer(r, colour, out);
    else if (r->refusal)
        buf_putf(out, "  not sent: %s", r->refusal);
    else
        buf_putf(out, "  %lld bytes", (long long)r->flow->request.body.captured_bytes);
    buf_put_byte(out, '\n');
}

/* null where it is not known. */
static void put_us(int64_t us, struct buf *out)
{
    if (us < 0)
        buf_put_text(out, "null");
    else
        buf_putf(out, "%" PRId64, us);
}

static void put_code(uint16_t status, struct buf *out)
{
    if (status)
        buf_putf(out, "%u", status);
    else
        buf_put_text(out, "null");
}

void replay_put_json(const struct replay_result *r, struct buf *out)
{
    const char *error = r->answer ? r->answer->error : r->refusal;
    struct buf url;

    buf_init(&url, URL_BYTES);
    put_url(r, &url);
    buf_putf(out, "{\"id\":\"%s\",\"number\":%" PRIu64 ",\"method\":", r->flow->id,
             r->flow->number);
    text_put_json(out, method_of(r->flow));
    buf_put_text(out, ",\"url\":");
    text_put_json(out, buf_bytes(&url));
    buf_put_text(out, ",\"was\":{\"status_code\":");
    put_code(r->flow->status, out);
    buf_put_text(out, ",\"elapsed_us\":");
    put_us(r->flow->timings.total, out);
    buf_put_text(out, "},\"now\":");
    if (r->answer) {
        buf_put_text(out, "{\"status_code\":");
        put_code(r->answer->status, out);
        buf_put_text(out, ",\"elapsed_us\":");
        put_us(r->answer->elapsed_us, out);
        buf_putf(out, ",\"body_bytes\":%" PRIu64 "}", r->answer->body_bytes);
    } else {
        buf_put_text(out, "null");
    }
    buf_put_text(out, ",\"error\":");
    if (error && error[0])
        text_put_json(out, bytes_of(error));
    else
        buf_put_text(out, "null");
    buf_put_text(out, "}\n");
    buf_release(&url);
}
