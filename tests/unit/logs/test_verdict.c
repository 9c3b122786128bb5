#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "logs/verdict.h"
#include "make_expects.h"
#include "make_flow.h"

enum { OUT_BYTES = 1024 * 1024 };

#define MS INT64_C(1000)

/* Expectations, and what they are told. */
struct trial {
    struct made_expects made;
    struct verdict *verdict;
    struct buf text;
};

static void trial_begin(struct trial *t, const char *yaml)
{
    static const struct redactor redactor = {.on = true};

    make_expects(&t->made, yaml);
    assert_int_equal(t->made.status, STATUS_OK);
    t->verdict = verdict_new(&t->made.expects, &redactor);
    assert_non_null(t->verdict);
    buf_init(&t->text, OUT_BYTES);
}

static void trial_end(struct trial *t)
{
    verdict_free(t->verdict);
    free_expects(&t->made);
    buf_release(&t->text);
}

static void tell(struct trial *t, const char *method, const char *path, unsigned status)
{
    struct flow *f = make_http_flow(method, path, status, NULL);

    verdict_flow(t->verdict, f);
    free_flow(f);
}

/* Of one start and length, in ms. */
static void tell_at(struct trial *t, const char *path, int64_t at_ms, int64_t total_ms)
{
    struct flow *f = make_http_flow("GET", path, 200, NULL);

    f->started_us += at_ms * MS;
    f->timings.total = total_ms * MS;
    verdict_flow(t->verdict, f);
    free_flow(f);
}

static void lose(struct trial *t, uint64_t flows, uint64_t bodies)
{
    const struct log_gap gap = {flows, bodies};

    verdict_gap(t->verdict, &gap);
}

/* Judges; the report stays in t->text. */
static enum verdict_outcome judged(struct trial *t)
{
    verdict_finish(t->verdict);
    verdict_put_text(t->verdict, false, &t->text);
    return verdict_outcome(t->verdict);
}

static void assert_said(struct trial *t, const char *needle)
{
    if (!strstr(buf_text(&t->text), needle))
        fail_msg("'%s' is not in:\n%s", needle, buf_text(&t->text));
}

static void nothing_expected_is_passed(void **state)
{
    struct trial t;

    (void)state;
    trial_begin(&t, "[]");
    tell(&t, "GET", "/", 500);
    assert_int_equal(judged(&t), VERDICT_PASSED);
    assert_int_equal(t.text.len, 0);
    trial_end(&t);
}

static void counts_what_matches(void **state)
{
    struct trial t;

    (void)state;
    trial_begin(&t, "- { name: a, match: 'path:/a', count: between 1 and 2 }\n"
                    "- { name: b, match: 'path:/b', count: at least 2 }\n"
                    "- { name: c, match: 'path:/c', never: true }\n");
    tell(&t, "GET", "/a", 200);
    tell(&t, "GET", "/b", 200);
    tell(&t, "GET", "/c?token=opensesame", 200);
    assert_int_equal(judged(&t), VERDICT_FAILED);
    assert_said(&t, "1 passed, 2 failed (3 requests)");
    assert_said(&t, "✓ passed        a  (proxy.yaml:1)");
    assert_said(&t, "✗ failed        b  (proxy.yaml:2)\n"
                    "      expected at least 2 to match; came 1\n");
    assert_said(&t,
                "expected none to match; came 1\n        GET https://api.test/c?token=REDACTED");
    assert_null(strstr(buf_text(&t.text), "opensesame"));
    trial_end(&t);
}

static void too_many_show_those_beyond(void **state)
{
    struct trial t;

    (void)state;
    trial_begin(&t, "- { match: 'path:/', count: at most 1 }\n");
    tell(&t, "GET", "/first", 200);
    tell(&t, "GET", "/second", 200);
    assert_int_equal(judged(&t), VERDICT_FAILED);
    assert_said(&t, "/second");
    assert_null(strstr(buf_text(&t.text), "/first"));
    trial_end(&t);
}

static void all_that_match_have_the_status(void **state)
{
    struct trial t;

    (void)state;
    trial_begin(&t,
                "- { match: 'path:/a', status: [200, 304] }\n- { match: 'path:/b', ok: false }\n"
                "- { match: 'path:/a', ok: true }\n");
    tell(&t, "GET", "/a", 304);
    tell(&t, "GET", "/a", 404);
    tell(&t, "GET", "/b", 404);
    assert_int_equal(judged(&t), VERDICT_FAILED);
    assert_said(&t, "expected status 200, 304 for all; came 1 of 2 with another");
    assert_said(&t, "expected a status below 400 for all; came 1 of 2 otherwise");
    assert_said(&t, "1 passed, 2 failed");
    trial_end(&t);
}

static void a_delay_of_a_rule_is_not_the_servers_time(void **state)
{
    struct flow *f = make_http_flow("GET", "/", 200, NULL);
    struct trial t;

    (void)state;
    trial_begin(&t, "- { under: 500ms }\n");
    f->timings.total = 5000 * MS;
    f->timings.injected = 4600 * MS;
    verdict_flow(t.verdict, f);
    free_flow(f);
    assert_int_equal(judged(&t), VERDICT_PASSED);
    trial_end(&t);
}

static void the_limit_itself_is_too_slow(void **state)
{
    struct trial t;

    (void)state;
    trial_begin(&t, "- { under: 500ms }\n");
    tell_at(&t, "/quick", 0, 499);
    tell_at(&t, "/slow", 0, 500);
    assert_int_equal(judged(&t), VERDICT_FAILED);
    assert_said(&t, "expected less than 500 ms for all; came 1 of 2 took longer");
    assert_said(&t, "/slow  200  500 ms");
    trial_end(&t);
}

static void an_order_goes_by_the_starts(void **state)
{
    struct trial t;

    (void)state;
    trial_begin(&t, "- in order: ['path:/a', 'path:/b', 'path:/a']\n");
    tell_at(&t, "/b", 20, 5); /* their ends came otherwise */
    tell_at(&t, "/a", 40, 5);
    tell_at(&t, "/a", 10, 90);
    assert_int_equal(judged(&t), VERDICT_PASSED);
    trial_end(&t);
}

static void an_order_names_the_step_that_is_missing(void **state)
{
    struct trial t;

    (void)state;
    trial_begin(&t, "- in order: ['path:/a', 'path:/b', 'path:/c']\n");
    tell_at(&t, "/b", 0, 5);
    tell_at(&t, "/a", 10, 5);
    tell_at(&t, "/c", 20, 5);
    assert_int_equal(judged(&t), VERDICT_FAILED);
    assert_said(&t, "came nothing for path:/b behind the step before it");
    trial_end(&t);
}

static void one_request_is_not_two_steps(void **state)
{
    struct trial t;

    (void)state;
    trial_begin(&t, "- in order: ['path:/a', 'path:/a']\n");
    tell_at(&t, "/a", 0, 5);
    assert_int_equal(judged(&t), VERDICT_FAILED);
    trial_end(&t);
}

static void an_order_of_too_many_is_unclear(void **state)
{
    struct trial t;

    (void)state;
    trial_begin(&t, "- in order: ['path:/a', 'path:/b']\n");
    for (int i = 0; i <= VERDICT_ORDER; i++)
        tell_at(&t, "/b", i, 1);
    tell_at(&t, "/a", 10000, 1);
    tell_at(&t, "/b", 20000, 1);
    assert_int_equal(judged(&t), VERDICT_INCONCLUSIVE);
    assert_said(&t, "a step matched more than 256 times");
    trial_end(&t);
}

static void a_gap_leaves_open_what_had_not_failed(void **state)
{
    struct trial t;

    (void)state;
    trial_begin(&t, "- { name: a, match: 'path:/a', never: true }\n"
                    "- { name: b, match: 'path:/b', count: at least 1 }\n"
                    "- { name: c, match: 'path:/c', never: true }\n");
    tell(&t, "GET", "/c", 200);
    lose(&t, 3, 0);
    assert_int_equal(judged(&t), VERDICT_FAILED);
    assert_said(&t, "0 passed, 1 failed, 2 inconclusive");
    assert_said(&t, "? inconclusive  a");
    assert_said(&t, "3 flows were lost on the way to the log");
    trial_end(&t);
}

static void lost_bodies_matter_to_who_asks_for_bodies(void **state)
{
    struct trial t;

    (void)state;
    trial_begin(&t, "- { name: a, match: 'path:/a', never: true }\n");
    lose(&t, 0, 2);
    assert_int_equal(judged(&t), VERDICT_PASSED);
    trial_end(&t);
    trial_begin(&t, "- { name: a, match: 'body:oops', never: true }\n");
    lose(&t, 0, 2);
    assert_int_equal(judged(&t), VERDICT_INCONCLUSIVE);
    assert_said(&t, "2 bodies were not captured");
    trial_end(&t);
}

static void copies_tunnels_and_refusals_are_nobodys_requests(void **state)
{
    struct flow *copy = make_http_flow("GET", "/", 500, NULL);
    struct flow *tunnel = make_flow(FLOW_TUNNEL), *live = make_http_flow("GET", "/", 500, NULL);
    struct trial t;

    (void)state;
    trial_begin(&t, "- { match: '', never: true }\n- { name: tunnels, match: 'kind:tunnel' }\n");
    memcpy(copy->duplicate_of, copy->id, sizeof(copy->id));
    live->live = true;
    verdict_flow(t.verdict, copy);
    verdict_flow(t.verdict, tunnel);
    verdict_flow(t.verdict, live);
    assert_int_equal(judged(&t), VERDICT_PASSED);
    assert_said(&t, "2 passed, 0 failed (0 requests)");
    free_flow(copy);
    free_flow(tunnel);
    free_flow(live);
    trial_end(&t);
}

static void fault_at(struct trial *t, const char *path, int64_t at_ms, bool injected)
{
    struct flow *f = make_http_flow("POST", path, injected ? 503 : 200, NULL);

    f->started_us += at_ms * MS;
    f->timings.total = MS;
    f->injected = injected;
    verdict_flow(t->verdict, f);
    free_flow(f);
}

static void retries_are_judged_by_fault(void **state)
{
    struct trial t;

    (void)state;
    trial_begin(&t, "- { name: a, match: 'path:/a is:injected', retried: at most 1 times }\n"
                    "- { name: b, match: 'path:/b', retried: at most 1 times safely }\n"
                    "- { name: c, match: 'path:/c', retried: once }\n"
                    "- { name: d, retried: with jitter }\n");
    fault_at(&t, "/a", 0, true);
    fault_at(&t, "/a", 100, false);
    fault_at(&t, "/b", 0, true);
    fault_at(&t, "/b", 100, true);
    fault_at(&t, "/b", 200, false);
    assert_int_equal(judged(&t), VERDICT_FAILED);
    assert_said(&t, "injected faults: 2; first pauses are alike (no jitter)\n");
    assert_said(&t,
                "POST https://api.test/b  status 503 injected; asked again 2 times after 99 ms");
    assert_said(&t, "✓ passed        a");
    assert_said(&t, "came 1 injected fault; 1 tried again too often or too seldom; 1 repeated "
                    "though it is not idempotent and has no Idempotency-Key");
    assert_said(&t, "? inconclusive  c  (proxy.yaml:3)");
    assert_said(&t, "came no injected fault");
    assert_said(&t, "came 2 injected faults; pauses that are all alike");
    trial_end(&t);
}

static void nothing_in_the_report_acts_on_a_terminal(void **state)
{
    struct trial t;

    (void)state;
    trial_begin(&t, "- { name: \"a \\e[31m b\", never: true }\n");
    tell(&t, "GE\033T", "/\033[2J", 200);
    assert_int_equal(judged(&t), VERDICT_FAILED);
    assert_null(strchr(buf_text(&t.text), '\033'));
    assert_said(&t, "\\e[2J");
    trial_end(&t);
}

static void json_has_the_same_facts(void **state)
{
    struct trial t;

    (void)state;
    trial_begin(&t, "- { name: \"a \\\"b\\\"\", match: 'path:/a', never: true }\n");
    tell(&t, "GET", "/a", 0);
    verdict_finish(t.verdict);
    verdict_put_json(t.verdict, &t.text);
    assert_said(&t, "{\"schema\":\"weir.verdicts/1\",\"outcome\":\"failed\",\"passed\":0,"
                    "\"failed\":1,\"inconclusive\":0,\"requests\":1,"
                    "\"lost\":{\"flows\":0,\"bodies\":0}");
    assert_said(&t, "\"name\":\"a \\\"b\\\"\",\"file\":\"proxy.yaml\",\"line\":1,"
                    "\"match\":\"path:/a\",\"outcome\":\"failed\",\"matched\":1");
    assert_said(&t, "{\"check\":\"count\",\"outcome\":\"failed\",\"expected\":\"none to match\","
                    "\"came\":\"1\"}");
    assert_said(&t, "\"url\":\"https://api.test/a\",\"status_code\":null");
    assert_said(&t, "\"retries\":[],\"retries_jitter\":\"unknown\",\"retries_cut\":false}");
    trial_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_expected_is_passed),
        cmocka_unit_test(counts_what_matches),
        cmocka_unit_test(too_many_show_those_beyond),
        cmocka_unit_test(all_that_match_have_the_status),
        cmocka_unit_test(a_delay_of_a_rule_is_not_the_servers_time),
        cmocka_unit_test(the_limit_itself_is_too_slow),
        cmocka_unit_test(an_order_goes_by_the_starts),
        cmocka_unit_test(an_order_names_the_step_that_is_missing),
        cmocka_unit_test(one_request_is_not_two_steps),
        cmocka_unit_test(an_order_of_too_many_is_unclear),
        cmocka_unit_test(a_gap_leaves_open_what_had_not_failed),
        cmocka_unit_test(lost_bodies_matter_to_who_asks_for_bodies),
        cmocka_unit_test(copies_tunnels_and_refusals_are_nobodys_requests),
        cmocka_unit_test(retries_are_judged_by_fault),
        cmocka_unit_test(nothing_in_the_report_acts_on_a_terminal),
        cmocka_unit_test(json_has_the_same_facts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
