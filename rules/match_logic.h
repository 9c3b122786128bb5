/* match_logic: what can be said of matches before any request comes: that one can never
 * hold, that one takes all that another takes. It judges by what is certain only: in
 * doubt, as with patterns, the answer is no. */
#ifndef WEIR_RULES_MATCH_LOGIC_H
#define WEIR_RULES_MATCH_LOGIC_H

#include "rules/match.h"

enum { CONTRADICTION_TEXT = EXCERPT_BYTES + 128 };

/* Can it never hold? Then `text` says why. */
bool match_contradicts(const struct match *m, char text[static CONTRADICTION_TEXT]);
/* Does `wide` take every request that `narrow` takes? */
bool match_covers(const struct match *wide, const struct match *narrow);

#endif
