/* connection_pass: asks the rules with tls, dns and connect, which act before there is a
 * request. All functions are thread safe. */
#ifndef WEIR_RULES_CONNECTION_PASS_H
#define WEIR_RULES_CONNECTION_PASS_H

#include "rules/ruleset.h"

/* When they are asked. */
enum rules_moment {
    RULES_AT_HELLO, /* a client begins TLS that weir opens: `tls` */
    RULES_AT_DIAL,  /* weir is to have a connection to an origin: `dns`, `connect` */
};

/* Is any rule there to be asked? A quick look; `rs` may be NULL. */
bool ruleset_acts(const struct ruleset *rs, enum rules_moment at);
/* Asks all of them, in file order, and appends CONN_FAULT effects, which live in `arena`;
 * their labels in `rs`. `view->request` and `view->response` are not looked at;
 * of `view->tls` the version is not. Each rule that matches counts one. NO_MEMORY. */
MUST_USE enum status rules_connect(const struct ruleset *rs, enum rules_moment at,
                                   const struct rule_view *view, struct arena *arena,
                                   struct effects *effects);
/* Does any of them match, whether it is its turn or not? Counts nothing. `arena` as above. */
bool ruleset_may_act(const struct ruleset *rs, enum rules_moment at, const struct rule_view *view,
                     struct arena *arena);

#endif
