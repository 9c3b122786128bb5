/* Reading a store without memory: a walk gives every flow that its filter takes, or says
 * that it cannot; the index takes flows whole or not at all. */
#include <string.h>

#include "scarce_memory.h"
#include "stage.h"

#include "logs/flow_make.h"
#include "logs/flow_pack.h"
#include "logs/query.h"
#include "make_store.h"

enum { FLOWS = 20, PACKED_BYTES = 1024 * 1024 };

static struct made_store made;

static void make_the_store(void)
{
    uint64_t random = 88172645463325252;
    bool more = true;
    sqlite3 *db = NULL;

    make_store(&made);
    for (uint64_t i = 0; i < FLOWS; i++) {
        struct flow *f = make_some_flow(&random, i);

        made_store_put(&made, f);
        free_flow(f);
    }
    made_store_commit(&made);
    assert_int_equal(sqlite3_open(made.path, &db), SQLITE_OK);
    while (more)
        assert_int_equal(store_fts_step(db, FTS_STEP_BYTES, &more), STATUS_OK);
    sqlite3_close(db);
}

static enum status walk(struct query *q, const struct filter *filter, uint64_t *ret_count)
{
    const struct query_ask ask = {.filter = filter, .bodies = true};
    enum status st = query_begin(q, &ask);
    uint64_t count = 0;
    struct flow *f;

    while (!st) {
        st = query_next(q, &f);
        if (st)
            break;
        count++;
        flow_free(f);
    }
    query_end(q);
    *ret_count = count;
    return st == STATUS_END ? STATUS_OK : st;
}

/* *expected is -1 at first: then all is counted with memory enough. */
static void search(const char *text, int64_t *expected)
{
    struct filter_fault fault;
    struct filter *filter = NULL;
    char error[QUERY_ERROR_TEXT];
    struct query *q = NULL;
    uint64_t count = 0;
    enum status st;

    assert_int_equal(filter_parse(bytes_of(text), 0, &filter, &fault), STATUS_OK);
    scarce_arm(*expected >= 0);
    st = query_open(made.path, error, &q);
    if (!st)
        st = walk(q, filter, &count);
    query_close(q);
    scarce_arm(false);
    if (*expected < 0)
        *expected = (int64_t)count;
    if (!st)
        assert_int_equal(count, *expected);
    else
        assert_true(st == STATUS_NO_MEMORY && scarce_failed());
    filter_free(filter);
}

static void a_search_in_bodies(void)
{
    static int64_t expected = -1;

    search("body:basket OR host:api.test", &expected);
}

static void a_search_in_urls_and_heads(void)
{
    static int64_t expected = -1;

    search("-login (header:accept OR id:01J0 OR status:5xx) -kind:refused", &expected);
}

static void one_flow_by_name(void)
{
    char error[QUERY_ERROR_TEXT];
    struct query *q = NULL;
    struct flow *f = NULL;
    enum status st;

    scarce_arm(true);
    st = query_open(made.path, error, &q);
    if (!st)
        st = query_find(q, BYTES("@1"), &f);
    scarce_arm(false);
    assert_int_equal(st, scarce_failed() ? STATUS_NO_MEMORY : STATUS_OK);
    flow_free(f);
    query_close(q);
}

static void a_step_of_the_index(void)
{
    struct made_store m;
    uint64_t random = 5;
    struct flow *f = make_some_flow(&random, 1);
    sqlite3 *db = NULL;
    bool more = true;
    enum status st;

    make_store(&m);
    made_store_put(&m, f);
    made_store_commit(&m);
    assert_int_equal(sqlite3_open(m.path, &db), SQLITE_OK);
    scarce_arm(true);
    st = store_fts_step(db, FTS_STEP_BYTES, &more);
    scarce_arm(false);
    assert_true(st == STATUS_OK || (st == STATUS_NO_MEMORY && scarce_failed()));
    sqlite3_close(db);
    free_store(&m);
    free_flow(f);
}

static void a_record_there_and_back(void)
{
    uint64_t random = 9;
    struct flow *f = make_some_flow(&random, 1), *back = NULL;
    struct buf packed;
    enum status st;

    buf_init(&packed, PACKED_BYTES);
    scarce_arm(true);
    st = flow_pack(f, &packed);
    if (!st)
        st = flow_unpack(buf_bytes(&packed), &back);
    scarce_arm(false);
    assert_int_equal(st, scarce_failed() ? STATUS_NO_MEMORY : STATUS_OK);
    flow_free(back);
    buf_release(&packed);
    free_flow(f);
}

static void finds_all_or_says_that_it_cannot(void **state)
{
    (void)state;
    make_the_store();
    a_search_in_bodies();
    a_search_in_urls_and_heads();
    scarce_play(a_search_in_bodies);
    scarce_play(a_search_in_urls_and_heads);
    scarce_play(one_flow_by_name);
    free_store(&made);
}

static void indexes_flows_or_says_that_it_cannot(void **state)
{
    (void)state;
    scarce_play(a_step_of_the_index);
}

static void packs_flows_or_says_that_it_cannot(void **state)
{
    (void)state;
    scarce_play(a_record_there_and_back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_all_or_says_that_it_cannot),
        cmocka_unit_test(indexes_flows_or_says_that_it_cannot),
        cmocka_unit_test(packs_flows_or_says_that_it_cannot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
