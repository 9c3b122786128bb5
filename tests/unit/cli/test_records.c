/* Records cut out of a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/records.h"

enum { TEXT_BYTES = 1024 * 1024 };

/* All records of such a file, each in brackets; then how it ended. */
static const char *records_of(struct bytes content, enum records_kind kind)
{
    static char text[TEXT_BYTES];
    static struct records r;
    char path[] = "/tmp/weir-records-XXXXXX";
    int fd = mkstemp(path);
    struct bytes item;
    size_t len = 0;
    enum status st;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, content.ptr, content.len), content.len);
    close(fd);
    assert_int_equal(records_open(&r, path, kind), STATUS_OK);
    unlink(path);
    while ((st = records_next(&r, &item)) == STATUS_OK) {
        assert_true(len + item.len + 32 < sizeof(text));
        text[len++] = '[';
        memcpy(text + len, item.ptr, item.len);
        len += item.len;
        text[len++] = ']';
    }
    records_close(&r);
    snprintf(text + len, 32, "%s", st == STATUS_END ? "" : status_sentence(st));
    return text;
}

static const char *har(const char *content)
{
    return records_of(bytes_of(content), RECORDS_HAR);
}

static void takes_each_line_but_empty_ones(void **state)
{
    (void)state;
    assert_string_equal(records_of(BYTES("a\n\nbc\nd"), RECORDS_LINES), "[a][bc][d]");
    assert_string_equal(records_of(BYTES("\n"), RECORDS_LINES), "");
    assert_string_equal(records_of(BYTES(""), RECORDS_LINES), "");
}

static void takes_the_entries_of_a_har(void **state)
{
    (void)state;
    assert_string_equal(har("{\"log\": {\"version\": \"1.2\", \"entries\": [{\"a\": 1}, {\"b\": "
                            "[{}, \"]}\"]}], \"x\": [{}]}, \"y\": [{}]}"),
                        "[{\"a\": 1}][{\"b\": [{}, \"]}\"]}]");
    assert_string_equal(har("{\"log\":{\"entries\":[]}}"), "");
}

static void takes_no_other_lists_for_entries(void **state)
{
    (void)state;
    assert_string_equal(
        har("{\"entries\":[{\"a\":1}],\"log\":{\"pages\":[{\"log\":{\"entries\":[{}]"
            "}}],\"entries\":[{\"b\":2}]}}"),
        "[{\"b\":2}]");
}

static void reads_strings_with_escapes(void **state)
{
    (void)state;
    assert_string_equal(har("{\"log\":{\"entries\":[{\"a\\\"}\":\"\\\\\"},{\"b\":\"{\"}]}}"),
                        "[{\"a\\\"}\":\"\\\\\"}][{\"b\":\"{\"}]");
}

static void says_when_it_is_no_whole_har(void **state)
{
    const char *bad = status_sentence(STATUS_BAD_INPUT);

    (void)state;
    assert_string_equal(har(""), bad);
    assert_string_equal(har("{\"log\":{}}"), bad);
    assert_string_equal(har("[]"), bad);
    assert_string_equal(har("{\"log\":{\"entries\":["), bad);
    assert_string_equal(har("{\"log\":{\"entries\":[{\"a\":"), bad);
}

/* Every byte of an entry stands once at the end of a block. */
static void joins_what_blocks_cut(void **state)
{
    static char content[3 * RECORDS_BLOCK_BYTES];
    const char *start = "{\"log\":{\"entries\":[", *entry = "{\"a\":\"\\\"}\",\"b\":{}}";
    size_t entry_len = strlen(entry);

    (void)state;
    for (size_t cut = 0; cut <= entry_len; cut++) {
        size_t fill = RECORDS_BLOCK_BYTES - strlen(start) - cut;
        size_t len = strlen(start);
        char wanted[64];

        memcpy(content, start, len);
        memset(content + len, ' ', fill);
        len += fill;
        memcpy(content + len, entry, entry_len);
        memcpy(content + len + entry_len, "]}}", 3);
        snprintf(wanted, sizeof(wanted), "[%s]", entry);
        assert_string_equal(records_of(bytes_make(content, len + entry_len + 3), RECORDS_HAR),
                            wanted);
    }
}

static void tells_lines_from_a_har_by_the_first_bytes(void **state)
{
    static const struct {
        const char *text, *records;
    } rows[] = {
        {"{\"log\":{\"entries\":[{\"a\":1}]}}", "[{\"a\":1}]"},
        {"\xef\xbb\xbf\n {\r\n\t\"log\" : {\"entries\":[{}]}}", "[{}]"},
        {"{\"schema\":\"x\"}\n{}", "[{\"schema\":\"x\"}][{}]"},
        {" {\"logs\":1}\n", "[ {\"logs\":1}]"},
        {"", "the input is not valid"},
        {"hello", "the input is not valid"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(records_of(bytes_of(rows[i].text), RECORDS_EITHER), rows[i].records);
}

static void passes_over_a_record_that_is_too_large(void **state)
{
    static const char *const parts[][3] = {
        {"{\"first\":1}\n", "\n", "{\"last\":2}\n"},
        {"{\"log\":{\"entries\":[{\"first\":1},{\"x\":\"", "\"}", ",{\"last\":2}]}}"},
    };
    static char fill[RECORDS_BLOCK_BYTES];

    (void)state;
    memset(fill, 'x', sizeof(fill));
    for (int kind = RECORDS_LINES; kind <= RECORDS_HAR; kind++) {
        static struct records r;
        FILE *file = tmpfile();
        char path[64];
        struct bytes item;

        assert_non_null(file);
        fputs(parts[kind][0], file);
        for (size_t written = 0; written <= RECORD_BYTES; written += sizeof(fill))
            fwrite(fill, 1, sizeof(fill), file);
        fputs(parts[kind][1], file);
        fputs(parts[kind][2], file);
        fflush(file);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fileno(file));
        assert_int_equal(records_open(&r, path, RECORDS_EITHER), STATUS_OK);
        assert_int_equal(r.kind, kind);
        assert_int_equal(records_next(&r, &item), STATUS_OK);
        assert_int_equal(records_next(&r, &item), STATUS_LIMIT);
        assert_int_equal(records_next(&r, &item), STATUS_OK);
        assert_true(bytes_equal(item, BYTES("{\"last\":2}")));
        assert_int_equal(records_next(&r, &item), STATUS_END);
        records_close(&r);
        fclose(file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_lines_from_a_har_by_the_first_bytes),
        cmocka_unit_test(passes_over_a_record_that_is_too_large),
        cmocka_unit_test(takes_each_line_but_empty_ones),
        cmocka_unit_test(takes_the_entries_of_a_har),
        cmocka_unit_test(takes_no_other_lists_for_entries),
        cmocka_unit_test(reads_strings_with_escapes),
        cmocka_unit_test(says_when_it_is_no_whole_har),
        cmocka_unit_test(joins_what_blocks_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
