/* filter_rules: asks the rules what is to be done with an exchange, and does it:
 * edits the heads, holds the request or the response for a time, answers, ends. */
#ifndef WEIR_PROXY_CORE_FILTER_RULES_H
#define WEIR_PROXY_CORE_FILTER_RULES_H

#include "proxy/core/filter.h"

/* In the exchange's arena; NULL when out of memory. */
struct filter *filter_rules_new(struct exchange *ex);

#endif
