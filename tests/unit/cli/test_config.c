#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/config.h"
#include "proxy/loop/endpoint.h"

enum { NAME_TEXT = 64, SHOWN_BYTES = 64 * 1024, MANY_SETS = 8 };

static const int64_t SECOND_US = 1000 * 1000;

struct loaded {
    struct config config;
    struct rule_state *rules;
    enum status status;
    struct buf shown; /* its diagnostics, one a line */
};

static struct loaded *load_with(const char *yaml, const char *const *sets)
{
    struct loaded *l = calloc(1, sizeof(*l));
    struct options o = {.command = SUBCOMMAND_check};
    char name[NAME_TEXT] = "/tmp/weir-test-XXXXXX";
    int fd = mkstemp(name);

    assert_non_null(l);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, yaml, strlen(yaml)), strlen(yaml));
    close(fd);
    o.uses[o.use_count].option = OPTION_CONFIG;
    o.uses[o.use_count++].value = name;
    for (; sets && *sets; sets++) {
        o.uses[o.use_count].option = OPTION_SET;
        o.uses[o.use_count++].value = *sets;
    }
    assert_int_equal(rule_state_new(&l->rules), STATUS_OK);
    l->status = config_load(&l->config, &o, l->rules);
    l->config.shown = "";
    buf_init(&l->shown, SHOWN_BYTES);
    diags_put(&l->config.diags, DIAG_SHORT, false, &l->shown);
    unlink(name);
    return l;
}

static struct loaded *load(const char *yaml)
{
    struct loaded *l = load_with(yaml, NULL);

    if (l->status)
        fail_msg("%s", buf_text(&l->shown));
    return l;
}

static void unload(struct loaded *l)
{
    config_release(&l->config);
    rule_state_free(l->rules);
    buf_release(&l->shown);
    free(l);
}

static void refuse(const char *yaml, const char *place, const char *sentence)
{
    struct loaded *l = load_with(yaml, NULL);

    assert_int_equal(l->status, STATUS_BAD_CONFIG);
    if (!strstr(buf_text(&l->shown), place) || !strstr(buf_text(&l->shown), sentence))
        fail_msg("for \"%s\": %s", yaml, buf_text(&l->shown));
    unload(l);
}

static bool same(struct bytes b, const char *text)
{
    return bytes_equal(b, bytes_of(text));
}

static void reads_what_is_expected(void **state)
{
    struct loaded *l = load("expect: [{ name: a, match: 'path:/a', count: at most 2 }]\n");

    (void)state;
    assert_int_equal(l->config.expects.count, 1);
    assert_int_equal(l->config.expects.items[0].count.max, 2);
    unload(l);
    refuse("expect: [{ count: many }]\n", ":1:19: error", "a count is");
    refuse("expect: 5\n", ":1:9: error", "'expect' is a list");
}

static void an_empty_file_gives_the_defaults(void **state)
{
    struct loaded *l = load("");
    const struct settings *s = &l->config.settings;
    char text[ENDPOINT_TEXT];

    (void)state;
    assert_int_equal(l->config.listen_count, 1);
    endpoint_text(&l->config.listen[0], text);
    assert_string_equal(text, "127.0.0.1:8080");
    assert_int_equal(s->timeouts.client_idle, 120 * SECOND_US);
    assert_int_equal(s->timeouts.head, 30 * SECOND_US);
    assert_int_equal(s->timeouts.peek, SECOND_US / 2);
    assert_int_equal(s->timeouts.dns, 5 * SECOND_US);
    assert_int_equal(s->timeouts.connect, 10 * SECOND_US);
    assert_int_equal(s->timeouts.tls, 10 * SECOND_US);
    assert_int_equal(s->timeouts.response_head, 0);
    assert_int_equal(s->timeouts.body_idle, 0);
    assert_int_equal(s->timeouts.pool_idle, 60 * SECOND_US);
    assert_int_equal(s->limits.head_bytes, HTTP_HEAD_BYTES);
    assert_int_equal(s->limits.fields, HTTP_FIELDS);
    assert_int_equal(s->limits.request_line_bytes, HTTP_REQUEST_LINE_BYTES);
    assert_int_equal(s->connections, 0);
    assert_int_equal(s->body_capture_bytes, 1024 * 1024);
    assert_false(s->tls.decrypt_none);
    assert_int_equal(s->tls.decrypt.count, 0);
    assert_false(s->tls.dial_lazy);
    assert_int_equal(s->via_count, 0);
    assert_int_equal(s->auth.len, 0);
    assert_true(same(s->mark, "x-weir-rule"));
    assert_int_equal(l->config.values.on_full, ON_FULL_UNSAID);
    unload(l);
}

static void sections_reach_the_settings(void **state)
{
    struct loaded *l =
        load("listen: [127.0.0.1:1, '[::1]:2']\n"
             "auth: me:secret\n"
             "tls: { decrypt: [a.test], passthrough: .b.test, no_verify: '*',\n"
             "       on_reject: passthrough, min_version: 1.3, dial: lazy }\n"
             "http: { lenient: [odd.test], via: on, http2: off }\n"
             "timeouts: { connect: 250ms, dns: 0 }\n"
             "limits: { head: 8KiB, fields: 32, connections: 9 }\n"
             "logs: { console: off, jsonl: x.jsonl, on_full: wait, keep: { body: 0 } }\n"
             "defaults: { mark: off }\n");
    const struct settings *s = &l->config.settings;

    (void)state;
    assert_int_equal(l->config.listen_count, 2);
    assert_int_equal(endpoint_port(&l->config.listen[1]), 2);
    assert_true(same(s->auth, "me:secret"));
    assert_int_equal(s->tls.decrypt.count, 1);
    assert_true(same(s->tls.decrypt.items[0].host, "a.test"));
    assert_true(s->tls.passthrough.items[0].subdomains);
    assert_true(s->tls.no_verify.items[0].any);
    assert_true(s->tls.reject_passthrough);
    assert_true(s->tls.dial_lazy);
    assert_int_equal(l->config.values.min_version, 1);
    assert_int_equal(s->lenient.count, 1);
    assert_true(s->via_header);
    assert_int_equal(s->timeouts.connect, SECOND_US / 4);
    assert_int_equal(s->timeouts.dns, 0);
    assert_int_equal(s->limits.head_bytes, 8192);
    assert_int_equal(s->connections, 9);
    assert_int_equal(l->config.values.console, CONSOLE_OFF);
    assert_true(same(l->config.values.jsonl, "x.jsonl"));
    assert_int_equal(l->config.values.on_full, ON_FULL_WAIT);
    assert_int_equal(s->body_capture_bytes, 0);
    assert_int_equal(s->mark.len, 0);
    unload(l);
}

static void nothing_is_decrypted_when_that_is_said(void **state)
{
    struct loaded *l = load("tls: { decrypt: none }");

    (void)state;
    assert_true(l->config.settings.tls.decrypt_none);
    unload(l);
    l = load("tls: { decrypt: [] }");
    assert_true(l->config.settings.tls.decrypt_none);
    unload(l);
}

static void map_takes_hosts_with_and_without_ports(void **state)
{
    struct loaded *l = load("upstream:\n  map:\n    API.test: 127.0.0.1:9443\n"
                            "    api.test:80: 127.0.0.1\n    v6.test: '[::1]:9443'\n");
    const struct settings *s = &l->config.settings;

    (void)state;
    assert_int_equal(s->map_count, 3);
    assert_true(same(s->map[0].host, "api.test"));
    assert_int_equal(s->map[0].port, 0);
    assert_true(same(s->map[0].to_host, "127.0.0.1"));
    assert_int_equal(s->map[0].to_port, 9443);
    assert_int_equal(s->map[1].port, 80);
    assert_int_equal(s->map[1].to_port, 0);
    assert_true(same(s->map[2].to_host, "::1"));
    unload(l);
}

/* Wherever `default` stands, it is asked last. */
static void via_asks_the_default_last(void **state)
{
    struct loaded *l = load("upstream:\n  via:\n    default: http://proxy.test:3128\n"
                            "    .in.test: direct\n    b.test: http://u:p%40@[::1]\n");
    const struct settings *s = &l->config.settings;

    (void)state;
    assert_int_equal(s->via_count, 3);
    assert_true(s->via[0].direct);
    assert_true(s->via[0].hosts.subdomains);
    assert_true(same(s->via[1].host, "::1"));
    assert_int_equal(s->via[1].port, 80);
    assert_true(same(s->via[1].credentials, "Basic dTpwQA=="));
    assert_true(s->via[2].hosts.any);
    assert_true(same(s->via[2].host, "proxy.test"));
    assert_int_equal(s->via[2].port, 3128);
    assert_int_equal(s->via[2].credentials.len, 0);
    unload(l);
}

static void via_reads_the_usual_variables(void **state)
{
    struct loaded *l;

    (void)state;
    setenv("https_proxy", "http://corp.test:8000", 1);
    setenv("no_proxy", "in.test, .other.test,10.0.0.0/8", 1);
    l = load("upstream: { via: env }");
    unsetenv("https_proxy");
    unsetenv("no_proxy");
    assert_int_equal(l->config.settings.via_count, 3);
    assert_true(l->config.settings.via[0].direct);
    assert_true(same(l->config.settings.via[0].hosts.host, "in.test"));
    assert_true(l->config.settings.via[0].hosts.subdomains);
    assert_true(same(l->config.settings.via[1].hosts.host, "other.test"));
    assert_true(same(l->config.settings.via[2].host, "corp.test"));
    unload(l);
}

static void settings_of_the_command_line_come_last(void **state)
{
    static const char *const sets[] = {"tls.dial=lazy", "timeouts.connect=1s",
                                       "listen=[127.0.0.1:5, 127.0.0.1:6]", NULL};
    struct loaded *l = load_with("timeouts: { connect: 9s, dns: 8s }", sets);

    (void)state;
    assert_int_equal(l->status, STATUS_OK);
    assert_true(l->config.settings.tls.dial_lazy);
    assert_int_equal(l->config.settings.timeouts.connect, SECOND_US);
    assert_int_equal(l->config.settings.timeouts.dns, 8 * SECOND_US);
    assert_int_equal(l->config.listen_count, 2);
    unload(l);
}

static void a_setting_without_a_value_is_refused(void **state)
{
    static const char *const cases[] = {"tls.dial", "=x", "tls.dail=lazy", "tls.dial=soon"};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *const sets[] = {cases[i], NULL};
        struct loaded *l = load_with("", sets);

        assert_int_equal(l->status, STATUS_BAD_CONFIG);
        assert_true(l->config.diags.errors > 0);
        unload(l);
    }
}

static void problems_have_their_place(void **state)
{
    (void)state;
    refuse("listne: 127.0.0.1:1", ":1:1: ", "did you mean 'listen'?");
    refuse("a: 1\nlisten: localhost\n", ":2:9: ", "no address to listen on");
    refuse("auth: me", ":1:7: ", "user:password");
    refuse("tls: { passthrough: [a.test, 'b test'] }", ":1:30: ", "this is no host");
    refuse("tls: { min_version: 1.1 }", ":1:21: ", "1.2");
    refuse("tls: { ca: { cert: x.pem } }", "", "both");
    refuse("tls: { client_certs: { a.test: { cert: /nowhere.pem, key: k } } }", "",
           "cannot be read");
    refuse("tls: { client_certs: { a.test: { cert: /dev/null } } }", "", "'key' is missing");
    refuse("upstream: { map: { a.test: 'b c' } }", "", "this is no address");
    refuse("upstream: { via: socks5://a.test }", "", "http:// only in this version");
    refuse("upstream: { via: proxy.test }", "", "this is no proxy");
    refuse("limits: { fields: 1 }", ":1:19: ", "out of range");
    refuse("defaults: { mark: 'a b' }", "", "cannot be the name of a header");
    refuse("version: 2", ":1:10: ", "2 is not known here");
}

static void all_problems_are_reported_at_once(void **state)
{
    struct loaded *l = load_with("listen: nowhere\nauth: me\nhttp: { lenient: ['a b'] }\n"
                                 "rules: [{ name: x, match: a.test, then: { frobnicate: 1 } }]\n",
                                 NULL);

    (void)state;
    assert_int_equal(l->status, STATUS_BAD_CONFIG);
    assert_true(l->config.diags.errors >= 4);
    unload(l);
}

static void tells_of_includes_and_sections_at_once(void **state)
{
    (void)state;
    refuse("include: [gone.yaml]\n", ":1:11: ", "gone.yaml': No such file");
    refuse("include: { a: b }\n", ":1:10: ", "the name of a file, or a list");
    refuse("include: gone.yaml\nlistne: x\n", ":2:1: ", "did you mean 'listen'");
}

static void later_keys_say_so(void **state)
{
    (void)state;
    refuse("inspector: 127.0.0.1:8081", ":1:12: ", "only 'off' is in this version");
    unload(load("inspector: off\nlogs: { store: off }\nhttp: { http2: mirror }\n"));
}

static void reads_how_long_flows_are_kept(void **state)
{
    struct loaded *l = load("logs:\n  keep:\n    age: 2d\n    size: 1MiB\n    classes:\n"
                            "      - { filter: 'is:injected', age: 30d }\n"
                            "      - { filter: 'mime:image', age: 1h }\n");
    const struct keep *keep = &l->config.keep;
    const int64_t hour_us = INT64_C(3600) * 1000000;

    (void)state;
    assert_int_equal(keep->age_us, 48 * hour_us);
    assert_int_equal(keep->size_bytes, 1024 * 1024);
    assert_int_equal(keep->class_count, 2);
    assert_int_equal(keep->classes[0].age_us, 30 * 24 * hour_us);
    assert_int_equal(keep->classes[1].age_us, hour_us);
    assert_true(bytes_equal(filter_text(keep->classes[1].filter), BYTES("mime:image")));
    unload(l);
    l = load("rules: []\n");
    assert_int_equal(l->config.keep.age_us, 7 * 24 * hour_us);
    assert_int_equal(l->config.keep.size_bytes, INT64_C(2) << 30);
    assert_true(bytes_equal(l->config.values.store, BYTES("sqlite")));
    unload(l);
}

static void tells_what_is_wrong_with_a_class_of_flows(void **state)
{
    (void)state;
    refuse("logs: { keep: { classes: x } }", ":1:26: ", "a list of { filter: FILTER");
    refuse("logs: { keep: { classes: [{ age: 1h }] } }", ":1:27: ", "wants both");
    refuse("logs: { keep: { classes: [{ filter: 'is:injected', age: soon }] } }", ":1:57: ", "");
    refuse("logs: { keep: { classes: [{ filter: a, age: 1h, size: 2 }] } }", ":1:49: ", "size");
    /* the place in the filter, not that of the filter */
    refuse("logs: { keep: { classes: [{ filter: 'a.test stauts:500', age: 1h }] } }",
           ":1:45: ", "did you mean 'status'");
}

static void a_reload_knows_what_it_cannot_change(void **state)
{
    struct loaded *a = load("tls: { dial: lazy }\nrules: []\n");
    struct loaded *b =
        load("rules: [{ name: x, match: a.test, then: 404 }]\ntls: { dial: lazy }\n");
    struct loaded *c = load("tls: { dial: eager }\nrules: []\n");

    (void)state;
    assert_int_equal(config_fixed_hash(&a->config), config_fixed_hash(&b->config));
    assert_int_not_equal(config_fixed_hash(&a->config), config_fixed_hash(&c->config));
    assert_int_equal(config_rule_count(&b->config), 1);
    unload(a);
    unload(b);
    unload(c);
}

static void a_missing_file_is_an_error(void **state)
{
    struct options o = {.command = SUBCOMMAND_check, .use_count = 1};
    struct config *c = calloc(1, sizeof(*c));

    (void)state;
    assert_non_null(c);
    o.uses[0].option = OPTION_CONFIG;
    o.uses[0].value = "/nowhere/proxy.yaml";
    assert_int_not_equal(config_load(c, &o, NULL), STATUS_OK);
    assert_int_equal(c->diags.errors, 1);
    config_release(c);
    free(c);
}

static void the_file_of_the_repository_is_good(void **state)
{
    struct options o = {.command = SUBCOMMAND_check, .use_count = 1};
    struct config *c = calloc(1, sizeof(*c));
    struct rule_state *rules;

    (void)state;
    assert_non_null(c);
    o.uses[0].option = OPTION_CONFIG;
    o.uses[0].value = WEIR_SOURCE_DIR "/proxy.yaml";
    assert_int_equal(rule_state_new(&rules), STATUS_OK);
    assert_int_equal(config_load(c, &o, rules), STATUS_OK);
    assert_int_equal(c->diags.warnings, 0);
    assert_true(config_rule_count(c) > 0);
    config_release(c);
    rule_state_free(rules);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file_gives_the_defaults),
        cmocka_unit_test(reads_what_is_expected),
        cmocka_unit_test(sections_reach_the_settings),
        cmocka_unit_test(nothing_is_decrypted_when_that_is_said),
        cmocka_unit_test(map_takes_hosts_with_and_without_ports),
        cmocka_unit_test(via_asks_the_default_last),
        cmocka_unit_test(via_reads_the_usual_variables),
        cmocka_unit_test(settings_of_the_command_line_come_last),
        cmocka_unit_test(a_setting_without_a_value_is_refused),
        cmocka_unit_test(problems_have_their_place),
        cmocka_unit_test(all_problems_are_reported_at_once),
        cmocka_unit_test(tells_of_includes_and_sections_at_once),
        cmocka_unit_test(later_keys_say_so),
        cmocka_unit_test(reads_how_long_flows_are_kept),
        cmocka_unit_test(tells_what_is_wrong_with_a_class_of_flows),
        cmocka_unit_test(a_reload_knows_what_it_cannot_change),
        cmocka_unit_test(a_missing_file_is_an_error),
        cmocka_unit_test(the_file_of_the_repository_is_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
