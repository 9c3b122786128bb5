#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/h1_chunked.h"
#include "http/message.h"

struct result {
    char data[256];
    size_t len;
    enum status status; /* of the last call */
    size_t used;
    bool untidy;
};

/* Feeds `text` in pieces of `piece` bytes, until it is refused or at its end. */
static struct result play_pieces(const char *text, size_t len, size_t piece, bool forgives)
{
    struct result r = {.status = STATUS_NEED_MORE};
    struct h1_chunked d;

    h1_chunked_init(&d, forgives);
    while (r.used < len && r.status == STATUS_NEED_MORE) {
        struct bytes in = bytes_until(bytes_make(text + r.used, len - r.used), piece);
        size_t before = in.len;
        struct bytes data;

        while ((r.status = h1_chunked_next(&d, &in, &data)) == STATUS_OK) {
            assert_true(data.len > 0 && r.len + data.len <= sizeof(r.data));
            memcpy(r.data + r.len, data.ptr, data.len);
            r.len += data.len;
        }
        r.used += before - in.len;
    }
    r.untidy = d.untidy;
    return r;
}

static struct result play(const char *text, bool forgives)
{
    size_t len = strlen(text);
    struct result whole = play_pieces(text, len, len, forgives);

    for (size_t piece = 1; piece < len; piece++) {
        struct result r = play_pieces(text, len, piece, forgives);

        assert_int_equal(r.status, whole.status);
        assert_int_equal(r.len, whole.len);
        assert_memory_equal(r.data, whole.data, r.len);
        if (r.status == STATUS_END)
            assert_int_equal(r.used, whole.used);
    }
    return whole;
}

static void assert_refused(const char *text)
{
    assert_int_equal(play(text, false).status, STATUS_BAD_MESSAGE);
}

static void takes_the_coding_off(void **state)
{
    struct result r = play("5\r\nhello\r\nA;x=\"y\"\r\n0123456789\r\n0\r\n\r\n", false);
    (void)state;

    assert_int_equal(r.status, STATUS_END);
    assert_int_equal(r.len, 15);
    assert_memory_equal(r.data, "hello0123456789", 15);
    assert_false(r.untidy);
}

static void stops_behind_the_last_chunks_line(void **state)
{
    static const char text[] = "1\r\na\r\n00;x\r\nTrailer: 1\r\n\r\n";
    struct result r = play(text, false);
    (void)state;

    assert_int_equal(r.status, STATUS_END);
    assert_string_equal(text + r.used, "Trailer: 1\r\n\r\n");
}

static void hands_content_out_where_it_lies(void **state)
{
    static const char text[] = "5\r\nhello\r\n";
    struct bytes in = BYTES("5\r\nhello\r\n"), data;
    struct h1_chunked d;
    (void)state;

    in.ptr = (const uint8_t *)text;
    h1_chunked_init(&d, false);
    assert_int_equal(h1_chunked_next(&d, &in, &data), STATUS_OK);
    assert_ptr_equal(data.ptr, text + 3);
    assert_int_equal(data.len, 5);
}

static void refuses_sizes_that_are_none(void **state)
{
    (void)state;

    assert_refused("\r\n");
    assert_refused("g\r\n");
    assert_refused("-1\r\n");
    assert_refused("+1\r\n");
    assert_refused(" 1\r\n");
    assert_refused("0x1\r\n");
    assert_refused("1 2\r\n");
    assert_refused(";x\r\n");
    assert_refused("\xef\xbc\x91\r\n");
}

static void refuses_sizes_that_overflow(void **state)
{
    (void)state;

    assert_refused("10000000000000000\r\n");
    assert_refused("00000000000000001\r\n");
    assert_refused("8000000000000000\r\n");
    assert_refused("ffffffffffffffff\r\n");
    assert_int_equal(play("7fffffffffffffff\r\n", false).status, STATUS_NEED_MORE);
}

static void refuses_line_ends_that_are_not_crlf(void **state)
{
    (void)state;

    assert_refused("1\na\r\n");
    assert_refused("1\ra\r\n");
    assert_refused("1;x\na\r\n");
    assert_refused("1;x\ra\r\n");
    assert_refused("1\r\na\n0\r\n");
    assert_refused("1\r\na\r0\r\n");
    assert_refused("1\r\nab");
    assert_refused("0\n");
}

static void refuses_controls_in_an_extension(void **state)
{
    (void)state;

    assert_refused("1;\x01\r\n");
    assert_refused("1;\x7f\r\n");
    assert_int_equal(play("1;\t\xff\r\n", false).status, STATUS_NEED_MORE);
}

static void forgives_blanks_behind_a_size_only_when_told_to(void **state)
{
    struct result r = play("1 \t\r\na\r\n0\r\n", true);
    (void)state;

    assert_int_equal(r.status, STATUS_END);
    assert_true(r.untidy);
    assert_refused("1 \t\r\na\r\n0\r\n");
    assert_false(play("1 ;x\r\na\r\n0\r\n", true).untidy);
}

static void caps_a_chunk_line(void **state)
{
    size_t len = HTTP_CHUNK_LINE_BYTES + 16;
    char *text = malloc(len);
    (void)state;

    assert_non_null(text);
    memset(text, 'x', len);
    memcpy(text, "1;", 2);
    memcpy(text + HTTP_CHUNK_LINE_BYTES - 2, "\r\na", 3);
    assert_int_equal(play_pieces(text, HTTP_CHUNK_LINE_BYTES + 1, 7, false).status,
                     STATUS_NEED_MORE);
    memcpy(text + HTTP_CHUNK_LINE_BYTES - 2, "x\r\na", 4);
    assert_int_equal(play_pieces(text, HTTP_CHUNK_LINE_BYTES + 2, 7, false).status,
                     STATUS_BAD_MESSAGE);
    free(text);
}

/* Each chunk has a cap of its own. */
static void counts_each_chunk_line_anew(void **state)
{
    struct h1_chunked d;
    (void)state;

    h1_chunked_init(&d, false);
    for (int i = 0; i < 3000; i++) {
        struct bytes in = BYTES("1;xx\r\na\r\n"), data;

        assert_int_equal(h1_chunked_next(&d, &in, &data), STATUS_OK);
        assert_int_equal(h1_chunked_next(&d, &in, &data), STATUS_NEED_MORE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_coding_off),
        cmocka_unit_test(stops_behind_the_last_chunks_line),
        cmocka_unit_test(hands_content_out_where_it_lies),
        cmocka_unit_test(refuses_sizes_that_are_none),
        cmocka_unit_test(refuses_sizes_that_overflow),
        cmocka_unit_test(refuses_line_ends_that_are_not_crlf),
        cmocka_unit_test(refuses_controls_in_an_extension),
        cmocka_unit_test(forgives_blanks_behind_a_size_only_when_told_to),
        cmocka_unit_test(caps_a_chunk_line),
        cmocka_unit_test(counts_each_chunk_line_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
