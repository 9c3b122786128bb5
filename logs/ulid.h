/* ulid: the 16 bytes of an identifier that is 26 letters of Crockford's base 32. Their
 * order is the texts' order. */
#ifndef WEIR_LOGS_ULID_H
#define WEIR_LOGS_ULID_H

#include "base/bytes.h"

enum { ULID_BYTES = 16, ULID_LETTERS = 26 };

/* Any case. BAD_INPUT: it is none. */
MUST_USE enum status ulid_parse(struct bytes text, uint8_t ret_id[static ULID_BYTES]);

#endif
