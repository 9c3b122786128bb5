/* The tables of proxy.yaml's keys, for config/schema.h. All sections read into one
 * struct config_values. */
#include "cli/config_show.h"

#define DURATION_MAX_US (INT64_C(366) * 24 * 3600 * 1000000)

static const char *const reject_words[] = {"explain", "passthrough", NULL};
static const char *const tls_version_words[] = {"1.2", "1.3", NULL};
static const char *const dial_words[] = {"eager", "lazy", NULL};
static const char *const http2_words[] = {"mirror", "off", NULL};
static const char *const console_words[] = {"pretty", "off", NULL};
static const char *const redact_words[] = {"default", "none", NULL};
static const char *const on_full_words[] = {"drop", "wait", NULL};

/* Read later on, by who knows what it means. */
static enum status parse_keep(const struct config_reader *r, const struct node *n, void *field)
{
    (void)r;
    *(const struct node **)field = n;
    return STATUS_OK;
}

static enum status parse_only_off(const struct config_reader *r, const struct node *n, void *field)
{
    struct bytes text = {0};
    enum status st = config_text(r, n, &text);

    (void)field;
    if (st || bytes_equal(text, BYTES("off")))
        return st;
    node_error(r->diags, n, "only 'off' is in this version");
    return STATUS_BAD_CONFIG;
}

/* clang-format off */
#define KEY(key, kind, field, def, text, ...)                                                      \
    {.name = key, .type = CONFIG_##kind, .offset = offsetof(struct config_values, field),          \
     .fallback = def, .help = text, __VA_ARGS__}
#define SECTION(id, text)                                                                          \
    static const struct config_section id##_section = {                                            \
        text, id##_keys, sizeof(id##_keys) / sizeof(id##_keys[0])}
/* clang-format on */

static const struct config_key ca_keys[] = {
#define CA_KEY(...) KEY(__VA_ARGS__),
#include "cli/config_keys.def"
};
SECTION(ca, "ca");

static const struct config_key tls_keys[] = {
#define TLS_KEY(...) KEY(__VA_ARGS__),
#include "cli/config_keys.def"
};
SECTION(tls, "tls");

static const struct config_key http_keys[] = {
#define HTTP_KEY(...) KEY(__VA_ARGS__),
#include "cli/config_keys.def"
};
SECTION(http, "http");

static const struct config_key upstream_keys[] = {
#define UPSTREAM_KEY(...) KEY(__VA_ARGS__),
#include "cli/config_keys.def"
};
SECTION(upstream, "upstream");

static const struct config_key timeouts_keys[] = {
#define TIMEOUT_KEY(...) KEY(__VA_ARGS__),
#include "cli/config_keys.def"
};
SECTION(timeouts, "timeouts");

static const struct config_key limits_keys[] = {
#define LIMIT_KEY(...) KEY(__VA_ARGS__),
#include "cli/config_keys.def"
};
SECTION(limits, "limits");

static const struct config_key keep_keys[] = {
#define KEEP_KEY(...) KEY(__VA_ARGS__),
#include "cli/config_keys.def"
};
SECTION(keep, "keep");

static const struct config_key redact_keys[] = {
#define REDACT_KEY(key, kind, field, def, text, ...)                                               \
    {.name = key,                                                                                  \
     .type = CONFIG_##kind,                                                                        \
     .offset = offsetof(struct config_redact, field),                                              \
     .fallback = def,                                                                              \
     .help = text,                                                                                 \
     __VA_ARGS__},
#include "cli/config_keys.def"
};
SECTION(redact, "redact");

/* A word, or names and patterns besides the default. */
static enum status parse_redact(const struct config_reader *r, const struct node *n, void *field)
{
    struct config_redact *redact = field;
    enum status st = STATUS_BAD_CONFIG;

    if (n->kind == NODE_MAP)
        st = config_read(r, &redact_section, n, redact);
    else if (n->kind == NODE_SCALAR)
        st = config_word(r, n, redact_words, &redact->word);
    else
        node_error(r->diags, n,
                   "expected default, none, or a map of names, allow, patterns and store");
    redact->unclear = st != STATUS_OK;
    return st;
}

static const struct config_key logs_keys[] = {
#define LOG_KEY(...) KEY(__VA_ARGS__),
#include "cli/config_keys.def"
};
SECTION(logs, "logs");

static const struct config_key root_keys[] = {
#define ROOT_KEY(...) KEY(__VA_ARGS__),
#include "cli/config_keys.def"
};
SECTION(root, "");
const struct config_section *const config_root = &root_section;

enum status config_read_values(const struct config_reader *r, const struct node *root,
                               struct config_values *ret_values)
{
    *ret_values = (struct config_values){.on_full = ON_FULL_UNSAID};
    return config_read(r, &root_section, root, ret_values);
}

/* ---- defaults, for who shows them ---- */

static struct node *child_add(struct arena *arena, struct node *map, const char *key,
                              enum node_kind kind)
{
    struct node **end = &map->first;
    struct node *n = arena_alloc(arena, sizeof(*n));

    if (!n)
        return NULL;
    *n = (struct node){.kind = kind, .plain = true, .key = bytes_of(key)};
    while (*end)
        end = &(*end)->next;
    *end = n;
    map->count++;
    return n;
}

static bool has_defaults(const struct config_section *section)
{
    for (size_t i = 0; i < section->count; i++) {
        if (section->keys[i].fallback)
            return true;
    }
    return false;
}

/* The map of a section, added when there is none and something to put into it. */
static enum status section_find(struct arena *arena, struct node *map, const struct config_key *key,
                                struct node **ret_inner)
{
    struct node *n = node_find(map, key->name);

    if (!n && has_defaults(key->section)) {
        n = child_add(arena, map, key->name, NODE_MAP);
        if (!n)
            return STATUS_NO_MEMORY;
    }
    *ret_inner = n;
    return STATUS_OK;
}

static enum status default_add(struct arena *arena, struct node *map, const struct config_key *key)
{
    struct node *n;

    if (!key->fallback || key->type == CONFIG_LATER || node_find(map, key->name))
        return STATUS_OK;
    n = child_add(arena, map, key->name, NODE_SCALAR);
    if (!n)
        return STATUS_NO_MEMORY;
    n->text = bytes_of(key->fallback);
    return STATUS_OK;
}

struct fill {
    const struct config_section *section;
    struct node *map;
    size_t next;
};

enum status config_fill(struct arena *arena, struct node *root)
{
    struct fill levels[CONFIG_DEPTH] = {{&root_section, root, 0}};
    uint32_t depth = 1;

    while (depth > 0) {
        struct fill *level = &levels[depth - 1];
        const struct config_key *key = &level->section->keys[level->next];
        struct node *inner = NULL;
        enum status st;

        if (level->next == level->section->count) {
            depth--;
            continue;
        }
        level->next++;
        if (key->type == CONFIG_SECTION)
            st = section_find(arena, level->map, key, &inner);
        else
            st = default_add(arena, level->map, key);
        if (st)
            return st;
        if (inner && depth < CONFIG_DEPTH)
            levels[depth++] = (struct fill){key->section, inner, 0};
    }
    return STATUS_OK;
}
