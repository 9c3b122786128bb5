/* Expectations: a section is taken or has problems; a phrase that is taken makes sense, and
 * is taken however it is spaced and spelled. */
#include <stdlib.h>

#include "base/buf.h"
#include "logs/expect.h"

#include "fuzz.h"

enum { OUT_BYTES = 1024 * 1024, ARENA_BYTES = 16 * 1024 * 1024 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* The same phrase with capital letters, and blanks around it. */
static void shout(struct bytes in, struct buf *out)
{
    buf_put_text(out, " \t");
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.ptr[i];

        buf_put_byte(out, c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c);
    }
    buf_put_text(out, "\n ");
}

static void check_count(struct bytes in, struct bytes loud)
{
    struct expect_count c, again;
    bool taken = expect_count_parse(in, &c) == STATUS_OK;

    require(taken == (expect_count_parse(loud, &again) == STATUS_OK));
    if (!taken)
        return;
    require(c.min <= c.max && c.min <= EXPECT_NUMBER_MAX);
    require(c.max <= EXPECT_NUMBER_MAX || c.max == EXPECT_NO_MAX);
    require(c.min == again.min && c.max == again.max);
}

static void check_retries(struct bytes in, struct bytes loud)
{
    struct expect_retries r, again;
    bool taken = expect_retries_parse(in, &r) == STATUS_OK;

    require(taken == (expect_retries_parse(loud, &again) == STATUS_OK));
    if (!taken)
        return;
    require(r.count.min <= r.count.max);
    require(r.counted || r.backoff || r.jitter || r.retry_after || r.safely);
    require(r.backoff == again.backoff && r.count.max == again.count.max);
}

static void check_status(struct bytes in)
{
    struct expect_status s;

    if (expect_status_parse(in, &s) == STATUS_OK)
        require(s.from >= 100 && s.from <= s.to && s.to <= 999);
}

static void check_sense(const struct expect *x)
{
    require(x->name.len && x->match && x->checks);
    require(x->status_count <= EXPECT_STATUSES && x->step_count <= EXPECT_STEPS);
    require(!(x->checks & 1U << EXPECT_STATUS) || x->status_count);
    require(!(x->checks & 1U << EXPECT_ORDER) || x->step_count >= 2);
    require(x->retried < EXPECT_RETRIED);
}

static void check_section(struct bytes in)
{
    struct source source = {.name = "fuzz", .text = in};
    struct node *root = NULL;
    struct expects expects;
    struct arena arena;
    struct diags diags;
    struct config_reader reader = {.arena = &arena, .diags = &diags};

    arena_init(&arena, ARENA_BYTES);
    diags_init(&diags);
    expects_init(&expects);
    if (!node_parse(&arena, &source, &diags, &root) && root) {
        enum status st = expects_read(&expects, &reader, root, 0);

        require(st == STATUS_NO_MEMORY || (st == STATUS_OK) == (diags.errors == 0));
        for (uint32_t i = 0; i < expects.count; i++)
            check_sense(&expects.items[i]);
    }
    expects_release(&expects);
    diags_release(&diags);
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes in = bytes_make(data, len);
    struct buf loud;

    buf_init(&loud, OUT_BYTES);
    shout(in, &loud);
    if (!buf_status(&loud)) {
        check_count(in, buf_bytes(&loud));
        check_retries(in, buf_bytes(&loud));
    }
    check_status(in);
    check_section(in);
    buf_release(&loud);
    return 0;
}
