#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logs/copy_as.h"
#include "make_flow.h"

enum { OUT_BYTES = 1024 * 1024 };

static const struct redactor redacts = {.on = true, .key = "0123456789abcdef"};
static const struct redactor keeps = {.on = false};

struct copied {
    struct buf text, notes;
    enum status status;
};

static struct copied copy(const char *form, const struct redactor *redactor, const struct flow *f)
{
    struct copied c;

    buf_init(&c.text, OUT_BYTES);
    buf_init(&c.notes, COPY_NOTES_BYTES);
    c.status = copy_as_put(copy_form_find(form), redactor, f, &c.text, &c.notes);
    return c;
}

static void copied_free(struct copied *c)
{
    buf_release(&c->text);
    buf_release(&c->notes);
}

static void expect(const char *form, const struct redactor *redactor, struct flow *f,
                   const char *text)
{
    struct copied c = copy(form, redactor, f);

    assert_int_equal(c.status, STATUS_OK);
    assert_string_equal(buf_text(&c.text), text);
    copied_free(&c);
    free_flow(f);
}

static void expect_part(const char *form, const struct redactor *redactor, struct flow *f,
                        const char *part, bool there)
{
    struct copied c = copy(form, redactor, f);

    assert_int_equal(c.status, STATUS_OK);
    if ((strstr(buf_text(&c.text), part) != NULL) != there)
        fail_msg("%s: '%s' is %s there:\n%s", form, part, there ? "not" : "", buf_text(&c.text));
    copied_free(&c);
    free_flow(f);
}

/* Its fields replaced by these. */
static struct flow *request_with(const char *method, const char *path, const char *fields)
{
    struct flow *f = make_http_flow(method, path, 200, NULL);
    struct head *head = make_head(f, HTTP_REQUEST, fields);

    head->method = make_text(&f->arena, method);
    head->target = make_text(&f->arena, path);
    head->path = head->target;
    f->request.received = head;
    f->request.sent = head;
    return f;
}

static const char *const all_forms[] = {"curl", "httpie", "wget", "fetch", "python", "raw"};
enum { FORMS = sizeof(all_forms) / sizeof(all_forms[0]) };

static void knows_its_forms(void **state)
{
    struct buf names;

    (void)state;
    buf_init(&names, OUT_BYTES);
    copy_form_put_names(&names);
    assert_string_equal(buf_text(&names), "curl, httpie, wget, fetch, python or raw");
    buf_release(&names);
    assert_null(copy_form_find("telnet"));
    for (size_t i = 0; i < FORMS; i++)
        assert_string_equal(copy_form_find(all_forms[i])->name, all_forms[i]);
}

static void copies_a_plain_get_as_curl(void **state)
{
    (void)state;
    expect("curl", &redacts,
           request_with("GET", "/a?b=c", "Host: api.test\nUser-Agent: t/1\nAccept: */*\n"),
           "curl 'https://api.test/a?b=c' \\\n"
           "  -H 'User-Agent: t/1' \\\n"
           "  -H 'Accept: */*'\n");
}

static void takes_out_what_curl_would_add(void **state)
{
    struct flow *f = request_with("POST", "/", NULL);

    (void)state;
    make_body(f, &f->request, BYTES("@a'b"));
    expect("curl", &redacts, f,
           "curl 'https://api.test/' \\\n  -H User-Agent: \\\n  -H Accept: \\\n"
           "  -H Content-Type: \\\n  --data-raw '@a'\\''b'\n");
}

static void leaves_out_framing_and_what_belongs_to_a_connection(void **state)
{
    static const char fields[] = "Host: api.test\nContent-Length: 3\nTransfer-Encoding: chunked\n"
                                 "Connection: close, X-Hop\nX-Hop: 1\nKeep-Alive: 5\n"
                                 "Proxy-Authorization: Basic abc\nTE: trailers\nX-End: 2\n"
                                 "Expect: 100-continue\nUser-Agent: t\nAccept: a\n";

    (void)state;
    expect("raw", &redacts, request_with("GET", "/", fields),
           "GET / HTTP/1.1\r\nHost: api.test\r\nX-End: 2\r\nUser-Agent: t\r\nAccept: a\r\n\r\n");
}

static void keeps_a_host_that_differs(void **state)
{
    (void)state;
    expect_part("curl", &redacts, request_with("GET", "/", "Host: other.test\n"),
                "-H 'Host: other.test'", true);
}

static void writes_empty_and_repeated_headers(void **state)
{
    (void)state;
    expect_part("curl", &redacts, request_with("GET", "/", "X-A:\nX-B: 1\nX-B: 2\n"),
                "-H 'X-A;' \\\n  -H 'X-B: 1' \\\n  -H 'X-B: 2'", true);
    expect_part("python", &redacts, request_with("GET", "/", "X-A:\nX-B: 1\nX-B: 2\n"),
                "\"X-A\": \"\",\n        \"X-B\": \"1, 2\"", true);
}

static void asks_for_head_by_its_option(void **state)
{
    (void)state;
    expect_part("curl", &redacts, request_with("HEAD", "/", NULL), "--head", true);
    expect_part("curl", &redacts, request_with("DELETE", "/", NULL), "-X DELETE", true);
    expect_part("curl", &redacts, request_with("A'B", "/", NULL), "-X 'A'\\''B'", true);
}

static void pipes_a_binary_body(void **state)
{
    struct flow *f = request_with("PUT", "/", NULL);

    (void)state;
    make_body(f, &f->request, BYTES("-\0\xff%\\'"));
    expect_part("curl", &redacts, f, "printf '\\055\\000\\377\\045\\134\\047' | curl ", true);
}

static void keeps_a_path_as_it_is(void **state)
{
    (void)state;
    expect_part("curl", &redacts, request_with("GET", "/a/../b", NULL), "--path-as-is", true);
    expect_part("curl", &redacts, request_with("GET", "/[a]{b}", NULL), "--globoff", true);
    expect_part("curl", &redacts, request_with("OPTIONS", "*", NULL), "--request-target '*'", true);
    expect_part("fetch", &redacts, request_with("GET", "/a/../b", NULL), "// The path has", true);
    expect_part("python", &redacts, request_with("GET", "/\xc3\xa4", NULL), "/%C3%A4", true);
}

static void redacts_by_default_and_says_so(void **state)
{
    static const char fields[] = "Authorization: Bearer S3cr3t\nCookie: id=S3cr3t\n"
                                 "Content-Type: application/json\n";

    (void)state;
    for (size_t i = 0; i < FORMS; i++) {
        struct flow *f = request_with("POST", "/?token=S3cr3t", fields);

        make_body(f, &f->request, BYTES("{\"password\":\"S3cr3t\"}"));
        expect_part(all_forms[i], &redacts, f, "S3cr3t", false);
        f = request_with("POST", "/?token=S3cr3t", fields);
        make_body(f, &f->request, BYTES("{\"password\":\"S3cr3t\"}"));
        expect_part(all_forms[i], &keeps, f, "Bearer S3cr3t", true);
    }
    expect_part("curl", &redacts, request_with("GET", "/", fields), "# Secrets are", true);
    expect_part("curl", &keeps, request_with("GET", "/", fields), "# Secrets are", false);
}

static void finds_secrets_below_a_coding_or_where_one_is_only_claimed(void **state)
{
    struct flow *f = request_with(
        "POST", "/", "Content-Encoding: gzip\nContent-Type: application/x-www-form-urlencoded\n");

    (void)state;
    make_body(f, &f->request, BYTES("password=S3cr3t"));
    expect_part("curl", &redacts, f, "S3cr3t", false);
}

static void says_that_a_body_is_cut(void **state)
{
    struct flow *f = request_with("POST", "/", NULL);
    struct copied c;

    (void)state;
    make_body(f, &f->request, BYTES("abc"));
    f->request.body.wire_bytes = 10;
    c = copy("raw", &redacts, f);
    assert_string_equal(buf_text(&c.notes), "The body is not whole: 3 of 10 bytes were kept.\n");
    copied_free(&c);
    expect_part("curl", &redacts, f, "# The body is not whole: 3 of 10 bytes were kept.\n", true);
}

static void writes_javascript_that_may_stand_in_a_page(void **state)
{
    struct flow *f = request_with("POST", "/", "Content-Type: text/plain\nX-A: \xe4<\n");

    (void)state;
    make_body(f, &f->request, BYTES("</script>\xe2\x80\xa8\"\\"));
    expect("fetch", &redacts, f,
           "const response = await fetch(\"https://api.test/\", {\n"
           "  method: \"POST\",\n"
           "  headers: [\n"
           "    [\"Content-Type\", \"text/plain\"],\n"
           "    [\"X-A\", \"\\xe4\\x3c\"],\n"
           "  ],\n"
           "  body: \"\\u003c/script>\\u2028\\\"\\\\\",\n"
           "  redirect: \"manual\",\n"
           "});\n"
           "console.log(response.status, await response.text());\n");
}

static void writes_python(void **state)
{
    struct flow *f = request_with("POST", "/",
                                  "Content-Type: text/plain\nUser-Agent: t\n"
                                  "Accept: a\nAccept-Encoding: gzip\n");

    (void)state;
    make_body(f, &f->request, BYTES("\"\\\n\xff"));
    expect("python", &redacts, f,
           "import requests\n\nresponse = requests.request(\n    \"POST\",\n"
           "    \"https://api.test/\",\n    headers={\n"
           "        \"Content-Type\": \"text/plain\",\n"
           "        \"User-Agent\": \"t\",\n"
           "        \"Accept\": \"a\",\n"
           "        \"Accept-Encoding\": \"gzip\",\n"
           "        \"Connection\": None,\n    },\n"
           "    data=b\"\\\"\\\\\\n\\xff\",\n    allow_redirects=False,\n)\n"
           "print(response.status_code, response.text)\n");
}

static void joins_the_cookies_of_http2(void **state)
{
    struct flow *f = request_with("GET", "/", "cookie: a=1\ncookie: b=2\n");
    struct head *head = make_head(f, HTTP_REQUEST, "cookie: a=1\nx-a: 1\ncookie: b=2\n");

    (void)state;
    head->method = BYTES("GET");
    head->path = BYTES("/");
    head->version = HTTP_2;
    f->request.received = head;
    expect_part("curl", &keeps, f, "-H 'cookie: a=1; b=2'", true);
}

static void has_nothing_for_a_tunnel(void **state)
{
    struct flow *f = make_flow(FLOW_TUNNEL);
    struct copied c = copy("curl", &redacts, f);

    (void)state;
    assert_int_equal(c.status, STATUS_NOT_FOUND);
    assert_int_equal(c.text.len, 0);
    copied_free(&c);
    free_flow(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_its_forms),
        cmocka_unit_test(copies_a_plain_get_as_curl),
        cmocka_unit_test(takes_out_what_curl_would_add),
        cmocka_unit_test(leaves_out_framing_and_what_belongs_to_a_connection),
        cmocka_unit_test(keeps_a_host_that_differs),
        cmocka_unit_test(writes_empty_and_repeated_headers),
        cmocka_unit_test(asks_for_head_by_its_option),
        cmocka_unit_test(pipes_a_binary_body),
        cmocka_unit_test(keeps_a_path_as_it_is),
        cmocka_unit_test(redacts_by_default_and_says_so),
        cmocka_unit_test(finds_secrets_below_a_coding_or_where_one_is_only_claimed),
        cmocka_unit_test(says_that_a_body_is_cut),
        cmocka_unit_test(writes_javascript_that_may_stand_in_a_page),
        cmocka_unit_test(writes_python),
        cmocka_unit_test(joins_the_cookies_of_http2),
        cmocka_unit_test(has_nothing_for_a_tunnel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
