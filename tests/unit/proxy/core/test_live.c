/* What the playbooks cannot reach: a log that is full, or that refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "proxy/core/engine_impl.h"
#include "proxy/core/flow_tap.h"

enum { FLOWS = LIVE_OUTSIDE + 10, OUT = 2 * FLOWS };

struct open_flow {
    struct live live;
    struct world *world;
    int shown;
};

struct world {
    struct settings settings;
    struct chunk_pool pool;
    struct engine *engine;
    struct open_flow flows[FLOWS];
    struct log_event *out[OUT]; /* not yet back */
    size_t out_count;
    int64_t now_us;
};

static struct flow *on_show(void *self)
{
    struct open_flow *o = self;

    return flow_new(o->world->engine, FLOW_HTTP);
}

static void on_shown(void *self)
{
    ((struct open_flow *)self)->shown++;
}

static void handle(struct world *w, struct event ev)
{
    struct command c;

    ev.now_us = w->now_us;
    ev.wall_us = w->now_us;
    engine_handle(w->engine, &ev);
    while (engine_next(w->engine, &c)) {
        assert_true(w->out_count < OUT);
        if (c.kind == COMMAND_LOG)
            w->out[w->out_count++] = c.log;
    }
}

static void give_back(struct world *w, size_t keep, bool refused)
{
    while (w->out_count > keep) {
        struct log_event *ev = w->out[--w->out_count];

        ev->refused = refused;
        handle(w, (struct event){.kind = EVENT_LOGGED, .log = ev});
    }
}

static void pass_ms(struct world *w, int64_t ms)
{
    w->now_us += ms * 1000;
    handle(w, (struct event){.kind = EVENT_TIMER});
}

static void start_flows(struct world *w, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        w->flows[i] = (struct open_flow){.world = w};
        w->flows[i].live =
            (struct live){.on_show = on_show, .on_shown = on_shown, .self = &w->flows[i]};
        live_start(w->engine, &w->flows[i].live);
    }
}

static struct world *world_new(void)
{
    struct world *w = test_calloc(1, sizeof(*w));
    const struct engine_env env = {.settings = &w->settings, .pool = &w->pool, .seed = 7};

    w->settings.live = w->settings.capture = true;
    w->settings.limits.fields = 8;
    w->now_us = 1000000;
    chunk_pool_init(&w->pool, 16);
    assert_int_equal(engine_new(&env, NULL, &w->engine), STATUS_OK);
    pass_ms(w, 0);
    return w;
}

static void world_free(struct world *w)
{
    give_back(w, 0, false);
    engine_free(w->engine);
    chunk_pool_release(&w->pool);
    test_free(w);
}

static void sends_no_more_than_may_be_outside_and_the_rest_later(void **state)
{
    struct world *w = world_new();

    (void)state;
    start_flows(w, FLOWS);
    pass_ms(w, LOG_LIVE_MS);
    assert_int_equal(w->out_count, LIVE_OUTSIDE);
    assert_int_equal(w->flows[LIVE_OUTSIDE].live.state, LIVE_WAIT);
    pass_ms(w, LOG_LIVE_MS);
    assert_int_equal(w->out_count, LIVE_OUTSIDE);
    live_content(w->engine, "01J0000000000000000000000A", HTTP_REQUEST, slice_of(BYTES("more")));
    assert_int_equal(w->out_count, LIVE_OUTSIDE);
    give_back(w, 0, false);
    pass_ms(w, LOG_LIVE_MS);
    assert_int_equal(w->out_count, FLOWS - LIVE_OUTSIDE);
    for (int i = 0; i < FLOWS; i++) {
        assert_int_equal(w->flows[i].live.state, LIVE_SHOWN);
        assert_int_equal(w->flows[i].shown, 1);
        live_end(w->engine, &w->flows[i].live);
    }
    world_free(w);
}

static void says_no_more_of_a_flow_whose_beginning_was_refused(void **state)
{
    struct world *w = world_new();

    (void)state;
    start_flows(w, 2);
    pass_ms(w, LOG_LIVE_MS);
    assert_int_equal(w->out_count, 2);
    give_back(w, 1, true);
    assert_int_equal(w->flows[1].live.state, LIVE_OFF);
    give_back(w, 0, false);
    assert_int_equal(w->flows[0].live.state, LIVE_SHOWN);
    live_end(w->engine, &w->flows[0].live);
    live_end(w->engine, &w->flows[1].live);
    world_free(w);
}

/* The record of an exchange is gone when its beginning comes back. */
static void takes_a_beginning_back_after_the_end(void **state)
{
    struct world *w = world_new();

    (void)state;
    start_flows(w, 1);
    pass_ms(w, LOG_LIVE_MS);
    live_end(w->engine, &w->flows[0].live);
    memset(&w->flows[0], 0x11, sizeof(w->flows[0]));
    give_back(w, 0, true);
    assert_int_equal(w->flows[0].live.state, 0x11111111);
    world_free(w);
}

static void sets_one_timer_for_all_and_none_when_nothing_is_open(void **state)
{
    struct world *w = world_new();

    (void)state;
    start_flows(w, 3);
    assert_int_equal(timers_next(&w->engine->timers), w->now_us + LIVE_US);
    pass_ms(w, 50);
    for (int i = 0; i < 3; i++)
        live_end(w->engine, &w->flows[i].live);
    start_flows(w, 1); /* finds the timer that runs, though it is early */
    assert_int_equal(timers_next(&w->engine->timers), w->now_us + LIVE_US - 50 * 1000);
    pass_ms(w, 50);
    assert_int_equal(w->out_count, 0);
    assert_int_equal(timers_next(&w->engine->timers), w->flows[0].live.due_us);
    live_end(w->engine, &w->flows[0].live);
    pass_ms(w, 50);
    assert_true(timers_next(&w->engine->timers) == INT64_MAX);
    world_free(w);
}

static void copies_what_lies_in_the_record_and_refers_to_chunks(void **state)
{
    struct world *w = world_new();
    struct chunk *chunk = chunk_new(&w->pool, CHUNK_SMALL_BYTES);
    char text[] = "hello";

    (void)state;
    live_content(w->engine, "01J0000000000000000000000A", HTTP_RESPONSE, slice_of(bytes_of(text)));
    live_content(w->engine, "01J0000000000000000000000A", HTTP_RESPONSE,
                 (struct slice){chunk->data, 100, chunk});
    memset(text, 'x', 5);
    pass_ms(w, 0);
    assert_int_equal(w->out_count, 2);
    assert_memory_equal(w->out[0]->data.ptr, "hello", 5);
    assert_ptr_equal(w->out[1]->data.ptr, chunk->data);
    assert_int_equal(chunk->refs, 2);
    give_back(w, 0, false);
    assert_int_equal(chunk->refs, 1);
    chunk_unref(chunk);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_no_more_than_may_be_outside_and_the_rest_later),
        cmocka_unit_test(says_no_more_of_a_flow_whose_beginning_was_refused),
        cmocka_unit_test(takes_a_beginning_back_after_the_end),
        cmocka_unit_test(sets_one_timer_for_all_and_none_when_nothing_is_open),
        cmocka_unit_test(copies_what_lies_in_the_record_and_refers_to_chunks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
