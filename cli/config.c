#include "cli/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/redaction.h"

/* What a reload may change. */
static const char *const rule_keys[] = {"rules", "groups", "vars", "defaults", "include"};

enum { FIXED_YAML_BYTES = 16 * 1024 * 1024, SETTING_TEXT = 1024 };

static const char *environment(const char *name)
{
    return getenv(name);
}

/* A path below the working directory is shown from there. */
static const char *shown_path(const char *path)
{
    char cwd[PATHS_TEXT];
    size_t len;

    if (!getcwd(cwd, sizeof(cwd)))
        return path;
    len = strlen(cwd);
    return strncmp(path, cwd, len) == 0 && path[len] == '/' ? path + len + 1 : path;
}

/* The name as people gave it, but for files that are near or were found. */
static enum status config_find(struct config *c, const struct options *o)
{
    const char *given = options_value(o, OPTION_CONFIG);
    enum status st;

    if (given && strcmp(given, "-") == 0) {
        c->shown = "standard input";
        return path_absolute(NULL, BYTES("/dev/stdin"), c->path);
    }
    if (given) {
        st = path_absolute(NULL, bytes_of(given), c->path);
        c->shown = given[0] == '/' ? shown_path(c->path) : given;
        return st;
    }
    st = paths_config(c->path);
    if (st == STATUS_NOT_FOUND) {
        c->path[0] = '\0';
        return STATUS_OK;
    }
    if (!st)
        c->shown = shown_path(c->path);
    return st;
}

static enum status config_find_folder(struct config *c)
{
    const char *end = strrchr(c->path, '/');
    size_t len = end ? (size_t)(end - c->path) : 0;

    if (!c->path[0] || strcmp(c->path, "/dev/stdin") == 0)
        return path_absolute(NULL, BYTES("."), c->folder);
    if (len == 0)
        return path_absolute(NULL, BYTES("/"), c->folder);
    memcpy(c->folder, c->path, len);
    c->folder[len] = '\0';
    return STATUS_OK;
}

static enum status config_apply_settings(struct config *c, const struct options *o)
{
    const char *setting;
    int at = 0;

    while ((setting = options_next(o, OPTION_SET, &at))) {
        const char *value = strchr(setting, '=');
        char path[SETTING_TEXT];
        enum status st;

        if (!value || value == setting || (size_t)(value - setting) >= sizeof(path)) {
            diag_add(&c->diags, DIAG_ERROR, NULL, (struct mark){0}, 1,
                     "--set wants PATH=VALUE, as in tls.dial=lazy; this is '%.60s'", setting);
            return STATUS_BAD_CONFIG;
        }
        memcpy(path, setting, (size_t)(value - setting));
        path[value - setting] = '\0';
        st = node_set(&c->arena, &c->root, path, value + 1, &c->diags);
        if (st)
            return st;
    }
    return STATUS_OK;
}

static enum status config_parse(struct config *c, const struct options *o)
{
    enum status st = config_find(c, o);

    if (!st)
        st = config_find_folder(c);
    c->includes = (struct includes){.path = c->path, .folder = c->folder, .shown = c->shown};
    if (!st && c->path[0])
        st = include_note(&c->arena, &c->includes, c->path, false);
    if (!st && c->path[0])
        st = node_load(&c->arena, c->path, c->shown, &c->diags, &c->root);
    if (!st)
        st = config_apply_settings(c, o);
    return st;
}

static void config_init(struct config *c)
{
    memset(c, 0, sizeof(*c));
    c->shown = "none";
    arena_init(&c->arena, CONFIG_ARENA_BYTES);
    diags_init(&c->diags);
    expects_init(&c->expects);
    c->reader =
        (struct config_reader){.arena = &c->arena, .diags = &c->diags, .getenv = environment};
}

static enum status config_include(struct config *c)
{
    enum status st = STATUS_OK;

    if (!c->root || c->root->kind != NODE_MAP)
        return STATUS_OK;
    c->reader.vars = node_find(c->root, "vars");
    st = include_join(&c->reader, c->root, &c->includes);
    c->reader.vars = node_find(c->root, "vars");
    return st;
}

/* What is not whole would only be complained of for what it lacks. */
static enum status config_compile(struct config *c, struct rule_state *state)
{
    if (!c->root || c->root->kind != NODE_MAP || c->includes.incomplete)
        return STATUS_OK;
    return ruleset_compile(&c->reader, c->root, c->folder, state, &c->rules);
}

static enum status config_read_sections(struct config *c)
{
    return config_read_values(&c->reader, c->root, &c->values);
}

enum status config_load(struct config *c, const struct options *o, struct rule_state *state)
{
    /* Each is done, so that all that is wrong is told: what is has its default then. */
    enum status (*const parts[])(struct config * c) = {config_include, config_read_sections,
                                                       config_join, redaction_join};
    enum status all, st;

    config_init(c);
    all = config_parse(c, o);
    if (all)
        return all;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        st = parts[i](c);
        if (st == STATUS_NO_MEMORY)
            return st;
        if (st)
            all = STATUS_BAD_CONFIG;
    }
    st = config_compile(c, state);
    return st == STATUS_NO_MEMORY || !all ? st : all;
}

void config_release(struct config *c)
{
    for (uint32_t i = 0; i < c->identity_count; i++)
        tls_identity_free(c->identities[i]);
    c->identity_count = 0;
    config_release_keep(c);
    expects_release(&c->expects);
    ruleset_unref(c->rules);
    c->rules = NULL;
    redaction_free(c->redaction);
    c->redaction = NULL;
    diags_release(&c->diags);
    arena_release(&c->arena);
}

size_t config_rule_count(const struct config *c)
{
    return c->rules ? ruleset_count(c->rules) : 0;
}

static bool is_rule_key(struct bytes key)
{
    for (size_t i = 0; i < sizeof(rule_keys) / sizeof(rule_keys[0]); i++)
        if (bytes_equal(key, bytes_of(rule_keys[i])))
            return true;
    return false;
}

uint64_t config_fixed_hash(const struct config *c)
{
    uint64_t hash = 0;
    struct buf yaml;

    buf_init(&yaml, FIXED_YAML_BYTES);
    for (const struct node *n = c->root ? c->root->first : NULL; n; n = n->next) {
        if (is_rule_key(n->key))
            continue;
        buf_clear(&yaml);
        if (node_put_yaml(n, &yaml))
            break;
        hash ^= bytes_hash(buf_bytes(&yaml), bytes_hash(n->key, 0));
    }
    buf_release(&yaml);
    return hash;
}
