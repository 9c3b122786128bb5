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

#include "config/include.h"

enum { ARENA_BYTES = 1024 * 1024, OUT_BYTES = 64 * 1024, PATH_TEXT = 128, FILES = 8 };

struct fixture {
    struct arena arena;
    struct includes in;
    struct buf out;
    char folder[PATH_TEXT];
    char paths[FILES][PATH_TEXT];
    int count;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (!f)
        return -1;
    arena_init(&f->arena, ARENA_BYTES);
    buf_init(&f->out, OUT_BYTES);
    strcpy(f->folder, "/tmp/weir-places-XXXXXX");
    *state = f;
    return mkdtemp(f->folder) ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    for (int i = f->count; i > 0; i--)
        remove(f->paths[i - 1]);
    rmdir(f->folder);
    buf_release(&f->out);
    arena_release(&f->arena);
    free(f);
    return 0;
}

static const char *path_of(struct fixture *f, const char *name)
{
    char *path = f->paths[f->count++];

    snprintf(path, PATH_TEXT, "%.60s/%.40s", f->folder, name);
    return path;
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void note(struct fixture *f, const char *path, bool is_pattern)
{
    assert_int_equal(include_note(&f->arena, &f->in, path, is_pattern), STATUS_OK);
}

static void sees_a_file_that_changes_comes_or_goes(void **state)
{
    struct fixture *f = *state;
    const char *a = path_of(f, "a.yaml");

    note(f, a, false);
    assert_false(includes_changed(&f->in));
    put(a, "1");
    assert_true(includes_changed(&f->in));
    f->in.first = f->in.last = NULL;
    note(f, a, false);
    assert_false(includes_changed(&f->in));
    put(a, "22");
    assert_true(includes_changed(&f->in));
    f->in.first = f->in.last = NULL;
    note(f, a, false);
    unlink(a);
    assert_true(includes_changed(&f->in));
}

static void sees_what_a_pattern_matches(void **state)
{
    struct fixture *f = *state;
    const char *pattern = path_of(f, "*.yaml"), *a = path_of(f, "a.yaml");

    note(f, pattern, true);
    put(path_of(f, "a.txt"), "1");
    assert_false(includes_changed(&f->in));
    put(a, "1");
    assert_true(includes_changed(&f->in));
}

static void takes_no_places_for_a_change(void **state)
{
    struct fixture *f = *state;

    assert_true(includes_changed(&f->in));
}

/* The folders as lines. */
static const char *folders(struct fixture *f)
{
    buf_clear(&f->out);
    includes_put_folders(&f->in, &f->out);
    for (size_t i = 0; i < f->out.len; i++)
        f->out.ptr[i] = f->out.ptr[i] ? f->out.ptr[i] : '\n';
    return buf_text(&f->out);
}

static void names_folders_those_of_links_and_those_above(void **state)
{
    struct fixture *f = *state;
    const char *d = path_of(f, "d"), *real = path_of(f, "d/real"), *link = path_of(f, "link");
    char wanted[2 * PATH_TEXT + 3];

    mkdir(d, 0700);
    put(real, "1");
    assert_int_equal(symlink("d/real", link), 0);
    note(f, link, false);
    note(f, path_of(f, "gone/deep/x*/y.yaml"), true);
    note(f, path_of(f, "d/*"), true);
    snprintf(wanted, sizeof(wanted), "%s\n%s\n", f->folder, d);
    assert_string_equal(folders(f), wanted);
}

static void reads_a_pattern_without_its_escapes(void **state)
{
    struct fixture *f = *state;

    mkdir(path_of(f, "a[b]"), 0700);
    note(f, path_of(f, "a\\[b]/*.yaml"), true);
    assert_non_null(strstr(folders(f), "/a[b]\n"));
}

static void copies_places(void **state)
{
    struct fixture *f = *state;
    const char *a = path_of(f, "a.yaml");
    struct includes copy = {.path = NULL};
    struct arena small;

    put(a, "1");
    note(f, a, false);
    assert_int_equal(includes_copy(&f->arena, &f->in, &copy), STATUS_OK);
    assert_ptr_not_equal(copy.first, f->in.first);
    assert_false(includes_changed(&copy));
    arena_init(&small, 1);
    assert_int_equal(includes_copy(&small, &f->in, &copy), STATUS_NO_MEMORY);
    arena_release(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(sees_a_file_that_changes_comes_or_goes),
        TEST(sees_what_a_pattern_matches),
        TEST(takes_no_places_for_a_change),
        TEST(names_folders_those_of_links_and_those_above),
        TEST(reads_a_pattern_without_its_escapes),
        TEST(copies_places),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
