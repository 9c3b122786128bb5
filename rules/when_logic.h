/* when_logic: what can be said of a `when` before anything is counted. */
#ifndef WEIR_RULES_WHEN_LOGIC_H
#define WEIR_RULES_WHEN_LOGIC_H

#include "rules/when.h"

/* Can it never fire, since its schedules never agree? A sentence that says why, or
 * NULL. */
const char *when_contradiction(const struct when *w);

#endif
