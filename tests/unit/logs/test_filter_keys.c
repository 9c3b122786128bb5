#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "logs/filter_impl.h"

static void parses(const char *text, enum filter_key key)
{
    struct filter_fault fault = {0};
    struct filter *f = NULL;

    if (filter_parse(bytes_of(text), INT64_C(1700000000000000), &f, &fault))
        fail_msg("%s: %s", text, fault.text);
    if (key != FILTER_KEY_COUNT)
        assert_int_equal(f->terms[0].key, key);
    filter_free(f);
}

static void every_key_is_found_and_shows_an_example_of_itself(void **state)
{
    (void)state;
    for (int i = 0; i < FILTER_KEY_COUNT; i++) {
        const struct filter_key_row *row = &filter_key_rows[i];
        enum filter_key key;

        assert_true(filter_key_find(bytes_of(row->name), &key));
        assert_int_equal(key, i);
        assert_true(row->help[0] && row->value[0]);
        assert_memory_equal(row->example, row->name, strlen(row->name));
        parses(row->example, key);
    }
}

/* Does a word name this row alone, among rows of its kind? */
static void no_alias_names_another_row(void **state)
{
    char list[256], *word, *rest;
    enum filter_key key;
    enum filter_word found;

    (void)state;
    for (int i = 0; i < FILTER_KEY_COUNT; i++) {
        snprintf(list, sizeof(list), "%s", filter_key_rows[i].aliases);
        for (word = strtok_r(list, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
            assert_true(filter_key_find(bytes_of(word), &key));
            assert_int_equal(key, i);
        }
    }
    for (int i = 0; i < FILTER_WORD_COUNT; i++) {
        snprintf(list, sizeof(list), "%s", filter_word_rows[i].aliases);
        for (word = strtok_r(list, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
            assert_true(filter_word_find(filter_word_rows[i].key, bytes_of(word), &found));
            assert_int_equal(found, i);
        }
    }
}

static void every_word_is_a_value_of_its_key(void **state)
{
    char text[128];

    (void)state;
    for (int i = 0; i < FILTER_WORD_COUNT; i++) {
        enum filter_key key = filter_word_rows[i].key;

        assert_int_equal(filter_key_rows[key].kind, FILTER_KIND_CHOICE);
        snprintf(text, sizeof(text), "%s:%s", filter_key_rows[key].name, filter_word_rows[i].name);
        parses(text, key);
    }
}

static void filters_of_other_tools_have_ours(void **state)
{
    (void)state;
    assert_true(filter_like_count > 40);
    for (size_t i = 0; i < filter_like_count; i++) {
        parses(filter_likes[i].ours, FILTER_KEY_COUNT);
        assert_true(filter_likes[i].ours[0] || filter_likes[i].help[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_found_and_shows_an_example_of_itself),
        cmocka_unit_test(no_alias_names_another_row),
        cmocka_unit_test(every_word_is_a_value_of_its_key),
        cmocka_unit_test(filters_of_other_tools_have_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
