/* Lines written by a thread of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "logs/journal_file.h"

static char path[] = "/tmp/weir-journal-XXXXXX";

static int begin(void **state)
{
    int fd;

    (void)state;
    memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    return 0;
}

static int end(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static size_t read_back(char *text, size_t room)
{
    FILE *file = fopen(path, "r");
    size_t len;

    assert_non_null(file);
    len = fread(text, 1, room - 1, file);
    text[len] = '\0';
    fclose(file);
    return len;
}

static void writes_all_lines_in_their_order_into_an_emptied_file(void **state)
{
    enum { LINES = 1000 };
    static char text[LINES * 16];
    char error[JOURNAL_ERROR_TEXT], line[16], *at = text;
    struct journal *j;

    (void)state;
    for (int round = 0; round < 2; round++) {
        assert_int_equal(journal_open(path, error, &j), STATUS_OK);
        for (int i = 0; i < LINES; i++) {
            snprintf(line, sizeof(line), "%d\n", i);
            journal_put(j, bytes_of(line));
        }
        assert_int_equal(journal_close(j), 0);
    }
    (void)read_back(text, sizeof(text));
    for (int i = 0; i < LINES; i++)
        assert_int_equal(strtol(at, &at, 10), i);
    assert_string_equal(at, "\n");
}

static void makes_a_file_for_its_owner_alone(void **state)
{
    char error[JOURNAL_ERROR_TEXT];
    struct journal *j;
    struct stat st;

    (void)state;
    unlink(path);
    assert_int_equal(journal_open(path, error, &j), STATUS_OK);
    assert_int_equal(journal_close(j), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

/* Every write to it fails. */
static void counts_what_cannot_be_written(void **state)
{
    char error[JOURNAL_ERROR_TEXT];
    struct journal *j;

    (void)state;
    if (access("/dev/full", W_OK))
        skip();
    assert_int_equal(journal_open("/dev/full", error, &j), STATUS_OK);
    journal_put(j, BYTES("a\n"));
    journal_put(j, BYTES("b\n"));
    assert_int_equal(journal_close(j), 2);
}

static void says_why_it_cannot_open(void **state)
{
    char error[JOURNAL_ERROR_TEXT] = "";
    struct journal *j;

    (void)state;
    assert_int_equal(journal_open("/nowhere/at/all", error, &j), STATUS_IO);
    assert_non_null(strstr(error, "/nowhere/at/all"));
    assert_int_equal(journal_close(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_all_lines_in_their_order_into_an_emptied_file, begin,
                                        end),
        cmocka_unit_test_setup_teardown(makes_a_file_for_its_owner_alone, begin, end),
        cmocka_unit_test(counts_what_cannot_be_written),
        cmocka_unit_test(says_why_it_cannot_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
