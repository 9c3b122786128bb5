#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logs/store_fts.h"
#include "logs/store_impl.h"
#include "store_world.h"

#define SECOND_US INT64_C(1000000)
#define START_US INT64_C(1700000000000000)

static struct filter *make_filter(const char *text)
{
    struct filter_fault fault;
    struct filter *f = NULL;

    if (filter_parse(bytes_of(text), START_US, &f, &fault))
        fail_msg("%s: %s", text, fault.text);
    return f;
}

static void put_at(struct store_world *w, int64_t second, const char *type, struct bytes body)
{
    struct flow *f = make_http_flow("GET", "/", 200, type);

    f->started_us = START_US + second * SECOND_US;
    if (body.len)
        make_body(f, &f->response, body);
    world_put(w, f);
}

/* All that is due at that second. */
static void keep_at(struct store_world *w, int64_t second)
{
    bool more = true;

    for (int i = 0; more; i++) {
        assert_true(i < 10000);
        if (store_keep(w->store, START_US + second * SECOND_US, &more))
            fail_msg("%s", store_error(w->store));
    }
}

static long long flows(const struct store_world *w)
{
    return world_number(w, "SELECT count(*) FROM flows");
}

static void takes_away_what_is_too_old(void **state)
{
    struct store_world *w = world_make();

    (void)state;
    w->settings.keep.age_us = 100 * SECOND_US;
    world_open(w);
    for (int i = 0; i < 1000; i++)
        put_at(w, i, "text/html", BYTES(""));
    world_commit(w);
    keep_at(w, 99);
    assert_int_equal(flows(w), 1000);
    keep_at(w, 100);
    assert_int_equal(flows(w), 999);
    keep_at(w, 600);
    assert_int_equal(flows(w), 499);
    assert_int_equal(world_number(w, "SELECT min(number) FROM flows"), 502);
    assert_int_equal(atomic_load(&w->facts.removed), 501);
    assert_int_equal(atomic_load(&w->facts.flows), 499);
    assert_sound(w);
    world_free(w);
}

static void the_first_class_that_matches_decides_the_age(void **state)
{
    struct store_world *w = world_make();
    struct filter *html = make_filter("mime:html"), *image = make_filter("mime:image"),
                  *all = make_filter("");

    (void)state;
    w->settings.keep = (struct keep){
        .age_us = 50 * SECOND_US,
        .classes = {{html, 0}, {image, 10 * SECOND_US}},
        .class_count = 2,
    };
    world_open(w);
    for (int i = 0; i < 10; i++) {
        put_at(w, i, "text/html", BYTES(""));
        put_at(w, i, "image/png", BYTES(""));
        put_at(w, i, "text/css", BYTES(""));
    }
    world_commit(w);
    keep_at(w, 30);
    assert_int_equal(world_number(w, "SELECT count(*) FROM flows WHERE mime = 'image/png'"), 0);
    assert_int_equal(flows(w), 20);
    keep_at(w, 200);
    assert_int_equal(world_number(w, "SELECT count(*) FROM flows WHERE mime = 'text/html'"), 10);
    assert_int_equal(flows(w), 10); /* those stay for ever */
    world_close(w);

    /* what is configured now counts, for flows that were put down before as well */
    w->settings.keep.classes[0] = (struct keep_class){html, 5 * SECOND_US};
    world_open(w);
    keep_at(w, 200);
    assert_int_equal(flows(w), 0);
    assert_sound(w);
    world_close(w);

    /* a class that is gone from the configuration goes with its last flow */
    w->settings.keep.class_count = 0;
    world_open(w);
    keep_at(w, 200);
    assert_int_equal(world_number(w, "SELECT count(*) FROM classes"), 0);
    world_free(w);
    filter_free(html);
    filter_free(image);
    filter_free(all);
}

/* What would go first by its age goes first when there is too much, too. */
static void takes_away_what_is_too_much_and_the_file_shrinks(void **state)
{
    struct store_world *w = world_make();
    struct filter *image = make_filter("mime:image");
    char body[8192] = {0};
    long long before;

    (void)state;
    w->settings.keep = (struct keep){
        .age_us = 1000 * SECOND_US,
        .classes = {{image, 10000 * SECOND_US}},
        .class_count = 1,
    };
    world_open(w);
    for (int i = 0; i < 4000; i++) {
        memcpy(body, &i, sizeof(i));
        put_at(w, i / 100, i % 4 ? "application/x" : "image/png", bytes_make(body, sizeof(body)));
        if (store_full(w->store))
            world_commit(w);
    }
    world_commit(w);
    before = world_number(w, "PRAGMA page_count");
    world_close(w);
    w->settings.keep.size_bytes = 14 * 1024 * 1024;
    world_open(w);
    assert_true(store_over(w->store));
    keep_at(w, 50);
    assert_false(store_over(w->store));
    assert_int_equal(world_number(w, "SELECT count(*) FROM flows WHERE mime = 'image/png'"), 1000);
    assert_in_range(flows(w), 1001, 1800);
    assert_true(world_number(w, "PRAGMA page_count") < before * 2 / 3);
    assert_int_equal(store_shrink(w->store), STATUS_OK);
    assert_int_equal(world_number(w, "PRAGMA freelist_count"), 0);
    assert_true(world_number(w, "PRAGMA page_count") * 4096 <= 14 * 1024 * 1024);
    assert_sound(w);
    world_free(w);
    filter_free(image);
}

static void a_body_goes_with_the_last_flow_that_has_it(void **state)
{
    struct store_world *w = world_make();
    char large[30000];

    (void)state;
    memset(large, 'x', sizeof(large));
    w->settings.keep.age_us = 100 * SECOND_US;
    world_open(w);
    put_at(w, 0, "image/png", bytes_make(large, sizeof(large)));
    put_at(w, 0, "image/png", BYTES("only here"));
    put_at(w, 10, "image/png", bytes_make(large, sizeof(large)));
    world_commit(w);
    keep_at(w, 105);
    assert_int_equal(flows(w), 1);
    assert_int_equal(world_number(w, "SELECT refs FROM bodies"), 1);
    assert_int_equal(world_number(w, "SELECT count(*) FROM body_chunk"), 1);
    /* one that was known a moment ago is written anew */
    put_at(w, 105, "image/png", BYTES("only here"));
    world_commit(w);
    assert_int_equal(world_number(w, "SELECT count(*) FROM bodies"), 2);
    assert_sound(w);
    keep_at(w, 300);
    assert_int_equal(world_number(w, "SELECT count(*) FROM bodies"), 0);
    assert_int_equal(world_number(w, "SELECT count(*) FROM body_chunk"), 0);
    assert_int_equal(atomic_load(&w->facts.lost_bodies), 0);
    world_free(w);
}

/* Retention between the putting down and the commit. */
static void a_body_that_went_too_early_is_counted(void **state)
{
    struct store_world *w = world_make();

    (void)state;
    w->settings.keep.age_us = 100 * SECOND_US;
    world_open(w);
    put_at(w, 0, "image/png", BYTES("known"));
    world_commit(w);
    put_at(w, 200, "image/png", BYTES("known"));
    keep_at(w, 200);
    world_commit(w);
    assert_int_equal(flows(w), 1);
    assert_int_equal(atomic_load(&w->facts.lost_bodies), 1);
    assert_int_equal(world_number(w, "SELECT response_body IS NULL FROM records"), 1);
    assert_sound(w);
    world_free(w);
}

/* SQLite gives the highest key again when its row has gone. */
static void another_body_of_the_same_key_is_not_taken_for_it(void **state)
{
    struct store_world *w = world_make();

    (void)state;
    w->settings.keep.age_us = 100 * SECOND_US;
    world_open(w);
    put_at(w, 0, "image/png", BYTES("known"));
    world_commit(w);
    put_at(w, 200, "image/png", BYTES("another"));
    put_at(w, 200, "image/png", BYTES("known"));
    keep_at(w, 200);
    world_commit(w);
    assert_int_equal(atomic_load(&w->facts.lost_bodies), 1);
    assert_int_equal(world_number(w, "SELECT count(*) FROM records WHERE response_body"), 1);
    assert_sound(w);
    world_free(w);
}

static void a_clock_that_was_ahead_keeps_nothing_longer(void **state)
{
    struct store_world *w = world_make();

    (void)state;
    w->settings.keep.age_us = 100 * SECOND_US;
    world_open(w);
    put_at(w, 9000000, "text/css", BYTES(""));
    for (int i = 0; i < 10; i++)
        put_at(w, i, "text/css", BYTES(""));
    put_at(w, 9000000, "text/css", BYTES(""));
    world_commit(w);
    keep_at(w, 105);
    assert_int_equal(flows(w), 6);
    keep_at(w, 300);
    assert_int_equal(flows(w), 2);
    w->store->settings.keep.size_bytes = 1; /* these, too, when there is too much */
    keep_at(w, 300);
    assert_int_equal(flows(w), 0);
    assert_sound(w);
    world_free(w);
}

static void a_step_takes_no_more_bodies_than_it_has_time_for(void **state)
{
    enum { LARGE_BYTES = 1024 * 1024 };
    struct store_world *w = world_make();
    uint8_t *large = calloc(1, LARGE_BYTES);
    bool more;

    (void)state;
    assert_non_null(large);
    w->settings.keep.age_us = 100 * SECOND_US;
    world_open(w);
    for (uint8_t i = 0; i < 20; i++) {
        large[0] = i;
        put_at(w, 0, "image/png", bytes_make(large, LARGE_BYTES));
    }
    world_commit(w);
    assert_int_equal(store_keep(w->store, START_US + 200 * SECOND_US, &more), STATUS_OK);
    assert_true(more);
    assert_int_equal(flows(w), 12);
    keep_at(w, 200);
    assert_int_equal(flows(w), 0);
    assert_sound(w);
    free(large);
    world_free(w);
}

static void index_all(struct store_world *w)
{
    bool more = true;

    for (int i = 0; more; i++) {
        assert_true(i < 1000);
        assert_int_equal(store_index(w->store, &more), STATUS_OK);
    }
}

static void put_many_words(struct store_world *w, int count)
{
    uint64_t seed = 88172645463325252;
    char text[8192];

    for (int i = 0; i < count; i++) {
        for (size_t k = 0; k < sizeof(text); k++) {
            seed = seed * 6364136223846793005 + 1442695040888963407;
            text[k] = (char)('a' + (seed >> 33) % 26);
        }
        put_at(w, i, "text/plain", bytes_make(text, sizeof(text)));
    }
    world_commit(w);
}

static void an_index_that_is_too_large_goes_before_its_flows(void **state)
{
    struct store_world *w = world_make();
    int64_t pages = 0;

    (void)state;
    world_open(w);
    put_many_words(w, 300); /* 2 MB, and an index several times as large */
    index_all(w);
    assert_int_equal(store_fts_pages(w->store->file.db, &pages), STATUS_OK);
    assert_in_range(pages * 4096, 4 * 1000 * 1000, 40 * 1000 * 1000);
    keep_at(w, 300);
    assert_int_equal(world_number(w, "SELECT count(*) FROM sqlite_schema WHERE name = 'fts_0'"), 1);
    w->store->settings.keep.size_bytes = 5 * 1000 * 1000;
    keep_at(w, 300);
    assert_int_equal(flows(w), 300);
    assert_in_range(w->store->used, 1, 5 * 1000 * 1000);
    assert_int_equal(world_number(w, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'fts_%'"
                                     " OR name LIKE 'gone_%'"),
                     0);
    assert_int_equal(store_fts_pages(w->store->file.db, &pages), STATUS_OK);
    assert_in_range(pages, 0, 8);
    /* it begins again with the next table */
    put_many_words(w, 1);
    index_all(w);
    assert_int_equal(world_number(w, "SELECT count(*) FROM sqlite_schema WHERE name = 'fts_0'"), 0);
    w->store->last_number = 100 * 1000;
    put_many_words(w, 1);
    index_all(w);
    assert_int_equal(world_number(w, "SELECT count(*) FROM sqlite_schema WHERE name = 'fts_1'"), 1);
    assert_int_equal(world_number(w, "SELECT value FROM meta WHERE key = 'fts_upto'"), 100001);
    assert_sound(w);
    world_free(w);
}

static void gaps_go_with_the_flows_around_them(void **state)
{
    struct store_world *w = world_make();
    const struct log_gap gap = {1, 0};

    (void)state;
    w->settings.keep.age_us = 100 * SECOND_US;
    world_open(w);
    for (int i = 0; i < 3; i++) {
        put_at(w, i * 50, "text/css", BYTES(""));
        store_gap(w->store, &gap);
    }
    world_commit(w);
    assert_int_equal(world_number(w, "SELECT count(*) FROM gaps"), 3);
    keep_at(w, 160);
    assert_int_equal(flows(w), 1);
    assert_int_equal(world_number(w, "SELECT count(*) FROM gaps"), 1);
    world_free(w);
}

static void full_text_tables_go_whole_when_their_flows_are_gone(void **state)
{
    struct store_world *w = world_make();

    (void)state;
    w->settings.keep.age_us = 100 * SECOND_US;
    world_open(w);
    put_at(w, 0, "text/css", BYTES(""));
    world_commit(w);
    w->store->last_number = 250 * 1000;
    put_at(w, 0, "text/css", BYTES(""));
    put_at(w, 500, "text/css", BYTES(""));
    world_commit(w);
    for (int i = 0; i < 3; i++) {
        char sql[128];

        snprintf(sql, sizeof(sql), "CREATE VIRTUAL TABLE fts_%d USING fts5(x, content='')", i);
        assert_int_equal(sqlite3_exec(w->store->file.db, sql, NULL, NULL, NULL), SQLITE_OK);
    }
    keep_at(w, 10);
    assert_int_equal(world_number(w, "SELECT count(*) FROM sqlite_schema WHERE name IN"
                                     " ('fts_0', 'fts_1', 'fts_2')"),
                     3);
    keep_at(w, 300);
    assert_int_equal(flows(w), 1);
    assert_int_equal(world_number(w, "SELECT count(*) FROM sqlite_schema WHERE name IN"
                                     " ('fts_0', 'fts_1')"),
                     0);
    assert_int_equal(world_number(w, "SELECT count(*) FROM sqlite_schema WHERE name = 'fts_2'"), 1);
    assert_sound(w);
    world_free(w);
}

static void a_plan_says_what_would_go(void **state)
{
    struct store_world *w = world_make();
    struct keep_plan plan;

    (void)state;
    w->settings.keep.age_us = 100 * SECOND_US;
    world_open(w);
    for (int i = 0; i < 100; i++)
        put_at(w, i, "text/css", BYTES(""));
    world_commit(w);
    assert_int_equal(store_keep_plan(w->store, START_US + 150 * SECOND_US, &plan), STATUS_OK);
    assert_int_equal(plan.flows, 50);
    assert_in_range(plan.bytes, 50 * 300, 50 * 3000);
    assert_int_equal(flows(w), 100);
    w->store->settings.keep.size_bytes = 1;
    assert_int_equal(store_keep_plan(w->store, START_US + 150 * SECOND_US, &plan), STATUS_OK);
    assert_in_range(plan.flows, 95, 101);
    world_free(w);
}

static void a_check_finds_damage(void **state)
{
    struct store_world *w = world_make();

    (void)state;
    world_open(w);
    for (int i = 0; i < 2000; i++)
        put_at(w, i, "text/css", BYTES(""));
    world_commit(w);
    assert_int_equal(store_check(w->store), STATUS_OK);
    assert_int_equal(sqlite3_db_config(w->store->file.db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL), 0);
    assert_int_equal(sqlite3_exec(w->store->file.db,
                                  "PRAGMA writable_schema=ON; DELETE FROM sqlite_schema"
                                  " WHERE name = 'flows_id'; PRAGMA writable_schema=RESET",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(store_check(w->store), STATUS_BAD_INPUT); /* its pages belong to nobody */
    assert_true(store_error(w->store)[0]);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_away_what_is_too_old),
        cmocka_unit_test(the_first_class_that_matches_decides_the_age),
        cmocka_unit_test(takes_away_what_is_too_much_and_the_file_shrinks),
        cmocka_unit_test(a_body_goes_with_the_last_flow_that_has_it),
        cmocka_unit_test(a_body_that_went_too_early_is_counted),
        cmocka_unit_test(gaps_go_with_the_flows_around_them),
        cmocka_unit_test(another_body_of_the_same_key_is_not_taken_for_it),
        cmocka_unit_test(a_clock_that_was_ahead_keeps_nothing_longer),
        cmocka_unit_test(a_step_takes_no_more_bodies_than_it_has_time_for),
        cmocka_unit_test(an_index_that_is_too_large_goes_before_its_flows),
        cmocka_unit_test(full_text_tables_go_whole_when_their_flows_are_gone),
        cmocka_unit_test(a_plan_says_what_would_go),
        cmocka_unit_test(a_check_finds_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
