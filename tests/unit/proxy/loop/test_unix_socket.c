#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/loop/unix_socket.h"

enum { PATH_TEXT = 64 };

static char folder[PATH_TEXT], path[PATH_TEXT + 16];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/weir-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/a.sock", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void only_its_owner_may_open_it(void **state)
{
    struct stat st;
    int fd, peer;

    (void)state;
    umask(0);
    assert_int_equal(unix_listen(path, &fd), STATUS_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(unix_connect(path, &peer), STATUS_OK);
    close(peer);
    close(fd);
}

static void does_not_take_a_socket_that_is_in_use(void **state)
{
    int first, second;

    (void)state;
    assert_int_equal(unix_listen(path, &first), STATUS_OK);
    assert_int_equal(unix_listen(path, &second), STATUS_EXISTS);
    close(first);
}

static void replaces_a_socket_that_was_left_behind(void **state)
{
    int fd;

    (void)state;
    assert_int_equal(unix_listen(path, &fd), STATUS_OK);
    close(fd); /* as a process that was killed leaves it */
    assert_int_equal(unix_connect(path, &fd), STATUS_NOT_FOUND);
    assert_int_equal(unix_listen(path, &fd), STATUS_OK);
    close(fd);
}

static void never_removes_a_file(void **state)
{
    int fd = open(path, O_CREAT | O_WRONLY, 0600);

    (void)state;
    close(fd);
    assert_int_equal(unix_listen(path, &fd), STATUS_IO);
    assert_int_equal(access(path, F_OK), 0);
}

static void refuses_a_path_that_is_too_long(void **state)
{
    char name[256];
    int fd;

    (void)state;
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(unix_listen(name, &fd), STATUS_LIMIT);
    assert_int_equal(unix_connect(name, &fd), STATUS_LIMIT);
}

static void nobody_listens_where_nothing_is(void **state)
{
    int fd;

    (void)state;
    assert_int_equal(unix_connect(path, &fd), STATUS_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_its_owner_may_open_it, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(does_not_take_a_socket_that_is_in_use, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(replaces_a_socket_that_was_left_behind, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(never_removes_a_file, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(refuses_a_path_that_is_too_long, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(nobody_listens_where_nothing_is, make_folder,
                                        remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
