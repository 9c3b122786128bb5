/* Counters, shared by loops. */
#include <pthread.h>

#include "rules/rule_state.h"

#include "rules_world.h"

static struct rule_key whole_rule(void)
{
    return (struct rule_key){0, {NULL, 0}};
}

static void shares_a_slot_by_name_and_text(void **state)
{
    struct world *w = *state;
    struct rule_slot *a, *b, *c, *d;

    assert_int_equal(rule_slot_get(w->counters, BYTES("n"), 1, &a), STATUS_OK);
    assert_int_equal(rule_slot_get(w->counters, BYTES("n"), 1, &b), STATUS_OK);
    assert_int_equal(rule_slot_get(w->counters, BYTES("n"), 2, &c), STATUS_OK);
    assert_int_equal(rule_slot_get(w->counters, BYTES("m"), 1, &d), STATUS_OK);
    assert_ptr_equal(a, b);
    assert_ptr_not_equal(a, c);
    assert_ptr_not_equal(a, d);
    rule_slot_unref(a);
    rule_slot_unref(b);
    rule_slot_unref(c);
    rule_slot_unref(d);
}

static void forgets_a_slot_with_its_last_reference(void **state)
{
    struct world *w = *state;
    struct rule_slot *slot;

    assert_int_equal(rule_slot_get(w->counters, BYTES("n"), 1, &slot), STATUS_OK);
    assert_int_equal(rule_slot_match(slot), 1);
    rule_slot_unref(slot);
    assert_int_equal(rule_slot_get(w->counters, BYTES("n"), 1, &slot), STATUS_OK);
    assert_int_equal(rule_slot_match(slot), 1);
    rule_slot_unref(slot);
}

static void counts_firings_by_key_and_in_all(void **state)
{
    struct world *w = *state;
    struct rule_key a = {1, BYTES("a")}, b = {1, BYTES("b")}, other = {2, BYTES("a")};
    struct rule_slot *slot;
    uint64_t n, matched, fired;

    assert_int_equal(rule_slot_get(w->counters, BYTES("n"), 1, &slot), STATUS_OK);
    assert_int_equal(rule_slot_fire(slot, a, &n), STATUS_OK);
    assert_int_equal(n, 0);
    assert_int_equal(rule_slot_fire(slot, a, &n), STATUS_OK);
    assert_int_equal(n, 1);
    assert_int_equal(rule_slot_fire(slot, b, &n), STATUS_OK);
    assert_int_equal(n, 0);
    assert_int_equal(rule_slot_fire(slot, whole_rule(), &n), STATUS_OK);
    assert_int_equal(n, 3);
    assert_int_equal(rule_slot_fired(slot, a, &n), STATUS_OK);
    assert_int_equal(n, 2);
    assert_int_equal(rule_slot_fired(slot, other, &n), STATUS_OK);
    assert_int_equal(n, 0);
    assert_int_equal(rule_slot_count(slot, b, &n), STATUS_OK);
    assert_int_equal(n, 1);
    rule_slot_totals(slot, &matched, &fired);
    assert_int_equal(matched, 0);
    assert_int_equal(fired, 4);
    rule_slot_unref(slot);
}

enum { THREADS = 4, TURNS = 5000 };

struct counting {
    struct rule_state *state;
    bool seen[THREADS * TURNS + 1]; /* which n came back; each only once */
};

static void *count_up(void *arg)
{
    struct counting *c = arg;
    struct rule_key key = {1, BYTES("client")};

    for (int i = 0; i < TURNS; i++) {
        struct rule_slot *slot = NULL;
        uint64_t n = 0, before;

        if (rule_slot_get(c->state, BYTES("n"), 1, &slot) || rule_slot_count(slot, key, &n) ||
            rule_slot_fire(slot, key, &before))
            abort();
        if (n <= THREADS * TURNS)
            c->seen[n] = true;
        rule_slot_unref(slot);
    }
    return NULL;
}

static void counts_each_match_once_though_many_loops_count(void **state)
{
    struct world *w = *state;
    struct counting c = {.state = w->counters};
    pthread_t threads[THREADS];
    struct rule_slot *slot;

    assert_int_equal(rule_slot_get(w->counters, BYTES("n"), 1, &slot), STATUS_OK);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_up, &c), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int n = 1; n <= THREADS * TURNS; n++)
        assert_true(c.seen[n]);
    rule_slot_unref(slot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
        TEST(shares_a_slot_by_name_and_text),
        TEST(forgets_a_slot_with_its_last_reference),
        TEST(counts_firings_by_key_and_in_all),
        TEST(counts_each_match_once_though_many_loops_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
