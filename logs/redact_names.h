/* redact_names: which names denote a secret, and where. Rows: redactions.def. */
#ifndef WEIR_LOGS_REDACT_NAMES_H
#define WEIR_LOGS_REDACT_NAMES_H

#include "base/bytes.h"

struct redact_own; /* a user's names, redact_own.h; NULL: none */

enum redact_where {
    REDACT_HEADER = 1, /* a header field's whole value; an element or attribute of XML */
    REDACT_PARAM = 2,  /* a parameter of a query, a fragment, a form, a multipart body */
    REDACT_MEMBER = 4, /* a JSON member that is a string */
    REDACT_ALL = REDACT_HEADER | REDACT_PARAM | REDACT_MEMBER,
    REDACT_DEEP = 8,  /* a JSON member that is a number too, or all within it */
    REDACT_TAIL = 16, /* at the end of a longer name too: "new_password" */
};

/* enum redact_where bits, 0 for a name that is none. Only letters and digits count,
 * and not their case: "user[pass-word]" is "userpassword"; %XX is decoded. */
unsigned redact_name_find(const struct redact_own *own, struct bytes name);
/* False for most names that are none, at the cost of a look at three of their
 * bytes; true for all that redact_name_find() knows. */
bool redact_name_maybe(const struct redact_own *own, struct bytes name);
/* A user said that it is no secret. */
bool redact_name_allowed(const struct redact_own *own, struct bytes name);

enum {
    REDACT_NAME_BYTES = 48, /* of a folded name, from its end; longer than any row */
    REDACT_PLACE_BITS = 10,
    REDACT_PLACE_WORDS = (1 << REDACT_PLACE_BITS) / 64,
};

/* A name as it is compared: its letters and digits, in lower case. */
struct redact_name {
    size_t len;
    bool cut; /* it was longer */
    uint8_t text[REDACT_NAME_BYTES];
};
void redact_name_fold(struct bytes name, struct redact_name *ret_name);

/* A set of places that stand for names, for the quick look. */
struct redact_places {
    uint64_t words[REDACT_PLACE_WORDS];
};
void redact_places_add(struct redact_places *places, const struct redact_name *name);

#endif
