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

static void *sqlite_malloc(int len)
{
    uint8_t *block = malloc((size_t)len + HEAD_BYTES);

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
    uint8_t *block = realloc(p ? (uint8_t *)p - HEAD_BYTES : NULL, (size_t)len + HEAD_BYTES);

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

static void put(struct store_world *w, unsigned i, unsigned *given)
{
    static const char large[4000] = "[large]";
    struct flow *f = make_http_flow("POST", "/a", 200, "application/json");
    uint64_t before = lost(w);

    make_body(f, &f->response, i ? bytes_make(large, sizeof(large)) : BYTES("{}"));
    if (store_put(w->store, f))
        assert_int_equal(lost(w), before + 1);
    free_flow(f);
    (*given)++;
}

static void lives(void)
{
    struct store_world *w;
    struct filter_fault fault;
    struct filter *filter = NULL;
    unsigned given = 0;
    bool more = true;

    if (filter_parse(BYTES("body:large"), 0, &filter, &fault))
        fail();
    w = world_make();
    w->settings.digest = digest_sha256;
    w->settings.own_place = true;
    w->settings.keep =
        (struct keep){.age_us = 1, .classes = {{filter, INT64_C(1) << 60}}, .class_count = 1};
    scarce_arm(true);
    if (store_open(&w->settings, &w->facts, w->error, &w->store) == STATUS_OK) {
        for (unsigned i = 0; i < FLOWS; i++)
            put(w, i, &given);
        (void)!store_commit(w->store);
        for (int i = 0; more && i < 8; i++) {
            if (store_keep(w->store, INT64_MAX / 8, &more))
                more = false;
        }
        put(w, 1, &given);
    } else {
        assert_true(scarce_failed());
        assert_true(w->error[0]);
    }
    scarce_arm(false);
    if (w->store) {
        world_commit(w); /* with memory all is well again */
        assert_int_equal(atomic_load(&w->facts.stored) + lost(w), given);
        assert_int_equal(world_number(w, "SELECT count(*) FROM flows"),
                         atomic_load(&w->facts.stored) - atomic_load(&w->facts.removed));
        assert_sound(w);
    }
    world_free(w);
    filter_free(filter);
}

static void every_flow_is_stored_or_counted(void **state)
{
    (void)state;
    scarce_play(lives);
}

int main(void)
{
    static const sqlite3_mem_methods memory = {
        sqlite_malloc,  sqlite_free, sqlite_realloc,  sqlite_size,
        sqlite_roundup, sqlite_init, sqlite_shutdown, NULL,
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flow_is_stored_or_counted),
    };

    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &memory) ||
        sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
