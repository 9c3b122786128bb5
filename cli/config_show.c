#include "cli/config_show.h"

#include <stdlib.h>
#include <string.h>

#include "logs/redact_names.h"

enum { SHOWN_TEXT_BYTES = 16 * 1024 * 1024 };

static const char mask[] = "REDACTED";

/* What names mean where a node stands. */
enum place {
    PLACE_OWN,     /* weir's own keys */
    PLACE_VARS,    /* variables */
    PLACE_HEADERS, /* header fields */
    PLACE_QUERY,   /* parameters */
    PLACE_COOKIES,
    PLACE_JSON,
};

/* A list or map being walked. */
struct level {
    struct node *next;
    enum place place;
    bool secret; /* all in it */
    bool files;  /* texts in it are names of files */
};

struct show {
    struct config *c;
    struct config_reader reader; /* it masks secret variables */
    const struct redactor *redactor;
};

/* ---- variables ---- */

/* A name that is no secret by chance: "code" and "state" are not among these. */
static bool is_secret_name(struct bytes name)
{
    return (redact_name_find(NULL, name) & (REDACT_DEEP | REDACT_TAIL)) != 0;
}

static const char *environment(const char *name)
{
    return getenv(name);
}

static const char *masked_environment(const char *name)
{
    const char *value = getenv(name);

    return value && is_secret_name(bytes_of(name)) ? mask : value;
}

static void mask_vars(const struct node *vars)
{
    for (struct node *n = vars && vars->kind == NODE_MAP ? vars->first : NULL; n; n = n->next) {
        if (n->kind == NODE_SCALAR && is_secret_name(n->key))
            n->text = bytes_of(mask);
    }
}

/* ---- what is a secret ---- */

/* "authorization" of "request.header.authorization", "token" of "user.token". */
static struct bytes last_name(struct bytes key)
{
    for (size_t i = key.len; i > 0; i--) {
        if (key.ptr[i - 1] == '.')
            return bytes_from(key, i);
    }
    return key;
}

/* A target as in `set: { request.header.x: … }` tells its place itself. */
static enum place key_place(enum place place, struct bytes key)
{
    static const struct {
        struct bytes part;
        enum place place;
    } parts[] = {
        {BYTES_INIT(".header."), PLACE_HEADERS},
        {BYTES_INIT(".trailer."), PLACE_HEADERS},
        {BYTES_INIT(".query."), PLACE_QUERY},
        {BYTES_INIT(".cookie."), PLACE_COOKIES},
    };

    for (size_t i = 0; place == PLACE_OWN && i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (bytes_search(key, parts[i].part) > 0)
            return parts[i].place;
    }
    return place;
}

/* Where the values below a key stand. */
static enum place inner_place(enum place place, struct bytes key)
{
    static const struct {
        const char *key;
        enum place place;
    } keys[] = {
        {"vars", PLACE_VARS},       {"header", PLACE_HEADERS},   {"headers", PLACE_HEADERS},
        {"trailer", PLACE_HEADERS}, {"trailers", PLACE_HEADERS}, {"query", PLACE_QUERY},
        {"cookie", PLACE_COOKIES},  {"json", PLACE_JSON},        {"problem", PLACE_JSON},
        {"merge", PLACE_JSON},
    };

    for (size_t i = 0; place == PLACE_OWN && i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (bytes_equal(key, bytes_of(keys[i].key)))
            return keys[i].place;
    }
    return place;
}

static bool is_secret(const struct show *s, enum place place, const struct node *n)
{
    unsigned where;

    if (!n->key.len)
        return false;
    where = redact_name_find(s->redactor->own, last_name(n->key));
    switch (key_place(place, n->key)) {
    case PLACE_OWN:
        return false;
    case PLACE_VARS:
        return is_secret_name(n->key);
    case PLACE_HEADERS:
        return (where & REDACT_HEADER) != 0;
    case PLACE_QUERY:
        return (where & REDACT_PARAM) != 0;
    case PLACE_COOKIES:
        return true;
    case PLACE_JSON:
        return (where & (n->kind == NODE_SCALAR && !node_is_json_word(n) ? REDACT_MEMBER
                                                                         : REDACT_DEEP)) != 0;
    }
    return false;
}

/* Words of the language, and patterns that name captures for `then`, have to stay. */
static bool must_stay(struct bytes text)
{
    return bytes_equal(text, BYTES("present")) || bytes_equal(text, BYTES("absent")) ||
           (bytes_starts_with(text, BYTES("~")) && bytes_search(text, BYTES("(?")) >= 0);
}

/* ---- texts ---- */

static enum status keep(struct show *s, struct buf *text, struct bytes *ret_text)
{
    enum status st = buf_status(text);
    struct bytes copy = st ? bytes_make(NULL, 0) : arena_copy(&s->c->arena, buf_bytes(text));

    if (!st && text->len && !copy.ptr)
        st = STATUS_NO_MEMORY;
    if (!st)
        *ret_text = copy;
    return st;
}

/* "http://user:password@host": who the user is stays untold too. */
static void put_without_user(struct bytes in, struct buf *out)
{
    ptrdiff_t start;

    while ((start = bytes_search(in, BYTES("://"))) >= 0) {
        struct bytes rest = bytes_from(in, (size_t)start + 3);
        size_t end = 0, user = 0;

        while (end < rest.len && bytes_find(BYTES("/?# \t\r\n\"'"), rest.ptr[end]) < 0) {
            if (rest.ptr[end] == '@')
                user = end;
            end++;
        }
        buf_put(out, bytes_until(in, (size_t)start + 3));
        if (user)
            buf_put_text(out, mask);
        buf_put(out, bytes_until(bytes_from(rest, user), end - user));
        in = bytes_from(rest, end);
    }
    buf_put(out, in);
}

/* The secrets that a text of any kind may hold: a body that a rule sets, a URL. */
static enum status text_mask(struct show *s, struct bytes *text)
{
    struct buf plain, out;
    enum status st;

    buf_init(&plain, SHOWN_TEXT_BYTES);
    buf_init(&out, SHOWN_TEXT_BYTES);
    put_without_user(*text, &plain);
    redact_put_body(s->redactor, BYTES(""), buf_bytes(&plain), &out);
    st = buf_status(&plain) ? buf_status(&plain) : keep(s, &out, text);
    buf_release(&plain);
    buf_release(&out);
    return st;
}

static enum status auth_mask(struct show *s, struct bytes *text)
{
    ptrdiff_t colon = bytes_find(*text, ':');
    struct buf out;
    enum status st;

    if (colon < 0)
        return STATUS_OK;
    buf_init(&out, SHOWN_TEXT_BYTES);
    buf_put(&out, bytes_until(*text, (size_t)colon + 1));
    buf_put_text(&out, mask);
    st = keep(s, &out, text);
    buf_release(&out);
    return st;
}

/* A relative name starts at the folder of the file it stands in. "off" and "-" are none. */
static enum status path_whole(struct show *s, struct node *n)
{
    const char *folder = n->source && n->source->folder ? n->source->folder : s->c->folder;
    char *path;

    if (n->text.len == 0 || n->text.ptr[0] == '/' || bytes_equal(n->text, BYTES("off")) ||
        bytes_equal(n->text, BYTES("-")))
        return STATUS_OK;
    path = arena_printf(&s->c->arena, "%s/%.*s", folder, (int)n->text.len, n->text.ptr);
    if (!path)
        return STATUS_NO_MEMORY;
    n->text = bytes_of(path);
    return STATUS_OK;
}

/* What a reader would take for no value, or for a word, had it stood in the file. */
static bool reads_otherwise(struct bytes text)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL", "none"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (bytes_equal(text, bytes_of(words[i])))
            return true;
    }
    return false;
}

static enum status scalar_expand(struct show *s, struct node *n, enum place place)
{
    struct bytes before = n->text;
    enum status st = config_expand(&s->reader, n, n->text, &n->text);

    if (!st && place != PLACE_JSON && !bytes_equal(before, n->text) && reads_otherwise(n->text))
        n->plain = false;
    return st;
}

static enum status scalar_show(struct show *s, struct node *n, const struct level *level)
{
    enum status st = scalar_expand(s, n, level->place);

    if (!st && level->files)
        st = path_whole(s, n);
    if (st || !s->redactor->on)
        return st;
    if ((level->secret || is_secret(s, level->place, n)) && !must_stay(n->text)) {
        n->text = bytes_of(mask);
        return STATUS_OK;
    }
    return text_mask(s, &n->text);
}

/* ---- the walk ---- */

static bool names_files(struct bytes key)
{
    static const char *const keys[] = {"file", "serve", "folder", "cert",
                                       "key",  "jsonl", "har",    "upstream_ca"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (bytes_equal(key, bytes_of(keys[i])))
            return true;
    }
    return false;
}

static enum status node_show(struct show *s, struct level *level, struct node *n,
                             struct level *ret_inner)
{
    struct level at = *level;
    enum status st = STATUS_OK;

    if (level->place == PLACE_JSON && n->key.len)
        st = config_expand(&s->reader, n, n->key, &n->key);
    if (st)
        return st;
    if (n->key.len)
        at.files = level->place == PLACE_OWN && n->kind == NODE_SCALAR && names_files(n->key);
    if (n->kind == NODE_SCALAR) {
        at.place = inner_place(level->place, n->key) == PLACE_JSON ? PLACE_JSON : level->place;
        return scalar_show(s, n, &at);
    }
    *ret_inner = (struct level){
        .next = n->first,
        .place = n->key.len ? inner_place(level->place, n->key) : level->place,
        .secret = level->secret || is_secret(s, level->place, n),
    };
    return STATUS_OK;
}

static enum status tree_show(struct show *s, struct node *root)
{
    struct level levels[NODE_DEPTH + 1] = {{.next = root->first}};
    uint32_t depth = 1;

    while (depth > 0) {
        struct level *level = &levels[depth - 1], inner = {0};
        struct node *n = level->next;
        enum status st;

        if (!n) {
            depth--;
            continue;
        }
        level->next = n->next;
        st = node_show(s, level, n, &inner);
        if (st)
            return st;
        if (inner.next && depth <= NODE_DEPTH)
            levels[depth++] = inner;
    }
    return STATUS_OK;
}

static void key_remove(struct node *map, const char *key)
{
    for (struct node **at = &map->first; *at; at = &(*at)->next) {
        if (!bytes_equal((*at)->key, bytes_of(key)))
            continue;
        *at = (*at)->next;
        map->count--;
        return;
    }
}

enum status config_show(struct config *c, const struct redactor *redactor)
{
    struct show s = {.c = c, .reader = c->reader, .redactor = redactor};
    struct node *auth;
    enum status st;

    if (!c->root) {
        c->root = arena_alloc(&c->arena, sizeof(*c->root));
        if (!c->root)
            return STATUS_NO_MEMORY;
        c->root->kind = NODE_MAP;
    }
    key_remove(c->root, "include");
    s.reader.getenv = redactor->on ? masked_environment : environment;
    if (redactor->on)
        mask_vars(s.reader.vars);
    st = tree_show(&s, c->root);
    auth = node_find(c->root, "auth");
    if (!st && auth && redactor->on)
        st = auth_mask(&s, &auth->text);
    return st ? st : config_fill(&c->arena, c->root);
}
