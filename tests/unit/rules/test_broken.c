/* Every broken/<name>.yaml must be refused with exactly the short diagnostics of
 * broken/<name>.expect. Run with WEIR_UPDATE_EXPECT=1 to write the .expect files
 * anew; then read what changed. */
#include <glob.h>

#include "rules_world.h"

#define BROKEN WEIR_SOURCE_DIR "/tests/unit/rules/broken/"

enum { BROKEN_MIN = 60, FILE_BYTES = 1024 * 1024 };

static void read_file(const char *path, struct buf *out)
{
    FILE *file = fopen(path, "rb");
    uint8_t *room = buf_room(out, FILE_BYTES);

    assert_non_null(file);
    assert_non_null(room);
    buf_added(out, fread(room, 1, FILE_BYTES, file));
    fclose(file);
}

static void write_file(const char *path, struct bytes text)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
    fclose(file);
}

static void is_refused_as_expected(void **state)
{
    const char *path = *state;
    char expect_path[512];
    struct buf yaml, expected;
    struct world *w;

    assert_int_equal(world_begin((void **)&w), 0);
    buf_init(&yaml, 2 * FILE_BYTES);
    buf_init(&expected, 2 * FILE_BYTES);
    snprintf(expect_path, sizeof(expect_path), "%.*s.expect", (int)(strlen(path) - 5), path);
    read_file(path, &yaml);
    w->folder = WEIR_SOURCE_DIR "/tests/unit/rules";
    assert_int_equal(world_try(w, buf_text(&yaml)), STATUS_BAD_CONFIG);
    assert_true(w->diags.errors > 0);
    if (getenv("WEIR_UPDATE_EXPECT"))
        write_file(expect_path, buf_bytes(&w->diag_text));
    read_file(expect_path, &expected);
    assert_string_equal(buf_text(&w->diag_text), buf_text(&expected));
    buf_release(&yaml);
    buf_release(&expected);
    world_end((void **)&w);
}

int main(void)
{
    struct CMUnitTest *tests;
    glob_t files;
    int failed;

    if (glob(BROKEN "*.yaml", 0, NULL, &files) || files.gl_pathc < BROKEN_MIN) {
        fprintf(stderr, "too few broken files in %s\n", BROKEN);
        return 1;
    }
    tests = calloc(files.gl_pathc, sizeof(tests[0]));
    if (!tests)
        return 1;
    for (size_t i = 0; i < files.gl_pathc; i++)
        tests[i] = (struct CMUnitTest){.name = strrchr(files.gl_pathv[i], '/') + 1,
                                       .test_func = is_refused_as_expected,
                                       .initial_state = files.gl_pathv[i]};
    failed = _cmocka_run_group_tests("broken", tests, files.gl_pathc, NULL, NULL);
    free(tests);
    globfree(&files);
    return failed;
}
