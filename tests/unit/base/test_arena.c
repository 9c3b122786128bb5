#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void costs_nothing_until_the_first_allocation(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, 1000);
    assert_int_equal(a.used, 0);
    assert_null(a.block);
    arena_reset(&a);
    arena_release(&a);
}

static void gives_zeroed_and_aligned_memory(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, 1 << 20);
    for (size_t len = 0; len < 300; len++) {
        uint8_t *p = arena_alloc(&a, len);

        assert_non_null(p);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < len; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, len);
        assert_non_null(arena_copy(&a, BYTES("x")).ptr); /* breaks the alignment */
    }
    arena_release(&a);
}

static void zeroes_memory_that_is_given_again(void **state)
{
    struct arena a;
    uint8_t *p;

    (void)state;
    arena_init(&a, 1 << 20);
    memset(arena_alloc(&a, 500), 0xff, 500);
    arena_reset(&a);
    p = arena_alloc(&a, 500);
    for (int i = 0; i < 500; i++)
        assert_int_equal(p[i], 0);
    arena_release(&a);
}

static void stops_at_its_cap(void **state)
{
    struct arena a;
    size_t given = 0;

    (void)state;
    arena_init(&a, 100000);
    while (arena_alloc(&a, 100))
        given += 100;
    assert_true(a.used <= 100000);
    assert_true(given > 85000);
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_alloc(&a, 100000));
    arena_release(&a);
    assert_int_equal(a.used, 0);
    assert_non_null(arena_alloc(&a, 50000));
    arena_release(&a);
}

static void a_small_cap_still_serves_small_pieces(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, 100);
    assert_non_null(arena_alloc(&a, 16));
    assert_null(arena_alloc(&a, 100));
    assert_true(a.used <= 100);
    arena_release(&a);
    arena_init(&a, 3);
    assert_null(arena_alloc(&a, 1));
    arena_release(&a);
}

/* So that what was enough once is enough again, and a big one is not kept by many. */
static void reset_keeps_one_block_of_moderate_size(void **state)
{
    struct arena a;
    size_t kept;

    (void)state;
    arena_init(&a, 1 << 20);
    for (int i = 0; i < 3; i++)
        assert_non_null(arena_alloc(&a, 1000));
    arena_reset(&a);
    kept = a.used;
    for (int i = 0; i < 3; i++)
        assert_non_null(arena_alloc(&a, 1000));
    assert_int_equal(a.used, kept);
    for (int i = 0; i < 100; i++)
        assert_non_null(arena_alloc(&a, 1000));
    assert_true(a.used > 100000);
    arena_reset(&a);
    assert_in_range(a.used, kept, 8192);
    arena_release(&a);
    assert_int_equal(a.used, 0);
}

static void reset_does_not_keep_a_huge_block(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, 1 << 20);
    assert_non_null(arena_alloc(&a, 500000));
    arena_reset(&a);
    assert_int_equal(a.used, 0);
    assert_non_null(arena_alloc(&a, 10));
    arena_release(&a);
}

static void copies_bytes_and_texts(void **state)
{
    struct arena a;
    struct bytes copy;

    (void)state;
    arena_init(&a, 10000);
    copy = arena_copy(&a, BYTES("a\0b"));
    assert_int_equal(copy.len, 3);
    assert_memory_equal(copy.ptr, "a\0b", 3);
    assert_non_null(arena_copy(&a, bytes_of(NULL)).ptr);
    assert_string_equal(arena_text(&a, BYTES("host")), "host");
    assert_string_equal(arena_text(&a, bytes_of(NULL)), "");
    assert_string_equal(arena_printf(&a, "%s:%d", "a.test", 443), "a.test:443");
    arena_release(&a);
}

static void says_when_there_is_no_room_for_a_copy(void **state)
{
    struct arena a;
    char wide[600];

    (void)state;
    memset(wide, 'w', sizeof(wide) - 1);
    wide[sizeof(wide) - 1] = '\0';
    arena_init(&a, 500);
    assert_null(arena_copy(&a, bytes_of(wide)).ptr);
    assert_int_equal(arena_copy(&a, bytes_of(wide)).len, 0);
    assert_null(arena_text(&a, bytes_of(wide)));
    assert_null(arena_printf(&a, "%s", wide));
    assert_string_equal(arena_text(&a, BYTES("fits")), "fits");
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(costs_nothing_until_the_first_allocation),
        cmocka_unit_test(gives_zeroed_and_aligned_memory),
        cmocka_unit_test(zeroes_memory_that_is_given_again),
        cmocka_unit_test(stops_at_its_cap),
        cmocka_unit_test(a_small_cap_still_serves_small_pieces),
        cmocka_unit_test(reset_keeps_one_block_of_moderate_size),
        cmocka_unit_test(reset_does_not_keep_a_huge_block),
        cmocka_unit_test(copies_bytes_and_texts),
        cmocka_unit_test(says_when_there_is_no_room_for_a_copy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
