/* The short form of `match`. */
#include "rules_world.h"

static void takes_every_method_but_connect_and_preflights(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "api.test", "GET http://api.test/"));
    assert_true(fires(w, "POST http://api.test/"));
    assert_true(fires(w, "FETCHIT http://api.test/"));
    assert_true(fires(w, "OPTIONS http://api.test/"));
    assert_true(fires(w, "OPTIONS http://api.test/\nOrigin: http://a.test"));
    assert_false(fires(w, "CONNECT api.test:443"));
    assert_false(fires(w, "OPTIONS http://api.test/\nOrigin: http://a.test\n"
                          "Access-Control-Request-Method: PUT"));
}

static void takes_the_methods_that_are_named(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "POST|PUT api.test", "POST http://api.test/"));
    assert_true(fires(w, "PUT http://api.test/"));
    assert_false(fires(w, "GET http://api.test/"));
    assert_false(fires(w, "post http://api.test/"));
}

static void takes_made_up_methods(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "GET|PURGE api.test", "PURGE http://api.test/"));
    assert_true(fires(w, "GET http://api.test/"));
    assert_false(fires(w, "BREW http://api.test/"));
}

static void takes_preflights_and_connect_when_named(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "OPTIONS api.test",
                        "OPTIONS http://api.test/\nOrigin: http://a.test\n"
                        "Access-Control-Request-Method: PUT"));
    assert_true(matches(w, "CONNECT api.test", "CONNECT api.test:443"));
}

static void compares_hosts_exactly(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "Api.Test", "GET http://api.test/"));
    assert_true(fires(w, "GET http://API.test./"));
    assert_false(fires(w, "GET http://a.api.test/"));
    assert_false(fires(w, "GET http://api.test.evil.test/"));
    assert_false(fires(w, "GET http://xapi.test/"));
}

static void takes_a_host_and_its_subdomains_by_a_leading_dot(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, ".shop.test", "GET http://shop.test/"));
    assert_true(fires(w, "GET http://api.shop.test/"));
    assert_true(fires(w, "GET http://a.b.shop.test/"));
    assert_false(fires(w, "GET http://myshop.test/"));
    assert_false(fires(w, "GET http://shop.test.evil.test/"));
}

static void keeps_a_star_in_a_host_within_its_label(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "'*.shop.test'", "GET http://api.shop.test/"));
    assert_false(fires(w, "GET http://a.b.shop.test/"));
    assert_false(fires(w, "GET http://shop.test/"));
    assert_true(matches(w, "api-*.shop.test", "GET http://api-7.shop.test/"));
    assert_false(fires(w, "GET http://api.shop.test/"));
    assert_true(matches(w, "api.*.test", "GET http://api.eu.test/"));
    assert_false(fires(w, "GET http://api.eu.west.test/"));
}

static void compares_idn_hosts_as_a_labels(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "bücher.test", "GET http://xn--bcher-kva.test/"));
    assert_true(matches(w, "xn--bcher-kva.test",
                        "GET http://b\xc3\xbc"
                        "cher.test/"));
}

static void takes_ip_addresses(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "127.0.0.1:8080", "GET http://127.0.0.1:8080/"));
    assert_true(matches(w, "'[::1]:8080/x'", "GET http://[::1]:8080/x"));
    assert_false(fires(w, "GET http://[::1]/x"));
    assert_true(matches(w, "'[0:0::0001]'", "GET http://[::1]:9/"));
}

static void compares_ports_and_schemes(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "api.test:8080", "GET https://api.test:8080/"));
    assert_false(fires(w, "GET http://api.test/"));
    assert_true(matches(w, "https://api.test", "GET https://api.test:8443/"));
    assert_false(fires(w, "GET http://api.test/"));
    assert_true(matches(w, "':8080'", "GET http://b.test:8080/"));
    assert_true(matches(w, "http:///x", "GET http://b.test/x"));
}

static void takes_websockets_by_both_names_of_their_scheme(void **state)
{
    struct world *w = *state;
    const char *upgrade = "GET http://api.test/\nConnection: Upgrade\nUpgrade: websocket";

    assert_true(matches(w, "ws://api.test", upgrade));
    assert_false(fires(w, "GET http://api.test/"));
    assert_false(fires(w, "GET https://api.test/\nConnection: Upgrade\nUpgrade: websocket"));
    assert_true(matches(w, "http://api.test", upgrade));
    assert_false(matches(w, "wss://api.test", upgrade));
}

static void tells_no_path_from_the_root(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "api.test", "GET http://api.test/a/b?c"));
    assert_true(fires(w, "OPTIONS http://api.test*"));
    assert_true(matches(w, "api.test/", "GET http://api.test/?c"));
    assert_false(fires(w, "GET http://api.test/a"));
    assert_false(fires(w, "OPTIONS http://api.test*"));
}

static void takes_a_path_on_every_host(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "/health", "GET http://a.test/health"));
    assert_true(fires(w, "GET https://b.test:99/health?x"));
    assert_false(fires(w, "GET http://a.test/Health"));
}

static void takes_everything_below_by_a_final_star(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "api.test/v1/*", "GET http://api.test/v1/"));
    assert_true(fires(w, "GET http://api.test/v1/a/b"));
    assert_false(fires(w, "GET http://api.test/v1"));
    assert_false(fires(w, "GET http://api.test/v10/"));
}

static void keeps_other_stars_within_a_segment(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "api.test/a/*/c", "GET http://api.test/a/b/c"));
    assert_false(fires(w, "GET http://api.test/a/b/b/c"));
    assert_true(matches(w, "api.test/*.js", "GET http://api.test/app.js"));
    assert_false(fires(w, "GET http://api.test/a/app.js"));
    assert_true(matches(w, "api.test/a*", "GET http://api.test/abc"));
    assert_false(fires(w, "GET http://api.test/abc/d"));
}

static void goes_across_segments_by_two_stars(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "api.test/**/c", "GET http://api.test/a/b/c"));
    assert_true(matches(w, "api.test/**.png", "GET http://api.test/a/b.png"));
    assert_true(matches(w, "/**/x/*/y", "GET http://api.test/a/x/b/c/x/d/y"));
    assert_false(fires(w, "GET http://api.test/a/x/b/c/y"));
}

static void compares_paths_with_unreserved_characters_decoded(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "api.test/~me/a-b", "GET http://api.test/%7Eme/%61%2db"));
    assert_true(matches(w, "api.test/%7eme", "GET http://api.test/~me"));
    assert_true(matches(w, "api.test/a%2fb", "GET http://api.test/a%2Fb"));
    assert_false(fires(w, "GET http://api.test/a/b"));
    assert_true(matches(w, "api.test/größe", "GET http://api.test/gr%C3%B6%c3%9fe"));
    assert_true(fires(w, "GET http://api.test/gr\xc3\xb6\xc3\x9f"
                         "e"));
}

static void finds_parameters_in_any_order_among_others(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "api.test/s?a=1&b=<x>", "GET http://api.test/s?z=9&b=2&a=1"));
    assert_true(fires(w, "GET http://api.test/s?a=0&a=1&b"));
    assert_false(fires(w, "GET http://api.test/s?a=1"));
    assert_false(fires(w, "GET http://api.test/s?a=10&b=2"));
    assert_false(fires(w, "GET http://api.test/s"));
    assert_true(matches(w, "api.test?debug", "GET http://api.test/?debug"));
    assert_true(fires(w, "GET http://api.test/x?debug=1"));
    assert_true(matches(w, "'?q=*z*'", "GET http://api.test/?q=xyzzy"));
    assert_true(matches(w, "'?q='", "GET http://api.test/?q="));
    assert_false(fires(w, "GET http://api.test/?q=1"));
}

static void searches_the_url_by_a_pattern(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "~^https://api\\.test/v\\d+\\?", "GET https://api.test:8443/v12?x"));
    assert_false(fires(w, "GET https://api.test/v12"));
    assert_true(matches(w, "~/v(?<major>\\d+)/", "GET http://api.test/x/v3/"));
    assert_true(matches(w, "'~^http://\\[::1\\]/$'", "GET http://[::1]:81/"));
}

static void replaces_variables(void **state)
{
    struct world *w = *state;

    world_load(w, "vars: { host: api.test, base: /v1 }\n"
                  "rules: [{ match: GET $(host)$(base)/x, then: pass },\n"
                  "        { match: $(env.HOME_HOST), then: pass }]\n");
    assert_true(fires(w, "GET http://api.test/v1/x"));
    assert_true(fires(w, "GET http://home.test/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
        TEST(takes_every_method_but_connect_and_preflights),
        TEST(takes_the_methods_that_are_named),
        TEST(takes_made_up_methods),
        TEST(takes_preflights_and_connect_when_named),
        TEST(compares_hosts_exactly),
        TEST(takes_a_host_and_its_subdomains_by_a_leading_dot),
        TEST(keeps_a_star_in_a_host_within_its_label),
        TEST(compares_idn_hosts_as_a_labels),
        TEST(takes_ip_addresses),
        TEST(compares_ports_and_schemes),
        TEST(takes_websockets_by_both_names_of_their_scheme),
        TEST(tells_no_path_from_the_root),
        TEST(takes_a_path_on_every_host),
        TEST(takes_everything_below_by_a_final_star),
        TEST(keeps_other_stars_within_a_segment),
        TEST(goes_across_segments_by_two_stars),
        TEST(compares_paths_with_unreserved_characters_decoded),
        TEST(finds_parameters_in_any_order_among_others),
        TEST(searches_the_url_by_a_pattern),
        TEST(replaces_variables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
