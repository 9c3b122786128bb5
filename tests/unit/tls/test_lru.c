#include "tls/lru.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 64 * LRU_SHARDS, THREADS = 4, ROUNDS = 20000 };

struct item {
    atomic_int refs;
    int number;
};

static atomic_int live_items;

static struct item *item_new(int number)
{
    struct item *i = calloc(1, sizeof(*i));

    atomic_init(&i->refs, 1);
    i->number = number;
    atomic_fetch_add(&live_items, 1);
    return i;
}

static void item_keep(void *value)
{
    struct item *i = value;

    atomic_fetch_add(&i->refs, 1);
}

static void item_drop(void *value)
{
    struct item *i = value;

    if (atomic_fetch_sub(&i->refs, 1) == 1) {
        atomic_fetch_sub(&live_items, 1);
        free(i);
    }
}

static struct lru *table_of(uint32_t max)
{
    static const struct lru_values values = {item_keep, item_drop};
    struct lru *l = NULL;

    assert_int_equal(lru_new(max, 7, values, &l), STATUS_OK);
    return l;
}

static struct bytes key_of(int number, char memory[16])
{
    snprintf(memory, 16, "key %d", number);
    return bytes_of(memory);
}

static void put(struct lru *l, int number)
{
    char memory[16];

    assert_int_equal(lru_put(l, key_of(number, memory), item_new(number)), STATUS_OK);
}

/* The number found, or -1. */
static int get(struct lru *l, int number)
{
    char memory[16];
    struct item *i = lru_get(l, key_of(number, memory));
    int found = i ? i->number : -1;

    if (i)
        item_drop(i);
    return found;
}

static void finds_what_was_put(void **state)
{
    struct lru *l = table_of(1000);

    (void)state;
    assert_int_equal(get(l, 1), -1);
    for (int i = 0; i < 100; i++)
        put(l, i);
    for (int i = 0; i < 100; i++)
        assert_int_equal(get(l, i), i);
    lru_free(l);
    lru_free(NULL);
    assert_int_equal(live_items, 0);
}

static void a_key_stands_once(void **state)
{
    struct lru *l = table_of(1000);
    char memory[16];

    (void)state;
    put(l, 5);
    assert_int_equal(lru_put(l, key_of(5, memory), item_new(50)), STATUS_OK);
    assert_int_equal(get(l, 5), 50);
    assert_int_equal(live_items, 1);
    lru_free(l);
}

static void what_is_taken_is_gone(void **state)
{
    struct lru *l = table_of(1000);
    char memory[16];
    struct item *i;

    (void)state;
    put(l, 1);
    put(l, 2);
    i = lru_take(l, key_of(1, memory));
    assert_int_equal(i->number, 1);
    assert_int_equal(i->refs, 1);
    item_drop(i);
    assert_null(lru_take(l, key_of(1, memory)));
    assert_int_equal(get(l, 1), -1);
    assert_int_equal(get(l, 2), 2);
    lru_free(l);
    assert_int_equal(live_items, 0);
}

static void forgets_the_oldest_and_keeps_what_is_used(void **state)
{
    struct lru *l = table_of(MANY);

    (void)state;
    put(l, -7);
    put(l, -8);
    for (int i = 0; i < 4 * MANY; i++) {
        put(l, i);
        assert_int_equal(get(l, -7), -7);
        assert_true(live_items <= MANY);
    }
    assert_int_equal(get(l, -8), -1);
    assert_int_equal(get(l, 4 * MANY - 1), 4 * MANY - 1);
    assert_true(live_items > MANY / 2);
    lru_free(l);
    assert_int_equal(live_items, 0);
}

static void refuses_an_overlong_key(void **state)
{
    static const uint8_t key[LRU_KEY_BYTES + 1];
    struct lru *l = table_of(10);

    (void)state;
    assert_int_equal(lru_put(l, bytes_make(key, LRU_KEY_BYTES), item_new(1)), STATUS_OK);
    assert_int_equal(lru_put(l, bytes_make(key, LRU_KEY_BYTES + 1), item_new(2)), STATUS_NO_MEMORY);
    assert_int_equal(live_items, 1); /* the second was dropped */
    lru_free(l);
}

static void *hammer(void *self)
{
    struct lru *l = self;

    for (int i = 0; i < ROUNDS; i++) {
        char memory[16];
        struct item *taken;

        put(l, i % 50);
        get(l, (i + 7) % 50);
        taken = i % 3 ? NULL : lru_take(l, key_of((i + 13) % 50, memory));
        if (taken)
            item_drop(taken);
    }
    return NULL;
}

static void serves_many_threads(void **state)
{
    struct lru *l = table_of(40);
    pthread_t threads[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, l), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    lru_free(l);
    assert_int_equal(live_items, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_put),
        cmocka_unit_test(a_key_stands_once),
        cmocka_unit_test(what_is_taken_is_gone),
        cmocka_unit_test(forgets_the_oldest_and_keeps_what_is_used),
        cmocka_unit_test(refuses_an_overlong_key),
        cmocka_unit_test(serves_many_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
