/* json_value_equal: when two JSON values are the same. */
#ifndef WEIR_HTTP_JSON_VALUE_EQUAL_H
#define WEIR_HTTP_JSON_VALUE_EQUAL_H

#include "base/bytes.h"

enum { JSON_EQUAL_VALUES = 65536 }; /* values in the shorter text */

/* Equality of RFC 6902 §4.6: objects without regard to order, strings by their
 * code points, numbers by value: 1 = 1.0 = 10e-1, -0 = 0, exactly, of any length.
 * Only where an exponent passes ±10^17 numbers must be written alike. Of repeated
 * names the last one counts. A lone surrogate equals only itself.
 * Both are texts that json_check() has found valid. Linear in the longer, times the
 * logarithm of the members of the shorter; memory only for the shorter:
 * STATUS_LIMIT when that has more than JSON_EQUAL_VALUES values, or
 * STATUS_NO_MEMORY. */
MUST_USE enum status json_value_equal(struct bytes a, struct bytes b, bool *ret_equal);

#endif
