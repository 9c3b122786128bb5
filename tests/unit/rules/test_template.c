/* Texts with $(…) in them, and how values are encoded for where they land. */
#include "rules_world.h"

static void load_header(struct world *w, const char *match, const char *value)
{
    char yaml[1024];

    snprintf(yaml, sizeof(yaml),
             "rules:\n  - match: %s\n    then: { set: { request.header.r: '%s' } }\n", match,
             value);
    world_load(w, yaml);
}

static void load_text(struct world *w, const char *kind, const char *value)
{
    char yaml[1024];

    snprintf(yaml, sizeof(yaml),
             "rules:\n  - match: a.test/<id>\n    then: { respond: { %s: '%s' } }\n", kind, value);
    world_load(w, yaml);
}

static void load_redirect(struct world *w, const char *to)
{
    char yaml[1024];

    snprintf(yaml, sizeof(yaml),
             "rules:\n  - match: a.test/<rest*>\n    then: { redirect: '%s' }\n", to);
    world_load(w, yaml);
}

static void fills_in_request_parts(void **state)
{
    struct world *w = *state;

    load_header(w, "/**",
                "$(request.method) $(request.scheme) $(request.host) $(request.port) "
                "$(request.path) $(request.header.X-A) $(request.query.q)");
    expect(w, "PUT https://a.test/p%20q?q=1+2%21\nx-a: one\nx-a: two",
           "set request.header.r: PUT https a.test 443 /p%20q one 1 2!\n");
    load_header(w, "/**", "$(request.url)");
    expect(w, "GET http://a.test/x?y=%20z", "set request.header.r: http://a.test/x?y=%20z\n");
    expect(w, "GET http://[::1]:8080/", "set request.header.r: http://[::1]:8080/\n");
    load_header(w, "/**", "<$(request.header.none)$(request.query.none)>");
    expect(w, "GET http://a.test/", "set request.header.r: <>\n");
}

static void fills_in_cookies(void **state)
{
    struct world *w = *state;

    load_header(w, "/**", "<$(request.cookie.b)|$(request.cookie.B)>");
    expect(w, "GET http://a.test/\nCookie: ab=1; b=two; b=3", "set request.header.r: <two|>\n");
}

static void inserts_json_values(void **state)
{
    struct world *w = *state;

    world_load(w, "vars: { list: '[1, 2]', word: three }\n"
                  "rules:\n  - match: a.test/<id>\n    then: { respond: { json:\n"
                  "      { id: $json(id), q: $json(request.query.q), l: $json(list),\n"
                  "        w: [$json(word)], text: $(id) } } }\n");
    expect_part(w, "GET http://a.test/17?q=%7B%22a%22:null%7D",
                "{\"id\":17,\"q\":{\"a\":null},\"l\":[1, 2],\"w\":[\"three\"],\"text\":\"17\"}");
    expect_part(w, "GET http://a.test/x17?q=%22,%22a%22:1",
                "{\"id\":\"x17\",\"q\":\"\\\",\\\"a\\\":1\",\"l\"");
    load_text(w, "text", "{\"id\": $json(id)} $$json(id)");
    expect_part(w, "GET http://a.test/tr%22ue", "{\"id\": \"tr%22ue\"} $json(id)");
    expect_part(w, "GET http://a.test/true", "{\"id\": true} $json(id)");
}

static void draws_the_same_numbers_on_every_run(void **state)
{
    struct world *w = *state;
    char first[512];

    load_text(w, "text", "$(random 1 to 1000000) $(random 1 to 1000000)");
    snprintf(first, sizeof(first), "%s", ask(w, "GET http://a.test/x"));
    world_load(w, "rules: []\n");
    load_text(w, "text", "$(random 1 to 1000000) $(random 1 to 1000000)");
    assert_string_equal(ask(w, "GET http://a.test/x"), first);
    assert_string_not_equal(ask(w, "GET http://a.test/x"), first);
}

static void keeps_captures_as_they_were_sent(void **state)
{
    struct world *w = *state;

    load_header(w, "a.test/<one>/x-<two>.js?q=<q>", "$(one) $(two) $(q)");
    expect(w, "GET http://a.test/%61%2Fb/x-y.z.js?q=%41+",
           "set request.header.r: %61%2Fb y.z %41+\n");
}

static void tells_the_time(void **state)
{
    struct world *w = *state;

    load_header(w, "/**", "$(now)");
    expect(w, "GET http://a.test/", "set request.header.r: 1994-11-06T08:49:37.123Z\n");
}

static void makes_another_uuid_each_time(void **state)
{
    struct world *w = *state;
    const char *all;
    char first[37], second[37];

    load_header(w, "/**", "$(uuid) $(uuid)");
    all = ask(w, "GET http://a.test/") + strlen("set request.header.r: ");
    memcpy(first, all, 36);
    memcpy(second, all + 37, 36);
    first[36] = second[36] = '\0';
    assert_string_not_equal(first, second);
    assert_int_equal(strspn(first, "0123456789abcdef-"), 36);
    assert_int_equal(first[14], '4');
    assert_non_null(strchr("89ab", first[19]));
}

static void draws_random_numbers_that_repeat(void **state)
{
    struct world *w = *state;
    char all[2][16] = {""};
    int drawn[3] = {0};

    for (int round = 0; round < 2; round++) {
        char yaml[256];

        /* another text, so that counting starts anew; the name, and so the dice, stay */
        snprintf(yaml, sizeof(yaml),
                 "rules: [{ name: r, match: { host: [a.test, b%d.test] },\n"
                 "          then: { set: { request.header.r: $(random 1 to 3) } } }]",
                 round);
        world_load(w, yaml);
        for (int i = 0; i < 8; i++) {
            const char *value = ask(w, "GET http://a.test/") + strlen("set request.header.r: ");

            assert_in_range(value[0], '1', '3');
            drawn[value[0] - '1']++;
            strncat(all[round], value, 1);
        }
    }
    assert_string_equal(all[0], all[1]);
    assert_true(drawn[0] && drawn[1] && drawn[2]);
}

static void leaves_doubled_dollars_literal(void **state)
{
    struct world *w = *state;

    load_text(w, "text", "$$(id) $(id) $ $$ 5$");
    expect_part(w, "GET http://a.test/7", "\n\n$(id) 7 $ $$ 5$\n");
    world_load(w, "rules: [{ match: { header: { x: $$(a) } }, then: pass }]");
    assert_true(fires(w, "GET http://a.test/\nx: $(a)"));
}

static void sees_the_edits_made_before(void **state)
{
    struct world *w = *state;

    world_load(w, "rules:\n"
                  "  - match: a.test\n"
                  "    then: [set: { request.header.a: 1 }, append: { request.header.b: 2 },\n"
                  "           remove: [request.header.c]]\n"
                  "  - match: a.test\n"
                  "    then: { set: { request.header.r: "
                  "'$(request.header.a)$(request.header.b)$(request.header.c)' } }\n");
    expect_part(w, "GET http://a.test/\na: x\nb: y\nc: z", "request.header.r: 1y\n");
    expect_part(w, "GET http://a.test/", "request.header.r: 12\n");
}

static void escapes_html(void **state)
{
    struct world *w = *state;

    load_text(w, "html", "<p title=\"$(request.query.q)\">");
    expect_part(w, "GET http://a.test/1?q=%22%3E%3Cscript%3E%26",
                "\n\n<p title=\"&quot;&gt;&lt;script&gt;&amp;\">\n");
}

static void encodes_urls_where_values_land(void **state)
{
    struct world *w = *state;

    load_redirect(w, "https://b.test/x/$(rest)?back=$(request.url)");
    expect_part(w, "GET http://a.test/p/q%2Fr|s?t=1&u",
                "Location: https://b.test/x/p/q%2Fr%7Cs?back="
                "http%3A%2F%2Fa.test%2Fp%2Fq%252Fr%7Cs%3Ft%3D1%26u\n");
    load_redirect(w, "https://b.test/$(request.query.q)");
    expect_part(w, "GET http://a.test/?q=%2F%2Fevil.test%3Fx",
                "Location: https://b.test/%2F%2Fevil.test%3Fx\n");
    load_redirect(w, "$(request.query.next)");
    expect_part(w, "GET http://a.test/?next=https%3A%2F%2Fc.test%2Fd%20e",
                "Location: https://c.test/d%20e\n");
    load_redirect(w, "/s?q=$(rest)&x=1");
    expect_part(w, "GET http://a.test/a&b=c%20d", "Location: /s?q=a%26b%3Dc%20d&x=1\n");
    load_redirect(w, "/größe x#top");
    expect_part(w, "GET http://a.test/", "Location: /gr%C3%B6%C3%9Fe%20x#top\n");
    load_redirect(w, "/$(request.query.q)");
    expect_part(w, "GET http://a.test/?q=a%0d%0ab", "Location: /a%0D%0Ab\n");
}

static void replaces_variables_before_anything_else(void **state)
{
    struct world *w = *state;

    world_load(w, "vars: { wait: 90s, who: $(id), n: 3 }\n"
                  "rules:\n"
                  "  - match: a.test/<id>\n"
                  "    then:\n"
                  "      respond:\n"
                  "        status: 503\n"
                  "        retry_after: $(wait)\n"
                  "        json: { n: $(n), s: '$(n)', who: $(who) }\n");
    expect_part(w, "GET http://a.test/7", "Retry-After: 90\n");
    expect_part(w, "GET http://a.test/7", "{\"n\":3,\"s\":\"3\",\"who\":\"7\"}");
    world_load(w, "vars: { team: x-team }\n"
                  "rules:\n"
                  "  - match: { header: { $(team): a } }\n"
                  "    then: [set: { request.header.$(team): b },\n"
                  "           respond: { headers: { $(team): c } }]\n");
    expect_part(w, "GET http://a.test/\nX-Team: a",
                "set request.header.x-team: b\nanswer 200 OK\n");
    expect_part(w, "GET http://a.test/\nX-Team: a", "\nx-team: c\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
        TEST(fills_in_request_parts),
        TEST(fills_in_cookies),
        TEST(inserts_json_values),
        TEST(draws_the_same_numbers_on_every_run),
        TEST(keeps_captures_as_they_were_sent),
        TEST(tells_the_time),
        TEST(makes_another_uuid_each_time),
        TEST(draws_random_numbers_that_repeat),
        TEST(leaves_doubled_dollars_literal),
        TEST(sees_the_edits_made_before),
        TEST(escapes_html),
        TEST(encodes_urls_where_values_land),
        TEST(replaces_variables_before_anything_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
