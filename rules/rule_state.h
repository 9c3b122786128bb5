/* rule_state: the counters of `when` and `sequence`, and what was switched by hand. A slot belongs
 * to a rule, known by its name and its text, and lives as long as a ruleset that has this rule: so
 * a reload keeps the counts of rules that did not change. All functions are thread safe. */
#ifndef WEIR_RULES_RULE_STATE_H
#define WEIR_RULES_RULE_STATE_H

#include "rules/ruleset.h"

struct rule_slot;

/* What the counters of a rule are told apart by: `per` a kind of key, and the key
 * itself; a key without ptr is the one of the whole rule. */
struct rule_key {
    unsigned per;
    struct bytes text;
};

/* The slot of that rule, with one reference; `state` must outlive it. */
MUST_USE enum status rule_slot_get(struct rule_state *state, struct bytes name, uint64_t text_hash,
                                   struct rule_slot **ret_slot);
void rule_slot_unref(struct rule_slot *slot); /* NULL is fine */

/* One more match of the whole rule; how many there are now. */
uint64_t rule_slot_match(struct rule_slot *slot);
/* One more match under `key`; *ret_n is how many there are now. Of RULE_KEYS keys the
 * one not seen for longest is forgotten. NO_MEMORY. */
MUST_USE enum status rule_slot_count(struct rule_slot *slot, struct rule_key key, uint64_t *ret_n);
/* One more firing; *ret_before is how many there were under `key` before it. */
MUST_USE enum status rule_slot_fire(struct rule_slot *slot, struct rule_key key,
                                    uint64_t *ret_before);
/* How many firings there were under `key`. */
MUST_USE enum status rule_slot_fired(struct rule_slot *slot, struct rule_key key,
                                     uint64_t *ret_fired);
/* What people said of a rule while it runs, beside what its file says. */
enum rule_wish { RULE_AS_WRITTEN, RULE_ON, RULE_OFF };
enum rule_wish rule_slot_wish(const struct rule_slot *slot);
void rule_slot_set_wish(struct rule_slot *slot, enum rule_wish wish);
/* Where its firings wait for each other; it lives as long as the slot. */
struct rendezvous *rule_slot_rendezvous(struct rule_slot *slot);
/* In all. */
void rule_slot_totals(const struct rule_slot *slot, uint64_t *ret_matched, uint64_t *ret_fired);

#endif
