#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "logs/sink.h"
#include "make_flow.h"

/* A console whose text is looked at instead of written. */
struct console {
    void *self;
    struct buf *text;
};

static struct console console_open(uint32_t columns, int verbose, bool colour)
{
    const struct sink_settings settings = {
        .fd = STDOUT_FILENO,
        .verbose = verbose,
        .colour = colour,
        .columns = columns,
        .redactor = {.on = true, .key = "0123456789abcdef"},
    };
    char error[SINK_ERROR_BYTES];
    struct console c = {.self = sink_console.open(&settings, error)};

    assert_non_null(c.self);
    c.text = sink_console.text(c.self);
    return c;
}

static void console_close(struct console *c)
{
    sink_console.close(c->self);
}

/* Formats the flow and frees it. */
static const char *shown(struct console *c, struct flow *f)
{
    buf_clear(c->text);
    assert_int_equal(sink_console.flow(c->self, f), STATUS_OK);
    free_flow(f);
    return buf_text(c->text);
}

static struct flow *ordinary(void)
{
    struct flow *f =
        make_http_flow("GET", "/orders/42?expand=items", 200, "application/json; charset=utf-8");

    f->response.body.wire_bytes = 1234;
    return f;
}

static struct flow *injected(void)
{
    struct flow *f = make_http_flow("POST", "/login", 503, "text/plain");

    f->injected = true;
    f->response.received = NULL;
    f->response.body.wire_bytes = 17;
    f->timings.total = 212000;
    make_rule(f, "proxy.yaml:12 flaky checkout", "status 200 → 503");
    return f;
}

static struct flow *failed(void)
{
    struct flow *f = make_http_flow("GET", "/me", 502, "text/html");

    f->error = true;
    f->reason = "connect_failed";
    f->sentence = "No connection to the host could be made.";
    f->timings.total = 3000;
    return f;
}

static void shows_one_line_a_flow_in_80_columns(void **state)
{
    struct console c = console_open(80, 0, false);

    (void)state;
    assert_string_equal(shown(&c, ordinary()),
                        "22:13:20  200  GET     api.test/orders/42?expand=items"
                        "  json   1.2 KiB     38 ms\n");
    assert_string_equal(shown(&c, injected()),
                        "22:13:20  503* POST    api.test/login  flaky checkout "
                        "  text      17 B    212 ms\n");
    assert_string_equal(shown(&c, failed()), "22:13:20  502  GET     api.test/me  No connection to "
                                             "the host could b…      3 ms\n");
    console_close(&c);
}

static void shows_the_time_to_the_millisecond_from_100_columns_on(void **state)
{
    struct console c = console_open(100, 0, false);

    (void)state;
    assert_string_equal(shown(&c, injected()),
                        "22:13:20.123  503* POST    api.test/login  flaky checkout             "
                        "      text      17 B    212 ms\n");
    console_close(&c);
}

static void puts_notes_behind_the_line_on_a_wide_terminal(void **state)
{
    struct console c = console_open(200, 0, false);
    const char *line = shown(&c, injected());

    (void)state;
    assert_non_null(strstr(line, "text      17 B    212 ms  proxy.yaml:12 flaky checkout\n"));
    assert_non_null(strstr(shown(&c, failed()), "  No connection to the host could be made.\n"));
    console_close(&c);
}

static void cuts_no_note_where_the_width_is_not_known(void **state)
{
    struct console c = console_open(0, 0, false);
    struct flow *f = failed();
    char sentence[512];

    (void)state;
    memset(sentence, 'x', sizeof(sentence));
    sentence[sizeof(sentence) - 1] = '\0';
    f->sentence = sentence;
    assert_non_null(strstr(shown(&c, f), sentence));
    console_close(&c);
}

/* Columns of the line, counted by its code points. */
static size_t columns_of(const char *line)
{
    size_t columns = 0;

    for (; *line && *line != '\n'; line++)
        columns += ((uint8_t)*line & 0xc0) != 0x80;
    return columns;
}

static void fits_every_line_into_the_columns(void **state)
{
    static const uint32_t widths[] = {72, 80, 99, 100, 120, 159, 160, 200, 300};
    char path[600];

    (void)state;
    memset(path, 'p', sizeof(path));
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        struct console c = console_open(widths[i], 0, false);
        struct flow *both = failed(),
                    *longest = make_http_flow("PROPPATCHED", path, 404, "a/bcdefgh");

        assert_true(columns_of(shown(&c, ordinary())) <= widths[i]);
        assert_true(columns_of(shown(&c, injected())) <= widths[i]);
        assert_true(columns_of(shown(&c, failed())) <= widths[i]);
        make_rule(both, "proxy.yaml:1 one with a long name that nobody needs", NULL);
        make_rule(both, "proxy.yaml:2 two", NULL);
        assert_true(columns_of(shown(&c, both)) <= widths[i]);
        longest->response.body.wire_bytes = 1023 * 1024 + 1000;
        longest->timings.total = INT64_C(86399) * 1000000;
        assert_true(columns_of(shown(&c, longest)) <= widths[i]);
        console_close(&c);
    }
}

static void cuts_the_middle_of_a_long_url(void **state)
{
    struct console c = console_open(80, 0, false);
    const char *line =
        shown(&c, make_http_flow("GET", "/a/very/long/path/of/many/words/end.html", 200, NULL));

    (void)state;
    assert_string_equal(line, "22:13:20  200  GET     api.test/a/very/lo…rds/end.html"
                              "  -          0 B     38 ms\n");
    console_close(&c);
}

static void shows_tunnels_and_refusals(void **state)
{
    struct console c = console_open(100, 0, false);
    struct flow *tunnel = make_flow(FLOW_TUNNEL), *refused = make_flow(FLOW_REFUSED);
    struct flow *nameless = make_flow(FLOW_REFUSED);

    (void)state;
    tunnel->client_tls.sni = BYTES("api.test");
    tunnel->tunnel_up_bytes = 1024;
    tunnel->tunnel_down_bytes = 2048;
    tunnel->timings.total = 12300000;
    assert_string_equal(shown(&c, tunnel),
                        "22:13:20.123  ---  TUNNEL  api.test:443                  "
                        "                   tls    3.0 KiB    12.3 s\n");
    refused->error = true;
    refused->sentence = "The client rejected weir's certificate.";
    assert_string_equal(shown(&c, refused),
                        "22:13:20.123  ERR  REFUSED api.test:443  The client reje"
                        "cted weir's certificate.                   -\n");
    nameless->host = BYTES("");
    nameless->error = true;
    nameless->sentence = "Bad.";
    assert_non_null(strstr(shown(&c, nameless), "REFUSED from 127.0.0.1:51234  Bad."));
    console_close(&c);
}

static void says_by_words_what_it_says_by_colours(void **state)
{
    struct console c = console_open(80, 0, true);
    const char *line = shown(&c, injected());

    (void)state;
    assert_string_equal(line, "\033[2m22:13:20\033[0m  \033[31m503\033[0m\033[35m*\033[0m "
                              "\033[1mPOST   \033[0m api.test/login  \033[35mflaky checkout\033[0m "
                              "\033[2m  text      17 B\033[0m    212 ms\n");
    console_close(&c);
}

static void shows_heads_like_curl(void **state)
{
    struct console c = console_open(80, 1, false);
    struct flow *f = make_http_flow("GET", "/a?token=S3cr3t", 200, NULL);

    (void)state;
    f->request.received = make_head(f, HTTP_REQUEST,
                                    "Host: api.test\nCookie: a=S3cr3t\n"
                                    "Connection: close\n");
    ((struct head *)(uintptr_t)f->request.received)->method = BYTES("GET");
    ((struct head *)(uintptr_t)f->request.received)->target = BYTES("/a?token=S3cr3t");
    ((struct head *)(uintptr_t)f->request.received)->path = BYTES("/a?token=S3cr3t");
    f->request.sent = make_head(f, HTTP_REQUEST, "Host: api.test\nCookie: a=S3cr3t\nX-New: 1\n");
    f->response.received = make_head(f, HTTP_RESPONSE, "Server: x\n");
    f->response.sent = f->response.received;
    ((struct head *)(uintptr_t)f->response.received)->status = 200;
    ((struct head *)(uintptr_t)f->response.received)->reason = BYTES("OK");
    f->client_reused = true;
    f->client_tls = (struct flow_tls){.version = 0x304, .version_text = "TLSv1.3"};
    f->anomalies = HTTP_ANOMALY(REPEATED_HOST);
    f->timings = (struct flow_timings){-1, -1, 2000, -1, 0, 8000, 700, -1, 10700};
    make_rule(f, "proxy.yaml:3 add a header", "X-New set");
    assert_non_null(strchr(shown(&c, f), '\n'));
    assert_string_equal(strchr(buf_text(c.text), '\n') + 1,
                        "* client 127.0.0.1:51234, connection 3 (reused), TLSv1.3\n"
                        "* upstream 127.0.0.1:9443, connection 5\n"
                        "> GET /a?token=REDACTED:2ba33ed3 HTTP/1.1\n"
                        "> Host: api.test\n"
                        "> Cookie: a=REDACTED:2ba33ed3\n"
                        "> Connection: close\n"
                        ">\n"
                        "* sent on, changed:\n"
                        "* - Connection: close\n"
                        "* + X-New: 1\n"
                        "< HTTP/1.1 200 OK\n"
                        "< Server: x\n"
                        "<\n"
                        "* rule proxy.yaml:3 add a header: X-New set\n"
                        "* repeated_host: Host stood more than once with one value\n"
                        "* GET (safe, idempotent): Fetch the resource.\n"
                        "* 200 OK (successful): The request succeeded.\n"
                        "* connect 2 ms, send 0 µs, wait 8 ms, receive 700 µs, total 10 ms\n"
                        "* complete: The exchange is complete.\n"
                        "\n");
    console_close(&c);
}

static void shows_bodies_decoded_redacted_and_indented(void **state)
{
    struct console c = console_open(80, 2, false);
    struct flow *f = make_http_flow("POST", "/", 200, "application/json");

    (void)state;
    make_body(f, &f->request, BYTES("22:13:20  200  GET     forged.test/\r\n\tend\x1b[2J"));
    make_body(f, &f->response, BYTES("{\"password\":\"S3cr3t\",\"a\":[1]}"));
    assert_non_null(strstr(shown(&c, f), ">\n"
                                         "* body 45 B\n"
                                         "  22:13:20  200  GET     forged.test/\n"
                                         "  \tend\\e[2J\n"));
    assert_non_null(strstr(buf_text(c.text), "<\n"
                                             "* body 29 B\n"
                                             "  {\n"
                                             "    \"password\": \"REDACTED:2ba33ed3\",\n"
                                             "    \"a\": [\n"
                                             "      1\n"
                                             "    ]\n"
                                             "  }\n"));
    console_close(&c);
}

static void shows_images_as_facts_and_other_bytes_in_hex(void **state)
{
    static const uint8_t bytes[300] = {0, 0xff, 'a'};
    struct console c = console_open(80, 2, false);
    struct flow *f = make_http_flow("POST", "/", 200, "image/png");
    size_t lines = 0;

    (void)state;
    make_body(f, &f->request, bytes_make(bytes, sizeof(bytes)));
    make_body(f, &f->response, BYTES("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x20\0\0\0\x10"));
    assert_non_null(strstr(shown(&c, f), "* PNG image, 32 × 16\n"));
    assert_non_null(strstr(buf_text(c.text), "  00000000  00 ff 61 00 00 00 00 00  00 00 00 00 00 "
                                             "00 00 00  |..a.............|\n"));
    for (const char *at = buf_text(c.text); (at = strstr(at, "  000000")); at++)
        lines++;
    assert_int_equal(lines, 256 / 16);
    console_close(&c);
}

static void tells_of_what_was_not_logged(void **state)
{
    const struct log_gap gap = {12, 3};
    struct console c = console_open(80, 0, false);

    (void)state;
    assert_int_equal(sink_console.gap(c.self, &gap), STATUS_OK);
    assert_string_equal(buf_text(c.text), "-- not logged: 12 flows, 3 bodies\n");
    console_close(&c);
}

/* No control byte but line feeds and the tabs of bodies, no C1, nothing that turns
 * the text around. */
static void assert_harmless(const char *text)
{
    for (const char *at = text; *at; at++) {
        uint8_t c = (uint8_t)*at;

        if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
            fail_msg("byte %02x at %zu", c, (size_t)(at - text));
    }
    assert_null(strstr(text, "\xc2\x9b"));
    assert_null(strstr(text, "\xe2\x80\xae"));
    assert_null(strstr(text, "\xe2\x80\xa8"));
}

static void lets_no_hostile_byte_through(void **state)
{
    static const uint8_t hostile[] = "\x1b]0;owned\x07\x1b[31m\r\b\x7f\xc2\x9b"
                                     "2J\xff\xe2\x80\xae\xe2\x80\xa8|\x9b";
    static const char evil[] = "\x1b[2J\r\x9b\xe2\x80\xae\xc2\x9b";
    struct bytes text = bytes_make(hostile, sizeof(hostile) - 1);

    (void)state;
    for (int verbose = 0; verbose <= 2; verbose++) {
        struct console c = console_open(80, verbose, false);

        for (enum flow_kind kind = FLOW_HTTP; kind <= FLOW_REFUSED; kind++) {
            struct flow *f = make_http_flow(evil, evil, 599, evil);
            struct head *head = make_head(f, HTTP_REQUEST, NULL);
            struct flow_interim interim = {.head = head};

            f->kind = kind;
            head->method = head->target = head->path = head->reason = text;
            head->status = 103;
            assert_int_equal(fields_append(&f->arena, &head->fields, text, text), STATUS_OK);
            f->request.received = f->response.sent = head;
            f->response.trailers = f->request.trailers = &head->fields;
            f->interim = &interim;
            f->host = f->scheme = f->client = f->user = f->upstream = text;
            f->client_tls = (struct flow_tls){0x304, evil, evil, text, text, text, 1, 1, text};
            f->upstream_tls = f->client_tls;
            make_rule(f, evil, evil);
            f->reason = f->sentence = evil;
            f->error = true;
            make_body(f, &f->request, text);
            make_body(f, &f->response, text);
            assert_harmless(shown(&c, f));
            if (verbose == 0)
                assert_int_equal(strcspn(buf_text(c.text), "\n") + 1, c.text->len);
        }
        console_close(&c);
    }
}

static int use_utc(void **state)
{
    (void)state;
    return setenv("TZ", "UTC", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_one_line_a_flow_in_80_columns),
        cmocka_unit_test(shows_the_time_to_the_millisecond_from_100_columns_on),
        cmocka_unit_test(puts_notes_behind_the_line_on_a_wide_terminal),
        cmocka_unit_test(cuts_no_note_where_the_width_is_not_known),
        cmocka_unit_test(fits_every_line_into_the_columns),
        cmocka_unit_test(cuts_the_middle_of_a_long_url),
        cmocka_unit_test(shows_tunnels_and_refusals),
        cmocka_unit_test(says_by_words_what_it_says_by_colours),
        cmocka_unit_test(shows_heads_like_curl),
        cmocka_unit_test(shows_bodies_decoded_redacted_and_indented),
        cmocka_unit_test(shows_images_as_facts_and_other_bytes_in_hex),
        cmocka_unit_test(tells_of_what_was_not_logged),
        cmocka_unit_test(lets_no_hostile_byte_through),
    };

    return cmocka_run_group_tests(tests, use_utc, NULL);
}
