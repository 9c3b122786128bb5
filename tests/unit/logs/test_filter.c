#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "logs/filter_impl.h"
#include "make_flow.h"

/* 2023-11-14T22:13:20Z, when flows of make_flow() start */
#define NOW_US INT64_C(1700000000000000)

static struct filter *parse(const char *text)
{
    struct filter_fault fault = {0};
    struct filter *f = NULL;

    if (filter_parse(bytes_of(text), NOW_US, &f, &fault))
        fail_msg("%s: %s at %zu", text, fault.text, fault.at);
    return f;
}

static bool matches(const char *text, const struct flow *flow)
{
    struct filter *f = parse(text);
    struct filter_scratch scratch;
    bool result;

    filter_scratch_init(&scratch);
    result = filter_match(f, flow, &scratch);
    filter_scratch_release(&scratch);
    filter_free(f);
    return result;
}

/* Each filter takes the flow, and turned round it does not. */
static void assert_takes(const struct flow *flow, const char *const *filters)
{
    char turned[FILTER_TEXT_BYTES];

    for (; *filters; filters++) {
        snprintf(turned, sizeof(turned), "-(%s)", *filters);
        if (!matches(*filters, flow))
            fail_msg("%s does not match", *filters);
        if (matches(turned, flow))
            fail_msg("%s matches", turned);
    }
}

static void assert_leaves(const struct flow *flow, const char *const *filters)
{
    for (; *filters; filters++)
        if (matches(*filters, flow))
            fail_msg("%s matches", *filters);
}

#define TAKES(flow, ...) assert_takes(flow, (const char *const[]){__VA_ARGS__, NULL})
#define LEAVES(flow, ...) assert_leaves(flow, (const char *const[]){__VA_ARGS__, NULL})

static struct flow *sample(void)
{
    struct flow *f = make_http_flow("POST", "/api/Login?next=/home", 503, "application/hal+json");
    struct head *request = (struct head *)(uintptr_t)f->request.received;
    struct head *response = (struct head *)(uintptr_t)f->response.received;

    make_fields(&f->arena, &request->fields, "X-Id: Abc42\nCookie: sid=s3cret; theme=Dark\n");
    make_fields(&f->arena, &response->fields, "ETag: \"v1\"\nSet-Cookie: csrf=tok; Path=/\n");
    make_body(f, &f->request, BYTES("{\"sku\":\"A, B\"}"));
    make_body(f, &f->response, BYTES("out of Stock"));
    f->number = 123;
    return f;
}

static void an_empty_filter_takes_all(void **state)
{
    struct flow *f = sample();

    (void)state;
    assert_true(matches("", f));
    assert_true(matches("  \t\n", f));
    free_flow(f);
}

static void bare_words_search_the_url_whatever_the_case(void **state)
{
    struct flow *f = sample();

    (void)state;
    TAKES(f, "login", "LOGIN", "https://api.test/api/login", "\"next=/home\"", "api login",
          "next=/home", "api.test/api", "url:LOGIN", "u:login", "http", "\"/api/login?next\"");
    LEAVES(f, "logout", "http://api", "api logout", "api.test:443", "\"api login\"");
    f->port = 8443;
    TAKES(f, "api.test:8443", "test:8443/api", ":8443");
    free_flow(f);
}

static void hosts_and_what_is_below_them(void **state)
{
    struct flow *f = sample();

    (void)state;
    TAKES(f, "host:api.test", "domain:API.TEST", "host:.api.test", "host:.test", "host:*.test",
          "host:a.test,api.test");
    LEAVES(f, "host:test", "host:pi.test", "host:*.api.test", "host:.pi.test", "host:api.test.x");
    f->host = BYTES("::1");
    TAKES(f, "host:[::1]", "host:::1");
    free_flow(f);
}

static void statuses_by_number_class_range_and_comparison(void **state)
{
    struct flow *f = sample();

    (void)state;
    TAKES(f, "status:503", "status:5xx", "status:5XX", "status:404,5xx", "status:500-599",
          "status:500..503", "status:>=503", "status:>502", "status:<504", "status:<=503",
          "status>=500", "status-code:503", "status:\"5xx\"");
    LEAVES(f, "status:4xx", "status:none", "status:>503", "status:<503", "status:200-299");
    f->status = 0;
    TAKES(f, "status:none");
    LEAVES(f, "status:<400", "status:<=503", "status:1xx", "is:ok", "has:response");
    free_flow(f);
}

static void words_of_the_request_line(void **state)
{
    struct flow *f = sample();

    (void)state;
    TAKES(f, "method:POST", "method:post", "m:GET,POST", "path:login", "path:/API/", "scheme:https",
          "port:443", "port:400-500", "port>442", "version:1.1", "version:http/1.1",
          "version:h1.1");
    LEAVES(f, "method:POS", "path:api.test", "scheme:http", "port:80", "version:2", "version:1.0");
    free_flow(f);
}

static void media_types_whole_and_in_part(void **state)
{
    struct flow *f = sample();

    (void)state;
    TAKES(f, "mime:json", "type:JSON", "mime:application", "mime:application/hal+json",
          "mime:application/*", "mime:hal+json", "is:json", "mime:image,json");
    LEAVES(f, "mime:application/json", "mime:image", "mime:hal", "mime:text/*", "is:html",
           "is:image", "mime:js");
    free_flow(f);
    f = make_http_flow("GET", "/", 200, "Text/HTML; charset=utf-8");
    TAKES(f, "mime:html", "mime:text/html", "is:html", "mime:text");
    free_flow(f);
    f = make_http_flow("GET", "/", 200, NULL);
    LEAVES(f, "mime:html", "mime:text/html", "is:json");
    free_flow(f);
    f = make_http_flow("GET", "/a.js", 200, "application/javascript");
    TAKES(f, "mime:js");
    free_flow(f);
}

static void sizes_and_durations(void **state)
{
    struct flow *f = sample();

    (void)state;
    f->response.body.wire_bytes = 20000;
    TAKES(f, "size:20k", "size:20kB", "size:>19.5KiB", "size:<20KiB", "larger-than:10k",
          "smaller-than:1M", "size:10k-1MB", "size>=20000", "duration:>37ms", "duration:<=38ms",
          "duration:10ms-1s", "time:<1m");
    LEAVES(f, "larger-than:20000", "smaller-than:20000", "size:>20k", "duration:>1s", "size:0");
    f->response.body.wire_bytes = -1;
    f->timings.total = -1;
    LEAVES(f, "size:<1G", "smaller-than:1G", "duration:<1h");
    TAKES(f, "-size:<1G", "-duration:<1h");
    free_flow(f);
    f = make_flow(FLOW_TUNNEL);
    f->tunnel_down_bytes = 5000;
    TAKES(f, "size:5k", "is:tunnel", "kind:tunnel", "api.test:443", "-method:GET");
    free_flow(f);
}

static void headers_of_either_message(void **state)
{
    struct flow *f = sample();
    struct fields *trailers = arena_alloc(&f->arena, sizeof(*trailers));

    (void)state;
    make_fields(&f->arena, trailers, "X-Sum: 99\n");
    f->response.trailers = trailers;
    TAKES(f, "header:x-id", "header:X-ID=abc", "header:etag", "header:\"x-id=bc4\"",
          "request-header:x-id=42", "response-header:etag=\"\\\"v1\\\"\"", "header:x-sum=9",
          "has-response-header:etag", "header:none,etag", "has:trailers");
    LEAVES(f, "header:x-i", "header:x-id=abd", "request-header:etag", "response-header:x-id",
           "request-header:x-sum");
    free_flow(f);
}

static void cookies_sent_and_set(void **state)
{
    struct flow *f = sample();

    (void)state;
    TAKES(f, "cookie:sid", "cookie:theme=dark", "cookie:csrf", "cookie:csrf=tok", "has:cookie",
          "cookie:none,sid", "set-cookie-name:csrf");
    LEAVES(f, "cookie:path", "cookie:si", "cookie:sid=dark", "cookie:dark");
    free_flow(f);
}

static void bodies_are_decoded_once(void **state)
{
    static const uint8_t gzip[] = {0x1f, 0x8b, 8,    0,    0,    0,    0,    0, 0, 3, 0x4b, 0x4c,
                                   0x4a, 0x06, 0x00, 0xc2, 0x41, 0x24, 0x35, 3, 0, 0, 0};
    struct flow *f = sample();
    struct head *response = (struct head *)(uintptr_t)f->response.received;

    (void)state;
    TAKES(f, "body:stock", "body:\"out of stock\"", "body:sku", "request-body:sku",
          "response-body:STOCK", "body:\"a, b\"", "body:none,stock", "has:body",
          "has:request-body has:response-body", "body:\"\\\"sku\\\"\"");
    LEAVES(f, "request-body:stock", "response-body:sku", "body:\"of of\"");
    make_fields(&f->arena, &response->fields, "Content-Encoding: gzip\n");
    make_body(f, &f->response, bytes_make(gzip, sizeof(gzip)));
    TAKES(f, "body:abc", "-body:stock");
    free_flow(f);
}

/* Text is searched in windows: a hit may lie across two, and at the very end. */
static void long_bodies_are_searched_everywhere(void **state)
{
    enum { LONG = 40000 };
    char *text = malloc(LONG);
    struct flow *f = sample();

    (void)state;
    for (int at = 16370; at < 16390; at++) {
        memset(text, 'x', LONG);
        memcpy(text + at, "NEEDLE", 6);
        make_body(f, &f->response, bytes_make(text, LONG));
        TAKES(f, "body:needle");
    }
    memset(text, 'x', LONG);
    memcpy(text + LONG - 6, "NEEDLE", 6);
    make_body(f, &f->response, bytes_make(text, LONG));
    TAKES(f, "body:xneedle");
    make_body(f, &f->response, bytes_make(text, LONG - 1));
    LEAVES(f, "body:needle");
    free(text);
    free_flow(f);
}

static void a_scratch_tells_flows_at_one_address_apart(void **state)
{
    struct filter *filter = parse("body:stock");
    struct filter_scratch scratch;
    struct flow *f = sample();

    (void)state;
    filter_scratch_init(&scratch);
    assert_true(filter_match(filter, f, &scratch));
    make_body(f, &f->response, BYTES("none"));
    f->id[5] = 'Z';
    assert_false(filter_match(filter, f, &scratch));
    filter_scratch_release(&scratch);
    filter_free(filter);
    free_flow(f);
}

/* Read from a store twice, it may lie where it lay, and its body where nobody knows. */
static void a_scratch_forgets_a_flow_that_is_read_again(void **state)
{
    struct filter *filter = parse("body:stock");
    struct filter_scratch scratch;
    struct flow *f = sample();

    (void)state;
    make_body(f, &f->response, BYTES("stock"));
    filter_scratch_init(&scratch);
    assert_true(filter_match(filter, f, &scratch));
    make_body(f, &f->response, BYTES("other"));
    filter_scratch_forget(&scratch);
    assert_false(filter_match(filter, f, &scratch));
    filter_scratch_release(&scratch);
    filter_free(filter);
    free_flow(f);
}

static void who_and_by_what(void **state)
{
    struct flow *f = sample();
    struct flow_tag tag = {.text = "Checkout"};

    (void)state;
    make_rule(f, "proxy.yaml:12 flaky login", "status 200 → 503");
    f->user = BYTES("alice");
    f->tags = &tag;
    f->anomalies = HTTP_ANOMALY(BARE_LF);
    f->reason = "dns_failed";
    TAKES(f, "client:127.0.0.1", "client::51234", "user:ALICE", "upstream:9443", "rule:login",
          "rule:proxy.yaml:12", "rule:\"flaky login\"", "tag:checkout", "anomaly:bare_lf",
          "anomaly:any", "anomaly:bad_host,bare_lf", "reason:dns_failed", "reason:dns", "has:rule",
          "has:tag", "has:anomaly", "has:user");
    LEAVES(f, "client:10.", "user:bob", "upstream:443 upstream:80", "rule:logout", "tag:check",
           "anomaly:bad_host", "reason:complete");
    free_flow(f);
}

static void by_number_and_ulid(void **state)
{
    struct flow *f = sample();

    (void)state;
    TAKES(f, "id:123", "id:100-200", "id:>122", "id:1,123", "id:01J0",
          "id:01j0000000000000000000000A");
    LEAVES(f, "id:12", "id:<123", "id:01J1");
    f->number = 0;
    LEAVES(f, "id:0-200", "id:<123");
    free_flow(f);
}

static void by_time(void **state)
{
    struct flow *f = sample(); /* 123,456 µs after NOW_US */

    (void)state;
    TAKES(f, "since:0", "since:10m", "since:2023-11-14", "since:22:13", "until:22:13:21",
          "since:2023-11-14T22:13:20", "until:2023-11-15T00:00Z", "until:2023-11-15");
    LEAVES(f, "since:22:14", "until:22:13", "since:2023-11-15", "until:10m",
           "since:2023-11-14t22:13:21z");
    free_flow(f);
}

static void one_word_for_what_can_be_said(void **state)
{
    struct flow *f = sample();
    struct flow_interim interim = {0};
    struct flow_socket_message message = {0};

    (void)state;
    LEAVES(f, "is:injected", "is:error", "is:ok", "is:websocket", "is:reused", "is:open",
           "is:cached", "is:redirect", "is:changed", "is:cut", "is:duplicate", "is:tunnel",
           "is:refused", "has:interim", "has:delay", "has:messages", "has:rule", "kind:tunnel");
    f->injected = f->error = f->upstream_reused = f->live = f->body_not_captured = true;
    f->status = 304;
    f->interim = &interim;
    f->messages = &message;
    f->timings.injected = 5;
    f->duplicate_of[0] = '0';
    f->request.sent = make_head(f, HTTP_REQUEST, "Host: other.test\n");
    TAKES(f, "is:injected", "is:error", "is:ok", "is:websocket", "is:reused", "is:open",
          "is:cached", "is:changed", "is:cut", "is:duplicate", "has:interim", "has:delay",
          "has:messages", "kind:http", "is:running", "is:injected,tunnel");
    f->status = 308;
    TAKES(f, "is:redirect");
    f->kind = FLOW_REFUSED;
    TAKES(f, "is:refused", "kind:refused", "kind:tunnel,refused");
    free_flow(f);
}

static void terms_are_joined_as_people_expect(void **state)
{
    struct flow *f = sample();

    (void)state;
    TAKES(f, "api status:503", "api AND status:503", "api & login", "api && login",
          "nothing OR login", "nothing | login", "nothing || login", "nothing OR nowhere OR login",
          "login OR nothing nowhere", "(nothing OR login) api", "-nothing", "!nothing",
          "NOT nothing", "NOT -login", "--login", "-(nothing OR nowhere)", "!(login nothing)",
          "-(login -(api))", "NOT (nothing OR (login status:4xx))", "((((login))))", "(login)(api)",
          "-nothing OR nothing");
    LEAVES(f, "login(api)", "login nothing", "nothing OR nowhere", "-login", "-(login OR nothing)");
    free_flow(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_filter_takes_all),
        cmocka_unit_test(bare_words_search_the_url_whatever_the_case),
        cmocka_unit_test(hosts_and_what_is_below_them),
        cmocka_unit_test(statuses_by_number_class_range_and_comparison),
        cmocka_unit_test(words_of_the_request_line),
        cmocka_unit_test(media_types_whole_and_in_part),
        cmocka_unit_test(sizes_and_durations),
        cmocka_unit_test(headers_of_either_message),
        cmocka_unit_test(cookies_sent_and_set),
        cmocka_unit_test(bodies_are_decoded_once),
        cmocka_unit_test(long_bodies_are_searched_everywhere),
        cmocka_unit_test(a_scratch_tells_flows_at_one_address_apart),
        cmocka_unit_test(a_scratch_forgets_a_flow_that_is_read_again),
        cmocka_unit_test(who_and_by_what),
        cmocka_unit_test(by_number_and_ulid),
        cmocka_unit_test(by_time),
        cmocka_unit_test(one_word_for_what_can_be_said),
        cmocka_unit_test(terms_are_joined_as_people_expect),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
