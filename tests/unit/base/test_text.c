#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

typedef void put_fn(struct buf *out, struct bytes in);

static void assert_put(put_fn *put, struct bytes in, const char *expected)
{
    struct buf b;

    buf_init(&b, 1 << 20);
    put(&b, in);
    assert_int_equal(buf_status(&b), STATUS_OK);
    assert_string_equal(buf_text(&b), expected);
    buf_release(&b);
}

static void nothing_stays_nothing(void **state)
{
    (void)state;
    assert_put(text_put_terminal, bytes_of(NULL), "");
    assert_put(text_put_html, bytes_of(NULL), "");
    assert_put(text_put_json, bytes_of(NULL), "\"\"");
    assert_put(text_put_shell, bytes_of(NULL), "''");
}

static void a_terminal_gets_no_control_bytes(void **state)
{
    (void)state;
    assert_put(text_put_terminal, BYTES("a\nb\rc\td\x1b[2Je"), "a\\nb\\rc\\td\\e[2Je");
    assert_put(text_put_terminal, BYTES("\0\x01\x1f\x7f"), "\\x00\\x01\\x1f\\x7f");
    assert_put(text_put_terminal, BYTES("C:\\dir \"x\""), "C:\\dir \"x\"");
    assert_put(text_put_terminal,
               BYTES("\x9b"
                     "2J \xfc"),
               "\\x9b2J \\xfc");
    assert_put(text_put_terminal,
               BYTES("\xc2\x9b"
                     "2J"),
               "\\u{009b}2J");
}

static void a_terminal_is_not_turned_around(void **state)
{
    (void)state;
    assert_put(text_put_terminal,
               BYTES("\xe2\x80\xae"
                     "exe.txt"),
               "\\u{202e}exe.txt");
    assert_put(text_put_terminal, BYTES("\xd8\x9c\xe2\x80\x8e\xe2\x80\x8f"),
               "\\u{061c}\\u{200e}\\u{200f}");
    assert_put(text_put_terminal, BYTES("\xe2\x81\xa6\xe2\x81\xa9\xe2\x80\xaa"),
               "\\u{2066}\\u{2069}\\u{202a}");
    assert_put(text_put_terminal, BYTES("\xe2\x80\xa8\xe2\x80\xa9"), "\\u{2028}\\u{2029}");
}

static void a_terminal_shows_text_of_all_languages(void **state)
{
    const char *text = "gr\xc3\xbc\xc3\x9f \xe4\xb8\xad \xf0\x9f\x98\x80 \xe2\x82\xac";

    (void)state;
    assert_put(text_put_terminal, bytes_of(text), text);
}

static void bodies_keep_their_lines(void **state)
{
    (void)state;
    assert_put(text_put_terminal_lines, BYTES("{\n\t\"a\": 1\r\n}\x1b"), "{\n\t\"a\": 1\\r\n}\\e");
}

static void json_escapes_what_it_must(void **state)
{
    (void)state;
    assert_put(text_put_json, BYTES("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
    assert_put(text_put_json, BYTES("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"");
    assert_put(text_put_json, BYTES("\0\x01\x1f"), "\"\\u0000\\u0001\\u001f\"");
    assert_put(text_put_json, BYTES("\xc3\xbc\xf0\x9f\x98\x80"), "\"\xc3\xbc\xf0\x9f\x98\x80\"");
}

static void json_lines_are_safe_on_a_terminal(void **state)
{
    (void)state;
    assert_put(text_put_json, BYTES("\x1b[2J\x7f"), "\"\\u001b[2J\\u007f\"");
    assert_put(text_put_json, BYTES("\xc2\x9b\xe2\x80\xae\xe2\x80\xa8"),
               "\"\\u009b\\u202e\\u2028\"");
}

static void json_replaces_bytes_that_are_no_utf8(void **state)
{
    (void)state;
    assert_put(text_put_json,
               BYTES("a\xff"
                     "b"),
               "\"a\xef\xbf\xbd"
               "b\"");
    assert_put(text_put_json, BYTES("\xc0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_put(text_put_json, BYTES("cut \xe2\x82"), "\"cut \xef\xbf\xbd\xef\xbf\xbd\"");
}

/* Every byte at every place of a long run, so that the fast path over eight
 * bytes at once is seen to miss none. */
static void escapes_a_byte_at_any_place(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        for (size_t at = 0; at < 24; at++) {
            char in[25] = "abcdefghijklmnopqrstuvwx";
            struct buf json, terminal;
            bool bad = byte >= 0x80 || byte == 0x7f || byte < 0x20;

            in[at] = (char)byte;
            buf_init(&json, 1000);
            buf_init(&terminal, 1000);
            text_put_json(&json, bytes_make(in, 24));
            text_put_terminal(&terminal, bytes_make(in, 24));
            assert_int_equal(buf_bytes(&terminal).len > 24, bad);
            assert_int_equal(buf_bytes(&json).len > 26, bad || byte == '"' || byte == '\\');
            assert_true(utf8_valid(buf_bytes(&json)));
            buf_release(&json);
            buf_release(&terminal);
        }
    }
}

static void html_escapes_markup(void **state)
{
    (void)state;
    assert_put(text_put_html, BYTES("<a href=\"x\">'&'</a>"),
               "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
    assert_put(text_put_html, BYTES("lines\r\n\tstay \xc3\xbc"), "lines\r\n\tstay \xc3\xbc");
    assert_put(text_put_html, BYTES("\0\x1b\xff\xc2\x80"),
               "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

static void shell_words_are_quoted_when_they_must(void **state)
{
    (void)state;
    assert_put(text_put_shell, BYTES("https://a.test/x-y_z%20:1,2@3+4=5"),
               "https://a.test/x-y_z%20:1,2@3+4=5");
    assert_put(text_put_shell, BYTES("a b"), "'a b'");
    assert_put(text_put_shell, BYTES("$(rm)`x`\"\\!"), "'$(rm)`x`\"\\!'");
    assert_put(text_put_shell, BYTES("it's"), "'it'\\''s'");
    assert_put(text_put_shell, BYTES("~"), "'~'");
    assert_put(text_put_shell, BYTES("a\0b"), "'ab'");
    assert_put(text_put_shell, BYTES("\xc3\xbc"), "'\xc3\xbc'");
}

static void a_full_buffer_says_so(void **state)
{
    static put_fn *const puts[] = {text_put_terminal, text_put_json, text_put_html, text_put_shell};

    (void)state;
    for (size_t i = 0; i < sizeof(puts) / sizeof(puts[0]); i++) {
        for (size_t max = 0; max < 8; max++) {
            struct buf b;

            buf_init(&b, max);
            puts[i](&b, BYTES("\n'\n'\"<'\n"));
            assert_int_equal(buf_status(&b), STATUS_LIMIT);
            buf_release(&b);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_stays_nothing),
        cmocka_unit_test(a_terminal_gets_no_control_bytes),
        cmocka_unit_test(a_terminal_is_not_turned_around),
        cmocka_unit_test(a_terminal_shows_text_of_all_languages),
        cmocka_unit_test(bodies_keep_their_lines),
        cmocka_unit_test(json_escapes_what_it_must),
        cmocka_unit_test(json_lines_are_safe_on_a_terminal),
        cmocka_unit_test(json_replaces_bytes_that_are_no_utf8),
        cmocka_unit_test(escapes_a_byte_at_any_place),
        cmocka_unit_test(html_escapes_markup),
        cmocka_unit_test(shell_words_are_quoted_when_they_must),
        cmocka_unit_test(a_full_buffer_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
