/* A request made of what people say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/trial_input.h"

enum { MEMORY_BYTES = 1024 * 1024 };

static struct arena memory;
static struct trial_input input;

static int begin(void **state)
{
    (void)state;
    arena_init(&memory, MEMORY_BYTES);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_release(&memory);
    return 0;
}

/* "scheme host port path", or the status. */
static const char *parts_of(const char *method, const char *url)
{
    enum status st;

    arena_reset(&memory);
    trial_input_init(&input, &memory);
    st = trial_input_url(&input, bytes_of(method), bytes_of(url));
    if (!st)
        st = trial_input_finish(&input);
    if (st)
        return status_sentence(st);
    return arena_printf(&memory, "%.*s %.*s %u %.*s", (int)input.view.scheme.len,
                        (const char *)input.view.scheme.ptr, (int)input.view.host.len,
                        (const char *)input.view.host.ptr, (unsigned)input.view.port,
                        (int)input.request.path.len, (const char *)input.request.path.ptr);
}

static void takes_a_url_apart(void **state)
{
    (void)state;
    assert_string_equal(parts_of("GET", "http://a.test/x"), "http a.test 80 /x");
    assert_string_equal(parts_of("GET", "https://A.Test"), "https a.test 443 /");
    assert_string_equal(parts_of("GET", "wss://a.test?q=1"), "https a.test 443 /?q=1");
    assert_string_equal(parts_of("GET", "a.test:81/x?y#z"), "http a.test 81 /x?y");
    assert_string_equal(parts_of("GET", "http://[::1]:8080/"), "http ::1 8080 /");
    assert_string_equal(parts_of("CONNECT", "a.test:443"), " a.test 443 ");
}

static void refuses_what_is_no_request(void **state)
{
    const char *bad = status_sentence(STATUS_BAD_INPUT);

    (void)state;
    assert_string_equal(parts_of("G ET", "http://a.test/"), bad);
    assert_string_equal(parts_of("", "http://a.test/"), bad);
    assert_string_equal(parts_of("GET", ""), bad);
    assert_string_equal(parts_of("GET", "ftp://a.test/"), bad);
    assert_string_equal(parts_of("GET", "http://a.test/a b"), bad);
    assert_string_equal(parts_of("GET", "http://"), bad);
    assert_string_equal(parts_of("CONNECT", "http://a.test/"), bad);
}

static void adds_host_unless_it_is_given(void **state)
{
    (void)state;
    (void)parts_of("GET", "http://a.test:81/");
    assert_true(
        bytes_equal(fields_value(&input.request.fields, BYTES("host")), BYTES("a.test:81")));
    trial_input_init(&input, &memory);
    assert_int_equal(trial_input_url(&input, BYTES("GET"), BYTES("a.test")), STATUS_OK);
    assert_int_equal(trial_input_field(&input, &input.request, BYTES("Host"), BYTES("b")),
                     STATUS_OK);
    assert_int_equal(trial_input_finish(&input), STATUS_OK);
    assert_int_equal(input.request.fields.count, 1);
}

static void frames_what_has_content(void **state)
{
    (void)state;
    trial_input_init(&input, &memory);
    assert_int_equal(trial_input_url(&input, BYTES("HEAD"), BYTES("a.test")), STATUS_OK);
    input.request_body.content = BYTES("abc");
    input.response_body.content = BYTES("never sent");
    trial_input_status(&input, 200);
    assert_int_equal(trial_input_finish(&input), STATUS_OK);
    assert_int_equal(input.request.framing, HTTP_LENGTH);
    assert_int_equal(input.request.length, 3);
    assert_int_equal(input.response.framing, HTTP_NO_BODY);
    assert_int_equal(input.response_body.content.len, 0);
    assert_true(bytes_equal(input.response.reason, BYTES("OK")));
}

static void refuses_fields_that_are_none(void **state)
{
    (void)state;
    trial_input_init(&input, &memory);
    assert_int_equal(trial_input_field(&input, &input.request, BYTES("a b"), BYTES("")),
                     STATUS_BAD_INPUT);
    assert_int_equal(trial_input_field(&input, &input.request, BYTES("a"), BYTES("x\r\ny")),
                     STATUS_BAD_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(takes_a_url_apart, begin, end),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_request, begin, end),
        cmocka_unit_test_setup_teardown(adds_host_unless_it_is_given, begin, end),
        cmocka_unit_test_setup_teardown(frames_what_has_content, begin, end),
        cmocka_unit_test_setup_teardown(refuses_fields_that_are_none, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
