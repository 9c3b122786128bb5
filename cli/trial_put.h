/* trial_put: what came of a trial, for people and as JSON. */
#ifndef WEIR_CLI_TRIAL_PUT_H
#define WEIR_CLI_TRIAL_PUT_H

#include "base/buf.h"
#include "rules/trial.h"

/* The answer with its head and content, or the request as it is sent on. */
void trial_put_messages(struct buf *out, const struct trial *t);
/* "answered 503; response held 200.0 ms", on one line. */
void trial_put_outcome(struct buf *out, const struct trial *t);
/* Members of a JSON object, each with a comma before it. */
void trial_put_json(struct buf *out, const struct trial *t);
/* Who matched and fired how often, of the rules that did: "rule  matched  fired". `max`
 * lines; then how many there are besides. */
void trial_put_totals(struct buf *out, const struct ruleset *rules, size_t max);
void trial_put_totals_json(struct buf *out, const struct ruleset *rules);

#endif
