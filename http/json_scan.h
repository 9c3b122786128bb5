/* json_scan: quick steps over JSON text that json_check() has found valid: values
 * are passed over by their brackets and quotes alone. On other text the answers
 * mean nothing, yet no step leaves the text or stands still.
 * Offsets count bytes from the start of the text. */
#ifndef WEIR_HTTP_JSON_SCAN_H
#define WEIR_HTTP_JSON_SCAN_H

#include "base/bytes.h"

/* The byte there, or 0 behind the end. */
uint8_t json_byte(struct bytes in, size_t at);
/* Behind the white space (RFC 8259 §2) that stands at `at`. */
size_t json_space_end(struct bytes in, size_t at);
/* Behind the value that starts at `at`. */
size_t json_value_end(struct bytes in, size_t at);
/* `in` without white space at both ends. */
struct bytes json_trim(struct bytes in);
/* Arrays and objects within each other; 0 for a scalar. */
size_t json_depth(struct bytes in);
/* Of a pair of offsets. */
struct bytes json_slice(struct bytes in, size_t from, size_t to);

/* One member of an object or element of an array. */
struct json_member {
    size_t before;     /* the comma before it, or the opening bracket */
    size_t start;      /* of the name; in an array of the value */
    struct bytes name; /* as written, with its quotes; empty in an array */
    size_t value_at;
    size_t index; /* from 0 */
};

/* A walk over the members of one array or object. */
struct json_members {
    struct bytes in;
    size_t open;  /* the opening bracket */
    size_t at;    /* what is looked at next; at the end the closing bracket */
    size_t count; /* members met so far */
    bool object;
};

/* `open` is where the bracket stands. */
struct json_members json_members_open(struct bytes in, size_t open);
/* The next member, or false. The caller passes its value by json_members_pass()
 * before it asks again. */
bool json_members_next(struct json_members *m, struct json_member *ret_member);
/* Goes on behind `value_end`. */
void json_members_pass(struct json_members *m, size_t value_end);

#endif
