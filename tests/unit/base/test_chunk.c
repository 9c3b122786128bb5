#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/chunk.h"

static void sizes_follow_what_is_asked(void **state)
{
    static const struct {
        size_t asked, given;
    } cases[] = {
        {0, 0},
        {1, 1},
        {CHUNK_SMALL_BYTES / 4 - 1, CHUNK_SMALL_BYTES / 4 - 1},
        {CHUNK_SMALL_BYTES / 4, CHUNK_SMALL_BYTES},
        {CHUNK_SMALL_BYTES, CHUNK_SMALL_BYTES},
        {CHUNK_SMALL_BYTES + 1, CHUNK_LARGE_BYTES},
        {CHUNK_LARGE_BYTES, CHUNK_LARGE_BYTES},
        {CHUNK_LARGE_BYTES + 1, CHUNK_LARGE_BYTES + 1},
    };
    struct chunk_pool pool;

    (void)state;
    chunk_pool_init(&pool, 4);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct chunk *c = chunk_new(&pool, cases[i].asked);

        assert_non_null(c);
        assert_int_equal(c->refs, 1);
        assert_int_equal(c->len, 0);
        assert_int_equal(c->cap, cases[i].given);
        assert_int_equal(pool.live_bytes, cases[i].given);
        memset(c->data, 1, c->cap);
        chunk_unref(c);
        assert_int_equal(pool.live_bytes, 0);
    }
    chunk_pool_release(&pool);
}

static void refuses_a_chunk_too_big_to_count(void **state)
{
    struct chunk_pool pool;

    (void)state;
    chunk_pool_init(&pool, 4);
    assert_null(chunk_new(&pool, (size_t)UINT32_MAX + 1));
    assert_null(chunk_new(&pool, SIZE_MAX));
    assert_int_equal(pool.live_bytes, 0);
    chunk_pool_release(&pool);
}

static void reuses_what_came_back(void **state)
{
    struct chunk_pool pool;
    struct chunk *c;

    (void)state;
    chunk_pool_init(&pool, 4);
    c = chunk_new(&pool, CHUNK_LARGE_BYTES);
    c->len = 77;
    chunk_unref(c);
    assert_int_equal(pool.free_large_count, 1);
    assert_ptr_equal(chunk_new(&pool, CHUNK_LARGE_BYTES), c);
    assert_int_equal(c->len, 0);
    assert_int_equal(pool.free_large_count, 0);
    chunk_unref(c);
    chunk_pool_release(&pool);
}

static void keeps_no_more_free_chunks_than_asked(void **state)
{
    struct chunk_pool pool;
    struct chunk *c[4];

    (void)state;
    chunk_pool_init(&pool, 2);
    for (int i = 0; i < 4; i++)
        c[i] = chunk_new(&pool, CHUNK_SMALL_BYTES);
    for (int i = 0; i < 4; i++)
        chunk_unref(c[i]);
    assert_int_equal(pool.free_small_count, 2);
    assert_int_equal(pool.free_large_count, 0);
    assert_int_equal(pool.live_bytes, 0);
    chunk_pool_release(&pool);
    assert_null(pool.free_small);
}

static void lives_until_the_last_reference_goes(void **state)
{
    struct chunk_pool pool;
    struct chunk *c;

    (void)state;
    chunk_pool_init(&pool, 0);
    c = chunk_new(&pool, 100);
    chunk_ref(c);
    chunk_unref(c);
    assert_int_equal(pool.live_bytes, 100);
    c->data[0] = 1;
    chunk_unref(c);
    assert_int_equal(pool.live_bytes, 0);
    chunk_unref(NULL);
    chunk_pool_release(&pool);
}

static void slices_share_their_chunk(void **state)
{
    struct chunk_pool pool;
    struct chunk *c;
    struct slice all, part;

    (void)state;
    chunk_pool_init(&pool, 4);
    c = chunk_new(&pool, 100);
    memset(c->data, 'x', 100);
    all = (struct slice){c->data, 100, c};
    part = slice_keep(slice_part(all, 90, 1000));
    assert_int_equal(c->refs, 2);
    assert_int_equal(part.len, 10);
    assert_ptr_equal(part.ptr, c->data + 90);
    slice_drop(all);
    assert_int_equal(slice_bytes(part).ptr[9], 'x');
    slice_drop(part);
    assert_int_equal(pool.live_bytes, 0);
    slice_drop(slice_keep(slice_of(BYTES("static"))));
    chunk_pool_release(&pool);
}

static void retains_a_slice_that_fills_half_its_chunk(void **state)
{
    struct chunk_pool pool;
    struct chunk *c;
    struct slice kept;

    (void)state;
    chunk_pool_init(&pool, 4);
    c = chunk_new(&pool, CHUNK_SMALL_BYTES);
    assert_int_equal(slice_retain(&pool, (struct slice){c->data, CHUNK_SMALL_BYTES / 2, c}, &kept),
                     STATUS_OK);
    assert_ptr_equal(kept.chunk, c);
    assert_int_equal(c->refs, 2);
    slice_drop(kept);
    chunk_unref(c);
    chunk_pool_release(&pool);
}

static void copies_a_slice_that_fills_little_of_its_chunk(void **state)
{
    const size_t len = CHUNK_SMALL_BYTES / 2 - 1;
    struct chunk_pool pool;
    struct chunk *c;
    struct slice kept;

    (void)state;
    chunk_pool_init(&pool, 4);
    c = chunk_new(&pool, CHUNK_SMALL_BYTES);
    memset(c->data, 'y', c->cap);
    assert_int_equal(slice_retain(&pool, (struct slice){c->data + 5, len, c}, &kept), STATUS_OK);
    assert_ptr_not_equal(kept.chunk, c);
    assert_int_equal(kept.chunk->cap, len);
    assert_memory_equal(kept.ptr, c->data, len);
    assert_int_equal(c->refs, 1);
    slice_drop(kept);
    chunk_unref(c);
    chunk_pool_release(&pool);
}

static void copies_borrowed_bytes_and_leaves_nothing_for_none(void **state)
{
    struct chunk_pool pool;
    struct slice kept;

    (void)state;
    chunk_pool_init(&pool, 4);
    assert_int_equal(slice_retain(&pool, slice_of(BYTES("borrowed")), &kept), STATUS_OK);
    assert_non_null(kept.chunk);
    assert_memory_equal(kept.ptr, "borrowed", 8);
    slice_drop(kept);
    assert_int_equal(slice_retain(&pool, (struct slice){0}, &kept), STATUS_OK);
    assert_null(kept.chunk);
    assert_int_equal(kept.len, 0);
    chunk_pool_release(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_follow_what_is_asked),
        cmocka_unit_test(refuses_a_chunk_too_big_to_count),
        cmocka_unit_test(reuses_what_came_back),
        cmocka_unit_test(keeps_no_more_free_chunks_than_asked),
        cmocka_unit_test(lives_until_the_last_reference_goes),
        cmocka_unit_test(slices_share_their_chunk),
        cmocka_unit_test(retains_a_slice_that_fills_half_its_chunk),
        cmocka_unit_test(copies_a_slice_that_fills_little_of_its_chunk),
        cmocka_unit_test(copies_borrowed_bytes_and_leaves_nothing_for_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
