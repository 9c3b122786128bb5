#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

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

static void check_written(struct fixture *f, const char *text, const char *expected)
{
    buf_clear(&f->out);
    assert_int_equal(node_put_yaml(parsed(f, text), &f->out), STATUS_OK);
    assert_string_equal(buf_text(&f->out), expected);
}

/* What was written reads as itself, too. */
static void check_yaml(struct fixture *f, const char *text, const char *expected)
{
    check_written(f, text, expected);
    check_written(f, expected, expected);
}

static void writes_block_style(void **state)
{
    check_yaml(*state, "{a: 1, b: [x, {c: d, e: [f]}, [g, h]], i: {}, j: [], k: {l: m}}",
               "a: 1\n"
               "b:\n"
               "  - x\n"
               "  - c: d\n"
               "    e:\n"
               "      - f\n"
               "  - - g\n"
               "    - h\n"
               "i: {}\n"
               "j: []\n"
               "k:\n"
               "  l: m\n");
    check_yaml(*state, "- {}\n- - - a\n- b\n", "- {}\n- - - a\n- b\n");
}

static void keeps_plain_what_json_types(void **state)
{
    check_yaml(*state, "- null\n- 'null'\n- ~\n- -1.5e3\n- '1'\n- true\n-\n- ''\n",
               "- null\n- 'null'\n- ~\n- -1.5e3\n- '1'\n- true\n-\n- ''\n");
}

static void quotes_what_is_not_plain_in_blocks(void **state)
{
    check_yaml(*state,
               "- '*.x'\n- 'a: b'\n- 'a #b'\n- ' a'\n- 'a '\n- 'a:'\n- '- a'\n- '---'\n- '@'\n"
               "- 'it''s'\n- '['\n",
               "- '*.x'\n- 'a: b'\n- 'a #b'\n- ' a'\n- 'a '\n- 'a:'\n- '- a'\n- '---'\n- '@'\n"
               "- 'it''s'\n- '['\n");
    check_yaml(*state, "[a: b]", "- a: b\n");
    check_yaml(*state, "\"a\\tb\": \"\\u0001\\\"\\\\\\u202e\\n\\n\"\n",
               "\"a\\tb\": \"\\u0001\\\"\\\\\\u202e\\n\\n\"\n");
    check_yaml(*state, "'<<': 1\n'': 2\n", "'<<': 1\n'': 2\n");
}

static void quotes_keys_that_cannot_be_plain(void **state)
{
    static const char keys[] = "'*.x': 1\n'a: b': 2\n'a #b': 3\n' a': 4\n'a ': 5\n'a:': 6\n"
                               "'- a': 7\n'--- a': 8\n'@': 9\n'-': 10\n'? a': 11\n'...': 12\n";

    check_yaml(*state, keys, keys);
    check_yaml(*state, "'a:b': 1\n'a#b': 2\n'-a': 3\n'?a': 4\n':a': 5\n'a, b': 6\n",
               "a:b: 1\na#b: 2\n-a: 3\n?a: 4\n:a: 5\na, b: 6\n");
    check_yaml(*state, "\"\\ufeff\": 1\n", "\"\\ufeff\": 1\n");
}

static void writes_lines_as_a_block(void **state)
{
    check_yaml(*state, "a: \"one\\n  two\\n\\nthree\\n\"\nb: [\"x\\ny\"]\n",
               "a: |\n  one\n    two\n\n  three\nb:\n  - |-\n    x\n    y\n");
    check_yaml(*state, "a: \" one\\ntwo\"\nb: \"x\\n\\n\"\nc: \"\\n\"\n",
               "a: \" one\\ntwo\"\nb: \"x\\n\\n\"\nc: \"\\n\"\n");
}

static void writes_scalars_as_roots(void **state)
{
    check_yaml(*state, "abc", "abc\n");
    check_yaml(*state, "'- x'", "\"- x\"\n");
    check_yaml(*state, "\"a\\nb\"", "\"a\\nb\"\n");
    check_yaml(*state, "", "");
    check_yaml(*state, "{}", "{}\n");
}

static void writes_long_keys_behind_a_question_mark(void **state)
{
    struct fixture *f = *state;
    struct buf text;

    buf_init(&text, OUT_BYTES);
    buf_put_text(&text, "- ? ");
    for (int i = 0; i < 2000; i++)
        buf_put_byte(&text, 'k');
    buf_put_text(&text, "\n  : v\n- ? ");
    for (int i = 0; i < 2000; i++)
        buf_put_text(&text, "\xc3\xa9");
    buf_put_text(&text, "\n  :\n    a: b\n");
    check_yaml(f, buf_text(&text), buf_text(&text));
    buf_release(&text);
}

static void refuses_text_that_is_not_utf8(void **state)
{
    struct fixture *f = *state;
    struct node n = {.text = BYTES("a\xff")};

    assert_int_equal(node_put_yaml(&n, &f->out), STATUS_BAD_INPUT);
    n = (struct node){.key = BYTES("\xc3"), .text = BYTES("a")};
    assert_int_equal(
        node_put_yaml(&(struct node){.kind = NODE_MAP, .first = &n, .count = 1}, &f->out),
        STATUS_BAD_INPUT);
}

static void refuses_a_tree_that_is_too_deep(void **state)
{
    struct fixture *f = *state;
    struct node nodes[NODE_DEPTH + 2] = {{0}};

    for (int i = 0; i < NODE_DEPTH + 1; i++) {
        nodes[i].kind = NODE_LIST;
        nodes[i].first = &nodes[i + 1];
        nodes[i].count = 1;
    }
    assert_int_equal(node_put_yaml(&nodes[0], &f->out), STATUS_LIMIT);
    buf_clear(&f->out);
    assert_int_equal(node_put_yaml(&nodes[1], &f->out), STATUS_OK);
}

static void tells_when_the_output_is_full(void **state)
{
    struct fixture *f = *state;
    struct buf small;

    buf_init(&small, 5);
    assert_int_equal(node_put_yaml(parsed(f, "[a, b, c]"), &small), STATUS_LIMIT);
    buf_release(&small);
}
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(writes_block_style),
        TEST(keeps_plain_what_json_types),
        TEST(quotes_what_is_not_plain_in_blocks),
        TEST(quotes_keys_that_cannot_be_plain),
        TEST(writes_lines_as_a_block),
        TEST(writes_scalars_as_roots),
        TEST(writes_long_keys_behind_a_question_mark),
        TEST(refuses_text_that_is_not_utf8),
        TEST(refuses_a_tree_that_is_too_deep),
        TEST(tells_when_the_output_is_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
