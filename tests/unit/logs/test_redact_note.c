#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logs/redact_note.h"

#include "make_flow.h"

enum { OUT_BYTES = 64 * 1024 };

#define HIDDEN "REDACTED:########"

static const struct redactor redactor = {.on = true, .key = "0123456789abcdef"};
static const struct redactor off = {.on = false};

static void assert_note_of(const struct flow *f, const char *note, const char *wanted)
{
    struct buf out;

    buf_init(&out, OUT_BYTES);
    redact_put_note(&redactor, f, bytes_of(note), &out);
    for (char *at = strstr((char *)(uintptr_t)buf_text(&out), "REDACTED:"); at;
         at = strstr(at + 9, "REDACTED:"))
        memset(at + 9, '#', 8);
    assert_string_equal(buf_text(&out), wanted);
    buf_clear(&out);
    redact_put_note(&off, f, bytes_of(note), &out);
    assert_string_equal(buf_text(&out), note);
    buf_release(&out);
}

static void assert_note(const char *note, const char *wanted)
{
    struct flow *f = make_http_flow("GET", "/", 200, "application/json");

    assert_note_of(f, note, wanted);
    free_flow(f);
}

static void hides_the_values_of_secret_fields(void **state)
{
    (void)state;
    assert_note("x-api-key: a1 → b2", "x-api-key: " HIDDEN " → " HIDDEN);
    assert_note("X-Api-Key: (none) → b2", "X-Api-Key: (none) → " HIDDEN);
    assert_note("x-api-key: a1 removed", "x-api-key: " HIDDEN " removed");
    assert_note("x-api-key: + a1", "x-api-key: + " HIDDEN);
    assert_note("authorization: (secret) → (secret)", "authorization: (secret) → (secret)");
    assert_note("trailer x-token: a → b", "trailer x-token: " HIDDEN " → " HIDDEN);
    assert_note("location: /?code=1 → /?code=2", "location: /?code=" HIDDEN " → /?code=" HIDDEN);
}

static void hides_the_values_of_secret_parameters(void **state)
{
    (void)state;
    assert_note("query token: a → b", "query token: " HIDDEN " → " HIDDEN);
    assert_note("query page: 1 → 2", "query page: 1 → 2");
    assert_note("cookie id: a → b", "cookie id: " HIDDEN " → " HIDDEN);
    assert_note("path /a?token=a → /b?token=b", "path /a?token=" HIDDEN " → /b?token=" HIDDEN);
}

static void keeps_what_tells_no_secret(void **state)
{
    (void)state;
    assert_note("status 200 → 503", "status 200 → 503");
    assert_note("x-a: 1 → 2", "x-a: 1 → 2");
    assert_note("rule_skipped: the content is not valid JSON",
                "rule_skipped: the content is not valid JSON");
    assert_note("answered 503", "answered 503");
    assert_note("", "");
}

static void tells_of_a_body_what_the_flow_shows(void **state)
{
    struct flow *f = make_http_flow("GET", "/", 200, "application/json");

    (void)state;
    make_body(f, &f->response, BYTES("{\"price\":117,\"password\":\"hunter2\"}"));
    assert_note_of(f, "body 30 → 30 bytes: 112 → 117", "body 30 → 30 bytes: 112 → 117");
    assert_note_of(f, "body 30 → 30 bytes: old → hunter2",
                   "body 30 → 30 bytes: " HIDDEN " → " HIDDEN);
    assert_note_of(f, "body 30 → 30 bytes: old → hunt…",
                   "body 30 → 30 bytes: " HIDDEN " → " HIDDEN);
    assert_note_of(f, "body 30 → 30 bytes: x → nowhere",
                   "body 30 → 30 bytes: " HIDDEN " → " HIDDEN);
    free_flow(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hides_the_values_of_secret_fields),
        cmocka_unit_test(hides_the_values_of_secret_parameters),
        cmocka_unit_test(keeps_what_tells_no_secret),
        cmocka_unit_test(tells_of_a_body_what_the_flow_shows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
