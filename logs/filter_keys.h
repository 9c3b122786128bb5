/* filter_keys: the keys of the filter grammar and the words they take, as rows, for the
 * parser, help, completion and the manual. */
#ifndef WEIR_LOGS_FILTER_KEYS_H
#define WEIR_LOGS_FILTER_KEYS_H

#include "base/bytes.h"

enum filter_key {
#define FILTER_KEY(id, name, aliases, kind, cost, value, help, example) FILTER_##id,
#include "logs/filter_keys.def"
#undef FILTER_KEY
    FILTER_KEY_COUNT
};

/* How a key's value is read. */
enum filter_kind {
    FILTER_KIND_TEXT,   /* stands somewhere in it */
    FILTER_KIND_WORD,   /* equals it */
    FILTER_KIND_HOST,   /* "a.test" ".a.test" "*.a.test" */
    FILTER_KIND_STATUS, /* "404" "5xx" "400-499" ">=400" "none" */
    FILTER_KIND_MIME,
    FILTER_KIND_NUMBER,
    FILTER_KIND_VERSION,
    FILTER_KIND_SIZE,
    FILTER_KIND_LARGER,
    FILTER_KIND_SMALLER,
    FILTER_KIND_DURATION,
    FILTER_KIND_FIELD, /* NAME or NAME=TEXT */
    FILTER_KIND_ANOMALY,
    FILTER_KIND_ID,
    FILTER_KIND_CHOICE, /* a row of filter_words.def */
    FILTER_KIND_SINCE,
    FILTER_KIND_UNTIL,
};

/* What answering takes, from the cheapest: facts of the record, walks over its heads, a URL
 * put together, a body decoded. */
enum filter_cost { FILTER_COST_NARROW, FILTER_COST_HEADS, FILTER_COST_URL, FILTER_COST_BODY };

enum filter_word {
#define FILTER_WORD(key, id, name, aliases, help) FILTER_##id,
#include "logs/filter_words.def"
#undef FILTER_WORD
    FILTER_WORD_COUNT
};

struct filter_key_row {
    const char *name, *aliases; /* aliases: each between spaces */
    enum filter_kind kind;
    enum filter_cost cost;
    const char *value, *help, *example;
};
struct filter_word_row {
    enum filter_key key;
    const char *name, *aliases, *help;
};
extern const struct filter_key_row filter_key_rows[FILTER_KEY_COUNT];
extern const struct filter_word_row filter_word_rows[FILTER_WORD_COUNT];

/* Filters of other tools in our words: "~c 404" is "status:404". */
struct filter_like {
    const char *tool, *theirs;
    const char *ours; /* "": there is none; `help` says why */
    const char *help;
};
extern const struct filter_like filter_likes[];
extern const size_t filter_like_count;

/* By name or alias, any case. */
bool filter_key_find(struct bytes name, enum filter_key *ret_key);
bool filter_word_find(enum filter_key key, struct bytes name, enum filter_word *ret_word);
/* The nearest name of a key (also one that begins so), of a word of `key`, or NULL. */
const char *filter_key_nearest(struct bytes name);
const char *filter_word_nearest(enum filter_key key, struct bytes name);

#endif
