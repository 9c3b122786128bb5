/* Requests as recordings have them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/recorded.h"
#include "cli/trial_input.h"

enum { MEMORY_BYTES = 64 * 1024 * 1024 };

static struct arena memory;
static struct trial_input input;
static const char *fault;

static int begin(void **state)
{
    (void)state;
    arena_init(&memory, MEMORY_BYTES);
    trial_input_init(&input, &memory);
    fault = "";
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_release(&memory);
    return 0;
}

static void equals(struct bytes has, const char *wanted)
{
    assert_int_equal(has.len, strlen(wanted));
    assert_memory_equal(has.ptr, wanted, has.len);
}

static enum status har(const char *json)
{
    return recorded_read_har(bytes_of(json), &input, &fault);
}

static enum status line(const char *json)
{
    return recorded_read_line(bytes_of(json), &input, &fault);
}

static void reads_an_entry_of_a_har(void **state)
{
    (void)state;
    assert_int_equal(
        har("{\"startedDateTime\":\"2026-11-23T23:05:00.1+01:00\",\"timings\":{\"wait\":12.5},"
            "\"request\":{\"method\":\"POST\",\"url\":\"https://A.test:8443/x?y#z\",\"headers\":["
            "{\"name\":\":path\",\"value\":\"/x\"},{\"name\":\"X-A\",\"value\":\"1\"},"
            "{\"name\":\"bad name\",\"value\":\"1\"}],\"postData\":{\"text\":\"body\"}},"
            "\"response\":{\"status\":404,\"headers\":[{\"name\":\"X-B\",\"value\":\"2\"}],"
            "\"content\":{\"text\":\"aGk=\",\"encoding\":\"base64\"}}}"),
        STATUS_OK);
    equals(input.request.method, "POST");
    equals(input.view.scheme, "https");
    equals(input.view.host, "a.test");
    assert_int_equal(input.view.port, 8443);
    equals(input.request.path, "/x?y");
    assert_int_equal(input.request.fields.count, 2);
    equals(fields_value(&input.request.fields, BYTES("x-a")), "1");
    equals(fields_value(&input.request.fields, BYTES("host")), "a.test:8443");
    equals(input.request_body.content, "body");
    assert_int_equal(input.request.length, 4);
    assert_int_equal(input.view.minute, 22 * 60 + 5); /* UTC */
    assert_int_equal(input.view.response_us, 12500);
    assert_non_null(input.view.tls);
    assert_true(input.has_response);
    assert_int_equal(input.response.status, 404);
    equals(fields_value(&input.response.fields, BYTES("x-b")), "2");
    equals(input.response_body.content, "hi");
}

static void knows_an_entry_without_a_response(void **state)
{
    (void)state;
    assert_int_equal(har("{\"request\":{\"method\":\"GET\",\"url\":\"http://a.test\"},"
                         "\"response\":{\"status\":0}}"),
                     STATUS_OK);
    assert_false(input.has_response);
    equals(input.request.path, "/");
    assert_null(input.view.tls);
}

static void reads_a_line_of_the_log(void **state)
{
    (void)state;
    assert_int_equal(
        line("{\"kind\":\"http\",\"time\":\"2026-11-23T01:02:03.000000Z\",\"method\":\"GET\","
             "\"url\":\"http://a.test/x\",\"client\":{\"address\":\"127.0.0.1\",\"user\":\"joe\"},"
             "\"request\":{\"headers\":[[\"Host\",\"a.test\"],[\"X-A\",\"1\"]],\"body\":null},"
             "\"response\":{\"status_code\":500,\"received\":{\"status_code\":200},\"headers\":[["
             "\"Content-Type\",\"text/plain\"]],\"body\":\"hi\"}}"),
        STATUS_OK);
    equals(input.view.client, "joe");
    assert_int_equal(input.view.minute, 62);
    assert_int_equal(input.response.status, 200);
    equals(input.response_body.content, "hi");
    assert_int_equal(input.request.fields.count, 2);
}

static void takes_no_answer_of_a_rule_for_the_origins(void **state)
{
    (void)state;
    assert_int_equal(
        line("{\"kind\":\"http\",\"method\":\"GET\",\"url\":\"http://a.test/x\",\"request\":{},"
             "\"response\":{\"status_code\":429,\"received\":null,\"headers\":[]}}"),
        STATUS_OK);
    assert_false(input.has_response);
}

static void does_not_look_at_contents_that_were_cut(void **state)
{
    (void)state;
    assert_int_equal(line("{\"kind\":\"http\",\"method\":\"GET\",\"url\":\"http://a.test/x\","
                          "\"request\":{\"body\":\"par\",\"body_cut\":true}}"),
                     STATUS_OK);
    assert_non_null(input.request_body.fault);
}

static void leaves_out_what_is_no_request(void **state)
{
    (void)state;
    assert_int_equal(line("{\"kind\":\"tunnel\"}"), STATUS_END);
    assert_int_equal(line("{\"schema\":\"weir.gap/1\",\"flows\":3}"), STATUS_END);
    assert_int_equal(har("{\"request\":{\"method\":\"GET\",\"url\":\"data:text/plain,x\"}}"),
                     STATUS_END);
}

static void says_what_is_wrong(void **state)
{
    static const struct {
        const char *json, *fault;
    } rows[] = {
        {"[1]", "it is not a JSON object"},
        {"{\"request\":", "it is not a JSON object"},
        {"{}", "there is no request in it"},
        {"{\"request\":{\"method\":\"GET\"}}", "there is no method or no url"},
        {"{\"request\":{\"method\":1,\"url\":2}}", "there is no method or no url"},
        {"{\"request\":{\"method\":\"G T\",\"url\":\"http://a/\"}}",
         "there is no method or no url"},
        {"{\"request\":{\"method\":\"GET\",\"url\":\"http://a b/\"}}",
         "its url is not one of http or https"},
        {"{\"request\":{\"method\":\"GET\",\"url\":\"http://a/\",\"postData\":{\"text\":\"!\","
         "\"encoding\":\"base64\"}}}",
         "its body is not base64"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        trial_input_init(&input, &memory);
        assert_int_equal(har(rows[i].json), STATUS_BAD_INPUT);
        assert_string_equal(fault, rows[i].fault);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_an_entry_of_a_har, begin, end),
        cmocka_unit_test_setup_teardown(knows_an_entry_without_a_response, begin, end),
        cmocka_unit_test_setup_teardown(reads_a_line_of_the_log, begin, end),
        cmocka_unit_test_setup_teardown(takes_no_answer_of_a_rule_for_the_origins, begin, end),
        cmocka_unit_test_setup_teardown(does_not_look_at_contents_that_were_cut, begin, end),
        cmocka_unit_test_setup_teardown(leaves_out_what_is_no_request, begin, end),
        cmocka_unit_test_setup_teardown(says_what_is_wrong, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
