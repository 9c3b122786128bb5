/* A file as `weir check --against` takes it: a HAR, and lines of JSON. What it has of
 * requests is put to rules; a rule that decided must not be explained as one that misses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/recorded.h"
#include "cli/records.h"
#include "cli/trial_input.h"
#include "rules/explain.h"
#include "rules/when_tap.h"

#include "fuzz.h"

enum { ARENA_BYTES = 256 * 1024 * 1024, RECORDS_MAX = 100, PATH_TEXT = 64, RULES_MAX = 16 };

static const char rules_text[] =
    "version: 1\n"
    "rules:\n"
    "  - { match: POST a.test/x/<id>, when: 50%, then: [delay: 1s, set: { request.body: new }] }\n"
    "  - { match: { url: a.test, header: { x-a: present } }, then: [set: { request.path: /y }] }\n"
    "  - { match: { url: a.test, body: ~b+ }, then: [append: { request.query.a: b }] }\n"
    "  - { match: { any: [{ path: /x }, { not: { query: { q: ~a } } }] }, then: [tag: x] }\n"
    "  - match: { url: a.test, response: { status: 2xx, body: ~old } }\n"
    "    then: [replace: { response.body: { find: ~o, with: new } }]\n"
    "  - { match: { host: a.test, response: { size: over 1KiB } }, then: 503 }\n"
    "  - { match: b.test, then: { respond: { status: 304 } } }\n";

struct decided {
    const char *labels[RULES_MAX];
    size_t count;
};

static void require(bool ok)
{
    if (!ok)
        abort();
}

static bool on_decision(void *self, const struct when_decision *d)
{
    struct decided *decided = self;

    require(decided->count < RULES_MAX);
    decided->labels[decided->count++] = d->label;
    return d->fires;
}

static bool has_decided(const struct decided *decided, const char *label)
{
    for (size_t i = 0; i < decided->count; i++) {
        if (decided->labels[i] == label)
            return true;
    }
    return false;
}

static void try_input(struct trial_input *in, struct ruleset *rules, struct decided *decided)
{
    struct trial_case one = trial_input_case(in, rules);
    struct trial trial;

    decided->count = 0;
    require(trial_run(&one, in->arena, &trial) == STATUS_OK);
    one.view.response = one.response;
    one.view.response_body = one.response_body;
    for (size_t i = 0; i < ruleset_count(rules); i++) {
        struct explanation e;
        struct rule_info info;

        ruleset_info(rules, i, &info);
        require(ruleset_explain(rules, i, &one.view, in->arena, &e) == STATUS_OK);
        if (has_decided(decided, info.label))
            require(e.verdict == EXPLAIN_TAKES);
        require((e.verdict == EXPLAIN_TAKES) == (e.sentence[0] == '\0'));
    }
}

static void take_file(const char *path, enum records_kind kind, struct ruleset *rules,
                      struct decided *decided)
{
    static struct records records;
    struct arena arena;
    struct bytes json;

    arena_init(&arena, ARENA_BYTES);
    require(records_open(&records, path, kind) == STATUS_OK);
    while (records.number < RECORDS_MAX && records_next(&records, &json) == STATUS_OK) {
        struct trial_input in;
        const char *fault = NULL;
        enum status st;

        arena_reset(&arena);
        trial_input_init(&in, &arena);
        st = kind == RECORDS_HAR ? recorded_read_har(json, &in, &fault)
                                 : recorded_read_line(json, &in, &fault);
        require(st == STATUS_OK || st == STATUS_END || (st == STATUS_BAD_INPUT && fault));
        if (!st)
            try_input(&in, rules, decided);
    }
    records_close(&records);
    arena_release(&arena);
}

static struct ruleset *compile(struct arena *arena, struct rule_state *state)
{
    struct source source = {.name = "proxy.yaml", .text = bytes_of(rules_text)};
    struct ruleset *rules = NULL;
    struct diags diags;
    struct config_reader r = {.arena = arena, .diags = &diags};
    struct node *root;

    diags_init(&diags);
    require(node_parse(arena, &source, &diags, &root) == STATUS_OK);
    require(ruleset_compile(&r, root, NULL, state, &rules) == STATUS_OK);
    diags_release(&diags);
    return rules;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    int fd = memfd_create("recorded", MFD_CLOEXEC);
    struct rule_state *state = NULL;
    struct decided decided = {0};
    const struct when_tap tap = {on_decision, &decided};
    struct ruleset *rules;
    struct arena arena;
    char path[PATH_TEXT];

    require(fd >= 0 && write(fd, data, len) == (ssize_t)len);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    arena_init(&arena, ARENA_BYTES);
    require(rule_state_new(&state) == STATUS_OK);
    rules = compile(&arena, state);
    rule_state_tap(state, &tap);
    take_file(path, RECORDS_HAR, rules, &decided);
    take_file(path, RECORDS_LINES, rules, &decided);
    ruleset_unref(rules);
    rule_state_free(state);
    arena_release(&arena);
    close(fd);
    return 0;
}
