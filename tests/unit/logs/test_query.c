#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logs/filter.h"
#include "logs/flow_make.h"
#include "logs/query.h"
#include "logs/store_body.h"
#include "make_store.h"

enum { FLOWS = 600, NOW_S = 1700000400 };

#define US INT64_C(1000000)

static const char *const filters[] = {
    "",
    "login",
    "http://",
    "[::1]",
    "api.test:8080/",
    "-login",
    "host:api.test",
    "-host:api.test",
    "host:.cdn.test",
    "-host:*.cdn.test",
    "host:shop.test,cdn.test",
    "path:/api/",
    "-path:/api/",
    "method:POST",
    "-method:get,post",
    "method:PUT",
    "status:404",
    "status:5xx",
    "-status:2xx",
    "status:none",
    "-status:none",
    "status:>=400",
    "mime:json",
    "-mime:json",
    "mime:js",
    "mime:image",
    "mime:text/html",
    "-mime:text/html,image",
    "scheme:https",
    "-scheme:https",
    "port:8080",
    "port:8000-9000",
    "-port:443",
    "version:1.1",
    "-version:1.1",
    "size:>200",
    "-size:>200",
    "larger-than:1k",
    "smaller-than:100",
    "duration:>1s",
    "-duration:>1s",
    "header:x-request-id",
    "header:x-request-id=a42",
    "-header:x-request-id",
    "request-header:cookie",
    "response-header:content-type=html",
    "header:accept=te",
    "cookie:sid",
    "cookie:sid=SECRET",
    "cookie:b=2",
    "body:oops",
    "body:\"out of stock\"",
    "body:\"{\\\"id\\\": 7}\"",
    "body:Ärger",
    "body:ba",
    "-body:oops",
    "request-body:basket",
    "response-body:basket",
    "client:127.0.0.1",
    "user:alice",
    "-user:alice",
    "upstream:9443",
    "rule:login",
    "-rule:login",
    "tag:check",
    "-tag:check",
    "anomaly:any",
    "anomaly:repeated_length",
    "reason:complete",
    "-reason:complete",
    "id:5",
    "id:100-150",
    "id:01J0",
    "id:01j0a",
    "-id:01j0a,01j0b",
    "kind:tunnel",
    "-kind:http",
    "kind:refused",
    "since:2m",
    "until:2m",
    "since:5m until:4m",
    "is:injected",
    "-is:injected",
    "is:error",
    "is:ok",
    "-is:ok",
    "is:websocket",
    "-is:websocket",
    "is:reused",
    "is:tunnel",
    "is:image",
    "-is:image",
    "is:json",
    "is:html",
    "is:cached",
    "is:redirect",
    "is:changed",
    "is:cut",
    "has:rule",
    "-has:rule",
    "has:tag",
    "has:anomaly",
    "has:user",
    "has:body",
    "has:request-body",
    "has:response",
    "-has:response",
    "has:cookie",
    "status:5xx OR method:POST",
    "(status:5xx OR method:POST) host:api.test",
    "status:404 OR body:oops",
    "status:404 body:oops",
    "-(status:404 OR body:oops)",
    "NOT (is:json AND status:200)",
    "body:oops OR body:basket",
    "body:weir -header:x-request-id (is:ok OR duration:>2s)",
    "login -status:2xx host:.test",
    "(a OR b) (c OR (d e)) -f",
};

/* The flows that are in the store, in their order. */
static struct flow *made[FLOWS];

static int fill(void **state)
{
    static struct made_store m;
    uint64_t random = 88172645463325252;

    make_store(&m);
    for (uint64_t i = 0; i < FLOWS; i++) {
        made[i] = make_some_flow(&random, i);
        made[i]->number = i + 1;
        made_store_put(&m, made[i]);
    }
    made_store_commit(&m);
    *state = &m;
    return 0;
}

static int empty(void **state)
{
    struct made_store *m = *state;

    free_store(m);
    for (size_t i = 0; i < FLOWS; i++)
        free_flow(made[i]);
    return 0;
}

static struct query *open_query(const struct made_store *m)
{
    char error[QUERY_ERROR_TEXT] = "";
    struct query *q = NULL;

    assert_int_equal(query_open(m->path, error, &q), STATUS_OK);
    return q;
}

static struct filter *parse(const char *text)
{
    struct filter_fault fault = {0};
    struct filter *f = NULL;

    if (filter_parse(bytes_of(text), NOW_S * US, &f, &fault))
        fail_msg("%s: %s", text, fault.text);
    return f;
}

static void assert_next(struct query *q, const char *text, uint64_t number)
{
    struct flow *f = NULL;
    enum status st = query_next(q, &f);

    if (st)
        fail_msg("%s: no flow %d but: %s %s", text, (int)number, status_sentence(st),
                 query_error(q));
    if (f->number != number)
        fail_msg("%s: flow %d, not %d", text, (int)f->number, (int)number);
    assert_string_equal(f->id, made[number - 1]->id);
    flow_free(f);
}

static void assert_end(struct query *q, const char *text)
{
    struct flow *f = NULL;
    enum status st = query_next(q, &f);

    if (st != STATUS_END)
        fail_msg("%s: %s, flow %d is too much", text, status_sentence(st), f ? (int)f->number : 0);
}

/* In both directions exactly the flows that the filter takes. */
static void assert_filter(struct query *q, const char *text)
{
    struct filter *filter = parse(text);
    struct query_ask up = {.filter = filter}, down = {.filter = filter, .newest_first = true};
    struct filter_scratch scratch;

    filter_scratch_init(&scratch);
    assert_int_equal(query_begin(q, &up), STATUS_OK);
    for (size_t i = 0; i < FLOWS; i++)
        if (filter_match(filter, made[i], &scratch))
            assert_next(q, text, i + 1);
    assert_end(q, text);
    assert_int_equal(query_begin(q, &down), STATUS_OK);
    for (size_t i = FLOWS; i > 0; i--)
        if (filter_match(filter, made[i - 1], &scratch))
            assert_next(q, text, i);
    assert_end(q, text);
    filter_scratch_release(&scratch);
    filter_free(filter);
}

static void assert_filters(const struct made_store *m)
{
    struct query *q = open_query(m);

    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
        assert_filter(q, filters[i]);
    query_close(q);
}

static sqlite3 *open_writer(const struct made_store *m)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(m->path, &db), SQLITE_OK);
    return db;
}

static void finds_what_a_filter_takes_without_an_index(void **state)
{
    assert_filters(*state);
}

static void finds_the_same_with_an_index_of_some_flows(void **state)
{
    sqlite3 *db = open_writer(*state);
    bool more = false;

    assert_int_equal(store_fts_step(db, FTS_STEP_BYTES, &more), STATUS_OK);
    assert_true(more);
    sqlite3_close(db);
    assert_filters(*state);
}

static void finds_the_same_with_an_index_of_all_flows(void **state)
{
    sqlite3 *db = open_writer(*state);
    bool more = true;

    while (more)
        assert_int_equal(store_fts_step(db, FTS_STEP_BYTES, &more), STATUS_OK);
    sqlite3_close(db);
    assert_filters(*state);
}

static void finds_the_same_when_the_index_has_gone(void **state)
{
    sqlite3 *db = open_writer(*state);
    bool more = true;

    assert_int_equal(store_fts_retire(db, 0), STATUS_OK);
    assert_filters(*state);
    while (more) {
        assert_int_equal(store_fts_drop_step(db, &more), STATUS_OK);
        assert_filters(*state);
    }
    more = true;
    assert_int_equal(store_fts_step(db, FTS_STEP_BYTES, &more), STATUS_OK);
    assert_false(more);
    sqlite3_close(db);
}

static void finds_a_flow_that_is_too_long_for_the_index(void **state)
{
    static const struct query_ask all = {0};
    static char value[1200 * 1000];
    struct made_store m;
    struct flow *f = make_http_flow("GET", "/", 200, "text/plain"), *got = NULL;
    struct head *head = make_head(f, HTTP_REQUEST, "Host: a.test\n");
    struct filter_fault fault;
    struct filter *filter = NULL;
    struct query_ask ask = all;
    bool more = true;
    struct query *q;

    (void)state;
    memset(value, 'x', sizeof(value));
    memcpy(value + sizeof(value) - 6, "needle", 6);
    assert_int_equal(
        fields_append(&f->arena, &head->fields, BYTES("Long"), bytes_make(value, sizeof(value))),
        STATUS_OK);
    f->request.received = f->request.sent = head;
    make_store(&m);
    made_store_put(&m, f);
    made_store_commit(&m);
    for (int i = 0; i < 2 && more; i++) /* the first says that it did not go in */
        (void)!store_index(m.store, &more);
    assert_false(more);
    assert_int_equal(filter_parse(BYTES("header:long=needle"), 0, &filter, &fault), STATUS_OK);
    ask.filter = filter;
    q = open_query(&m);
    assert_int_equal(query_begin(q, &ask), STATUS_OK);
    assert_int_equal(query_next(q, &got), STATUS_OK);
    flow_free(got);
    query_close(q);
    filter_free(filter);
    free_store(&m);
    free_flow(f);
}

static void heeds_bounds_and_the_limit(void **state)
{
    struct query *q = open_query(*state);
    const struct query_ask ask = {.after = 10, .before = 20, .limit = 3};
    const struct query_ask last = {.limit = 2, .newest_first = true};

    assert_int_equal(query_begin(q, &ask), STATUS_OK);
    assert_next(q, "bounds", 11);
    assert_next(q, "bounds", 12);
    assert_next(q, "bounds", 13);
    assert_end(q, "bounds");
    assert_int_equal(query_begin(q, &last), STATUS_OK);
    assert_next(q, "last", FLOWS);
    assert_next(q, "last", FLOWS - 1);
    assert_end(q, "last");
    query_close(q);
}

static void assert_body(const struct flow_message *got, const struct flow_message *expected)
{
    assert_int_equal(got->body.captured_bytes, expected->body.captured_bytes);
    assert_int_equal(got->body.wire_bytes, expected->body.wire_bytes);
    if (expected->body.captured_bytes == 0)
        return;
    assert_int_equal(got->body.count, 1);
    assert_memory_equal(got->body.slices[0].ptr, expected->body.slices[0].ptr,
                        expected->body.slices[0].len);
}

static void loads_bodies_when_asked(void **state)
{
    struct query *q = open_query(*state);
    const struct query_ask ask = {.bodies = true};

    assert_int_equal(query_begin(q, &ask), STATUS_OK);
    for (size_t i = 0; i < FLOWS; i++) {
        struct flow *f = NULL;

        assert_int_equal(query_next(q, &f), STATUS_OK);
        assert_body(&f->request, &made[i]->request);
        assert_body(&f->response, &made[i]->response);
        flow_free(f);
    }
    query_close(q);
}

static void loads_the_longest_two_bodies(void **state)
{
    static const uint8_t bytes[BODY_BYTES];
    struct made_store m;
    struct flow *f = make_http_flow("POST", "/", 200, "application/octet-stream"), *got = NULL;
    struct query *q;

    (void)state;
    make_body(f, &f->request, bytes_make(bytes, sizeof(bytes)));
    make_body(f, &f->response, bytes_make(bytes, sizeof(bytes)));
    make_store(&m);
    made_store_put(&m, f);
    made_store_commit(&m);
    q = open_query(&m);
    assert_int_equal(query_load(q, 1, true, &got), STATUS_OK);
    assert_int_equal(got->request.body.captured_bytes, sizeof(bytes));
    assert_int_equal(got->response.body.captured_bytes, sizeof(bytes));
    flow_free(got);
    query_close(q);
    free_store(&m);
    free_flow(f);
}

static void loads_a_body_in_pieces(void **state)
{
    enum { LEN = 5 * 1024 * 1024 };
    static uint8_t bytes[LEN];
    struct made_store m;
    struct flow *f = make_http_flow("GET", "/", 200, "application/octet-stream"), *got = NULL;
    uint64_t random = 7;
    struct query *q;

    (void)state;
    for (size_t i = 0; i < LEN; i++)
        bytes[i] = (uint8_t)make_random(&random);
    make_body(f, &f->response, bytes_make(bytes, LEN));
    make_store(&m);
    made_store_put(&m, f);
    made_store_commit(&m);
    q = open_query(&m);
    assert_int_equal(query_load(q, 1, true, &got), STATUS_OK);
    assert_body(&got->response, &f->response);
    flow_free(got);
    query_close(q);
    free_store(&m);
    free_flow(f);
}

static void assert_found(struct query *q, const char *name, uint64_t number)
{
    struct flow *f = NULL;

    assert_int_equal(query_find(q, bytes_of(name), &f), STATUS_OK);
    assert_int_equal(f->number, number);
    flow_free(f);
}

static void finds_a_flow_by_its_names(void **state)
{
    struct query *q = open_query(*state);
    struct flow *f = NULL;
    char start[FLOW_ID_TEXT];

    assert_found(q, "7", 7);
    assert_found(q, "@1", FLOWS);
    assert_found(q, "@3", FLOWS - 2);
    assert_found(q, made[4]->id, 5);
    memcpy(start, made[4]->id, sizeof(start));
    start[20] = '\0';
    start[5] = (char)byte_lower((uint8_t)start[5]);
    assert_found(q, start, 5);
    assert_int_equal(query_find(q, BYTES("601"), &f), STATUS_NOT_FOUND);
    assert_int_equal(query_find(q, BYTES("@601"), &f), STATUS_NOT_FOUND);
    assert_int_equal(query_find(q, BYTES("02ZZ"), &f), STATUS_NOT_FOUND);
    assert_int_equal(query_find(q, BYTES("@0"), &f), STATUS_BAD_INPUT);
    assert_int_equal(query_find(q, BYTES("@x"), &f), STATUS_BAD_INPUT);
    assert_int_equal(query_find(q, BYTES(""), &f), STATUS_BAD_INPUT);
    assert_int_equal(query_find(q, BYTES("01I"), &f), STATUS_BAD_INPUT);
    assert_int_equal(query_find(q, BYTES("nonsense"), &f), STATUS_BAD_INPUT);
    assert_null(f);
    query_close(q);
}

static void says_that_several_begin_so(void **state)
{
    struct made_store m;
    struct flow *f = make_http_flow("GET", "/", 200, NULL), *got = NULL;
    struct query *q;

    (void)state;
    make_store(&m);
    made_store_put(&m, f);
    f->id[FLOW_ID_TEXT - 2] = 'B';
    made_store_put(&m, f);
    made_store_commit(&m);
    q = open_query(&m);
    assert_int_equal(query_find(q, BYTES("01J0000"), &got), STATUS_EXISTS);
    query_close(q);
    free_store(&m);
    free_flow(f);
}

static void sees_flows_that_come_while_it_is_open(void **state)
{
    struct made_store m;
    struct flow *f = make_http_flow("GET", "/", 200, NULL), *got = NULL;
    const struct query_ask all = {0}, later = {.after = 1};
    struct query *q;

    (void)state;
    make_store(&m);
    q = open_query(&m);
    assert_int_equal(query_begin(q, &all), STATUS_OK);
    assert_int_equal(query_next(q, &got), STATUS_END);
    made_store_put(&m, f);
    made_store_put(&m, f);
    made_store_commit(&m);
    assert_int_equal(query_begin(q, &later), STATUS_OK);
    assert_int_equal(query_next(q, &got), STATUS_OK);
    assert_int_equal(got->number, 2);
    flow_free(got);
    query_close(q);
    free_store(&m);
    free_flow(f);
}

static void passes_over_what_retention_took_away(void **state)
{
    struct made_store m;
    struct flow *f = make_http_flow("GET", "/", 200, NULL), *got = NULL;
    const struct query_ask ask = {0};
    struct query *q;
    sqlite3 *db;

    (void)state;
    make_store(&m);
    for (int i = 0; i < 5; i++)
        made_store_put(&m, f);
    made_store_commit(&m);
    db = open_writer(&m);
    assert_int_equal(sqlite3_exec(db,
                                  "UPDATE flows SET number=number*100000000 WHERE number>3;"
                                  "UPDATE records SET number=number*100000000 WHERE number>3;"
                                  "DELETE FROM records WHERE number=2",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    q = open_query(&m);
    assert_int_equal(query_begin(q, &ask), STATUS_OK);
    for (int i = 0; i < 4; i++) {
        static const uint64_t numbers[] = {1, 3, 400000000, 500000000};

        assert_int_equal(query_next(q, &got), STATUS_OK);
        assert_int_equal(got->number, numbers[i]);
        flow_free(got);
    }
    assert_int_equal(query_next(q, &got), STATUS_END);
    query_close(q);
    free_store(&m);
    free_flow(f);
}

static void ends_when_it_is_interrupted(void **state)
{
    struct query *q = open_query(*state);
    const struct query_ask ask = {0};
    struct flow *f = NULL;

    assert_int_equal(query_begin(q, &ask), STATUS_OK);
    query_interrupt(q);
    assert_int_equal(query_next(q, &f), STATUS_CANCELLED);
    assert_int_equal(query_begin(q, &ask), STATUS_OK);
    assert_int_equal(query_next(q, &f), STATUS_OK);
    flow_free(f);
    query_close(q);
}

static void reads_a_store_that_nobody_writes(void **state)
{
    struct made_store m;
    struct flow *f = make_http_flow("GET", "/", 200, NULL), *got = NULL;
    struct query *q;

    (void)state;
    make_store(&m);
    made_store_put(&m, f);
    made_store_commit(&m);
    made_store_close(&m);
    q = open_query(&m);
    assert_int_equal(query_find(q, BYTES("1"), &got), STATUS_OK);
    flow_free(got);
    query_close(q);
    free_store(&m);
    free_flow(f);
}

static void assert_refused(const char *path, const char *content, enum status expected)
{
    char error[QUERY_ERROR_TEXT] = "";
    struct query *q = NULL;
    FILE *file = content ? fopen(path, "w") : NULL;

    if (content)
        assert_int_equal(fputs(content, file) < 0, 0);
    if (file)
        fclose(file);
    assert_int_equal(query_open(path, error, &q), expected);
    assert_null(q);
    assert_non_null(strstr(error, path));
    unlink(path);
}

static void refuses_what_is_no_store(void **state)
{
    struct made_store m;
    char path[128];
    sqlite3 *db = NULL;

    (void)state;
    make_store(&m);
    snprintf(path, sizeof(path), "%s/a?b#c%%d e", m.folder);
    assert_refused(path, NULL, STATUS_NOT_FOUND);
    assert_refused(path, "", STATUS_BAD_INPUT);
    assert_refused(path,
                   "This is a text, and a long one, but it is no database at all. "
                   "It has more than a hundred bytes, which is what a header takes.",
                   STATUS_BAD_INPUT);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE t(a)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_refused(path, NULL, STATUS_BAD_INPUT);
    assert_int_equal(sqlite3_open(m.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_refused(m.path, NULL, STATUS_BAD_INPUT);
    free_store(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heeds_bounds_and_the_limit),
        cmocka_unit_test(loads_bodies_when_asked),
        cmocka_unit_test(finds_a_flow_by_its_names),
        cmocka_unit_test(finds_what_a_filter_takes_without_an_index),
        cmocka_unit_test(finds_the_same_with_an_index_of_some_flows),
        cmocka_unit_test(finds_the_same_with_an_index_of_all_flows),
        cmocka_unit_test(finds_the_same_when_the_index_has_gone),
        cmocka_unit_test(finds_a_flow_that_is_too_long_for_the_index),
        cmocka_unit_test(loads_the_longest_two_bodies),
        cmocka_unit_test(loads_a_body_in_pieces),
        cmocka_unit_test(says_that_several_begin_so),
        cmocka_unit_test(sees_flows_that_come_while_it_is_open),
        cmocka_unit_test(passes_over_what_retention_took_away),
        cmocka_unit_test(ends_when_it_is_interrupted),
        cmocka_unit_test(reads_a_store_that_nobody_writes),
        cmocka_unit_test(refuses_what_is_no_store),
    };

    return cmocka_run_group_tests(tests, fill, empty);
}
