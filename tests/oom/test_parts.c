/* What is not the engine without memory: configuration and rules, certificates, the
 * lines of the log, edits of JSON. Each says that there was none, or does without. */
#include <string.h>

#include "scarce_memory.h"
#include "stage.h"

#include "cli/config_show.h"
#include "config/layout.h"
#include "http/json_edit.h"
#include "http/json_patch.h"
#include "logs/console_format.h"
#include "logs/flow_make.h"
#include "logs/flow_redact.h"
#include "logs/jsonl_format.h"
#include "make_flow.h"

enum { OUT_BYTES = 1024 * 1024 };

#define NOW INT64_C(1790000000)

/* ---- configuration and rules -------------------------------------------- */

/* `setting` is of --set. */
static void load_configuration(const char *setting, bool shown)
{
    static struct config config;
    struct options options = {.command = SUBCOMMAND_check, .use_count = 2};
    struct redactor redactor = {.on = true};
    struct rule_state *state = NULL;
    enum status st;

    options.uses[0].option = OPTION_CONFIG;
    options.uses[0].value = WEIR_SOURCE_DIR "/proxy.yaml";
    options.uses[1].option = OPTION_SET;
    options.uses[1].value = setting;
    scarce_arm(true);
    st = rule_state_new(&state);
    if (!st)
        st = config_load(&config, &options, state);
    else
        memset(&config, 0, sizeof(config));
    if (!st && shown)
        st = config_show(&config, &redactor);
    scarce_arm(false);
    assert_int_equal(st != STATUS_OK, scarce_failed());
    if (state)
        config_release(&config);
    rule_state_free(state);
}

static void the_sample_configuration(void)
{
    load_configuration("listen=127.0.0.1:0", false);
}

static void a_configuration_in_several_files(void)
{
    load_configuration("include=[tests/oom/include/*.yaml]", false);
}

static void a_configuration_that_is_shown(void)
{
    load_configuration("auth=joe:secret", true);
}

static void a_configuration_with_redaction_of_its_own(void)
{
    load_configuration("logs.redact={names: [pin], allow: [email], patterns: [a+, b+]}", true);
}

static void a_text_that_is_formatted(void)
{
    struct buf out;
    enum status st;

    buf_init(&out, OUT_BYTES);
    scarce_arm(true);
    st = layout_put(BYTES("a:   1 # x\nb:\n- {c: d}\n"), &out);
    scarce_arm(false);
    assert_int_equal(st != STATUS_OK, scarce_failed());
    assert_int_equal(st == STATUS_OK, out.len > 0);
    buf_release(&out);
}

static const char *const many_rules =
    "version: 1\n"
    "vars: { wait: 3s }\n"
    "rules:\n"
    "  - { match: .broken.test, then: [dns: delay 1s to $(wait), connect: { delay: 1s }] }\n"
    "  - { match: { host: ~tls, tls: { sni: .test } }, when: 5% per client, then: { tls: alert 40 "
    "} }\n"
    "  - name: all of it\n"
    "    match:\n"
    "      url: POST|PUT api.shop.test/orders/<id>?a=1\n"
    "      header: { x-a: present, x-b: ~^b+ }\n"
    "    when: [first 2 per client, 50% seed 3]\n"
    "    then:\n"
    "      - delay: 200ms to 800ms\n"
    "      - respond: { status: 503, retry_after: $(wait), text: $(id) }\n"
    "  - name: edits\n"
    "    match: .shop.test/**\n"
    "    then:\n"
    "      - set: { request.header.x-a: $(request.header.x-b), response.header.x-c: d }\n"
    "      - remove: [request.header.x-e]\n"
    "  - name: moved\n"
    "    match: GET shop.test/old/<rest*>\n"
    "    then: { redirect: { status: 301, to: https://shop.test/new/$(rest) } }\n"
    "  - { name: some, match: ~/v1+/, then: { sequence: [500, 404, pass] } }\n"
    "  - { name: bad, match: a.test, then: { respond: { status: 400, problem: { title: bad } } } "
    "}\n";

static void print_diags(const struct diags *diags)
{
    struct buf text;

    buf_init(&text, OUT_BYTES);
    diags_put(diags, DIAG_SHORT, false, &text);
    print_message("%s", buf_text(&text));
    buf_release(&text);
}

static void many_rules_compiled(void)
{
    struct arena arena;
    struct source source = {.name = "proxy.yaml", .text = bytes_of(many_rules)};
    struct diags diags;
    struct config_reader reader = {.arena = &arena, .diags = &diags};
    struct node *root = NULL;
    struct rule_state *state = NULL;
    struct ruleset *rules = NULL;
    enum status st;

    arena_init(&arena, OUT_BYTES);
    diags_init(&diags);
    scarce_arm(true);
    st = rule_state_new(&state);
    if (!st)
        st = node_parse(&arena, &source, &diags, &root);
    if (!st)
        st = ruleset_compile(&reader, root, ".", state, &rules);
    scarce_arm(false);
    if (st && !scarce_failed())
        print_diags(&diags);
    assert_int_equal(st != STATUS_OK, scarce_failed());
    ruleset_unref(rules);
    rule_state_free(state);
    diags_release(&diags);
    arena_release(&arena);
}

/* ---- TLS ---------------------------------------------------------------- */

static void a_ca_and_a_leaf(void)
{
    char error[CA_ERROR_TEXT];
    struct leaf_request request = {.host = BYTES("www.leaf.test"), .now = NOW};
    struct ca *ca = NULL, *again = NULL;
    struct leaf *leaf = NULL;
    struct buf cert, key;
    enum status st;

    buf_init(&cert, OUT_BYTES);
    buf_init(&key, OUT_BYTES);
    scarce_arm(true);
    st = ca_generate("scarce", NOW, &ca);
    if (!st)
        st = ca_cert_pem(ca, &cert);
    if (!st)
        st = ca_key_pem(ca, &key);
    if (!st)
        st = ca_from_pem(buf_bytes(&cert), buf_bytes(&key), error, &again);
    if (!st)
        st = ca_leaf(again, &request, &leaf);
    scarce_arm(false);
    assert_int_equal(st != STATUS_OK, scarce_failed());
    leaf_unref(leaf);
    ca_free(again);
    ca_free(ca);
    buf_release(&cert);
    buf_release(&key);
}

static void leaves_with_faults(void)
{
    struct leaf *leaves[LEAF_UNTRUSTED + 1] = {NULL};
    struct ca *ca = NULL;
    enum status st;

    assert_int_equal(ca_generate("scarce", NOW, &ca), STATUS_OK);
    scarce_arm(true);
    st = STATUS_OK;
    for (int i = LEAF_SOUND; i <= LEAF_UNTRUSTED && !st; i++) {
        struct leaf_request request = {
            .host = BYTES("www.leaf.test"), .now = NOW, .fault = (enum leaf_fault)i};

        st = ca_leaf(ca, &request, &leaves[i]);
    }
    scarce_arm(false);
    assert_int_equal(st != STATUS_OK, scarce_failed());
    for (int i = LEAF_SOUND; i <= LEAF_UNTRUSTED; i++)
        leaf_unref(leaves[i]);
    ca_free(ca);
}

static void what_all_tls_shares(void)
{
    char error[TLS_ERROR_TEXT];
    struct tls_settings settings = {.min_version = 0x0303};
    struct tls_shared *shared = NULL;
    enum status st;

    scarce_arm(true);
    st = tls_shared_new(&settings, error, &shared);
    scarce_arm(false);
    assert_int_equal(st, scarce_failed() ? STATUS_NO_MEMORY : STATUS_OK);
    tls_shared_free(shared);
}

/* ---- the log ------------------------------------------------------------ */

static struct flow *a_flow(void)
{
    struct flow *f = make_http_flow("POST", "/login?token=secret&a=b", 200, "application/json");
    static struct slice body[1];

    body[0] = slice_of(BYTES("{\"password\": \"secret\", \"a\": [1, 2, {\"b\": null}]}"));
    f->response.body.slices = body;
    f->response.body.count = f->response.body.cap = 1;
    f->response.body.captured_bytes = f->response.body.wire_bytes = (int64_t)body[0].len;
    return f;
}

static void lines_of_json(void)
{
    struct redactor redactor = {.on = true};
    struct jsonl_format format;
    struct flow *f = a_flow();
    struct arena arena = f->arena;
    struct buf out;
    enum status st;

    buf_init(&out, OUT_BYTES);
    jsonl_format_init(&format, &redactor);
    scarce_arm(true);
    st = jsonl_put_flow(&format, f, &out);
    scarce_arm(false);
    assert_true(st == STATUS_OK ? out.len > 0 : out.len == 0);
    assert_int_equal(buf_status(&out), STATUS_OK);
    jsonl_format_release(&format);
    buf_release(&out);
    arena_release(&arena);
}

static void a_copy_without_secrets(void)
{
    struct redactor redactor = {.on = true};
    struct flow *f = a_flow(), *copy = NULL;
    enum status st;

    make_rule(f, "a.yaml:1 x", "body 12 \xe2\x86\x92 14 bytes: 1 \xe2\x86\x92 2");
    scarce_arm(true);
    st = flow_redact(f, &redactor, &copy);
    scarce_arm(false);
    assert_true(st == STATUS_OK || st == STATUS_NO_MEMORY);
    assert_int_equal(st == STATUS_OK, copy != NULL);
    if (copy) {
        struct bytes path = flow_path(copy);

        assert_true(bytes_search(path, BYTES("secret")) < 0);
        assert_true(bytes_search(slice_bytes(copy->response.body.slices[0]), BYTES("secret")) < 0);
    }
    flow_free(copy);
    free_flow(f);
}

static void lines_of_the_console(void)
{
    struct sink_settings settings = {
        .target = "-", .verbose = 2, .colour = true, .columns = 120, .redactor = {.on = true}};
    struct console_format format;
    struct flow *f = a_flow();
    struct arena arena = f->arena;
    struct buf out;
    enum status st;

    buf_init(&out, OUT_BYTES);
    console_format_init(&format, &settings);
    scarce_arm(true);
    st = console_put_flow(&format, f, &out);
    scarce_arm(false);
    assert_true(st == STATUS_OK ? out.len > 0 : out.len == 0);
    assert_int_equal(buf_status(&out), STATUS_OK);
    console_format_release(&format);
    buf_release(&out);
    arena_release(&arena);
}

/* ---- JSON --------------------------------------------------------------- */

static void a_merge_patch(void)
{
    struct bytes in = BYTES("{\"a\": {\"b\": 1}, \"\\u0063\": [2]}");
    struct buf out;
    enum status st;

    buf_init(&out, OUT_BYTES);
    scarce_arm(true);
    st = json_merge(in, BYTES("{\"a\":{\"\\u0062\":null},\"c\":3,\"d\":{}}"), &out);
    scarce_arm(false);
    assert_int_equal(st, scarce_failed() ? STATUS_NO_MEMORY : STATUS_OK);
    assert_true(st ||
                bytes_equal(buf_bytes(&out), BYTES("{\"a\": {}, \"\\u0063\": 3, \"d\": {}}")));
    buf_release(&out);
}

static void a_patch_of_operations(void)
{
    struct json_patch_fault fault = {.sentence = NULL};
    struct json_ops ops;
    struct arena arena;
    struct buf out;
    enum status st;

    arena_init(&arena, OUT_BYTES);
    buf_init(&out, OUT_BYTES);
    scarce_arm(true);
    st = json_ops_parse(&arena,
                        BYTES("[{\"op\":\"test\",\"path\":\"/a\",\"value\":{\"\\u0062\":1.0}},"
                              "{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/c\"},"
                              "{\"op\":\"add\",\"path\":\"/d/-\",\"value\":7}]"),
                        &ops, &fault);
    if (!st)
        st = json_patch(BYTES("{\"a\":{\"b\":1},\"d\":[]}"), &ops, &out, &fault);
    scarce_arm(false);
    assert_int_equal(st, scarce_failed() ? STATUS_NO_MEMORY : STATUS_OK);
    if (st)
        assert_true(out.len == 0 && fault.sentence);
    else
        assert_true(bytes_equal(buf_bytes(&out), BYTES("{\"d\":[7],\"c\":{\"b\":1}}")));
    buf_release(&out);
    arena_release(&arena);
}

/* ---- tests -------------------------------------------------------------- */

static void loads_a_configuration_or_says_that_it_cannot(void **state)
{
    (void)state;
    scarce_play(the_sample_configuration);
    scarce_play(a_configuration_in_several_files);
    scarce_play(a_configuration_that_is_shown);
    scarce_play(a_configuration_with_redaction_of_its_own);
}

static void formats_a_text_or_says_that_it_cannot(void **state)
{
    (void)state;
    scarce_play(a_text_that_is_formatted);
}

static void compiles_rules_or_says_that_it_cannot(void **state)
{
    (void)state;
    scarce_play(many_rules_compiled);
}

static void makes_certificates_or_says_that_it_cannot(void **state)
{
    (void)state;
    scarce_play(a_ca_and_a_leaf);
    scarce_play(leaves_with_faults);
    scarce_play(what_all_tls_shares);
}

static void writes_flows_whole_or_not_at_all(void **state)
{
    (void)state;
    scarce_play(lines_of_json);
    scarce_play(lines_of_the_console);
    scarce_play(a_copy_without_secrets);
}

static void edits_json_or_says_that_it_cannot(void **state)
{
    (void)state;
    scarce_play(a_merge_patch);
    scarce_play(a_patch_of_operations);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_a_configuration_or_says_that_it_cannot),
        cmocka_unit_test(formats_a_text_or_says_that_it_cannot),
        cmocka_unit_test(compiles_rules_or_says_that_it_cannot),
        cmocka_unit_test(makes_certificates_or_says_that_it_cannot),
        cmocka_unit_test(writes_flows_whole_or_not_at_all),
        cmocka_unit_test(edits_json_or_says_that_it_cannot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
