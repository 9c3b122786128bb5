/* explain_words: a test of a match that decided against a request, in words. Inner header
 * of explain. */
#ifndef WEIR_RULES_EXPLAIN_WORDS_H
#define WEIR_RULES_EXPLAIN_WORDS_H

#include "rules/match.h"

enum { EXPLAIN_BYTES = 4096 }; /* of one sentence */

/* "method is GET, wanted POST": the first part of the gate that does not let it pass. */
void explain_put_gate(const struct match_gate *g, const struct match_run *run, struct buf *out);
/* The same of a test that did not hold; or that held, beneath `not`. */
void explain_put_test(const struct match_test *t, struct match_run *run, struct buf *out);

#endif
