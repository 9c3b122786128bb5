#include "logs/redact.h"

#include "base/text.h"
#include "logs/media.h"
#include "logs/redact_impl.h"
#include "logs/redact_names.h"
#include "logs/siphash.h"

enum {
    JWT_MIN_BYTES = 32, /* shorter text is not searched for one */
    PSEUDONYM_BYTES = 4,
    SCHEME_BYTES = 20, /* of authentication; a longer word is a secret */
};

void redact_put_secret(const struct redactor *r, struct bytes secret, struct buf *out)
{
    uint8_t digits[PSEUDONYM_BYTES];
    uint64_t hash;

    if (!r->on) {
        buf_put(out, secret);
        return;
    }
    if (secret.len == 0)
        return;
    hash = siphash(r->key, secret);
    for (size_t i = 0; i < sizeof(digits); i++)
        digits[i] = (uint8_t)(hash >> 8 * i);
    buf_put(out, BYTES("REDACTED:"));
    text_put_hex(out, bytes_make(digits, sizeof(digits)));
}

/* The capital J of "eyJ", which is base64url of '{"', is rare in text. */
static ptrdiff_t jwt_find(struct bytes text)
{
    for (size_t at = 0; at < text.len;) {
        ptrdiff_t j = bytes_find(bytes_from(text, at), 'J');

        if (j < 0)
            return -1;
        at += (size_t)j;
        if (at >= 2 && text.ptr[at - 1] == 'y' && text.ptr[at - 2] == 'e')
            return (ptrdiff_t)at - 2;
        at++;
    }
    return -1;
}

bool redact_jwt_maybe(struct bytes text)
{
    return text.len >= JWT_MIN_BYTES && jwt_find(text) >= 0;
}

static bool is_base64url(uint8_t c)
{
    uint8_t letter = byte_lower(c);

    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '=';
}

static size_t base64url_len(struct bytes in)
{
    size_t len = 0;

    while (len < in.len && is_base64url(in.ptr[len]))
        len++;
    return len;
}

/* Header, payload and their dots of the JWT that `in` starts with (RFC 7515 §3.1), or
 * 0. *ret_seen: bytes that belong to no later one. */
static size_t jwt_signed_len(struct bytes in, size_t *ret_seen)
{
    size_t header = base64url_len(in), payload;

    *ret_seen = header;
    if (header == in.len || in.ptr[header] != '.')
        return 0;
    payload = base64url_len(bytes_from(in, header + 1));
    if (payload == 0 || header + 1 + payload == in.len || in.ptr[header + 1 + payload] != '.')
        return 0;
    *ret_seen = header + payload + 2;
    return *ret_seen;
}

void redact_put_text(const struct redactor *r, struct bytes text, struct buf *out)
{
    while (r->on && redact_jwt_maybe(text)) {
        size_t at = (size_t)jwt_find(text), seen, signature = 0;
        size_t len = jwt_signed_len(bytes_from(text, at), &seen);

        buf_put(out, bytes_until(text, at + seen));
        text = bytes_from(text, at + seen);
        if (len)
            signature = base64url_len(text);
        redact_put_secret(r, bytes_until(text, signature), out);
        text = bytes_from(text, signature);
    }
    buf_put(out, text);
}

/* "name=value"; a pair without '=' is all secret. */
static void put_cookie(const struct redactor *r, struct bytes pair, struct buf *out)
{
    ptrdiff_t equals = bytes_find(pair, '=');
    size_t name = equals < 0 ? 0 : (size_t)equals + 1;

    buf_put(out, bytes_until(pair, name));
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

static bool is_url(struct bytes value)
{
    ptrdiff_t colon = bytes_find(value, ':');

    while (colon >= 0) {
        value = bytes_from(value, (size_t)colon + 1);
        if (bytes_starts_with(value, BYTES("//")))
            return true;
        colon = bytes_find(value, ':');
    }
    return bytes_starts_with(value, BYTES("/"));
}

/* A field that is not in the table of those we know, by its name and its look. */
static void put_other_field(const struct redactor *r, struct bytes name, struct bytes value,
                            struct buf *out)
{
    if (redact_name_find(name) & REDACT_HEADER)
        redact_put_secret(r, value, out);
    else if (is_url(value))
        redact_put_url(r, value, out);
    else
        redact_put_text(r, value, out);
}

void redact_put_field(const struct redactor *r, struct bytes name, struct bytes value,
                      struct buf *out)
{
    enum field_id id = field_id_of(name);

    if (!r->on) {
        buf_put(out, value);
        return;
    }
    switch (id) {
    case FIELD_OTHER:
        put_other_field(r, name, value, out);
        return;
    case FIELD_COOKIE:
        put_cookies(r, value, out);
        return;
    case FIELD_SET_COOKIE:
        put_set_cookie(r, value, out);
        return;
    case FIELD_LOCATION:
    case FIELD_REFERER:
        redact_put_url(r, value, out);
        return;
    default: /* the table of fields is open: it says itself what is secret */
        break;
    }
    if (field_rules(id) & FIELD_RULE_SECRET)
        put_credentials(r, value, out);
    else
        buf_put(out, value);
}

bool redact_field_maybe(const struct redactor *r, const struct field *field)
{
    if (!r->on)
        return false;
    if (field->id == FIELD_OTHER)
        return redact_name_maybe(field->name) || is_url(field->value) ||
               redact_jwt_maybe(field->value);
    return field->id == FIELD_LOCATION || field->id == FIELD_REFERER ||
           (field_rules(field->id) & FIELD_RULE_SECRET);
}

void redact_put_body(const struct redactor *r, struct bytes content_type, struct bytes body,
                     struct buf *out)
{
    struct bytes boundary;

    if (!r->on) {
        buf_put(out, body);
        return;
    }
    switch (media_kind_of(content_type)) {
    case MEDIA_FORM:
        redact_put_params(r, body, out);
        return;
    case MEDIA_MULTIPART:
        boundary = media_parameter(content_type, BYTES("boundary"));
        if (boundary.len) {
            redact_put_multipart(r, boundary, body, out);
            return;
        }
        break;
    case MEDIA_NONE:
    case MEDIA_JSON:
    case MEDIA_TEXT:
    case MEDIA_IMAGE:
    case MEDIA_OTHER:
        break;
    }
    redact_put_json(r, body, out);
}
