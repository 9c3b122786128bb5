/* The writing side of a store without memory: SQLite's allocations fail, too. Each flow is
 * stored or counted as lost, and the file is sound whatever failed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scarce_memory.h"
#include "stage.h"

#include "logs/sink_store.h"
#include "make_flow.h"
#include "store_world.h"
#include "tls/digest.h"

enum { FLOWS = 3, HEAD_BYTES = 16 };

/* ---- SQLite's memory, by way of the allocator that fails ----------------- */

static bool sqlite_is_scarce; /* else only our own allocations fail: it makes very many */
static bool armed;

static void arm(bool on)
{
    armed = on;
    scarce_arm(on);
}

static void *sqlite_malloc(int len)
{
    uint8_t *block;

    scarce_arm(armed && sqlite_is_scarce);
    block = malloc((size_t)len + HEAD_BYTES);
    scarce_arm(armed);
    if (!block)
        return NULL;
    memcpy(block, &len, sizeof(len));
    return block + HEAD_BYTES;
}

static void sqlite_free(void *p)
{
    if (p)
        free((uint8_t *)p - HEAD_BYTES);
}

static void *sqlite_realloc(void *p, int len)
{
    uint8_t *block;

    scarce_arm(armed && sqlite_is_scarce);
    block = realloc(p ? (uint8_t *)p - HEAD_BYTES : NULL, (size_t)len + HEAD_BYTES);
    scarce_arm(armed);
    if (!block)
        return NULL;
    memcpy(block, &len, sizeof(len));
    return block + HEAD_BYTES;
}

static int sqlite_size(void *p)
{
    int len = 0;

    if (p)
        memcpy(&len, (uint8_t *)p - HEAD_BYTES, sizeof(len));
    return len;
}

static int sqlite_roundup(int len)
{
    return (len + 7) & ~7;
}

static int sqlite_init(void *self)
{
    (void)self;
    return SQLITE_OK;
}

static void sqlite_shutdown(void *self)
{
    (void)self;
}

/* ---- a life of a store --------------------------------------------------- */

static uint64_t lost(struct store_world *w)
{
    return atomic_load(&w->facts.lost_flows);
}

/* Flows are old at once, but for those with that body. */
static struct store_world *make(struct filter **ret_filter)
{
    struct store_world *w = world_make_at("/dev/shm");
    struct filter_fault fault;

    if (filter_parse(BYTES("body:large"), 0, ret_filter, &fault))
        fail();
    w->settings.digest = digest_sha256;
    w->settings.own_place = true;
    w->settings.keep =
        (struct keep){.age_us = 1, .classes = {{*ret_filter, INT64_C(1) << 60}}, .class_count = 1};
    return w;
}

static void opens(void)
{
    struct filter *filter = NULL;
    struct store_world *w = make(&filter);
    enum status st;

    arm(true);
    st = store_open(&w->settings, &w->facts, w->error, &w->store);
    arm(false);
    if (st) {
        assert_true(scarce_failed());
        assert_true(w->error[0]);
        world_open(w); /* with memory all is well again */
    }
    assert_string_equal(store_notice(w->store), ""); /* nothing was taken for damage */
    world_put(w, make_http_flow("GET", "/", 200, NULL));
    world_commit(w);
    assert_sound(w);
    world_free(w);
    filter_free(filter);
}

static void put(struct store_world *w, unsigned i)
{
    static const char large[4000] = "[large]";
    struct flow *f = make_http_flow("POST", "/a", 200, "application/json");
    uint64_t before = lost(w);

    make_body(f, &f->response, i ? bytes_make(large, sizeof(large)) : BYTES("{}"));
    arm(true);
    if (store_put(w->store, f))
        assert_int_equal(lost(w), before + 1);
    arm(false);
    free_flow(f);
}

static void keeps(void)
{
    struct filter *filter = NULL;
    struct store_world *w = make(&filter);
    bool more = true;

    world_open(w);
    for (unsigned i = 0; i < FLOWS; i++)
        put(w, i);
    arm(true);
    (void)!store_commit(w->store);
    for (int i = 0; more && i < 8; i++) {
        if (store_keep(w->store, INT64_MAX / 8, &more))
            more = false;
    }
    arm(false);
    put(w, 1);
    world_commit(w);
    assert_int_equal(atomic_load(&w->facts.stored) + lost(w), FLOWS + 1);
    assert_int_equal(world_number(w, "SELECT count(*) FROM flows"),
                     atomic_load(&w->facts.stored) - atomic_load(&w->facts.removed));
    assert_sound(w);
    world_free(w);
    filter_free(filter);
}

static void a_store_opens_or_says_that_it_cannot(void **state)
{
    (void)state;
    sqlite_is_scarce = false;
    scarce_play(opens);
}

static void every_flow_is_stored_or_counted(void **state)
{
    (void)state;
    sqlite_is_scarce = true;
    scarce_play(keeps);
}

int main(void)
{
    static const sqlite3_mem_methods memory = {
        sqlite_malloc,  sqlite_free, sqlite_realloc,  sqlite_size,
        sqlite_roundup, sqlite_init, sqlite_shutdown, NULL,
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_opens_or_says_that_it_cannot),
        cmocka_unit_test(every_flow_is_stored_or_counted),
    };

    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &memory) ||
        sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
