/* trial_input: a request and the response to it, made of what people or records say,
 * for rules/trial.h. Names and values are borrowed but for what has to be made, which
 * goes into the arena. */
#ifndef WEIR_CLI_TRIAL_INPUT_H
#define WEIR_CLI_TRIAL_INPUT_H

#include "rules/trial.h"

struct trial_input {
    struct arena *arena;
    struct head request, response;
    struct rule_body request_body, response_body;
    struct rule_tls tls;
    struct rule_view view;
    bool has_response;
};

/* Empty, asked by 127.0.0.1 at noon of a day that is always the same. */
void trial_input_init(struct trial_input *in, struct arena *arena);
/* `url` may lack the scheme, which is http then; of CONNECT it is host:port. BAD_INPUT:
 * it is none; NO_MEMORY. */
MUST_USE enum status trial_input_url(struct trial_input *in, struct bytes method, struct bytes url);
/* A field of one of the heads. BAD_INPUT: it cannot be one (RFC 9110 §5.1, §5.5). */
MUST_USE enum status trial_input_field(struct trial_input *in, struct head *head, struct bytes name,
                                       struct bytes value);
/* There is a response, of this status. */
void trial_input_status(struct trial_input *in, uint16_t status);
/* All is there: adds Host, and lets the view point to it. */
MUST_USE enum status trial_input_finish(struct trial_input *in);
/* As a case; it borrows `in`. */
struct trial_case trial_input_case(const struct trial_input *in, const struct ruleset *rules);

#endif
