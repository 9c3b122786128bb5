/* The map form of `match`. */
#include "rules_world.h"

static void wants_all_keys_to_hold(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "{ url: POST api.test/x, scheme: https, header: { x-team: payments } }",
                        "POST https://api.test/x\nX-Team: payments"));
    assert_false(fires(w, "POST http://api.test/x\nX-Team: payments"));
    assert_false(fires(w, "POST https://api.test/x\nX-Team: sales"));
    assert_false(fires(w, "GET https://api.test/x\nX-Team: payments"));
}

static void takes_methods_as_text_list_or_pattern(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "{ method: [PUT, PATCH|POST] }", "PATCH http://a.test/"));
    assert_true(fires(w, "PUT http://a.test/"));
    assert_false(fires(w, "GET http://a.test/"));
    assert_true(matches(w, "{ method: ~^P }", "PROPFIND http://a.test/"));
    assert_false(fires(w, "GET http://a.test/"));
    assert_false(matches(w, "{ url: POST a.test, method: PUT }", "POST http://a.test/"));
}

static void takes_schemes_as_text_list_or_pattern(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "{ scheme: [http, https] }", "GET https://a.test/"));
    assert_false(matches(w, "{ scheme: https }", "GET http://a.test/"));
    assert_true(matches(w, "{ scheme: ~s$ }", "GET https://a.test/"));
    assert_false(fires(w, "GET http://a.test/"));
}

static void takes_hosts_as_text_list_or_pattern(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "{ host: [a.test, .b.test, ~^x+\\.test$] }", "GET http://c.b.test/"));
    assert_true(fires(w, "GET http://a.test/"));
    assert_true(fires(w, "GET http://xxx.test/"));
    assert_false(fires(w, "GET http://xay.test/"));
    assert_true(matches(w, "{ host: '::1' }", "GET http://[::1]/"));
    assert_true(matches(w, "{ host: ~shop }", "GET http://myshop.test/"));
    assert_false(matches(w, "{ host: [.shop.test, ~never] }", "GET http://myshop.test/"));
    assert_true(fires(w, "GET http://my.shop.test/"));
}

static void takes_ports_as_number_range_list_or_pattern(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "{ port: 8080 }", "GET http://a.test:8080/"));
    assert_true(matches(w, "{ port: [443, 8000 to 8002] }", "GET http://a.test:8002/"));
    assert_true(fires(w, "GET https://a.test/"));
    assert_false(fires(w, "GET http://a.test:8003/"));
    assert_true(matches(w, "{ port: ~^80 }", "GET http://a.test:8099/"));
    assert_false(fires(w, "GET http://a.test:9980/"));
}

static void takes_paths_as_text_list_or_pattern(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "{ path: [/a, /b/<id>] }", "GET http://a.test/b/7?x"));
    assert_true(fires(w, "GET http://a.test/a"));
    assert_false(fires(w, "GET http://a.test/b/7/8"));
    assert_true(matches(w, "{ path: '~^/a/\\d+$' }", "GET http://a.test/a/12?x=y"));
    assert_false(fires(w, "GET http://a.test/a/12x"));
}

static void compares_decoded_parameters_as_a_whole(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "{ query: { q: a b/c } }", "GET http://a.test/?q=a+b%2Fc"));
    assert_true(fires(w, "GET http://a.test/?q=x&%71=a%20b/c"));
    assert_false(fires(w, "GET http://a.test/?q=a+b%2Fcd"));
    assert_true(matches(w, "{ query: { q: '~^\\d+ \\d+$' } }", "GET http://a.test/?q=1+22"));
    assert_false(fires(w, "GET http://a.test/?q=1+"));
    assert_true(matches(w, "{ query: { q: present } }", "GET http://a.test/?q"));
    assert_false(fires(w, "GET http://a.test/?p"));
    assert_true(matches(w, "{ query: { q: absent } }", "GET http://a.test/?p"));
    assert_false(fires(w, "GET http://a.test/?q=1"));
    assert_true(matches(w, "{ query: { q: 'present' } }", "GET http://a.test/?q=present"));
    assert_false(fires(w, "GET http://a.test/?q=1"));
}

static void compares_header_lines_as_a_whole(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "{ header: { X-A: b } }", "GET http://a.test/\nx-a: c\nx-a: b"));
    assert_false(fires(w, "GET http://a.test/\nx-a: c, b"));
    assert_false(fires(w, "GET http://a.test/\nx-a: B"));
    assert_true(matches(w, "{ header: { accept: ~json } }",
                        "GET http://a.test/\nAccept: text/html, application/json"));
    assert_true(matches(w, "{ header: { x-a: [b, ~^c] } }", "GET http://a.test/\nx-a: cd"));
}

static void tells_present_from_absent_fields(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "{ header: { cookie: present } }", "GET http://a.test/\nCookie: a=b"));
    assert_false(fires(w, "GET http://a.test/"));
    assert_true(matches(w, "{ header: { cookie: absent } }", "GET http://a.test/"));
    assert_false(fires(w, "GET http://a.test/\nCookie: a=b"));
    assert_true(matches(w, "{ header: { x-a: [b, absent] } }", "GET http://a.test/"));
    assert_true(fires(w, "GET http://a.test/\nx-a: b"));
    assert_false(fires(w, "GET http://a.test/\nx-a: c"));
}

static void captures_named_groups(void **state)
{
    struct world *w = *state;

    world_load(w, "rules:\n"
                  "  - match:\n"
                  "      path: ~^/u/(?<user>[^/]+)\n"
                  "      header: { authorization: '~^Bearer (?<token>\\S+)' }\n"
                  "      query: { page: '~(?<page>.*)' }\n"
                  "    then: { set: { request.header.x-who: $(user)/$(token)/$(page) } }\n");
    expect(w, "GET http://a.test/u/eve/x?page=4%2C+5\nAuthorization: Bearer abc",
           "set request.header.x-who: eve/abc/4, 5\n");
}

static void leaves_captures_empty_that_took_no_part(void **state)
{
    struct world *w = *state;

    world_load(w, "rules:\n"
                  "  - match: { path: [/a/<x>, '/b/<y>'], header: { q: ['~(?<z>z)|q', absent] } }\n"
                  "    then: { set: { request.header.r: '<$(x)|$(y)|$(z)>' } }\n");
    expect(w, "GET http://a.test/a/1", "set request.header.r: <1||>\n");
    expect(w, "GET http://a.test/b/2\nq: q", "set request.header.r: <|2|>\n");
    expect(w, "GET http://a.test/b/3\nq: z", "set request.header.r: <|3|z>\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
        TEST(wants_all_keys_to_hold),
        TEST(takes_methods_as_text_list_or_pattern),
        TEST(takes_schemes_as_text_list_or_pattern),
        TEST(takes_hosts_as_text_list_or_pattern),
        TEST(takes_ports_as_number_range_list_or_pattern),
        TEST(takes_paths_as_text_list_or_pattern),
        TEST(compares_decoded_parameters_as_a_whole),
        TEST(compares_header_lines_as_a_whole),
        TEST(tells_present_from_absent_fields),
        TEST(captures_named_groups),
        TEST(leaves_captures_empty_that_took_no_part),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
