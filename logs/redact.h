/* redact: takes secrets out of what leaves the store. Field values, cookies, query
 * keys, form and JSON members, XML elements and attributes by name (redactions.def), the
 * users of URLs, JWT signatures, and what a user's patterns find. The same secret gets
 * the same pseudonym by the same redactor: "REDACTED:1a2b3c4d". What is a pseudonym
 * already stays as it is, so that nothing changes when it is redacted again. */
#ifndef WEIR_LOGS_REDACT_H
#define WEIR_LOGS_REDACT_H

#include "base/buf.h"
#include "http/message.h"

struct redact_own;

struct redactor {
    bool on;
    uint8_t key[16];              /* random; another one, other pseudonyms */
    const struct redact_own *own; /* what a user names besides (redact_own.h); borrowed; or NULL */
};

/* All of these append to `out`, and copy what they do not take for a secret. With
 * `on` false they copy everything. Text that a user's pattern takes too long on goes as
 * a whole. Where `out` gets full they append nothing: what is half done may have secrets. */

/* The pseudonym of a secret; of an empty one nothing. */
void redact_put_secret(const struct redactor *r, struct bytes secret, struct buf *out);
/* The value of a header field; for Cookie and Set-Cookie only the values of the
 * cookies, for Authorization all but the scheme, for Location and Referer the
 * secrets in the query. */
void redact_put_field(const struct redactor *r, struct bytes name, struct bytes value,
                      struct buf *out);
/* False: redact_put_field() would copy the value as it is; quick to tell. */
bool redact_field_maybe(const struct redactor *r, const struct field *field);
/* User names and passwords, and secrets in path parameters, query and fragment;
 * also in a URL that is the value of a parameter. */
void redact_put_url(const struct redactor *r, struct bytes url, struct buf *out);
/* A body that is text, by its Content-Type: form and multipart members by name; in
 * all other text JSON members by name (whole, cut short, or within other text), XML
 * elements and attributes, parameters, users of URLs, and JWTs. */
void redact_put_body(const struct redactor *r, struct bytes content_type, struct bytes body,
                     struct buf *out);
/* The signatures of JWTs (RFC 7519) in any text, and nothing else. */
void redact_put_text(const struct redactor *r, struct bytes text, struct buf *out);

#endif
