#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "logs/diff.h"
#include "make_flow.h"

static struct diff_ask ask_of(const struct flow *a, const struct flow *b)
{
    return (struct diff_ask){.a = a, .b = b, .request = true, .response = true, .bodies = true};
}

static const char *const places[] = {"line", "header", "trailer", "json", "text", "body"};

/* "+header x-a: 1" for each, a line each. */
static const char *differences(const struct diff_ask *ask)
{
    static char text[64 * 1024];
    size_t len = 0;
    struct diff d;

    text[0] = '\0';
    assert_int_equal(diff_flows(ask, &d), STATUS_OK);
    for (const struct diff_entry *e = d.first; e; e = e->next)
        len += (size_t)snprintf(
            text + len, sizeof(text) - len, "%c%s %.*s: %.*s|%.*s\n", "+-~> "[e->change],
            places[e->place], (int)e -> name.len, (const char *)e->name.ptr, (int)e->before.len,
            (const char *)e->before.ptr, (int)e->after.len, (const char *)e->after.ptr);
    assert_int_equal(diff_equal(&d), len == 0);
    diff_release(&d);
    return text;
}

static void set_fields(struct flow *f, struct flow_message *m, const char *lines)
{
    struct head *head = (struct head *)(uintptr_t)m->received;

    head->fields = (struct fields){0};
    make_fields(&f->arena, &head->fields, lines);
}

static void equal_flows_are_equal(void **state)
{
    struct flow *a = make_http_flow("GET", "/a", 200, "text/plain");
    struct flow *b = make_http_flow("GET", "/a", 200, "text/plain");
    struct diff_ask ask = ask_of(a, b);

    (void)state;
    make_body(a, &a->response, BYTES("x"));
    make_body(b, &b->response, BYTES("x"));
    b->timings.total = 99;
    assert_string_equal(differences(&ask), "");
    free_flow(a);
    free_flow(b);
}

static void start_lines_are_compared_by_part(void **state)
{
    struct flow *a = make_http_flow("GET", "/a", 200, NULL);
    struct flow *b = make_http_flow("PUT", "/b", 404, NULL);
    struct diff_ask ask = ask_of(a, b);
    struct head *head = (struct head *)(uintptr_t)b->response.received;

    (void)state;
    head->reason = BYTES("No");
    head->version = HTTP_1_0;
    assert_string_equal(differences(&ask),
                        "~line method: GET|PUT\n~line url: https://api.test/a|https://api.test/b\n"
                        "~line status: 200|404\n~line reason: OK|No\n"
                        "~line version: HTTP/1.1|HTTP/1.0\n");
    ask.response = false;
    assert_null(strstr(differences(&ask), "status"));
    ask.response = true;
    ask.request = false;
    assert_null(strstr(differences(&ask), "method"));
    free_flow(a);
    free_flow(b);
}

static void fields_are_added_removed_changed_and_moved(void **state)
{
    struct flow *a = make_http_flow("GET", "/", 200, NULL);
    struct flow *b = make_http_flow("GET", "/", 200, NULL);
    struct diff_ask ask = ask_of(a, b);

    (void)state;
    set_fields(a, &a->request, "Host: a\nA: 1\nB: 2\nC: 3\nGone: x\nTwice: 1\nTwice: 2\n");
    set_fields(b, &b->request, "host: a\nB: 2\nC: 4\nA: 1\nTwice: 1\nNew: y\nTwice: 3\n");
    assert_string_equal(differences(&ask), ">header A: 1|1\n~header C: 3|4\n-header Gone: x|\n"
                                           "~header Twice: 2|3\n+header New: |y\n");
    free_flow(a);
    free_flow(b);
}

/* As many as a head may have at all. */
static void the_last_of_4096_fields_is_compared(void **state)
{
    enum { FIELDS = 4096 };
    struct flow *a = make_http_flow("GET", "/", 200, NULL);
    struct flow *b = make_http_flow("GET", "/", 200, NULL);
    struct fields *a_fields = &((struct head *)(uintptr_t)a->request.received)->fields;
    struct fields *b_fields = &((struct head *)(uintptr_t)b->request.received)->fields;
    struct diff_ask ask = ask_of(a, b);
    char *lines = malloc(FIELDS * 16);
    struct arena arena;
    size_t len = 0;

    (void)state;
    arena_init(&arena, FIELDS * 1024);
    for (int i = 1; i < FIELDS; i++)
        len += (size_t)sprintf(lines + len, "A%d: x\n", i);
    strcpy(lines + len, "Z: 1\n");
    *a_fields = *b_fields = (struct fields){0};
    make_fields(&arena, a_fields, lines);
    make_fields(&arena, b_fields, lines);
    assert_int_equal(a_fields->count, FIELDS);
    assert_string_equal(differences(&ask), "");
    b_fields->items[FIELDS - 1].value = BYTES("2");
    assert_string_equal(differences(&ask), "~header Z: 1|2\n");
    arena_release(&arena);
    free(lines);
    free_flow(a);
    free_flow(b);
}

static void equality_of_secrets_stays_visible(void **state)
{
    struct flow *a = make_http_flow("GET", "/?token=hush", 200, NULL);
    struct flow *b = make_http_flow("GET", "/?token=hush", 200, NULL);
    struct diff_ask ask = ask_of(a, b);
    const char *text;

    (void)state;
    ask.redactor.on = true;
    set_fields(a, &a->request, "Authorization: Bearer one\nCookie: sid=same\nX-Api-Key:\n");
    set_fields(b, &b->request, "Authorization: Bearer two\nCookie: sid=same\nX-Api-Key: k\n");
    make_body(a, &a->request, BYTES("{\"password\":\"one\",\"n\":1}"));
    make_body(b, &b->request, BYTES("{\"password\":\"two\",\"n\":1}"));
    text = differences(&ask);
    assert_null(strstr(text, "one"));
    assert_null(strstr(text, "two"));
    assert_null(strstr(text, "hush"));
    assert_null(strstr(text, "Cookie"));
    assert_non_null(strstr(text, "~header Authorization: Bearer REDACTED:"));
    assert_non_null(strstr(text, "~json $.password: \"REDACTED:"));
    free_flow(a);
    free_flow(b);
}

static void bodies_are_compared_by_structure_by_lines_or_whole(void **state)
{
    static const uint8_t png[] = {0x89, 'P', 'N', 'G', 0, 1}, other[] = {0x89, 'P', 'N', 'G', 0, 2};
    struct flow *a = make_http_flow("GET", "/", 200, "image/png");
    struct flow *b = make_http_flow("GET", "/", 200, "image/png");
    struct diff_ask ask = ask_of(a, b);

    (void)state;
    make_body(a, &a->response, BYTES("{\"a\": 1, \"b\": [1]}"));
    make_body(b, &b->response, BYTES("{\"b\":[1],\"a\":1.0}"));
    assert_string_equal(differences(&ask), "");
    make_body(b, &b->response, BYTES("{\"b\":[1],\"a\":2}"));
    assert_string_equal(differences(&ask), "~json $.a: 1|2\n");
    make_body(b, &b->response, BYTES("<p>"));
    assert_string_equal(differences(&ask), "-text : {\"a\": 1, \"b\": [1]}|\n+text : |<p>\n");
    make_body(a, &a->response, bytes_make(png, sizeof(png)));
    make_body(b, &b->response, bytes_make(other, sizeof(other)));
    assert_string_equal(differences(&ask), "~body body: 6 B of image/png, at byte 5: 01|6 B of "
                                           "image/png, at byte 5: 02\n");
    b->response.body.count = 0;
    assert_string_equal(differences(&ask), "-body body: 6 B of image/png, at byte 0: "
                                           "89504e470001|\n");
    ask.bodies = false;
    assert_string_equal(differences(&ask), "");
    free_flow(a);
    free_flow(b);
}

static void large_bodies_are_told_apart_behind_what_is_looked_into(void **state)
{
    size_t len = DIFF_CONTENT_BYTES + 10;
    char *text = malloc(2 * len);
    struct flow *a = make_http_flow("GET", "/", 200, "text/plain");
    struct flow *b = make_http_flow("GET", "/", 200, "text/plain");
    struct diff_ask ask = ask_of(a, b);

    (void)state;
    memset(text, 'x', 2 * len);
    make_body(a, &a->response, bytes_make(text, len));
    make_body(b, &b->response, bytes_make(text + len, len));
    assert_string_equal(differences(&ask), "");
    text[2 * len - 1] = 'y';
    assert_string_equal(differences(&ask), "~body body: 8.0 MiB and more of text/plain|8.0 MiB and "
                                           "more of text/plain\n");
    free_flow(a);
    free_flow(b);
    free(text);
}

static void what_came_stands_beside_what_went_on(void **state)
{
    struct flow *f = make_http_flow("GET", "/old", 200, NULL);
    struct diff_ask ask = ask_of(f, f);
    struct head *sent = make_head(f, HTTP_REQUEST, "Host: api.test\nUser-Agent: test/2\n");

    (void)state;
    sent->method = BYTES("GET");
    sent->path = BYTES("/new");
    f->request.sent = sent;
    ask.a_sent = false;
    ask.b_sent = true;
    ask.bodies = false;
    assert_string_equal(differences(&ask), "~line url: https://api.test/old|https://api.test/new\n"
                                           "~header User-Agent: test/1|test/2\n");
    f->request.sent = NULL;
    assert_non_null(strstr(differences(&ask), "-header Host: api.test|\n"));
    free_flow(f);
}

static void differences_are_capped(void **state)
{
    char *json = malloc(32 * (DIFF_ENTRIES + 100));
    struct flow *a = make_http_flow("GET", "/", 200, "application/json");
    struct flow *b = make_http_flow("GET", "/", 200, "application/json");
    struct diff_ask ask = ask_of(a, b);
    struct diff d;
    size_t len = 1;

    (void)state;
    json[0] = '[';
    for (int i = 0; i < DIFF_ENTRIES + 50; i++)
        len += (size_t)sprintf(json + len, "%d,", i);
    json[len - 1] = ']';
    make_body(a, &a->response, bytes_make(json, len));
    make_body(b, &b->response, BYTES("[]"));
    assert_int_equal(diff_flows(&ask, &d), STATUS_OK);
    assert_int_equal(d.count, DIFF_ENTRIES);
    assert_true(d.cut);
    assert_false(diff_equal(&d));
    diff_release(&d);
    free_flow(a);
    free_flow(b);
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_flows_are_equal),
        cmocka_unit_test(start_lines_are_compared_by_part),
        cmocka_unit_test(fields_are_added_removed_changed_and_moved),
        cmocka_unit_test(the_last_of_4096_fields_is_compared),
        cmocka_unit_test(equality_of_secrets_stays_visible),
        cmocka_unit_test(bodies_are_compared_by_structure_by_lines_or_whole),
        cmocka_unit_test(large_bodies_are_told_apart_behind_what_is_looked_into),
        cmocka_unit_test(what_came_stands_beside_what_went_on),
        cmocka_unit_test(differences_are_capped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
