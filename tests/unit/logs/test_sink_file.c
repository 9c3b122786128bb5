#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logs/sink_file.h"

enum { FILE_BYTES = 64 * 1024 };

struct fixture {
    char folder[64], path[80], moved[80];
    char text[FILE_BYTES];
};

static int make_folder(void **state)
{
    struct fixture *x = calloc(1, sizeof(*x));

    if (!x)
        return -1;
    *state = x;
    snprintf(x->folder, sizeof(x->folder), "/tmp/weir-sink-XXXXXX");
    if (!mkdtemp(x->folder))
        return -1;
    snprintf(x->path, sizeof(x->path), "%s/log", x->folder);
    snprintf(x->moved, sizeof(x->moved), "%s/log.1", x->folder);
    return 0;
}

static int remove_folder(void **state)
{
    struct fixture *x = *state;

    unlink(x->path);
    unlink(x->moved);
    rmdir(x->folder);
    free(x);
    return 0;
}

static const char *content_of(struct fixture *x, const char *path)
{
    FILE *file = fopen(path, "r");
    size_t len;

    assert_non_null(file);
    len = fread(x->text, 1, sizeof(x->text) - 1, file);
    x->text[len] = '\0';
    fclose(file);
    return x->text;
}

static struct sink_file open_at(const char *path)
{
    const struct sink_settings settings = {.target = path, .fd = -1};
    char error[SINK_ERROR_BYTES];
    struct sink_file f;

    assert_int_equal(sink_file_open(&f, &settings, error), STATUS_OK);
    return f;
}

static void appends_to_a_file_only_its_owner_can_read(void **state)
{
    struct fixture *x = *state;
    struct sink_file f = open_at(x->path);
    struct stat st;

    assert_int_equal(sink_file_write(&f, BYTES("one\n")), STATUS_OK);
    sink_file_close(&f);
    f = open_at(x->path);
    assert_int_equal(sink_file_write(&f, BYTES("two\n")), STATUS_OK);
    sink_file_close(&f);
    assert_string_equal(content_of(x, x->path), "one\ntwo\n");
    assert_int_equal(stat(x->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void says_why_it_cannot_open(void **state)
{
    const struct sink_settings settings = {.target = "/nowhere/at/all", .fd = -1};
    char error[SINK_ERROR_BYTES];
    struct sink_file f;

    (void)state;
    assert_int_equal(sink_file_open(&f, &settings, error), STATUS_IO);
    assert_string_equal(error, "cannot open /nowhere/at/all: No such file or directory");
}

static void goes_on_in_a_new_file_after_the_old_was_moved(void **state)
{
    struct fixture *x = *state;
    struct sink_file f = open_at(x->path);

    assert_int_equal(sink_file_write(&f, BYTES("old\n")), STATUS_OK);
    assert_int_equal(rename(x->path, x->moved), 0);
    assert_int_equal(sink_file_write(&f, BYTES("older\n")), STATUS_OK);
    assert_int_equal(sink_file_reopen(&f), STATUS_OK);
    assert_int_equal(sink_file_write(&f, BYTES("new\n")), STATUS_OK);
    sink_file_close(&f);
    assert_string_equal(content_of(x, x->moved), "old\nolder\n");
    assert_string_equal(content_of(x, x->path), "new\n");
}

static void reports_a_full_disk_and_recovers(void **state)
{
    struct sink_file f = open_at("/dev/full");

    (void)state;
    assert_int_equal(sink_file_write(&f, BYTES("one\n")), STATUS_IO);
    assert_int_equal(sink_file_write(&f, BYTES("two\n")), STATUS_IO);
    assert_false(f.torn);
    sink_file_close(&f);
}

/* The system's limit of a file's size gives short writes as a full disk does. */
static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void leaves_no_half_line_when_the_disk_fills_up(void **state)
{
    struct fixture *x = *state;
    struct sink_file f = open_at(x->path);
    enum status full;

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(sink_file_write(&f, BYTES("first line\n")), STATUS_OK);
    limit_file_size(20);
    full = sink_file_write(&f, BYTES("second line\n"));
    limit_file_size(RLIM_INFINITY);
    assert_int_equal(full, STATUS_IO);
    assert_string_equal(content_of(x, x->path), "first line\n");
    assert_int_equal(sink_file_write(&f, BYTES("third line\n")), STATUS_OK);
    assert_string_equal(content_of(x, x->path), "first line\nthird line\n");
    sink_file_close(&f);
}

static void starts_a_new_line_after_a_half_one_that_stays(void **state)
{
    char text[64] = "";
    struct sink_file f;
    char big[FILE_BYTES * 2];
    int ends[2];
    ssize_t len;

    (void)state;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    f = (struct sink_file){.fd = ends[1], .torn = true};
    assert_int_equal(sink_file_write(&f, BYTES("whole\n")), STATUS_OK);
    len = read(ends[0], text, sizeof(text));
    assert_int_equal(len, 7);
    assert_memory_equal(text, "\nwhole\n", 7);
    /* the reader goes away when the pipe is half full */
    signal(SIGPIPE, SIG_IGN);
    close(ends[0]);
    memset(big, 'x', sizeof(big));
    assert_int_equal(sink_file_write(&f, bytes_make(big, sizeof(big))), STATUS_IO);
    close(ends[1]);
}

static void leaves_a_borrowed_descriptor_open(void **state)
{
    const struct sink_settings settings = {.target = "unused", .fd = STDERR_FILENO};
    char error[SINK_ERROR_BYTES];
    struct sink_file f;

    (void)state;
    assert_int_equal(sink_file_open(&f, &settings, error), STATUS_OK);
    assert_int_equal(sink_file_reopen(&f), STATUS_OK);
    sink_file_close(&f);
    assert_true(fcntl(STDERR_FILENO, F_GETFD) >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(appends_to_a_file_only_its_owner_can_read, make_folder,
                                        remove_folder),
        cmocka_unit_test(says_why_it_cannot_open),
        cmocka_unit_test_setup_teardown(goes_on_in_a_new_file_after_the_old_was_moved, make_folder,
                                        remove_folder),
        cmocka_unit_test(reports_a_full_disk_and_recovers),
        cmocka_unit_test_setup_teardown(leaves_no_half_line_when_the_disk_fills_up, make_folder,
                                        remove_folder),
        cmocka_unit_test(starts_a_new_line_after_a_half_one_that_stays),
        cmocka_unit_test(leaves_a_borrowed_descriptor_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
