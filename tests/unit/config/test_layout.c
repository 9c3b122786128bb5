#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/layout.h"
#include "config/node.h"

enum { OUT_BYTES = 64 * 1024 * 1024, PATH_TEXT = 512, LEAST_FILES = 100, LEAST_EXAMPLES = 4 };

static void formats(const char *before, const char *after)
{
    struct buf out;

    buf_init(&out, OUT_BYTES);
    assert_int_equal(layout_put(bytes_of(before), &out), STATUS_OK);
    assert_string_equal(buf_text(&out), after);
    buf_clear(&out);
    assert_int_equal(layout_put(bytes_of(after), &out), STATUS_OK);
    assert_string_equal(buf_text(&out), after);
    buf_release(&out);
}

static void indents_each_level_by_two(void **state)
{
    (void)state;
    formats("a:\n    b:\n       c: 1\n    d: 2\n", "a:\n  b:\n    c: 1\n  d: 2\n");
    formats("  a: 1\n  b: 2\n", "a: 1\nb: 2\n");
    formats("-   a: 1\n    b: 2\n-   - c\n    - d\n", "- a: 1\n  b: 2\n- - c\n  - d\n");
}

static void indents_a_list_below_its_key(void **state)
{
    (void)state;
    formats("a:\n- b\n- c:\n  - d\n  e: 1\nf: 2\n",
            "a:\n  - b\n  - c:\n      - d\n    e: 1\nf: 2\n");
}

static void puts_one_space_between_words(void **state)
{
    (void)state;
    formats("a:   1\nb :  c d\n", "a: 1\nb: c d\n");
    formats("{a: 1,b: [1,2 , 3],c: {  },d: [ ]}\n", "{ a: 1, b: [1, 2, 3], c: {}, d: [] }\n");
    formats("a: {\"b\":1, 'c' : 2}\n", "a: { \"b\": 1, 'c': 2 }\n");
}

static void keeps_line_breaks_within_brackets(void **state)
{
    (void)state;
    formats("a: {\nb: [ 1,\n      2\n], c: 3 }\n", "a: {\n  b: [1,\n    2\n  ], c: 3 }\n");
    formats("- {a: 1,\n b: 2}\n", "- { a: 1,\n    b: 2 }\n");
}

static void keeps_one_empty_line_in_a_row(void **state)
{
    (void)state;
    formats("\n\n# a\n\n\n\na: 1\n  \n \nb: 2\n\n\n", "# a\n\na: 1\n\nb: 2\n");
    formats("a: 1", "a: 1\n");
    formats("a: 1  \t\r\nb: 2\r\n", "a: 1\nb: 2\n");
}

static void keeps_comments_at_their_level(void **state)
{
    (void)state;
    formats("a:\n    # of b\n    b: 1\n    # after b\n  # odd\n# of c\nc: 2\n # end\n",
            "a:\n  # of b\n  b: 1\n  # after b\n# odd\n# of c\nc: 2\n# end\n");
    formats("a:\n- b\n# - c\nd: 1\n", "a:\n  - b\n# - c\nd: 1\n");
    formats("a: [ # why\n      # b\n  b ]\n", "a: [ # why\n  # b\n  b]\n");
    formats("# only\n", "# only\n");
}

static void keeps_the_column_of_a_comment_where_it_can(void **state)
{
    (void)state;
    formats("a:  1     # one\nlonger: 2 # two\nb: {c: 1} # three\n",
            "a: 1      # one\nlonger: 2 # two\nb: { c: 1 } # three\n");
}

static void moves_texts_of_several_lines_with_their_level(void **state)
{
    (void)state;
    formats("a:\n- b: |\n    x\n      y\n\n    z\n\n\n  c: \"one\n    two\"\n",
            "a:\n  - b: |\n      x\n        y\n\n      z\n\n    c: \"one\n      two\"\n");
    formats("a:\n      b: one\n       two\n", "a:\n  b: one\n   two\n");
    formats("a:\n  - |2\n     x\n", "a:\n  - |2\n     x\n");
}

static void leaves_the_end_of_a_block_alone_where_it_counts(void **state)
{
    (void)state;
    formats("a: |+\n  x\n\n\nb: 1\n", "a: |+\n  x\n\n\nb: 1\n");
    formats("a: |\n  x", "a: |\n  x");
    formats("a: |+\n  x", "a: |+\n  x");
}

static void knows_the_rest_of_yaml(void **state)
{
    (void)state;
    formats("---\n?  a\n:   b\n...\n", "---\n? a\n: b\n...\n");
    formats("\xef\xbb\xbf"
            "a: \xc3\xa4   # x\n",
            "a: \xc3\xa4   # x\n");
    formats("", "");
}

static void refuses_what_is_no_yaml(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, OUT_BYTES);
    assert_int_equal(layout_put(BYTES("a: [b\n"), &out), STATUS_BAD_INPUT);
    assert_int_equal(layout_put(BYTES("a: 'b\n"), &out), STATUS_BAD_INPUT);
    assert_int_equal(out.len, 0);
    buf_release(&out);
}

static void says_when_there_is_no_room(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 4);
    assert_int_equal(layout_put(BYTES("abc: def\n"), &out), STATUS_LIMIT);
    buf_release(&out);
}

/* ---- all the files there are ---- */

/* Whether it is YAML at all. */
static bool settles(const char *name, struct bytes text)
{
    struct buf once, twice;
    enum status st;

    buf_init(&once, OUT_BYTES);
    buf_init(&twice, OUT_BYTES);
    st = layout_put(text, &once);
    if (st && st != STATUS_BAD_INPUT)
        fail_msg("%s: %s", name, status_sentence(st));
    if (!st) {
        assert_int_equal(layout_check(text, buf_bytes(&once)), STATUS_OK);
        assert_int_equal(layout_put(buf_bytes(&once), &twice), STATUS_OK);
        if (!bytes_equal(buf_bytes(&once), buf_bytes(&twice)))
            fail_msg("%s: formatting it again changes it", name);
    }
    buf_release(&once);
    buf_release(&twice);
    return !st;
}

/* What weir cannot read (a lone carriage return, a NUL) is not asked. */
static int settle_file(const char *path)
{
    struct source *source = NULL;
    struct node *root = NULL;
    struct diags diags;
    struct arena arena;
    int done = 0;

    arena_init(&arena, OUT_BYTES);
    diags_init(&diags);
    if (source_load(&arena, path, path, &source) == STATUS_OK &&
        node_parse(&arena, source, &diags, &root) == STATUS_OK)
        done = settles(path, source->text);
    diags_release(&diags);
    arena_release(&arena);
    return done;
}

static int settle_folder(const char *name)
{
    char path[PATH_TEXT];
    DIR *dir;
    struct dirent *entry;
    int done = 0;

    snprintf(path, sizeof(path), "%s/%s", WEIR_SOURCE_DIR, name);
    dir = opendir(path);
    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        snprintf(path, sizeof(path), "%s/%s/%s", WEIR_SOURCE_DIR, name, entry->d_name);
        done += settle_file(path);
    }
    closedir(dir);
    return done;
}

static void settles_every_file_of_the_corpus(void **state)
{
    static const char *const folders[] = {"tests/unit/config/broken", "tests/unit/rules/broken",
                                          "tests/fuzz/corpus/fuzz_yaml",
                                          "tests/fuzz/corpus/fuzz_layout"};
    int done = settle_file(WEIR_SOURCE_DIR "/proxy.yaml");

    (void)state;
    assert_int_equal(done, 1);
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        done += settle_folder(folders[i]);
    assert_true(done >= LEAST_FILES);
}

static void settles_every_example_of_the_manual(void **state)
{
    static const char start[] = "```yaml\n", end[] = "```";
    struct source *source = NULL;
    struct arena arena;
    struct bytes rest;
    ptrdiff_t at;
    int done = 0;

    (void)state;
    arena_init(&arena, OUT_BYTES);
    assert_int_equal(source_load(&arena, WEIR_SOURCE_DIR "/docs/rules.md", "rules.md", &source),
                     STATUS_OK);
    rest = source->text;
    while ((at = bytes_search(rest, bytes_of(start))) >= 0) {
        rest = bytes_from(rest, (size_t)at + sizeof(start) - 1);
        at = bytes_search(rest, bytes_of(end));
        assert_true(at > 0);
        assert_true(settles("an example", bytes_until(rest, (size_t)at)));
        rest = bytes_from(rest, (size_t)at + sizeof(end) - 1);
        done++;
    }
    assert_true(done >= LEAST_EXAMPLES);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(indents_each_level_by_two),
        cmocka_unit_test(indents_a_list_below_its_key),
        cmocka_unit_test(puts_one_space_between_words),
        cmocka_unit_test(keeps_line_breaks_within_brackets),
        cmocka_unit_test(keeps_one_empty_line_in_a_row),
        cmocka_unit_test(keeps_comments_at_their_level),
        cmocka_unit_test(keeps_the_column_of_a_comment_where_it_can),
        cmocka_unit_test(moves_texts_of_several_lines_with_their_level),
        cmocka_unit_test(leaves_the_end_of_a_block_alone_where_it_counts),
        cmocka_unit_test(knows_the_rest_of_yaml),
        cmocka_unit_test(refuses_what_is_no_yaml),
        cmocka_unit_test(says_when_there_is_no_room),
        cmocka_unit_test(settles_every_file_of_the_corpus),
        cmocka_unit_test(settles_every_example_of_the_manual),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
