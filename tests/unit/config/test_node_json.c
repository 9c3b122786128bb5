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

static void check_json(struct fixture *f, const char *text, const char *expected)
{
    buf_clear(&f->out);
    assert_int_equal(node_put_json(parsed(f, text), &f->out), STATUS_OK);
    assert_string_equal(buf_text(&f->out), expected);
}

static void types_plain_scalars_by_the_grammar_of_json(void **state)
{
    check_json(*state, "[null, true, false, 0, -0, 10, 1.5, 1e5, 1E+5, -1.25e-3]",
               "[null,true,false,0,-0,10,1.5,1e5,1E+5,-1.25e-3]");
}

static void takes_all_else_for_text(void **state)
{
    check_json(*state, "[Null, ~, yes, 01, 1., .5, +1, 1e, 1e+, 0x1, -, NaN, 1 2, '']",
               "[\"Null\",\"~\",\"yes\",\"01\",\"1.\",\".5\",\"+1\",\"1e\",\"1e+\",\"0x1\",\"-\","
               "\"NaN\",\"1 2\",\"\"]");
    check_json(*state, "['null', 'true', \"1\", 'a\"b']", "[\"null\",\"true\",\"1\",\"a\\\"b\"]");
    check_json(*state, "|-\n  1\n", "\"1\"");
}

static void writes_objects_and_arrays(void **state)
{
    check_json(*state, "{a: {b: [1, {c: d}], e: {}}, 'f\"': [], g: [[x]]}",
               "{\"a\":{\"b\":[1,{\"c\":\"d\"}],\"e\":{}},\"f\\\"\":[],\"g\":[[\"x\"]]}");
    check_json(*state, "text", "\"text\"");
    check_json(*state, "5", "5");
}

static void refuses_a_tree_that_is_too_deep(void **state)
{
    struct fixture *f = *state;
    struct node nodes[NODE_DEPTH + 2] = {{0}};

    for (int i = 0; i < NODE_DEPTH + 1; i++) {
        nodes[i].kind = NODE_LIST;
        nodes[i].first = &nodes[i + 1];
    }
    assert_int_equal(node_put_json(&nodes[0], &f->out), STATUS_LIMIT);
    buf_clear(&f->out);
    assert_int_equal(node_put_json(&nodes[1], &f->out), STATUS_OK);
}
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(types_plain_scalars_by_the_grammar_of_json),
        TEST(takes_all_else_for_text),
        TEST(writes_objects_and_arrays),
        TEST(refuses_a_tree_that_is_too_deep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
