#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/node.h"

enum { ARENA_BYTES = 512 * 1024 * 1024, OUT_BYTES = 256 * 1024 };

struct fixture {
    struct arena arena;
    struct diags diags;
    struct source source;
    struct node *root;
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

static enum status parse(struct fixture *f, struct bytes text)
{
    diags_release(&f->diags);
    f->root = NULL;
    f->source = (struct source){.name = "f", .text = text};
    return node_parse(&f->arena, &f->source, &f->diags, &f->root);
}

static const struct node *parsed(struct fixture *f, const char *text)
{
    assert_int_equal(parse(f, bytes_of(text)), STATUS_OK);
    assert_int_equal(f->diags.errors, 0);
    return f->root;
}

static void check_refused(struct fixture *f, struct bytes text, const char *expected)
{
    assert_int_equal(parse(f, text), STATUS_BAD_CONFIG);
    buf_clear(&f->out);
    diags_put(&f->diags, DIAG_SHORT, false, &f->out);
    assert_string_equal(buf_text(&f->out), expected);
}

static void check_text(const struct node *n, const char *text, bool plain)
{
    assert_non_null(n);
    assert_int_equal(n->kind, NODE_SCALAR);
    assert_true(bytes_equal(n->text, bytes_of(text)));
    assert_int_equal(n->plain, plain);
}

static void check_mark(struct mark mark, uint32_t line, uint32_t column)
{
    assert_int_equal(mark.line, line);
    assert_int_equal(mark.column, column);
}

static void builds_a_tree_with_places(void **state)
{
    const struct node *root =
        parsed(*state, "a: 1\nb:\n  - x\n  - { \xc3\xa9: 'y', z: \"w\" }\nc: [ ]\n");
    const struct node *b = node_find(root, "b"), *map;

    assert_int_equal(root->kind, NODE_MAP);
    assert_int_equal(root->count, 3);
    check_text(node_find(root, "a"), "1", true);
    check_mark(node_find(root, "a")->key_at, 1, 1);
    check_mark(node_find(root, "a")->at, 1, 4);
    check_mark(node_find(root, "a")->end, 1, 5);
    assert_int_equal(b->kind, NODE_LIST);
    assert_int_equal(b->count, 2);
    check_text(b->first, "x", true);
    assert_int_equal(b->first->key_at.line, 0);
    map = b->first->next;
    check_mark(map->at, 4, 5);
    check_mark(map->end, 4, 23);
    check_text(node_find(map, "\xc3\xa9"), "y", false);
    check_text(node_find(map, "z"), "w", false);
    check_mark(node_find(map, "z")->at, 4, 18); /* code points, not bytes */
    assert_int_equal(node_find(root, "c")->kind, NODE_LIST);
    assert_int_equal(node_find(root, "c")->count, 0);
}

static void keeps_scalars_as_they_were_written(void **state)
{
    static const char *const texts[] = {"NO",    "on", "0404", "1.10",
                                        "22:22", "~",  "0x1F", "2026-01-01"};
    const struct node *n =
        parsed(*state, "- NO\n- on\n- 0404\n- 1.10\n- 22:22\n- ~\n- 0x1F\n- 2026-01-01\n")->first;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++, n = n->next)
        check_text(n, texts[i], true);
    assert_null(n);
}

static void reads_every_style_of_scalar(void **state)
{
    const struct node *root =
        parsed(*state, "a: 'it''s'\nb: \"x\\ty\\u00e9\"\nc: |\n  two\n  lines\n"
                       "d: >-\n  fol\n  ded\ne:\n");

    check_text(node_find(root, "a"), "it's", false);
    check_text(node_find(root, "b"), "x\ty\xc3\xa9", false);
    check_text(node_find(root, "c"), "two\nlines\n", false);
    check_text(node_find(root, "d"), "fol ded", false);
    check_text(node_find(root, "e"), "", true);
}

static void reads_the_words_of_the_rule_language_without_quotes(void **state)
{
    const struct node *root =
        parsed(*state, "- GET .shop.test/old/<rest*>\n- ~\"sku\"\n- 10% seed 7\n- 5xx\n"
                       "- { to: https://shop.test/new/$(rest), a: $(pause), body: ~\"sku\" }\n"
                       "- 127.0.0.1:8080\n- Bearer realm=\"shop\"\n- /a?b=1&c=<x>\n- $json(x)\n");

    assert_int_equal(root->count, 9);
    check_text(node_find(root->first->next->next->next->next, "to"),
               "https://shop.test/new/$(rest)", true);
    assert_int_equal(((struct fixture *)*state)->diags.warnings, 0);
}

static void gives_no_root_for_an_empty_document(void **state)
{
    assert_null(parsed(*state, ""));
    assert_null(parsed(*state, "\n\n"));
    assert_null(parsed(*state, "# only a comment\n"));
    assert_null(parsed(*state, "---\n"));
    assert_null(parsed(*state, "\xef\xbb\xbf"));
    assert_int_equal(parse(*state, (struct bytes){NULL, 0}), STATUS_OK);
    assert_non_null(parsed(*state, "''"));
}

static void counts_columns_after_a_byte_order_mark(void **state)
{
    const struct node *root = parsed(*state, "\xef\xbb\xbf"
                                             "a: b\nc: d\n");

    check_mark(root->first->at, 1, 4);
    check_mark(root->first->next->at, 2, 4);
}

static void reads_lines_that_end_with_carriage_returns(void **state)
{
    const struct node *root = parsed(*state, "a: 1\r\nb: |\r\n  x\r\n  y\r\nc: 2\r\n");

    check_text(node_find(root, "a"), "1", true);
    check_text(node_find(root, "b"), "x\ny\n", false);
    check_mark(node_find(root, "c")->at, 5, 4);
}

static void refuses_more_levels_than_the_cap(void **state)
{
    char text[2 * CONFIG_DEPTH + 3];

    memset(text, '[', CONFIG_DEPTH);
    memset(text + CONFIG_DEPTH, ']', CONFIG_DEPTH);
    text[(size_t)2 * CONFIG_DEPTH] = '\0';
    parsed(*state, text);
    memset(text, '[', CONFIG_DEPTH + 1);
    memset(text + CONFIG_DEPTH + 1, ']', CONFIG_DEPTH + 1);
    check_refused(*state, bytes_make(text, (size_t)2 * CONFIG_DEPTH + 2),
                  "f:1:33: error: nested deeper than 32 levels\n");
}

/* `count` times `unit`, in memory of its own. */
static struct bytes repeat(const char *unit, size_t count)
{
    size_t len = strlen(unit);
    char *text = malloc(len * count);

    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * len, unit, len);
    return bytes_make(text, len * count);
}

static void check_hostile(struct fixture *f, const char *unit, size_t count)
{
    struct bytes text = repeat(unit, count);

    assert_int_equal(parse(f, text), STATUS_BAD_CONFIG);
    assert_true(f->diags.errors > 0);
    buf_clear(&f->out);
    diags_put(&f->diags, DIAG_PRETTY, true, &f->out);
    assert_int_equal(buf_status(&f->out), STATUS_OK);
    diags_release(&f->diags); /* before the source goes */
    free((void *)(uintptr_t)text.ptr);
}

static void survives_hostile_nesting(void **state)
{
    check_hostile(*state, "[", 400000);
    check_hostile(*state, "[\n", 400000);
    check_hostile(*state, "{a: ", 400000);
    check_hostile(*state, "- ", 400000);
    check_hostile(*state, "? ", 400000);
    check_hostile(*state, "{", 400000);
    check_hostile(*state, "{? [", 400000);
}

static void survives_hostile_repetition(void **state)
{
    check_hostile(*state, "a: 1\n", 60000);       /* duplicates */
    check_hostile(*state, "a: @b\n", 60000);      /* traps */
    check_hostile(*state, "- *a\n", 60000);       /* aliases */
    check_hostile(*state, "- &a\n", 60000);       /* anchors */
    check_hostile(*state, "a: b: c: d: ", 60000); /* one line */
    check_hostile(*state, "'", 60001);
    check_hostile(*state, "%x\n", 60000);
    check_hostile(*state, "\x01", 60000);
    check_hostile(*state, "\xff", 60000);
    check_hostile(*state, "---\n", 60000);
}

static void reads_a_map_of_very_many_keys(void **state)
{
    struct fixture *f = *state;
    enum { KEYS = 100000 };
    struct buf text;

    buf_init(&text, CONFIG_BYTES);
    for (int i = 0; i < KEYS; i++)
        buf_putf(&text, "k%d: 1\n", i);
    buf_put_text(&text, "k7: 2\n");
    assert_int_equal(buf_status(&text), STATUS_OK);
    check_refused(f, buf_bytes(&text), "f:100001:1: error: duplicate key 'k7', first at f:8:1\n");
    assert_int_equal(f->root->count, KEYS + 1);
    diags_release(&f->diags);
    buf_release(&text);
}

static void refuses_too_many_values(void **state)
{
    struct fixture *f = *state;
    struct bytes text = repeat("-\n", CONFIG_NODES);

    assert_int_equal(parse(f, bytes_from(text, 2)), STATUS_OK); /* the list itself counts */
    assert_int_equal(parse(f, text), STATUS_BAD_CONFIG);
    assert_string_equal(f->diags.first->text, "more than 1000000 values");
    diags_release(&f->diags);
    free((void *)(uintptr_t)text.ptr);
}

static void gives_the_tree_when_only_keys_stood_twice(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(parse(f, BYTES("a: 1\na: 2\nb: 3\n")), STATUS_BAD_CONFIG);
    assert_non_null(f->root);
    check_text(node_find(f->root, "b"), "3", true);
    assert_int_equal(parse(f, BYTES("a: 1\na: *b\n")), STATUS_BAD_CONFIG);
    assert_null(f->root);
    assert_int_equal(parse(f, BYTES("a: 1\na: 1\nb: @\n")), STATUS_BAD_CONFIG);
    assert_null(f->root);
    assert_int_equal(f->diags.errors, 2);
}

static void reports_every_mistake_of_syntax_once(void **state)
{
    check_refused(*state,
                  BYTES("a: *.x\nb: { c: d{e}, f: @g }\nh: >=1\ni: [::1]:80\nj: \"\\d\"\na: 2\n"),
                  "f:1:4: error: a text that starts with '*' needs quotes: put single quotes "
                  "around '*.x'\n"
                  "f:2:9: error: within { } and [ ] a text that holds '{' needs quotes: put single "
                  "quotes around 'd{e}'\n"
                  "f:2:18: error: a text that starts with '@' needs quotes: put single quotes "
                  "around '@g'\n"
                  "f:3:4: error: a text that starts with '>' needs quotes: put single quotes "
                  "around '>=1'\n"
                  "f:4:4: error: a text that starts with '[' needs quotes: put single quotes "
                  "around '[::1]:80'\n"
                  "f:5:4: error: double quotes hold an escape that YAML does not know: put single "
                  "quotes around '\\d'\n"
                  "f:6:1: error: duplicate key 'a', first at f:1:1\n");
}

static void keeps_places_right_after_mending(void **state)
{
    check_refused(*state, BYTES("{ \xc3\xa9: \xc3\xa9{\xc3\xa9}, f: g{h} }"),
                  "f:1:6: error: within { } and [ ] a text that holds '{' needs quotes: put single "
                  "quotes around '\xc3\xa9{\xc3\xa9}'\n"
                  "f:1:15: error: within { } and [ ] a text that holds '{' needs quotes: put "
                  "single quotes around 'g{h}'\n");
}

static void stops_mending_after_a_while(void **state)
{
    struct fixture *f = *state;
    struct bytes text = repeat("- @x\n", 100);

    assert_int_equal(parse(f, text), STATUS_BAD_CONFIG);
    assert_int_equal(f->diags.errors, 17);
    diags_release(&f->diags);
    free((void *)(uintptr_t)text.ptr);
}

static void warns_of_comments_that_may_be_text(void **state)
{
    struct fixture *f = *state;

    parsed(f, "a: order #5\nb: x # a comment\nc: y  #z\nd: x#y\ne: 'q' #r\nf: #s\ng: h ## i\n");
    assert_int_equal(f->diags.warnings, 1);
    assert_int_equal(f->diags.first->at.line, 1);
    assert_int_equal(f->diags.first->width, 8);
}

static void tells_a_lost_space_from_a_lost_quote(void **state)
{
    check_refused(*state, BYTES("{a: b, c:d}"),
                  "f:1:8: error: a space is missing after ':' in 'c:d'\n");
    check_refused(*state, BYTES("{a: http://x, http://y}"),
                  "f:1:5: error: within { } a text that holds ',' needs quotes: put single quotes "
                  "around 'http://x, http://y'\n");
    check_refused(*state, BYTES("{a: [b], c}"),
                  "f:1:10: error: 'c' lacks a value: write 'key: value'\n");
}

static void answers_no_memory_when_the_arena_is_full(void **state)
{
    struct fixture *f = *state;
    struct arena small;
    struct node *root = NULL;

    arena_init(&small, 4096);
    f->source = (struct source){.name = "f", .text = repeat("- a\n", 1000)};
    assert_int_equal(node_parse(&small, &f->source, &f->diags, &root), STATUS_NO_MEMORY);
    assert_null(root);
    free((void *)(uintptr_t)f->source.text.ptr);
    arena_release(&small);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(builds_a_tree_with_places),
        TEST(keeps_scalars_as_they_were_written),
        TEST(reads_every_style_of_scalar),
        TEST(reads_the_words_of_the_rule_language_without_quotes),
        TEST(gives_no_root_for_an_empty_document),
        TEST(counts_columns_after_a_byte_order_mark),
        TEST(reads_lines_that_end_with_carriage_returns),
        TEST(refuses_more_levels_than_the_cap),
        TEST(survives_hostile_nesting),
        TEST(survives_hostile_repetition),
        TEST(reads_a_map_of_very_many_keys),
        TEST(refuses_too_many_values),
        TEST(gives_the_tree_when_only_keys_stood_twice),
        TEST(reports_every_mistake_of_syntax_once),
        TEST(keeps_places_right_after_mending),
        TEST(stops_mending_after_a_while),
        TEST(warns_of_comments_that_may_be_text),
        TEST(tells_a_lost_space_from_a_lost_quote),
        TEST(answers_no_memory_when_the_arena_is_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
