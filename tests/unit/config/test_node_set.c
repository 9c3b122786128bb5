#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "config/node.h"

enum { ARENA_BYTES = 1024 * 1024, OUT_BYTES = 64 * 1024 };

struct fixture {
    struct arena arena;
    struct diags diags;
    struct source source;
    struct buf out;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (!f)
        return -1;
    arena_init(&f->arena, ARENA_BYTES);
    diags_init(&f->diags);
    buf_init(&f->out, OUT_BYTES);
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

static void check_set(struct fixture *f, struct node **root, const char *path, const char *value,
                      const char *expected)
{
    assert_int_equal(node_set(&f->arena, root, path, value, &f->diags), STATUS_OK);
    buf_clear(&f->out);
    assert_int_equal(node_put_yaml(*root, &f->out), STATUS_OK);
    assert_string_equal(buf_text(&f->out), expected);
}

static void check_refused(struct fixture *f, struct node *root, const char *path, const char *value,
                          const char *expected)
{
    struct node *before = root;

    diags_release(&f->diags);
    assert_int_equal(node_set(&f->arena, &root, path, value, &f->diags), STATUS_BAD_CONFIG);
    assert_ptr_equal(root, before);
    buf_clear(&f->out);
    diags_put(&f->diags, DIAG_SHORT, false, &f->out);
    assert_string_equal(buf_text(&f->out), expected);
}

static void makes_maps_on_the_way(void **state)
{
    struct node *root = NULL;

    check_set(*state, &root, "tls.dial", "lazy", "tls:\n  dial: lazy\n");
    check_set(*state, &root, "tls.ca.cert", "x", "tls:\n  dial: lazy\n  ca:\n    cert: x\n");
    check_set(*state, &root, "listen", "[a, b]",
              "tls:\n  dial: lazy\n  ca:\n    cert: x\nlisten:\n  - a\n  - b\n");
}

static void replaces_what_was_there_in_its_place(void **state)
{
    struct node *root = parsed(*state, "a: {x: 1}\nb: 2\nc: 3\n");

    check_set(*state, &root, "b", "{d: e}", "a:\n  x: 1\nb:\n  d: e\nc: 3\n");
    check_set(*state, &root, "a", "4", "a: 4\nb:\n  d: e\nc: 3\n");
    assert_int_equal(root->count, 3);
    assert_true(node_find(root, "a")->plain);
}

static void takes_keys_with_dots_in_quotes(void **state)
{
    struct node *root = NULL;

    check_set(*state, &root, "map.\"api.test:80\"", "127.0.0.1:1",
              "map:\n  api.test:80: 127.0.0.1:1\n");
    check_set(*state, &root, "map.\"b.test\".x", "'y'",
              "map:\n  api.test:80: 127.0.0.1:1\n  b.test:\n    x: 'y'\n");
}

static void names_the_setting_in_diagnostics(void **state)
{
    struct fixture *f = *state;
    struct node *root = parsed(f, "tls: on\n");

    check_refused(f, root, "tls.dial", "@x",
                  "--set tls.dial:1:1: error: a text that starts with '@' needs quotes: put single "
                  "quotes around '@x'\n");
    check_refused(f, root, "tls.dial", "",
                  "--set tls.dial:1:1: error: no value is given: for an empty text, write ''\n");
    check_refused(f, root, "tls", "{a: 1, a: 2}",
                  "--set tls:1:8: error: duplicate key 'a', first at --set tls:1:2\n");
}

static void places_what_it_set_in_the_value(void **state)
{
    struct fixture *f = *state;
    struct node *root = parsed(f, "# old\n\na:\n    b: eager\n");
    const struct node *n;

    assert_int_equal(node_set(&f->arena, &root, "a.b", " lazy", &f->diags), STATUS_OK);
    n = node_find(node_find(root, "a"), "b");
    node_error(&f->diags, n, "value");
    node_key_error(&f->diags, n, "key");
    diags_put(&f->diags, DIAG_SHORT, false, &f->out);
    assert_string_equal(buf_text(&f->out),
                        "--set a.b:1:1: error: key\n--set a.b:1:2: error: value\n");
}

static void refuses_a_path_that_names_nothing(void **state)
{
    static const char *const paths[] = {"", ".", "a.", ".a", "a..b", "\"\"", "a.\"b\"c"};
    struct fixture *f = *state;
    struct node *root = NULL;

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        diags_release(&f->diags);
        assert_int_equal(node_set(&f->arena, &root, paths[i], "x", &f->diags), STATUS_BAD_CONFIG);
        assert_string_equal(f->diags.first->text,
                            "the name of a setting is keys joined by dots, as in tls.dial");
        assert_null(root);
    }
    check_refused(f, NULL, "a.\"b", "x",
                  "--set a.\"b:1:1: error: a quote in the name of the setting is never closed\n");
    check_refused(f, NULL, "a.b.c.d.e.f.g.h.i", "x",
                  "--set a.b.c.d.e.f.g.h.i:1:1: error: the name of this setting has too many "
                  "keys\n");
}

static void refuses_a_path_through_a_text(void **state)
{
    struct fixture *f = *state;
    struct node *root = parsed(f, "tls: on\nlisten: [a]\n");

    check_refused(f, root, "tls.dial.x", "lazy",
                  "--set tls.dial.x:1:1: error: there is no 'dial' here: what should hold it is "
                  "not a map\n");
    check_refused(f, root, "listen.a", "lazy",
                  "--set listen.a:1:1: error: there is no 'a' here: what should hold it is not a "
                  "map\n");
}

static void keeps_the_deepest_tree_writable(void **state)
{
    char value[2 * CONFIG_DEPTH + 1] = "";
    struct fixture *f = *state;
    struct node *root = NULL;

    for (int i = 0; i < CONFIG_DEPTH; i++) {
        value[i] = '[';
        value[2 * CONFIG_DEPTH - 1 - i] = ']';
    }
    assert_int_equal(node_set(&f->arena, &root, "a.b.c.d.e.f.g.h", value, &f->diags), STATUS_OK);
    assert_int_equal(node_put_yaml(root, &f->out), STATUS_OK);
    buf_clear(&f->out);
    assert_int_equal(node_put_json(root, &f->out), STATUS_OK);
}
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(makes_maps_on_the_way),           TEST(replaces_what_was_there_in_its_place),
        TEST(takes_keys_with_dots_in_quotes),  TEST(names_the_setting_in_diagnostics),
        TEST(places_what_it_set_in_the_value), TEST(refuses_a_path_that_names_nothing),
        TEST(refuses_a_path_through_a_text),   TEST(keeps_the_deepest_tree_writable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
