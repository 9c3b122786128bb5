/* json_value: what single JSON values are and what they mean. A value is a slice of text that
 * json_check() has found valid, without white space around it (as json_find() gives it). */
#ifndef WEIR_HTTP_JSON_VALUE_H
#define WEIR_HTTP_JSON_VALUE_H

#include "base/buf.h"

enum json_kind {
    JSON_KIND_OBJECT,
    JSON_KIND_ARRAY,
    JSON_KIND_STRING,
    JSON_KIND_NUMBER,
    JSON_KIND_TRUE,
    JSON_KIND_FALSE,
    JSON_KIND_NULL,
};

/* By the first byte. */
enum json_kind json_kind(struct bytes value);

/* Appends a string value, without its quotes, escapes replaced, in UTF-8. A lone
 * surrogate (RFC 8259 §8.2) becomes U+FFFD. STATUS_BAD_INPUT when the value is no
 * string; else the status of `out`. */
MUST_USE enum status json_string_text(struct bytes value, struct buf *out);

/* ---- for the other files of json_ --------------------------------------- */

/* Equality, as json_value_equal() has it, of two values of which one is no array and no
 * object. */
bool json_scalar_equal(struct bytes a, struct bytes b);
/* As json_string_text(), but a lone surrogate becomes three bytes of its own, as
 * UTF-8 would have it, so that all names stay apart. */
MUST_USE enum status json_name_text(struct bytes name, struct buf *out);
/* Compares a name as written with one of json_name_text(): below 0, 0, above 0. */
int json_name_order(struct bytes written, struct bytes name);

#endif
