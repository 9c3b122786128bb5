/* node: a YAML document as a tree with places. Scalars stay text: our schema,
 * never YAML's guesses, gives them a type. Refused with a diagnostic: duplicate
 * keys, anchors, aliases, tags, `<<`, several documents, depth over
 * CONFIG_DEPTH, size over CONFIG_BYTES, keys that are not scalars. The well-known
 * mistakes (a pattern starting with *, {id} in a flow map, `>=500`, a leading @
 * or %) are recognised by shape: "put single quotes around …". */
#ifndef WEIR_CONFIG_NODE_H
#define WEIR_CONFIG_NODE_H

#include "config/diag.h"

enum {
    CONFIG_DEPTH = 32,
    CONFIG_BYTES = 8 * 1024 * 1024,
    CONFIG_NODES = 1000 * 1000,
    SET_KEYS = 8,                         /* in the path of node_set() */
    NODE_DEPTH = CONFIG_DEPTH + SET_KEYS, /* of a tree that --set was used on */
};

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
    enum node_kind kind;
    bool plain; /* scalar written without quotes and not as a block */
    const struct source *source;
    struct mark at, end;
    struct bytes text;  /* scalar */
    struct node *first; /* of a list: its items; of a map: its values, in order */
    struct node *next;  /* the next one in the parent */
    struct bytes key;   /* within a map */
    struct mark key_at;
    uint32_t count; /* children */
};

/* Parses `source->text`. The tree lives in `arena`, and points to `source`, which
 * the caller keeps as long. An empty document gives *ret_root NULL and OK.
 * STATUS_BAD_CONFIG: with diagnostics; *ret_root is set all the same when only
 * keys stood twice, so that the rest can be judged too. A syntax error is mended
 * where the mistake is known, for the sake of those after it. */
MUST_USE enum status node_parse(struct arena *arena, const struct source *source,
                                struct diags *diags, struct node **ret_root);
/* node_file.c: the text of a file (of more than CONFIG_BYTES, one byte more, which
 * node_parse() refuses), in the arena. NOT_FOUND and IO (errno) leave no diagnostic. */
MUST_USE enum status source_load(struct arena *arena, const char *path, const char *shown,
                                 struct source **ret_source);
/* source_load(), then node_parse(). NOT_FOUND
 * and IO leave a diagnostic too. `shown` is the name for diagnostics. */
MUST_USE enum status node_load(struct arena *arena, const char *path, const char *shown,
                               struct diags *diags, struct node **ret_root);
/* The value of a map's key, or NULL. */
struct node *node_find(const struct node *map, const char *key);
/* Sets "a.b.c" to the YAML text `value` (for --set), making maps on the way; what
 * was there is replaced. A key with a dot stands in double quotes: a."b.c". The
 * place of diagnostics is called "--set a.b.c". At most SET_KEYS keys. */
MUST_USE enum status node_set(struct arena *arena, struct node **root, const char *path,
                              const char *value, struct diags *diags);
/* A diagnostic at a node (its text underlined), or at its key. */
void node_error(struct diags *d, const struct node *n, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void node_warning(struct diags *d, const struct node *n, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void node_key_error(struct diags *d, const struct node *n, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Writes the tree as YAML that parses to an equal tree: the same texts, kinds and
 * order, and plain scalars plain wherever that can mean something. NULL writes
 * nothing. BAD_INPUT when a text is not UTF-8, LIMIT when deeper than NODE_DEPTH. */
MUST_USE enum status node_put_yaml(const struct node *root, struct buf *out);
/* Reads a scalar as JSON's grammar types it: plain null true false numbers are
 * themselves, all else is text; maps and lists become objects and arrays. For
 * what stands below `json:`. Nested at most NODE_DEPTH (STATUS_LIMIT). */
MUST_USE enum status node_put_json(const struct node *n, struct buf *out);
/* Is that scalar a null, true, false or number there? */
bool node_is_json_word(const struct node *n);

#endif
