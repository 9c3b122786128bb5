#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/h1_writer.h"

enum { ARENA_BYTES = 4 * 1024 * 1024 };

struct sheet {
    struct h1_scratch *scratch;
    struct arena a;
    struct head h;
};

static int setup(void **state)
{
    static struct sheet s;

    *state = &s;
    arena_init(&s.a, ARENA_BYTES);
    return h1_scratch_new(16, &s.scratch);
}

static int teardown(void **state)
{
    struct sheet *s = *state;

    arena_release(&s->a);
    h1_scratch_free(s->scratch);
    return 0;
}

static void request(struct sheet *s, const char *path)
{
    s->h = (struct head){.side = HTTP_REQUEST,
                         .method = BYTES("GET"),
                         .scheme = BYTES("http"),
                         .authority = BYTES("a.test"),
                         .path = bytes_of(path),
                         .length = -1};
}

static void response(struct sheet *s, uint16_t status, const char *reason)
{
    s->h = (struct head){.side = HTTP_RESPONSE, .status = status, .reason = bytes_of(reason)};
}

static void add(struct sheet *s, const char *name, const char *value, const char *line)
{
    assert_int_equal(fields_append(&s->a, &s->h.fields, bytes_of(name), bytes_of(value)),
                     STATUS_OK);
    s->h.fields.items[s->h.fields.count - 1].line = bytes_of(line);
}

static void assert_written(struct sheet *s, struct h1_plan plan, const char *expected)
{
    struct bytes out;

    assert_int_equal(h1_write_head(s->scratch, &s->h, &plan, &out), STATUS_OK);
    if (!bytes_equal(out, bytes_of(expected)))
        fail_msg("wrote:\n%.*s", (int)out.len, (const char *)out.ptr);
}

static void assert_refused(struct sheet *s)
{
    struct h1_plan plan = {.frame = H1_FRAME_NONE};
    struct bytes out = {NULL, 77};

    assert_int_equal(h1_write_head(s->scratch, &s->h, &plan, &out), STATUS_BAD_INPUT);
    assert_int_equal(out.len, 77);
}

static const struct h1_plan no_frame = {.frame = H1_FRAME_NONE};

/* RFC 9112 §3.2 */
static void writes_each_form_of_a_target(void **state)
{
    struct sheet *s = *state;

    request(s, "/x?y");
    assert_written(s, no_frame, "GET /x?y HTTP/1.1\r\n\r\n");
    s->h.form = TARGET_ABSOLUTE;
    assert_written(s, no_frame, "GET http://a.test/x?y HTTP/1.1\r\n\r\n");
    s->h.form = TARGET_AUTHORITY;
    assert_written(s, no_frame, "GET a.test HTTP/1.1\r\n\r\n");
    s->h.form = TARGET_ASTERISK;
    s->h.path = BYTES("*");
    assert_written(s, no_frame, "GET * HTTP/1.1\r\n\r\n");
    s->h.form = TARGET_ABSOLUTE;
    assert_written(s, no_frame, "GET http://a.test HTTP/1.1\r\n\r\n");
    s->h.form = TARGET_ORIGIN;
    s->h.path = BYTES("");
    assert_written(s, no_frame, "GET / HTTP/1.1\r\n\r\n");
}

static void keeps_untouched_lines_byte_for_byte(void **state)
{
    struct sheet *s = *state;

    request(s, "/");
    add(s, "hOSt", "a.test", "hOSt:\ta.test  ");
    add(s, "X", "made", "");
    assert_written(s, no_frame, "GET / HTTP/1.1\r\nhOSt:\ta.test  \r\nX: made\r\n\r\n");
}

static void keeps_a_length_that_is_right(void **state)
{
    struct sheet *s = *state;

    response(s, 200, "OK");
    add(s, "content-LENGTH", "05", "content-LENGTH:05");
    add(s, "X", "1", "X: 1");
    assert_written(s, (struct h1_plan){.frame = H1_FRAME_LENGTH, .length = 5},
                   "HTTP/1.1 200 OK\r\ncontent-LENGTH:05\r\nX: 1\r\n\r\n");
}

static void replaces_a_length_in_its_place(void **state)
{
    struct sheet *s = *state;

    response(s, 200, "OK");
    add(s, "content-length", "5", "content-length:5");
    add(s, "X", "1", "X: 1");
    add(s, "Content-Length", "5", "Content-Length: 5");
    assert_written(s, (struct h1_plan){.frame = H1_FRAME_LENGTH, .length = INT64_MAX},
                   "HTTP/1.1 200 OK\r\ncontent-length: 9223372036854775807\r\nX: 1\r\n\r\n");
}

static void puts_chunked_where_a_length_was_not_known(void **state)
{
    struct sheet *s = *state;

    response(s, 200, "OK");
    add(s, "Content-Length", "5", "Content-Length: 5");
    add(s, "X", "1", "X: 1");
    assert_written(s, (struct h1_plan){.frame = H1_FRAME_CHUNKED},
                   "HTTP/1.1 200 OK\r\nX: 1\r\nTransfer-Encoding: chunked\r\n\r\n");
}

static void keeps_codings_that_end_in_chunked(void **state)
{
    struct sheet *s = *state;

    response(s, 200, "OK");
    add(s, "transfer-encoding", "gzip", "transfer-encoding:gzip");
    add(s, "X", "1", "X: 1");
    add(s, "Transfer-Encoding", "chunked", "Transfer-Encoding: chunked");
    assert_written(s, (struct h1_plan){.frame = H1_FRAME_CHUNKED},
                   "HTTP/1.1 200 OK\r\ntransfer-encoding:gzip\r\nX: 1\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n");
}

static void replaces_codings_that_do_not(void **state)
{
    struct sheet *s = *state;

    response(s, 200, "OK");
    add(s, "Transfer-Encoding", "gzip", "Transfer-Encoding: gzip");
    assert_written(s, (struct h1_plan){.frame = H1_FRAME_CHUNKED},
                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
}

static void leaves_framing_as_it_is_or_out(void **state)
{
    struct sheet *s = *state;

    response(s, 304, "");
    add(s, "Content-Length", "5", "Content-Length:5");
    assert_written(s, (struct h1_plan){.frame = H1_FRAME_AS_IS},
                   "HTTP/1.1 304 \r\nContent-Length:5\r\n\r\n");
    assert_written(s, no_frame, "HTTP/1.1 304 \r\n\r\n");
}

static void adds_what_is_told_of_the_connection(void **state)
{
    struct sheet *s = *state;

    response(s, 200, "OK");
    assert_written(s, (struct h1_plan){.frame = H1_FRAME_LENGTH, .close = true},
                   "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_written(s, (struct h1_plan){.frame = H1_FRAME_NONE, .keep_alive = true},
                   "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n");
}

/* What a rule makes must not end its line, in any part of the head. */
static void refuses_what_would_break_out_of_its_line(void **state)
{
    struct sheet *s = *state;

    request(s, "/");
    add(s, "X", "1\r\nY: 2", "");
    assert_refused(s);
    request(s, "/");
    add(s, "X\r\nY", "1", "");
    assert_refused(s);
    request(s, "/");
    add(s, "", "1", "");
    assert_refused(s);
    request(s, "/ HTTP/1.1\r\nX: 1");
    assert_refused(s);
    request(s, "/");
    s->h.method = BYTES("GET /x");
    assert_refused(s);
    request(s, "/");
    s->h.form = TARGET_ABSOLUTE;
    s->h.authority = BYTES("a b");
    assert_refused(s);
    response(s, 200, "OK\nX: 1");
    assert_refused(s);
    response(s, 99, "OK");
    assert_refused(s);
    response(s, 1000, "OK");
    assert_refused(s);
}

static void refuses_a_head_beyond_its_cap(void **state)
{
    struct sheet *s = *state;
    uint8_t *long_value = malloc(HTTP_HEAD_OUT_BYTES);
    struct h1_plan plan = {.frame = H1_FRAME_NONE};
    struct bytes out;

    assert_non_null(long_value);
    memset(long_value, 'a', HTTP_HEAD_OUT_BYTES);
    request(s, "/");
    add(s, "X", "1", "");
    s->h.fields.items[0].value = bytes_make(long_value, HTTP_HEAD_OUT_BYTES);
    assert_int_equal(h1_write_head(s->scratch, &s->h, &plan, &out), STATUS_LIMIT);
    free(long_value);
}

/* RFC 9110 §6.5.1 */
static void writes_trailers_without_those_that_may_not_stand_there(void **state)
{
    struct sheet *s = *state;
    struct bytes out;

    response(s, 200, "OK");
    add(s, "X-Sum", "1", "X-Sum:1");
    add(s, "Content-Length", "1", "");
    add(s, "Y", "2", "");
    assert_int_equal(h1_write_trailers(s->scratch, &s->h.fields, &out), STATUS_OK);
    assert_true(bytes_equal(out, BYTES("0\r\nX-Sum:1\r\nY: 2\r\n\r\n")));
    add(s, "Z", "\n", "");
    assert_int_equal(h1_write_trailers(s->scratch, &s->h.fields, &out), STATUS_BAD_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_each_form_of_a_target, setup, teardown),
        cmocka_unit_test_setup_teardown(keeps_untouched_lines_byte_for_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(keeps_a_length_that_is_right, setup, teardown),
        cmocka_unit_test_setup_teardown(replaces_a_length_in_its_place, setup, teardown),
        cmocka_unit_test_setup_teardown(puts_chunked_where_a_length_was_not_known, setup, teardown),
        cmocka_unit_test_setup_teardown(keeps_codings_that_end_in_chunked, setup, teardown),
        cmocka_unit_test_setup_teardown(replaces_codings_that_do_not, setup, teardown),
        cmocka_unit_test_setup_teardown(leaves_framing_as_it_is_or_out, setup, teardown),
        cmocka_unit_test_setup_teardown(adds_what_is_told_of_the_connection, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_what_would_break_out_of_its_line, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_a_head_beyond_its_cap, setup, teardown),
        cmocka_unit_test_setup_teardown(writes_trailers_without_those_that_may_not_stand_there,
                                        setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
