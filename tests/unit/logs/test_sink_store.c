#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logs/sink_store.h"
#include "store_world.h"

/* The sink over a world's file, and what it told people. */
struct told {
    struct store_world *world;
    struct sink_store_settings settings;
    void *sink;
    char said[1024];
    int lines;
};

static void on_say(void *self, const char *text)
{
    struct told *t = self;

    snprintf(t->said, sizeof(t->said), "%s", text);
    t->lines++;
}

static void told_open(struct told *t, struct store_world *w)
{
    const struct sink_settings settings = {.fd = -1, .context = &t->settings};

    t->world = w;
    t->settings.store = w->settings;
    t->settings.facts = &w->facts;
    t->settings.say = on_say;
    t->settings.self = t;
    t->sink = sink_store.open(&settings, w->error);
}

static enum status give(struct told *t)
{
    struct flow *f = world_flow(t->world, "/", BYTES(""));
    enum status st = sink_store.flow(t->sink, f);

    free_flow(f);
    return st;
}

static long long flows(const struct told *t)
{
    return world_number(t->world, "SELECT count(*) FROM flows");
}

static void a_thousand_flows_are_written_at_once_fewer_a_little_later(void **state)
{
    struct told t = {0};
    enum status st = STATUS_NEED_MORE;

    (void)state;
    told_open(&t, world_make());
    assert_non_null(t.sink);
    assert_int_equal(sink_store.commit(t.sink, false), STATUS_OK); /* there is nothing */
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(give(&t), STATUS_OK);
        if (i < 10) /* more may take longer than these may wait */
            assert_int_equal(sink_store.commit(t.sink, false), STATUS_NEED_MORE);
    }
    assert_int_equal(sink_store.commit(t.sink, false), STATUS_OK);
    assert_int_equal(flows(&t), 1000);
    give(&t);
    while (st == STATUS_NEED_MORE) {
        st = sink_store.commit(t.sink, false);
        usleep(1000);
    }
    assert_int_equal(st, STATUS_OK);
    assert_int_equal(flows(&t), 1001);
    give(&t);
    assert_int_equal(sink_store.commit(t.sink, true), STATUS_OK);
    assert_int_equal(flows(&t), 1002);
    assert_int_equal(t.lines, 0);
    sink_store.close(t.sink);
    world_free(t.world);
}

static void secrets_are_not_stored_where_that_is_asked_for(void **state)
{
    struct told t = {.settings.redactor = {.on = true, .key = "0123456789abcdef"}};

    (void)state;
    told_open(&t, world_make());
    for (int redacted = 1; redacted >= 0; redacted--) {
        struct flow *f = world_flow(t.world, redacted ? "/1?token=hunter2" : "/0?token=hunter2",
                                    BYTES("{\"password\":\"hunter2\"}"));

        t.settings.redactor.on = redacted;
        assert_int_equal(sink_store.flow(t.sink, f), STATUS_OK);
        free_flow(f);
    }
    assert_int_equal(sink_store.commit(t.sink, true), STATUS_OK);
    assert_int_equal(flows(&t), 2);
    assert_int_equal(world_number(t.world, "SELECT count(*) FROM flows WHERE path LIKE "
                                           "'/1?token=REDACTED:________'"),
                     1);
    assert_int_equal(
        world_number(t.world, "SELECT count(*) FROM flows WHERE path LIKE '%hunter2%'"), 1);
    sink_store.close(t.sink);
    world_free(t.world);
}

/* Another writer, that holds the file, stands for a disk that is full. */
static void what_cannot_be_written_waits_and_people_hear_of_it_once(void **state)
{
    struct told t = {0};
    enum status st = STATUS_NEED_MORE;
    sqlite3 *other;

    (void)state;
    told_open(&t, world_make());
    assert_int_equal(sqlite3_open(t.world->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    for (int i = 0; i < 1200; i++) {
        assert_int_equal(give(&t), STATUS_OK);
        assert_int_equal(sink_store.commit(t.sink, false), STATUS_NEED_MORE);
    }
    assert_int_equal(t.lines, 1);
    assert_non_null(strstr(t.said, "wait in memory"));
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    while (st == STATUS_NEED_MORE) {
        st = sink_store.commit(t.sink, false);
        usleep(1000);
    }
    assert_int_equal(st, STATUS_OK);
    assert_int_equal(t.lines, 2);
    assert_non_null(strstr(t.said, "again"));
    assert_int_equal(flows(&t), 1200);

    /* what has to be kept now, and cannot be, is lost and counted */
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    give(&t);
    give(&t);
    assert_true(sink_store.commit(t.sink, true) < 0);
    assert_int_equal(sink_store.commit(t.sink, true), STATUS_OK);
    assert_int_equal(atomic_load(&t.world->facts.lost_flows), 2);
    sqlite3_close(other);
    sink_store.close(t.sink);
    assert_int_equal(flows(&t), 1200);
    world_free(t.world);
}

static void a_second_weir_takes_another_file(void **state)
{
    struct told t = {0};
    struct store_world *w = world_make();
    char other[WORLD_PATH];

    (void)state;
    snprintf(other, sizeof(other), "%s/flows-8081.db", w->folder);
    world_open(w);
    told_open(&t, w);
    assert_null(t.sink); /* no other name was given */
    t.settings.other_path = other;
    told_open(&t, w);
    assert_non_null(t.sink);
    assert_string_equal(t.settings.store.path, other);
    assert_non_null(strstr(t.said, "is writing to"));
    assert_non_null(strstr(t.said, other));
    sink_store.close(t.sink);
    world_free(w);
}

static void without_a_store_flows_go_nowhere_if_that_may_be(void **state)
{
    struct told t = {0};
    struct store_world *w = world_make();

    (void)state;
    w->settings.path = "/nowhere/at/all/flows.db";
    told_open(&t, w);
    assert_null(t.sink);
    assert_int_equal(t.lines, 0);
    t.settings.optional = true;
    told_open(&t, w);
    assert_non_null(t.sink);
    assert_null(t.settings.store.path);
    assert_non_null(strstr(t.said, "flows are not kept"));
    assert_int_equal(give(&t), STATUS_OK);
    assert_int_equal(sink_store.gap(t.sink, &(struct log_gap){1, 1}), STATUS_OK);
    assert_int_equal(sink_store.commit(t.sink, true), STATUS_OK);
    assert_false(sink_store.idle(t.sink));
    sink_store.close(t.sink);
    world_free(w);
}

static void idle_moments_are_for_what_is_too_old(void **state)
{
    struct told t = {0};
    struct store_world *w = world_make();
    int steps = 0;

    (void)state;
    w->settings.keep.age_us = 1000 * 1000; /* these flows are of 2023 */
    told_open(&t, w);
    for (int i = 0; i < 999; i++)
        give(&t);
    assert_int_equal(sink_store.commit(t.sink, true), STATUS_OK);
    while (sink_store.idle(t.sink))
        assert_true(++steps < 100);
    assert_true(steps >= 4); /* each is short */
    assert_int_equal(flows(&t), 0);
    assert_int_equal(atomic_load(&w->facts.removed), 999);
    sink_store.close(t.sink);
    world_free(w);
}

/* Under load there is no idle moment. */
static void far_too_much_is_taken_away_at_once(void **state)
{
    struct told t = {0};
    struct store_world *w = world_make();

    (void)state;
    w->settings.keep.size_bytes = 1024 * 1024;
    told_open(&t, w);
    for (int i = 0; i < 20000; i++) {
        give(&t);
        assert_true(sink_store.commit(t.sink, false) >= 0);
    }
    assert_int_equal(sink_store.commit(t.sink, true), STATUS_OK);
    assert_in_range(atomic_load(&w->facts.bytes), 512 * 1024, 3 * 1024 * 1024);
    assert_int_equal(flows(&t) + (long long)atomic_load(&w->facts.removed), 20000);
    assert_sound(w);
    sink_store.close(t.sink);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_flows_are_written_at_once_fewer_a_little_later),
        cmocka_unit_test(secrets_are_not_stored_where_that_is_asked_for),
        cmocka_unit_test(what_cannot_be_written_waits_and_people_hear_of_it_once),
        cmocka_unit_test(a_second_weir_takes_another_file),
        cmocka_unit_test(without_a_store_flows_go_nowhere_if_that_may_be),
        cmocka_unit_test(idle_moments_are_for_what_is_too_old),
        cmocka_unit_test(far_too_much_is_taken_away_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
