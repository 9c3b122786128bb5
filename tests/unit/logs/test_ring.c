#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>

#include "logs/ring.h"

enum { ITEMS = 50 * 1000, SMALL = 64 };

static void *number(size_t n)
{
    return (void *)(uintptr_t)(n + 1); /* never NULL */
}

static struct ring *ring_make(size_t capacity)
{
    struct ring *r = aligned_alloc(_Alignof(struct ring), sizeof(*r));

    assert_non_null(r);
    assert_int_equal(ring_init(r, capacity), STATUS_OK);
    return r;
}

static void ring_drop(struct ring *r)
{
    ring_release(r);
    free(r);
}

static void gives_items_in_the_order_they_came(void **state)
{
    struct ring *r = ring_make(8);

    (void)state;
    assert_null(ring_pop(r));
    for (size_t i = 0; i < 100; i++) {
        assert_true(ring_push(r, number(2 * i)));
        assert_true(ring_push(r, number(2 * i + 1)));
        assert_ptr_equal(ring_pop(r), number(2 * i));
        assert_ptr_equal(ring_pop(r), number(2 * i + 1));
    }
    assert_null(ring_pop(r));
    ring_drop(r);
}

static void refuses_when_full_and_takes_again_after_a_pop(void **state)
{
    struct ring *r = ring_make(4);

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_true(ring_push(r, number(i)));
    assert_false(ring_push(r, number(4)));
    assert_false(ring_push(r, number(4)));
    assert_ptr_equal(ring_pop(r), number(0));
    assert_true(ring_push(r, number(4)));
    assert_false(ring_push(r, number(5)));
    for (size_t i = 1; i < 5; i++)
        assert_ptr_equal(ring_pop(r), number(i));
    assert_true(ring_empty(r));
    ring_drop(r);
}

static void counts_what_it_holds(void **state)
{
    struct ring *r = ring_make(8);

    (void)state;
    assert_true(ring_empty(r));
    for (size_t i = 0; i < 6; i++)
        assert_true(ring_push(r, number(i)));
    assert_int_equal(ring_count(r), 6);
    assert_true(ring_holds_over(r, 5));
    assert_false(ring_holds_over(r, 6));
    (void)ring_pop(r);
    assert_int_equal(ring_count(r), 5);
    assert_false(ring_holds_over(r, 5));
    assert_false(ring_empty(r));
    ring_drop(r);
}

static void refuses_a_size_that_is_no_power_of_two(void **state)
{
    struct ring r;

    (void)state;
    assert_int_equal(ring_init(&r, 0), STATUS_BAD_INPUT);
    assert_int_equal(ring_init(&r, 12), STATUS_BAD_INPUT);
}

/* The item's own memory must be seen as it was at the push, too. */
struct item {
    size_t number;
};

static void *produce(void *argument)
{
    struct ring *r = argument;

    for (size_t i = 0; i < ITEMS; i++) {
        struct item *item = malloc(sizeof(*item));

        if (!item)
            abort();
        item->number = i;
        while (!ring_push(r, item))
            sched_yield();
    }
    return NULL;
}

static void loses_and_repeats_nothing_between_threads(void **state)
{
    struct ring *rings[2] = {ring_make(SMALL), ring_make(SMALL)};
    size_t seen[2] = {0};
    pthread_t threads[2];

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, produce, rings[i]), 0);
    while (seen[0] < ITEMS || seen[1] < ITEMS) {
        for (int i = 0; i < 2; i++) {
            struct item *item = ring_pop(rings[i]);

            if (!item)
                continue;
            assert_int_equal(item->number, seen[i]);
            seen[i]++;
            free(item);
        }
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_true(ring_empty(rings[i]));
        ring_drop(rings[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_items_in_the_order_they_came),
        cmocka_unit_test(refuses_when_full_and_takes_again_after_a_pop),
        cmocka_unit_test(counts_what_it_holds),
        cmocka_unit_test(refuses_a_size_that_is_no_power_of_two),
        cmocka_unit_test(loses_and_repeats_nothing_between_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
