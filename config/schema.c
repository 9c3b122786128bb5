#include "config/schema.h"

#include "base/sizes.h"

enum { SECTION_KEYS = 64 }; /* of a section; more are read too, but not suggested */

static bool has_bounds(const struct config_key *key)
{
    return key->min != 0 || key->max != 0;
}

static bool is_outside(const struct config_key *key, int64_t value)
{
    return has_bounds(key) && (value < key->min || value > key->max);
}

/* A size or duration, as `put` writes it. */
static enum status refuse_quantity(const struct config_reader *r, const struct config_key *key,
                                   const struct node *n,
                                   void (*put)(struct buf *out, int64_t value))
{
    struct buf bounds;

    buf_init(&bounds, DIAG_TEXT_BYTES);
    buf_put_text(&bounds, "from ");
    put(&bounds, key->min);
    buf_put_text(&bounds, " to ");
    put(&bounds, key->max);
    node_error(r->diags, n, "%s is out of range: %s", excerpt(n->text).text, buf_text(&bounds));
    buf_release(&bounds);
    return STATUS_BAD_CONFIG;
}

static enum status read_int(const struct config_reader *r, const struct config_key *key,
                            const struct node *n, int64_t *field)
{
    int64_t min = has_bounds(key) ? key->min : -INT64_MAX;
    int64_t max = has_bounds(key) ? key->max : INT64_MAX;

    return config_int(r, n, min, max, field);
}

static enum status read_size(const struct config_reader *r, const struct config_key *key,
                             const struct node *n, int64_t *field)
{
    int64_t value = 0;
    enum status st = config_size(r, n, &value);

    if (st)
        return st;
    if (is_outside(key, value))
        return refuse_quantity(r, key, n, size_put);
    *field = value;
    return STATUS_OK;
}

static enum status read_duration(const struct config_reader *r, const struct config_key *key,
                                 const struct node *n, int64_t *field)
{
    int64_t value = 0;
    enum status st = config_duration(r, n, &value);

    if (st)
        return st;
    if (is_outside(key, value))
        return refuse_quantity(r, key, n, duration_put);
    *field = value;
    return STATUS_OK;
}

/* What a field holds is used as a C string, a path most often. */
static enum status refuse_nul(const struct config_reader *r, const struct node *n,
                              struct bytes text)
{
    if (bytes_find(text, 0) < 0)
        return STATUS_OK;
    node_error(r->diags, n, "this text holds a NUL");
    return STATUS_BAD_CONFIG;
}

static enum status read_text(const struct config_reader *r, const struct node *n,
                             struct bytes *field)
{
    struct bytes text = {0};
    enum status st = config_text(r, n, &text);

    if (!st)
        st = refuse_nul(r, n, text);
    if (!st)
        *field = text;
    return st;
}

static enum status read_texts(const struct config_reader *r, const struct node *n,
                              struct config_texts *field)
{
    struct config_texts texts = {0};
    enum status st = config_texts(r, n, &texts);

    for (uint32_t i = 0; i < texts.count && !st; i++)
        st = refuse_nul(r, texts.nodes[i], texts.items[i]);
    if (!st)
        *field = texts;
    return st;
}

static enum status read_section(const struct config_reader *r, const struct config_key *key,
                                const struct node *n, void *field)
{
    enum status st = config_present(r, n);

    if (st)
        return st;
    return config_read(r, key->section, n, field);
}

static enum status read_field(const struct config_reader *r, const struct config_key *key,
                              const struct node *n, void *field)
{
    switch (key->type) {
    case CONFIG_BOOL:
        return config_bool(r, n, field);
    case CONFIG_INT:
        return read_int(r, key, n, field);
    case CONFIG_SIZE:
        return read_size(r, key, n, field);
    case CONFIG_DURATION:
        return read_duration(r, key, n, field);
    case CONFIG_TEXT:
        return read_text(r, n, field);
    case CONFIG_WORD:
        return config_word(r, n, key->words, field);
    case CONFIG_TEXTS:
        return read_texts(r, n, field);
    case CONFIG_SECTION:
        return read_section(r, key, n, field);
    case CONFIG_CUSTOM:
        return key->parse(r, n, field);
    case CONFIG_LATER:
        break;
    }
    node_key_error(r->diags, n, "'%s' is not in this version", key->name);
    return STATUS_BAD_CONFIG;
}

/* A default is read as if it stood in the file. */
static enum status read_default(const struct config_reader *r, const struct config_key *key,
                                void *field)
{
    struct node *n;

    if (key->type == CONFIG_SECTION)
        return config_read(r, key->section, NULL, field);
    if (!key->fallback || key->type == CONFIG_LATER)
        return STATUS_OK;
    n = arena_alloc(r->arena, sizeof(*n)); /* a CUSTOM parser may keep it */
    if (!n)
        return STATUS_NO_MEMORY;
    n->text = bytes_of(key->fallback);
    return read_field(r, key, n, field);
}

static const struct config_key *find_key(const struct config_section *section, struct bytes name)
{
    for (size_t i = 0; i < section->count; i++) {
        if (bytes_equal(name, bytes_of(section->keys[i].name)))
            return &section->keys[i];
    }
    return NULL;
}

static void report_unknown(const struct config_reader *r, const struct config_section *section,
                           const struct node *n)
{
    const char *words[SECTION_KEYS];
    size_t count = 0;

    for (size_t i = 0; i < section->count && count < SECTION_KEYS; i++) {
        if (section->keys[i].type != CONFIG_LATER)
            words[count++] = section->keys[i].name;
    }
    config_unknown_key(r, n, words, count);
}

static void *field_of(void *target, const struct config_key *key)
{
    return (uint8_t *)target + key->offset;
}

static enum status read_map(const struct config_reader *r, const struct config_section *section,
                            const struct node *map, void *target)
{
    enum status all = STATUS_OK;

    for (const struct node *n = map->first; n; n = n->next) {
        const struct config_key *key = find_key(section, n->key);
        enum status st = STATUS_BAD_CONFIG;

        if (key)
            st = read_field(r, key, n, field_of(target, key));
        else
            report_unknown(r, section, n);
        if (st == STATUS_NO_MEMORY)
            return st;
        if (st)
            all = STATUS_BAD_CONFIG;
    }
    return all;
}

enum status config_read(const struct config_reader *r, const struct config_section *section,
                        const struct node *map, void *target)
{
    for (size_t i = 0; i < section->count; i++) {
        enum status st = read_default(r, &section->keys[i], field_of(target, &section->keys[i]));

        if (st)
            return st;
    }
    if (!map)
        return STATUS_OK;
    if (map->kind != NODE_MAP) {
        node_error(r->diags, map, "%s%s%s wants keys and values ('key: value')",
                   section->name[0] ? "'" : "", section->name[0] ? section->name : "this file",
                   section->name[0] ? "'" : "");
        return STATUS_BAD_CONFIG;
    }
    return read_map(r, section, map, target);
}
