#include "tls/ca.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW = 1790000000, DAY = 24 * 3600, MAKERS = 8, TEXT_BYTES = 64 * 1024 };

/* A folder of its own for each test. */
struct place {
    char root[64], folder[96], cert[128], key[128], lock[128];
    char error[CA_ERROR_TEXT];
};

static int place_begin(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    snprintf(p->root, sizeof(p->root), "/tmp/weir-ca-XXXXXX");
    assert_non_null(mkdtemp(p->root));
    snprintf(p->folder, sizeof(p->folder), "%s/data/weir", p->root);
    snprintf(p->cert, sizeof(p->cert), "%s/ca.pem", p->folder);
    snprintf(p->key, sizeof(p->key), "%s/ca.key", p->folder);
    snprintf(p->lock, sizeof(p->lock), "%s/ca.lock", p->folder);
    *state = p;
    return 0;
}

static int place_end(void **state)
{
    struct place *p = *state;
    char parent[96];

    unlink(p->cert);
    rmdir(p->cert);
    unlink(p->key);
    unlink(p->lock);
    rmdir(p->folder); /* fails, and the root with it, if anything else was left there */
    snprintf(parent, sizeof(parent), "%s/data", p->root);
    rmdir(parent);
    if (rmdir(p->root) < 0 && errno != ENOENT)
        return -1;
    free(p);
    return 0;
}

static enum status open_here(struct place *p, int64_t now, struct ca **ret_ca, bool *ret_made)
{
    p->error[0] = '\0';
    return ca_open(p->folder, "test", now, p->error, ret_ca, ret_made);
}

static void make_here(struct place *p)
{
    struct ca *ca = NULL;
    bool made = false;

    assert_int_equal(open_here(p, NOW, &ca, &made), STATUS_OK);
    assert_true(made);
    ca_free(ca);
}

static void refuse_here(struct place *p, enum status want, const char *words)
{
    struct ca *ca = NULL;
    bool made = true;

    assert_int_equal(open_here(p, NOW, &ca, &made), want);
    assert_non_null(strstr(p->error, words));
    assert_null(ca);
    assert_true(made); /* untouched */
}

static void print_of(const struct ca *ca, char ret_text[128])
{
    struct buf text;

    buf_init(&text, TEXT_BYTES);
    assert_int_equal(ca_fingerprint(ca, &text), STATUS_OK);
    snprintf(ret_text, 128, "%s", buf_text(&text));
    buf_release(&text);
}

static mode_t mode_of(const char *path)
{
    struct stat info;

    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

static void makes_one_and_opens_it_again(void **state)
{
    struct place *p = *state;
    char first[128], second[128];
    struct ca *ca;
    bool made = false;
    mode_t before = umask(0);

    assert_int_equal(open_here(p, NOW, &ca, &made), STATUS_OK);
    umask(before);
    assert_true(made);
    print_of(ca, first);
    ca_free(ca);
    assert_int_equal(mode_of(p->key), 0600);
    assert_int_equal(mode_of(p->cert), 0644);
    assert_int_equal(mode_of(p->folder), 0700);
    assert_int_equal(open_here(p, NOW, &ca, &made), STATUS_OK);
    assert_false(made);
    print_of(ca, second);
    assert_string_equal(first, second);
    ca_free(ca);
}

static void gives_the_modes_under_any_umask(void **state)
{
    struct place *p = *state;
    mode_t before = umask(077);

    make_here(p);
    umask(before);
    assert_int_equal(mode_of(p->key), 0600);
    assert_int_equal(mode_of(p->cert), 0644);
}

static void leaves_nothing_else_behind(void **state)
{
    struct place *p = *state;
    struct dirent *entry;
    unsigned files = 0;
    DIR *folder;

    make_here(p);
    folder = opendir(p->folder);
    while ((entry = readdir(folder)))
        files += entry->d_name[0] != '.';
    closedir(folder);
    assert_int_equal(files, 3); /* certificate, key, lock */
}

static void refuses_a_key_that_others_may_read(void **state)
{
    static const mode_t modes[] = {0640, 0604, 0660, 0644, 0610, 0777};
    struct place *p = *state;

    make_here(p);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        assert_int_equal(chmod(p->key, modes[i]), 0);
        refuse_here(p, STATUS_REFUSED, "chmod 600 ");
    }
    assert_int_equal(chmod(p->key, 0400), 0); /* narrower is fine */
    {
        struct ca *ca;
        bool made;

        assert_int_equal(open_here(p, NOW, &ca, &made), STATUS_OK);
        ca_free(ca);
    }
}

static void refuses_symbolic_links(void **state)
{
    struct place *p = *state;
    char aside[160];

    make_here(p);
    snprintf(aside, sizeof(aside), "%s/aside", p->root);
    assert_int_equal(rename(p->key, aside), 0);
    assert_int_equal(symlink(aside, p->key), 0);
    refuse_here(p, STATUS_REFUSED, "is a symbolic link");
    unlink(p->key);
    assert_int_equal(rename(aside, p->key), 0);

    assert_int_equal(rename(p->cert, aside), 0);
    assert_int_equal(symlink(aside, p->cert), 0);
    refuse_here(p, STATUS_REFUSED, "is a symbolic link");
    unlink(aside);
}

/* A link that leads nowhere is no invitation to write through it. */
static void makes_nothing_through_a_dangling_link(void **state)
{
    struct place *p = *state;
    char target[160], parent[96];

    snprintf(parent, sizeof(parent), "%s/data", p->root);
    snprintf(target, sizeof(target), "%s/elsewhere", p->root);
    assert_int_equal(mkdir(parent, 0700), 0);
    assert_int_equal(mkdir(p->folder, 0700), 0);
    assert_int_equal(symlink(target, p->key), 0);
    refuse_here(p, STATUS_REFUSED, "ca.key is there without ca.pem");
    assert_int_equal(access(target, F_OK), -1);
}

static void refuses_a_key_of_another_user(void **state)
{
    struct place *p = *state;

    if (geteuid() != 0)
        skip();
    make_here(p);
    assert_int_equal(chown(p->key, 12345, 12345), 0);
    refuse_here(p, STATUS_REFUSED, "belongs to another user (12345)");
}

static void refuses_half_a_ca(void **state)
{
    struct place *p = *state;
    char first[160];

    make_here(p);
    snprintf(first, sizeof(first), "%s/first", p->root);
    assert_int_equal(rename(p->cert, first), 0);
    refuse_here(p, STATUS_REFUSED, "ca.key is there without ca.pem");
    assert_int_equal(rename(first, p->cert), 0);
    unlink(p->key);
    refuse_here(p, STATUS_REFUSED, "ca.pem is there without ca.key");
}

static void refuses_an_expired_ca(void **state)
{
    struct place *p = *state;
    struct ca *ca = NULL;
    bool made = false;

    make_here(p);
    assert_int_equal(open_here(p, NOW + (int64_t)(CA_DAYS - 1) * DAY, &ca, &made), STATUS_OK);
    ca_free(ca);
    ca = NULL;
    assert_int_equal(open_here(p, NOW + (int64_t)CA_DAYS * DAY, &ca, &made), STATUS_REFUSED);
    assert_non_null(strstr(p->error, "expired on 2036-09-18"));
    assert_null(ca);
}

static void write_file(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), len);
    close(fd);
}

static void says_what_is_wrong_with_the_files(void **state)
{
    static char large[70000];
    struct place *p = *state;

    make_here(p);
    write_file(p->cert, "garbage", 7);
    refuse_here(p, STATUS_BAD_INPUT, "there is no certificate in PEM form");
    memset(large, 'x', sizeof(large));
    write_file(p->cert, large, sizeof(large));
    refuse_here(p, STATUS_LIMIT, "is longer than 65536 bytes");
    unlink(p->cert);
    assert_int_equal(mkdir(p->cert, 0700), 0);
    refuse_here(p, STATUS_REFUSED, "is not a file");
    rmdir(p->cert);
    assert_int_equal(mkfifo(p->cert, 0600), 0);
    refuse_here(p, STATUS_REFUSED, "is not a file"); /* and it does not wait for a writer */
}

static void says_when_the_folder_cannot_be_made(void **state)
{
    struct place *p = *state;
    char file[96];
    struct ca *ca = NULL;
    bool made;
    char path[5000];

    snprintf(file, sizeof(file), "%s/data", p->root);
    write_file(file, "", 0);
    assert_int_equal(open_here(p, NOW, &ca, &made), STATUS_IO);
    assert_non_null(strstr(p->error, "cannot make the folder"));
    unlink(file);
    memset(path, 'a', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(ca_open(path, "t", NOW, p->error, &ca, &made), STATUS_BAD_INPUT);
    assert_int_equal(ca_open("", "t", NOW, p->error, &ca, &made), STATUS_BAD_INPUT);
    assert_null(ca);
}

/* Many start at once: one makes it, all have the same. */
static void makes_one_when_many_start(void **state)
{
    struct place *p = *state;
    unsigned made_count = 0;
    char common[128] = "";
    int ends[MAKERS][2];

    for (int i = 0; i < MAKERS; i++) {
        assert_int_equal(pipe(ends[i]), 0);
        if (fork() == 0) {
            char print[129] = {0};
            struct ca *ca;
            bool made;

            if (open_here(p, NOW, &ca, &made))
                _exit(1);
            print[0] = made ? 'M' : 'o';
            print_of(ca, print + 1);
            _exit(write(ends[i][1], print, sizeof(print)) != sizeof(print));
        }
        close(ends[i][1]);
    }
    for (int i = 0; i < MAKERS; i++) {
        char print[129] = {0};
        int result;

        assert_int_equal(read(ends[i][0], print, sizeof(print)), sizeof(print));
        close(ends[i][0]);
        made_count += print[0] == 'M';
        if (i)
            assert_string_equal(print + 1, common);
        snprintf(common, sizeof(common), "%s", print + 1);
        wait(&result);
        assert_int_equal(result, 0);
    }
    assert_int_equal(made_count, 1);
}

static void opens_a_ca_of_ones_own(void **state)
{
    struct place *p = *state;
    struct ca *ca = NULL;
    char missing[160];

    make_here(p);
    assert_int_equal(ca_open_files(p->cert, p->key, NOW, p->error, &ca), STATUS_OK);
    ca_free(ca);
    ca = NULL;
    snprintf(missing, sizeof(missing), "%s/none.key", p->root);
    assert_int_equal(ca_open_files(p->cert, missing, NOW, p->error, &ca), STATUS_NOT_FOUND);
    assert_non_null(strstr(p->error, missing));
    assert_int_equal(ca_open_files(p->key, p->key, NOW, p->error, &ca), STATUS_BAD_INPUT);
    assert_int_equal(ca_open_files(p->cert, p->key, INT64_MAX, p->error, &ca), STATUS_REFUSED);
    assert_non_null(strstr(p->error, "expired"));
    assert_int_equal(chmod(p->key, 0644), 0);
    assert_int_equal(ca_open_files(p->cert, p->key, NOW, p->error, &ca), STATUS_REFUSED);
    assert_null(ca);
}

#define PLACE_TEST(test) cmocka_unit_test_setup_teardown(test, place_begin, place_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(makes_one_and_opens_it_again),
        PLACE_TEST(gives_the_modes_under_any_umask),
        PLACE_TEST(leaves_nothing_else_behind),
        PLACE_TEST(refuses_a_key_that_others_may_read),
        PLACE_TEST(refuses_symbolic_links),
        PLACE_TEST(makes_nothing_through_a_dangling_link),
        PLACE_TEST(refuses_a_key_of_another_user),
        PLACE_TEST(refuses_half_a_ca),
        PLACE_TEST(refuses_an_expired_ca),
        PLACE_TEST(says_what_is_wrong_with_the_files),
        PLACE_TEST(says_when_the_folder_cannot_be_made),
        PLACE_TEST(makes_one_when_many_start),
        PLACE_TEST(opens_a_ca_of_ones_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
