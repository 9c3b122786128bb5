#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "logs/event_list.h"

enum { EVENTS = 50 * 1000 };

static void gives_all_at_once_newest_first(void **state)
{
    struct log_event events[3];
    struct event_list list;
    struct log_event *ev;

    (void)state;
    event_list_init(&list);
    assert_true(event_list_empty(&list));
    assert_null(event_list_take(&list));
    for (int i = 0; i < 3; i++)
        event_list_add(&list, &events[i], &events[i]);
    assert_false(event_list_empty(&list));
    ev = event_list_take(&list);
    assert_true(event_list_empty(&list));
    assert_ptr_equal(ev, &events[2]);
    ev = event_chain_reverse(ev);
    for (int i = 0; i < 3; i++, ev = ev->next)
        assert_ptr_equal(ev, &events[i]);
    assert_null(ev);
}

static void adds_a_chain_in_front_of_what_is_there(void **state)
{
    struct log_event events[3];
    struct event_list list;
    struct log_event *ev;

    (void)state;
    event_list_init(&list);
    event_list_add(&list, &events[0], &events[0]);
    events[2].next = &events[1];
    event_list_add(&list, &events[2], &events[1]);
    ev = event_chain_reverse(event_list_take(&list));
    for (int i = 0; i < 3; i++, ev = ev->next)
        assert_ptr_equal(ev, &events[i]);
    assert_null(ev);
}

static struct log_event many[EVENTS];

static void *add_all(void *argument)
{
    for (size_t i = 0; i < EVENTS; i++)
        event_list_add(argument, &many[i], &many[i]);
    return NULL;
}

static void keeps_the_order_between_threads(void **state)
{
    struct event_list list;
    struct log_event *ev;
    pthread_t thread;
    size_t seen = 0;

    (void)state;
    event_list_init(&list);
    assert_int_equal(pthread_create(&thread, NULL, add_all, &list), 0);
    while (seen < EVENTS) {
        for (ev = event_chain_reverse(event_list_take(&list)); ev; ev = ev->next)
            assert_ptr_equal(ev, &many[seen++]);
    }
    pthread_join(thread, NULL);
    assert_true(event_list_empty(&list));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_all_at_once_newest_first),
        cmocka_unit_test(adds_a_chain_in_front_of_what_is_there),
        cmocka_unit_test(keeps_the_order_between_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
