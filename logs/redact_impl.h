/* redact_impl: what the files of redact.h share. Inner header of logs/. */
#ifndef WEIR_LOGS_REDACT_IMPL_H
#define WEIR_LOGS_REDACT_IMPL_H

#include "logs/redact.h"

/* Could there be a JWT in it? Quick. */
bool redact_jwt_maybe(struct bytes text);
/* redact_json.c: members by name in text that is JSON, or has some in it. */
void redact_put_json(const struct redactor *r, struct bytes text, struct buf *out);
/* redact_url.c: "a=b&c=d". */
void redact_put_params(const struct redactor *r, struct bytes params, struct buf *out);
/* redact_multipart.c: multipart/form-data (RFC 7578). */
void redact_put_multipart(const struct redactor *r, struct bytes boundary, struct bytes body,
                          struct buf *out);

#endif
