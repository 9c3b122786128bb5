#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "proxy/loop/watch.h"

enum { PATH_TEXT = 256, FOLDERS_BYTES = 1024 };

struct fixture {
    uv_loop_t uv;
    struct watch *watch;
    int changes;
    char one[PATH_TEXT], two[PATH_TEXT], file[PATH_TEXT];
    char error[WATCH_ERROR_TEXT];
    bool added;
};

static void on_change(void *self)
{
    struct fixture *f = self;

    f->changes++;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct watch_env env = {.on_change = on_change, .self = f};

    if (!f || uv_loop_init(&f->uv))
        return -1;
    env.uv = &f->uv;
    strcpy(f->one, "/tmp/weir-watch-one-XXXXXX");
    strcpy(f->two, "/tmp/weir-watch-two-XXXXXX");
    if (!mkdtemp(f->one) || !mkdtemp(f->two))
        return -1;
    *state = f;
    return watch_new(&env, &f->watch) ? -1 : 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    watch_free(f->watch);
    assert_int_equal(uv_loop_close(&f->uv), 0);
    unlink(f->file);
    rmdir(f->one);
    rmdir(f->two);
    free(f);
    return 0;
}

static enum status set(struct fixture *f, int count, const char *first, const char *second)
{
    struct buf folders;
    enum status st;

    buf_init(&folders, FOLDERS_BYTES);
    if (count > 0)
        buf_put(&folders, bytes_make(first, strlen(first) + 1));
    if (count > 1)
        buf_put(&folders, bytes_make(second, strlen(second) + 1));
    st = watch_set(f->watch, buf_bytes(&folders), f->error, &f->added);
    buf_release(&folders);
    return st;
}

static void touch(struct fixture *f, const char *folder)
{
    FILE *file;

    unlink(f->file);
    snprintf(f->file, sizeof(f->file), "%.200s/x", folder);
    file = fopen(f->file, "w");
    assert_non_null(file);
    fputs("x", file);
    fclose(file);
}

static void wait_for(struct fixture *f, int changes)
{
    while (f->changes < changes)
        uv_run(&f->uv, UV_RUN_ONCE);
}

static void tells_of_a_change_once(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(set(f, 2, f->one, f->two), STATUS_OK);
    assert_true(f->added);
    touch(f, f->one);
    touch(f, f->one);
    wait_for(f, 1);
    assert_int_equal(f->changes, 1);
    touch(f, f->two);
    wait_for(f, 2);
}

static void misses_nothing_while_its_folders_are_set_again(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(set(f, 1, f->one, NULL), STATUS_OK);
    touch(f, f->one);
    assert_int_equal(set(f, 1, f->one, NULL), STATUS_OK);
    assert_false(f->added);
    touch(f, f->one);
    wait_for(f, 1);
    assert_int_equal(set(f, 1, f->two, NULL), STATUS_OK);
    assert_true(f->added);
    touch(f, f->two);
    wait_for(f, 2);
}

static void says_which_folder_cannot_be_watched(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(set(f, 2, "/nonexistent/folder", f->one), STATUS_IO);
    assert_string_equal(f->error, "cannot watch /nonexistent/folder: no such file or directory");
    touch(f, f->one);
    wait_for(f, 1);
}

static void takes_no_folders(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(set(f, 0, NULL, NULL), STATUS_OK);
    assert_false(f->added);
    watch_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tells_of_a_change_once, setup, teardown),
        cmocka_unit_test_setup_teardown(misses_nothing_while_its_folders_are_set_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(says_which_folder_cannot_be_watched, setup, teardown),
        cmocka_unit_test_setup_teardown(takes_no_folders, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
