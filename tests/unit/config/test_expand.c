#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "config/schema.h"

enum { ARENA_BYTES = 64 * 1024 * 1024, OUT_BYTES = 64 * 1024 };

struct fixture {
    struct arena arena;
    struct diags diags;
    struct source source;
    struct buf out;
    struct config_reader reader;
};

static const char *environment(const char *name)
{
    static const char *const pairs[][2] = {
        {"HOME", "/root"}, {"EMPTY", ""}, {"NEST", "$(inner)"}, {"PORT", "8080"}};

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (strcmp(name, pairs[i][0]) == 0)
            return pairs[i][1];
    }
    return NULL;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (!f)
        return -1;
    arena_init(&f->arena, ARENA_BYTES);
    diags_init(&f->diags);
    buf_init(&f->out, OUT_BYTES);
    f->reader =
        (struct config_reader){.arena = &f->arena, .diags = &f->diags, .getenv = environment};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    buf_release(&f->out);
    diags_release(&f->diags);
    arena_release(&f->arena);
    free(f);
    return 0;
}

static struct node *parsed(struct fixture *f, const char *text)
{
    struct node *root = NULL;

    f->source = (struct source){.name = "f", .text = bytes_of(text)};
    assert_int_equal(node_parse(&f->arena, &f->source, &f->diags, &root), STATUS_OK);
    return root;
}

/* What was said since the last look. */
static void check_said(struct fixture *f, const char *expected)
{
    buf_clear(&f->out);
    diags_put(&f->diags, DIAG_SHORT, false, &f->out);
    assert_string_equal(buf_text(&f->out), expected);
    diags_release(&f->diags);
}

static void check_text(struct fixture *f, const char *in, const char *expected)
{
    struct node at = {.source = &f->source, .at = {1, 1}, .end = {1, 1}};
    struct bytes out = {0};

    assert_int_equal(config_expand(&f->reader, &at, bytes_of(in), &out), STATUS_OK);
    assert_true(bytes_equal(out, bytes_of(expected)));
}

static void check_refused(struct fixture *f, const char *in, const char *expected)
{
    struct node at = {.source = &f->source, .at = {1, 1}, .end = {1, 1}};
    struct bytes out = BYTES("untouched");

    f->source.name = "f";
    assert_int_equal(config_expand(&f->reader, &at, bytes_of(in), &out), STATUS_BAD_CONFIG);
    assert_true(bytes_equal(out, BYTES("untouched")));
    check_said(f, expected);
}

static void replaces_variables_and_environment(void **state)
{
    struct fixture *f = *state;

    f->reader.vars = parsed(f, "{wait: 120s, 'a.b-c_1': x, empty: ''}");
    check_text(f, "$(wait)", "120s");
    check_text(f, "a$(wait)b$(wait)", "a120sb120s");
    check_text(f, "$(a.b-c_1)$(empty)!", "x!");
    check_text(f, "$(env.HOME)/x$(env.EMPTY)", "/root/x");
}

static void leaves_what_others_will_judge(void **state)
{
    struct fixture *f = *state;

    f->reader.vars = parsed(f, "{a: x}");
    check_text(f, "", "");
    check_text(f, "plain $ text $$ $", "plain $ text $$ $");
    check_text(f, "$(uuid) $(random 1 to 9) $(a)", "$(uuid) $(random 1 to 9) x");
    check_text(f, "$$(a) $$$(a) $(a)", "$$(a) $$$(a) x");
    check_text(f, "$json(a)$(a", "$json(a)$(a");
    check_text(f, "$()$( a)$($(a))", "$()$( a)$(x)");
    f->reader.vars = NULL;
    check_text(f, "$(a)", "$(a)");
}

static void expands_what_a_variable_holds(void **state)
{
    struct fixture *f = *state;

    f->reader.vars = parsed(f, "{a: '<$(b)>', b: '[$(env.NEST)]', inner: y$(uuid)}");
    check_text(f, "$(a)$(b)", "<[y$(uuid)]>[y$(uuid)]");
}

static void refuses_what_the_environment_lacks(void **state)
{
    struct fixture *f = *state;

    check_refused(f, "$(env.NOPE)", "f:1:1: error: the environment variable 'NOPE' is not set\n");
    check_refused(f, "$(env.)", "f:1:1: error: the environment variable '' is not set\n");
    f->reader.getenv = NULL;
    check_refused(f, "$(env.HOME)", "f:1:1: error: the environment variable 'HOME' is not set\n");
}

static void refuses_variables_that_are_no_text(void **state)
{
    struct fixture *f = *state;

    f->reader.vars = parsed(f, "{a: [x], b: ~}");
    check_refused(f, "$(a)", "f:1:1: error: the variable 'a' is not a text\n");
    check_refused(f, "$(b)", "f:1:13: error: '~' is no value: for an empty text, write ''\n");
}

static void refuses_circles_and_floods(void **state)
{
    static const char circle[] =
        "f:1:1: error: variables refer to each other in a circle, or there are too many of them\n";
    struct fixture *f = *state;
    struct buf text;

    f->reader.vars = parsed(f, "{a: x$(b), b: $(a), self: $(self)}");
    check_refused(f, "$(a)", circle);
    check_refused(f, "$(self)", circle);
    buf_init(&text, 1024 * 1024);
    buf_put_text(&text, "e: ''\na: ");
    for (int i = 0; i < EXPAND_STEPS; i++)
        buf_put_text(&text, "$(e)");
    f->reader.vars = parsed(f, buf_text(&text));
    check_refused(f, "$(a)$(a)", circle);
    buf_release(&text);
}

static void expands_as_deep_as_the_cap(void **state)
{
    struct fixture *f = *state;

    f->reader.vars = parsed(f, "{a: x, b: $(a), c: $(b), d: $(c), e: $(d), f: $(e), g: $(f), "
                               "h: $(g), i: $(h)}");
    check_text(f, "$(h)", "x");
    check_refused(f, "$(i)",
                  "f:1:1: error: variables refer to each other in a circle, or there are too many "
                  "of them\n");
}

static void refuses_a_text_that_grows_too_long(void **state)
{
    struct fixture *f = *state;
    struct buf text;

    buf_init(&text, 1024 * 1024);
    buf_put_text(&text, "b: $(a)$(a)$(a)$(a)$(a)$(a)$(a)$(a)$(a)$(a)$(a)$(a)$(a)$(a)$(a)$(a)\na: ");
    for (int i = 0; i < 10000; i++)
        buf_put_text(&text, "0123456789012345678901234567890123456789012345678901234567890123");
    f->reader.vars = parsed(f, buf_text(&text));
    check_refused(f, "$(b)", "f:1:1: error: with its variables this text is too long\n");
    buf_release(&text);
}
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(replaces_variables_and_environment), TEST(leaves_what_others_will_judge),
        TEST(expands_what_a_variable_holds),      TEST(refuses_what_the_environment_lacks),
        TEST(refuses_variables_that_are_no_text), TEST(refuses_circles_and_floods),
        TEST(expands_as_deep_as_the_cap),         TEST(refuses_a_text_that_grows_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
