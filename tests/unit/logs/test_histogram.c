#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "logs/histogram.h"

enum { NUMBERS = 20000, ARENA_BYTES = 1024 * 1024 };

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void quantiles_are_right_within_a_percent(void **state)
{
    static int64_t numbers[NUMBERS];
    static const unsigned permilles[] = {1, 10, 250, 500, 900, 950, 990, 999, 1000};
    struct histogram h = {0};
    struct arena arena;
    uint64_t seed = 1;

    (void)state;
    arena_init(&arena, ARENA_BYTES);
    for (int i = 0; i < NUMBERS; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        numbers[i] = (int64_t)(seed >> (2 + seed % 61));
        assert_int_equal(histogram_add(&h, &arena, numbers[i]), STATUS_OK);
    }
    qsort(numbers, NUMBERS, sizeof(*numbers), compare);
    for (size_t i = 0; i < sizeof(permilles) / sizeof(permilles[0]); i++) {
        int64_t exact = numbers[(NUMBERS * permilles[i] + 999) / 1000 - 1];
        int64_t got = histogram_quantile(&h, permilles[i]);

        if (llabs(got - exact) > exact / 128)
            fail_msg("%u: %lld, not %lld", permilles[i], (long long)got, (long long)exact);
    }
    assert_int_equal(h.count, NUMBERS);
    assert_int_equal(h.max, numbers[NUMBERS - 1]);
    arena_release(&arena);
}

static void small_numbers_are_exact(void **state)
{
    struct histogram h = {0};
    struct arena arena;

    (void)state;
    arena_init(&arena, ARENA_BYTES);
    assert_int_equal(histogram_quantile(&h, 500), -1);
    for (int i = 1; i <= 100; i++)
        assert_int_equal(histogram_add(&h, &arena, i / 2), STATUS_OK);
    assert_int_equal(histogram_quantile(&h, 500), 25);
    assert_int_equal(histogram_quantile(&h, 950), 47);
    assert_int_equal(histogram_quantile(&h, 1000), 50);
    assert_int_equal(histogram_quantile(&h, 1), 0);
    arena_release(&arena);
}

static void one_number_is_all_its_quantiles(void **state)
{
    struct histogram h = {0};
    struct arena arena;

    (void)state;
    arena_init(&arena, ARENA_BYTES);
    assert_int_equal(histogram_add(&h, &arena, 1234567), STATUS_OK);
    assert_int_equal(histogram_quantile(&h, 1), 1234567);
    assert_int_equal(histogram_quantile(&h, 999), 1234567);
    assert_int_equal(histogram_add(&h, &arena, INT64_MAX), STATUS_OK);
    assert_in_range(histogram_quantile(&h, 1000), INT64_MAX - INT64_MAX / 128, INT64_MAX);
    assert_int_equal(h.max, INT64_MAX);
    arena_release(&arena);
}

static void without_room_a_number_is_not_counted(void **state)
{
    struct histogram h = {0};
    struct arena arena;

    (void)state;
    arena_init(&arena, 16);
    assert_int_equal(histogram_add(&h, &arena, 5), STATUS_NO_MEMORY);
    assert_int_equal(h.count, 0);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_right_within_a_percent),
        cmocka_unit_test(small_numbers_are_exact),
        cmocka_unit_test(one_number_is_all_its_quantiles),
        cmocka_unit_test(without_room_a_number_is_not_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
