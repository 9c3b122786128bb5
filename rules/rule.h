/* rule: a compiled rule, and the ruleset inside. Not for other folders. */
#ifndef WEIR_RULES_RULE_H
#define WEIR_RULES_RULE_H

#include <stdatomic.h>

#include "rules/actions.h"
#include "rules/host_index.h"
#include "rules/match.h"
#include "rules/rule_state.h"
#include "rules/when.h"

enum { RULESET_BYTES = 1024 * 1024 * 1024 }; /* of a ruleset's arena */

/* When a rule is asked. */
enum rule_pass { PASS_CONNECTION, PASS_REQUEST, PASS_RESPONSE, PASSES };

struct rule {
    const char *name;  /* "" when it has none */
    const char *label; /* "proxy.yaml:12 name" */
    const char *group; /* "" when it is in none */
    const char *place; /* "proxy.yaml:12" */
    bool enabled;      /* itself and its group, as the file says; see rule_is_on() */
    enum rule_pass pass;
    struct bytes mark;      /* what the marking header says: the name, else file:line */
    struct bytes dice_name; /* the name, else a hash of the text */
    struct match match;
    struct when when;
    struct actions then;
    unsigned moment;   /* of PASS_CONNECTION: VERB_AT_HELLO or VERB_AT_DIAL; else 0 */
    uint32_t effects;  /* at most */
    unsigned needs;    /* of `then`, of NEEDS_* */
    bool changes_body; /* of the response */
    struct rule_slot *slot;
};

struct ruleset {
    _Atomic uint32_t refs;
    struct arena arena; /* of all that hangs on it but slots and patterns */
    struct pattern_set *patterns;
    struct rule *rules;
    uint32_t count;
    const struct match_gate *gates;          /* of the rules, by number */
    const struct host_index *passes[PASSES]; /* of all rules, since any may be switched on */
    const struct host_index *hosts;          /* the same, by host alone */
    unsigned moments;                        /* of all of them, as bits */
    uint64_t seed;
    bool cors;
    const char *mark_name; /* NULL: off */
};

/* rule_decide.c: does it fire, now that it has matched and was counted? Its `when` says
 * `fires`; who listens to decisions has the last word. */
bool rule_decide(const struct rule *rule, const struct rule_view *view, struct rule_key key,
                 uint64_t n, bool fires);
/* ruleset_switch.c: is it asked now? As its file says, or as it was switched since. */
bool rule_is_on(const struct rule *rule);

#endif
