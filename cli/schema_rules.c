/* The rules part of schema_build.h. The parsers of verbs and of match keys hold their
 * sections to themselves; so a rule is compiled that has the key, and the sections that
 * are read for it are noted. */
#include <stdio.h>
#include <string.h>

#include "cli/schema_build.h"
#include "rules/verb.h"

enum { PROBE_TEXT = 256, PROBE_ARENA_BYTES = 4 * 1024 * 1024, PROBE_SECTIONS = 16 };

static const char *const match_names[][2] = {
#define MATCH_KEY(name, help) {#name, help},
#include "rules/match_keys.def"
#undef MATCH_KEY
};

static const struct verb *const verbs[] = {
#define VERB(name) &verb_##name,
#define VERB_LATER(name)
#include "rules/verbs.def"
#undef VERB
#undef VERB_LATER
};

static const struct {
    const char *word;
    bool named;
} targets[] = {
#define TARGET(word, named, ...) {word, named},
#define TARGET_LATER(word)
#include "rules/targets.def"
#undef TARGET
#undef TARGET_LATER
};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* ---- asking the parser ---- */

/* The sections that were read, in order. */
struct probe {
    struct schema_builder *builder;
    const struct config_section *sections[PROBE_SECTIONS];
    uint32_t count;
};

static void on_section(void *self, const struct config_section *section)
{
    struct probe *p = self;

    if (p->count < PROBE_SECTIONS)
        p->sections[p->count++] = section;
}

/* That nearly all probes are wrong in some way does not matter. */
static void probe_run(struct probe *p, const char *text)
{
    struct source source = {.name = "probe", .text = bytes_of(text)};
    struct ruleset *rules = NULL;
    struct rule_state *state = NULL;
    struct node *root = NULL;
    struct diags diags;
    struct arena arena;
    enum status st;
    struct config_reader reader = {
        .arena = &arena, .diags = &diags, .on_section = on_section, .self = p};

    p->count = 0;
    arena_init(&arena, PROBE_ARENA_BYTES);
    diags_init(&diags);
    st = rule_state_new(&state);
    if (!st)
        st = node_parse(&arena, &source, &diags, &root);
    if (!st)
        st = ruleset_compile(&reader, root, "/", state, &rules);
    if (!st)
        ruleset_unref(rules);
    if (st == STATUS_NO_MEMORY)
        p->builder->status = st;
    rule_state_free(state);
    diags_release(&diags);
    arena_release(&arena);
}

/* What was read after the rule itself: the section of what the rule holds, or NULL. */
static const struct config_section *probe_section(const struct probe *p)
{
    for (uint32_t i = 0; i + 1 < p->count; i++) {
        if (strcmp(p->sections[i]->name, "rules") == 0)
            return p->sections[i + 1];
    }
    return NULL;
}

/* The section that a map is read by as the value of `key` in `match` or `then`. */
static const struct config_section *value_section(struct schema_builder *b, const char *part,
                                                  const char *key)
{
    static const char *const maps[] = {"{}", "{ how: close }", "{ steps: [404] }"};
    const struct config_section *found = NULL;
    struct probe p = {.builder = b};
    char text[PROBE_TEXT];

    for (size_t i = 0; i < COUNT(maps) && !found; i++) {
        snprintf(text, sizeof(text), "rules: [{ %.20s: { %.40s: %s }%s }]", part, key, maps[i],
                 strcmp(part, "then") == 0 ? ", match: a.test" : ", then: 404");
        probe_run(&p, text);
        found = probe_section(&p);
    }
    return found;
}

/* ---- what the keys of a rule take ---- */

/* A form may name the section too, so that it is described in any case. */
static json_t *value_schema(struct schema_builder *b, const char *part, const char *key)
{
    const char *shape = schema_shape(part, key);
    const struct config_section *section = value_section(b, part, key);
    json_t *ref = section ? schema_section_ref(b, section) : NULL;

    if (shape) {
        json_decref(ref);
        return schema_ref(shape);
    }
    if (!section)
        return json_object();
    return json_pack("{s:[o,{s:s},o]}", "anyOf", schema_ref("text"), "type", "array", ref);
}

static void match_schema(struct schema_builder *b)
{
    json_t *properties = json_object();

    for (size_t i = 0; i < COUNT(match_names); i++)
        schema_put(b, properties, match_names[i][0], match_names[i][1],
                   value_schema(b, "match", match_names[i][0]));
    schema_define(b, "match_keys", schema_object(properties));
}

static void then_schema(struct schema_builder *b)
{
    json_t *properties = json_object(), *words = json_array();

    for (size_t i = 0; i < COUNT(verbs); i++) {
        const struct verb *verb = verbs[i];

        schema_put(b, properties, verb->name, verb->help, value_schema(b, "then", verb->name));
        if ((verb->traits & VERB_BARE) && json_array_append_new(words, json_string(verb->name)))
            b->status = STATUS_NO_MEMORY;
    }
    schema_define(b, "then_keys", schema_object(properties));
    schema_define(b, "then_words", json_pack("{s:o}", "enum", words));
}

/* "^(request\\.header\\.[^.]+|response\\.status)$" */
static void put_targets(struct buf *out)
{
    buf_put_text(out, "^(");
    for (size_t i = 0; i < COUNT(targets); i++) {
        buf_put_text(out, i ? "|" : "");
        for (const char *c = targets[i].word; *c; c++)
            buf_putf(out, *c == '.' ? "\\%c" : "%c", *c);
        buf_put_text(out, targets[i].named ? "\\..+" : "");
    }
    buf_put_text(out, ")$");
}

static void targets_schema(struct schema_builder *b)
{
    struct buf pattern;
    json_t *target;

    buf_init(&pattern, 64 * 1024);
    put_targets(&pattern);
    target = json_pack("{s:s,s:s}", "type", "string", "pattern", buf_text(&pattern));
    schema_define(b, "target_map",
                  json_pack("{s:s,s:i,s:b,s:{s:o},s:{s:b}}", "type", "object", "minProperties", 1,
                            "additionalProperties", 0, "properties", "raw", schema_ref("bool"),
                            "patternProperties", buf_text(&pattern), 1));
    schema_define(b, "target_list",
                  json_pack("{s:[O,{s:s,s:i,s:o}]}", "anyOf", target, "type", "array", "minItems",
                            1, "items", target));
    if (buf_status(&pattern))
        b->status = STATUS_NO_MEMORY;
    buf_release(&pattern);
}

/* The sections that every rule may have: of the rule itself, its group, its defaults,
 * and its schedule. */
static void sections_schema(struct schema_builder *b)
{
    struct probe p = {.builder = b};

    probe_run(&p, "groups: { g: {} }\ndefaults: {}\n"
                  "rules: [{ group: g, match: a.test, when: {}, then: 404 }]\n");
    for (uint32_t i = 0; i < p.count; i++)
        json_decref(schema_section_ref(b, p.sections[i]));
}

void schema_rules(struct schema_builder *b)
{
    sections_schema(b);
    match_schema(b);
    then_schema(b);
    targets_schema(b);
}
