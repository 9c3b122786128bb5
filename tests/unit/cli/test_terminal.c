#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/terminal.h"

static int forget(void **state)
{
    (void)state;
    unsetenv("NO_COLOR");
    unsetenv("FORCE_COLOR");
    unsetenv("CLICOLOR_FORCE");
    setenv("TERM", "xterm", 1);
    return 0;
}

static void a_file_has_no_colours(void **state)
{
    int fd = open("/dev/null", O_WRONLY);

    (void)state;
    assert_false(terminal_colour(NULL, fd));
    assert_false(terminal_colour("auto", fd));
    assert_int_equal(terminal_columns(fd), 0);
    close(fd);
}

static void the_option_wins(void **state)
{
    int fd = open("/dev/null", O_WRONLY);

    (void)state;
    setenv("NO_COLOR", "1", 1);
    assert_true(terminal_colour("always", fd));
    setenv("FORCE_COLOR", "1", 1);
    assert_false(terminal_colour("never", fd));
    close(fd);
}

static void no_color_wins_over_force_color(void **state)
{
    int fd = open("/dev/null", O_WRONLY);

    (void)state;
    setenv("FORCE_COLOR", "1", 1);
    assert_true(terminal_colour(NULL, fd));
    setenv("NO_COLOR", "1", 1);
    assert_false(terminal_colour(NULL, fd));
    setenv("NO_COLOR", "", 1); /* empty is not set */
    assert_true(terminal_colour(NULL, fd));
    setenv("FORCE_COLOR", "0", 1);
    assert_false(terminal_colour(NULL, fd));
    close(fd);
}

static void a_terminal_has_colours_unless_it_is_dumb(void **state)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    int fd;

    (void)state;
    assert_true(terminal >= 0);
    assert_int_equal(grantpt(terminal), 0);
    assert_int_equal(unlockpt(terminal), 0);
    fd = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    assert_true(terminal_colour(NULL, fd));
    setenv("TERM", "dumb", 1);
    assert_false(terminal_colour(NULL, fd));
    unsetenv("TERM");
    assert_false(terminal_colour(NULL, fd));
    close(fd);
    close(terminal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_file_has_no_colours, forget),
        cmocka_unit_test_setup(the_option_wins, forget),
        cmocka_unit_test_setup(no_color_wins_over_force_color, forget),
        cmocka_unit_test_setup(a_terminal_has_colours_unless_it_is_dumb, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
