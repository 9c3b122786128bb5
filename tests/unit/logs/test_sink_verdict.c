#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logs/logs.h"
#include "logs/verdict.h"
#include "make_expects.h"
#include "make_flow.h"

static const struct redactor redactor = {.on = true};

static void sees_every_flow_of_the_log(void **state)
{
    struct made_expects made;
    struct flow *f = make_http_flow("GET", "/a", 503, NULL);
    struct log_event ev = {.kind = LOG_END, .flow = f};
    struct log_settings s = {.on_full = LOG_WAIT, .ports = 1, .sink_count = 1};
    struct logs *logs = NULL;
    char error[SINK_ERROR_BYTES];
    struct verdict *v;

    (void)state;
    make_expects(&made, "- { match: 'status:5xx', never: true }\n");
    v = verdict_new(&made.expects, &redactor);
    assert_non_null(v);
    s.sinks[0].sink = sink_find("verdict");
    s.sinks[0].settings = (struct sink_settings){.fd = -1, .context = v};
    assert_int_equal(logs_start(&s, error, &logs), STATUS_OK);
    assert_true(log_port_push(logs_port(logs, 0), &ev));
    logs_stop(logs);
    assert_ptr_equal(log_port_reclaim(logs_port(logs, 0)), &ev);
    logs_free(logs);
    verdict_finish(v);
    assert_int_equal(verdict_outcome(v), VERDICT_FAILED);
    verdict_free(v);
    free_expects(&made);
    free_flow(f);
}

static void does_not_open_without_a_verdict(void **state)
{
    const struct sink_settings settings = {.fd = -1};
    char error[SINK_ERROR_BYTES] = "";

    (void)state;
    assert_null(sink_verdict.open(&settings, error));
    assert_true(error[0] != '\0');
}

static void is_told_of_gaps(void **state)
{
    const struct log_gap gap = {1, 0};
    struct made_expects made;
    struct verdict *v;

    (void)state;
    make_expects(&made, "- { match: 'status:5xx', never: true }\n");
    v = verdict_new(&made.expects, &redactor);
    assert_non_null(v);
    assert_int_equal(sink_verdict.gap(v, &gap), STATUS_OK);
    assert_int_equal(sink_verdict.commit(v, true), STATUS_OK);
    verdict_finish(v);
    assert_int_equal(verdict_outcome(v), VERDICT_INCONCLUSIVE);
    verdict_free(v);
    free_expects(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sees_every_flow_of_the_log),
        cmocka_unit_test(does_not_open_without_a_verdict),
        cmocka_unit_test(is_told_of_gaps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
