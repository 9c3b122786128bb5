#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/progress.h"

enum { LINE_BYTES = 512 };

static void shows(struct progress p, int64_t elapsed_ms, uint32_t columns, const char *wanted)
{
    struct buf line;

    buf_init(&line, LINE_BYTES);
    progress_put(&p, elapsed_ms, columns, &line);
    assert_string_equal(buf_text(&line), wanted);
    buf_release(&line);
}

static void tells_how_far_it_is_and_how_long_it_takes(void **state)
{
    struct progress q = {.what = "import", .items = "flows", .total = 1000};

    (void)state;
    shows(q, 0, 0, "import [------------------------]   0%  0 flows");
    q.done = 250;
    q.count = 7;
    shows(q, 500, 0, "import [######------------------]  25%  7 flows");
    shows(q, 2000, 0, "import [######------------------]  25%  7 flows, 6 s left");
    shows(q, 200000, 0, "import [######------------------]  25%  7 flows, 10 min left");
    q.done = 1000;
    shows(q, 2000, 0, "import [########################] 100%  7 flows");
    q.done = 1001; /* the file has grown */
    shows(q, 2000, 0, "import [########################] 100%  7 flows");
}

static void counts_when_the_end_is_not_known(void **state)
{
    (void)state;
    shows((struct progress){.what = "export", .items = "flows", .done = 5, .count = 5}, 9000, 0,
          "export  5 flows");
}

static void never_fills_the_line(void **state)
{
    (void)state;
    shows((struct progress){.what = "export", .items = "flows", .count = 5}, 0, 10, "export  5");
}

static void shows_nothing_where_there_is_no_terminal(void **state)
{
    struct progress p;

    (void)state;
    if (isatty(STDERR_FILENO))
        skip();
    progress_begin(&p, "import", "flows", 10);
    assert_false(p.shown);
    progress_set(&p, 5, 1);
    progress_clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_how_far_it_is_and_how_long_it_takes),
        cmocka_unit_test(counts_when_the_end_is_not_known),
        cmocka_unit_test(never_fills_the_line),
        cmocka_unit_test(shows_nothing_where_there_is_no_terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
