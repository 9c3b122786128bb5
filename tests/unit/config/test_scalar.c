#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/schema.h"

enum { ARENA_BYTES = 1024 * 1024, OUT_BYTES = 64 * 1024 };

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

static void reads_texts_with_a_nul_after_them(void **state)
{
    struct fixture *f = *state;
    const struct node *root = parsed(f, "[abc, 'null', '', $(env.HOME)/x]");
    const struct node *n = root->first;
    static const char *const expected[] = {"abc", "null", "", "/root/x"};

    for (size_t i = 0; i < 4; i++, n = n->next) {
        struct bytes text = {0};

        assert_int_equal(config_text(&f->reader, n, &text), STATUS_OK);
        assert_int_equal(text.len, strlen(expected[i]));
        assert_string_equal((const char *)text.ptr, expected[i]);
    }
}

static void refuses_nothing_where_a_value_is_needed(void **state)
{
    struct fixture *f = *state;
    const struct node *root = parsed(f, "a:\nb: ~\nc: null\nd: # comment\ne: #5\nf:\n  - \n");
    struct bytes text = BYTES("untouched");

    for (const struct node *n = root->first; n; n = n->next)
        assert_int_equal(config_text(&f->reader, n->first ? n->first : n, &text),
                         STATUS_BAD_CONFIG);
    assert_true(bytes_equal(text, BYTES("untouched")));
    check_said(f, "f:1:1: error: 'a' has no value\n"
                  "f:2:4: error: '~' is no value: for an empty text, write ''\n"
                  "f:3:4: error: 'null' is no value: for an empty text, write ''\n"
                  "f:4:1: error: 'd' has no value\n"
                  "f:5:4: error: a value is missing, and what follows is a comment: if it is a "
                  "text, put single quotes around '#5'\n"
                  "f:7:4: error: a value is missing here\n");
}

static void refuses_lists_and_maps_for_texts(void **state)
{
    struct fixture *f = *state;
    const struct node *root = parsed(f, "a: [x]\nb: {c: d}\ne:\n  - x\n");
    struct bytes text = {0};

    for (const struct node *n = root->first; n; n = n->next)
        assert_int_equal(config_text(&f->reader, n, &text), STATUS_BAD_CONFIG);
    check_said(f, "f:1:4: error: a text is wanted here, not a list: if it is a text, put single "
                  "quotes around '[x]'\n"
                  "f:2:4: error: a text is wanted here, not a map: if it is a text, put single "
                  "quotes around '{c: d}'\n"
                  "f:4:3: error: a text is wanted here, not a list\n");
}

struct int_case {
    const char *text;
    enum status status;
    int64_t value;
};

static void reads_whole_numbers_within_bounds(void **state)
{
    static const struct int_case cases[] = {
        {"0", STATUS_OK, 0},
        {"-5", STATUS_OK, -5},
        {"0404", STATUS_OK, 404}, /* never octal */
        {"'7'", STATUS_OK, 7},
        {"$(env.PORT)", STATUS_OK, 8080},
        {"9000", STATUS_OK, 9000},
        {"9001", STATUS_BAD_CONFIG, 0},
        {"-6", STATUS_BAD_CONFIG, 0},
        {"1.0", STATUS_BAD_CONFIG, 0},
        {"+1", STATUS_BAD_CONFIG, 0},
        {"--1", STATUS_BAD_CONFIG, 0},
        {"'- 1'", STATUS_BAD_CONFIG, 0},
        {"'-'", STATUS_BAD_CONFIG, 0},
        {"''", STATUS_BAD_CONFIG, 0},
        {"1e3", STATUS_BAD_CONFIG, 0},
        {"9223372036854775808", STATUS_BAD_CONFIG, 0},
        {"-9223372036854775809", STATUS_BAD_CONFIG, 0},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t value = 77;

        assert_int_equal(config_int(&f->reader, parsed(f, cases[i].text), -5, 9000, &value),
                         cases[i].status);
        assert_int_equal(value, cases[i].status ? 77 : cases[i].value);
        assert_int_equal(f->diags.errors, cases[i].status != STATUS_OK);
        diags_release(&f->diags);
    }
}

static void reads_sizes_and_durations(void **state)
{
    struct fixture *f = *state;
    int64_t value = 0;

    assert_int_equal(config_size(&f->reader, parsed(f, "64KiB"), &value), STATUS_OK);
    assert_int_equal(value, 65536);
    assert_int_equal(config_duration(&f->reader, parsed(f, "1.5s"), &value), STATUS_OK);
    assert_int_equal(value, 1500000);
    assert_int_equal(config_duration(&f->reader, parsed(f, "0"), &value), STATUS_OK);
    assert_int_equal(value, 0);
    value = 77;
    assert_int_equal(config_size(&f->reader, parsed(f, "64 KiB"), &value), STATUS_BAD_CONFIG);
    check_said(f, "f:1:1: error: '64 KiB' is not a size: write 500, 64KiB, 1.5MB or 2GiB\n");
    assert_int_equal(config_duration(&f->reader, parsed(f, "5"), &value), STATUS_BAD_CONFIG);
    check_said(f, "f:1:1: error: '5' is not a duration: write 250ms, 1.5s, 2m, 1h or 7d\n");
    assert_int_equal(value, 77);
}

static void reads_yes_and_no_in_small_letters(void **state)
{
    static const char *const yes[] = {"true", "on", "yes"};
    static const char *const no[] = {"false", "off", "no"};
    struct fixture *f = *state;
    bool value = false;

    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(config_bool(&f->reader, parsed(f, yes[i]), &value), STATUS_OK);
        assert_true(value);
        assert_int_equal(config_bool(&f->reader, parsed(f, no[i]), &value), STATUS_OK);
        assert_false(value);
    }
    assert_int_equal(config_bool(&f->reader, parsed(f, "NO"), &value), STATUS_BAD_CONFIG);
    check_said(f, "f:1:1: error: 'NO' is neither true nor false, did you mean 'no'?\n");
    assert_int_equal(config_bool(&f->reader, parsed(f, "1"), &value), STATUS_BAD_CONFIG);
    check_said(f, "f:1:1: error: '1' is neither true nor false\n");
}

static void reads_words_and_suggests_the_nearest(void **state)
{
    static const char *const words[] = {"eager", "lazy", NULL};
    struct fixture *f = *state;
    int index = 7;

    assert_int_equal(config_word(&f->reader, parsed(f, "lazy"), words, &index), STATUS_OK);
    assert_int_equal(index, 1);
    assert_int_equal(config_word(&f->reader, parsed(f, "egaer"), words, &index), STATUS_BAD_CONFIG);
    check_said(f, "f:1:1: error: unknown word 'egaer', did you mean 'eager'?\n");
    assert_int_equal(config_word(&f->reader, parsed(f, "never"), words, &index), STATUS_BAD_CONFIG);
    check_said(f, "f:1:1: error: unknown word 'never'; known here: eager, lazy\n");
    assert_int_equal(index, 1);
}

static void reads_one_text_or_a_list(void **state)
{
    struct fixture *f = *state;
    struct config_texts texts = {0};
    const struct node *list;

    assert_int_equal(config_texts(&f->reader, parsed(f, "a"), &texts), STATUS_OK);
    assert_int_equal(texts.count, 1);
    list = parsed(f, "[a, $(env.HOME)]");
    assert_int_equal(config_texts(&f->reader, list, &texts), STATUS_OK);
    assert_int_equal(texts.count, 2);
    assert_true(bytes_equal(texts.items[1], BYTES("/root")));
    assert_ptr_equal(texts.nodes[1], list->first->next);
    assert_int_equal(config_texts(&f->reader, parsed(f, "[]"), &texts), STATUS_OK);
    assert_int_equal(texts.count, 0);
    assert_int_equal(config_texts(&f->reader, parsed(f, "[~, a, {b: c}]"), &texts),
                     STATUS_BAD_CONFIG);
    assert_int_equal(f->diags.errors, 2); /* all of them */
    assert_int_equal(texts.count, 0);
}

static void reports_unknown_keys_with_what_is_known(void **state)
{
    static const char *const words[] = {"status", "text"};
    struct fixture *f = *state;
    const struct node *root = parsed(f, "{stauts: 1, foo: 2}");

    config_unknown_key(&f->reader, root->first, words, 2);
    config_unknown_key(&f->reader, root->first->next, words, 2);
    config_unknown_key(&f->reader, root->first->next, words, 0);
    check_said(f, "f:1:2: error: unknown key 'stauts', did you mean 'status'?\n"
                  "f:1:13: error: unknown key 'foo'; known here: status, text\n"
                  "f:1:13: error: unknown key 'foo'\n");
}
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_texts_with_a_nul_after_them),
        TEST(refuses_nothing_where_a_value_is_needed),
        TEST(refuses_lists_and_maps_for_texts),
        TEST(reads_whole_numbers_within_bounds),
        TEST(reads_sizes_and_durations),
        TEST(reads_yes_and_no_in_small_letters),
        TEST(reads_words_and_suggests_the_nearest),
        TEST(reads_one_text_or_a_list),
        TEST(reports_unknown_keys_with_what_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
