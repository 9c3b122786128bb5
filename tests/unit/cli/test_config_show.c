#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/config_show.h"

enum { NAME_TEXT = 64, SHOWN_BYTES = 1024 * 1024 };

/* What `weir config` prints of a text. The caller frees it. */
static char *show(const char *yaml, bool redacted)
{
    struct redactor redactor = {.on = redacted};
    struct options o = {.command = SUBCOMMAND_config, .use_count = 1};
    struct config *c = calloc(1, sizeof(*c));
    struct rule_state *state = NULL;
    char name[NAME_TEXT] = "/tmp/weir-test-XXXXXX";
    struct buf out;
    char *text;
    int fd = mkstemp(name);

    assert_non_null(c);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, yaml, strlen(yaml)), strlen(yaml));
    close(fd);
    o.uses[0].option = OPTION_CONFIG;
    o.uses[0].value = name;
    assert_int_equal(rule_state_new(&state), STATUS_OK);
    buf_init(&out, SHOWN_BYTES);
    if (config_load(c, &o, state)) {
        diags_put(&c->diags, DIAG_SHORT, false, &out);
        fail_msg("%s", buf_text(&out));
    }
    assert_int_equal(config_show(c, &redactor), STATUS_OK);
    assert_int_equal(node_put_yaml(c->root, &out), STATUS_OK);
    text = strdup(buf_text(&out));
    assert_non_null(text);
    buf_release(&out);
    config_release(c);
    rule_state_free(state);
    free(c);
    unlink(name);
    return text;
}

static void expect(const char *yaml, const char *wanted)
{
    char *text = show(yaml, true);

    if (!strstr(text, wanted))
        fail_msg("no \"%s\" in: %s", wanted, text);
    free(text);
}

static void fills_defaults_in(void **state)
{
    (void)state;
    expect("", "listen: 127.0.0.1:8080\n");
    expect("tls: { dial: lazy }", "tls:\n  dial: lazy\n  decrypt: all\n");
    expect("logs: {}", "  keep:\n    body: 1MiB\n");
}

static void replaces_variables(void **state)
{
    (void)state;
    setenv("WEIR_TEST_PORT", "9443", 1);
    expect("vars: { h: a.test }\nupstream: { map: { x.test: '$(h):$(env.WEIR_TEST_PORT)' } }",
           "x.test: 'a.test:9443'\n");
    expect("rules: [{ match: a.test/<id>, then: { respond: { text: '$(id) $$(id)' } } }]",
           "text: '$(id) $$(id)'\n");
}

static void keeps_what_json_takes_for_a_number(void **state)
{
    (void)state;
    expect("vars: { n: 5 }\n"
           "rules: [{ match: a.test, then: { respond: { json: { a: $(n), b: '5' } } } }]",
           "a: 5\n          b: '5'\n");
}

static void keeps_an_empty_text_a_text(void **state)
{
    (void)state;
    expect("vars: { n: '' }\nrules: [{ match: a.test, then: { respond: { text: $(n) } } }]",
           "text: ''\n");
}

static void takes_secrets_out(void **state)
{
    static const char *const texts[] = {
        "auth: joe:s3cret",
        "upstream: { via: 'http://s3cret:s3cret@p.test:1' }",
        "vars: { api_token: s3cret }\n"
        "rules: [{ match: a.test, then: { respond: { text: x $(api_token) } } }]",
        "rules: [{ match: a.test, then: { respond: { text: x $(api_token) } } }]\n"
        "vars: { api_token: s3cret }",
        "rules: [{ match: a.test, then: { respond: { text: 'x $(env.WEIR_TEST_PASSWORD)' } } }]",
        "rules: [{ match: { host: a.test, header: { authorization: s3cret } }, then: 404 }]",
        "rules: [{ match: { host: a.test, query: { api_key: s3cret } }, then: 404 }]",
        "rules: [{ match: a.test, then: [set: { request.header.authorization: s3cret }] }]",
        "rules: [{ match: a.test, then: { respond: { headers: { set-cookie: [s3cret] } } } }]",
        "rules: [{ match: a.test, then: { respond: { json: { password: [{ x: s3cret }] } } } }]",
        "rules: [{ match: a.test, then: { redirect: { to: 'http://s3cret@b.test/' } } }]",
        "rules: [{ match: { host: a.test, header: { authorization: ~s3cret } }, then: 404 }]",
    };

    (void)state;
    setenv("WEIR_TEST_PASSWORD", "s3cret", 1);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char *text = show(texts[i], true), *whole = show(texts[i], false);

        if (strstr(text, "s3cret") || !strstr(text, "REDACTED") || !strstr(whole, "s3cret"))
            fail_msg("for \"%s\": %s", texts[i], text);
        free(text);
        free(whole);
    }
}

static void keeps_words_and_patterns_that_other_texts_need(void **state)
{
    (void)state;
    expect("rules: [{ match: { host: a.test, header: { authorization: present } }, then: 404 }]",
           "authorization: present\n");
    expect("rules: [{ match: { host: a.test, header: { cookie: '~a=(?<a>.)' } }, "
           "then: { respond: { text: $(a) } } }]",
           "cookie: '~a=(?<a>.)'\n");
}

static void names_files_by_their_whole_paths(void **state)
{
    (void)state;
    expect("logs: { jsonl: flows.jsonl }", "jsonl: /tmp/flows.jsonl\n");
    expect("logs: { jsonl: '-' }", "jsonl: '-'\n");
    expect("tls: { ca: { cert: /a.pem, key: k.pem } }", "key: /tmp/k.pem\n");
}

static void what_is_shown_is_shown_the_same_again(void **state)
{
    char *once = show("auth: joe:s3cret\nvars: { token: x, n: 5 }\n"
                      "rules: [{ match: a.test, then: { respond: { json: [$(n), $(token)] } } }]",
                      true);
    char *twice = show(once, true);

    (void)state;
    assert_string_equal(once, twice);
    free(once);
    free(twice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_defaults_in),
        cmocka_unit_test(replaces_variables),
        cmocka_unit_test(keeps_what_json_takes_for_a_number),
        cmocka_unit_test(keeps_an_empty_text_a_text),
        cmocka_unit_test(takes_secrets_out),
        cmocka_unit_test(keeps_words_and_patterns_that_other_texts_need),
        cmocka_unit_test(names_files_by_their_whole_paths),
        cmocka_unit_test(what_is_shown_is_shown_the_same_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
