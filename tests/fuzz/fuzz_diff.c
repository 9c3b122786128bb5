/* Differences: whatever two bodies and fields hold, they are told as valid JSON and as text
 * that acts on no terminal; a flow equals itself; and what is equal by lines or by
 * structure is the same, or the same JSON in other words. Input: two bodies with a NUL between. */
#include <stdlib.h>

#include "http/json.h"
#include "logs/diff.h"
#include "logs/flow_make.h"

#include "fuzz.h"

enum { OUT_BYTES = 256 * 1024 * 1024 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct flow *flow_of(struct bytes text)
{
    struct flow *f = flow_make(FLOW_HTTP);
    struct head *head = f ? arena_alloc(&f->arena, sizeof(*head)) : NULL;

    if (!head)
        abort();
    head->version = HTTP_1_1;
    require(!fields_append(&f->arena, &head->fields, BYTES("X-Text"), text));
    require(!fields_append(&f->arena, &head->fields, BYTES("Content-Type"), BYTES("a/json")));
    f->response.received = f->response.sent = head;
    require(!flow_make_content(f, &f->response, text));
    return f;
}

static void check_output(const struct diff *d, const struct diff_ask *ask)
{
    struct diff_style style = {.colour = false, .utf8 = false};
    struct json_fault fault;
    struct buf out;

    buf_init(&out, OUT_BYTES);
    diff_put_json(d, ask, &out);
    require(buf_status(&out) == STATUS_OK);
    require(json_check(buf_bytes(&out), &fault) == STATUS_OK);
    buf_clear(&out);
    diff_put_text(d, ask, &style, &out);
    require(buf_status(&out) == STATUS_OK);
    for (size_t i = 0; i < out.len; i++)
        require(out.ptr[i] == '\n' || (out.ptr[i] >= ' ' && out.ptr[i] != 0x7f));
    buf_release(&out);
}

static bool is_json(struct bytes in)
{
    struct json_fault fault;

    return json_check(in, &fault) == STATUS_OK;
}

/* `redacted`: what is different may be a secret, and is told by its pseudonym. */
static void check(struct bytes a, struct bytes b, bool redacted)
{
    struct flow *x = flow_of(a), *y = flow_of(b);
    struct diff_ask ask = {.a = x, .b = y, .response = true, .bodies = true};
    struct diff d;

    ask.redactor.on = redacted;
    require(!diff_flows(&ask, &d));
    require(!diff_equal(&d) || bytes_equal(a, b));
    check_output(&d, &ask);
    diff_release(&d);
    x->response.received = x->response.sent = NULL; /* bodies alone */
    y->response.received = y->response.sent = NULL;
    require(!diff_flows(&ask, &d));
    require(!diff_equal(&d) || bytes_equal(a, b) || (is_json(a) && is_json(b)) || redacted);
    diff_release(&d);
    ask.b = x;
    require(!diff_flows(&ask, &d));
    require(diff_equal(&d));
    diff_release(&d);
    flow_free(x);
    flow_free(y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes in = bytes_make(data, len);
    ptrdiff_t cut = bytes_find(in, '\0');
    struct bytes a = cut < 0 ? in : bytes_until(in, (size_t)cut);
    struct bytes b = cut < 0 ? bytes_make(NULL, 0) : bytes_from(in, (size_t)cut + 1);

    check(a, b, false);
    check(a, b, true);
    return 0;
}
