#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/place.h"

static char folder[PATHS_TEXT], target[2 * PATHS_TEXT];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/weir-place-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(target, sizeof(target), "%s/out", folder);
    return 0;
}

static int remove_folder(void **state)
{
    char command[PATHS_TEXT + 16];

    (void)state;
    snprintf(command, sizeof(command), "rm -r '%s'", folder);
    return system(command);
}

static const char *content_of(const char *path)
{
    static char text[64];
    FILE *f = fopen(path, "r");
    size_t len = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

    text[len] = '\0';
    if (f)
        fclose(f);
    return f ? text : NULL;
}

static void put_content(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    fclose(f);
}

static int count_files(void)
{
    DIR *dir = opendir(folder);
    int count = 0;

    for (const struct dirent *e = readdir(dir); e; e = readdir(dir))
        count += e->d_name[0] != '.';
    closedir(dir);
    return count;
}

static void is_in_its_place_when_it_is_whole(void **state)
{
    struct stat info;
    struct place p;

    (void)state;
    put_content(target, "old");
    assert_int_equal(chmod(target, 0644), 0);
    assert_int_equal(place_open(&p, target), STATUS_OK);
    assert_true(place_write(&p, BYTES("ne")));
    assert_string_equal(content_of(target), "old");
    assert_true(place_write(&p, BYTES("w")));
    assert_int_equal(p.bytes, 3);
    assert_int_equal(place_close(&p, true), STATUS_OK);
    assert_string_equal(content_of(target), "new");
    assert_int_equal(stat(target, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(count_files(), 1);
}

static void leaves_nothing_of_what_is_not_kept(void **state)
{
    struct place p;

    (void)state;
    put_content(target, "old");
    assert_int_equal(place_open(&p, target), STATUS_OK);
    assert_true(place_write(&p, BYTES("new")));
    assert_int_equal(place_close(&p, false), STATUS_OK);
    assert_string_equal(content_of(target), "old");
    assert_int_equal(count_files(), 1);
}

/* Names that could be guessed may be somebody's links. */
static void follows_no_link_that_lies_beside(void **state)
{
    char link[3 * PATHS_TEXT], victim[2 * PATHS_TEXT];
    struct place p;

    (void)state;
    snprintf(victim, sizeof(victim), "%s/victim", folder);
    snprintf(link, sizeof(link), "%s.%ld", target, (long)getpid());
    put_content(victim, "precious");
    assert_int_equal(symlink(victim, link), 0);
    assert_int_equal(place_open(&p, target), STATUS_OK);
    assert_true(place_write(&p, BYTES("new")));
    assert_int_equal(place_close(&p, true), STATUS_OK);
    assert_string_equal(content_of(target), "new");
    assert_string_equal(content_of(victim), "precious");
}

static void two_at_once_do_not_mix(void **state)
{
    struct place a, b;

    (void)state;
    assert_int_equal(place_open(&a, target), STATUS_OK);
    assert_int_equal(place_open(&b, target), STATUS_OK);
    assert_true(place_write(&a, BYTES("aa")));
    assert_true(place_write(&b, BYTES("b")));
    assert_int_equal(place_close(&a, true), STATUS_OK);
    assert_string_equal(content_of(target), "aa");
    assert_int_equal(place_close(&b, true), STATUS_OK);
    assert_string_equal(content_of(target), "b");
}

static void writes_into_what_is_no_plain_file(void **state)
{
    struct stat info;
    struct place p;
    int reader;

    (void)state;
    assert_int_equal(mkfifo(target, 0600), 0);
    reader = open(target, O_RDONLY | O_NONBLOCK);
    assert_int_equal(place_open(&p, target), STATUS_OK);
    assert_true(place_write(&p, BYTES("x")));
    assert_int_equal(place_close(&p, true), STATUS_OK);
    assert_int_equal(stat(target, &info), 0);
    assert_true(S_ISFIFO(info.st_mode));
    close(reader);
}

static void says_why_it_cannot_be(void **state)
{
    char path[3 * PATHS_TEXT];
    struct place p;

    (void)state;
    snprintf(path, sizeof(path), "%s/none/out", folder);
    assert_int_equal(place_open(&p, path), STATUS_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(place_open(&p, folder), STATUS_IO); /* a folder */
    assert_int_equal(errno, EISDIR);
    memset(path, 'a', PATHS_TEXT);
    path[PATHS_TEXT] = '\0';
    assert_int_equal(place_open(&p, path), STATUS_LIMIT);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(is_in_its_place_when_it_is_whole),  IN_FOLDER(leaves_nothing_of_what_is_not_kept),
        IN_FOLDER(follows_no_link_that_lies_beside),  IN_FOLDER(two_at_once_do_not_mix),
        IN_FOLDER(writes_into_what_is_no_plain_file), IN_FOLDER(says_why_it_cannot_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
