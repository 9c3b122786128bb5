/* edit_place: the parts of a request that are one value each, and what changing them
 * means: method, URL, scheme, host, port, path. */
#ifndef WEIR_RULES_EDIT_PLACE_H
#define WEIR_RULES_EDIT_PLACE_H

#include "rules/template.h"

/* HEAD: what an EDIT_HEAD effect does alone. BODY: what an EDIT_BODY effect does; the
 * functions below are for the others. */
enum edit_place {
    PLACE_HEAD,
    PLACE_BODY,
    PLACE_METHOD,
    PLACE_URL,
    PLACE_SCHEME,
    PLACE_HOST,
    PLACE_PORT,
    PLACE_PATH,
    PLACES
};

/* What is wrong with it as a value there, or NULL. */
const char *edit_place_fault(enum edit_place place, struct bytes value);
/* How a template of it is rendered. */
enum template_use edit_place_use(enum edit_place place);
/* What stands there now. */
void edit_place_put(enum edit_place place, const struct draft *d, struct buf *out);
/* Puts `value`, which has no fault and lives in the exchange's arena, there. As
 * verb.apply. */
MUST_USE enum status edit_place_set(enum edit_place place, struct firing *f, struct bytes value);

/* A URL's scheme, host and port; `path`, if any, with the query. BAD_INPUT. */
MUST_USE enum status target_parse_url(struct arena *arena, struct bytes url,
                                      struct rule_target *ret_target, struct bytes *ret_path);

#endif
