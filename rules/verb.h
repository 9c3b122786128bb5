/* verb: one thing a rule does. A new verb made of known effects is one file,
 * verb_<name>.c, with one struct, and one row in verbs.def. */
#ifndef WEIR_RULES_VERB_H
#define WEIR_RULES_VERB_H

#include "rules/compiler.h"
#include "rules/firing.h"

enum verb_trait {
    VERB_TERMINAL = 1, /* ends its rule and its pass */
    VERB_BARE = 2,     /* may stand as a word alone: `then: pass` */
    VERB_ANSWERS = 4,  /* nothing goes upstream, whatever the request */
    VERB_PASSES = 8,   /* the request may go upstream, with no later rule asked */
    /* Of the connection pass: asked when a client opens TLS, or before weir dials. */
    VERB_AT_HELLO = 16,
    VERB_AT_DIAL = 32,
    VERB_OF_CONNECTION = VERB_AT_HELLO | VERB_AT_DIAL,
};

struct verb {
    const char *name;
    const char *help;    /* one line, for the manual */
    const char *example; /* of its value; NULL: none */
    unsigned traits;     /* of enum verb_trait */
    size_t args_size;    /* bytes that parse() gets zeroed, in the ruleset */
    /* `n` is the verb's value; NULL for a bare word. Adds to c->effects how many effects
     * it may have at most. */
    enum status (*parse)(struct rule_compiler *c, const struct node *n, void *args);
    /* Is it right for this request? Else the rule does not match. NULL: always. `place`:
     * firings of the rule's key so far. */
    bool (*applies)(const void *args, const struct rule_view *view, uint64_t place);
    /* STATUS_OK: go on; STATUS_END: a terminal effect was appended; STATUS_REFUSED: a NOTE
     * was, and the rule ends here; STATUS_NO_MEMORY. */
    enum status (*apply)(const void *args, struct firing *f);
    /* The traits that depend on the arguments, added to those above; NULL: none. */
    unsigned (*traits_of)(const void *args);
};

#define VERB(name) extern const struct verb verb_##name;
#define VERB_LATER(name)
#include "rules/verbs.def"
#undef VERB
#undef VERB_LATER

#endif
