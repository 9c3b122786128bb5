/* The JSON of redact.h. It is no parser: it looks at what stands before a colon and,
 * if that is the name of a secret in quotes, at what stands behind. So it also serves
 * JSON that is cut short, lines of it, JSON within other text, and JSON within a string
 * of JSON, where quotes have backslashes. */
#include "logs/redact_impl.h"
#include "logs/redact_names.h"
#include "logs/redact_spans.h"

enum { KEY_BYTES = 256 }; /* of a member's name, with escapes and its first quote */

struct scan {
    const struct redactor *redactor;
    struct bytes in;
    size_t at;   /* what comes next */
    size_t done; /* written so far */
    bool jwts;
    size_t slashes; /* before a quote of ours: as many as the name's last one has */
    struct buf *out;
};

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static uint8_t byte_at(const struct scan *s)
{
    return s->at < s->in.len ? s->in.ptr[s->at] : 0;
}

static void skip_spaces(struct scan *s)
{
    while (s->at < s->in.len && is_space(s->in.ptr[s->at]))
        s->at++;
}

/* Writes what was passed over, up to `end`. */
static void put_until(struct scan *s, size_t end)
{
    struct bytes text = bytes_until(bytes_from(s->in, s->done), end - s->done);

    if (s->jwts)
        redact_put_text(s->redactor, text, s->out);
    else
        buf_put(s->out, text);
    s->done = end;
}

/* Backslashes from s->at on. */
static size_t count_slashes(const struct scan *s)
{
    size_t count = 0;

    while (s->at + count < s->in.len && s->in.ptr[s->at + count] == '\\')
        count++;
    return count;
}

/* The text of the string whose quote, with `slashes` before it, was just passed. It
 * ends at a quote with no more of them, at the line's end, or with the input. */
static struct bytes take_string(struct scan *s, size_t slashes)
{
    size_t start = s->at;

    while (s->at < s->in.len && s->in.ptr[s->at] != '\n') {
        size_t count = count_slashes(s);

        if (s->at + count < s->in.len && s->in.ptr[s->at + count] == '"') {
            /* \\\" is within a string that \" began; an even number of \ is text, and
             * the quote behind it ends whatever is open */
            if (count <= slashes || count % 2 == 0)
                break;
            count++;
        }
        s->at += count ? count : 1;
    }
    if (slashes == 0)
        s->at += count_slashes(s);
    return bytes_make(s->in.ptr + start, s->at - start);
}

/* From its quote, or the backslashes before it. */
static void put_secret_string(struct scan *s)
{
    size_t slashes = count_slashes(s);
    struct bytes secret;

    s->at += slashes + 1;
    put_until(s, s->at);
    secret = take_string(s, slashes);
    redact_put_secret(s->redactor, secret, s->out);
    s->done = s->at;
    s->at += count_slashes(s);
    if (byte_at(s) == '"')
        s->at++;
}

static bool starts_number(uint8_t c)
{
    return c == '-' || (c >= '0' && c <= '9');
}

static void put_quote(struct scan *s)
{
    for (size_t i = 0; i < s->slashes; i++)
        buf_put_byte(s->out, '\\');
    buf_put_byte(s->out, '"');
}

/* A number stays JSON as a string. */
static void put_secret_number(struct scan *s)
{
    size_t start = s->at;

    while (s->at < s->in.len && bytes_find(BYTES("+-.eE0123456789"), s->in.ptr[s->at]) >= 0)
        s->at++;
    put_until(s, start);
    put_quote(s);
    redact_put_secret(s->redactor, bytes_make(s->in.ptr + start, s->at - start), s->out);
    put_quote(s);
    s->done = s->at;
}

/* A string within a secret array or object: names stay, values go. */
static void put_inner_string(struct scan *s)
{
    size_t start = s->at, slashes = count_slashes(s);

    s->at += slashes + 1;
    (void)take_string(s, slashes);
    s->at += count_slashes(s);
    if (byte_at(s) == '"')
        s->at++;
    skip_spaces(s);
    if (byte_at(s) == ':')
        return;
    s->at = start;
    put_secret_string(s);
}

/* An array or object that is secret as a whole, from its bracket. */
static void put_secret_tree(struct scan *s)
{
    size_t depth = 0;

    do {
        uint8_t c = byte_at(s);

        if (c == '"' || (c == '\\' && s->at + count_slashes(s) < s->in.len &&
                         s->in.ptr[s->at + count_slashes(s)] == '"')) {
            put_inner_string(s);
        } else if (starts_number(c)) {
            put_secret_number(s);
        } else if (redact_pseudonym_starts(bytes_from(s->in, s->at))) {
            s->at += REDACT_PSEUDONYM_BYTES; /* where no JSON has one */
        } else {
            depth += c == '{' || c == '[';
            depth -= c == '}' || c == ']';
            s->at++;
        }
    } while (depth > 0 && s->at < s->in.len);
}

/* The value after a secret's colon. */
static void put_secret_value(struct scan *s, unsigned where)
{
    size_t slashes;
    uint8_t c;

    skip_spaces(s);
    c = byte_at(s);
    slashes = count_slashes(s);
    if (c == '"' || (slashes && s->at + slashes < s->in.len && s->in.ptr[s->at + slashes] == '"'))
        put_secret_string(s);
    else if ((where & REDACT_DEEP) && starts_number(c))
        put_secret_number(s);
    else if ((where & REDACT_DEEP) && (c == '{' || c == '['))
        put_secret_tree(s);
}

/* Backslashes before the quote at `quote`. An even number belongs to the text that ends
 * there; an odd one says that the quote stands within a string. */
static size_t quote_slashes(struct bytes in, size_t quote)
{
    size_t count = 0;

    while (count < quote && in.ptr[quote - 1 - count] == '\\')
        count++;
    return count % 2 ? count : 0;
}

/* What stands before a colon. */
struct name {
    struct bytes text;
    bool bare;      /* it has no quotes, as in `login(password: "x")` */
    bool escapes;   /* there are backslashes in it */
    size_t slashes; /* before its last quote */
};

static bool is_bare(uint8_t c)
{
    uint8_t letter = byte_lower(c);

    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* The name that ends at `end`, not further back than `from`. */
static struct name name_before(struct bytes in, size_t from, size_t end)
{
    struct name n = {.bare = true};
    size_t start;

    while (end > from && is_space(in.ptr[end - 1]))
        end--;
    if (end > from && in.ptr[end - 1] == '"') {
        n.bare = false;
        n.slashes = quote_slashes(in, --end);
    }
    start = end;
    while (start > from && end - start < KEY_BYTES &&
           (n.bare ? is_bare(in.ptr[start - 1]) : in.ptr[start - 1] != '"')) {
        start--;
        n.escapes |= in.ptr[start] == '\\';
    }
    n.text = bytes_make(in.ptr + start, end - start);
    return n;
}

/* A name's escapes, as far as a name of the table can hold them: \u00XX. */
static void name_unescape(struct bytes name, struct buf *plain)
{
    while (name.len) {
        uint64_t code;

        if (bytes_starts_with(name, BYTES("\\u")) && name.len >= 6 &&
            !bytes_hex_to_u64(bytes_make(name.ptr + 2, 4), &code) && code < 0x80) {
            buf_put_byte(plain, (uint8_t)code);
            name = bytes_from(name, 6);
        } else {
            buf_put_byte(plain, name.ptr[0]);
            name = bytes_from(name, 1);
        }
    }
}

static unsigned escaped_name_find(const struct redactor *r, struct bytes name)
{
    struct buf plain;
    unsigned where;

    buf_init(&plain, KEY_BYTES);
    name_unescape(name, &plain);
    where = buf_status(&plain) ? REDACT_MEMBER : redact_name_find(r->own, buf_bytes(&plain));
    buf_release(&plain);
    return where;
}

/* A bare name is none of JSON's own: its value is a string, and where all is JSON one
 * within a string. */
static bool is_bare_value(struct scan *s, bool strict)
{
    size_t slashes;

    skip_spaces(s);
    slashes = count_slashes(s);
    return (slashes || !strict) && s->at + slashes < s->in.len && s->in.ptr[s->at + slashes] == '"';
}

void redact_put_json(const struct redactor *r, bool strict, struct bytes text, struct buf *out)
{
    struct scan s = {.redactor = r, .in = text, .out = out, .jwts = redact_jwt_maybe(text)};

    for (;;) {
        ptrdiff_t colon = bytes_find(bytes_from(text, s.at), ':');
        struct name name;
        unsigned where;

        if (colon < 0)
            break;
        name = name_before(text, s.at, s.at + (size_t)colon);
        where =
            name.escapes ? escaped_name_find(r, name.text) : redact_name_find(r->own, name.text);
        s.slashes = name.slashes;
        s.at += (size_t)colon + 1;
        if ((where & REDACT_MEMBER) && (!name.bare || is_bare_value(&s, strict)))
            put_secret_value(&s, where);
    }
    put_until(&s, text.len);
}
