/* Filters, counts and differences without memory: each says that there was none, or does
 * without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logs/diff.h"
#include "logs/filter.h"
#include "logs/stats.h"
#include "make_flow.h"
#include "scarce_memory.h"

enum { OUT_BYTES = 1024 * 1024 };

static void a_filter_that_is_parsed(void)
{
    struct filter_fault fault = {0};
    struct filter *f = NULL;
    enum status st;

    scarce_arm(true);
    st = filter_parse(BYTES("a status:404,5xx -(body:\"x\" OR header:y=z) is:ok since:10m"), 5, &f,
                      &fault);
    scarce_arm(false);
    assert_int_equal(st, scarce_failed() ? STATUS_NO_MEMORY : STATUS_OK);
    filter_free(f);
}

/* What could not be put together is not found. */
static void a_filter_that_is_asked(void)
{
    struct flow *flow = make_http_flow("GET", "/login", 200, "text/plain");
    struct filter_fault fault = {0};
    struct filter_scratch scratch;
    struct filter *f = NULL;
    bool taken;

    assert_int_equal(filter_parse(BYTES("login body:stock"), 0, &f, &fault), STATUS_OK);
    make_body(flow, &flow->response, BYTES("out of stock"));
    filter_scratch_init(&scratch);
    scarce_arm(true);
    taken = filter_match(f, flow, &scratch);
    scarce_arm(false);
    assert_int_equal(taken, !scarce_failed());
    filter_scratch_release(&scratch);
    filter_free(f);
    free_flow(flow);
}

static void a_fault_that_is_shown(void)
{
    struct filter_fault fault = {.at = 0, .len = 6, .text = "no such key"};
    struct buf out;

    buf_init(&out, OUT_BYTES);
    scarce_arm(true);
    filter_put_fault(&fault, BYTES("stauts:5"), false, &out);
    scarce_arm(false);
    buf_release(&out);
}

/* Flows are counted all the same. */
static void counts(void)
{
    static const uint8_t key[SIP_HASH_KEY_BYTES];
    struct stats_style style = {.groups = 10, .redactor = {.on = true}};
    struct flow *flow = make_http_flow("GET", "/a/1", 200, "text/plain");
    struct stats s;
    struct buf out;

    buf_init(&out, OUT_BYTES);
    scarce_arm(true);
    if (!stats_init(&s, STATS_BY_PATH, key)) {
        stats_add(&s, flow);
        flow->timings.total = 100;
        stats_add(&s, flow);
        stats_sort(&s);
        stats_put_text(&s, &style, &out);
        stats_put_json(&s, &style, &out);
        assert_int_equal(s.all.flows, 2);
        assert_int_equal(s.all.durations.count + s.all.durations_missed, 2);
        stats_release(&s);
    } else {
        assert_true(scarce_failed());
    }
    scarce_arm(false);
    buf_release(&out);
    free_flow(flow);
}

static void differences(struct bytes before, struct bytes after)
{
    struct flow *a = make_http_flow("GET", "/a?token=x", 200, "application/json");
    struct flow *b = make_http_flow("PUT", "/b?token=y", 404, "text/plain");
    struct diff_ask ask = {.a = a,
                           .b = b,
                           .request = true,
                           .response = true,
                           .bodies = true,
                           .redactor = {.on = true}};
    struct diff_style style = {.utf8 = true};
    struct diff d;
    struct buf out;
    enum status st;

    make_body(a, &a->response, before);
    make_body(b, &b->response, after);
    make_fields(&a->arena, &((struct head *)(uintptr_t)a->request.received)->fields, "Cookie: a=b");
    make_fields(&b->arena, &((struct head *)(uintptr_t)b->request.received)->fields, "Cookie: a=c");
    buf_init(&out, OUT_BYTES);
    scarce_arm(true);
    st = diff_flows(&ask, &d);
    if (!st) {
        diff_put_text(&d, &ask, &style, &out);
        diff_put_json(&d, &ask, &out);
        diff_release(&d);
    }
    scarce_arm(false);
    assert_true(st == STATUS_OK || (st == STATUS_NO_MEMORY && scarce_failed()));
    buf_release(&out);
    free_flow(a);
    free_flow(b);
}

static void differences_of_json(void)
{
    differences(BYTES("{\"a\":[1,2],\"b\":1}"), BYTES("{\"a\":[1,3],\"c\":1}"));
}

static void differences_of_text(void)
{
    differences(BYTES("a\nb\nc"), BYTES("a\nx\nc\nd"));
}

static void differences_of_bytes(void)
{
    differences(BYTES("\x01\xff"), BYTES("\x02\xff"));
}

static void each_says_so_or_does_without(void **state)
{
    (void)state;
    scarce_play(a_filter_that_is_parsed);
    scarce_play(a_filter_that_is_asked);
    scarce_play(a_fault_that_is_shown);
    scarce_play(counts);
    scarce_play(differences_of_json);
    scarce_play(differences_of_text);
    scarce_play(differences_of_bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_says_so_or_does_without),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
