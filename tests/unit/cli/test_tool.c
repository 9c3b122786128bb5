#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/tool.h"

enum { OUT_BYTES = 1024 * 1024 };

static void tells_how_a_program_ended(void **state)
{
    const struct cli cli = {.colour_out = false};
    const struct tool t = {.cli = &cli};
    const char *const good[] = {"true", NULL};
    const char *const bad[] = {"sh", "-c", "exit 3", NULL};
    const char *const killed[] = {"sh", "-c", "kill -9 $$", NULL};
    const char *const none[] = {"no-such-program-here", NULL};
    const char *const nothing[] = {NULL};

    (void)state;
    assert_int_equal(tool_run(&t, false, good), STATUS_OK);
    assert_int_equal(tool_run(&t, false, bad), STATUS_REFUSED);
    assert_int_equal(tool_run(&t, false, killed), STATUS_REFUSED);
    assert_int_equal(tool_run(&t, false, none), STATUS_NOT_FOUND);
    assert_int_equal(tool_run(&t, false, nothing), STATUS_BAD_INPUT);
}

static void a_dry_run_runs_nothing(void **state)
{
    const struct cli cli = {.colour_out = false};
    const struct tool t = {.cli = &cli, .dry = true};
    char folder[] = "/tmp/weir-test-XXXXXX";
    const char *remove[] = {"rmdir", folder, NULL};

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(tool_run(&t, false, remove), STATUS_OK);
    assert_int_equal(rmdir(folder), 0);
}

static void gathers_what_a_program_prints(void **state)
{
    const char *const words[] = {"sh", "-c", "echo out; echo error >&2; head -c 100000 /dev/zero",
                                 NULL};
    struct buf out;

    (void)state;
    buf_init(&out, OUT_BYTES);
    assert_int_equal(tool_ask(words, &out), STATUS_OK);
    assert_int_equal(out.len, 4 + 100000);
    assert_memory_equal(out.ptr, "out\n", 4);
    buf_release(&out);
}

static void a_program_that_is_asked_reads_nothing(void **state)
{
    const char *const words[] = {"cat", NULL};
    struct buf out;

    (void)state;
    buf_init(&out, OUT_BYTES);
    assert_int_equal(tool_ask(words, &out), STATUS_OK);
    assert_int_equal(out.len, 0);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_how_a_program_ended),
        cmocka_unit_test(a_dry_run_runs_nothing),
        cmocka_unit_test(gathers_what_a_program_prints),
        cmocka_unit_test(a_program_that_is_asked_reads_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
