/* A HAR on disk, whole whatever happens to its writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/json.h"
#include "logs/har_file.h"

enum { TEXT_BYTES = 1024 * 1024, PATH_TEXT = 64 };

static char path[PATH_TEXT];
static struct buf text;

static int begin(void **state)
{
    int fd;

    (void)state;
    snprintf(path, sizeof(path), "/tmp/weir-har-XXXXXX");
    fd = mkstemp(path);
    if (fd < 0)
        return -1;
    close(fd);
    buf_init(&text, TEXT_BYTES);
    return 0;
}

static int end(void **state)
{
    (void)state;
    unlink(path);
    buf_release(&text);
    return 0;
}

static struct har_file opened(void)
{
    struct har_file f;
    char error[SINK_ERROR_BYTES] = "";

    if (har_file_open(&f, path, error))
        fail_msg("%s", error);
    return f;
}

static void add(struct har_file *f, const char *entry, uint64_t lost)
{
    const struct log_gap gap = {lost, 0};

    buf_clear(&text);
    if (entry)
        buf_putf(&text, HAR_BETWEEN "%s\n", entry);
    assert_int_equal(har_file_append(f, &text, &gap), STATUS_OK);
}

static void write_all(const char *content)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    fclose(file);
}

/* All of the file, which has to be valid. */
static const char *content(void)
{
    struct json_fault fault;
    FILE *file = fopen(path, "r");
    uint8_t *room;

    assert_non_null(file);
    buf_clear(&text);
    room = buf_room(&text, TEXT_BYTES - 1);
    assert_non_null(room);
    buf_added(&text, fread(room, 1, TEXT_BYTES - 1, file));
    fclose(file);
    if (json_check(buf_bytes(&text), &fault))
        fail_msg("%s at %zu of %s", fault.sentence, fault.at, buf_text(&text));
    return buf_text(&text);
}

static void ends_with(const char *all, const char *wanted)
{
    size_t len = strlen(all), tail = strlen(wanted);

    if (len < tail || strcmp(all + len - tail, wanted) != 0)
        fail_msg("%s does not end with %s", all, wanted);
}

static void is_whole_after_each_step(void **state)
{
    struct har_file f = opened();

    (void)state;
    ends_with(content(), "\"entries\":[\n]}}\n");
    add(&f, "{\"a\":1}", 0);
    ends_with(content(), "[\n{\"a\":1}\n]}}\n");
    add(&f, "{\"b\":2}", 0);
    ends_with(content(), "[\n{\"a\":1}\n,{\"b\":2}\n]}}\n");
    add(&f, NULL, 3);
    ends_with(content(), ",{\"b\":2}\n],\"_weir\":{\"lost\":{\"flows\":3,\"bodies\":0}}}}\n");
    har_file_close(&f);
}

static void goes_on_with_what_is_there(void **state)
{
    struct har_file f = opened();

    (void)state;
    har_file_close(&f);
    f = opened();
    assert_true(f.empty);
    add(&f, "{\"a\":1}", 7);
    har_file_close(&f);
    f = opened();
    assert_int_equal(f.lost.flows, 7);
    add(&f, "{\"b\":2}", f.lost.flows);
    har_file_close(&f);
    ends_with(content(),
              "[\n{\"a\":1}\n,{\"b\":2}\n],\"_weir\":{\"lost\":{\"flows\":7,\"bodies\":0}}}}\n");
}

/* What a writer leaves that was killed within its write, after any number of bytes. */
static void mends_what_is_torn_at_any_byte(void **state)
{
    static const char entry[] = "{\"second\":\"} ] , 2\"}";
    struct har_file f = opened();
    struct stat before, after;
    int64_t from;

    (void)state;
    add(&f, "{\"first\":1}", 0);
    from = f.end;
    assert_int_equal(stat(path, &before), 0);
    add(&f, entry, 0);
    har_file_close(&f);
    assert_int_equal(stat(path, &after), 0);
    for (int64_t cut = from; cut < after.st_size; cut++) {
        struct har_file again;
        char whole[TEXT_BYTES / 256], old[TEXT_BYTES / 256];
        size_t len;
        FILE *file = fopen(path, "r");

        assert_non_null(file);
        len = fread(whole, 1, sizeof(whole), file);
        fclose(file);
        /* the new bytes up to the cut, then what is left of the old foot */
        memcpy(old, whole, (size_t)from);
        memcpy(old + from, "]}}\n", 4);
        memcpy(old, whole, (size_t)cut);
        file = fopen(path, "w");
        assert_non_null(file);
        fwrite(old, 1, (size_t)(cut > before.st_size ? cut : before.st_size), file);
        fclose(file);
        again = opened();
        assert_true(again.end >= from);
        add(&again, "{\"third\":3}", 0);
        har_file_close(&again);
        assert_non_null(strstr(content(), "{\"first\":1}\n,{"));
        ends_with(buf_text(&text), ",{\"third\":3}\n]}}\n");
        file = fopen(path, "w");
        assert_non_null(file);
        fwrite(whole, 1, len, file);
        fclose(file);
    }
}

static void is_empty_again_when_its_only_entry_is_torn(void **state)
{
    struct har_file f = opened();

    (void)state;
    assert_int_equal(ftruncate(f.fd, f.end), 0);
    assert_int_equal(pwrite(f.fd, "{\"a\":", 5, f.end), 5);
    har_file_close(&f);
    f = opened();
    assert_true(f.empty);
    har_file_close(&f);
    ends_with(content(), "\"entries\":[\n]}}\n");
}

static void leaves_other_files_alone(void **state)
{
    static const char *const others[] = {
        "hello\n",
        "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"Other\"},\"entries\":[\n]}}\n",
        "{\"schema\":\"weir.flow/1\"}\n",
    };
    char error[SINK_ERROR_BYTES];
    struct har_file f;

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        char now[256] = "";
        FILE *file;

        write_all(others[i]);
        assert_int_equal(har_file_open(&f, path, error), STATUS_IO);
        assert_non_null(strstr(error, "is no HAR of weir's"));
        file = fopen(path, "r");
        assert_non_null(file);
        assert_true(fread(now, 1, sizeof(now) - 1, file) > 0);
        fclose(file);
        assert_string_equal(now, others[i]);
    }
    assert_int_equal(har_file_open(&f, "/dev/null", error), STATUS_IO);
    assert_non_null(strstr(error, "no plain file"));
    assert_int_equal(har_file_open(&f, "/no/such/folder/x.har", error), STATUS_IO);
}

static void has_one_writer_at_a_time(void **state)
{
    struct har_file f = opened(), other;
    char error[SINK_ERROR_BYTES];

    (void)state;
    assert_int_equal(har_file_open(&other, path, error), STATUS_IO);
    assert_non_null(strstr(error, "another weir writes it"));
    har_file_close(&f);
}

/* A file may grow no further: the same as a disk that is full. */
static void stays_as_it_was_when_there_is_no_room(void **state)
{
    struct rlimit before, small;
    struct har_file f = opened();
    char long_entry[4096];

    (void)state;
    add(&f, "{\"a\":1}", 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){(rlim_t)f.end + 100, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    memset(long_entry, ' ', sizeof(long_entry));
    buf_clear(&text);
    buf_put_text(&text, HAR_BETWEEN "{");
    buf_put(&text, bytes_make(long_entry, sizeof(long_entry)));
    buf_put_text(&text, "}\n");
    assert_int_equal(har_file_append(&f, &text, &(struct log_gap){0}), STATUS_IO);
    ends_with(content(), "[\n{\"a\":1}\n]}}\n");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    add(&f, "{\"b\":2}", 1);
    ends_with(content(), ",{\"b\":2}\n],\"_weir\":{\"lost\":{\"flows\":1,\"bodies\":0}}}}\n");
    har_file_close(&f);
}

static void begins_a_new_file_when_the_old_one_was_moved_away(void **state)
{
    struct har_file f = opened();
    char moved[PATH_TEXT + 8];

    (void)state;
    add(&f, "{\"a\":1}", 2);
    assert_int_equal(har_file_reopen(&f), STATUS_OK); /* it is still there */
    add(&f, "{\"b\":2}", 2);
    snprintf(moved, sizeof(moved), "%s.1", path);
    assert_int_equal(rename(path, moved), 0);
    assert_int_equal(har_file_reopen(&f), STATUS_OK);
    assert_int_equal(f.lost.flows, 0);
    add(&f, "{\"c\":3}", 0);
    ends_with(content(), "\"entries\":[\n{\"c\":3}\n]}}\n");
    har_file_close(&f);
    assert_int_equal(rename(moved, path), 0);
    assert_non_null(strstr(content(), "{\"b\":2}\n]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_whole_after_each_step, begin, end),
        cmocka_unit_test_setup_teardown(goes_on_with_what_is_there, begin, end),
        cmocka_unit_test_setup_teardown(mends_what_is_torn_at_any_byte, begin, end),
        cmocka_unit_test_setup_teardown(is_empty_again_when_its_only_entry_is_torn, begin, end),
        cmocka_unit_test_setup_teardown(leaves_other_files_alone, begin, end),
        cmocka_unit_test_setup_teardown(has_one_writer_at_a_time, begin, end),
        cmocka_unit_test_setup_teardown(stays_as_it_was_when_there_is_no_room, begin, end),
        cmocka_unit_test_setup_teardown(begins_a_new_file_when_the_old_one_was_moved_away, begin,
                                        end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
