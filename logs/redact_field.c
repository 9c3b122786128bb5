/* The value of a header field, of redact_impl.h. */
#include "logs/redact_impl.h"
#include "logs/redact_own.h"

enum { SCHEME_BYTES = 20 }; /* of authentication; a longer word is a secret */

/* "name=value"; a pair without '=' is all secret. */
static void put_cookie(const struct redactor *r, struct bytes pair, struct buf *out)
{
    ptrdiff_t equals = bytes_find(pair, '=');
    size_t name = equals < 0 ? 0 : (size_t)equals + 1;

    buf_put(out, bytes_until(pair, name));
    if (equals > 0 && redact_name_allowed(r->own, bytes_until(pair, (size_t)equals)))
        buf_put(out, bytes_from(pair, name));
    else
        redact_put_secret(r, bytes_from(pair, name), out);
}

/* RFC 6265 §4.2.1 */
static void put_cookies(const struct redactor *r, struct bytes value, struct buf *out)
{
    while (value.len) {
        ptrdiff_t end = bytes_find(value, ';');
        size_t len = end < 0 ? value.len : (size_t)end;
        struct bytes pair = bytes_trim(bytes_until(value, len));

        put_cookie(r, pair, out);
        value = bytes_trim(bytes_from(value, len + 1));
        if (end >= 0)
            buf_put_text(out, value.len ? "; " : ";");
    }
}

/* Only the first pair is secret, the attributes are not (RFC 6265 §4.1.1). */
static void put_set_cookie(const struct redactor *r, struct bytes value, struct buf *out)
{
    ptrdiff_t end = bytes_find(value, ';');
    size_t len = end < 0 ? value.len : (size_t)end;

    put_cookie(r, bytes_trim(bytes_until(value, len)), out);
    buf_put(out, bytes_from(value, len));
}

/* "Bearer …": the scheme tells how, the rest is the secret (RFC 9110 §11.4). */
static void put_credentials(const struct redactor *r, struct bytes value, struct buf *out)
{
    ptrdiff_t space = bytes_find(value, ' ');
    size_t scheme = space < 0 || space > SCHEME_BYTES ? 0 : (size_t)space + 1;

    buf_put(out, bytes_until(value, scheme));
    redact_put_secret(r, bytes_trim(bytes_from(value, scheme)), out);
}

/* "Negotiate YII…" hands a token over; the parameters of other schemes are no secrets
 * (RFC 9110 §11.3, RFC 4559 §4.1). */
static void put_challenge(const struct redactor *r, struct bytes value, struct buf *out)
{
    struct bytes scheme = bytes_until(value, 10);

    if (bytes_equal_icase(scheme, BYTES("Negotiate ")) ||
        bytes_equal_icase(bytes_until(value, 5), BYTES("NTLM ")))
        put_credentials(r, value, out);
    else
        redact_put_text(r, value, out);
}

/* "bearer.TOKEN", "base64url.bearer.authorization.k8s.io.TOKEN": from the first segment
 * on that names a secret. True: it has nothing behind that name, which is about the next
 * element then ("access_token, TOKEN"). */
static bool put_protocol(const struct redactor *r, struct bytes element, struct buf *out)
{
    struct bytes rest = element;
    bool named = false;

    for (;;) {
        ptrdiff_t dot = bytes_find(rest, '.');
        struct bytes segment = bytes_until(rest, dot < 0 ? rest.len : (size_t)dot);
        bool secret = (redact_name_find(r->own, segment) & REDACT_HEADER) != 0;

        if ((named && !secret) || (!secret && dot < 0))
            break;
        named |= secret;
        rest = bytes_from(rest, segment.len + 1);
        if (rest.len == 0)
            break;
    }
    buf_put(out, bytes_until(element, element.len - rest.len));
    if (named)
        redact_put_secret(r, rest, out);
    else
        redact_put_text(r, rest, out);
    return named && rest.len == 0;
}

/* Browsers let a page set no other field of a WebSocket's handshake (RFC 6455 §4.1), so
 * this one has its token. */
static void put_protocols(const struct redactor *r, struct bytes value, struct buf *out)
{
    bool secret = false;

    while (value.len) {
        ptrdiff_t comma = bytes_find(value, ',');
        size_t len = comma < 0 ? value.len : (size_t)comma;
        struct bytes element = bytes_until(value, len), trimmed = bytes_trim(element);
        size_t blanks = trimmed.len ? (size_t)(trimmed.ptr - element.ptr) : element.len;

        buf_put(out, bytes_until(element, blanks));
        if (secret)
            redact_put_secret(r, trimmed, out);
        secret = !secret && put_protocol(r, trimmed, out);
        buf_put(out, bytes_from(element, blanks + trimmed.len));
        buf_put(out, bytes_until(bytes_from(value, len), 1));
        value = bytes_from(value, len + 1);
    }
}

static bool is_url(struct bytes value)
{
    return bytes_starts_with(value, BYTES("/")) || bytes_find(value, '?') >= 0 ||
           bytes_find(value, '#') >= 0 ||
           (bytes_find(value, ':') >= 0 && bytes_search(value, BYTES("://")) >= 0);
}

/* "<https://a.test/?x=1>; rel=next, <…>" (RFC 8288 §3): a URL in each pair of brackets, or
 * one alone. */
static void put_urls(const struct redactor *r, struct bytes value, struct buf *out)
{
    ptrdiff_t open = bytes_find(value, '<');

    while (open >= 0) {
        struct bytes url = bytes_from(value, (size_t)open + 1);
        ptrdiff_t end = bytes_find(url, '>');

        if (end < 0)
            break;
        redact_put_text(r, bytes_until(value, (size_t)open), out);
        buf_put_byte(out, '<');
        redact_put_location(r, bytes_until(url, (size_t)end), out);
        value = bytes_from(url, (size_t)end);
        open = bytes_find(value, '<');
    }
    redact_put_location(r, value, out);
}

/* A field that is not in the table of those we know, by its name and its look. */
static void put_other(const struct redactor *r, struct bytes name, struct bytes value,
                      struct buf *out)
{
    if (redact_name_find(r->own, name) & REDACT_HEADER)
        redact_put_secret(r, value, out);
    else if (bytes_equal_icase(name, BYTES("Sec-WebSocket-Protocol")))
        put_protocols(r, value, out);
    else if (is_url(value))
        put_urls(r, value, out);
    else
        redact_put_text(r, value, out);
}

void redact_put_value(const struct redactor *r, struct bytes name, struct bytes value,
                      struct buf *out)
{
    enum field_id id = field_id_of(name);

    if (redact_name_allowed(r->own, name)) {
        buf_put(out, value);
        return;
    }
    switch (id) {
    case FIELD_OTHER:
        put_other(r, name, value, out);
        return;
    case FIELD_COOKIE:
        put_cookies(r, value, out);
        return;
    case FIELD_SET_COOKIE:
        put_set_cookie(r, value, out);
        return;
    case FIELD_LOCATION:
    case FIELD_REFERER:
    case FIELD_ORIGIN:
        redact_put_location(r, value, out);
        return;
    case FIELD_WWW_AUTHENTICATE:
    case FIELD_PROXY_AUTHENTICATE:
        put_challenge(r, value, out);
        return;
    default: /* the table of fields is open: it says itself what is secret */
        break;
    }
    if (field_rules(id) & FIELD_RULE_SECRET)
        put_credentials(r, value, out);
    else if (redact_name_find(r->own, name) & REDACT_HEADER)
        redact_put_secret(r, value, out);
    else
        redact_put_text(r, value, out);
}

bool redact_field_maybe(const struct redactor *r, const struct field *field)
{
    if (!r->on)
        return false;
    if (r->own)
        return true;
    switch (field->id) {
    case FIELD_OTHER:
        return redact_name_maybe(NULL, field->name) || is_url(field->value) ||
               redact_jwt_maybe(field->value) ||
               bytes_equal_icase(field->name, BYTES("Sec-WebSocket-Protocol"));
    case FIELD_LOCATION:
    case FIELD_REFERER:
    case FIELD_ORIGIN:
    case FIELD_WWW_AUTHENTICATE:
    case FIELD_PROXY_AUTHENTICATE:
        return true;
    default: /* as above */
        return (field_rules(field->id) & FIELD_RULE_SECRET) || redact_jwt_maybe(field->value);
    }
}
