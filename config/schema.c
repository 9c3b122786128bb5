#include "config/schema.h"

#include <assert.h>

#include "base/sizes.h"

enum {
    SECTION_KEYS = 64, /* of a section; more are read too, but not suggested */
    SECTION_DEPTH = 8, /* sections within sections; the tables never go deeper */
};

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
    case CONFIG_CUSTOM:
        return key->parse(r, n, field);
    case CONFIG_SECTION: /* entered by who asks */
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

    if (!key->fallback || key->type == CONFIG_LATER)
        return STATUS_OK;
    n = arena_alloc(r->arena, sizeof(*n)); /* a CUSTOM parser may keep it */
    if (!n)
        return STATUS_NO_MEMORY;
    n->text = bytes_of(key->fallback);
    return read_field(r, key, n, field);
}

/* A section being read, and how far it is. */
struct level {
    const struct config_section *section;
    uint8_t *target;
    size_t next_key;         /* when defaults are set */
    const struct node *next; /* when a map is read */
};

static enum status set_defaults(const struct config_reader *r, const struct config_section *section,
                                void *target)
{
    struct level levels[SECTION_DEPTH] = {{.section = section, .target = target}};
    size_t depth = 1;

    while (depth > 0) {
        struct level *level = &levels[depth - 1];
        const struct config_key *key = &level->section->keys[level->next_key];
        enum status st = STATUS_OK;

        if (level->next_key++ == level->section->count) {
            depth--;
        } else if (key->type == CONFIG_SECTION) {
            assert(depth < SECTION_DEPTH);
            levels[depth++] =
                (struct level){.section = key->section, .target = level->target + key->offset};
        } else {
            st = read_default(r, key, level->target + key->offset);
        }
        if (st)
            return st;
    }
    return STATUS_OK;
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

static enum status check_map(const struct config_reader *r, const struct config_section *section,
                             const struct node *n)
{
    enum status st = config_present(r, n);

    if (st || n->kind == NODE_MAP)
        return st;
    if (section->name[0])
        node_error(r->diags, n, "'%s' wants keys and values ('key: value')", section->name);
    else
        node_error(r->diags, n, "this file wants keys and values ('key: value')");
    return STATUS_BAD_CONFIG;
}

/* Reads one key of a map. A section is entered: *ret_inner is then set. */
static enum status read_key(const struct config_reader *r, const struct level *level,
                            const struct node *n, struct level *ret_inner)
{
    const struct config_key *key = find_key(level->section, n->key);
    enum status st;

    if (!key) {
        report_unknown(r, level->section, n);
        return STATUS_BAD_CONFIG;
    }
    if (key->type != CONFIG_SECTION)
        return read_field(r, key, n, level->target + key->offset);
    st = check_map(r, key->section, n);
    if (st)
        return st;
    *ret_inner = (struct level){
        .section = key->section, .target = level->target + key->offset, .next = n->first};
    return STATUS_OK;
}

static enum status read_map(const struct config_reader *r, const struct config_section *section,
                            const struct node *map, void *target)
{
    struct level levels[SECTION_DEPTH] = {
        {.section = section, .target = target, .next = map->first}};
    enum status all = STATUS_OK;
    size_t depth = 1;

    while (depth > 0) {
        struct level *level = &levels[depth - 1], inner = {0};
        const struct node *n = level->next;
        enum status st;

        if (!n) {
            depth--;
            continue;
        }
        level->next = n->next;
        st = read_key(r, level, n, &inner);
        if (st == STATUS_NO_MEMORY)
            return st;
        if (st)
            all = STATUS_BAD_CONFIG;
        if (inner.section) {
            assert(depth < SECTION_DEPTH);
            levels[depth++] = inner;
        }
    }
    return all;
}

enum status config_read(const struct config_reader *r, const struct config_section *section,
                        const struct node *map, void *target)
{
    enum status st;

    if (r->on_section)
        r->on_section(r->self, section);
    st = set_defaults(r, section, target);
    if (st || !map)
        return st;
    st = check_map(r, section, map);
    if (st)
        return st;
    return read_map(r, section, map, target);
}
