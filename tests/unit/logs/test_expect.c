#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "make_expects.h"

static struct filter *filter(const char *text)
{
    struct filter_fault fault;
    struct filter *f = NULL;

    assert_int_equal(filter_parse(bytes_of(text), MAKE_NOW, &f, &fault), STATUS_OK);
    return f;
}

static void a_filter_that_may_not_match_is_an_expectation(void **state)
{
    struct expects e;

    (void)state;
    expects_init(&e);
    assert_int_equal(expects_add_never(&e, filter("status:5xx"), "--fail-if"), STATUS_OK);
    assert_int_equal(e.count, 1);
    assert_true(bytes_equal(e.items[0].name, BYTES("never status:5xx")));
    assert_string_equal(e.items[0].file, "--fail-if");
    assert_int_equal(e.items[0].checks, 1U << EXPECT_COUNT);
    assert_int_equal(e.items[0].count.max, 0);
    expects_release(&e);
    assert_int_equal(e.count, 0);
}

static void there_is_room_for_so_many(void **state)
{
    struct filter *one_more = filter("");
    struct expects e;

    (void)state;
    expects_init(&e);
    for (uint32_t i = 0; i < EXPECTS; i++)
        assert_int_equal(expects_add_never(&e, filter("x"), "--fail-if"), STATUS_OK);
    assert_int_equal(expects_add_never(&e, one_more, "--fail-if"), STATUS_LIMIT);
    filter_free(one_more);
    expects_release(&e);
}

static bool names_kind(const char *text)
{
    struct filter *f = filter(text);
    bool names = expect_names_kind(f);

    filter_free(f);
    return names;
}

static void knows_a_filter_that_asks_for_the_kind(void **state)
{
    (void)state;
    assert_true(names_kind("kind:tunnel"));
    assert_true(names_kind("a.test (-kind:http)"));
    assert_true(names_kind("host:a.test is:refused"));
    assert_false(names_kind("status:5xx"));
    assert_false(names_kind("is:error"));
    assert_false(names_kind(""));
    assert_false(names_kind("url:mankind:x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filter_that_may_not_match_is_an_expectation),
        cmocka_unit_test(there_is_room_for_so_many),
        cmocka_unit_test(knows_a_filter_that_asks_for_the_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
