/* trial: one request put to a ruleset without any traffic: the steps of the cursor, what
 * the rules ask for done to copies of the heads and contents, and told in words. Counters
 * advance as in traffic. */
#ifndef WEIR_RULES_TRIAL_H
#define WEIR_RULES_TRIAL_H

#include "rules/ruleset.h"

struct trial_case {
    const struct ruleset *rules;
    /* The request, with its content; no response. */
    struct rule_view view;
    /* What the origin would answer; NULL: nobody knows. With its content. */
    const struct head *response;
    const struct rule_body *response_body;
    uint64_t seed; /* of $(uuid) */
};

struct trial_note {
    const char *rule; /* its label, of the ruleset */
    const char *text;
    const struct trial_note *next;
};

enum trial_end {
    TRIAL_SENT_ON,  /* to the origin; with a response given: and that came back */
    TRIAL_ANSWERED, /* by a rule, in the place of the origin or of its response */
    TRIAL_ABORTED,
};

/* A head as it goes out. */
struct trial_message {
    struct head head;
    struct bytes content;
    struct fields trailers;
};

/* All of it lives in the arena, or in what the case has. */
struct trial {
    struct arena *arena;
    enum trial_end end;
    const struct trial_note *notes; /* in the order of the rules' effects */
    struct trial_message request;   /* as it is sent on, if it is */
    struct rule_target target;      /* where to */
    bool has_response;              /* `response` is what the client gets */
    struct bytes raw;               /* not empty: no head, but these bytes, then FIN */
    struct trial_message response;
    bool response_open; /* rules would be asked of a response, and none was given */
    const char *abort;  /* in words, when it was aborted */
    int64_t request_delay_us, response_delay_us;
};

/* `arena` takes all that is made. NO_MEMORY. */
MUST_USE enum status trial_run(const struct trial_case *in, struct arena *arena,
                               struct trial *ret_trial);

#endif
