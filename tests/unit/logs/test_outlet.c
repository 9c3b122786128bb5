#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logs/deadline.h"
#include "logs/outlet.h"
#include "make_flow.h"

/* A sink that keeps flows itself, and does as it is told. */
struct keeper {
    enum status flow, gap, commit; /* its answers */
    unsigned flows, commits, commits_now, idles;
    struct log_gap told;
    bool closed, more;
};

static struct keeper keeper; /* the one that open() answers */

static void *keeper_open(const struct sink_settings *settings, char *error)
{
    (void)settings;
    (void)error;
    return &keeper;
}

static enum status keeper_flow(void *self, const struct flow *f)
{
    struct keeper *k = self;

    (void)f;
    k->flows += k->flow == STATUS_OK;
    return k->flow;
}

static enum status keeper_gap(void *self, const struct log_gap *gap)
{
    struct keeper *k = self;

    if (k->gap)
        return k->gap;
    k->told.flows += gap->flows;
    k->told.bodies += gap->bodies;
    return STATUS_OK;
}

static enum status keeper_commit(void *self, bool now)
{
    struct keeper *k = self;

    k->commits++;
    k->commits_now += now;
    return k->commit;
}

static bool keeper_idle(void *self)
{
    struct keeper *k = self;

    k->idles++;
    return k->more;
}

static void keeper_close(void *self)
{
    struct keeper *k = self;

    k->closed = true;
}

static const struct sink sink_keeper = {
    .name = "keeper",
    .open = keeper_open,
    .flow = keeper_flow,
    .gap = keeper_gap,
    .commit = keeper_commit,
    .idle = keeper_idle,
    .close = keeper_close,
};

static struct outlet start(void)
{
    const struct sink_settings settings = {.fd = -1};
    const struct outlet_settings outlet = {.sink = &sink_keeper, .settings = &settings};
    char error[SINK_ERROR_BYTES];
    struct outlet o;

    keeper = (struct keeper){.commit = STATUS_NEED_MORE};
    assert_int_equal(outlet_open(&o, &outlet, error), STATUS_OK);
    return o;
}

static void end(struct outlet *o)
{
    const struct timespec now = deadline_in(0);

    outlet_close(o, &now);
    assert_true(keeper.closed);
}

static void give(struct outlet *o, unsigned count)
{
    struct flow *f = make_http_flow("GET", "/", 200, NULL);
    const struct log_event end_of_it = {.kind = LOG_END, .flow = f};

    for (unsigned i = 0; i < count; i++)
        outlet_take(o, &end_of_it);
    free_flow(f);
}

static void asks_a_keeper_after_each_flow_and_at_the_end_at_once(void **state)
{
    struct outlet o = start();

    (void)state;
    assert_false(outlet_pending(&o));
    give(&o, 3);
    assert_int_equal(keeper.commits, 3);
    assert_int_equal(keeper.commits_now, 0);
    assert_true(outlet_pending(&o));
    outlet_flush(&o, false);
    assert_true(outlet_pending(&o));
    keeper.commit = STATUS_OK;
    outlet_flush(&o, false);
    assert_false(outlet_pending(&o));
    give(&o, 1);
    end(&o);
    assert_int_equal(keeper.commits_now, 1);
    assert_int_equal(atomic_load(&o.failures), 0);
}

static void all_since_the_last_commit_is_lost_with_a_commit_that_fails(void **state)
{
    struct outlet o = start();

    (void)state;
    give(&o, 2);
    keeper.commit = STATUS_OK;
    outlet_flush(&o, false);
    keeper.commit = STATUS_NEED_MORE;
    give(&o, 5);
    keeper.commit = STATUS_LIMIT;
    outlet_flush(&o, true);
    assert_int_equal(atomic_load(&o.failures), 5);
    assert_false(outlet_pending(&o));
    keeper.commit = STATUS_OK;
    give(&o, 1); /* the gap is told before it */
    assert_int_equal(keeper.told.flows, 5);
    end(&o);
    assert_int_equal(atomic_load(&o.failures), 5);
}

static void a_gap_that_was_told_is_told_again_when_it_was_lost(void **state)
{
    struct outlet o = start();
    const struct log_gap gap = {7, 2};

    (void)state;
    outlet_gap(&o, &gap);
    outlet_flush(&o, false);
    assert_true(outlet_pending(&o));
    keeper.commit = STATUS_IO;
    outlet_flush(&o, false);
    assert_int_equal(atomic_load(&o.failures), 0); /* no flow of this sink was lost */
    keeper.told = (struct log_gap){0};
    keeper.commit = STATUS_OK;
    outlet_flush(&o, false);
    assert_int_equal(keeper.told.flows, 7);
    assert_int_equal(keeper.told.bodies, 2);
    end(&o);
}

static void a_flow_that_a_keeper_refuses_is_lost_alone(void **state)
{
    struct outlet o = start();

    (void)state;
    give(&o, 2);
    keeper.flow = STATUS_LIMIT;
    give(&o, 3);
    keeper.flow = STATUS_OK;
    keeper.commit = STATUS_OK;
    give(&o, 1);
    assert_int_equal(atomic_load(&o.failures), 3);
    assert_int_equal(keeper.flows, 3);
    assert_int_equal(keeper.told.flows, 3);
    end(&o);
}

static void idle_says_whether_there_is_more(void **state)
{
    struct outlet o = start();

    (void)state;
    assert_false(outlet_idle(&o));
    keeper.more = true;
    assert_true(outlet_idle(&o));
    assert_int_equal(keeper.idles, 2);
    end(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_a_keeper_after_each_flow_and_at_the_end_at_once),
        cmocka_unit_test(all_since_the_last_commit_is_lost_with_a_commit_that_fails),
        cmocka_unit_test(a_gap_that_was_told_is_told_again_when_it_was_lost),
        cmocka_unit_test(a_flow_that_a_keeper_refuses_is_lost_alone),
        cmocka_unit_test(idle_says_whether_there_is_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
