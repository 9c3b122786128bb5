#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/h1_scan.h"
#include "http/message.h"

enum { ROOM = 70 };

/* RFC 9110 §5.6.2, letter by letter. */
static bool token_by_the_rfc(int c)
{
    return c > 0x20 && c < 0x7f && strchr("\"(),/:;<=>?@[\\]{}", c) == NULL;
}

static void knows_the_characters_of_a_token(void **state)
{
    (void)state;

    for (int c = 0; c < 256; c++)
        assert_int_equal(http_token_table[c], token_by_the_rfc(c));
}

/* Each byte at each place of runs of each length: the words of the machine must
 * not show. */
static void check_scan(const uint8_t *(*scan)(const uint8_t *, const uint8_t *),
                       bool (*allowed)(int), uint8_t filler)
{
    uint8_t run[ROOM];

    for (size_t len = 0; len <= ROOM; len += len < 34 ? 1 : 9) {
        for (int c = 0; c < 256; c++) {
            for (size_t at = 0; at < len; at++) {
                memset(run, filler, sizeof(run));
                run[at] = (uint8_t)c;
                assert_ptr_equal(scan(run, run + len), allowed(c) ? run + len : run + at);
            }
        }
    }
}

static const uint8_t *scan_token(const uint8_t *at, const uint8_t *end)
{
    return h1_scan_token(at, end);
}

static const uint8_t *scan_value(const uint8_t *at, const uint8_t *end)
{
    return h1_scan_value(at, end);
}

static const uint8_t *scan_target(const uint8_t *at, const uint8_t *end)
{
    return h1_scan_target(at, end);
}

static bool value_by_the_rfc(int c)
{
    return c == '\t' || (c >= 0x20 && c != 0x7f);
}

static bool target_by_the_rfc(int c)
{
    return c > 0x20 && c < 0x7f && c != '#';
}

static void stops_at_what_is_no_token(void **state)
{
    (void)state;
    check_scan(scan_token, token_by_the_rfc, 'a');
    check_scan(scan_token, token_by_the_rfc, '~');
}

static void stops_at_controls_in_a_value(void **state)
{
    (void)state;
    check_scan(scan_value, value_by_the_rfc, 'a');
    check_scan(scan_value, value_by_the_rfc, '\t');
    check_scan(scan_value, value_by_the_rfc, 0xff);
}

static void stops_at_what_may_not_stand_in_a_target(void **state)
{
    (void)state;
    check_scan(scan_target, target_by_the_rfc, '/');
}

static void judges_tokens(void **state)
{
    (void)state;

    assert_true(http_token_valid(BYTES("X-a_1")));
    assert_false(http_token_valid(BYTES("")));
    assert_false(http_token_valid(BYTES("a b")));
    assert_false(http_token_valid(BYTES("a:")));
    assert_false(http_token_valid(BYTES("\xc3\xa9")));
}

static void judges_values(void **state)
{
    (void)state;

    assert_true(http_value_valid(BYTES("")));
    assert_true(http_value_valid(BYTES("a\tb \xff")));
    assert_false(http_value_valid(BYTES("a\r\nb")));
    assert_false(http_value_valid(BYTES("a\0b")));
    assert_false(http_value_valid(BYTES("a\x7f")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_characters_of_a_token),
        cmocka_unit_test(stops_at_what_is_no_token),
        cmocka_unit_test(stops_at_controls_in_a_value),
        cmocka_unit_test(stops_at_what_may_not_stand_in_a_target),
        cmocka_unit_test(judges_tokens),
        cmocka_unit_test(judges_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
