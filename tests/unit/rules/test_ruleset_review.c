/* Warnings about rules that can never act; and none about those that can. */
#include "rules_world.h"

/* The warnings about these rules, each given in flow style. */
static const char *warnings(struct world *w, const char *rules)
{
    char yaml[4096];

    assert_true((size_t)snprintf(yaml, sizeof(yaml), "%s", rules) < sizeof(yaml));
    world_load(w, yaml);
    return buf_text(&w->diag_text);
}

/* The warnings about a rule with this match behind one with that. */
static const char *behind(struct world *w, const char *first, const char *second)
{
    char yaml[4096];

    snprintf(yaml, sizeof(yaml),
             "rules:\n  - name: a\n    match: %s\n    then: 404\n"
             "  - name: b\n    match: %s\n    then: 410\n",
             first, second);
    return warnings(w, yaml);
}

static const char *alone(struct world *w, const char *match)
{
    char yaml[4096];

    snprintf(yaml, sizeof(yaml), "rules:\n  - match: %s\n    then: { delay: 1s }\n", match);
    return warnings(w, yaml);
}

static const char *scheduled(struct world *w, const char *when)
{
    char yaml[4096];

    snprintf(yaml, sizeof(yaml), "rules:\n  - match: a.test\n    when: %s\n    then: 404\n", when);
    return warnings(w, yaml);
}

static void expect_shadowed(struct world *w, const char *first, const char *second)
{
    const char *said = behind(w, first, second);

    if (!strstr(said, "is never reached: 'proxy.yaml:2 a' before it takes all that it matches"))
        print_message("%s before %s: '%s'\n", first, second, said);
    assert_non_null(strstr(said, "proxy.yaml:6:12: warning: this rule is never reached"));
}

static void expect_reached(struct world *w, const char *first, const char *second)
{
    const char *said = behind(w, first, second);

    if (said[0])
        print_message("%s before %s: '%s'\n", first, second, said);
    assert_string_equal(said, "");
}

static void expect_impossible(struct world *w, const char *match, const char *why)
{
    const char *said = alone(w, match);

    if (!strstr(said, why))
        print_message("%s: '%s'\n", match, said);
    assert_non_null(strstr(said, "proxy.yaml:2:12: warning: this can never match: "));
    assert_non_null(strstr(said, why));
}

static void expect_possible(struct world *w, const char *match)
{
    const char *said = alone(w, match);

    if (said[0])
        print_message("%s: '%s'\n", match, said);
    assert_string_equal(said, "");
}

/* ---- shadowed rules ---- */

static void warns_of_equal_matches_whatever_is_in_them(void **state)
{
    expect_shadowed(*state, "GET a.test/x", "GET a.test/x");
    expect_shadowed(*state, "~^http://a", "~^http://a");
    expect_shadowed(*state, "{ any: [a.test, ~b] }", "{ any: [a.test, ~b] }");
    expect_shadowed(*state, "{ client: 10.0.0.0/8 }", "{ client: 10.0.0.0/8 }");
}

static void warns_of_hosts_that_are_taken_already(void **state)
{
    expect_shadowed(*state, ".x.test", "a.x.test");
    expect_shadowed(*state, ".x.test", "x.test/y");
    expect_shadowed(*state, ".test", ".x.test");
    expect_shadowed(*state, ".x.test", "'*.x.test'");
    expect_shadowed(*state, "'*.x.test'", "a.x.test");
    expect_shadowed(*state, "{ host: [a.test, b.test, c.test] }", "{ host: [c.test, a.test] }");
    expect_reached(*state, "a.x.test", ".x.test");
    expect_reached(*state, ".x.test", "ax.test");
    expect_reached(*state, ".x.test", "'*x.test'");
    expect_reached(*state, "'*.x.test'", "a.b.x.test");
    expect_reached(*state, "'*.x.test'", "x.test");
    expect_reached(*state, "{ host: [a.test, b.test] }", "{ host: [a.test, c.test] }");
    expect_reached(*state, "{ host: ~x }", "xx.test");
}

static void warns_of_paths_that_are_taken_already(void **state)
{
    expect_shadowed(*state, "a.test/a/*", "a.test/a/b");
    expect_shadowed(*state, "a.test/a/*", "a.test/a/b*");
    expect_shadowed(*state, "a.test/a/<rest*>", "a.test/a/<id>/x");
    expect_shadowed(*state, "a.test/a/<id>", "a.test/a/<other>");
    expect_shadowed(*state, "a.test/<id>", "a.test/x");
    expect_shadowed(*state, "a.test/%7Ea", "a.test/~a");
    expect_reached(*state, "a.test/a/*", "a.test/a");
    expect_reached(*state, "a.test/a/*", "a.test/ab");
    expect_reached(*state, "a.test/a/b", "a.test/a/*");
    expect_reached(*state, "a.test/<id>", "a.test/x/y");
    expect_reached(*state, "a.test/a/*/b", "a.test/a/<id>/b");
    expect_reached(*state, "a.test/", "a.test");
    expect_reached(*state, "a.test/A", "a.test/a");
}

static void warns_when_host_or_path_is_left_out(void **state)
{
    expect_shadowed(*state, "a.test", "a.test/x");
    expect_shadowed(*state, "/health", "a.test/health");
    expect_shadowed(*state, "/health", "/health?x=1");
    expect_reached(*state, "/*", "a.test");
    expect_reached(*state, "/health", "a.test");
}

static void warns_of_methods_that_are_taken_already(void **state)
{
    expect_shadowed(*state, "GET|POST a.test", "POST a.test/x");
    expect_shadowed(*state, "a.test", "PURGE a.test");
    expect_shadowed(*state, "GET|PURGE a.test", "PURGE a.test");
    expect_shadowed(*state, "GET|PURGE a.test", "GET a.test/x");
    expect_shadowed(*state, "OPTIONS|GET a.test", "OPTIONS a.test");
    expect_reached(*state, "GET a.test", "GET|POST a.test");
    expect_reached(*state, "GET a.test", "a.test");
    expect_reached(*state, "GET|PURGE a.test", "BAN a.test");
    expect_reached(*state, "a.test", "OPTIONS a.test"); /* preflights are left to it */
    expect_reached(*state, "a.test", "CONNECT a.test");
}

static void warns_of_schemes_and_ports_that_are_taken_already(void **state)
{
    expect_shadowed(*state, "https://a.test", "wss://a.test");
    expect_shadowed(*state, "a.test", "https://a.test:8443");
    expect_shadowed(*state, "{ host: a.test, port: 8000 to 8999 }", "a.test:8080");
    expect_shadowed(*state, "a.test:8080", "{ host: a.test, url: 'a.test:8080/x' }");
    expect_shadowed(*state, "{ host: a.test, port: 1 to 9 }",
                    "{ host: a.test, port: [2 to 3, 7] }");
    expect_reached(*state, "wss://a.test", "https://a.test");
    expect_reached(*state, "https://a.test", "http://a.test");
    expect_reached(*state, "a.test:8080", "a.test");
    expect_reached(*state, "{ host: a.test, port: 1 to 9 }", "{ host: a.test, port: 9 to 10 }");
}

static void warns_of_fields_that_are_taken_already(void **state)
{
    expect_shadowed(*state, "{ header: { x: present } }", "{ header: { x: 1 } }");
    expect_shadowed(*state, "{ header: { x: present } }", "{ header: { x: ~a } }");
    expect_shadowed(*state, "{ cookie: { x: [a, b] } }", "{ host: a.test, cookie: { x: b } }");
    expect_shadowed(*state, "{ query: { x: absent } }", "{ query: { x: absent, y: 1 } }");
    expect_shadowed(*state, "a.test/?x=*", "a.test/?x=1");
    expect_shadowed(*state, "{ version: [1.0, 1.1] }", "{ version: 1.0 }");
    expect_shadowed(*state, "{ tls: yes }", "{ tls: { sni: a.test } }");
    expect_reached(*state, "{ header: { x: 1 } }", "{ header: { y: 1 } }");
    expect_reached(*state, "{ header: { x: present } }", "{ header: { x: absent } }");
    expect_reached(*state, "{ header: { x: ~a } }", "{ header: { x: a } }");
    expect_reached(*state, "{ cookie: { x: 1 } }", "{ header: { x: 1 } }");
    expect_reached(*state, "{ client: 10.0.0.0/8 }", "{ client: 10.0.0.1 }");
    expect_reached(*state, "{ tls: { sni: a.test } }", "{ tls: yes }");
}

static void looks_through_all_any_and_not(void **state)
{
    expect_shadowed(*state, "{ any: [a.test, b.test] }", "b.test/x");
    expect_shadowed(*state, "{ host: a.test, not: { path: /x } }", "a.test/y");
    expect_shadowed(*state, "{ all: [a.test, { path: /x/* }] }", "a.test/x/y");
    expect_shadowed(*state, "a.test", "{ any: [a.test/x, a.test/y] }");
    expect_shadowed(*state, "a.test", "{ host: a.test, not: { header: { x: present } } }");
    expect_reached(*state, "{ any: [a.test, b.test/y] }", "b.test/x");
    expect_reached(*state, "{ host: a.test, not: { path: /x } }", "a.test/x");
    expect_reached(*state, "{ host: a.test, not: { path: /x } }", "a.test");
    expect_reached(*state, "{ host: a.test, not: { path: ~x } }", "a.test/y");
    expect_reached(*state, "a.test", "{ any: [a.test/x, b.test] }");
    expect_reached(*state, "{ any: [GET a.test, POST a.test] }", "a.test");
}

/* The warnings when this rule stands before one of a.test/x. */
static const char *before_b(struct world *w, const char *rule)
{
    char yaml[1024];

    snprintf(yaml, sizeof(yaml),
             "groups: { g: {}, off: { enabled: false } }\n"
             "rules:\n  - %s\n  - { name: b, match: a.test/x, then: 410 }\n",
             rule);
    return warnings(w, yaml);
}

static void warns_only_of_rules_that_end_all_they_match(void **state)
{
    static const char *const silent[] = {
        "{ name: a, match: a.test, when: once, then: 404 }",
        "{ name: a, enabled: false, match: a.test, then: 404 }",
        "{ name: a, match: a.test, then: { delay: 1s } }",
        "{ name: a, match: a.test, then: { respond: { status: 304 } } }",
        "{ name: a, match: a.test, then: { sequence: [304, pass] } }",
        "{ name: a, match: a.test, then: { respond: { headers: { x: $(request.header.y) } } } }",
        "{ name: a, match: a.test, then: [set: { request.host: b.test }, respond: 404] }",
        "{ name: a, group: g, match: a.test, then: 404 }",
        "{ name: a, group: off, match: a.test, then: 404 }",
    };
    static const char *const loud[] = {
        "{ name: a, match: a.test, when: per client, then: 404 }",
        "{ name: a, match: a.test, then: pass }",
        "{ name: a, match: a.test, then: block }",
        "{ name: a, match: a.test, then: { abort: reset } }",
        "{ name: a, match: a.test, then: { forward: 'http://b.test' } }",
        "{ name: a, match: a.test, then: [delay: 1s, tag: x, redirect: /y] }",
        "{ name: a, match: a.test, then: { respond: { status: 304, force: true } } }",
    };

    for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
        assert_string_equal(before_b(*state, silent[i]), "");
    }
    for (size_t i = 0; i < sizeof(loud) / sizeof(loud[0]); i++) {
        assert_non_null(strstr(before_b(*state, loud[i]), "is never reached: 'proxy.yaml:3 a'"));
    }
}

static void warns_within_a_group_but_not_of_rules_that_are_off(void **state)
{
    assert_non_null(strstr(warnings(*state, "groups: { g: {} }\n"
                                            "rules:\n"
                                            "  - { name: a, group: g, match: a.test, then: 404 }\n"
                                            "  - { group: g, match: a.test/x, then: 410 }\n"),
                           "is never reached: 'proxy.yaml:3 a'"));
    assert_string_equal(warnings(*state, "rules:\n"
                                         "  - { name: a, match: a.test, then: 404 }\n"
                                         "  - { enabled: false, match: a.test/x, then: 410 }\n"),
                        "");
}

/* ---- impossible rules ---- */

static void warns_of_parts_that_exclude_each_other(void **state)
{
    expect_impossible(*state, "{ all: [a.test, b.test] }", "no host fits");
    expect_impossible(*state, "{ url: a.test/x, path: /y }", "no path fits");
    expect_impossible(*state, "{ url: .a.test, host: b.test }", "no host fits");
    expect_impossible(*state, "{ all: [.a.test, .b.test] }", "no host fits");
    expect_impossible(*state, "{ all: [/a/*, /b/*] }", "no path fits");
    expect_impossible(*state, "{ url: GET a.test, method: POST }", "no method fits");
    expect_impossible(*state, "{ all: [PURGE a.test, BAN a.test] }", "no method fits");
    expect_impossible(*state, "{ url: 'https://a.test', scheme: http }", "no scheme fits");
    expect_impossible(*state, "{ url: 'a.test:80', port: 81 to 90 }", "no port fits");
    expect_impossible(*state, "{ all: [{ port: 1 to 9 }, { port: 10 }] }", "no port fits");
    expect_impossible(*state, "{ all: [{ version: 1.0 }, { version: 1.1 }] }", "no version fits");
    expect_impossible(*state, "{ all: [{ header: { x: 1 } }, { header: { x: absent } }] }",
                      "the header 'x' would have to be there and not be there");
}

static void lets_parts_pass_that_may_agree(void **state)
{
    expect_possible(*state, "{ all: [.a.test, x.a.test] }");
    expect_possible(*state, "{ all: ['*.a.test', '.b.a.test'] }");
    expect_possible(*state, "{ all: [/a/*, '/*/b'] }");
    expect_possible(*state, "{ url: GET|POST a.test, method: POST }");
    expect_possible(*state, "{ all: [GET|PURGE a.test, PURGE a.test] }");
    expect_possible(*state, "{ url: 'a.test:80', port: [81, 79 to 80] }");
    expect_possible(*state, "{ all: [{ header: { x: 1 } }, { header: { x: 2 } }] }");
    expect_possible(*state, "{ header: { x: [1, absent] } }");
    expect_possible(*state, "{ all: [{ host: ~a }, b.test] }");
    expect_possible(*state, "{ any: [a.test, b.test], host: b.test }");
}

static void warns_of_a_not_that_leaves_nothing(void **state)
{
    const char *why = "its 'not' or 'any' excludes all that the rest allows";

    expect_impossible(*state, "{ method: GET, not: { method: GET } }", why);
    expect_impossible(*state, "{ method: GET, not: { method: [GET, POST] } }", why);
    expect_impossible(*state, "{ host: a.x.test, not: .x.test }", why);
    expect_impossible(*state, "{ url: GET a.test/x, not: { all: [GET a.test, /x] } }", why);
    expect_impossible(*state, "{ header: { x: 1 }, not: { header: { x: present } } }", why);
    expect_impossible(*state, "{ host: c.test, any: [a.test, b.test] }", why);
    expect_possible(*state, "{ method: [GET, POST], not: { method: GET } }");
    expect_possible(*state, "{ host: .x.test, not: a.x.test }");
    expect_possible(*state, "{ url: GET a.test, not: { all: [GET a.test, /x] } }");
    expect_possible(*state, "{ header: { x: present }, not: { header: { x: 1 } } }");
}

static void warns_of_tls_that_cannot_be(void **state)
{
    expect_impossible(*state, "{ scheme: http, tls: yes }", "over TLS has the scheme https");
    expect_impossible(*state, "{ scheme: ws, tls: { version: 1.3 } }", "over TLS has");
    expect_impossible(*state, "{ all: [{ tls: no }, { tls: { sni: a.test } }] }",
                      "TLS and for none");
    expect_impossible(*state, "{ all: [{ tls: no }, { tls: yes }] }", "TLS and for none");
    expect_possible(*state, "{ scheme: https, tls: yes }");
    /* An https:// URL may be asked of the proxy without a tunnel. */
    expect_possible(*state, "{ scheme: https, tls: no }");
}

static void warns_of_schedules_that_never_agree(void **state)
{
    static const char *const never[] = {
        "[first 3, after 5]",           "[once, after 1]",
        "{ first: 3, after: 3 }",       "[first 4 per client, every 5th per client]",
        "[first 9, every 5th after 5]", "[between 10:00 and 11:00, between 11:00 and 12:00]",
    };
    static const char *const sometimes[] = {
        "[first 3, after 2]",
        "[first 3 per client, after 5]",
        "[first 10, every 5th after 5]",
        "[between 10:00 and 11:01, between 11:00 and 12:00]",
        "[between 22:00 and 2:00, between 1:00 and 5:00]",
        "[50%, 10%]",
        "[first 5, every 5th]",
    };

    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
        assert_non_null(strstr(scheduled(*state, never[i]), "3:11: warning: this never fires: "));
    for (size_t i = 0; i < sizeof(sometimes) / sizeof(sometimes[0]); i++)
        assert_string_equal(scheduled(*state, sometimes[i]), "");
}

static void ten_thousand_rules_are_looked_over(void **state)
{
    struct world *w = *state;
    struct buf yaml;

    buf_init(&yaml, WORLD_TEXT_BYTES);
    buf_put_text(&yaml, "rules:\n");
    for (int i = 0; i < 10000; i++)
        buf_putf(&yaml, "  - { match: 'a.test/x?n=%d', then: 404 }\n", i);
    buf_put_text(&yaml, "  - { match: 'a.test/x?n=7', then: 404 }\n");
    buf_put_text(&yaml,
                 "  - { match: 'b.test/x', then: 404 }\n  - { match: b.test/x, then: 404 }\n");
    world_load(w, buf_text(&yaml));
    assert_int_equal(w->diags.warnings, 2);
    buf_release(&yaml);
}

static void warns_of_captures_as_other_languages_write_them(void **state)
{
    const char *said = alone(*state, "a.test/orders/:id/items");

    assert_string_equal(said, "proxy.yaml:2:26: warning: ':id' stands for itself; a capture is "
                              "written <id>\n");
    said = alone(*state, "'a.test/{id}'");
    assert_non_null(strstr(said, ":2:20: warning: '{id}' stands for itself; a capture is "));
    expect_possible(*state, "'a.test/{}/x{y}/v1:run/:/:7/::x'");
    expect_possible(*state, "{ host: a.test, query: { '/:id': x } }");
}

/* ---- what is claimed, put to the test ---- */

struct die {
    uint64_t state;
};

static unsigned roll(struct die *d, unsigned sides)
{
    d->state = d->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(d->state >> 33) % sides;
}

#define PICK(d, list) (list)[roll(d, sizeof(list) / sizeof((list)[0]))]

static void put_match(struct buf *out, struct die *d)
{
    static const char *const methods[] = {"",       "",          "GET ",       "POST ",
                                          "PURGE ", "GET|POST ", "GET|PURGE ", "OPTIONS "};
    static const char *const schemes[] = {"", "", "", "http://", "https://", "wss://"};
    static const char *const hosts[] = {"a.test", ".test",   "b.a.test",
                                        "*.test", ".a.test", "*.a.test"};
    static const char *const ports[] = {"", "", ":80", ":443"};
    static const char *const paths[] = {"",       "/",   "/x",  "/*",  "/x/*",
                                        "/x/*/z", "/x*", "/**", "/**z"};
    static const char *const queries[] = {"", "", "", "?q=1", "?q=*", "?q", "?q=1&r=2"};

    buf_putf(out, "'%s%s%s", PICK(d, methods), PICK(d, schemes), PICK(d, hosts));
    buf_putf(out, "%s%s%s'", PICK(d, ports), PICK(d, paths), PICK(d, queries));
}

static void put_matches(struct buf *out, struct die *d)
{
    static const char *const starts[] = {"", "", "{ all: [", "{ any: [", "{ not: ", "{ any: ["};
    static const char *const middles[] = {NULL, NULL, ", ", ", ", ", url: ", ", { not: "};
    static const char *const ends[] = {"", "", "] }", "] }", " }", " }] }"};
    unsigned form = roll(d, 6);

    buf_put_text(out, starts[form]);
    put_match(out, d);
    if (!middles[form])
        return;
    buf_put_text(out, middles[form]);
    put_match(out, d);
    buf_put_text(out, ends[form]);
}

static const char *request_text(struct die *d, struct buf *out)
{
    static const char *const methods[] = {"GET", "POST", "PURGE", "OPTIONS", "DELETE"};
    static const char *const schemes[] = {"http", "https"};
    static const char *const hosts[] = {"a.test", "test", "b.a.test", "c.b.a.test", "c.test"};
    static const char *const ports[] = {"", ":80", ":443", ":81"};
    static const char *const paths[] = {"/", "/x", "/x/", "/x/y", "/xy", "/x/y/z", "/y"};
    static const char *const queries[] = {"", "?q=1", "?q=2", "?r=2&q=1", "?q"};
    static const char *const fields[] = {"", "", "\nConnection: upgrade\nUpgrade: websocket",
                                         "\nOrigin: x\nAccess-Control-Request-Method: GET"};

    buf_clear(out);
    buf_putf(out, "%s %s://%s", PICK(d, methods), PICK(d, schemes), PICK(d, hosts));
    buf_putf(out, "%s%s%s%s", PICK(d, ports), PICK(d, paths), PICK(d, queries), PICK(d, fields));
    return buf_text(out);
}

/* Two rules of chance: what is warned of as unreachable is reached by no request. */
static bool claim_holds(struct world *w, struct die *d, struct buf *text)
{
    bool claimed;

    buf_clear(text);
    buf_put_text(text, "rules:\n  - match: ");
    put_matches(text, d);
    buf_put_text(text, "\n    then: 404\n  - match: ");
    put_matches(text, d);
    buf_put_text(text, "\n    then: 410\n");
    world_load(w, buf_text(text));
    claimed = strstr(buf_text(&w->diag_text), "proxy.yaml:4:12: warning: this") != NULL;
    for (int i = 0; claimed && i < 40; i++)
        expect_no_part(w, request_text(d, text), "answer 410");
    arena_reset(&w->config);
    return claimed;
}

static void never_claims_what_a_request_disproves(void **state)
{
    struct die d = {7};
    struct buf text;
    int claimed = 0;

    buf_init(&text, WORLD_TEXT_BYTES);
    for (int i = 0; i < 4000; i++)
        claimed += claim_holds(*state, &d, &text);
    assert_true(claimed > 200);
    buf_release(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(warns_of_equal_matches_whatever_is_in_them),
        TEST(warns_of_hosts_that_are_taken_already),
        TEST(warns_of_paths_that_are_taken_already),
        TEST(warns_when_host_or_path_is_left_out),
        TEST(warns_of_methods_that_are_taken_already),
        TEST(warns_of_schemes_and_ports_that_are_taken_already),
        TEST(warns_of_fields_that_are_taken_already),
        TEST(looks_through_all_any_and_not),
        TEST(warns_only_of_rules_that_end_all_they_match),
        TEST(warns_within_a_group_but_not_of_rules_that_are_off),
        TEST(warns_of_parts_that_exclude_each_other),
        TEST(lets_parts_pass_that_may_agree),
        TEST(warns_of_a_not_that_leaves_nothing),
        TEST(warns_of_tls_that_cannot_be),
        TEST(warns_of_schedules_that_never_agree),
        TEST(warns_of_captures_as_other_languages_write_them),
        TEST(never_claims_what_a_request_disproves),
        TEST(ten_thousand_rules_are_looked_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
