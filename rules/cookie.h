/* cookie: the cookies of a request (RFC 6265 §4.2.1), one after the other. Names and
 * values are slices of the fields, as they were sent, quotes included. */
#ifndef WEIR_RULES_COOKIE_H
#define WEIR_RULES_COOKIE_H

#include "http/message.h"

struct cookie_walk {
    const struct fields *fields;
    int field; /* the one at hand; -1: there is none left */
    struct bytes rest;
};

struct cookie_walk cookie_walk_of(const struct fields *fields);
/* False when none is left. Pieces without a '=' are passed over. */
bool cookie_walk_next(struct cookie_walk *w, struct bytes *ret_name, struct bytes *ret_value);
/* Takes the next piece between semicolons off *rest, trimmed; false when none is left. */
bool cookie_piece_next(struct bytes *rest, struct bytes *ret_piece);
/* The first one of that name; ptr NULL when there is none. */
struct bytes cookie_value(const struct fields *fields, struct bytes wanted);

#endif
