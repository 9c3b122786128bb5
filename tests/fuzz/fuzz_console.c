/* The console and JSON Lines: whatever the network sends, what people see has no
 * control byte in it, one flow is one line, and every JSON line is valid. The input is
 * cut at its zero bytes into the fields of a flow. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/json.h"
#include "logs/console_format.h"
#include "logs/jsonl_format.h"

#include "fuzz.h"

enum { OUT_BYTES = 16 * 1024 * 1024, ARENA_BYTES = 1024 * 1024 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Up to the next zero byte. */
static struct bytes take(struct bytes *rest)
{
    ptrdiff_t zero = bytes_find(*rest, 0);
    struct bytes one = bytes_until(*rest, zero < 0 ? rest->len : (size_t)zero);

    *rest = bytes_from(*rest, one.len + 1);
    return one;
}

static const char *take_text(struct arena *a, struct bytes *rest)
{
    const char *text = arena_text(a, take(rest));

    return text ? text : "";
}

static struct head *take_head(struct arena *a, struct bytes *rest)
{
    struct head *head = arena_alloc(a, sizeof(*head));

    require(head != NULL);
    head->version = HTTP_1_1;
    head->method = take(rest);
    head->target = head->path = take(rest);
    head->reason = take(rest);
    head->status = (uint16_t)(rest->len * 37 % 1000);
    for (int i = 0; i < 4 && rest->len; i++) {
        struct bytes name = take(rest);

        (void)!fields_append(a, &head->fields, name, take(rest));
    }
    return head;
}

static struct flow_body body_of(struct arena *a, struct bytes content)
{
    struct slice *slice = arena_alloc(a, sizeof(*slice));

    require(slice != NULL);
    *slice = slice_of(content);
    return (struct flow_body){.slices = slice,
                              .count = 1,
                              .cap = 1,
                              .wire_bytes = (int64_t)content.len + 1,
                              .captured_bytes = (int64_t)content.len};
}

static struct flow flow_from(struct arena *a, struct bytes rest)
{
    uint8_t kind = rest.len ? rest.ptr[0] : 0;
    struct flow f = {
        .kind = (enum flow_kind)(kind % 3),
        .injected = kind & 4,
        .error = kind & 8,
        .started_us = (int64_t)rest.len * 1000003,
    };
    struct flow_rule *rule = arena_alloc(a, sizeof(*rule));

    require(rule != NULL);
    rest = bytes_from(rest, 1);
    f.request.received = take_head(a, &rest);
    f.request.sent = kind & 16 ? take_head(a, &rest) : f.request.received;
    f.response.received = kind & 32 ? NULL : take_head(a, &rest);
    f.response.sent = take_head(a, &rest);
    f.status = f.response.sent->status;
    f.scheme = take(&rest);
    f.host = take(&rest);
    f.client = take(&rest);
    f.upstream = take(&rest);
    f.user = take(&rest);
    f.sentence = take_text(a, &rest);
    f.reason = take_text(a, &rest);
    *rule = (struct flow_rule){.label = take_text(a, &rest), .note = take_text(a, &rest)};
    f.rules = rule;
    f.client_tls = (struct flow_tls){.version = 1, .sni = take(&rest), .alpn = take(&rest)};
    f.upstream_tls = (struct flow_tls){.version = 1, .certificate = take(&rest)};
    f.request.body = body_of(a, take(&rest));
    f.response.body = body_of(a, rest);
    return f;
}

/* C0 but line feeds and tabs, DEL, C1, bidirectional controls, broken UTF-8. */
static void require_harmless(struct bytes text)
{
    while (text.len) {
        uint32_t code = 0;
        size_t len = utf8_decode(text, &code);

        require(len > 0);
        require(code >= 0x20 || code == '\n' || code == '\t');
        require(code < 0x7f || code > 0x9f);
        require(code < 0x200e || code > 0x200f);
        require(code < 0x2028 || code > 0x202e);
        require(code < 0x2066 || code > 0x2069);
        text = bytes_from(text, len);
    }
}

static void check_console(const struct flow *f, int verbose, uint32_t columns)
{
    const struct sink_settings settings = {
        .verbose = verbose,
        .columns = columns,
        .redactor = {.on = true},
    };
    struct console_format c;
    struct buf out;

    console_format_init(&c, &settings);
    buf_init(&out, OUT_BYTES);
    if (!console_put_flow(&c, f, &out)) {
        require_harmless(buf_bytes(&out));
        require(verbose > 0 || bytes_find(buf_bytes(&out), '\n') == (ptrdiff_t)out.len - 1);
    }
    buf_release(&out);
    console_format_release(&c);
}

static void check_jsonl(const struct flow *f)
{
    const struct redactor redactor = {.on = true};
    struct jsonl_format j;
    struct json_fault fault;
    struct buf out;

    jsonl_format_init(&j, &redactor);
    buf_init(&out, OUT_BYTES);
    if (!jsonl_put_flow(&j, f, &out)) {
        require(bytes_find(buf_bytes(&out), '\n') == (ptrdiff_t)out.len - 1);
        require(json_check(bytes_until(buf_bytes(&out), out.len - 1), &fault) == STATUS_OK);
        require_harmless(buf_bytes(&out));
    }
    buf_release(&out);
    jsonl_format_release(&j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena arena;
    struct flow f;

    arena_init(&arena, ARENA_BYTES + len);
    f = flow_from(&arena, bytes_make(data, len));
    check_console(&f, 0, 80);
    check_console(&f, 0, 200);
    check_console(&f, 2, 0);
    check_jsonl(&f);
    arena_release(&arena);
    return 0;
}
