#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/node.h"

enum { ARENA_BYTES = 64 * 1024 * 1024, OUT_BYTES = 64 * 1024 };

struct fixture {
    struct arena arena;
    struct diags diags;
    struct node *root;
    char path[64];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    int fd;

    if (!f)
        return -1;
    arena_init(&f->arena, ARENA_BYTES);
    diags_init(&f->diags);
    strcpy(f->path, "/tmp/weir-node-file-XXXXXX");
    fd = mkstemp(f->path);
    if (fd >= 0)
        close(fd);
    *state = f;
    return fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    unlink(f->path);
    diags_release(&f->diags);
    arena_release(&f->arena);
    free(f);
    return 0;
}

static void file_write(const struct fixture *f, const char *text, size_t len)
{
    FILE *file = fopen(f->path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    fclose(file);
}

static void reads_and_parses_a_file(void **state)
{
    struct fixture *f = *state;

    file_write(f, "a: b\n", 5);
    assert_int_equal(node_load(&f->arena, f->path, "shown.yaml", &f->diags, &f->root), STATUS_OK);
    assert_true(bytes_equal(node_find(f->root, "a")->text, BYTES("b")));
    assert_string_equal(f->root->source->name, "shown.yaml");
    file_write(f, "", 0);
    assert_int_equal(node_load(&f->arena, f->path, "f", &f->diags, &f->root), STATUS_OK);
    assert_null(f->root);
}

static void says_when_there_is_no_file(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(node_load(&f->arena, "/nonexistent/x.yaml", "x.yaml", &f->diags, &f->root),
                     STATUS_NOT_FOUND);
    assert_string_equal(f->diags.first->text, "cannot read 'x.yaml': No such file or directory");
    assert_null(f->root);
}

static void says_when_a_file_cannot_be_read(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(node_load(&f->arena, "/tmp", "tmp", &f->diags, &f->root), STATUS_IO);
    assert_string_equal(f->diags.first->text, "cannot read 'tmp': Is a directory");
}

static void reads_no_more_than_the_cap(void **state)
{
    struct fixture *f = *state;
    char *text = malloc(CONFIG_BYTES + 2);

    assert_non_null(text);
    memset(text, '#', CONFIG_BYTES + 2);
    file_write(f, text, CONFIG_BYTES);
    assert_int_equal(node_load(&f->arena, f->path, "f", &f->diags, &f->root), STATUS_OK);
    file_write(f, text, CONFIG_BYTES + 2);
    free(text);
    assert_int_equal(node_load(&f->arena, f->path, "f", &f->diags, &f->root), STATUS_BAD_CONFIG);
    assert_string_equal(f->diags.first->text,
                        "larger than 8 MiB, the most a configuration may have");
    assert_int_equal(node_load(&f->arena, "/dev/zero", "f", &f->diags, &f->root),
                     STATUS_BAD_CONFIG);
}

static void answers_no_memory_when_the_arena_is_full(void **state)
{
    struct fixture *f = *state;
    struct arena small;

    arena_init(&small, 100);
    file_write(f, "a: b\n", 5);
    assert_int_equal(node_load(&small, f->path, "f", &f->diags, &f->root), STATUS_NO_MEMORY);
    arena_release(&small);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_and_parses_a_file),
        TEST(says_when_there_is_no_file),
        TEST(says_when_a_file_cannot_be_read),
        TEST(reads_no_more_than_the_cap),
        TEST(answers_no_memory_when_the_arena_is_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
