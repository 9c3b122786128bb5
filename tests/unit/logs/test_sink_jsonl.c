#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "http/json.h"
#include "logs/sink.h"
#include "make_flow.h"

/* A sink whose text is looked at instead of written. */
struct lines {
    void *self;
    struct buf *text;
};

static struct lines lines_open_for(bool redacts)
{
    const struct sink_settings settings = {
        .fd = STDOUT_FILENO,
        .redactor = {.on = redacts, .key = "0123456789abcdef"},
    };
    char error[SINK_ERROR_BYTES];
    struct lines l = {.self = sink_jsonl.open(&settings, error)};

    assert_non_null(l.self);
    l.text = sink_jsonl.text(l.self);
    return l;
}

static struct lines lines_open(void)
{
    return lines_open_for(true);
}

static void lines_close(struct lines *l)
{
    sink_jsonl.close(l->self);
}

static void assert_json_line(struct bytes text)
{
    struct json_fault fault;

    assert_true(text.len > 0);
    assert_int_equal(bytes_find(text, '\n'), (ptrdiff_t)text.len - 1);
    if (json_check(bytes_until(text, text.len - 1), &fault))
        fail_msg("%s at %zu of %.*s", fault.sentence, fault.at, (int)text.len,
                 (const char *)text.ptr);
}

/* Formats the flow and frees it; the text is one line of valid JSON. */
static const char *written(struct lines *l, struct flow *f)
{
    buf_clear(l->text);
    assert_int_equal(sink_jsonl.flow(l->self, f), STATUS_OK);
    free_flow(f);
    assert_json_line(buf_bytes(l->text));
    return buf_text(l->text);
}

static void assert_holds(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no %s in %s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("%s in %s", part, text);
}

static void writes_the_whole_record(void **state)
{
    struct lines l = lines_open();
    struct flow *f = make_http_flow("GET", "/a?b=c", 200, "application/json");

    (void)state;
    make_body(f, &f->response, BYTES("{\"n\":1}"));
    f->timings = (struct flow_timings){5, -1, 2000, 3000, 50, 8000, 700, -1, 13755};
    assert_string_equal(
        written(&l, f),
        "{\"schema\":\"weir.flow/1\",\"id\":\"01J0000000000000000000000A\",\"loop\":0,"
        "\"sequence\":7,\"kind\":\"http\",\"time\":\"2023-11-14T22:13:20.123456Z\","
        "\"client\":{\"address\":\"127.0.0.1:51234\",\"connection\":3,\"reused\":false,"
        "\"user\":null,\"tls\":null},"
        "\"upstream\":{\"address\":\"127.0.0.1:9443\",\"connection\":5,\"reused\":false,"
        "\"tls\":null},"
        "\"method\":\"GET\",\"url\":\"https://api.test/a?b=c\",\"scheme\":\"https\","
        "\"host\":\"api.test\",\"port\":443,"
        "\"request\":{\"method\":\"GET\",\"target\":\"/a?b=c\",\"version\":\"HTTP/1.1\","
        "\"headers\":[[\"Host\",\"api.test\"],[\"User-Agent\",\"test/1\"]],"
        "\"body_bytes\":0,\"captured_bytes\":0,\"content_bytes\":0,\"body\":null,"
        "\"trailers\":null},"
        "\"response\":{\"status_code\":200,\"ok\":true,\"reason\":\"OK\",\"version\":\"HTTP/1.1\","
        "\"received\":{\"status_code\":200,\"ok\":true,\"reason\":\"OK\",\"version\":\"HTTP/1.1\"},"
        "\"headers\":[[\"Content-Type\",\"application/json\"]],"
        "\"body_bytes\":7,\"captured_bytes\":7,\"content_bytes\":7,\"body\":\"{\\\"n\\\":1}\","
        "\"trailers\":null},"
        "\"status_code\":200,\"ok\":true,\"interim\":[],"
        "\"timings_us\":{\"blocked\":5,\"dns\":-1,\"connect\":2000,\"tls\":3000,\"send\":50,"
        "\"wait\":8000,\"receive\":700,\"injected\":-1,\"total\":13755},\"elapsed_us\":8050,"
        "\"injected\":false,\"rules\":[],\"anomalies\":[],\"reason\":\"complete\","
        "\"error\":null,\"body_not_captured\":false,\"tunnel\":null}\n");
    lines_close(&l);
}

static void has_no_received_response_when_a_rule_made_it(void **state)
{
    struct lines l = lines_open();
    struct flow *f = make_http_flow("GET", "/", 503, "text/plain");
    const char *text;

    (void)state;
    f->response.received = NULL;
    f->injected = true;
    f->upstream = BYTES("");
    make_rule(f, "proxy.yaml:1 a", NULL);
    make_rule(f, "proxy.yaml:2 b", "x → \"y\"");
    text = written(&l, f);
    assert_holds(text, "\"upstream\":null");
    assert_holds(text, "\"received\":null,\"headers\":[[\"Content-Type\",\"text/plain\"]]");
    assert_holds(text, "\"injected\":true,\"rules\":[{\"rule\":\"proxy.yaml:1 a\",\"note\":null},"
                       "{\"rule\":\"proxy.yaml:2 b\",\"note\":\"x → \\\"y\\\"\"}]");
    lines_close(&l);
}

static void shows_the_headers_sent_only_where_they_differ(void **state)
{
    struct lines l = lines_open();
    struct flow *f = make_http_flow("GET", "/", 200, NULL);
    struct head *sent = make_head(f, HTTP_REQUEST,
                                  "Host: api.test\nConnection: x\n"
                                  "User-Agent: test/1\n");

    (void)state;
    f->request.sent = sent;
    assert_lacks(written(&l, f), "headers_sent");
    f = make_http_flow("GET", "/", 200, NULL);
    f->request.sent = make_head(f, HTTP_REQUEST, "Host: api.test\nUser-Agent: other\n");
    assert_holds(written(&l, f), "\"headers_sent\":[[\"Host\",\"api.test\"],"
                                 "[\"User-Agent\",\"other\"]]");
    lines_close(&l);
}

static void writes_bodies_as_text_or_base64(void **state)
{
    struct lines l = lines_open();
    struct flow *f = make_http_flow("POST", "/", 200, "image/png");
    const char *text;

    (void)state;
    make_body(f, &f->request, BYTES("caf\xc3\xa9 \"x\"\n"));
    make_body(f, &f->response, BYTES("\x89PNG\0"));
    text = written(&l, f);
    assert_holds(text, "\"body\":\"café \\\"x\\\"\\n\"");
    assert_holds(text, "\"body\":null,\"body_base64\":\"iVBORwA=\"");
    lines_close(&l);
}

static void says_when_a_body_is_cut_or_still_coded(void **state)
{
    struct lines l = lines_open_for(false);
    struct flow *f = make_http_flow("POST", "/", 200, NULL);
    const char *text;

    (void)state;
    make_body(f, &f->request, BYTES("half an \xe2\x82"));
    f->request.body.wire_bytes = 100;
    f->response.received = make_head(f, HTTP_RESPONSE, "Content-Encoding: rot13\n");
    make_body(f, &f->response, BYTES("\xff\xff"));
    text = written(&l, f);
    assert_holds(text, "\"body_bytes\":100,\"captured_bytes\":10,\"content_bytes\":null,"
                       "\"body\":\"half an ");
    assert_holds(text, "\"body_cut\":true");
    assert_holds(text, "\"body_base64\":\"//8=\",\"body_coded\":true");
    f = make_http_flow("POST", "/", 200, NULL);
    f->response.body.wire_bytes = 5; /* passed, but nothing was captured */
    assert_holds(written(&l, f), "\"body_bytes\":5,\"captured_bytes\":0,\"content_bytes\":null,"
                                 "\"body\":null,\"body_cut\":true");
    lines_close(&l);
}

static void leaves_out_what_may_have_secrets_and_cannot_be_decoded(void **state)
{
    static const struct {
        const char *coding;
        struct bytes body;
        const char *shown;
    } rows[] = {
        {"rot13", {(const uint8_t *)"\xff\xff", 2}, "\"body\":\"\",\"body_cut\":true"},
        {"rot13", {(const uint8_t *)"a=b", 3}, "\"body\":\"a=b\",\"body_coded\":true"},
        {"gzip", {(const uint8_t *)"\x1f\x8b\xff", 3}, "\"body\":\"\",\"body_cut\":true"},
        {"gzip", {(const uint8_t *)"{}", 2}, "\"body\":\"{}\",\"body_coded\":true"},
    };
    struct lines l = lines_open();

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct flow *f = make_http_flow("GET", "/", 200, NULL);
        char head[64];

        snprintf(head, sizeof(head), "Content-Encoding: %s\n", rows[i].coding);
        f->response.received = make_head(f, HTTP_RESPONSE, head);
        make_body(f, &f->response, rows[i].body);
        assert_holds(written(&l, f), rows[i].shown);
    }
    lines_close(&l);
}

static void decodes_bodies(void **state)
{
    static const struct bytes gzip = BYTES_INIT(
        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x2b\xc9\x48\x55\x28\x2c\xcd\x4c\xce\x56\x48\x2a"
        "\xca\x2f\xcf\x53\x48\xcb\xaf\x50\xc8\x2a\xcd\x2d\x28\x56\xc8\x2f\x4b\x2d\x52\x28\x01\x4a"
        "\xe7\x24\x56\x55\x2a\xa4\xe4\xa7\xeb\x80\x79\x44\x2a\x06\x00\xd3\xe1\xca\xb2\x58\x00\x00"
        "\x00");
    struct lines l = lines_open();
    struct flow *f = make_http_flow("GET", "/", 200, NULL);

    (void)state;
    f->response.received = make_head(f, HTTP_RESPONSE, "Content-Encoding: gzip\n");
    make_body(f, &f->response, gzip);
    assert_holds(written(&l, f), "\"body_bytes\":67,\"captured_bytes\":67,\"content_bytes\":88,"
                                 "\"body\":\"the quick brown fox");
    lines_close(&l);
}

static void writes_tunnels_and_refusals(void **state)
{
    struct lines l = lines_open();
    struct flow *f = make_flow(FLOW_TUNNEL);
    const char *text;

    (void)state;
    f->tunnel_up_bytes = 1;
    f->tunnel_down_bytes = 2;
    f->client_tls = (struct flow_tls){.version = 0x303, .sni = BYTES("api.test")};
    text = written(&l, f);
    assert_holds(text, "\"kind\":\"tunnel\"");
    assert_holds(text, "\"method\":null,\"url\":\"api.test:443\"");
    assert_holds(text, "\"request\":null,\"response\":null,\"status_code\":null,\"ok\":false");
    assert_holds(text, "\"tunnel\":{\"up_bytes\":1,\"down_bytes\":2}");
    assert_holds(text, "\"sni\":\"api.test\",\"alpn\":null");
    f = make_flow(FLOW_REFUSED);
    f->host = BYTES("");
    f->scheme = BYTES("");
    f->error = true;
    f->sentence = "It was bad.";
    text = written(&l, f);
    assert_holds(text, "\"url\":null,\"scheme\":null,\"host\":null");
    assert_holds(text, "\"error\":\"It was bad.\"");
    lines_close(&l);
}

static void writes_interim_responses_trailers_and_anomalies(void **state)
{
    struct lines l = lines_open();
    struct flow *f = make_http_flow("GET", "/", 200, NULL);
    struct head *early = make_head(f, HTTP_RESPONSE, "Link: </a.css>\n");
    struct flow_interim second = {.head = early}, first = {.head = early, .next = &second};
    struct fields trailers = {0};
    const char *text;

    (void)state;
    early->status = 103;
    f->interim = &first;
    make_fields(&f->arena, &trailers, "X-Sum: 1\n");
    f->response.trailers = &trailers;
    f->anomalies = HTTP_ANOMALY(BARE_LF) | HTTP_ANOMALY(REPEATED_LENGTH);
    text = written(&l, f);
    assert_holds(text, "\"interim\":[{\"status_code\":103,");
    assert_holds(text, "\"headers\":[[\"Link\",\"</a.css>\"]]},{\"status_code\":103,");
    assert_holds(text, "\"trailers\":[[\"X-Sum\",\"1\"]]");
    assert_holds(text, "\"anomalies\":[\"repeated_length\",\"bare_lf\"]");
    lines_close(&l);
}

static void holds_no_secret(void **state)
{
    struct lines l = lines_open();
    struct flow *f = make_http_flow("POST", "/a?token=S3cr3t", 302, "application/json");
    struct fields trailers = {0};
    const char *text;

    (void)state;
    f->request.received = make_head(f, HTTP_REQUEST,
                                    "Authorization: Bearer S3cr3t\nCookie: a=S3cr3t\n"
                                    "Referer: /?code=S3cr3t\nX-Api-Key: S3cr3t\n"
                                    "Content-Type: application/x-www-form-urlencoded\n");
    ((struct head *)(uintptr_t)f->request.received)->target = BYTES("/a?token=S3cr3t");
    ((struct head *)(uintptr_t)f->request.received)->path = BYTES("/a?token=S3cr3t");
    make_body(f, &f->request, BYTES("password=S3cr3t"));
    f->response.sent = make_head(f, HTTP_RESPONSE,
                                 "Set-Cookie: id=S3cr3t; Secure\n"
                                 "Location: /?access_token=S3cr3t\n");
    make_body(f, &f->response, BYTES("{\"refresh_token\":\"S3cr3t\",\"\xff\":0}")); /* no UTF-8 */
    make_fields(&f->arena, &trailers, "X-Auth-Token: S3cr3t\n");
    f->response.trailers = &trailers;
    text = written(&l, f);
    assert_lacks(text, "S3cr3t");
    assert_lacks(text, "UzNjcjN0"); /* the same in base64, at each of its three places */
    assert_lacks(text, "MzY3IzdA");
    assert_lacks(text, "TM2NyM3");
    assert_holds(text, "\"REDACTED:2ba33ed3\"");
    lines_close(&l);
}

static void is_valid_json_whatever_the_bytes(void **state)
{
    struct lines l = lines_open();
    char evil[16] = "";

    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        for (size_t at = 0; at < 12; at++) {
            struct flow *f;
            struct bytes text;
            struct head *head;

            memset(evil, 'a', 12);
            evil[at] = (char)byte;
            f = make_http_flow(evil, evil, 999, evil);
            text = arena_copy(&f->arena, bytes_of(evil));
            head = make_head(f, HTTP_RESPONSE, NULL);
            head->reason = text;
            assert_int_equal(fields_append(&f->arena, &head->fields, text, text), STATUS_OK);
            f->response.received = head;
            f->host = f->scheme = f->client = f->user = text;
            f->client_tls = (struct flow_tls){1, evil, evil, text, text, text, 0, 0, text};
            make_body(f, &f->response, text);
            f->reason = f->sentence = evil;
            f->error = true;
            make_rule(f, evil, evil);
            (void)written(&l, f);
        }
    }
    lines_close(&l);
}

static void has_the_same_text_as_the_slow_way(void **state)
{
    static const char *const texts[] = {
        "",
        "a",
        "12345678",
        "1234567\"",
        "\"2345678",
        "\\",
        "a\nb\rc\td",
        "1234567\x7f",
        "caf\xc3\xa9",
        "\x01",
        "0123456789abcdef\"0123456789",
        "1234567\x1f",
        "\xe2\x80\xae",
    };
    struct lines l = lines_open();
    struct buf slow;

    (void)state;
    buf_init(&slow, 1024);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct flow *f = make_flow(FLOW_TUNNEL);

        buf_clear(&slow);
        buf_put_text(&slow, "\"reason\":");
        text_put_json(&slow, bytes_of(texts[i]));
        f->reason = texts[i];
        assert_holds(written(&l, f), buf_text(&slow));
    }
    buf_release(&slow);
    lines_close(&l);
}

static void cuts_a_body_that_is_too_long_to_show(void **state)
{
    enum { BIG = 5 * 1024 * 1024, CAP = 4 * 1024 * 1024 };
    struct lines l = lines_open();
    struct flow *f = make_http_flow("GET", "/", 200, "text/plain");
    uint8_t *big = test_malloc(BIG);

    (void)state;
    memset(big, 'x', BIG);
    make_body(f, &f->response, bytes_make(big, BIG));
    assert_holds(written(&l, f), "x\",\"body_cut\":true");
    assert_true(l.text->len > CAP && l.text->len < CAP + 4096);
    test_free(big);
    lines_close(&l);
}

static void goes_without_bodies_when_the_text_is_full(void **state)
{
    static const uint8_t body[1000] = "0123456789";
    struct lines l = lines_open();
    struct flow *f = make_http_flow("GET", "/", 200, "text/plain");
    size_t max = l.text->max, before;

    (void)state;
    assert_int_equal(sink_jsonl.flow(l.self, f), STATUS_OK);
    before = l.text->len;
    make_body(f, &f->response, bytes_make(body, sizeof(body)));
    l.text->max = 2 * before + 500; /* room for one more such line, but not for its body */
    assert_int_equal(sink_jsonl.flow(l.self, f), STATUS_OK);
    assert_lacks(buf_text(l.text), "0123456789");
    before = l.text->len;
    assert_int_equal(sink_jsonl.flow(l.self, f), STATUS_LIMIT);
    assert_int_equal(l.text->len, before);
    assert_int_equal(buf_status(l.text), STATUS_OK);
    l.text->max = max;
    free_flow(f);
    lines_close(&l);
}

static void writes_gap_records(void **state)
{
    const struct log_gap gap = {12, 3};
    struct lines l = lines_open();

    (void)state;
    assert_int_equal(sink_jsonl.gap(l.self, &gap), STATUS_OK);
    assert_string_equal(buf_text(l.text),
                        "{\"schema\":\"weir.gap/1\",\"flows\":12,\"bodies\":3}\n");
    assert_json_line(buf_bytes(l.text));
    lines_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_whole_record),
        cmocka_unit_test(has_no_received_response_when_a_rule_made_it),
        cmocka_unit_test(shows_the_headers_sent_only_where_they_differ),
        cmocka_unit_test(writes_bodies_as_text_or_base64),
        cmocka_unit_test(says_when_a_body_is_cut_or_still_coded),
        cmocka_unit_test(leaves_out_what_may_have_secrets_and_cannot_be_decoded),
        cmocka_unit_test(decodes_bodies),
        cmocka_unit_test(writes_tunnels_and_refusals),
        cmocka_unit_test(writes_interim_responses_trailers_and_anomalies),
        cmocka_unit_test(holds_no_secret),
        cmocka_unit_test(is_valid_json_whatever_the_bytes),
        cmocka_unit_test(has_the_same_text_as_the_slow_way),
        cmocka_unit_test(cuts_a_body_that_is_too_long_to_show),
        cmocka_unit_test(goes_without_bodies_when_the_text_is_full),
        cmocka_unit_test(writes_gap_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
