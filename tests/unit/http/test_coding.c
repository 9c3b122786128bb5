#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ZLIB_CONST /* next_in points to const */
#include <zlib.h>
#include <zstd.h>

#include "http/coding.h"

enum {
    TEXT_BYTES = 104,
    BOMB_BYTES = 32 * 1024 * 1024,
    PACKED_BYTES = 256 * 1024, /* room for anything packed here */
    OUT_BYTES = 64 * 1024 * 1024,
    WINDOW_GZIP = 15 + 16,
    WINDOW_ZLIB = 15,
    WINDOW_RAW = -15,
};

static const char text[] =
    "A weir stands across a stream: everything passes, everything is measured. "
    "A weir stands across a stream.";

/* `text`, packed by brotli -q 11. */
static const uint8_t text_br[] = {
    0x1b, 0x67, 0x00, 0xc0, 0x8c, 0x94, 0xab, 0xed, 0x68, 0x15, 0x74, 0x07, 0xa9, 0x1d,
    0xe9, 0xc5, 0x97, 0xc5, 0xdf, 0xac, 0x50, 0xa8, 0x7d, 0x56, 0x70, 0xc8, 0x81, 0xcb,
    0x29, 0x6e, 0x91, 0x44, 0x92, 0x69, 0x1e, 0x63, 0xe7, 0xcb, 0x80, 0x6d, 0x68, 0x74,
    0x8e, 0x28, 0xd9, 0x83, 0x5a, 0xc8, 0x99, 0x07, 0xe7, 0xf0, 0xd5, 0xba, 0x03, 0x24,
    0x7d, 0x70, 0xd4, 0xe8, 0x1c, 0xa5, 0xb0, 0x2c, 0xb5, 0x30, 0xa6, 0x05};

/* 32 MiB of zeros, packed by brotli -q 11. */
static const uint8_t bomb_br[] = {0xcb, 0xff, 0xff, 0x3f, 0xf8, 0x27, 0x00, 0xe2, 0xb1, 0x40, 0x20,
                                  0xf7, 0xfe, 0x8f, 0xff, 0xff, 0x7f, 0xf0, 0x4f, 0x00, 0xc4, 0x61,
                                  0x11, 0x80, 0xee, 0xfd, 0x1f, 0xff, 0xff, 0xff, 0xe0, 0x9f, 0x00,
                                  0x88, 0xc3, 0x02, 0x00, 0xdd, 0xfb, 0xbf, 0xfc, 0xff, 0xff, 0xc3,
                                  0x3f, 0x01, 0x10, 0x87, 0x05, 0x00, 0xba, 0xf7, 0x7f};

struct packed {
    uint8_t bytes[PACKED_BYTES];
    size_t len;
};

static struct bytes packed_bytes(const struct packed *p)
{
    return bytes_make(p->bytes, p->len);
}

/* Adds to what is packed already. */
static void pack_zlib(struct packed *p, struct bytes in, int window)
{
    z_stream z = {0};

    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = in.ptr;
    z.avail_in = (uInt)in.len;
    z.next_out = p->bytes + p->len;
    z.avail_out = (uInt)(PACKED_BYTES - p->len);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    p->len = PACKED_BYTES - z.avail_out;
    deflateEnd(&z);
}

static void pack_zstd(struct packed *p, struct bytes in)
{
    size_t len = ZSTD_compress(p->bytes + p->len, PACKED_BYTES - p->len, in.ptr, in.len, 3);

    assert_false(ZSTD_isError(len));
    p->len += len;
}

static struct packed *packed_new(void)
{
    struct packed *p = malloc(sizeof(*p));

    assert_non_null(p);
    p->len = 0;
    return p;
}

static void assert_decodes(const char *codings, struct bytes in, struct bytes expected)
{
    struct buf out;

    buf_init(&out, OUT_BYTES);
    assert_int_equal(coding_decode(bytes_of(codings), in, &out), STATUS_OK);
    assert_int_equal(out.len, expected.len);
    if (expected.len > 0)
        assert_memory_equal(out.ptr, expected.ptr, expected.len);
    buf_release(&out);
}

static void assert_answers(const char *codings, struct bytes in, enum status expected)
{
    struct buf out;

    buf_init(&out, OUT_BYTES);
    assert_int_equal(coding_decode(bytes_of(codings), in, &out), expected);
    buf_release(&out);
}

static void decodes_each_coding(void **state)
{
    struct packed *p = packed_new();

    (void)state;
    pack_zlib(p, bytes_of(text), WINDOW_GZIP);
    assert_decodes("gzip", packed_bytes(p), bytes_of(text));
    assert_decodes("X-GZip", packed_bytes(p), bytes_of(text));
    p->len = 0;
    pack_zlib(p, bytes_of(text), WINDOW_ZLIB);
    assert_decodes("deflate", packed_bytes(p), bytes_of(text));
    p->len = 0;
    pack_zlib(p, bytes_of(text), WINDOW_RAW);
    assert_decodes("deflate", packed_bytes(p), bytes_of(text));
    p->len = 0;
    pack_zstd(p, bytes_of(text));
    assert_decodes("zstd", packed_bytes(p), bytes_of(text));
    assert_decodes("br", bytes_make(text_br, sizeof(text_br)), bytes_of(text));
    free(p);
}

static void passes_what_is_not_coded(void **state)
{
    (void)state;
    assert_decodes("", bytes_of(text), bytes_of(text));
    assert_decodes("identity, Identity,", bytes_of(text), bytes_of(text));
    assert_decodes("identity", BYTES(""), BYTES(""));
}

static void takes_an_empty_content_for_whole(void **state)
{
    (void)state;
    assert_decodes("gzip", BYTES(""), BYTES(""));
    assert_decodes("br, zstd, deflate", BYTES(""), BYTES(""));
}

static void undoes_the_last_listed_coding_first(void **state)
{
    struct packed *inner = packed_new(), *outer = packed_new();

    (void)state;
    pack_zstd(inner, bytes_of(text));
    pack_zlib(outer, packed_bytes(inner), WINDOW_GZIP);
    assert_decodes("zstd, gzip", packed_bytes(outer), bytes_of(text));
    assert_decodes("zstd,identity ,, gzip", packed_bytes(outer), bytes_of(text));
    assert_answers("gzip, zstd", packed_bytes(outer), STATUS_BAD_INPUT);
    free(inner);
    free(outer);
}

/* RFC 1952 §2.2, RFC 8878 §3.1 */
static void decodes_several_members_and_frames(void **state)
{
    struct packed *p = packed_new();

    (void)state;
    pack_zlib(p, BYTES("one "), WINDOW_GZIP);
    pack_zlib(p, BYTES(""), WINDOW_GZIP);
    pack_zlib(p, BYTES("two"), WINDOW_GZIP);
    assert_decodes("gzip", packed_bytes(p), BYTES("one two"));
    p->len = 0;
    pack_zstd(p, BYTES("one "));
    memcpy(p->bytes + p->len, "\x50\x2a\x4d\x18\x02\0\0\0xy", 10); /* a skippable frame */
    p->len += 10;
    pack_zstd(p, BYTES("two"));
    assert_decodes("zstd", packed_bytes(p), BYTES("one two"));
    free(p);
}

static void refuses_codings_that_are_not_known(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, OUT_BYTES);
    buf_put_text(&out, "kept");
    assert_int_equal(coding_decode(BYTES("gzip, rot13"), bytes_of(text), &out), STATUS_UNSUPPORTED);
    assert_int_equal(coding_decode(BYTES("gzip;q=1"), bytes_of(text), &out), STATUS_UNSUPPORTED);
    assert_string_equal(buf_text(&out), "kept");
    buf_release(&out);
}

static void refuses_a_fourth_layer(void **state)
{
    struct packed *a = packed_new(), *b = packed_new();

    (void)state;
    pack_zlib(a, bytes_of(text), WINDOW_GZIP);
    pack_zlib(b, packed_bytes(a), WINDOW_GZIP);
    a->len = 0;
    pack_zlib(a, packed_bytes(b), WINDOW_GZIP);
    assert_decodes("gzip, gzip, gzip", packed_bytes(a), bytes_of(text));
    b->len = 0;
    pack_zlib(b, packed_bytes(a), WINDOW_GZIP);
    assert_answers("gzip, gzip, gzip, gzip", packed_bytes(b), STATUS_LIMIT);
    free(a);
    free(b);
}

/* A cut at every byte: TRUNCATED, and what came is a prefix of the whole. */
static void assert_tells_of_every_cut(const char *codings, struct bytes in)
{
    struct buf out;

    buf_init(&out, OUT_BYTES);
    for (size_t len = 1; len < in.len; len++) {
        uint8_t *cut = malloc(len); /* so that a read beyond is seen */

        assert_non_null(cut);
        memcpy(cut, in.ptr, len);
        buf_clear(&out);
        assert_int_equal(coding_decode(bytes_of(codings), bytes_make(cut, len), &out),
                         STATUS_TRUNCATED);
        assert_true(bytes_starts_with(bytes_of(text), buf_bytes(&out)));
        free(cut);
    }
    buf_release(&out);
}

static void tells_of_a_cut_at_every_byte(void **state)
{
    struct packed *p = packed_new(), *outer = packed_new();

    (void)state;
    pack_zlib(p, bytes_of(text), WINDOW_GZIP);
    assert_tells_of_every_cut("gzip", packed_bytes(p));
    p->len = 0;
    pack_zlib(p, bytes_of(text), WINDOW_ZLIB);
    assert_tells_of_every_cut("deflate", packed_bytes(p));
    p->len = 0;
    pack_zlib(p, bytes_of(text), WINDOW_RAW);
    assert_tells_of_every_cut("deflate", packed_bytes(p));
    p->len = 0;
    pack_zstd(p, bytes_of(text));
    assert_tells_of_every_cut("zstd", packed_bytes(p));
    pack_zlib(outer, packed_bytes(p), WINDOW_GZIP);
    assert_tells_of_every_cut("zstd, gzip", packed_bytes(outer));
    assert_tells_of_every_cut("br", bytes_make(text_br, sizeof(text_br)));
    free(p);
    free(outer);
}

static void keeps_what_came_before_a_cut(void **state)
{
    struct packed *p = packed_new();
    struct buf out;

    (void)state;
    pack_zlib(p, bytes_of(text), WINDOW_GZIP);
    buf_init(&out, OUT_BYTES);
    /* Only the checksum and the length are missing. */
    assert_int_equal(coding_decode(BYTES("gzip"), bytes_until(packed_bytes(p), p->len - 8), &out),
                     STATUS_TRUNCATED);
    assert_string_equal(buf_text(&out), text);
    buf_release(&out);
    free(p);
}

static void refuses_what_is_not_coded_so(void **state)
{
    static const char *const codings[] = {"gzip", "br", "zstd", "deflate"};
    struct packed *p = packed_new();
    uint8_t noise[TEXT_BYTES];

    (void)state;
    memset(noise, 0xff, sizeof(noise));
    for (size_t i = 0; i < sizeof(codings) / sizeof(codings[0]); i++)
        assert_answers(codings[i], bytes_make(noise, sizeof(noise)), STATUS_BAD_INPUT);
    pack_zlib(p, bytes_of(text), WINDOW_GZIP);
    p->bytes[p->len - 5] ^= 1; /* in the checksum */
    assert_answers("gzip", packed_bytes(p), STATUS_BAD_INPUT);
    p->len = 0;
    pack_zlib(p, bytes_of(text), WINDOW_ZLIB);
    p->bytes[p->len - 1] ^= 1;
    assert_answers("deflate", packed_bytes(p), STATUS_BAD_INPUT);
    free(p);
}

static void refuses_bytes_after_the_end(void **state)
{
    struct packed *p = packed_new();
    struct buf out;

    (void)state;
    buf_init(&out, OUT_BYTES);
    pack_zlib(p, bytes_of(text), WINDOW_GZIP);
    p->bytes[p->len++] = 'x';
    assert_int_equal(coding_decode(BYTES("gzip"), packed_bytes(p), &out), STATUS_TRUNCATED);
    p->bytes[p->len++] = 'y';
    buf_clear(&out);
    assert_int_equal(coding_decode(BYTES("gzip"), packed_bytes(p), &out), STATUS_BAD_INPUT);
    assert_string_equal(buf_text(&out), text);
    p->len = 0;
    pack_zlib(p, bytes_of(text), WINDOW_RAW);
    p->bytes[p->len++] = 'x';
    assert_answers("deflate", packed_bytes(p), STATUS_BAD_INPUT);
    memcpy(p->bytes, text_br, sizeof(text_br));
    p->bytes[sizeof(text_br)] = 'x';
    assert_answers("br", bytes_make(p->bytes, sizeof(text_br) + 1), STATUS_BAD_INPUT);
    buf_release(&out);
    free(p);
}

/* What came before the fault goes through the layers behind. */
static void keeps_what_came_before_a_fault(void **state)
{
    struct packed *inner = packed_new(), *outer = packed_new();
    struct buf out;

    (void)state;
    pack_zstd(inner, bytes_of(text));
    pack_zlib(outer, packed_bytes(inner), WINDOW_GZIP);
    outer->bytes[outer->len - 5] ^= 1;
    buf_init(&out, OUT_BYTES);
    assert_int_equal(coding_decode(BYTES("zstd, gzip"), packed_bytes(outer), &out),
                     STATUS_BAD_INPUT);
    assert_string_equal(buf_text(&out), text);
    buf_release(&out);
    free(inner);
    free(outer);
}

static void assert_bomb_is_stopped(const char *codings, struct bytes in, size_t expected)
{
    struct buf out;

    buf_init(&out, OUT_BYTES);
    assert_int_equal(coding_decode(bytes_of(codings), in, &out), STATUS_LIMIT);
    assert_int_equal(out.len, expected);
    /* It did not ask for much more memory than it shows. */
    assert_true(out.cap <= 2 * CODING_OUT_BYTES);
    buf_release(&out);
}

static void stops_bombs_by_their_ratio(void **state)
{
    struct packed *p = packed_new(), *outer = packed_new();
    uint8_t *zeros = calloc(1, BOMB_BYTES);

    (void)state;
    assert_non_null(zeros);
    pack_zlib(p, bytes_make(zeros, BOMB_BYTES), WINDOW_GZIP);
    assert_bomb_is_stopped("gzip", packed_bytes(p), p->len * CODING_RATIO);
    pack_zlib(outer, packed_bytes(p), WINDOW_GZIP);
    assert_bomb_is_stopped("gzip, gzip", packed_bytes(outer), CODING_RATIO_FLOOR_BYTES);
    p->len = 0;
    pack_zlib(p, bytes_make(zeros, BOMB_BYTES), WINDOW_RAW);
    assert_bomb_is_stopped("deflate", packed_bytes(p), p->len * CODING_RATIO);
    p->len = 0;
    pack_zstd(p, bytes_make(zeros, BOMB_BYTES));
    assert_bomb_is_stopped("zstd", packed_bytes(p), p->len * CODING_RATIO);
    assert_bomb_is_stopped("br", bytes_make(bomb_br, sizeof(bomb_br)), CODING_RATIO_FLOOR_BYTES);
    free(p);
    free(outer);
    free(zeros);
}

/* The layer between may not swell either, though the last one shows nothing:
 * frames of zstd that are skipped. */
static void stops_bombs_between_the_layers(void **state)
{
    struct packed *p = packed_new();
    uint8_t *frames = calloc(1, BOMB_BYTES);

    (void)state;
    assert_non_null(frames);
    for (size_t at = 0; at < BOMB_BYTES; at += 64)
        memcpy(frames + at, "\x50\x2a\x4d\x18\x38\0\0\0", 8);
    pack_zlib(p, bytes_make(frames, BOMB_BYTES), WINDOW_GZIP);
    assert_bomb_is_stopped("zstd, gzip", packed_bytes(p), 0);
    free(p);
    free(frames);
}

static void stops_at_the_most_that_is_decoded(void **state)
{
    uint8_t *noise = malloc(CODING_OUT_BYTES + 1);
    struct buf out;

    (void)state;
    assert_non_null(noise);
    memset(noise, 'x', CODING_OUT_BYTES + 1);
    buf_init(&out, OUT_BYTES);
    assert_int_equal(coding_decode(BYTES(""), bytes_make(noise, CODING_OUT_BYTES), &out),
                     STATUS_OK);
    buf_clear(&out);
    assert_int_equal(coding_decode(BYTES(""), bytes_make(noise, CODING_OUT_BYTES + 1), &out),
                     STATUS_LIMIT);
    assert_int_equal(out.len, CODING_OUT_BYTES);
    buf_release(&out);
    free(noise);
}

/* The cap of `out` is a limit, not a breakage; small outputs have no ratio. */
static void stops_at_the_cap_of_the_buffer(void **state)
{
    struct packed *p = packed_new();
    uint8_t *zeros = calloc(1, CODING_RATIO_FLOOR_BYTES);
    struct buf out;

    (void)state;
    assert_non_null(zeros);
    pack_zlib(p, bytes_make(zeros, CODING_RATIO_FLOOR_BYTES), WINDOW_GZIP);
    assert_decodes("gzip", packed_bytes(p), bytes_make(zeros, CODING_RATIO_FLOOR_BYTES));
    buf_init(&out, 10);
    buf_put_text(&out, "four");
    assert_int_equal(coding_decode(BYTES("gzip"), packed_bytes(p), &out), STATUS_LIMIT);
    assert_int_equal(out.len, 10);
    assert_int_equal(buf_status(&out), STATUS_OK);
    assert_int_equal(coding_decode(BYTES(""), BYTES("x"), &out), STATUS_LIMIT);
    buf_release(&out);
    free(p);
    free(zeros);
}

/* RFC 9659 §3 */
static void refuses_a_zstd_window_over_8_mib(void **state)
{
    static const uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 14 << 3, 0x01, 0x00, 0x00};

    (void)state;
    assert_answers("zstd", bytes_make(frame, sizeof(frame)), STATUS_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_each_coding),
        cmocka_unit_test(passes_what_is_not_coded),
        cmocka_unit_test(takes_an_empty_content_for_whole),
        cmocka_unit_test(undoes_the_last_listed_coding_first),
        cmocka_unit_test(decodes_several_members_and_frames),
        cmocka_unit_test(refuses_codings_that_are_not_known),
        cmocka_unit_test(refuses_a_fourth_layer),
        cmocka_unit_test(tells_of_a_cut_at_every_byte),
        cmocka_unit_test(keeps_what_came_before_a_cut),
        cmocka_unit_test(refuses_what_is_not_coded_so),
        cmocka_unit_test(refuses_bytes_after_the_end),
        cmocka_unit_test(keeps_what_came_before_a_fault),
        cmocka_unit_test(stops_bombs_by_their_ratio),
        cmocka_unit_test(stops_bombs_between_the_layers),
        cmocka_unit_test(stops_at_the_most_that_is_decoded),
        cmocka_unit_test(stops_at_the_cap_of_the_buffer),
        cmocka_unit_test(refuses_a_zstd_window_over_8_mib),
    };

    return cmocka_run_group_tests_name("coding", tests, NULL, NULL);
}
