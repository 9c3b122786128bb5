#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logs/diff_impl.h"

static enum status run(const char *a, const char *b, struct diff *d)
{
    *d = (struct diff){0};
    arena_init(&d->arena, DIFF_BYTES);
    return diff_json(d, HTTP_RESPONSE, bytes_of(a), bytes_of(b));
}

static void tells(const char *a, const char *b, const char *expected)
{
    char text[4096] = "";
    size_t len = 0;
    struct diff d;

    assert_int_equal(run(a, b, &d), STATUS_OK);
    for (const struct diff_entry *e = d.first; e; e = e->next)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%c %.*s %.*s %.*s\n",
                                "+-~"[e->change], (int)e -> name.len, (const char *)e->name.ptr,
                                (int)e->before.len, (const char *)e->before.ptr, (int)e->after.len,
                                (const char *)e->after.ptr);
    assert_string_equal(text, expected);
    diff_release(&d);
}

static void values_are_found_by_their_path(void **state)
{
    (void)state;
    tells("{\"user\":{\"name\":\"a\",\"n\":1}}", "{\"user\":{\"name\":\"b\",\"n\":1}}",
          "~ $.user.name \"a\" \"b\"\n");
    tells("{\"a\":1,\"b\":2,\"c\":3}", "{\"d\":4,\"b\":5,\"a\":1}",
          "~ $.b 2 5\n- $.c 3 \n+ $.d  4\n");
    tells("{\"odd name\":1,\"\":2,\"1\":3}", "{\"odd name\":2,\"\":3,\"1\":4}",
          "~ $[\"odd name\"] 1 2\n~ $[\"\"] 2 3\n~ $[\"1\"] 3 4\n");
    tells("[{\"a\":[1,{\"b\":null}]}]", "[{\"a\":[1,{\"b\":false}]}]",
          "~ $[0].a[1].b null false\n");
    tells("1", "\"1\"", "~ $ 1 \"1\"\n");
    tells("{}", "[]", "~ $ {} []\n");
}

static void what_means_the_same_is_the_same(void **state)
{
    (void)state;
    tells("{\"a\":1.0,\"b\":\"\\u0041\"}", "{\"b\":\"A\",\"a\":1}", "");
    tells("{\"a\":1,\"a\":2}", "{\"a\":2}", "~ $.a 1 2\n");
}

static void elements_put_in_and_taken_out_are_told_as_that(void **state)
{
    (void)state;
    tells("[1,2,3]", "[1,9,2,3]", "+ $[1]  9\n");
    tells("[1,2,3]", "[2,3]", "- $[0] 1 \n");
    tells("[1,2,3]", "[1,2]", "- $[2] 3 \n");
    tells("[1,2,3]", "[1,5,6,3]", "~ $[1] 2 5\n+ $[2]  6\n");
    tells("[]", "[1,2]", "+ $[0]  1\n+ $[1]  2\n");
}

static void depth_costs_no_stack(void **state)
{
    enum { DEPTH = 256 };
    char a[2 * DEPTH + 2], b[2 * DEPTH + 2];
    struct diff d;

    (void)state;
    memset(a, '[', DEPTH);
    a[DEPTH] = '1';
    memset(a + DEPTH + 1, ']', DEPTH);
    a[2 * DEPTH + 1] = '\0';
    memcpy(b, a, sizeof(a));
    b[DEPTH] = '2';
    assert_int_equal(run(a, b, &d), STATUS_OK);
    assert_int_equal(d.count, 1);
    assert_int_equal(d.first->name.len, 1 + 3 * DEPTH);
    diff_release(&d);
}

static void too_many_values_are_a_limit(void **state)
{
    size_t len = 2 * (size_t)DIFF_JSON_VALUES;
    char *a = malloc(len + 4);
    struct diff d;

    (void)state;
    memset(a, '1', len + 2);
    for (size_t i = 0; i < len; i += 2)
        a[i] = ',';
    a[0] = '[';
    memcpy(a + len, ",1]", 4);
    assert_int_equal(run(a, "[]", &d), STATUS_LIMIT);
    diff_release(&d);
    free(a);
}

static void what_is_large_and_deep_is_a_limit(void **state)
{
    enum { DEPTH = 200, TEXT = 4 * 1024 * 1024 };
    char *a = malloc(TEXT + 2 * DEPTH + 4), *b;
    struct diff d;

    (void)state;
    memset(a, '[', DEPTH);
    memset(a + DEPTH, '1', TEXT);
    memset(a + DEPTH + TEXT, ']', DEPTH);
    a[2 * DEPTH + TEXT] = '\0';
    b = strdup(a);
    b[DEPTH] = '2';
    assert_int_equal(run(a, b, &d), STATUS_LIMIT);
    diff_release(&d);
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found_by_their_path),
        cmocka_unit_test(what_means_the_same_is_the_same),
        cmocka_unit_test(elements_put_in_and_taken_out_are_told_as_that),
        cmocka_unit_test(depth_costs_no_stack),
        cmocka_unit_test(too_many_values_are_a_limit),
        cmocka_unit_test(what_is_large_and_deep_is_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
