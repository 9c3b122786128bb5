#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "logs/retry_audit.h"
#include "make_flow.h"

#define MS INT64_C(1000)
#define START INT64_C(1700000000000000) /* 2023-11-14T22:13:20Z */

/* One attempt to be told to an audit. */
struct told {
    const char *method, *path;
    int64_t at_ms;   /* from START; it takes 10 ms */
    unsigned status; /* above 1000: injected by a rule, less 1000; 0: cut off by a rule */
    const char *fields, *key;
};

static struct retry_audit *audit_new(void)
{
    static const struct redactor redactor = {.on = true};
    struct retry_audit *a = retry_audit_new(&redactor);

    assert_non_null(a);
    return a;
}

static struct flow *attempt(const struct told *t)
{
    bool injected = t->status >= 1000 || t->status == 0;
    struct flow *f = make_http_flow(t->method, t->path, t->status % 1000, NULL);
    struct head *response = make_head(f, HTTP_RESPONSE, t->fields);

    f->started_us = START + t->at_ms * MS;
    f->timings.total = 10 * MS;
    f->injected = injected;
    response->status = f->status;
    f->response.sent = response;
    if (injected)
        f->response.received = NULL;
    if (t->status == 0) {
        f->reason = "aborted_by_rule";
        f->response.sent = NULL;
    }
    if (t->key) {
        struct head *request = make_head(f, HTTP_REQUEST, t->key);

        request->method = make_text(&f->arena, t->method);
        request->path = request->target = make_text(&f->arena, t->path);
        f->request.received = f->request.sent = request;
    }
    return f;
}

static void tell(struct retry_audit *a, const struct told *t, uint64_t marks)
{
    struct flow *f = attempt(t);

    assert_int_equal(retry_audit_flow(a, f, marks), STATUS_OK);
    free_flow(f);
}

#define TELL(a, ...)                                                                               \
    do {                                                                                           \
        static const struct told all[] = {__VA_ARGS__};                                            \
                                                                                                   \
        for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)                                  \
            tell(a, &all[i], 1);                                                                   \
        assert_int_equal(retry_audit_finish(a), STATUS_OK);                                        \
    } while (0)

static void follows_a_fault_until_the_request_goes_well(void **state)
{
    struct retry_audit *a = audit_new();
    const struct retry_episode *e;

    (void)state;
    TELL(a, {"GET", "/a", 0, 1503, NULL, NULL}, {"GET", "/b", 20, 200, NULL, NULL},
         {"GET", "/a", 1010, 1503, NULL, NULL}, {"GET", "/a", 3020, 200, NULL, NULL},
         {"GET", "/a", 4000, 200, NULL, NULL});
    assert_int_equal(retry_audit_count(a), 1);
    e = retry_audit_at(a, 0);
    assert_string_equal(e->method, "GET");
    assert_string_equal(e->url, "https://api.test/a");
    assert_int_equal(e->fault, RETRY_FAULT_STATUS);
    assert_int_equal(e->status, 503);
    assert_int_equal(e->faults, 2);
    assert_int_equal(e->retries, 2);
    assert_int_equal(e->pause_count, 2);
    assert_int_equal(e->pauses_us[0], 1000 * MS);
    assert_int_equal(e->pauses_us[1], 2000 * MS);
    assert_int_equal(e->backoff, RETRY_YES);
    assert_int_equal(e->obeyed, RETRY_UNKNOWN);
    assert_true(e->recovered && e->idempotent);
    assert_int_equal(e->last_status, 200);
    assert_false(retry_audit_cut(a));
    retry_audit_free(a);
}

static void a_client_that_gives_up_is_seen(void **state)
{
    struct retry_audit *a = audit_new();

    (void)state;
    TELL(a, {"GET", "/a", 0, 0, NULL, NULL});
    assert_int_equal(retry_audit_count(a), 1);
    assert_int_equal(retry_audit_at(a, 0)->fault, RETRY_FAULT_ABORT);
    assert_int_equal(retry_audit_at(a, 0)->retries, 0);
    assert_false(retry_audit_at(a, 0)->recovered);
    retry_audit_free(a);
}

static void a_new_fault_after_a_success_is_a_new_story(void **state)
{
    struct retry_audit *a = audit_new();

    (void)state;
    TELL(a, {"GET", "/a", 0, 1500, NULL, NULL}, {"GET", "/a", 100, 200, NULL, NULL},
         {"GET", "/a", 200, 1500, NULL, NULL}, {"GET", "/a", 300, 200, NULL, NULL});
    assert_int_equal(retry_audit_count(a), 2);
    assert_int_equal(retry_audit_at(a, 1)->retries, 1);
    retry_audit_free(a);
}

static void what_comes_too_late_is_no_retry(void **state)
{
    struct retry_audit *a = audit_new();

    (void)state;
    TELL(a, {"GET", "/a", 0, 1500, NULL, NULL}, {"GET", "/a", 121 * 1000, 1500, NULL, NULL});
    assert_int_equal(retry_audit_count(a), 2);
    assert_int_equal(retry_audit_at(a, 0)->retries, 0);
    retry_audit_free(a);
}

static void equal_pauses_do_not_grow(void **state)
{
    struct retry_audit *a = audit_new();

    (void)state;
    TELL(a, {"GET", "/a", 0, 1500, NULL, NULL}, {"GET", "/a", 110, 1500, NULL, NULL},
         {"GET", "/a", 220, 1500, NULL, NULL}, {"GET", "/a", 330, 200, NULL, NULL});
    assert_int_equal(retry_audit_at(a, 0)->backoff, RETRY_NO);
    retry_audit_free(a);
}

static void a_pause_that_falls_to_less_than_half_does_not_grow(void **state)
{
    struct retry_audit *a = audit_new();

    (void)state;
    TELL(a, {"GET", "/a", 0, 1500, NULL, NULL}, {"GET", "/a", 110, 1500, NULL, NULL},
         {"GET", "/a", 1120, 1500, NULL, NULL}, {"GET", "/a", 1430, 200, NULL, NULL});
    assert_int_equal(retry_audit_at(a, 0)->backoff, RETRY_NO);
    retry_audit_free(a);
}

/* RFC 9110 §10.2.3 */
static void retry_after_in_seconds_is_obeyed_or_not(void **state)
{
    struct retry_audit *a = audit_new();

    (void)state;
    TELL(a, {"GET", "/good", 0, 1503, "Retry-After: 2\n", NULL},
         {"GET", "/good", 2010, 200, NULL, NULL},
         {"GET", "/bad", 3000, 1429, "Retry-After: 2\n", NULL},
         {"GET", "/bad", 3500, 200, NULL, NULL},
         {"GET", "/gone", 4000, 1503, "Retry-After: 2\n", NULL});
    assert_int_equal(retry_audit_count(a), 3);
    assert_int_equal(retry_audit_at(a, 0)->obeyed, RETRY_YES);
    assert_int_equal(retry_audit_at(a, 1)->obeyed, RETRY_NO);
    assert_int_equal(retry_audit_at(a, 2)->obeyed, RETRY_UNKNOWN);
    retry_audit_free(a);
}

static void retry_after_as_a_date_is_obeyed_or_not(void **state)
{
    struct retry_audit *a = audit_new();

    (void)state; /* four seconds from the start */
    TELL(a, {"GET", "/good", 0, 1503, "Retry-After: Tue, 14 Nov 2023 22:13:24 GMT\n", NULL},
         {"GET", "/good", 4001, 200, NULL, NULL},
         {"GET", "/bad", 10, 1503, "Retry-After: Tue, 14 Nov 2023 22:13:24 GMT\n", NULL},
         {"GET", "/bad", 3900, 200, NULL, NULL});
    assert_int_equal(retry_audit_at(a, 0)->obeyed, RETRY_YES);
    assert_int_equal(retry_audit_at(a, 1)->obeyed, RETRY_NO);
    retry_audit_free(a);
}

/* RFC 9110 §9.2.2 */
static void a_repeated_post_wants_an_idempotency_key(void **state)
{
    struct retry_audit *a = audit_new();

    (void)state;
    TELL(a, {"POST", "/pay", 0, 1503, NULL, NULL}, {"POST", "/pay", 100, 200, NULL, NULL},
         {"POST", "/safe", 200, 1503, NULL, "Idempotency-Key: x1\n"},
         {"POST", "/safe", 300, 200, NULL, "Idempotency-Key: x1\n"},
         {"POST", "/other", 400, 1503, NULL, "Idempotency-Key: x1\n"},
         {"POST", "/other", 500, 200, NULL, "Idempotency-Key: x2\n"},
         {"PUT", "/put", 600, 1503, NULL, NULL}, {"PUT", "/put", 700, 200, NULL, NULL});
    assert_int_equal(retry_audit_count(a), 4);
    assert_true(retry_unsafe(retry_audit_at(a, 0)));
    assert_false(retry_unsafe(retry_audit_at(a, 1)));
    assert_true(retry_unsafe(retry_audit_at(a, 2)));
    assert_false(retry_unsafe(retry_audit_at(a, 3)));
    retry_audit_free(a);
}

static void another_body_is_another_request(void **state)
{
    static const struct told first = {"POST", "/a", 0, 1503, NULL, NULL};
    static const struct told second = {"POST", "/a", 100, 200, NULL, NULL};
    struct retry_audit *a = audit_new();
    struct flow *x = attempt(&first), *y = attempt(&second);

    (void)state;
    make_body(x, &x->request, BYTES("one"));
    make_body(y, &y->request, BYTES("two"));
    assert_int_equal(retry_audit_flow(a, x, 0), STATUS_OK);
    assert_int_equal(retry_audit_flow(a, y, 0), STATUS_OK);
    assert_int_equal(retry_audit_finish(a), STATUS_OK);
    assert_int_equal(retry_audit_at(a, 0)->retries, 0);
    free_flow(x);
    free_flow(y);
    retry_audit_free(a);
}

static void another_client_is_another_story_but_not_another_port(void **state)
{
    static const struct told first = {"GET", "/a", 0, 1503, NULL, NULL};
    static const struct told second = {"GET", "/a", 100, 200, NULL, NULL};
    struct retry_audit *a = audit_new();
    struct flow *x = attempt(&first), *y = attempt(&second), *z = attempt(&second);

    (void)state;
    y->client = BYTES("127.0.0.2:51234");
    z->client = BYTES("127.0.0.1:9");
    assert_int_equal(retry_audit_flow(a, x, 0), STATUS_OK);
    assert_int_equal(retry_audit_flow(a, y, 0), STATUS_OK);
    assert_int_equal(retry_audit_flow(a, z, 0), STATUS_OK);
    assert_int_equal(retry_audit_finish(a), STATUS_OK);
    assert_int_equal(retry_audit_at(a, 0)->retries, 1);
    free_flow(x);
    free_flow(y);
    free_flow(z);
    retry_audit_free(a);
}

static void a_copy_that_a_rule_sent_is_nobodys_retry(void **state)
{
    static const struct told first = {"GET", "/a", 0, 1503, NULL, NULL};
    static const struct told second = {"GET", "/a", 100, 200, NULL, NULL};
    struct retry_audit *a = audit_new();
    struct flow *x = attempt(&first), *y = attempt(&second);

    (void)state;
    memcpy(y->duplicate_of, x->id, sizeof(x->id));
    assert_int_equal(retry_audit_flow(a, x, 0), STATUS_OK);
    assert_int_equal(retry_audit_flow(a, y, 0), STATUS_OK);
    assert_int_equal(retry_audit_finish(a), STATUS_OK);
    assert_int_equal(retry_audit_at(a, 0)->retries, 0);
    free_flow(x);
    free_flow(y);
    retry_audit_free(a);
}

/* Of two loops, one may be served before the other. */
static void a_retry_may_be_told_before_its_fault(void **state)
{
    struct retry_audit *a = audit_new();

    (void)state;
    TELL(a, {"GET", "/a", 12, 200, NULL, NULL}, {"GET", "/a", 0, 1503, NULL, NULL},
         {"GET", "/b", 0, 1503, NULL, NULL}, {"GET", "/b", 90, 200, NULL, NULL},
         {"GET", "/b", 40, 1503, NULL, NULL});
    assert_int_equal(retry_audit_count(a), 2);
    assert_int_equal(retry_audit_at(a, 0)->retries, 1);
    assert_true(retry_audit_at(a, 0)->recovered);
    assert_int_equal(retry_audit_at(a, 1)->retries, 2);
    assert_true(retry_audit_at(a, 1)->recovered);
    retry_audit_free(a);
}

/* Ten at a time, of which each asks once more, are ten stories. */
static void clients_that_ask_at_the_same_time_are_told_apart(void **state)
{
    struct retry_audit *a = audit_new();

    (void)state;
    for (int i = 0; i < 20; i++) {
        struct told t = {"GET", "/a", i < 10 ? i / 2 : 100 + i, i < 10 ? 1503 : 200, NULL, NULL};

        tell(a, &t, 0);
    }
    assert_int_equal(retry_audit_finish(a), STATUS_OK);
    assert_int_equal(retry_audit_count(a), 10);
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(retry_audit_at(a, i)->retries, 1);
        assert_true(retry_audit_at(a, i)->recovered);
    }
    retry_audit_free(a);
}

static void a_connection_goes_on_with_its_own_story(void **state)
{
    static const struct {
        int64_t at_ms, total_ms;
        unsigned status;
        uint64_t connection;
    } told[] = {{0, 50, 1503, 1}, {1, 10, 1503, 2}, {100, 10, 200, 1}, {200, 10, 200, 2}};
    struct retry_audit *a = audit_new();

    (void)state;
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        struct told t = {"GET", "/a", told[i].at_ms, told[i].status, NULL, NULL};
        struct flow *f = attempt(&t);

        f->timings.total = told[i].total_ms * MS;
        f->client_connection = told[i].connection;
        assert_int_equal(retry_audit_flow(a, f, 0), STATUS_OK);
        free_flow(f);
    }
    assert_int_equal(retry_audit_finish(a), STATUS_OK);
    assert_int_equal(retry_audit_count(a), 2);
    assert_int_equal(retry_audit_at(a, 0)->pauses_us[0], 50 * MS);
    assert_int_equal(retry_audit_at(a, 1)->pauses_us[0], 189 * MS);
    retry_audit_free(a);
}

static void what_goes_well_ever_after_is_not_kept(void **state)
{
    struct retry_audit *a = audit_new();

    (void)state;
    for (int i = 0; i <= RETRY_ATTEMPTS; i++) {
        struct told t = {"GET", "/a", 20 * i, i ? 200 : 1503, NULL, NULL};

        tell(a, &t, 0);
    }
    assert_int_equal(retry_audit_finish(a), STATUS_OK);
    assert_false(retry_audit_cut(a));
    assert_int_equal(retry_audit_count(a), 1);
    assert_int_equal(retry_audit_at(a, 0)->retries, 1);
    retry_audit_free(a);
}

/* The record of the one that was held comes last. */
static void a_client_that_left_during_a_delay_is_seen_to_ask_again(void **state)
{
    static const struct told again = {"GET", "/a", 1000, 200, NULL, NULL};
    static const struct told held = {"GET", "/a", 0, 200, NULL, NULL};
    struct retry_audit *a = audit_new();
    struct flow *x = attempt(&again), *y = attempt(&held);

    (void)state;
    make_rule(y, "proxy.yaml:1", "request held 5000.0 ms");
    y->status = 0;
    y->reason = "shut_down";
    y->timings.injected = 5000 * MS;
    y->timings.total = 3000 * MS;
    assert_int_equal(retry_audit_flow(a, x, 0), STATUS_OK);
    assert_int_equal(retry_audit_flow(a, y, 0), STATUS_OK);
    assert_int_equal(retry_audit_finish(a), STATUS_OK);
    assert_int_equal(retry_audit_count(a), 1);
    assert_int_equal(retry_audit_at(a, 0)->fault, RETRY_FAULT_DELAY);
    assert_int_equal(retry_audit_at(a, 0)->retries, 1);
    assert_int_equal(retry_audit_at(a, 0)->pauses_us[0], 1000 * MS);
    free_flow(x);
    free_flow(y);
    retry_audit_free(a);
}

static void jitter_shows_between_stories(void **state)
{
    struct retry_audit *a = audit_new();

    (void)state;
    TELL(a, {"GET", "/a", 0, 1503, NULL, NULL}, {"GET", "/a", 1010, 200, NULL, NULL},
         {"GET", "/b", 0, 1503, NULL, NULL}, {"GET", "/b", 1020, 200, NULL, NULL});
    assert_int_equal(retry_audit_jitter(a, 0), RETRY_NO);
    assert_int_equal(retry_audit_jitter(a, 2), RETRY_UNKNOWN);
    retry_audit_free(a);
    a = audit_new();
    TELL(a, {"GET", "/a", 0, 1503, NULL, NULL}, {"GET", "/a", 1010, 200, NULL, NULL},
         {"GET", "/b", 0, 1503, NULL, NULL}, {"GET", "/b", 810, 200, NULL, NULL});
    assert_int_equal(retry_audit_jitter(a, 1), RETRY_YES);
    retry_audit_free(a);
}

static void secrets_do_not_stand_in_its_urls(void **state)
{
    struct retry_audit *a = audit_new();

    (void)state;
    TELL(a, {"GET", "/a?token=opensesame", 0, 1503, NULL, NULL});
    assert_null(strstr(retry_audit_at(a, 0)->url, "opensesame"));
    assert_non_null(strstr(retry_audit_at(a, 0)->url, "REDACTED"));
    retry_audit_free(a);
}

static void memory_is_bounded_and_the_cut_is_told(void **state)
{
    struct retry_audit *a = audit_new();
    char path[32];

    (void)state;
    for (int i = 0; i <= RETRY_KEYS; i++) {
        struct told t = {"GET", path, i, 1503, NULL, NULL};

        snprintf(path, sizeof(path), "/%d", i);
        assert_false(retry_audit_cut(a));
        tell(a, &t, 0);
    }
    assert_true(retry_audit_cut(a));
    assert_int_equal(retry_audit_finish(a), STATUS_OK);
    assert_int_equal(retry_audit_count(a), RETRY_EPISODES);
    retry_audit_free(a);
}

static void one_request_that_is_repeated_for_ever_is_cut(void **state)
{
    struct retry_audit *a = audit_new();

    (void)state;
    for (int i = 0; i <= RETRY_ATTEMPTS; i++) {
        struct told t = {"GET", "/a", 20 * i, 1503, NULL, NULL};

        tell(a, &t, 0);
    }
    assert_true(retry_audit_cut(a));
    assert_int_equal(retry_audit_finish(a), STATUS_OK);
    assert_int_equal(retry_audit_at(a, 0)->retries, RETRY_ATTEMPTS - 1);
    assert_int_equal(retry_audit_at(a, 0)->pause_count, RETRY_PAUSES);
    retry_audit_free(a);
}

static enum retry_fault fault(bool injected, unsigned status, const char *reason,
                              int64_t injected_us)
{
    struct flow *f = make_http_flow("GET", "/", status, NULL);
    enum retry_fault found;

    f->injected = injected;
    f->reason = reason;
    f->timings.injected = injected_us;
    make_rule(f, "proxy.yaml:1", NULL);
    found = retry_fault_of(f);
    free_flow(f);
    return found;
}

static void knows_what_was_injected(void **state)
{
    struct flow *f = make_http_flow("GET", "/", 503, NULL);

    (void)state;
    assert_int_equal(retry_fault_of(f), RETRY_FAULT_NONE); /* the origin's own */
    free_flow(f);
    assert_int_equal(fault(true, 200, "answered_by_rule", -1), RETRY_FAULT_NONE);
    assert_int_equal(fault(true, 503, "answered_by_rule", -1), RETRY_FAULT_STATUS);
    assert_int_equal(fault(false, 503, "complete", -1), RETRY_FAULT_NONE);
    assert_int_equal(fault(true, 0, "aborted_by_rule", -1), RETRY_FAULT_ABORT);
    assert_int_equal(fault(true, 502, "dns_failed", -1), RETRY_FAULT_CONNECTION);
    assert_int_equal(fault(false, 502, "dns_failed", -1), RETRY_FAULT_NONE);
    assert_int_equal(fault(false, 0, "client_closed", 5000), RETRY_FAULT_DELAY);
    assert_int_equal(fault(false, 0, "client_closed", -1), RETRY_FAULT_NONE);
    assert_int_equal(fault(false, 200, "complete", 5000), RETRY_FAULT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_a_fault_until_the_request_goes_well),
        cmocka_unit_test(a_client_that_gives_up_is_seen),
        cmocka_unit_test(a_new_fault_after_a_success_is_a_new_story),
        cmocka_unit_test(what_comes_too_late_is_no_retry),
        cmocka_unit_test(equal_pauses_do_not_grow),
        cmocka_unit_test(a_pause_that_falls_to_less_than_half_does_not_grow),
        cmocka_unit_test(retry_after_in_seconds_is_obeyed_or_not),
        cmocka_unit_test(retry_after_as_a_date_is_obeyed_or_not),
        cmocka_unit_test(a_repeated_post_wants_an_idempotency_key),
        cmocka_unit_test(another_body_is_another_request),
        cmocka_unit_test(another_client_is_another_story_but_not_another_port),
        cmocka_unit_test(a_copy_that_a_rule_sent_is_nobodys_retry),
        cmocka_unit_test(a_retry_may_be_told_before_its_fault),
        cmocka_unit_test(clients_that_ask_at_the_same_time_are_told_apart),
        cmocka_unit_test(a_connection_goes_on_with_its_own_story),
        cmocka_unit_test(what_goes_well_ever_after_is_not_kept),
        cmocka_unit_test(a_client_that_left_during_a_delay_is_seen_to_ask_again),
        cmocka_unit_test(jitter_shows_between_stories),
        cmocka_unit_test(secrets_do_not_stand_in_its_urls),
        cmocka_unit_test(memory_is_bounded_and_the_cut_is_told),
        cmocka_unit_test(one_request_that_is_repeated_for_ever_is_cut),
        cmocka_unit_test(knows_what_was_injected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
