#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/h1_reader.h"

enum { MAX_FIELDS = 4 };

static const struct codec_limits strict = {
    .head_bytes = 4096, .fields = MAX_FIELDS, .request_line_bytes = 1024};
static const struct codec_limits lenient = {
    .head_bytes = 4096, .fields = MAX_FIELDS, .request_line_bytes = 1024, .lenient = true};

struct read {
    struct h1_scratch *scratch;
    struct h1_reader r;
    struct codec_fault fault;
};

static enum status read_text(struct read *t, const struct codec_limits *limits, const char *text)
{
    t->fault = (struct codec_fault){.status = 0};
    h1_reader_init(&t->r, HTTP_REQUEST, limits, t->scratch, bytes_of(text), &t->fault);
    return h1_read_fields(&t->r);
}

static int setup(void **state)
{
    static struct read t;

    *state = &t;
    return h1_scratch_new(MAX_FIELDS, &t.scratch);
}

static int teardown(void **state)
{
    struct read *t = *state;

    h1_scratch_free(t->scratch);
    return 0;
}

static void assert_text(struct bytes got, const char *expected)
{
    assert_int_equal(got.len, strlen(expected));
    if (got.len > 0)
        assert_memory_equal(got.ptr, expected, got.len);
}

static void points_into_what_was_read(void **state)
{
    static const char text[] = "Host:  a.test \r\nX-Y:\r\n\r\nbehind";
    struct read *t = *state;
    const struct field *f = t->scratch->fields;

    assert_int_equal(read_text(t, &strict, text), STATUS_OK);
    assert_int_equal(t->r.fields->count, 2);
    assert_ptr_equal(f[0].name.ptr, text);
    assert_text(f[0].name, "Host");
    assert_ptr_equal(f[0].value.ptr, text + 7);
    assert_text(f[0].value, "a.test");
    assert_text(f[0].line, "Host:  a.test ");
    assert_int_equal(f[0].id, FIELD_HOST);
    assert_text(f[1].value, "");
    assert_int_equal(f[1].id, FIELD_OTHER);
    assert_ptr_equal(t->r.at, text + sizeof(text) - 1 - strlen("behind"));
}

static void remembers_which_fields_it_saw(void **state)
{
    struct read *t = *state;

    assert_int_equal(read_text(t, &strict, "Host: a\r\nTE: b\r\nte: c\r\n\r\n"), STATUS_OK);
    assert_true(h1_saw(&t->r, FIELD_HOST));
    assert_false(h1_saw_again(&t->r, FIELD_HOST));
    assert_true(h1_saw_again(&t->r, FIELD_TE));
    assert_false(h1_saw(&t->r, FIELD_UPGRADE));
}

static void needs_more_at_every_cut(void **state)
{
    static const char text[] = "A: 1\r\nB : 2\r\n 3\r\n\r\n";
    struct read *t = *state;
    char part[sizeof(text)];

    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        memcpy(part, text, len);
        part[len] = 0;
        assert_int_equal(read_text(t, &lenient, part), STATUS_NEED_MORE);
    }
    assert_int_equal(read_text(t, &lenient, text), STATUS_OK);
}

static void makes_one_value_of_many_folds(void **state)
{
    struct read *t = *state;
    const struct field *f = t->scratch->fields;

    assert_int_equal(read_text(t, &lenient, "A: 1\r\n 2\r\n\t 3\r\nB: x\r\nC:\r\n y\r\n z\r\n\r\n"),
                     STATUS_OK);
    assert_text(f[0].value, "1 2 3");
    assert_int_equal(f[0].line.len, 0);
    assert_text(f[1].line, "B: x");
    assert_text(f[2].value, "y z");
    assert_int_equal(t->r.anomalies, HTTP_ANOMALY(FOLDED_FIELD));
}

static void takes_as_many_fields_as_the_limit(void **state)
{
    struct read *t = *state;

    assert_int_equal(read_text(t, &strict, "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n"), STATUS_OK);
    assert_int_equal(read_text(t, &strict, "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\n\r\n"),
                     STATUS_LIMIT);
    assert_int_equal(t->fault.status, 431);
    assert_int_equal(t->fault.anomaly, HTTP_ANOMALY(TOO_LARGE));
}

static void says_what_it_refuses(void **state)
{
    struct read *t = *state;

    assert_int_equal(read_text(t, &strict, "A : 1\r\n\r\n"), STATUS_BAD_MESSAGE);
    assert_int_equal(t->fault.anomaly, HTTP_ANOMALY(SPACE_BEFORE_COLON));
    assert_int_equal(t->fault.status, 400);
    assert_non_null(t->fault.sentence);
}

/* The search must find the same end as the reader, whatever the cuts. */
static void finds_the_end_of_a_section_in_any_pieces(void **state)
{
    static const char *const sections[] = {
        "GET / HTTP/1.1\r\nA: 1\r\n\r\n", "GET / HTTP/1.1\n\n", "GET\r\n\r\n",
        "a\r\r\nb\r\n\r\r\nc\r\n\r\n",    "a\r\n \r\nb\n\r\n",  "\r\r\n\r\n",
    };
    (void)state;

    for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
        struct bytes all = bytes_of(sections[i]);

        for (size_t piece = 1; piece <= all.len; piece++) {
            enum h1_search search = H1_SEARCH_IN_LINE;
            size_t at = 0, end = 0;

            while (end == 0 && at < all.len) {
                struct bytes part = bytes_until(bytes_from(all, at), piece);

                end = h1_search_end(&search, part);
                at += end > 0 ? end : part.len;
            }
            assert_true(end > 0);
            assert_int_equal(at, all.len);
        }
    }
}

static void finds_empty_trailers(void **state)
{
    enum h1_search search = H1_SEARCH_LINE_START;
    (void)state;

    assert_int_equal(h1_search_end(&search, BYTES("\r\nGET")), 2);
    search = H1_SEARCH_LINE_START;
    assert_int_equal(h1_search_end(&search, BYTES("\nGET")), 1);
    search = H1_SEARCH_IN_LINE;
    assert_int_equal(h1_search_end(&search, BYTES("\r\nGET")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(points_into_what_was_read, setup, teardown),
        cmocka_unit_test_setup_teardown(remembers_which_fields_it_saw, setup, teardown),
        cmocka_unit_test_setup_teardown(needs_more_at_every_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(makes_one_value_of_many_folds, setup, teardown),
        cmocka_unit_test_setup_teardown(takes_as_many_fields_as_the_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(says_what_it_refuses, setup, teardown),
        cmocka_unit_test(finds_the_end_of_a_section_in_any_pieces),
        cmocka_unit_test(finds_empty_trailers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
