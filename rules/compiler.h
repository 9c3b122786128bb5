/* compiler: what the parsers of a rule's parts share while a ruleset is made:
 * where memory comes from, where diagnostics go, and which names the rule's
 * match defines. Everything it gives lives as long as the ruleset. */
#ifndef WEIR_RULES_COMPILER_H
#define WEIR_RULES_COMPILER_H

#include <stddef.h>

#include "rules/pattern.h"
#include "rules/ruleset.h"

enum { RULE_NAME_BYTES = 128 };

/* The expanded text of a scalar, for diagnostics about a part of it. */
struct rule_text {
    const struct node *node;
    struct bytes all;
};

struct rule_compiler {
    struct config_reader reader; /* its arena is the ruleset's */
    struct arena *arena;
    struct pattern_set *patterns;
    const char *folder; /* where relative file names start */
    int64_t seed;       /* defaults.seed */
    bool cors;
    /* of the rule at hand */
    struct bytes captures[RULE_CAPTURES];
    uint32_t capture_count;
    uint32_t captures_taken; /* as bits: those that may not be named again here */
    /* "beneath 'not'": where we are, when nothing may be captured there; else NULL */
    const char *captures_refused;
    bool captures_unsure; /* the match is wrong: do not complain of unknown names */
    uint32_t effects;     /* that it may have at most, so far */
    bool response_pass;   /* it matches responses */
    unsigned needs;       /* what it looks at besides, of NEEDS_* (match.h) */
    bool changes_body;    /* of the response */
    bool in_sequence;
    unsigned moment; /* of a rule of the connection pass: VERB_AT_HELLO or VERB_AT_DIAL; else 0 */
};

/* Adds `st` to what a parser has found so far: out of memory counts most. */
enum status status_worse(enum status so_far, enum status st);

/* A scalar's text with $(var) and $(env.X) replaced and `$$(` made `$(`, for
 * where no capture or request part may stand: such a one is an error. */
MUST_USE enum status compiler_text(struct rule_compiler *c, const struct node *n,
                                   struct rule_text *ret_text);
/* The same, but other $(…) and `$$(` are left for template_parse(). */
MUST_USE enum status compiler_template_text(struct rule_compiler *c, const struct node *n,
                                            struct rule_text *ret_text);
/* The key of `n`, with $(var) and $(env.X) replaced, as a copy. */
MUST_USE enum status compiler_key(struct rule_compiler *c, const struct node *n,
                                  struct bytes *ret_key);
/* An error at `part`, which is a slice of text->all. Always STATUS_BAD_CONFIG. */
enum status compiler_error(struct rule_compiler *c, const struct rule_text *text, struct bytes part,
                           const char *format, ...) __attribute__((format(printf, 4, 5)));
void compiler_warning(struct rule_compiler *c, const struct rule_text *text, struct bytes part,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));
/* "'X' is not in this version" at the key of `n`. Always STATUS_BAD_CONFIG. */
enum status compiler_later(struct rule_compiler *c, const struct node *n);
/* Refuses, at the key of `n`, what only a rule that matches no response may do. */
MUST_USE enum status compiler_of_request(struct rule_compiler *c, const struct node *n);
/* Must be a list or a map as named; else an error that says what it should be. */
MUST_USE enum status compiler_want(struct rule_compiler *c, const struct node *n,
                                   enum node_kind kind, const char *what);

/* For a key of a section that is read later: keeps the node itself. */
enum status node_keep(const struct config_reader *r, const struct node *n, void *field);
#define NODE_KEY(target, key, text)                                                                \
    {                                                                                              \
        .name = #key, .type = CONFIG_CUSTOM, .offset = offsetof(struct target, key),               \
        .parse = node_keep, .help = text                                                           \
    }

/* Defines a capture of the rule at hand. Refused: a name that is not one, that a
 * variable or another capture has, or that is a word of the language. Alternatives of an
 * `any` may give the same name: it is the same capture then. */
MUST_USE enum status compiler_capture(struct rule_compiler *c, const struct rule_text *text,
                                      struct bytes name, int *ret_index);
bool compiler_has_variable(const struct rule_compiler *c, struct bytes name);
/* Its index, or -1. */
int compiler_find_capture(const struct rule_compiler *c, struct bytes name);

#endif
