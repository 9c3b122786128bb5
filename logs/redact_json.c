/* The JSON of redact.h. It is no parser: it finds strings followed by a colon,
 * wherever they stand, so that it also serves JSON that is cut short, lines of it,
 * and JSON within other text. No depth is kept but within a secret. */
#include "logs/redact_impl.h"
#include "logs/redact_names.h"

enum { KEY_BYTES = 128 }; /* of a member's name with escapes */

struct scan {
    const struct redactor *redactor;
    struct bytes in;
    size_t at;    /* what comes next */
    size_t done;  /* written so far */
    size_t depth; /* of arrays and objects that are secret as a whole; 0: none */
    bool jwts;
    struct buf *out;
};

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_spaces(struct scan *s)
{
    while (s->at < s->in.len && is_space(s->in.ptr[s->at]))
        s->at++;
}

/* Writes what was passed over, up to `end`. */
static void put_until(struct scan *s, size_t end)
{
    struct bytes text = bytes_make(s->in.ptr + s->done, end - s->done);

    if (s->jwts)
        redact_put_text(s->redactor, text, s->out);
    else
        buf_put(s->out, text);
    s->done = end;
}

/* The text of the string that starts at the quote; s->at goes behind its end. A
 * line's end ends it as well: no string of JSON goes on in the next line. */
static struct bytes take_string(struct scan *s)
{
    size_t start = ++s->at;

    for (; s->at < s->in.len; s->at++) {
        uint8_t c = s->in.ptr[s->at];

        if (c == '\\' && s->at + 1 < s->in.len)
            s->at++;
        else if (c == '"')
            return bytes_make(s->in.ptr + start, s->at++ - start);
        else if (c == '\n')
            break;
    }
    return bytes_make(s->in.ptr + start, s->at - start);
}

static void put_secret_string(struct scan *s)
{
    struct bytes secret;

    put_until(s, s->at + 1);
    secret = take_string(s);
    redact_put_secret(s->redactor, secret, s->out);
    s->done += secret.len;
}

/* A number stays JSON as a string. */
static void put_secret_number(struct scan *s)
{
    size_t start = s->at;

    while (s->at < s->in.len && bytes_find(BYTES("+-.eE0123456789"), s->in.ptr[s->at]) >= 0)
        s->at++;
    put_until(s, start);
    buf_put_byte(s->out, '"');
    redact_put_secret(s->redactor, bytes_make(s->in.ptr + start, s->at - start), s->out);
    buf_put_byte(s->out, '"');
    s->done = s->at;
}

static bool starts_number(uint8_t c)
{
    return c == '-' || (c >= '0' && c <= '9');
}

/* The value after a secret's colon. */
static void put_secret_value(struct scan *s, unsigned where)
{
    uint8_t c;

    skip_spaces(s);
    c = s->at < s->in.len ? s->in.ptr[s->at] : 0;
    if (c == '"') {
        put_secret_string(s);
    } else if (!(where & REDACT_DEEP)) {
        return;
    } else if (starts_number(c)) {
        put_secret_number(s);
    } else if (c == '{' || c == '[') {
        s->at++;
        s->depth = 1;
    }
}

/* A name's escapes, as far as a name of the table can hold them: \u00XX. */
static void key_unescape(struct bytes key, struct buf *plain)
{
    while (key.len) {
        uint64_t code;

        if (bytes_starts_with(key, BYTES("\\u")) && key.len >= 6 &&
            !bytes_hex_to_u64(bytes_make(key.ptr + 2, 4), &code) && code < 0x80) {
            buf_put_byte(plain, (uint8_t)code);
            key = bytes_from(key, 6);
        } else {
            buf_put_byte(plain, key.ptr[0]);
            key = bytes_from(key, 1);
        }
    }
}

static unsigned key_find(struct bytes key)
{
    struct buf plain;
    unsigned where;

    if (bytes_find(key, '\\') < 0)
        return redact_name_find(key);
    if (key.len > KEY_BYTES)
        key = bytes_from(key, key.len - KEY_BYTES);
    buf_init(&plain, KEY_BYTES);
    key_unescape(key, &plain);
    where = redact_name_find(buf_bytes(&plain));
    buf_release(&plain);
    return where;
}

/* Was the quote at s->at the start of a member's name, and is its value secret? Then
 * that is written. In other text than JSON a quote may start nothing, so when it was
 * no name the quote at the string's end may be the start of one. */
static void scan_name(struct scan *s)
{
    size_t start = s->at, end;
    struct bytes text = take_string(s);
    unsigned where = 0;

    end = s->at;
    skip_spaces(s);
    if (s->at < s->in.len && s->in.ptr[s->at] == ':') {
        s->at++;
        where = key_find(text);
    }
    if (where & REDACT_MEMBER)
        put_secret_value(s, where);
    else
        s->at = end - 1 > start && s->in.ptr[end - 1] == '"' ? end - 1 : end;
}

/* A string within a secret: names stay, values go. */
static void scan_secret_string(struct scan *s)
{
    size_t start = s->at;

    (void)take_string(s);
    skip_spaces(s);
    if (s->at < s->in.len && s->in.ptr[s->at] == ':')
        return;
    s->at = start;
    put_secret_string(s);
}

static void scan_secret(struct scan *s)
{
    uint8_t c = s->in.ptr[s->at];

    if (c == '"') {
        scan_secret_string(s);
    } else if (starts_number(c)) {
        put_secret_number(s);
    } else {
        if (c == '{' || c == '[')
            s->depth++;
        if (c == '}' || c == ']')
            s->depth--;
        s->at++;
    }
}

void redact_put_json(const struct redactor *r, struct bytes text, struct buf *out)
{
    struct scan s = {.redactor = r, .in = text, .out = out, .jwts = redact_jwt_maybe(text)};

    while (s.at < s.in.len) {
        ptrdiff_t quote = s.depth ? 0 : bytes_find(bytes_from(text, s.at), '"');

        if (quote < 0)
            break;
        s.at += (size_t)quote;
        if (s.depth)
            scan_secret(&s);
        else
            scan_name(&s);
    }
    put_until(&s, text.len);
}
