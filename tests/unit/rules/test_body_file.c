/* `respond: file`. */
#include <sys/stat.h>
#include <unistd.h>

#include "rules_world.h"

struct folder {
    struct world *world;
    char path[64];
};

static int folder_begin(void **state)
{
    struct folder *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    strcpy(f->path, "/tmp/weir_body_XXXXXX");
    assert_non_null(mkdtemp(f->path));
    assert_int_equal(world_begin((void **)&f->world), 0);
    f->world->folder = f->path;
    *state = f;
    return 0;
}

static int folder_end(void **state)
{
    static const char *const names[] = {"a.json", "b", "big.png", "pipe"};
    struct folder *f = *state;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[128];

        snprintf(path, sizeof(path), "%s/%s", f->path, names[i]);
        unlink(path);
    }
    rmdir(f->path);
    world_end((void **)&f->world);
    free(f);
    return 0;
}

static void write_file(struct folder *f, const char *name, const char *text, off_t len)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", f->path, name);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fflush(file), 0);
    assert_int_equal(ftruncate(fileno(file), len), 0);
    fclose(file);
}

static void answers_with_a_file_as_it_is(void **state)
{
    struct folder *f = *state;

    write_file(f, "a.json", "{\"id\": \"$(id)\"}", 15);
    write_file(f, "b", "x", 1);
    world_rule(f->world, "{ match: a.test, then: { respond: { file: a.json } } }");
    expect_part(f->world, "GET http://a.test/", "Content-Type: application/json\n");
    expect_part(f->world, "GET http://a.test/", "Content-Length: 15\n\n{\"id\": \"$(id)\"}\n");
    world_rule(f->world, "{ match: a.test, then: { respond: { file: b } } }");
    expect_part(f->world, "GET http://a.test/", "Content-Type: application/octet-stream\n");
}

static void refuse(struct folder *f, const char *file, const char *reason)
{
    char yaml[256];

    snprintf(yaml, sizeof(yaml), "rules: [{ match: a.test, then: { respond: { file: %s } } }]",
             file);
    assert_int_equal(world_try(f->world, yaml), STATUS_BAD_CONFIG);
    if (!strstr(buf_text(&f->world->diag_text), reason))
        print_message("%s", buf_text(&f->world->diag_text));
    assert_non_null(strstr(buf_text(&f->world->diag_text), reason));
}

static void refuses_what_it_cannot_read_whole(void **state)
{
    struct folder *f = *state;
    char pipe[128];

    write_file(f, "big.png", "", RULE_BODY_BYTES + 1);
    snprintf(pipe, sizeof(pipe), "%s/pipe", f->path);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    refuse(f, "none.txt", "cannot read 'none.txt': No such file or directory");
    refuse(f, "big.png", "'big.png' is larger than 8 MiB");
    refuse(f, "pipe", "'pipe' is not a regular file");
    refuse(f, "/tmp", "'/tmp' is not a regular file");
}

static void takes_a_file_of_the_largest_size(void **state)
{
    struct folder *f = *state;

    write_file(f, "big.png", "", RULE_BODY_BYTES);
    world_rule(f->world, "{ match: a.test, then: { respond: { file: big.png } } }");
    expect_part(f->world, "HEAD http://a.test/", "Content-Length: 8388608\n");
    expect_part(f->world, "HEAD http://a.test/", "Content-Type: image/png\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_begin, folder_end)
        TEST(answers_with_a_file_as_it_is),
        TEST(refuses_what_it_cannot_read_whole),
        TEST(takes_a_file_of_the_largest_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
