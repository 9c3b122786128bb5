#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/rendezvous.h"

enum { GUESTS = 4, THREADS = 8, ROUNDS = 2000 };

static void lets_nobody_go_before_all_have_come(void **state)
{
    struct rendezvous r;
    struct guest g[3];

    (void)state;
    rendezvous_init(&r);
    assert_false(rendezvous_join(&r, &g[0], 3, false));
    assert_false(rendezvous_join(&r, &g[1], 3, false));
    assert_false(rendezvous_may_go(&g[0]));
    assert_true(rendezvous_join(&r, &g[2], 3, false));
    for (int i = 0; i < 3; i++) {
        assert_true(rendezvous_may_go(&g[i]));
        assert_false(g[i].early);
        assert_false(rendezvous_leave(&g[i]));
    }
    rendezvous_release(&r);
}

static void lets_the_last_one_go_first(void **state)
{
    struct rendezvous r;
    struct guest g[3];

    (void)state;
    rendezvous_init(&r);
    for (int i = 0; i < 3; i++)
        assert_true(rendezvous_join(&r, &g[i], 3, true) == (i == 2));
    assert_true(rendezvous_may_go(&g[2]));
    assert_false(rendezvous_may_go(&g[1]));
    assert_false(rendezvous_leave(&g[1])); /* that changes nothing for the others */
    assert_false(rendezvous_may_go(&g[0]));
    assert_true(rendezvous_leave(&g[2]));
    assert_true(rendezvous_may_go(&g[0]));
    assert_false(rendezvous_leave(&g[0]));
    assert_false(rendezvous_leave(&g[0])); /* it has left */
    rendezvous_release(&r);
}

static void forgets_those_who_leave(void **state)
{
    struct rendezvous r;
    struct guest g[GUESTS];

    (void)state;
    for (int gone = 0; gone < GUESTS - 1; gone++) {
        rendezvous_init(&r);
        for (int i = 0; i < GUESTS - 1; i++)
            assert_false(rendezvous_join(&r, &g[i], GUESTS, false));
        assert_false(rendezvous_leave(&g[gone]));
        assert_false(rendezvous_join(&r, &g[GUESTS - 1], GUESTS, false));
        assert_true(rendezvous_join(&r, &g[gone], GUESTS, false));
        for (int i = 0; i < GUESTS; i++)
            assert_false(rendezvous_leave(&g[i]));
        rendezvous_release(&r);
    }
}

static void calls_who_waits_and_not_who_comes_later(void **state)
{
    struct rendezvous r;
    struct guest g[3];

    (void)state;
    rendezvous_init(&r);
    assert_false(rendezvous_join(&r, &g[0], 3, false));
    assert_false(rendezvous_join(&r, &g[1], 3, false));
    rendezvous_call(&g[1]);
    assert_true(rendezvous_may_go(&g[0]) && g[0].early);
    assert_false(rendezvous_join(&r, &g[2], 3, false));
    rendezvous_call(&g[0]); /* once more: the new one waits on */
    assert_false(rendezvous_may_go(&g[2]));
    for (int i = 0; i < 3; i++)
        (void)rendezvous_leave(&g[i]);
    rendezvous_release(&r);
}

static void *meet_often(void *self)
{
    struct rendezvous *r = self;
    struct guest g;

    for (int i = 0; i < ROUNDS; i++) {
        (void)rendezvous_join(r, &g, 3, i % 2);
        if (i % 5 == 0)
            rendezvous_call(&g);
        (void)rendezvous_may_go(&g);
        (void)rendezvous_leave(&g);
    }
    return NULL;
}

static void bears_many_threads(void **state)
{
    struct rendezvous r;
    pthread_t threads[THREADS];

    (void)state;
    rendezvous_init(&r);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, meet_often, &r), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(r.count, 0);
    assert_null(r.first);
    assert_null(r.last);
    rendezvous_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_nobody_go_before_all_have_come),
        cmocka_unit_test(lets_the_last_one_go_first),
        cmocka_unit_test(forgets_those_who_leave),
        cmocka_unit_test(calls_who_waits_and_not_who_comes_later),
        cmocka_unit_test(bears_many_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
