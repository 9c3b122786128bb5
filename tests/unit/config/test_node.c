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

static void finds_the_value_of_a_key(void **state)
{
    struct node *root = parsed(*state, "a: 1\nab: 2\n'': 3\n");

    assert_true(bytes_equal(node_find(root, "ab")->text, BYTES("2")));
    assert_true(bytes_equal(node_find(root, "")->text, BYTES("3")));
    assert_null(node_find(root, "b"));
    assert_null(node_find(root->first, "a")); /* no map */
    assert_null(node_find(NULL, "a"));
}

static void underlines_a_node_or_its_key(void **state)
{
    struct fixture *f = *state;
    struct node *root = parsed(f, "\xc3\xa9\xc3\xa9: [a, b]\nb:\n  c: 'd'\n");
    const struct node *list = root->first, *map = list->next;

    node_error(&f->diags, list, "value");
    node_key_error(&f->diags, list, "key");
    node_key_error(&f->diags, list->first, "no key");
    node_warning(&f->diags, map, "map");
    node_error(&f->diags, map->first, "quoted");
    diags_put(&f->diags, DIAG_PRETTY, false, &f->out);
    assert_string_equal(buf_text(&f->out), "error: key\n --> f:1:1\n"
                                           "1 | \xc3\xa9\xc3\xa9: [a, b]\n"
                                           "  | ^^\n\n"
                                           "error: value\n --> f:1:5\n"
                                           "1 | \xc3\xa9\xc3\xa9: [a, b]\n"
                                           "  |     ^^^^^^\n\n"
                                           "error: no key\n --> f:1:6\n"
                                           "1 | \xc3\xa9\xc3\xa9: [a, b]\n"
                                           "  |      ^\n\n"
                                           "warning: map\n --> f:3:3\n"
                                           "3 |   c: 'd'\n"
                                           "  |   ^^^^^^\n\n"
                                           "error: quoted\n --> f:3:6\n"
                                           "3 |   c: 'd'\n"
                                           "  |      ^^^\n");
}
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_the_value_of_a_key),
        TEST(underlines_a_node_or_its_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
