/* stub_rules: recorded flows as `respond` rules, so that a recording becomes a server that
 * needs no network. One rule for each method and URL; what it answered in turn becomes the
 * steps of a sequence, of which the last repeats. */
#ifndef WEIR_CLI_STUB_RULES_H
#define WEIR_CLI_STUB_RULES_H

#include "base/arena.h"
#include "config/node.h"
#include "logs/flow.h"
#include "logs/redact.h"

enum {
    STUB_RULES = 10 * 1000,            /* in one file; further URLs are left out */
    STUB_STEPS = 64,                   /* of one rule; later answers take the last one's place */
    STUB_BYTES = 256 * 1024 * 1024,    /* of all rules in memory; bodies of files apart */
    STUB_INLINE_BYTES = 1024,          /* longer texts go to a file */
    STUB_FIELDS = 120,                 /* of one answer; the language takes 128 */
    STUB_BODY_BYTES = 8 * 1024 * 1024, /* the rules take no longer ones */
    STUB_YAML_BYTES = 8 * 1024 * 1024, /* nor longer files */
    STUB_NAME_TEXT = 64,               /* of a body's file, with its NUL */
};

struct stub_settings {
    const struct redactor *redactor; /* borrowed */
    const char *folder;              /* where bodies are written; made when the first one is */
    const char *shown_folder;        /* what the rules call it */
};

/* What became of the flows. */
struct stub_counts {
    uint64_t flows;                  /* that are in the rules */
    uint64_t unanswered, cut, large; /* and that are not: no whole answer was recorded */
    uint64_t odd;                    /* a method or status that rules cannot say */
    uint64_t overflow;               /* over STUB_RULES */
    uint64_t steps_lost, fields_lost;
    uint64_t sealed; /* bodies that cannot be decoded whole, so that secrets may be in them */
    uint64_t files;
    bool redacted;
};

struct stub_step {
    struct node *node;
    uint64_t hashes[2];
};

struct stub {
    struct bytes match;
    uint32_t parameters; /* of its query */
    uint32_t number;     /* in order of appearance */
    struct stub_step steps[STUB_STEPS];
    uint32_t step_count;
};

struct stub_rules {
    struct stub_settings settings;
    struct stub_counts counts;
    struct arena arena;
    struct stub **stubs; /* STUB_RULES */
    uint32_t count;
    uint32_t *index; /* by the hash of `match`: the place in `stubs`, plus one */
};

MUST_USE enum status stub_rules_init(struct stub_rules *s, const struct stub_settings *settings);
void stub_rules_release(struct stub_rules *s);
/* NO_MEMORY; LIMIT; IO: a body could not be written (errno). */
MUST_USE enum status stub_rules_add(struct stub_rules *s, const struct flow *f);
/* The file. LIMIT, NO_MEMORY. */
MUST_USE enum status stub_rules_put(struct stub_rules *s, struct buf *out);

/* stub_match.c: "GET https://a.test/b?c=1" as a rule's match, appended. What would have
 * a meaning there, or is secret, becomes '*'. *ret_parameters of its query are named. */
void stub_match_put(const struct redactor *r, const struct flow *f, struct buf *out,
                    uint32_t *ret_parameters);
/* stub_answer.c: { respond: … }. The flow has an answer. */
MUST_USE enum status stub_answer_make(struct stub_rules *s, const struct flow *f,
                                      struct node **ret_node);
/* Adds to a map or, without `key`, to a list. NULL when out of memory. */
struct node *stub_node_add(struct arena *a, struct node *parent, const char *key,
                           enum node_kind kind);
/* The same of a scalar; quoted unless it can only be what it says. */
MUST_USE enum status stub_node_text(struct arena *a, struct node *parent, const char *key,
                                    struct bytes text);

#endif
