/* fault_journal: the decisions of `when` as lines of JSON, and the repetition of what
 * such lines say. A line:
 *
 *   {"rule":"flaky checkout","at":"proxy.yaml:12 flaky checkout","per":"client",
 *    "key":"127.0.0.1","n":3,"fired":true,"request":"GET http://a.test/x"}
 *
 * `key` is null where the rule counts all matches alike. Values of headers and cookies,
 * which may be secrets, and keys that are long or no text are told by a hash, as
 * "key_hash". The request's query is left out for the same reason. */
#ifndef WEIR_RULES_FAULT_JOURNAL_H
#define WEIR_RULES_FAULT_JOURNAL_H

#include "base/buf.h"
#include "rules/when_tap.h"

enum {
    FAULT_KEY_BYTES = 1024,            /* of a key that is written as it is */
    FAULT_LINE_BYTES = 512 * 1024,     /* of a line */
    FAULT_DECISIONS = 4 * 1024 * 1024, /* of a repetition: 16 bytes each, at most */
};

/* Appends the line of a decision; `fired` is what became of it. On failure (NO_MEMORY,
 * LIMIT) what was appended is not whole. */
MUST_USE enum status fault_journal_put(const struct when_decision *d, bool fired, struct buf *out);

/* What a recording says. Filled by one thread, then read by many. */
struct fault_replay; /* heap */

/* One line, taken apart. */
struct fault_record {
    struct bytes rule;
    struct bytes key; /* ptr NULL: none */
    bool hashed;      /* `key` is the hash of one */
    uint64_t n;
    bool fired;
};

/* Of decisions about `rules`, which must outlive it. NO_MEMORY. */
MUST_USE enum status fault_replay_new(const struct ruleset *rules,
                                      struct fault_replay **ret_replay);
void fault_replay_free(struct fault_replay *r); /* NULL is fine */
/* NOT_FOUND: there is no such rule; LIMIT: more than FAULT_DECISIONS; NO_MEMORY. */
MUST_USE enum status fault_replay_add(struct fault_replay *r, const struct fault_record *record);
/* As recorded; beyond the recording as the rule says. Thread safe. */
bool fault_replay_fires(const struct fault_replay *r, const struct when_decision *d);

#endif
