/* Expectations without memory: they are not read, or no verdict is made, or it is
 * inconclusive; never does one pass that should have failed. */
#include <string.h>

#include "scarce_memory.h"
#include "stage.h"

#include "logs/verdict.h"
#include "make_expects.h"
#include "make_flow.h"

enum { OUT_BYTES = 1024 * 1024 };

static const struct redactor redactor = {.on = true};

static const char section[] = "- { name: a, match: 'example/a', never: true }\n"
                              "- { match: 'path:/b', status: [2xx, 304], under: 1s, ok: true }\n"
                              "- { in order: ['path:/a', 'path:/b'] }\n"
                              "- { retried: at most 3 times with backoff }\n"
                              "- { match: 'body:oops', count: at most 3 }\n";

static void a_section(void)
{
    struct made_expects made;

    scarce_arm(true);
    make_expects(&made, section);
    scarce_arm(false);
    assert_int_equal(made.status != STATUS_OK, scarce_failed());
    free_expects(&made);
}

static void a_filter_of_the_command_line(void)
{
    struct filter_fault fault;
    struct filter *filter = NULL;
    struct expects e;
    enum status st;

    expects_init(&e);
    scarce_arm(true);
    st = filter_parse(BYTES("status:5xx"), 0, &filter, &fault);
    if (!st)
        st = expects_add_never(&e, filter, "--fail-if");
    scarce_arm(false);
    if (st)
        filter_free(filter);
    assert_int_equal(st != STATUS_OK, scarce_failed());
    assert_int_equal(e.count, scarce_failed() ? 0 : 1);
    expects_release(&e);
}

static void tell(struct verdict *v, struct flow **flows, size_t count)
{
    struct buf out;

    for (size_t i = 0; i < count; i++)
        verdict_flow(v, flows[i]);
    verdict_finish(v);
    buf_init(&out, OUT_BYTES);
    verdict_put_text(v, true, &out);
    verdict_put_json(v, &out);
    verdict_put_junit(v, &out);
    if (buf_status(&out))
        assert_true(scarce_failed());
    buf_release(&out);
}

/* All that these flows break is the first one: by its URL, for which a filter needs
 * memory. */
static void a_verdict(void)
{
    struct made_expects made;
    struct flow *flows[] = {make_http_flow("GET", "/example/a", 200, NULL),
                            make_http_flow("POST", "/b", 503, NULL),
                            make_http_flow("POST", "/b", 200, NULL)};
    struct verdict *v;

    flows[1]->injected = true;
    flows[2]->started_us += 100 * 1000;
    make_expects(&made, "- { name: a, match: 'example/a', never: true }\n"
                        "- { in order: ['path:/a', 'path:/b'] }\n"
                        "- { retried: at most 3 times }\n");
    assert_int_equal(made.status, STATUS_OK);
    scarce_arm(true);
    v = verdict_new(&made.expects, &redactor);
    if (v)
        tell(v, flows, sizeof(flows) / sizeof(flows[0]));
    else
        assert_true(scarce_failed());
    scarce_arm(false);
    if (v)
        assert_int_not_equal(verdict_outcome(v), VERDICT_PASSED);
    if (v && !scarce_failed())
        assert_int_equal(verdict_outcome(v), VERDICT_FAILED);
    verdict_free(v);
    for (size_t i = 0; i < sizeof(flows) / sizeof(flows[0]); i++)
        free_flow(flows[i]);
    free_expects(&made);
}

static void reads_expectations_or_says_that_it_cannot(void **state)
{
    (void)state;
    scarce_play(a_section);
    scarce_play(a_filter_of_the_command_line);
}

static void never_passes_what_it_had_no_memory_to_see(void **state)
{
    (void)state;
    scarce_play(a_verdict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_expectations_or_says_that_it_cannot),
        cmocka_unit_test(never_passes_what_it_had_no_memory_to_see),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
