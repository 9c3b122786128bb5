/* Every broken/<name>.yaml, read as a configuration, must be refused with exactly
 * the short diagnostics of broken/<name>.expect. Run with WEIR_UPDATE_EXPECT=1 to
 * write the .expect files anew; then read what changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <glob.h>

#include "config/schema.h"

#define BROKEN WEIR_SOURCE_DIR "/tests/unit/config/broken/"

enum { ARENA_BYTES = 256 * 1024 * 1024, OUTPUT_BYTES = 1024 * 1024, BROKEN_MIN = 60 };

struct sample_tls {
    struct config_texts decrypt;
    int on_reject, dial;
    bool verify;
    struct bytes ca;
};

struct sample_timeouts {
    int64_t head_us, connect_us;
};

struct sample_limits {
    int64_t head_bytes, fields;
};

struct sample_rule {
    struct bytes name, when, respond_text;
    int64_t status;
};

struct sample {
    int64_t version;
    struct config_texts listen;
    struct bytes inspector;
    struct sample_tls tls;
    struct sample_timeouts timeouts;
    struct sample_limits limits;
    uint32_t rules;
};

/* A text, or a list or map of texts, whatever they say. */
static enum status parse_any(const struct config_reader *r, const struct node *n, void *field)
{
    struct bytes text;
    enum status all = STATUS_OK;

    (void)field;
    if (n->kind == NODE_SCALAR)
        return config_text(r, n, &text);
    for (const struct node *child = n->first; child; child = child->next) {
        enum status st = child->kind == NODE_SCALAR ? config_text(r, child, &text) : STATUS_OK;

        if (st)
            all = st;
    }
    return all;
}

static const struct config_key respond_keys[] = {
    {.name = "status",
     .type = CONFIG_INT,
     .min = 100,
     .max = 599,
     .offset = offsetof(struct sample_rule, status)},
    {.name = "text", .type = CONFIG_TEXT, .offset = offsetof(struct sample_rule, respond_text)},
    {.name = "json", .type = CONFIG_CUSTOM, .parse = parse_any},
    {.name = "headers", .type = CONFIG_CUSTOM, .parse = parse_any},
    {.name = "trailers", .type = CONFIG_LATER},
};
static const struct config_section respond_section = {"respond", respond_keys, 5};

static const struct config_key then_keys[] = {
    {.name = "respond", .type = CONFIG_SECTION, .section = &respond_section},
    {.name = "set", .type = CONFIG_CUSTOM, .parse = parse_any},
    {.name = "delay", .type = CONFIG_CUSTOM, .parse = parse_any},
    {.name = "throttle", .type = CONFIG_LATER},
};
static const struct config_section then_section = {"then", then_keys, 4};

static const struct config_key rule_keys[] = {
    {.name = "name", .type = CONFIG_TEXT, .offset = offsetof(struct sample_rule, name)},
    {.name = "match", .type = CONFIG_CUSTOM, .parse = parse_any},
    {.name = "when", .type = CONFIG_TEXT, .offset = offsetof(struct sample_rule, when)},
    {.name = "then", .type = CONFIG_SECTION, .section = &then_section},
};
static const struct config_section rule_section = {"rule", rule_keys, 4};

static enum status parse_rules(const struct config_reader *r, const struct node *n, void *field)
{
    uint32_t *count = field;
    enum status all = STATUS_OK;

    if (n->kind != NODE_LIST) {
        node_error(r->diags, n, "rules are a list");
        return STATUS_BAD_CONFIG;
    }
    for (const struct node *item = n->first; item; item = item->next) {
        struct sample_rule rule = {0};
        enum status st = config_present(r, item);

        if (!st)
            st = config_read(r, &rule_section, item, &rule);
        if (st)
            all = st;
        (*count)++;
    }
    return all;
}

static const char *const reject_words[] = {"explain", "passthrough", NULL};
static const char *const dial_words[] = {"eager", "lazy", NULL};

static const struct config_key tls_keys[] = {
    {.name = "decrypt",
     .type = CONFIG_TEXTS,
     .offset = offsetof(struct sample_tls, decrypt),
     .fallback = "all"},
    {.name = "on_reject",
     .type = CONFIG_WORD,
     .offset = offsetof(struct sample_tls, on_reject),
     .words = reject_words,
     .fallback = "explain"},
    {.name = "dial",
     .type = CONFIG_WORD,
     .offset = offsetof(struct sample_tls, dial),
     .words = dial_words,
     .fallback = "eager"},
    {.name = "verify",
     .type = CONFIG_BOOL,
     .offset = offsetof(struct sample_tls, verify),
     .fallback = "on"},
    {.name = "ca", .type = CONFIG_TEXT, .offset = offsetof(struct sample_tls, ca)},
    {.name = "client_certs", .type = CONFIG_LATER},
};
static const struct config_section tls_section = {"tls", tls_keys, 6};

static const struct config_key timeouts_keys[] = {
    {.name = "head",
     .type = CONFIG_DURATION,
     .offset = offsetof(struct sample_timeouts, head_us),
     .fallback = "30s"},
    {.name = "connect",
     .type = CONFIG_DURATION,
     .offset = offsetof(struct sample_timeouts, connect_us),
     .fallback = "10s",
     .min = 1000,
     .max = INT64_C(3600000000)},
};
static const struct config_section timeouts_section = {"timeouts", timeouts_keys, 2};

static const struct config_key limits_keys[] = {
    {.name = "head",
     .type = CONFIG_SIZE,
     .offset = offsetof(struct sample_limits, head_bytes),
     .fallback = "64KiB",
     .min = 1024,
     .max = 1024 * 1024},
    {.name = "fields",
     .type = CONFIG_INT,
     .offset = offsetof(struct sample_limits, fields),
     .fallback = "256",
     .min = 1,
     .max = 10000},
};
static const struct config_section limits_section = {"limits", limits_keys, 2};

static const struct config_key root_keys[] = {
    {.name = "version",
     .type = CONFIG_INT,
     .offset = offsetof(struct sample, version),
     .fallback = "1",
     .min = 1,
     .max = 1},
    {.name = "listen",
     .type = CONFIG_TEXTS,
     .offset = offsetof(struct sample, listen),
     .fallback = "127.0.0.1:8080"},
    {.name = "inspector",
     .type = CONFIG_TEXT,
     .offset = offsetof(struct sample, inspector),
     .fallback = "off"},
    {.name = "tls",
     .type = CONFIG_SECTION,
     .offset = offsetof(struct sample, tls),
     .section = &tls_section},
    {.name = "timeouts",
     .type = CONFIG_SECTION,
     .offset = offsetof(struct sample, timeouts),
     .section = &timeouts_section},
    {.name = "limits",
     .type = CONFIG_SECTION,
     .offset = offsetof(struct sample, limits),
     .section = &limits_section},
    {.name = "vars", .type = CONFIG_CUSTOM, .parse = parse_any},
    {.name = "rules",
     .type = CONFIG_CUSTOM,
     .offset = offsetof(struct sample, rules),
     .parse = parse_rules},
};
static const struct config_section root_section = {"", root_keys, 8};

static const char *no_environment(const char *name)
{
    (void)name;
    return NULL;
}

static enum status read_config(struct arena *arena, const char *path, struct diags *diags)
{
    struct config_reader r = {.arena = arena, .diags = diags, .getenv = no_environment};
    const char *shown = strrchr(path, '/') + 1;
    struct node *root = NULL;
    struct sample sample = {0};
    enum status st = node_load(arena, path, shown, diags, &root), read;

    if (st && !root)
        return st;
    r.vars = node_find(root, "vars");
    read = config_read(&r, &root_section, root, &sample);
    return st ? st : read;
}

static char *expect_path(const char *yaml_path)
{
    size_t stem = strlen(yaml_path) - strlen(".yaml");
    char *path = malloc(stem + sizeof(".expect"));

    assert_non_null(path);
    memcpy(path, yaml_path, stem);
    memcpy(path + stem, ".expect", sizeof(".expect"));
    return path;
}

static void write_expected(const char *path, struct bytes text)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
    fclose(file);
}

static void read_expected(const char *path, struct buf *out)
{
    FILE *file = fopen(path, "rb");
    uint8_t *room = buf_room(out, OUTPUT_BYTES);

    assert_non_null(file);
    assert_non_null(room);
    buf_added(out, fread(room, 1, OUTPUT_BYTES, file));
    fclose(file);
}

static void is_refused_as_expected(void **state)
{
    const char *path = *state;
    char *expected_path = expect_path(path);
    struct buf actual, expected;
    struct arena arena;
    struct diags diags;

    arena_init(&arena, ARENA_BYTES);
    diags_init(&diags);
    buf_init(&actual, OUTPUT_BYTES);
    buf_init(&expected, OUTPUT_BYTES);
    assert_int_equal(read_config(&arena, path, &diags), STATUS_BAD_CONFIG);
    assert_true(diags.errors > 0);
    diags_put(&diags, DIAG_SHORT, false, &actual);
    if (getenv("WEIR_UPDATE_EXPECT"))
        write_expected(expected_path, buf_bytes(&actual));
    read_expected(expected_path, &expected);
    assert_string_equal(buf_text(&actual), buf_text(&expected));
    buf_release(&actual);
    buf_release(&expected);
    diags_release(&diags);
    arena_release(&arena);
    free(expected_path);
}

int main(void)
{
    struct CMUnitTest *tests;
    glob_t files;
    int failed;

    if (glob(BROKEN "*.yaml", 0, NULL, &files) || files.gl_pathc < BROKEN_MIN) {
        fprintf(stderr, "no broken files in %s\n", BROKEN);
        return 1;
    }
    tests = calloc(files.gl_pathc, sizeof(tests[0]));
    if (!tests)
        return 1;
    for (size_t i = 0; i < files.gl_pathc; i++)
        tests[i] = (struct CMUnitTest){.name = strrchr(files.gl_pathv[i], '/') + 1,
                                       .test_func = is_refused_as_expected,
                                       .initial_state = files.gl_pathv[i]};
    failed = _cmocka_run_group_tests("broken", tests, files.gl_pathc, NULL, NULL);
    free(tests);
    globfree(&files);
    return failed;
}
