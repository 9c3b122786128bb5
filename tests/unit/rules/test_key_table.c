/* The table of counters by key. */
#include "rules/key_table.h"

#include "rules_world.h"

static struct key_entry *use(struct key_table *t, uint64_t key)
{
    const uint64_t hash[2] = {key * 16, key}; /* all in few buckets */

    return key_table_use(t, hash);
}

static void keeps_counts_apart(void **state)
{
    struct key_table *t = key_table_new(1000);

    (void)state;
    assert_non_null(t);
    for (uint64_t round = 0; round < 3; round++) {
        for (uint64_t key = 0; key < 500; key++) {
            struct key_entry *e = use(t, key);

            assert_non_null(e);
            assert_int_equal(e->matched, round * key);
            e->matched += key;
        }
    }
    key_table_free(t);
}

static void forgets_the_key_not_used_for_longest(void **state)
{
    struct key_table *t = key_table_new(4);

    (void)state;
    assert_non_null(t);
    for (uint64_t key = 1; key <= 4; key++)
        use(t, key)->matched = key;
    assert_int_equal(use(t, 1)->matched, 1); /* now 2 is the oldest */
    assert_int_equal(use(t, 5)->matched, 0);
    assert_int_equal(use(t, 1)->matched, 1);
    assert_int_equal(use(t, 3)->matched, 3);
    assert_int_equal(use(t, 4)->matched, 4);
    assert_int_equal(use(t, 2)->matched, 0);
    key_table_free(t);
}

static void stays_sound_over_many_turns(void **state)
{
    struct key_table *t = key_table_new(100);
    uint64_t used = 0;

    (void)state;
    assert_non_null(t);
    for (uint64_t i = 0; i < 20000; i++) {
        uint64_t key = i * i % 311;
        struct key_entry *e = use(t, key);

        assert_non_null(e);
        assert_true(e->matched == 0 || e->fired == key);
        e->matched++;
        e->fired = key;
        used++;
    }
    assert_int_equal(used, 20000);
    key_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_counts_apart),
        cmocka_unit_test(forgets_the_key_not_used_for_longest),
        cmocka_unit_test(stays_sound_over_many_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
