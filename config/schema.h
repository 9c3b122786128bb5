/* schema: tables of keys that turn a node tree into a struct. Parser, manual,
 * JSON Schema, `weir config` and completion come from the same rows. */
#ifndef WEIR_CONFIG_SCHEMA_H
#define WEIR_CONFIG_SCHEMA_H

#include "config/node.h"

enum {
    EXPAND_DEPTH = 8,     /* variables within variables */
    EXPAND_STEPS = 10000, /* variables put into one text */
};

enum config_type {
    CONFIG_BOOL, /* bool:     true false on off yes no, in small letters */
    CONFIG_INT,  /* int64_t:  decimal, within min..max; both 0: no bounds (SIZE, DURATION too) */
    CONFIG_SIZE, /* int64_t:  bytes, "64KiB" */
    CONFIG_DURATION, /* int64_t:  µs, "120s"; a bare 0 is none */
    CONFIG_TEXT,     /* struct bytes, with a NUL after it, in the arena */
    CONFIG_WORD,     /* int: index into `words` */
    CONFIG_TEXTS,    /* struct config_texts: one text or a list of them */
    CONFIG_SECTION,  /* a struct of its own at the offset, read by `section` */
    CONFIG_CUSTOM,   /* `parse` reads the node into the field */
    CONFIG_LATER,    /* known to the language, refused: "not in this version" */
};

struct config_texts {
    struct bytes *items;
    const struct node **nodes; /* for diagnostics later on */
    uint32_t count;
};

struct config_section;

/* What a reader needs; made by the one who loads. */
struct config_reader {
    struct arena *arena;
    struct diags *diags;
    const struct node *vars;                 /* the vars: map, or NULL */
    const char *(*getenv)(const char *name); /* for $(env.NAME) */
    /* Told of each section that config_read() is asked for, by who describes the
     * language; NULL: nobody wants to know. */
    void (*on_section)(void *self, const struct config_section *section);
    void *self;
};

struct config_key {
    const char *name;
    enum config_type type;
    size_t offset;        /* of the field in the target */
    const char *fallback; /* the default, as it would be written; NULL: leave the field as it is */
    int64_t min, max;     /* INT, SIZE, DURATION */
    const char *const *words; /* WORD: NULL-terminated */
    const struct config_section *section;
    enum status (*parse)(const struct config_reader *r, const struct node *n, void *field);
    const char *help; /* one line */
};

struct config_section {
    const char *name; /* "timeouts"; "" for the root */
    const struct config_key *keys;
    size_t count;
};

/* Sets every field to its default, then reads `map` (NULL: defaults only). What is
 * wrong leaves its default. Sections nest at most 8 deep.
 * Unknown keys ("did you mean"), wrong kinds and values are diagnostics, all of
 * them; STATUS_BAD_CONFIG when there was any. */
MUST_USE enum status config_read(const struct config_reader *r,
                                 const struct config_section *section, const struct node *map,
                                 void *target);

/* Scalar readers for CUSTOM parsers; each replaces $(var) and $(env.X) first, and
 * reports what is wrong at the node: a list or map, `~` or `null` or nothing, a
 * value that does not fit. */
MUST_USE enum status config_text(const struct config_reader *r, const struct node *n,
                                 struct bytes *ret_text); /* with a NUL after it */
MUST_USE enum status config_int(const struct config_reader *r, const struct node *n, int64_t min,
                                int64_t max, int64_t *ret_value);
MUST_USE enum status config_size(const struct config_reader *r, const struct node *n,
                                 int64_t *ret_bytes);
MUST_USE enum status config_duration(const struct config_reader *r, const struct node *n,
                                     int64_t *ret_us);
MUST_USE enum status config_bool(const struct config_reader *r, const struct node *n,
                                 bool *ret_value);
MUST_USE enum status config_word(const struct config_reader *r, const struct node *n,
                                 const char *const *words, int *ret_index);
MUST_USE enum status config_texts(const struct config_reader *r, const struct node *n,
                                  struct config_texts *ret_texts);
/* Whether a value stands there: reports it when not. For what no reader above is
 * asked, as a CUSTOM parser of a map. */
MUST_USE enum status config_present(const struct config_reader *r, const struct node *n);
/* Replaces $(name) of vars and $(env.NAME) in `in`; leaves every other $(…) for
 * those who come later, and $$( as it is. Unknown names of the form $(env.X) that
 * are not set are errors; other unknown names are not judged here. */
MUST_USE enum status config_expand(const struct config_reader *r, const struct node *at,
                                   struct bytes in, struct bytes *ret_out);
/* An unknown key of a map: reports it with the nearest of `words`, or with all of
 * them when they are few. */
void config_unknown_key(const struct config_reader *r, const struct node *n,
                        const char *const *words, size_t count);

#endif
