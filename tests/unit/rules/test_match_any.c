/* `all`, `any` and `not`, in each other, and what the index knows of them. */
#include "rules_world.h"

static void all_wants_every_one(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "{ all: [a.test, { header: { x: y } }, /v1/*] }",
                        "GET http://a.test/v1/b\nx: y"));
    assert_false(fires(w, "GET http://a.test/v1/b\nx: z"));
    assert_false(fires(w, "GET http://a.test/v2/b\nx: y"));
    assert_false(fires(w, "GET http://b.test/v1/b\nx: y"));
    assert_false(matches(w, "{ all: [a.test:80, a.test:81] }", "GET http://a.test:81/"));
    assert_false(fires(w, "GET http://a.test:80/"));
    assert_false(matches(w, "{ all: [GET a.test, POST a.test] }", "GET http://a.test/"));
}

static void any_wants_one(void **state)
{
    struct world *w = *state;

    assert_true(
        matches(w, "{ any: [a.test/x, 'POST https://b.test:8443', /y] }", "GET http://a.test/x"));
    assert_true(fires(w, "POST https://b.test:8443/z"));
    assert_true(fires(w, "PUT http://c.test/y"));
    assert_false(fires(w, "GET https://b.test:8443/z"));
    assert_false(fires(w, "POST http://b.test:8443/z"));
    assert_false(fires(w, "POST https://b.test/z"));
    assert_false(fires(w, "GET http://c.test/x"));
}

static void any_is_one_condition_of_several(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "{ url: a.test, any: [{ header: { x: y } }, { query: { q: '1' } }] }",
                        "GET http://a.test/?q=1"));
    assert_true(fires(w, "GET http://a.test/\nx: y"));
    assert_false(fires(w, "GET http://a.test/"));
    assert_false(fires(w, "GET http://b.test/?q=1"));
}

static void not_turns_it_round(void **state)
{
    struct world *w = *state;

    assert_true(matches(w, "{ not: a.test/x }", "GET http://a.test/y"));
    assert_true(fires(w, "GET http://b.test/x"));
    assert_false(fires(w, "GET http://a.test/x"));
    assert_true(
        matches(w, "{ url: .shop.test, not: POST api.shop.test }", "GET http://api.shop.test/"));
    assert_true(fires(w, "POST http://shop.test/"));
    assert_false(fires(w, "POST http://api.shop.test/"));
    assert_false(fires(w, "GET http://a.test/"));
    assert_true(matches(w, "{ not: { scheme: https } }", "GET http://a.test/"));
    assert_false(fires(w, "GET https://a.test/"));
    assert_true(matches(w, "{ not: { not: a.test } }", "GET http://a.test/"));
    assert_false(fires(w, "GET http://b.test/"));
}

static void they_stand_in_each_other(void **state)
{
    struct world *w = *state;

    world_load(w, "rules:\n"
                  "  - match:\n"
                  "      host: .test\n"
                  "      any:\n"
                  "        - all: [/a/*, { not: { any: [/a/b, { header: { x: y } }] } }]\n"
                  "        - { path: /c, not: { all: [{ query: { q: present } }, GET /c] } }\n"
                  "    then: pass\n");
    assert_true(fires(w, "GET http://h.test/a/c"));
    assert_false(fires(w, "GET http://h.test/a/b"));
    assert_false(fires(w, "GET http://h.test/a/c\nx: y"));
    assert_true(fires(w, "GET http://h.test/c"));
    assert_true(fires(w, "POST http://h.test/c?q=1"));
    assert_false(fires(w, "GET http://h.test/c?q=1"));
    assert_false(fires(w, "GET http://h.test/d"));
    assert_false(fires(w, "GET http://h.example/c"));
}

/* Alternatives that name no method take the usual ones. */
static void preflights_need_a_method_that_is_named(void **state)
{
    static const char preflight[] = "OPTIONS http://a.test/x\nOrigin: https://b.test\n"
                                    "Access-Control-Request-Method: PUT";
    struct world *w = *state;

    assert_false(matches(w, "{ any: [a.test, b.test] }", preflight));
    assert_true(matches(w, "{ any: [OPTIONS a.test, b.test] }", preflight));
    assert_false(matches(w, "{ any: [a.test, OPTIONS b.test] }", preflight));
    assert_true(matches(w, "{ method: OPTIONS, any: [a.test, b.test] }", preflight));
    assert_false(matches(w, "{ not: GET b.test }", preflight));
    assert_true(matches(w, "{ all: [OPTIONS a.test] }", preflight));
}

static void keeps_what_the_alternative_captured_that_held(void **state)
{
    struct world *w = *state;

    world_load(w, "rules:\n"
                  "  - match: { any: [{ path: /a/<id>, header: { x: '~(?<who>\\w+)!' } },\n"
                  "                    { path: /<dir>/<id>, query: { q: '1' } }, '/<other*>'] }\n"
                  "    then: { set: { request.header.r: '<$(id)|$(who)|$(dir)|$(other)>' } }\n");
    expect(w, "GET http://h.test/a/7\nx: eve!", "set request.header.r: <7|eve||>\n");
    expect(w, "GET http://h.test/a/7?q=1\nx: eve", "set request.header.r: <7||a|>\n");
    expect(w, "GET http://h.test/a/7\nx: eve", "set request.header.r: <|||a/7>\n");
}

static void the_index_finds_what_it_should(void **state)
{
    struct world *w = *state;

    world_load(w, "rules:\n"
                  "  - { match: { any: [a.test/x, .b.test/y] }, then: block }\n"
                  "  - { match: { host: c.test, not: /x }, then: block }\n"
                  "  - { match: { host: d.test, not: e.test }, then: block }\n");
    assert_true(ruleset_touches_host(w->rules, BYTES("a.test")));
    assert_true(ruleset_touches_host(w->rules, BYTES("z.b.test")));
    assert_true(ruleset_touches_host(w->rules, BYTES("c.test")));
    assert_true(ruleset_touches_host(w->rules, BYTES("d.test")));
    assert_false(ruleset_touches_host(w->rules, BYTES("e.test")));
    assert_false(ruleset_touches_host(w->rules, BYTES("f.test")));
    assert_true(fires(w, "GET http://z.b.test/y"));
    assert_false(fires(w, "GET http://z.b.test/x"));
    assert_true(fires(w, "GET http://c.test/y"));
    assert_false(fires(w, "GET http://c.test/x"));
    assert_true(fires(w, "GET http://d.test/x"));
    /* Not every request, so its origin must be known. */
    assert_false(ruleset_answers_host(w->rules, BYTES("http"), BYTES("c.test"), 80));
    assert_false(ruleset_answers_host(w->rules, BYTES("http"), BYTES("a.test"), 80));
}

/* An earlier rule whose `any` may pass keeps the host from being always answered. */
static void what_may_pass_is_not_always_answered(void **state)
{
    struct world *w = *state;

    world_load(w, "rules:\n"
                  "  - { match: { any: [a.test/x, b.test] }, then: pass }\n"
                  "  - { match: a.test, then: block }\n"
                  "  - { match: c.test, then: block }\n");
    assert_false(ruleset_answers_host(w->rules, BYTES("http"), BYTES("a.test"), 80));
    assert_true(ruleset_answers_host(w->rules, BYTES("http"), BYTES("c.test"), 80));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
        TEST(all_wants_every_one),
        TEST(any_wants_one),
        TEST(any_is_one_condition_of_several),
        TEST(not_turns_it_round),
        TEST(they_stand_in_each_other),
        TEST(preflights_need_a_method_that_is_named),
        TEST(keeps_what_the_alternative_captured_that_held),
        TEST(the_index_finds_what_it_should),
        TEST(what_may_pass_is_not_always_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
