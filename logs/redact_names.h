/* redact_names: which names denote a secret, and where. Rows: redactions.def. */
#ifndef WEIR_LOGS_REDACT_NAMES_H
#define WEIR_LOGS_REDACT_NAMES_H

#include "base/bytes.h"

enum redact_where {
    REDACT_HEADER = 1, /* a header field's whole value */
    REDACT_PARAM = 2,  /* a parameter of a query, a fragment, a form, a multipart body */
    REDACT_MEMBER = 4, /* a JSON member that is a string */
    REDACT_ALL = REDACT_HEADER | REDACT_PARAM | REDACT_MEMBER,
    REDACT_DEEP = 8,  /* a JSON member that is a number too, or all within it */
    REDACT_TAIL = 16, /* at the end of a longer name too: "new_password" */
};

/* enum redact_where bits, 0 for a name that is none. Only letters and digits count,
 * and not their case: "user[pass-word]" is "userpassword"; %XX is decoded. */
unsigned redact_name_find(struct bytes name);
/* False for most names that are none, at the cost of a look at three of their
 * bytes; true for all that redact_name_find() knows. */
bool redact_name_maybe(struct bytes name);

#endif
