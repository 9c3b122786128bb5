#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "http/json.h"
#include "logs/stats.h"
#include "make_flow.h"

enum { OUT_BYTES = 32 * 1024 * 1024 };

static const uint8_t key[SIP_HASH_KEY_BYTES] = {1, 2, 3};
static const struct stats_style plain = {.groups = 20};

static void add(struct stats *s, const char *path, unsigned status, int64_t total_us)
{
    struct flow *f = make_http_flow("GET", path, status, "text/plain; charset=utf-8");

    f->timings.total = total_us;
    f->request.body.wire_bytes = 10;
    f->response.body.wire_bytes = 1000;
    stats_add(s, f);
    free_flow(f);
}

static void assert_key(const struct stats *s, uint32_t at, const char *expected, uint64_t flows)
{
    assert_true(at < s->group_count);
    if (!bytes_equal(s->groups[at].key, bytes_of(expected)))
        fail_msg("%.*s is not %s", (int)s->groups[at].key.len, (const char *)s->groups[at].key.ptr,
                 expected);
    assert_int_equal(s->groups[at].count.flows, flows);
}

static void counts_flows_errors_bytes_and_durations(void **state)
{
    struct stats s;

    (void)state;
    assert_int_equal(stats_init(&s, STATS_BY_STATUS, key), STATUS_OK);
    add(&s, "/a", 200, 10000);
    add(&s, "/b", 200, 30000);
    add(&s, "/c", 404, 20000);
    add(&s, "/d", 503, -1);
    stats_sort(&s);
    assert_int_equal(s.all.flows, 4);
    assert_int_equal(s.all.errors, 2);
    assert_int_equal(s.all.classes[2], 2);
    assert_int_equal(s.all.classes[4], 1);
    assert_int_equal(s.all.request_bytes, 40);
    assert_int_equal(s.all.response_bytes, 4000);
    assert_int_equal(s.all.durations.count, 3);
    assert_in_range(histogram_quantile(&s.all.durations, 500), 19800, 20200);
    assert_key(&s, 0, "200", 2);
    assert_key(&s, 1, "404", 1);
    assert_key(&s, 2, "503", 1);
    stats_release(&s);
}

static void groups_one(enum stats_by by, const struct flow *f, const char *expected)
{
    struct stats s;

    assert_int_equal(stats_init(&s, by, key), STATUS_OK);
    stats_add(&s, f);
    stats_sort(&s);
    assert_key(&s, 0, expected, 1);
    stats_release(&s);
}

static void groups_by_what_is_asked(void **state)
{
    struct flow *f = make_http_flow("PUT", "/users/42?x=1", 201, "Text/HTML; charset=utf-8");

    (void)state;
    groups_one(STATS_BY_HOST, f, "api.test");
    groups_one(STATS_BY_PATH, f, "api.test/users/{id}");
    groups_one(STATS_BY_PATH_EXACT, f, "api.test/users/42");
    groups_one(STATS_BY_METHOD, f, "PUT");
    groups_one(STATS_BY_TYPE, f, "Text/HTML");
    groups_one(STATS_BY_CLIENT, f, "127.0.0.1");
    groups_one(STATS_BY_REASON, f, "complete");
    groups_one(STATS_BY_VERSION, f, "HTTP/1.1");
    groups_one(STATS_BY_RULE, f, "none");
    groups_one(STATS_BY_TAG, f, "none");
    f->user = BYTES("alice");
    groups_one(STATS_BY_CLIENT, f, "alice");
    f->status = 0;
    groups_one(STATS_BY_STATUS, f, "none");
    free_flow(f);
}

static void a_flow_counts_at_each_of_its_rules_once(void **state)
{
    struct flow *f = make_http_flow("GET", "/", 200, NULL);
    struct stats s;

    (void)state;
    make_rule(f, "proxy.yaml:1 b", NULL);
    make_rule(f, "proxy.yaml:2 a", NULL);
    make_rule(f, "proxy.yaml:1 b", NULL);
    assert_int_equal(stats_init(&s, STATS_BY_RULE, key), STATUS_OK);
    stats_add(&s, f);
    stats_sort(&s);
    assert_int_equal(s.group_count, 2);
    assert_int_equal(s.all.flows, 1);
    assert_key(&s, 0, "proxy.yaml:1 b", 1);
    assert_key(&s, 1, "proxy.yaml:2 a", 1);
    stats_release(&s);
    free_flow(f);
}

/* Each is compared with those before it. */
static void a_flow_of_too_many_rules_counts_at_the_first(void **state)
{
    enum { RULES = STATS_RULES + 10 };
    static struct flow_rule rules[RULES];
    static char labels[RULES][16];
    struct flow *f = make_http_flow("GET", "/", 200, NULL);
    struct stats s;

    (void)state;
    for (int i = 0; i < RULES; i++) {
        snprintf(labels[i], sizeof(labels[i]), "r%d", i);
        rules[i] = (struct flow_rule){.label = labels[i], .next = i ? &rules[i - 1] : NULL};
    }
    f->rules = &rules[RULES - 1];
    assert_int_equal(stats_init(&s, STATS_BY_RULE, key), STATUS_OK);
    stats_add(&s, f);
    assert_int_equal(s.group_count, STATS_RULES);
    assert_int_equal(s.all.flows, 1);
    stats_release(&s);
    free_flow(f);
}

static void groups_are_capped_and_what_is_beyond_is_told(void **state)
{
    struct buf out;
    struct stats s;
    char path[32];

    (void)state;
    assert_int_equal(stats_init(&s, STATS_BY_PATH_EXACT, key), STATUS_OK);
    for (int i = 0; i < STATS_GROUPS + 7; i++) {
        snprintf(path, sizeof(path), "/%d", i);
        add(&s, path, 200, 1000);
    }
    add(&s, "/3", 200, 1000);
    stats_sort(&s);
    assert_int_equal(s.group_count, STATS_GROUPS);
    assert_int_equal(s.other.flows, 7);
    assert_key(&s, 0, "api.test/3", 2);
    buf_init(&out, OUT_BYTES);
    stats_put_text(&s, &plain, &out);
    assert_non_null(strstr(buf_text(&out), "(others: more than 10000 are not told apart)"));
    assert_non_null(strstr(buf_text(&out), "9980 more; -n 0 shows all"));
    buf_release(&out);
    stats_release(&s);
}

static void long_keys_are_cut(void **state)
{
    char path[3 * STATS_KEY_BYTES];
    struct stats s;

    (void)state;
    memset(path, 'x', sizeof(path) - 1);
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(stats_init(&s, STATS_BY_PATH_EXACT, key), STATUS_OK);
    add(&s, path, 200, 1);
    assert_int_equal(s.group_count, 1);
    assert_int_equal(s.groups[0].key.len, STATS_KEY_BYTES);
    stats_release(&s);
}

/* Whatever the order in which they come, each flow stays in the slot of its time. */
static void time_is_covered_by_wider_steps(void **state)
{
    static const int64_t seconds[] = {1000000, 1000001, 1000060, 999000, 1009999, 5, 1000000};
    struct flow *f = make_http_flow("GET", "/", 500, NULL);
    uint64_t flows = 0, errors = 0;
    struct stats s;

    (void)state;
    assert_int_equal(stats_init(&s, STATS_BY_HOST, key), STATUS_OK);
    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        f->started_us = seconds[i] * 1000000;
        stats_add(&s, f);
    }
    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        int64_t slot = (seconds[i] * 1000000 - s.times.start_us) / s.times.step_us;

        assert_in_range(slot, 0, STATS_SLOTS - 1);
        assert_true(s.times.slots[slot].flows > 0);
    }
    for (int i = 0; i < STATS_SLOTS; i++) {
        flows += s.times.slots[i].flows;
        errors += s.times.slots[i].errors;
    }
    assert_int_equal(flows, 7);
    assert_int_equal(errors, 7);
    assert_int_equal(s.times.slots[0].flows, 1);
    assert_int_equal(s.first_us, 5000000);
    assert_int_equal(s.last_us, INT64_C(1009999000000));
    stats_release(&s);
    free_flow(f);
}

static void text_is_aligned_and_safe(void **state)
{
    struct stats_style style = {.groups = 20, .utf8 = true, .columns = 100};
    struct flow *f = make_http_flow("GET", "/", 200, NULL);
    struct stats s;
    struct buf out;

    (void)state;
    assert_int_equal(stats_init(&s, STATS_BY_HOST, key), STATUS_OK);
    add(&s, "/a", 200, 120);
    add(&s, "/b", 503, 900);
    f->host = BYTES("evil\x1b[2J.test");
    stats_add(&s, f);
    stats_sort(&s);
    buf_init(&out, OUT_BYTES);
    stats_put_text(&s, &style, &out);
    assert_string_equal(
        buf_text(&out),
        "3 flows, 2023-11-14 22:13:20 to 2023-11-14 22:13:20 UTC\n"
        "1 error (33.3%)  2xx 2  5xx 1\n"
        "p50 900 µs  p95 38 ms  p99 38 ms  longest 38 ms  sent 20 B  received 1.9 KiB\n"
        "\n"
        "flows   █  at most 3 in 100 ms\n"
        "errors  ▃\n"
        "\n"
        "    flows share       errors       p50       p95       p99       sent   received  host\n"
        "        2 ███████      50.0%    120 µs    900 µs    900 µs       20 B    1.9 KiB  "
        "api.test\n"
        "        1 ███           0.0%     38 ms     38 ms     38 ms        0 B        0 B  "
        "evil\\e[2J.test\n");
    style.utf8 = false;
    style.colour = true;
    buf_clear(&out);
    stats_put_text(&s, &style, &out);
    for (size_t i = 0; i < out.len; i++)
        assert_true(out.ptr[i] < 0x80);
    assert_non_null(strstr(buf_text(&out), "\033[31m"));
    buf_release(&out);
    stats_release(&s);
    free_flow(f);
}

static void json_is_valid_and_redacted(void **state)
{
    struct stats_style style = {.groups = 1, .redactor = {.on = true}};
    struct json_fault fault;
    struct stats s;
    struct buf out;

    (void)state;
    assert_int_equal(stats_init(&s, STATS_BY_PATH_EXACT, key), STATUS_OK);
    add(&s, "/a;token=hush", 200, 5);
    add(&s, "/a;token=hush", 200, -1);
    add(&s, "/b", 200, -1);
    stats_sort(&s);
    buf_init(&out, OUT_BYTES);
    stats_put_json(&s, &style, &out);
    assert_int_equal(json_check(buf_bytes(&out), &fault), STATUS_OK);
    assert_null(strstr(buf_text(&out), "hush"));
    assert_non_null(strstr(buf_text(&out), "\"group_count\":2,\"groups\":[{\"key\":\"api.test/a"));
    assert_non_null(strstr(buf_text(&out), "\"first\":\"2023-11-14T22:13:20.123456Z\""));
    buf_release(&out);
    stats_release(&s);
}

static void keys_are_found_by_name(void **state)
{
    const char *near = NULL;
    enum stats_by by;

    (void)state;
    for (int i = 0; i < STATS_BY_COUNT; i++) {
        assert_true(stats_by_find(bytes_of(stats_by_name((enum stats_by)i)), &by, &near));
        assert_int_equal(by, i);
        assert_true(stats_by_help(by)[0]);
    }
    assert_false(stats_by_find(BYTES("hots"), &by, &near));
    assert_string_equal(near, "host");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_flows_errors_bytes_and_durations),
        cmocka_unit_test(groups_by_what_is_asked),
        cmocka_unit_test(a_flow_counts_at_each_of_its_rules_once),
        cmocka_unit_test(a_flow_of_too_many_rules_counts_at_the_first),
        cmocka_unit_test(groups_are_capped_and_what_is_beyond_is_told),
        cmocka_unit_test(long_keys_are_cut),
        cmocka_unit_test(time_is_covered_by_wider_steps),
        cmocka_unit_test(text_is_aligned_and_safe),
        cmocka_unit_test(json_is_valid_and_redacted),
        cmocka_unit_test(keys_are_found_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
