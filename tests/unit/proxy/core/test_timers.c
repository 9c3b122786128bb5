#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proxy/core/timers.h"

enum { TIMERS = 500, ROUNDS = 20000, TIMES = 1000 };

struct clock {
    struct timers timers;
    struct timer items[TIMERS];
    int64_t due[TIMERS]; /* what must happen; INT64_MAX: nothing */
    int64_t now;
    struct clock_self {
        struct clock *clock;
        size_t at;
    } selves[TIMERS];
    size_t fired;
};

static void on_fire(void *self)
{
    struct clock_self *me = self;
    struct clock *c = me->clock;

    assert_true(c->due[me->at] <= c->now);
    c->due[me->at] = INT64_MAX;
    c->fired++;
}

static struct clock *clock_new(void)
{
    struct clock *c = calloc(1, sizeof(*c));

    assert_non_null(c);
    timers_init(&c->timers);
    for (size_t i = 0; i < TIMERS; i++) {
        c->selves[i] = (struct clock_self){c, i};
        c->due[i] = INT64_MAX;
        timer_init(&c->items[i], on_fire, &c->selves[i]);
    }
    return c;
}

static void clock_check(struct clock *c)
{
    int64_t earliest = INT64_MAX;

    for (size_t i = 0; i < TIMERS; i++) {
        assert_true(c->due[i] > c->now);
        earliest = c->due[i] < earliest ? c->due[i] : earliest;
    }
    assert_true(timers_next(&c->timers) <= earliest);
}

static void fires_each_timer_once_and_in_time(void **state)
{
    struct clock *c = clock_new();
    unsigned random = 1;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        random = random * 1103515245 + 12345;
        size_t at = (random >> 8) % TIMERS;

        switch (random >> 28 & 3) {
        case 0:
        case 1: /* set it, or move it to any side */
            c->due[at] = c->now + 1 + (int64_t)(random % TIMES);
            timer_set(&c->timers, &c->items[at], c->due[at]);
            break;
        case 2:
            c->due[at] = INT64_MAX;
            timer_clear(&c->timers, &c->items[at]);
            break;
        default:
            c->now += random % 7;
            timers_fire(&c->timers, c->now);
            clock_check(c);
        }
    }
    assert_true(c->fired > 0);
    c->now += 2 * TIMES;
    timers_fire(&c->timers, c->now);
    clock_check(c);
    assert_true(timers_next(&c->timers) == INT64_MAX);
    free(c);
}

static int again_left;

static void on_again(void *self)
{
    struct clock *c = self;

    if (again_left--)
        timer_set(&c->timers, &c->items[0], c->now);
}

static void lets_a_timer_set_itself_again(void **state)
{
    struct clock *c = clock_new();

    (void)state;
    again_left = 3;
    timer_init(&c->items[0], on_again, c);
    timer_set(&c->timers, &c->items[0], 5);
    timers_fire(&c->timers, 4);
    assert_int_equal(again_left, 3);
    c->now = 5;
    timers_fire(&c->timers, 5);
    assert_int_equal(again_left, -1);
    free(c);
}

static void fires_in_the_order_of_their_times(void **state)
{
    struct clock *c = clock_new();

    (void)state;
    for (size_t i = 0; i < TIMERS; i++) {
        c->due[i] = (int64_t)(TIMERS - i);
        timer_set(&c->timers, &c->items[i], c->due[i]);
    }
    for (c->now = 1; c->now <= TIMERS; c->now++) {
        timers_fire(&c->timers, c->now);
        assert_int_equal(c->fired, c->now);
    }
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fires_each_timer_once_and_in_time),
        cmocka_unit_test(lets_a_timer_set_itself_again),
        cmocka_unit_test(fires_in_the_order_of_their_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
