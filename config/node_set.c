/* The --set part of node.h. */
#include "config/node.h"

/* One --set. */
struct setting {
    struct arena *arena;
    struct diags *diags;
    const struct source *source;
    const char *path;
};

/* Whatever --set makes stands at the start of its value. */
static const struct mark start = {1, 1};

static enum status refuse(const struct setting *s, const char *why)
{
    diag_add(s->diags, DIAG_ERROR, s->source, start, UINT32_MAX, "%s", why);
    return STATUS_BAD_CONFIG;
}

/* Takes the first key off the path. */
static enum status take_key(const struct setting *s, struct bytes *path, struct bytes *ret_key)
{
    bool quoted = bytes_starts_with(*path, BYTES("\""));
    struct bytes rest = bytes_from(*path, quoted);
    ptrdiff_t end = bytes_find(rest, quoted ? '"' : '.');
    struct bytes key = end < 0 ? rest : bytes_until(rest, (size_t)end);

    if (quoted && end < 0)
        return refuse(s, "a quote in the name of the setting is never closed");
    rest = bytes_from(rest, key.len + quoted);
    if (key.len == 0 || (rest.len > 0 && (rest.ptr[0] != '.' || rest.len == 1)))
        return refuse(s, "the name of a setting is keys joined by dots, as in tls.dial");
    *path = bytes_from(rest, 1);
    *ret_key = key;
    return STATUS_OK;
}

static struct node *map_new(const struct setting *s)
{
    struct node *n = arena_alloc(s->arena, sizeof(*n));

    if (!n)
        return NULL;
    n->kind = NODE_MAP;
    n->source = s->source;
    n->at = start;
    n->end = start;
    return n;
}

static struct node *find_key(const struct node *map, struct bytes key)
{
    for (struct node *n = map->first; n; n = n->next) {
        if (bytes_equal(n->key, key))
            return n;
    }
    return NULL;
}

static void append(struct node *map, struct node *n)
{
    struct node **end = &map->first;

    while (*end)
        end = &(*end)->next;
    *end = n;
    map->count++;
}

/* The child of `map` with this key, made when there is none. It is a map, unless
 * it is the last one of the path. */
static enum status enter(const struct setting *s, struct node *map, struct bytes key,
                         struct node **ret_child)
{
    struct node *child;

    if (map->kind != NODE_MAP) {
        diag_add(s->diags, DIAG_ERROR, s->source, start, UINT32_MAX,
                 "there is no '%s' here: what should hold it is not a map", excerpt(key).text);
        return STATUS_BAD_CONFIG;
    }
    child = find_key(map, key);
    if (!child) {
        child = map_new(s);
        if (!child)
            return STATUS_NO_MEMORY;
        child->key = arena_copy(s->arena, key);
        if (!child->key.ptr)
            return STATUS_NO_MEMORY;
        child->key_at = start;
        append(map, child);
    }
    *ret_child = child;
    return STATUS_OK;
}

/* The parts of a path, looked at before anything is changed. */
static enum status split_path(const struct setting *s, struct bytes keys[SET_KEYS],
                              uint32_t *ret_count)
{
    struct bytes path = bytes_of(s->path);
    uint32_t count = 0;

    do {
        enum status st;

        if (count == SET_KEYS)
            return refuse(s, "the name of this setting has too many keys");
        st = take_key(s, &path, &keys[count]);
        if (st)
            return st;
        count++;
    } while (path.len);
    *ret_count = count;
    return STATUS_OK;
}

static enum status put_value(const struct setting *s, struct node **root, const struct node *value)
{
    struct bytes keys[SET_KEYS] = {{0}};
    struct node *n = *root ? *root : map_new(s);
    struct node *top = n;
    uint32_t count = 0;
    enum status st = split_path(s, keys, &count);

    if (st)
        return st;
    if (!n)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        st = enter(s, n, keys[i], &n);
        if (st)
            return st;
    }
    n->kind = value->kind;
    n->plain = value->plain;
    n->source = value->source;
    n->at = value->at;
    n->end = value->end;
    n->text = value->text;
    n->first = value->first;
    n->count = value->count;
    n->key_at = start;
    *root = top;
    return STATUS_OK;
}

static enum status setting_init(struct setting *s, const char *value)
{
    struct source *source = arena_alloc(s->arena, sizeof(*source));

    if (!source)
        return STATUS_NO_MEMORY;
    source->name = arena_printf(s->arena, "--set %s", s->path);
    source->text = arena_copy(s->arena, bytes_of(value));
    source->is_setting = true;
    if (!source->name || !source->text.ptr)
        return STATUS_NO_MEMORY;
    s->source = source;
    return STATUS_OK;
}

enum status node_set(struct arena *arena, struct node **root, const char *path, const char *value,
                     struct diags *diags)
{
    struct setting s = {.arena = arena, .diags = diags, .path = path};
    struct node *parsed = NULL;
    enum status st = setting_init(&s, value);

    if (st)
        return st;
    st = node_parse(arena, s.source, diags, &parsed);
    if (st)
        return st;
    if (!parsed)
        return refuse(&s, "no value is given: for an empty text, write ''");
    return put_value(&s, root, parsed);
}
