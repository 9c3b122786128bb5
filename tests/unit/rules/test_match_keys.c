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

static void compares_cookies_by_name(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "{ cookie: { b: two } }", "GET http://a.test/\nCookie: a=1; b=two"));
    assert_true(fires(w, "GET http://a.test/\nCookie: a=1\nCookie: x; b=1; b=two"));
    assert_false(fires(w, "GET http://a.test/\nCookie: a=1; b=twofold; B=two; ab=two"));
    assert_true(matches(w, "{ cookie: { b: ~^t } }", "GET http://a.test/\nCookie: a=1;b=two"));
    assert_false(fires(w, "GET http://a.test/\nCookie: b=1; c=two"));
    assert_true(matches(w, "{ cookie: { b: present } }", "GET http://a.test/\nCookie: b="));
    assert_false(fires(w, "GET http://a.test/\nCookie: c=b"));
    assert_true(matches(w, "{ cookie: { b: absent } }", "GET http://a.test/\nCookie: c=b"));
    assert_true(fires(w, "GET http://a.test/"));
    assert_false(fires(w, "GET http://a.test/\nCookie: c=1; b=1"));
}

static void tells_clients_by_user_address_and_network(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "{ client: 192.0.2.1 }", "GET http://a.test/"));
    w->client = "eve"; /* a user of the proxy has an address too */
    assert_true(fires(w, "GET http://a.test/"));
    assert_true(matches(w, "{ client: [bob, eve] }", "GET http://a.test/"));
    assert_true(matches(w, "{ client: ~^e }", "GET http://a.test/"));
    assert_false(matches(w, "{ client: bob }", "GET http://a.test/"));
    assert_true(matches(w, "{ client: 192.0.0.0/16 }", "GET http://a.test/"));
    assert_false(matches(w, "{ client: [192.0.3.0/24, '2001:db8::/32'] }", "GET http://a.test/"));
}

static void tells_versions(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "{ version: HTTP/1.1 }", "GET http://a.test/"));
    assert_true(matches(w, "{ version: [1.0, 1.1] }", "GET http://a.test/"));
    assert_false(matches(w, "{ version: 1.0 }", "GET http://a.test/"));
    assert_true(matches(w, "{ version: ~1$ }", "GET http://a.test/"));
    assert_false(matches(w, "{ version: ~^2 }", "GET http://a.test/"));
}

static void tells_tls_and_what_it_is(void **state)
{
    static const struct rule_tls tls = {
        .version = BYTES_INIT("TLSv1.3"),
        .sni = BYTES_INIT("api.shop.test"),
        .alpn = BYTES_INIT("\x02h2\x08http/1.1"),
        .ja4 = BYTES_INIT("t13d1516h2_8daaf6152771_e5627efa2ab1"),
    };
    struct world *w = *state;

    assert_false(matches(w, "{ tls: yes }", "GET http://a.test/"));
    assert_true(matches(w, "{ tls: no }", "GET http://a.test/"));
    assert_false(matches(w, "{ tls: { version: 1.3 } }", "GET http://a.test/"));
    assert_false(matches(w, "{ tls: { alpn: absent } }", "GET http://a.test/"));
    w->tls = &tls;
    assert_false(fires(w, "GET https://a.test/"));
    assert_true(matches(w, "{ tls: { version: 1.3 } }", "GET https://a.test/"));
    assert_true(matches(w, "{ tls: true }", "GET https://a.test/"));
    assert_false(matches(w, "{ tls: false }", "GET https://a.test/"));
    assert_false(matches(w, "{ tls: { version: TLSv1.2 } }", "GET https://a.test/"));
    assert_true(matches(w, "{ tls: { sni: .shop.test } }", "GET https://a.test/"));
    assert_false(matches(w, "{ tls: { sni: shop.test } }", "GET https://a.test/"));
    assert_true(matches(w, "{ tls: { alpn: http/1.1 } }", "GET https://a.test/"));
    assert_false(matches(w, "{ tls: { alpn: http/1 } }", "GET https://a.test/"));
    assert_true(matches(w, "{ tls: { ja4: ~^t13d, alpn: [h3, h2] } }", "GET https://a.test/"));
    assert_false(matches(w, "{ tls: { ja4: t13d } }", "GET https://a.test/"));
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
        TEST(compares_cookies_by_name),
        TEST(tells_clients_by_user_address_and_network),
        TEST(tells_versions),
        TEST(tells_tls_and_what_it_is),
        TEST(captures_named_groups),
        TEST(leaves_captures_empty_that_took_no_part),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
