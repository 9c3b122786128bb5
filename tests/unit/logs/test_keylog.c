#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logs/keylog.h"

enum { LINES = 2000, THREADS = 2 };

static char path[] = "/tmp/weir-keys-XXXXXX";

static int make_name(void **state)
{
    int fd;

    (void)state;
    memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    fd = mkstemp(path);
    if (fd < 0)
        return -1;
    close(fd);
    return unlink(path);
}

static int remove_file(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static void appends_lines_to_a_file_only_its_owner_can_read(void **state)
{
    struct keylog k;
    struct stat st;
    char text[64] = "";
    FILE *file;

    (void)state;
    assert_int_equal(keylog_init(&k), STATUS_OK);
    assert_false(keylog_add(&k, BYTES("before it is open")));
    assert_int_equal(keylog_open(&k, path), STATUS_OK);
    assert_true(keylog_add(&k, BYTES("CLIENT_RANDOM 1 2")));
    assert_true(keylog_pending(&k));
    keylog_write(&k);
    assert_false(keylog_pending(&k));
    assert_true(keylog_add(&k, BYTES("CLIENT_RANDOM 3 4")));
    keylog_release(&k); /* writes what waits */
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    fclose(file);
    assert_string_equal(text, "CLIENT_RANDOM 1 2\nCLIENT_RANDOM 3 4\n");
}

static void opens_one_file_only(void **state)
{
    struct keylog k;

    (void)state;
    assert_int_equal(keylog_init(&k), STATUS_OK);
    assert_int_equal(keylog_open(&k, "/nowhere/at/all"), STATUS_IO);
    assert_int_equal(keylog_open(&k, path), STATUS_OK);
    assert_int_equal(keylog_open(&k, path), STATUS_EXISTS);
    keylog_release(&k);
}

static void drops_whole_lines_when_too_many_wait(void **state)
{
    char line[1000];
    struct keylog k;
    size_t added = 0;
    struct stat st;

    (void)state;
    memset(line, 'x', sizeof(line));
    assert_int_equal(keylog_init(&k), STATUS_OK);
    assert_int_equal(keylog_open(&k, path), STATUS_OK);
    while (keylog_add(&k, bytes_make(line, sizeof(line))))
        added++;
    assert_true(added > 1000 && added <= KEYLOG_BYTES / 1000);
    keylog_write(&k);
    assert_true(keylog_add(&k, bytes_make(line, sizeof(line))));
    keylog_release(&k);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, (added + 1) * (sizeof(line) + 1));
}

static void *add_lines(void *argument)
{
    for (int i = 0; i < LINES; i++) {
        if (!keylog_add(argument, BYTES("0123456789")))
            abort();
    }
    return NULL;
}

static void takes_lines_from_any_thread(void **state)
{
    pthread_t threads[THREADS];
    struct keylog k;
    struct stat st;

    (void)state;
    assert_int_equal(keylog_init(&k), STATUS_OK);
    assert_int_equal(keylog_open(&k, path), STATUS_OK);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_lines, &k), 0);
    for (int i = 0; i < 100; i++)
        keylog_write(&k);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    keylog_release(&k);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, THREADS * LINES * 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(appends_lines_to_a_file_only_its_owner_can_read, make_name,
                                        remove_file),
        cmocka_unit_test_setup_teardown(opens_one_file_only, make_name, remove_file),
        cmocka_unit_test_setup_teardown(drops_whole_lines_when_too_many_wait, make_name,
                                        remove_file),
        cmocka_unit_test_setup_teardown(takes_lines_from_any_thread, make_name, remove_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
