#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <zstd.h>

#include "logs/flow_make.h"
#include "logs/flow_pack.h"
#include "logs/store_impl.h"
#include "store_world.h"

enum { MIB = 1024 * 1024 };

static void keeps_what_a_list_of_flows_needs(void **state)
{
    struct store_world *w = world_make();
    struct flow *f;
    char text[256];

    (void)state;
    world_open(w);
    f = world_flow(w, "/a?b=c", BYTES("{}"));
    f->injected = true;
    f->user = BYTES("ann");
    f->anomalies = 5;
    make_rule(f, "proxy.yaml:3 first", NULL);
    make_rule(f, "proxy.yaml:9 second", "status 200");
    world_put(w, f);
    assert_int_equal(world_number(w, "SELECT count(*) FROM flows"), 0); /* not before a commit */
    world_commit(w);
    world_text(w,
               "SELECT number||' '||hex(id)||' '||kind||' '||started_us||' '||duration_us||' '||"
               "method||' '||scheme||' '||host||' '||port||' '||path||' '||status||' '||version||"
               "' '||reason||' '||error||injected||reused||websocket||' '||anomalies||' '||mime||"
               "' '||request_bytes||' '||response_bytes||' '||client||' '||user||' '||"
               "replace(rules, char(10), '|')||' '||ifnull(tags, '-')||' '||class FROM flows",
               text, sizeof(text));
    assert_string_equal(text, "1 019000000000000000000000"
                              "00000000 0 1700000000123456 38000 GET "
                              "https api.test 443 /a?b=c 200 11 complete 0100 5 application/json "
                              "0 2 127.0.0.1:51234 ann proxy.yaml:3 first|proxy.yaml:9 second - 0");
    assert_int_equal(atomic_load(&w->facts.stored), 1);
    assert_int_equal(atomic_load(&w->facts.flows), 1);
    assert_sound(w);
    world_free(w);
}

/* What unpacks again is what was put in. */
static void keeps_the_whole_record(void **state)
{
    struct store_world *w = world_make();
    struct flow *f, *again = NULL;
    struct buf before, after;
    sqlite3 *db;
    sqlite3_stmt *q;

    (void)state;
    world_open(w);
    f = world_flow(w, "/a", BYTES("{\"n\":1}"));
    buf_init(&before, MIB);
    buf_init(&after, MIB);
    assert_int_equal(flow_pack(f, &before), STATUS_OK);
    world_put(w, f);
    world_commit(w);
    assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT record FROM records", -1, &q, NULL), 0);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    assert_int_equal(
        flow_unpack(bytes_make(sqlite3_column_blob(q, 0), (size_t)sqlite3_column_bytes(q, 0)),
                    &again),
        STATUS_OK);
    sqlite3_finalize(q);
    sqlite3_close(db);
    assert_int_equal(flow_pack(again, &after), STATUS_OK);
    assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
    flow_free(again);
    buf_release(&before);
    buf_release(&after);
    world_free(w);
}

/* All pieces of the one body there is, joined. */
static struct buf stored_body(const struct store_world *w, long long *ret_coding)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    struct buf out;

    buf_init(&out, 64 * MIB);
    assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT b.coding, ifnull(b.data, c.data) FROM bodies b LEFT JOIN"
                           " body_chunk c ON c.body = b.key ORDER BY c.part",
                           -1, &q, NULL),
        SQLITE_OK);
    while (sqlite3_step(q) == SQLITE_ROW) {
        *ret_coding = sqlite3_column_int64(q, 0);
        buf_put(&out, bytes_make(sqlite3_column_blob(q, 1), (size_t)sqlite3_column_bytes(q, 1)));
    }
    sqlite3_finalize(q);
    sqlite3_close(db);
    return out;
}

static void fill(uint8_t *to, size_t len, uint64_t seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        to[i] = (uint8_t)(seed >> 56);
    }
}

static void keeps_a_large_body_in_pieces(void **state)
{
    struct store_world *w = world_make();
    size_t len = 5 * MIB + 77;
    uint8_t *body = malloc(len);
    long long coding = -1;
    struct flow *f;
    struct buf out;

    (void)state;
    assert_non_null(body);
    fill(body, len, 7);
    world_open(w);
    f = world_flow(w, "/large", bytes_make(body, len));
    world_put(w, f);
    world_commit(w);
    assert_int_equal(world_number(w, "SELECT count(*) FROM body_chunk"), 21);
    assert_int_equal(world_number(w, "SELECT max(length(data)) FROM body_chunk"), 256 * 1024);
    assert_int_equal(world_number(w, "SELECT bytes FROM bodies"), (long long)len);
    out = stored_body(w, &coding);
    assert_int_equal(coding, STORE_CODING_PLAIN); /* what looks like text need not be */
    assert_int_equal(out.len, len);
    assert_memory_equal(out.ptr, body, len);
    buf_release(&out);
    assert_sound(w);
    free(body);
    world_free(w);
}

static void presses_text(void **state)
{
    struct store_world *w = world_make();
    char body[3000], plain[sizeof(body)];
    long long coding = -1;
    struct buf out;

    (void)state;
    for (size_t i = 0; i < sizeof(body); i++)
        body[i] = "{\"name\": \"value\"}"[i % 17];
    world_open(w);
    world_put(w, world_flow(w, "/", bytes_make(body, sizeof(body))));
    world_commit(w);
    out = stored_body(w, &coding);
    assert_int_equal(coding, STORE_CODING_ZSTD);
    assert_true(out.len < sizeof(body) / 10);
    assert_int_equal(ZSTD_decompress(plain, sizeof(plain), out.ptr, out.len), sizeof(plain));
    assert_memory_equal(plain, body, sizeof(body));
    buf_release(&out);
    world_free(w);
}

static long long coding_of(const char *field, const char *type, size_t len)
{
    struct store_world *w = world_make();
    uint8_t body[1024];
    struct flow *f;
    long long coding;

    memset(body, 'a', sizeof(body));
    world_open(w);
    f = make_http_flow("GET", "/", 200, type);
    make_body(f, &f->response, bytes_make(body, len));
    if (field)
        make_fields(&f->arena, &((struct head *)(uintptr_t)f->response.received)->fields, field);
    world_put(w, f);
    world_commit(w);
    coding = world_number(w, "SELECT coding FROM bodies");
    world_free(w);
    return coding;
}

static void presses_only_what_it_pays_for(void **state)
{
    (void)state;
    assert_int_equal(coding_of(NULL, "text/html", 1024), STORE_CODING_ZSTD);
    assert_int_equal(coding_of(NULL, "text/html", 511), STORE_CODING_PLAIN);
    assert_int_equal(coding_of(NULL, "image/png", 1024), STORE_CODING_PLAIN);
    assert_int_equal(coding_of(NULL, NULL, 1024), STORE_CODING_PLAIN);
    assert_int_equal(coding_of("Content-Encoding: gzip\n", "text/html", 1024), STORE_CODING_PLAIN);
}

static void keeps_equal_bodies_once(void **state)
{
    struct store_world *w = world_make();
    uint8_t large[20000];

    (void)state;
    fill(large, sizeof(large), 3);
    world_open(w);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 5; i++) {
            world_put(w, world_flow(w, "/small", BYTES("{\"ok\":true}")));
            world_put(w, world_flow(w, "/large", bytes_make(large, sizeof(large))));
        }
        world_commit(w);
    }
    assert_int_equal(world_number(w, "SELECT count(*) FROM bodies"), 2);
    assert_int_equal(world_number(w, "SELECT sum(refs) FROM bodies"), 30);
    world_close(w);
    world_open(w); /* what is large is known for ever */
    world_put(w, world_flow(w, "/large", bytes_make(large, sizeof(large))));
    world_commit(w);
    assert_int_equal(world_number(w, "SELECT count(*) FROM bodies"), 2);
    assert_sound(w);
    world_free(w);
}

static void joins_the_slices_of_a_body(void **state)
{
    struct store_world *w = world_make();
    struct flow *f = make_http_flow("POST", "/", 200, NULL);
    struct slice slices[2] = {slice_of(BYTES("one ")), slice_of(BYTES("two"))};
    long long coding;
    struct buf out;

    (void)state;
    world_open(w);
    f->request.body = (struct flow_body){
        .slices = slices, .count = 2, .cap = 2, .wire_bytes = 7, .captured_bytes = 7};
    world_put(w, f);
    world_commit(w);
    out = stored_body(w, &coding);
    assert_string_equal(buf_text(&out), "one two");
    buf_release(&out);
    assert_int_equal(world_number(w, "SELECT request_body IS NOT NULL AND response_body IS NULL "
                                     "FROM records"),
                     1);
    world_free(w);
}

static void counts_on_after_all_flows_are_gone(void **state)
{
    struct store_world *w = world_make();
    bool more = true;

    (void)state;
    w->settings.keep.age_us = 1;
    world_open(w);
    world_put(w, world_flow(w, "/", BYTES("")));
    world_put(w, world_flow(w, "/", BYTES("")));
    world_commit(w);
    while (more)
        assert_int_equal(store_keep(w->store, INT64_MAX / 8, &more), STATUS_OK);
    assert_int_equal(world_number(w, "SELECT count(*) FROM flows"), 0);
    world_close(w);
    world_open(w);
    world_put(w, world_flow(w, "/", BYTES("")));
    world_commit(w);
    assert_int_equal(world_number(w, "SELECT number FROM flows"), 3);
    world_free(w);
}

static void writes_down_what_is_missing_where_it_is(void **state)
{
    struct store_world *w = world_make();
    const struct log_gap gap = {3, 1}, last = {2, 0};
    char text[128];

    (void)state;
    world_open(w);
    world_put(w, world_flow(w, "/1", BYTES("")));
    store_gap(w->store, &gap);
    world_put(w, world_flow(w, "/2", BYTES("")));
    store_gap(w->store, &last);
    world_commit(w);
    world_text(w, "SELECT group_concat(after||':'||flows||':'||bodies, ' ') FROM gaps", text,
               sizeof(text));
    assert_string_equal(text, "1:3:1 2:2:0");
    world_free(w);
}

/* The journal may not be carried over while somebody reads: it has a cap. */
static void stops_at_a_journal_that_a_reader_holds(void **state)
{
    struct store_world *w = world_make();
    uint8_t body[4000];
    enum status st = STATUS_OK;
    unsigned put = 1;
    sqlite3 *db;

    (void)state;
    w->settings.journal_most_bytes = 256 * 1024;
    world_open(w);
    world_put(w, world_flow(w, "/", BYTES("")));
    world_commit(w);
    assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT * FROM flows", NULL, NULL, NULL), SQLITE_OK);
    for (; !st && put < 1000; put++) {
        fill(body, sizeof(body), put);
        world_put(w, world_flow(w, "/", bytes_make(body, sizeof(body))));
        st = store_commit(w->store);
    }
    assert_int_equal(st, STATUS_LIMIT);
    assert_non_null(strstr(store_error(w->store), "journal"));
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    world_commit(w); /* nothing of it was lost */
    assert_int_equal(world_number(w, "SELECT count(*) FROM flows"), put);
    assert_int_equal(atomic_load(&w->facts.stored), put);
    assert_int_equal(atomic_load(&w->facts.lost_flows), 0);
    assert_sound(w);
    world_free(w);
}

/* The disk has room for so many. */
static void page_limit(const struct store_world *w, int pages)
{
    char sql[64];

    snprintf(sql, sizeof(sql), "PRAGMA max_page_count=%d", pages);
    assert_int_equal(sqlite3_exec(w->store->file.db, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* Bodies go first, then flows; what was kept and what was lost is all there was. */
static void counts_exactly_what_a_full_disk_loses(void **state)
{
    struct store_world *w = world_make();
    uint8_t *body = malloc(MIB);
    unsigned put = 60, refused = 0;

    (void)state;
    assert_non_null(body);
    world_open(w);
    world_put(w, world_flow(w, "/", BYTES("")));
    world_commit(w);
    page_limit(w, 100);
    for (unsigned i = 0; i < put; i++) {
        struct flow *f;

        fill(body, MIB, i);
        f = world_flow(w, "/", bytes_make(body, MIB));
        refused += store_put(w->store, f) != STATUS_OK;
        free_flow(f);
        if (store_full(w->store))
            assert_int_not_equal(store_commit(w->store), STATUS_IO);
    }
    assert_int_equal(refused, 0);
    assert_true(atomic_load(&w->facts.lost_bodies) > 30);
    page_limit(w, 1 << 30);
    world_commit(w); /* there is room again */
    assert_int_equal(world_number(w, "SELECT count(*) FROM flows"), 1 + put);
    assert_int_equal(world_number(w, "SELECT count(*) FROM bodies") +
                         (long long)atomic_load(&w->facts.lost_bodies),
                     put);
    assert_int_equal(world_number(w, "SELECT sum(bodies) FROM gaps"),
                     atomic_load(&w->facts.lost_bodies));
    assert_int_equal(atomic_load(&w->facts.lost_flows), 0);
    assert_sound(w);
    free(body);
    world_free(w);
}

/* A disk that is nearly full takes what it has room for, in order. */
static void writes_the_part_that_there_is_room_for(void **state)
{
    struct store_world *w = world_make();
    uint8_t *body = malloc(MIB);

    (void)state;
    assert_non_null(body);
    world_open(w);
    for (unsigned i = 0; i < 3; i++) {
        fill(body, MIB, i);
        world_put(w, world_flow(w, "/large", bytes_make(body, MIB)));
    }
    for (int i = 0; i < 10; i++)
        world_put(w, world_flow(w, "/small", BYTES("small")));
    page_limit(w, 600);                          /* two large ones, and some more */
    for (int i = 0; store_commit(w->store); i++) /* each tries for a short time only */
        assert_true(i < 100);
    assert_int_equal(world_number(w, "SELECT count(*) FROM flows"), 13);
    assert_int_equal(world_number(w, "SELECT count(*) FROM bodies WHERE bytes > 1000"), 2);
    assert_int_equal(atomic_load(&w->facts.lost_bodies), 1);
    assert_int_equal(world_number(w, "SELECT after FROM gaps WHERE bodies = 1 AND flows = 0"), 3);
    assert_int_equal(world_number(w, "SELECT refs FROM bodies WHERE bytes = 5"), 10);
    assert_sound(w);
    free(body);
    world_free(w);
}

/* Whatever the disk does in between, and whenever flows are given up: each flow is stored,
 * lost or waits, and is one of these only. */
static void counts_each_flow_once_while_the_disk_comes_and_goes(void **state)
{
    struct store_world *w = world_make();
    uint8_t body[40 * 1024];
    uint64_t draw = 7, put = 0;

    (void)state;
    world_open(w);
    for (unsigned i = 0; i < 3000; i++) {
        draw = draw * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        switch (draw >> 60) {
        case 0:
            page_limit(w,
                       (int)(world_number(w, "PRAGMA page_count") + (long long)(draw >> 56 & 7)));
            break;
        case 1:
            page_limit(w, 1 << 30);
            break;
        case 2:
        case 3:
            (void)!store_commit(w->store);
            break;
        case 4:
            if ((draw >> 50 & 15) == 0)
                store_drop(w->store);
            break;
        default: {
            size_t len = draw >> 40 & 1 ? sizeof(body) : 200;
            struct flow *f;

            fill(body, len, (unsigned)(draw >> 33 & 63));
            f = world_flow(w, "/", bytes_make(body, len));
            put++;
            (void)!store_put(w->store, f);
            free_flow(f);
        }
        }
        assert_int_equal(atomic_load(&w->facts.stored) + atomic_load(&w->facts.lost_flows) +
                             batch_waiting(&w->store->batch),
                         put);
    }
    page_limit(w, 1 << 30);
    world_commit(w);
    assert_int_equal(world_number(w, "SELECT count(*) FROM flows"), atomic_load(&w->facts.stored));
    assert_sound(w);
    world_free(w);
}

static void counts_what_no_longer_fits_into_memory(void **state)
{
    struct store_world *w = world_make();
    unsigned kept = 0, refused = 0;

    (void)state;
    world_open(w);
    page_limit(w, 1);
    for (unsigned i = 0; i < 9000; i++) {
        struct flow *f = world_flow(w, "/", BYTES(""));

        if (store_put(w->store, f))
            refused++;
        else
            kept++;
        free_flow(f);
        if (i % 1000 == 999)
            assert_int_equal(store_commit(w->store), STATUS_LIMIT);
    }
    assert_int_equal(kept, 8192);
    assert_int_equal(atomic_load(&w->facts.lost_flows), refused);
    store_drop(w->store);
    assert_true(atomic_load(&w->facts.stored) < 100); /* in the last pages */
    assert_int_equal(atomic_load(&w->facts.stored) + atomic_load(&w->facts.lost_flows), 9000);
    assert_int_equal(world_number(w, "SELECT count(*) FROM flows"), atomic_load(&w->facts.stored));
    assert_sound(w);
    world_free(w);
}

static void begins_a_new_file_when_it_becomes_damaged_in_use(void **state)
{
    struct store_world *w = world_make();
    char garbage[4096];
    const char *notice;
    FILE *file;

    (void)state;
    world_open(w);
    world_put(w, world_flow(w, "/1", BYTES("")));
    world_commit(w);
    world_close(w); /* all is in the file, nothing in the journal */
    world_open(w);
    memset(garbage, 0x5a, sizeof(garbage));
    file = fopen(w->path, "r+");
    assert_non_null(file);
    for (int page = 1; page < 12; page++) { /* all but the first: the schema is read again */
        fseek(file, page * 4096L, SEEK_SET);
        assert_int_equal(fwrite(garbage, sizeof(garbage), 1, file), 1);
    }
    fclose(file);
    sqlite3_db_release_memory(w->store->file.db);
    world_put(w, world_flow(w, "/2", BYTES("x")));
    world_commit(w);
    notice = store_notice(w->store);
    assert_non_null(strstr(notice, "moved aside"));
    assert_string_equal(store_notice(w->store), "");
    assert_int_equal(world_number(w, "SELECT count(*) FROM flows WHERE path = '/2'"), 1);
    assert_int_equal(world_number(w, "SELECT number FROM flows"), 2); /* numbers go on */
    assert_sound(w);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_a_list_of_flows_needs),
        cmocka_unit_test(keeps_the_whole_record),
        cmocka_unit_test(keeps_a_large_body_in_pieces),
        cmocka_unit_test(presses_text),
        cmocka_unit_test(presses_only_what_it_pays_for),
        cmocka_unit_test(keeps_equal_bodies_once),
        cmocka_unit_test(joins_the_slices_of_a_body),
        cmocka_unit_test(counts_on_after_all_flows_are_gone),
        cmocka_unit_test(writes_down_what_is_missing_where_it_is),
        cmocka_unit_test(stops_at_a_journal_that_a_reader_holds),
        cmocka_unit_test(counts_exactly_what_a_full_disk_loses),
        cmocka_unit_test(counts_each_flow_once_while_the_disk_comes_and_goes),
        cmocka_unit_test(writes_the_part_that_there_is_room_for),
        cmocka_unit_test(counts_what_no_longer_fits_into_memory),
        cmocka_unit_test(begins_a_new_file_when_it_becomes_damaged_in_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
