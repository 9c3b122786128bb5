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

#include "base/buf.h"
#include "cli/paths.h"

static char home[] = "/tmp/weir-test-XXXXXX";

static int make_home(void **state)
{
    static const char *const variables[] = {"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
                                            "XDG_RUNTIME_DIR", "TMPDIR"};

    (void)state;
    memcpy(home + strlen(home) - 6, "XXXXXX", 6);
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        unsetenv(variables[i]);
    return mkdtemp(home) && setenv("HOME", home, 1) == 0 && chdir(home) == 0 ? 0 : -1;
}

static int remove_home(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "%s/.local/share/weir/env", home);
    rmdir(command);
    snprintf(command, sizeof(command), "%s/.local/share/weir", home);
    rmdir(command);
    snprintf(command, sizeof(command), "%s/.local/share", home);
    rmdir(command);
    snprintf(command, sizeof(command), "%s/.local/state/weir", home);
    rmdir(command);
    snprintf(command, sizeof(command), "%s/.local/state", home);
    rmdir(command);
    snprintf(command, sizeof(command), "%s/.local", home);
    rmdir(command);
    unlink("proxy.yaml");
    unlink(".config/weir/proxy.yaml");
    rmdir(".config/weir");
    rmdir(".config");
    rmdir("run/weir");
    rmdir("run");
    return chdir("/") == 0 ? rmdir(home) : -1;
}

static void touch(const char *path)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fclose(f);
}

static void data_is_in_a_folder_of_our_own(void **state)
{
    char path[PATHS_TEXT], wanted[128];
    struct stat st;

    (void)state;
    umask(0);
    snprintf(wanted, sizeof(wanted), "%s/.local/share/weir", home);
    assert_int_equal(paths_data(path), STATUS_OK);
    assert_string_equal(path, wanted);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(paths_env_files(path), STATUS_OK);
}

static void relative_xdg_folders_are_ignored(void **state)
{
    char path[PATHS_TEXT], wanted[128];

    (void)state;
    setenv("XDG_DATA_HOME", "data", 1);
    snprintf(wanted, sizeof(wanted), "%s/.local/share/weir", home);
    assert_int_equal(paths_data(path), STATUS_OK);
    assert_string_equal(path, wanted);
}

static void the_nearest_configuration_is_taken(void **state)
{
    char path[PATHS_TEXT], wanted[128];

    (void)state;
    assert_int_equal(mkdir(".config", 0700), 0);
    assert_int_equal(mkdir(".config/weir", 0700), 0);
    touch(".config/weir/proxy.yaml");
    snprintf(wanted, sizeof(wanted), "%s/.config/weir/proxy.yaml", home);
    assert_int_equal(paths_config(path), STATUS_OK);
    assert_string_equal(path, wanted);
    touch("proxy.yaml");
    snprintf(wanted, sizeof(wanted), "%s/proxy.yaml", home);
    assert_int_equal(paths_config(path), STATUS_OK);
    assert_string_equal(path, wanted);
}

static void sockets_are_in_the_runtime_folder_if_there_is_one(void **state)
{
    char path[PATHS_TEXT], wanted[128];

    (void)state;
    snprintf(wanted, sizeof(wanted), "%s/.local/state/weir", home);
    assert_int_equal(paths_runtime(path), STATUS_OK);
    assert_string_equal(path, wanted);
    snprintf(wanted, sizeof(wanted), "%s/run", home);
    assert_int_equal(mkdir(wanted, 0700), 0);
    setenv("XDG_RUNTIME_DIR", wanted, 1);
    snprintf(wanted, sizeof(wanted), "%s/run/weir", home);
    assert_int_equal(paths_runtime(path), STATUS_OK);
    assert_string_equal(path, wanted);
    assert_int_equal(paths_runtime_at(0, path), STATUS_OK);
    assert_string_equal(path, wanted);
    assert_int_equal(paths_runtime_at(1, path), STATUS_OK);
    assert_int_equal(paths_runtime_at(2, path), STATUS_END);
}

static void a_runtime_folder_that_is_gone_is_passed_over(void **state)
{
    char path[PATHS_TEXT], wanted[128];

    (void)state;
    setenv("XDG_RUNTIME_DIR", "/proc/nowhere", 1);
    snprintf(wanted, sizeof(wanted), "%s/.local/state/weir", home);
    assert_int_equal(paths_runtime(path), STATUS_OK);
    assert_string_equal(path, wanted);
}

static void paths_start_where_they_should(void **state)
{
    char path[PATHS_TEXT];

    (void)state;
    assert_int_equal(path_absolute("/a", BYTES("b/c"), path), STATUS_OK);
    assert_string_equal(path, "/a/b/c");
    assert_int_equal(path_absolute("/a", BYTES("/b"), path), STATUS_OK);
    assert_string_equal(path, "/b");
}

static void files_are_replaced_whole(void **state)
{
    struct buf text;
    struct stat st;

    (void)state;
    buf_init(&text, PATHS_FILE_BYTES);
    assert_int_equal(file_read("proxy.yaml", &text), STATUS_NOT_FOUND);
    assert_int_equal(file_write("proxy.yaml", 0600, BYTES("long text")), STATUS_OK);
    assert_int_equal(file_write("proxy.yaml", 0600, BYTES("text")), STATUS_OK);
    assert_int_equal(file_read("proxy.yaml", &text), STATUS_OK);
    assert_string_equal(buf_text(&text), "text");
    assert_int_equal(stat("proxy.yaml", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(file_write("/nowhere/at/all", 0600, BYTES("x")), STATUS_IO);
    buf_release(&text);
}

#define HOME_TEST(name) cmocka_unit_test_setup_teardown(name, make_home, remove_home)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOME_TEST(data_is_in_a_folder_of_our_own),
        HOME_TEST(relative_xdg_folders_are_ignored),
        HOME_TEST(the_nearest_configuration_is_taken),
        HOME_TEST(sockets_are_in_the_runtime_folder_if_there_is_one),
        HOME_TEST(a_runtime_folder_that_is_gone_is_passed_over),
        HOME_TEST(paths_start_where_they_should),
        HOME_TEST(files_are_replaced_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
