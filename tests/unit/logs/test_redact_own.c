#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "logs/redact.h"
#include "logs/redact_own.h"

enum { OUT_BYTES = 64 * 1024 };

#define HIDDEN "REDACTED:########"

static struct redact_own own;
static const struct redactor redactor = {.on = true, .key = "0123456789abcdef", .own = &own};

/* ---- patterns that are plain texts ---- */

static const char *words[REDACT_OWN_PATTERNS];
static bool gives_up, has_no_memory;
static int desks;

static void *on_begin(void *self)
{
    desks += !has_no_memory;
    return has_no_memory ? NULL : self;
}

static enum redact_found on_find(void *self, void *desk, uint32_t pattern, struct bytes text,
                                 struct redact_span *span)
{
    ptrdiff_t at = bytes_search(bytes_from(text, span->end), bytes_of(words[pattern]));

    assert_ptr_equal(self, desk);
    if (gives_up)
        return REDACT_GAVE_UP;
    if (at < 0)
        return REDACT_NOTHING;
    span->start = span->end + (size_t)at;
    span->end = span->start + strlen(words[pattern]);
    return REDACT_FOUND;
}

static void on_end(void *self, void *desk)
{
    (void)self;
    (void)desk;
    desks--;
}

static int own_reset(void **state)
{
    (void)state;
    memset(&own, 0, sizeof(own));
    memset(words, 0, sizeof(words));
    own.search =
        (struct redact_search){.self = &own, .begin = on_begin, .find = on_find, .end = on_end};
    gives_up = has_no_memory = false;
    return 0;
}

static void pattern_add(const char *word)
{
    words[own.search.patterns++] = word;
}

enum part { FIELD, URL, BODY };

static void assert_put(enum part part, const char *type, const char *text, const char *wanted)
{
    struct buf out;

    buf_init(&out, OUT_BYTES);
    if (part == FIELD)
        redact_put_field(&redactor, bytes_of(type), bytes_of(text), &out);
    else if (part == URL)
        redact_put_url(&redactor, bytes_of(text), &out);
    else
        redact_put_body(&redactor, bytes_of(type), bytes_of(text), &out);
    for (char *at = strstr((char *)(uintptr_t)buf_text(&out), "REDACTED:"); at;
         at = strstr(at + 9, "REDACTED:"))
        memset(at + 9, '#', 8);
    assert_string_equal(buf_text(&out), wanted);
    assert_int_equal(desks, 0);
    buf_release(&out);
}

/* ---- names ---- */

static void takes_out_what_a_user_names(void **state)
{
    struct field field = {.name = BYTES("X-Internal"), .value = BYTES("v")};

    (void)state;
    assert_put(FIELD, "X-Internal", "v", "v");
    assert_int_equal(redact_own_add(&own, BYTES("x-internal")), STATUS_OK);
    assert_int_equal(redact_own_add(&own, BYTES("x2")), STATUS_OK);
    assert_int_equal(redact_own_add(&own, BYTES("Accept")), STATUS_OK);
    assert_put(FIELD, "X-Internal", "v", HIDDEN);
    assert_put(FIELD, "x2", "v", HIDDEN);
    assert_put(FIELD, "Accept", "v", HIDDEN);
    assert_put(FIELD, "X-Internals", "v", "v");
    assert_put(URL, "", "/?x_internal=v&y=1", "/?x_internal=" HIDDEN "&y=1");
    assert_put(BODY, "application/json", "{\"xInternal\":{\"a\":1}}",
               "{\"xInternal\":{\"a\":\"" HIDDEN "\"}}");
    assert_put(BODY, "text/xml", "<x-internal>v</x-internal>",
               "<x-internal>" HIDDEN "</x-internal>");
    assert_true(redact_field_maybe(&redactor, &field));
}

static void lets_be_what_a_user_allows(void **state)
{
    (void)state;
    assert_put(BODY, "application/json", "{\"email\":\"v\"}", "{\"email\":\"" HIDDEN "\"}");
    assert_int_equal(redact_own_allow(&own, BYTES("Email")), STATUS_OK);
    assert_int_equal(redact_own_allow(&own, BYTES("next-token")), STATUS_OK);
    assert_int_equal(redact_own_allow(&own, BYTES("theme")), STATUS_OK);
    assert_int_equal(redact_own_allow(&own, BYTES("Proxy-Authorization")), STATUS_OK);
    assert_put(BODY, "application/json", "{\"email\":\"v\"}", "{\"email\":\"v\"}");
    assert_put(URL, "", "/?next_token=v&token=v", "/?next_token=v&token=" HIDDEN);
    assert_put(FIELD, "Cookie", "theme=dark; sid=1", "theme=dark; sid=" HIDDEN);
    assert_put(FIELD, "Proxy-Authorization", "Basic v", "Basic v");
    assert_int_equal(redact_own_add(&own, BYTES("email")), STATUS_OK);
    assert_put(BODY, "application/json", "{\"email\":\"v\"}", "{\"email\":\"" HIDDEN "\"}");
}

static void refuses_names_that_name_nothing(void **state)
{
    (void)state;
    assert_int_equal(redact_own_add(&own, BYTES("")), STATUS_BAD_INPUT);
    assert_int_equal(redact_own_add(&own, BYTES("-x-")), STATUS_BAD_INPUT);
    assert_int_equal(redact_own_allow(&own, BYTES("*")), STATUS_BAD_INPUT);
    assert_int_equal(
        redact_own_add(&own,
                       BYTES("a-name-that-is-longer-than-fourty-eight-letters-and-digits-is")),
        STATUS_BAD_INPUT);
    for (int i = 0; i < REDACT_OWN_NAMES; i++)
        assert_int_equal(redact_own_add(&own, BYTES("name")), STATUS_OK);
    assert_int_equal(redact_own_add(&own, BYTES("name")), STATUS_LIMIT);
}

/* ---- patterns ---- */

static void takes_out_what_patterns_find(void **state)
{
    (void)state;
    pattern_add("bob");
    pattern_add("bobby");
    pattern_add("no such");
    assert_put(FIELD, "X-A", "a bob b", "a " HIDDEN " b");
    assert_put(FIELD, "Accept", "bobby,bob", HIDDEN "," HIDDEN);
    assert_put(URL, "", "/of/bob?x=bobby", "/of/" HIDDEN "?x=" HIDDEN);
    assert_put(BODY, "text/plain", "bobbob alice", HIDDEN HIDDEN " alice");
    assert_put(BODY, "application/x-www-form-urlencoded", "a=bob&token=1",
               "a=" HIDDEN "&token=" HIDDEN);
    assert_put(BODY, "text/plain", "alice", "alice");
}

/* What was hidden stays hidden, as a whole. */
static void patterns_leave_pseudonyms_whole(void **state)
{
    (void)state;
    pattern_add("DACTED:");
    pattern_add("token=RE");
    assert_put(URL, "", "/?key=x", "/?key=" HIDDEN);
    assert_put(URL, "", "/?token=x", "/?" HIDDEN);
    assert_put(BODY, "text/plain", "REDACTED:01234567 DACTED:", HIDDEN " " HIDDEN);
}

static void a_pattern_that_gives_up_hides_the_whole_text(void **state)
{
    struct buf out;

    (void)state;
    pattern_add("x");
    gives_up = true;
    assert_put(FIELD, "X-A", "nothing of it", HIDDEN);
    assert_put(URL, "", "/nothing", HIDDEN);
    assert_put(BODY, "text/plain", "nothing", HIDDEN);
    has_no_memory = true;
    buf_init(&out, OUT_BYTES);
    buf_put_text(&out, "before ");
    redact_put_body(&redactor, BYTES("text/plain"), BYTES("nothing"), &out);
    assert_int_equal(buf_status(&out), STATUS_NO_MEMORY);
    assert_int_equal(out.len, strlen("before "));
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(takes_out_what_a_user_names, own_reset),
        cmocka_unit_test_setup(lets_be_what_a_user_allows, own_reset),
        cmocka_unit_test_setup(refuses_names_that_name_nothing, own_reset),
        cmocka_unit_test_setup(takes_out_what_patterns_find, own_reset),
        cmocka_unit_test_setup(patterns_leave_pseudonyms_whole, own_reset),
        cmocka_unit_test_setup(a_pattern_that_gives_up_hides_the_whole_text, own_reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
