#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/chunk.h"

struct fixture {
    struct chunk_pool pool;
    struct slice_queue q;
};

static int setup(void **state)
{
    static struct fixture f;

    chunk_pool_init(&f.pool, 4);
    slice_queue_init(&f.q);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    slice_queue_release(&f->q);
    if (f->pool.live_bytes) /* a reference was lost */
        return 1;
    chunk_pool_release(&f->pool);
    return 0;
}

static void assert_content(const struct slice_queue *q, const char *expected)
{
    struct iovec iov[64];
    struct buf b;
    int n = slice_queue_iov(q, iov, 64);

    buf_init(&b, 1 << 20);
    for (int i = 0; i < n; i++)
        buf_put(&b, bytes_make(iov[i].iov_base, iov[i].iov_len));
    assert_string_equal(buf_text(&b), expected);
    assert_int_equal(q->bytes, strlen(expected));
    buf_release(&b);
}

static struct slice slice_new(struct chunk_pool *pool, const char *text)
{
    struct chunk *c = chunk_new(pool, strlen(text));

    assert_non_null(c);
    memcpy(c->data, text, strlen(text));
    c->len = (uint32_t)strlen(text);
    return (struct slice){c->data, strlen(text), c};
}

static void gives_back_in_order(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(slice_queue_first(&f->q).len, 0);
    assert_int_equal(slice_queue_push(&f->q, slice_new(&f->pool, "abc")), STATUS_OK);
    assert_int_equal(slice_queue_push(&f->q, slice_of(BYTES("def"))), STATUS_OK);
    assert_content(&f->q, "abcdef");
    assert_memory_equal(slice_queue_first(&f->q).ptr, "abc", 3);
    slice_queue_consume(&f->q, 4);
    assert_content(&f->q, "ef");
    slice_queue_consume(&f->q, 99);
    assert_int_equal(f->q.bytes, 0);
    assert_int_equal(f->q.count, 0);
}

static void drops_references_as_slices_are_consumed(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(slice_queue_push(&f->q, slice_new(&f->pool, "abc")), STATUS_OK);
    slice_queue_consume(&f->q, 2);
    assert_int_equal(f->pool.live_bytes, 3);
    slice_queue_consume(&f->q, 1);
    assert_int_equal(f->pool.live_bytes, 0);
}

static void an_empty_slice_is_dropped_at_once(void **state)
{
    struct fixture *f = *state;
    struct slice s = slice_new(&f->pool, "abc");

    s.len = 0;
    assert_int_equal(slice_queue_push(&f->q, s), STATUS_OK);
    assert_int_equal(f->q.count, 0);
    assert_int_equal(f->pool.live_bytes, 0);
}

static void wraps_around_and_grows(void **state)
{
    struct fixture *f = *state;
    unsigned put = 0, got = 0;

    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < 7; i++) {
            char letter[2] = {(char)('a' + put++ % 26), '\0'};

            assert_int_equal(slice_queue_push(&f->q, slice_new(&f->pool, letter)), STATUS_OK);
        }
        for (int i = 0; i < 6; i++) {
            assert_int_equal(slice_queue_first(&f->q).ptr[0], 'a' + got++ % 26);
            slice_queue_consume(&f->q, 1);
        }
    }
    assert_int_equal(f->q.bytes, 200);
    assert_int_equal(f->pool.live_bytes, 200);
}

static void vectors_are_no_more_than_asked(void **state)
{
    struct fixture *f = *state;
    struct iovec iov[2];

    assert_int_equal(slice_queue_iov(&f->q, iov, 2), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(slice_queue_push(&f->q, slice_of(BYTES("xy"))), STATUS_OK);
    assert_int_equal(slice_queue_iov(&f->q, iov, 2), 2);
    assert_int_equal(iov[1].iov_len, 2);
}

static void small_puts_share_one_chunk(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 5; i++)
        assert_int_equal(slice_queue_put(&f->q, &f->pool, BYTES("ab")), STATUS_OK);
    assert_int_equal(slice_queue_put(&f->q, &f->pool, BYTES("")), STATUS_OK);
    assert_int_equal(f->q.count, 1);
    assert_content(&f->q, "ababababab");
    slice_queue_consume(&f->q, 3);
    assert_int_equal(slice_queue_put(&f->q, &f->pool, BYTES("z")), STATUS_OK);
    assert_int_equal(f->q.count, 1);
    assert_content(&f->q, "babababz");
}

static void a_put_fills_the_last_chunk_and_goes_on_in_a_new_one(void **state)
{
    static uint8_t big[CHUNK_LARGE_BYTES * 2];
    struct fixture *f = *state;
    size_t total = CHUNK_SMALL_BYTES - 3;

    memset(big, 'b', sizeof(big));
    assert_int_equal(slice_queue_put(&f->q, &f->pool, bytes_make(big, total)), STATUS_OK);
    assert_int_equal(slice_queue_put(&f->q, &f->pool, BYTES("abcdef")), STATUS_OK);
    assert_int_equal(f->q.count, 2);
    assert_int_equal(slice_queue_first(&f->q).len, CHUNK_SMALL_BYTES);
    slice_queue_consume(&f->q, total);
    assert_content(&f->q, "abcdef");
    assert_int_equal(slice_queue_put(&f->q, &f->pool, bytes_make(big, sizeof(big))), STATUS_OK);
    assert_int_equal(f->q.bytes, 6 + sizeof(big));
}

static void never_writes_into_a_chunk_that_others_hold(void **state)
{
    struct fixture *f = *state;
    struct slice held;

    assert_int_equal(slice_queue_put(&f->q, &f->pool, BYTES("ab")), STATUS_OK);
    held = slice_keep(slice_queue_first(&f->q));
    assert_int_equal(slice_queue_put(&f->q, &f->pool, BYTES("cd")), STATUS_OK);
    assert_int_equal(f->q.count, 2);
    assert_content(&f->q, "abcd");
    slice_drop(held);
}

static void never_writes_behind_a_part_of_a_chunk(void **state)
{
    struct fixture *f = *state;
    struct chunk *c = chunk_new(&f->pool, 100);
    struct slice s = {c->data, 2, c};

    memcpy(c->data, "abcdef", 6);
    c->len = 6; /* "cdef" belongs to whoever filled the chunk */
    assert_int_equal(slice_queue_push(&f->q, s), STATUS_OK);
    assert_int_equal(slice_queue_put(&f->q, &f->pool, BYTES("xy")), STATUS_OK);
    assert_int_equal(f->q.count, 2);
    assert_memory_equal(s.chunk->data, "abcdef", 6);
    assert_content(&f->q, "abxy");
}

static void moves_all_to_another_queue(void **state)
{
    struct fixture *f = *state;
    struct slice_queue from;

    slice_queue_init(&from);
    for (int i = 0; i < 20; i++)
        assert_int_equal(slice_queue_push(&from, slice_new(&f->pool, "x")), STATUS_OK);
    assert_int_equal(slice_queue_move(&f->q, &from), STATUS_OK);
    assert_content(&f->q, "xxxxxxxxxxxxxxxxxxxx");
    assert_int_equal(from.bytes + from.count, 0);
    assert_int_equal(slice_queue_push(&from, slice_new(&f->pool, "y")), STATUS_OK);
    assert_int_equal(slice_queue_move(&f->q, &from), STATUS_OK);
    assert_content(&f->q, "xxxxxxxxxxxxxxxxxxxxy");
    assert_int_equal(slice_queue_move(&f->q, &from), STATUS_OK);
    assert_int_equal(from.bytes + from.count, 0);
    slice_queue_release(&from);
}

static void cuts_off_its_end(void **state)
{
    struct fixture *f = *state;
    struct slice_queue rest;

    for (size_t keep = 0; keep <= 12; keep++) {
        size_t kept = keep < 10 ? keep : 10;
        char front[16] = {0}, end[16] = "x";

        slice_queue_init(&rest);
        assert_int_equal(slice_queue_push(&rest, slice_new(&f->pool, "x")), STATUS_OK);
        assert_int_equal(slice_queue_push(&f->q, slice_new(&f->pool, "01234")), STATUS_OK);
        assert_int_equal(slice_queue_push(&f->q, slice_new(&f->pool, "56")), STATUS_OK);
        assert_int_equal(slice_queue_push(&f->q, slice_new(&f->pool, "789")), STATUS_OK);
        assert_int_equal(slice_queue_nth(&f->q, 1).len, 2);
        assert_int_equal(slice_queue_cut(&f->q, keep, &rest), STATUS_OK);
        memcpy(front, "0123456789", kept);
        strcat(end, &"0123456789"[kept]);
        assert_content(&f->q, front);
        assert_content(&rest, end);
        slice_queue_release(&rest);
        slice_queue_release(&f->q);
        assert_int_equal(f->pool.live_bytes, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_back_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(drops_references_as_slices_are_consumed, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_slice_is_dropped_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(wraps_around_and_grows, setup, teardown),
        cmocka_unit_test_setup_teardown(vectors_are_no_more_than_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(small_puts_share_one_chunk, setup, teardown),
        cmocka_unit_test_setup_teardown(a_put_fills_the_last_chunk_and_goes_on_in_a_new_one, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(never_writes_into_a_chunk_that_others_hold, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(never_writes_behind_a_part_of_a_chunk, setup, teardown),
        cmocka_unit_test_setup_teardown(moves_all_to_another_queue, setup, teardown),
        cmocka_unit_test_setup_teardown(cuts_off_its_end, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
