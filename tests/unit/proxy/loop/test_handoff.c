#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "proxy/loop/handoff.h"

enum { MANY = 20000 };

static struct handoff *handoff_make(void)
{
    struct handoff *h = aligned_alloc(_Alignof(struct handoff), sizeof(*h));

    assert_non_null(h);
    handoff_init(h);
    return h;
}

static void gives_back_what_was_put_in_in_order(void **state)
{
    struct handoff *h = handoff_make();
    struct accepted a;

    (void)state;
    assert_false(handoff_take(h, &a));
    for (int i = 0; i < 3; i++)
        assert_true(handoff_give(h, &(struct accepted){.fd = 100 + i}));
    for (int i = 0; i < 3; i++) {
        assert_true(handoff_take(h, &a));
        assert_int_equal(a.fd, 100 + i);
    }
    assert_false(handoff_take(h, &a));
    free(h);
}

static void refuses_more_than_it_has_room_for(void **state)
{
    struct handoff *h = handoff_make();
    struct accepted a;

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < HANDOFF; i++) {
            assert_true(handoff_has_room(h));
            assert_true(handoff_give(h, &(struct accepted){.fd = i}));
        }
        assert_false(handoff_has_room(h));
        assert_false(handoff_give(h, &(struct accepted){.fd = 1}));
        for (int i = 0; i < HANDOFF; i++) {
            assert_true(handoff_take(h, &a));
            assert_int_equal(a.fd, i);
        }
    }
    free(h);
}

static void closes_what_nobody_took(void **state)
{
    struct handoff *h = handoff_make();
    int ends[2];
    char c;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_true(handoff_give(h, &(struct accepted){.fd = ends[1]}));
    handoff_release(h);
    assert_int_equal(read(ends[0], &c, 1), 0);
    close(ends[0]);
    free(h);
}

static void *produce(void *argument)
{
    struct handoff *h = argument;

    for (int i = 0; i < MANY;) {
        if (handoff_give(h, &(struct accepted){.fd = i}))
            i++;
        else
            sched_yield();
    }
    return NULL;
}

static void loses_nothing_between_two_threads(void **state)
{
    struct handoff *h = handoff_make();
    pthread_t producer;

    (void)state;
    assert_int_equal(pthread_create(&producer, NULL, produce, h), 0);
    for (int i = 0; i < MANY;) {
        struct accepted a;

        if (!handoff_take(h, &a)) {
            sched_yield();
            continue;
        }
        assert_int_equal(a.fd, i);
        i++;
    }
    pthread_join(producer, NULL);
    free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_what_was_put_in_in_order),
        cmocka_unit_test(refuses_more_than_it_has_room_for),
        cmocka_unit_test(closes_what_nobody_took),
        cmocka_unit_test(loses_nothing_between_two_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
