/* redact_impl: what the files of redact.h share. Inner header of logs/. */
#ifndef WEIR_LOGS_REDACT_IMPL_H
#define WEIR_LOGS_REDACT_IMPL_H

#include "logs/redact.h"

/* Does it start with "REDACTED:1a2b3c4d"? */
bool redact_pseudonym_starts(struct bytes text);
/* A secret that may be %-encoded: the secret itself and not its encoding gets the
 * pseudonym, so that it is the same as in a header or in JSON. */
void redact_put_encoded(const struct redactor *r, struct bytes value, struct buf *out);
/* Could there be a JWT in it? Quick. */
bool redact_jwt_maybe(struct bytes text);
/* redact_json.c: members by name in text that is JSON, or has some in it. `strict`: it
 * is JSON and stays so; else members without quotes around their names are seen too. */
void redact_put_json(const struct redactor *r, bool strict, struct bytes text, struct buf *out);
/* redact_url.c: as redact_put_url() without a user's patterns; "a=b&c=d". */
void redact_put_location(const struct redactor *r, struct bytes url, struct buf *out);
void redact_put_params(const struct redactor *r, struct bytes params, struct buf *out);
/* redact_field.c: the same for the value of a field. */
void redact_put_value(const struct redactor *r, struct bytes name, struct bytes value,
                      struct buf *out);
/* redact_multipart.c: multipart/form-data (RFC 7578). */
void redact_put_multipart(const struct redactor *r, struct bytes boundary, struct bytes body,
                          struct buf *out);
/* redact_loose.c: what stands in any text, of what `out` has from `from` on: parameters
 * and users of URLs, and, by `kind`, what XML has. True: there was something. */
enum redact_kind { REDACT_IN_JSON, REDACT_IN_SCRIPT, REDACT_IN_TEXT };
bool redact_loosely(const struct redactor *r, enum redact_kind kind, struct buf *out, size_t from);
/* redact.c: as redact_put_body() without a user's patterns, for what is no multipart. */
void redact_put_part(const struct redactor *r, struct bytes content_type, struct bytes body,
                     struct buf *out);

#endif
