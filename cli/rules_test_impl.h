/* rules_test_impl: what the files of rules_test share. For them only. */
#ifndef WEIR_CLI_RULES_TEST_IMPL_H
#define WEIR_CLI_RULES_TEST_IMPL_H

#include "cli/launch.h"
#include "cli/trial_input.h"
#include "cli/trial_put.h"
#include "rules/when.h"
#include "rules/when_tap.h"

enum { RULES_TEST_OUT_BYTES = 64 * 1024 * 1024 }; /* of what is not yet printed */

/* What `when` said of one rule in the call at hand. */
struct decision {
    const char *label;
    const struct when *when;
    struct bytes key;
    const struct per *per;
    uint64_t n;
    bool fires;
    const struct decision *next;
};

struct rules_test {
    const struct cli *cli;
    struct config config;
    struct rule_state *state;
    struct when_tap tap;
    struct arena input_arena, call_arena;
    struct trial_input input;
    struct buf data, response_data; /* the contents */
    uint64_t calls;
    bool json, verbose;
    const struct decision *decisions, **decisions_end;
    bool out_of_memory; /* in the tap */
    uint64_t calls_fired;
    struct buf out;
};

/* rules_test_put.c: appends to t->out what came of a call, for people or as JSON. LIMIT,
 * NO_MEMORY. */
MUST_USE enum status rules_test_put(struct rules_test *t, const struct trial_case *in,
                                    const struct trial *trial, uint64_t number);

#endif
