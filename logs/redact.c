#include "logs/redact.h"

#include <string.h>

#include "base/sip_hash.h"
#include "base/text.h"
#include "logs/media.h"
#include "logs/redact_impl.h"
#include "logs/redact_own.h"

enum {
    JWT_MIN_BYTES = 24, /* of header and payload: what is shorter is none */
    DIGEST_BYTES = 4,   /* shown of a secret's hash */
    LOOKS = 8,          /* at a text that changes; then it goes as a whole */
};

#define MARK "REDACTED:"

bool redact_pseudonym_starts(struct bytes text)
{
    struct bytes digits = bytes_until(bytes_from(text, sizeof(MARK) - 1), 2 * DIGEST_BYTES);

    if (!bytes_starts_with(text, BYTES(MARK)) || digits.len < 2 * DIGEST_BYTES)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (bytes_find(BYTES("0123456789abcdef"), digits.ptr[i]) < 0)
            return false;
    }
    return true;
}

void redact_put_secret(const struct redactor *r, struct bytes secret, struct buf *out)
{
    uint8_t digits[DIGEST_BYTES];
    uint64_t hash;

    if (!r->on || (secret.len == REDACT_PSEUDONYM_BYTES && redact_pseudonym_starts(secret))) {
        buf_put(out, secret);
        return;
    }
    if (secret.len == 0)
        return;
    hash = sip_hash_keyed(r->key, secret);
    for (size_t i = 0; i < sizeof(digits); i++)
        digits[i] = (uint8_t)(hash >> 8 * i);
    buf_put_text(out, MARK);
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
    return *ret_seen < JWT_MIN_BYTES ? 0 : *ret_seen;
}

void redact_put_text(const struct redactor *r, struct bytes text, struct buf *out)
{
    while (r->on && redact_jwt_maybe(text)) {
        size_t at = (size_t)jwt_find(text), seen, signature = 0;
        size_t len = jwt_signed_len(bytes_from(text, at), &seen);

        buf_put(out, bytes_until(text, at + seen));
        text = bytes_from(text, at + seen);
        if (len)
            signature =
                redact_pseudonym_starts(text) ? REDACT_PSEUDONYM_BYTES : base64url_len(text);
        redact_put_secret(r, bytes_until(text, signature), out);
        text = bytes_from(text, signature);
    }
    buf_put(out, text);
}

/* ---- with a user's patterns ---- */

struct pattern_finder {
    const struct redact_search *search;
    void *desk;
    uint32_t pattern;
};

static enum redact_found pattern_find(void *self, struct bytes text, struct redact_span *span)
{
    struct pattern_finder *p = self;
    enum redact_found found = REDACT_NOTHING;

    while (span->end <= text.len) {
        found = p->search->find(p->search->self, p->desk, p->pattern, text, span);
        if (found != REDACT_FOUND || span->start < span->end)
            return found;
        span->end++; /* an empty match: there may be more behind it */
    }
    return REDACT_NOTHING;
}

static void put_by_patterns(const struct redactor *r, struct buf *out, size_t from)
{
    const struct redact_search *search = &r->own->search;
    struct redact_finder finders[REDACT_OWN_PATTERNS];
    struct pattern_finder selves[REDACT_OWN_PATTERNS];
    void *desk = search->begin(search->self);

    for (uint32_t i = 0; desk && i < search->patterns; i++) {
        selves[i] = (struct pattern_finder){search, desk, i};
        finders[i] = (struct redact_finder){.find = pattern_find, .self = &selves[i]};
    }
    if (desk) {
        redact_spans(r, finders, search->patterns, out, from);
        search->end(search->self, desk);
    } else {
        out->len = from;
        out->status = STATUS_NO_MEMORY;
    }
}

/* What the rest of redaction has left is looked at by the patterns: they never make it
 * see less. Where not all of that could be done nothing stays. */
static void redact_by_patterns(const struct redactor *r, struct buf *out, size_t from)
{
    if (r->own && r->own->search.patterns && !buf_status(out) && out->len > from)
        put_by_patterns(r, out, from);
    if (buf_status(out) && out->len > from)
        out->len = from;
}

void redact_put_field(const struct redactor *r, struct bytes name, struct bytes value,
                      struct buf *out)
{
    size_t from = out->len;

    if (!r->on) {
        buf_put(out, value);
        return;
    }
    redact_put_value(r, name, value, out);
    redact_by_patterns(r, out, from);
}

void redact_put_url(const struct redactor *r, struct bytes url, struct buf *out)
{
    size_t from = out->len;

    if (!r->on) {
        buf_put(out, url);
        return;
    }
    redact_put_location(r, url, out);
    redact_by_patterns(r, out, from);
}

/* ---- bodies ---- */

static bool is_script(struct bytes type)
{
    return bytes_search(type, BYTES("javascript")) >= 0 ||
           bytes_search(type, BYTES("ecmascript")) >= 0 || bytes_search(type, BYTES("css")) >= 0;
}

/* Text that may be JSON is never given quotes that it did not have. */
static enum redact_kind kind_of(struct bytes content_type, enum media_kind media, struct bytes body)
{
    size_t at = 0;

    while (at < body.len && bytes_find(BYTES(" \t\r\n"), body.ptr[at]) >= 0)
        at++;
    if (media == MEDIA_JSON || (at < body.len && (body.ptr[at] == '{' || body.ptr[at] == '[')))
        return REDACT_IN_JSON;
    return is_script(media_type(content_type)) ? REDACT_IN_SCRIPT : REDACT_IN_TEXT;
}

/* What is taken out may have held other things together, a tag for one: it is looked at
 * again until nothing changes, so that redacting twice is redacting once. */
static void put_text_part(const struct redactor *r, enum redact_kind kind, struct bytes body,
                          struct buf *out)
{
    size_t from = out->len;
    bool changed;
    struct buf last;

    redact_put_json(r, kind == REDACT_IN_JSON, body, out);
    changed = redact_loosely(r, kind, out, from);
    buf_init(&last, out->max);
    for (int looks = 1; changed && looks < LOOKS && !buf_status(out); looks++) {
        buf_clear(&last);
        buf_put(&last, bytes_from(buf_bytes(out), from));
        out->len = from;
        out->status = buf_status(&last);
        redact_put_json(r, kind == REDACT_IN_JSON, buf_bytes(&last), out);
        redact_loosely(r, kind, out, from);
        changed = !bytes_equal(bytes_from(buf_bytes(out), from), buf_bytes(&last));
    }
    buf_release(&last);
    if (changed && !buf_status(out)) {
        out->len = from;
        redact_put_secret(r, body, out);
    }
}

/* What is no multipart. */
static void put_single(const struct redactor *r, struct bytes content_type, enum media_kind media,
                       struct bytes body, struct buf *out)
{
    if (media == MEDIA_FORM)
        redact_put_params(r, body, out);
    else
        put_text_part(r, kind_of(content_type, media, body), body, out);
}

void redact_put_part(const struct redactor *r, struct bytes content_type, struct bytes body,
                     struct buf *out)
{
    put_single(r, content_type, media_kind_of(content_type), body, out);
}

void redact_put_body(const struct redactor *r, struct bytes content_type, struct bytes body,
                     struct buf *out)
{
    enum media_kind media;
    struct bytes boundary = {0};
    size_t from = out->len;

    if (!r->on) {
        buf_put(out, body);
        return;
    }
    media = media_kind_of(content_type);
    if (media == MEDIA_MULTIPART)
        boundary = media_parameter(content_type, BYTES("boundary"));
    if (boundary.len)
        redact_put_multipart(r, boundary, body, out);
    else
        put_single(r, content_type, media, body, out);
    redact_by_patterns(r, out, from);
}
