#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logs/diff_impl.h"

enum { TEXT_BYTES = 64 * 1024, ROUNDS = 500, LINES = 60 };

static void run(const char *a, const char *b, struct diff *d)
{
    *d = (struct diff){0};
    arena_init(&d->arena, DIFF_BYTES);
    assert_int_equal(diff_text(d, HTTP_RESPONSE, bytes_of(a), bytes_of(b)), STATUS_OK);
}

static void tells(const char *a, const char *b, const char *expected)
{
    char text[4096] = "";
    size_t len = 0;
    struct diff d;

    run(a, b, &d);
    for (const struct diff_entry *e = d.first; e; e = e->next) {
        struct bytes line = e->change == DIFF_ADDED ? e->after : e->before;

        len += (size_t)snprintf(text + len, sizeof(text) - len, "%c%.*s", "+-~> "[e->change],
                                (int)line.len, (const char *)line.ptr);
    }
    assert_string_equal(text, expected);
    diff_release(&d);
}

static void lines_are_told_with_what_stands_around_them(void **state)
{
    (void)state;
    tells("a\nb\nc\n", "a\nx\nc\n", " a-b+x c");
    tells("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n", " 2 3 4-5+x 6 7 8");
    tells("a\nb", "b", "-a b");
    tells("b", "a\nb", "+a b");
    tells("a", "a\nb", " a+b");
    tells("a\n1\n2\n3\n4\n5\n6\n7\n8\nz", "A\n1\n2\n3\n4\n5\n6\n7\n8\nZ", "-a+A 1 2 3 6 7 8-z+Z");
    tells("a\n1\n2\nz", "A\n1\n2\nZ", "-a+A 1 2-z+Z");
}

static char *random_text(uint32_t *seed, char *out)
{
    size_t len = 0;

    for (int i = 0; i < LINES; i++) {
        *seed = *seed * 1664525 + 1013904223;
        if ((*seed >> 16) % 8 == 0)
            continue;
        len += (size_t)sprintf(out + len, "%u\n", (*seed >> 20) % 7);
    }
    out[len] = '\0';
    return out;
}

/* What is told, taken with the lines that are not, makes both texts again. */
static void edits_lead_from_one_text_to_the_other(void **state)
{
    static char a[TEXT_BYTES], b[TEXT_BYTES], made[TEXT_BYTES];
    uint32_t seed = 3;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        const char *from = random_text(&seed, a);
        uint32_t line = 1, to_line = 1;
        size_t len = 0;
        struct diff d;

        random_text(&seed, b);
        run(a, b, &d);
        for (const struct diff_entry *e = d.first; e; e = e->next) {
            while (e->a_line ? line < e->a_line : to_line < e->b_line) {
                size_t step = strcspn(from, "\n") + 1;

                memcpy(made + len, from, step);
                len += step;
                from += step;
                line++;
                to_line++;
            }
            if (e->a_line) {
                assert_int_equal(e->a_line, line);
                assert_memory_equal(from, e->before.ptr, e->before.len);
                from += e->before.len + 1;
                line++;
            }
            if (e->b_line) {
                assert_int_equal(e->b_line, to_line);
                len += (size_t)sprintf(made + len, "%.*s\n", (int)e->after.len,
                                       (const char *)e->after.ptr);
                to_line++;
            }
        }
        strcpy(made + len, from);
        assert_string_equal(made, b);
        diff_release(&d);
    }
}

static void what_is_too_different_tells_where_it_begins(void **state)
{
    char *a = malloc(TEXT_BYTES), *b = malloc(TEXT_BYTES);
    size_t len_a = 0, len_b = 0;
    struct diff d;

    (void)state;
    len_a += (size_t)sprintf(a, "same\n");
    len_b += (size_t)sprintf(b, "same\n");
    for (int i = 0; i < DIFF_EDITS; i++) {
        len_a += (size_t)sprintf(a + len_a, "a%d\n", i);
        len_b += (size_t)sprintf(b + len_b, "b%d\n", i);
    }
    run(a, b, &d);
    assert_int_equal(d.count, 1);
    assert_int_equal(d.first->place, DIFF_BODY);
    assert_int_equal(d.first->a_line, 2);
    assert_true(bytes_equal(d.first->before, BYTES("a0")));
    assert_true(bytes_equal(d.first->after, BYTES("b0")));
    diff_release(&d);
    free(a);
    free(b);
}

static void a_line_end_at_the_end_alone_is_told(void **state)
{
    struct diff d;

    (void)state;
    run("a\nb\n", "a\nb", &d);
    assert_int_equal(d.count, 1);
    assert_true(bytes_equal(d.first->before, BYTES("there")));
    assert_true(bytes_equal(d.first->after, BYTES("missing")));
    diff_release(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_told_with_what_stands_around_them),
        cmocka_unit_test(edits_lead_from_one_text_to_the_other),
        cmocka_unit_test(what_is_too_different_tells_where_it_begins),
        cmocka_unit_test(a_line_end_at_the_end_alone_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
