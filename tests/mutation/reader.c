#include "reader.h"

#include <string.h>

enum { SIZE_DIGITS = 16, NAME_BYTES = 253, PORT_MAX = 65535, INTERIM_FIRST = 100 };

struct cursor {
    struct bytes in;
    size_t at;
    unsigned rules;
    struct read_message *m;
};

static enum reading bad(struct cursor *c, const char *why)
{
    c->m->why = why;
    c->m->stopped = c->at;
    return READING_BAD;
}

/* ---- bytes -------------------------------------------------------------- */

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

/* RFC 9110 §5.6.2 */
static bool is_tchar(uint8_t c)
{
    return is_digit(c) || is_letter(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(struct bytes in)
{
    for (size_t i = 0; i < in.len; i++) {
        if (!is_tchar(in.ptr[i]))
            return false;
    }
    return in.len > 0;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static struct bytes part(struct bytes in, size_t from, size_t to)
{
    return (struct bytes){in.ptr + from, to - from};
}

static struct bytes trim(struct bytes in)
{
    while (in.len && is_blank(in.ptr[in.len - 1]))
        in.len--;
    while (in.len && is_blank(in.ptr[0]))
        in = part(in, 1, in.len);
    return in;
}

/* Where `c` first stands, or the length. */
static size_t find(struct bytes in, uint8_t c)
{
    size_t at = 0;

    while (at < in.len && in.ptr[at] != c)
        at++;
    return at;
}

static bool same_bytes(struct bytes a, struct bytes b)
{
    return a.len == b.len && (!a.len || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static bool same_icase(struct bytes a, struct bytes b)
{
    for (size_t i = 0; a.len == b.len && i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    }
    return a.len == b.len;
}

bool read_same(struct bytes a, const char *text)
{
    return same_icase(a, (struct bytes){(const uint8_t *)text, strlen(text)});
}

static bool one_of(struct bytes in, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (read_same(in, names[i]))
            return true;
    }
    return false;
}
#define ONE_OF(in, names) one_of((in), (names), sizeof(names) / sizeof((names)[0]))

uint64_t read_hash(uint64_t hash, struct bytes in)
{
    for (size_t i = 0; i < in.len; i++)
        hash = (hash ^ in.ptr[i]) * UINT64_C(0x100000001b3);
    return hash;
}

bool read_reframed(struct bytes name)
{
    static const char *const names[] = {"content-length", "transfer-encoding", "connection"};

    return ONE_OF(name, names);
}

uint64_t read_fields_hash(const struct read_message *m)
{
    static const struct bytes colon = BYTES_INIT(": "), end = BYTES_INIT("\r\n");
    uint64_t hash = READ_HASH_SEED;

    for (size_t i = 0; i < m->count; i++) {
        if (read_reframed(m->fields[i].name))
            continue;
        hash = read_hash(read_hash(hash, m->fields[i].name), colon);
        hash = read_hash(read_hash(hash, m->fields[i].value), end);
    }
    return hash;
}

const struct bytes *read_value(const struct read_message *m, const char *name)
{
    for (size_t i = 0; i < m->count; i++) {
        if (read_same(m->fields[i].name, name))
            return &m->fields[i].value;
    }
    return NULL;
}

/* ---- lines and fields --------------------------------------------------- */

static bool forgives(struct cursor *c, unsigned rule)
{
    if (!(c->rules & rule))
        return false;
    c->m->odd = true;
    c->m->untidy_head = c->m->untidy_head || !c->m->head_whole;
    return true;
}

/* A line, without its end. */
static enum reading take_line(struct cursor *c, struct bytes *ret_line)
{
    struct bytes rest = part(c->in, c->at, c->in.len);
    size_t len = find(rest, '\n');

    if (len == rest.len)
        return READING_SHORT;
    c->at += len + 1;
    if (len && rest.ptr[len - 1] == '\r')
        len--;
    else if (!forgives(c, READ_UNTIDY))
        return bad(c, "a line ends in LF alone");
    *ret_line = part(rest, 0, len);
    if (find(*ret_line, '\r') < len)
        return bad(c, "a CR that ends no line");
    if (find(*ret_line, 0) < len)
        return bad(c, "a NUL");
    return READING_GOOD;
}

static enum reading check_value(struct cursor *c, struct bytes value)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t b = value.ptr[i];

        if ((b >= 0x20 && b != 0x7f) || b == '\t')
            continue;
        if (!forgives(c, READ_CONTROLS))
            return bad(c, "a control in a value");
    }
    return READING_GOOD;
}

/* RFC 9112 §5.2: a fold is as good as a space. */
static enum reading take_fold(struct cursor *c, struct read_field *f, struct bytes line)
{
    struct read_message *m = c->m;
    size_t len = f->value.len;

    line = trim(line);
    if (!forgives(c, READ_UNTIDY))
        return bad(c, "a folded line");
    if (!line.len)
        return READING_GOOD;
    if (m->made_len + len + 1 + line.len > sizeof(m->made))
        return bad(c, "too many folds for this reader");
    if (len)
        memmove(m->made + m->made_len, f->value.ptr, len);
    f->value.ptr = m->made + m->made_len;
    if (len)
        m->made[m->made_len + len++] = ' ';
    memcpy(m->made + m->made_len + len, line.ptr, line.len);
    f->value.len = len + line.len;
    m->made_len += f->value.len;
    return check_value(c, line);
}

static enum reading take_field(struct cursor *c, struct read_field *f, struct bytes line)
{
    size_t colon = find(line, ':');
    struct bytes name = part(line, 0, colon);

    if (colon == line.len)
        return bad(c, "a field line without a colon");
    if (name.len && is_blank(name.ptr[name.len - 1])) {
        if (!forgives(c, READ_UNTIDY))
            return bad(c, "white space before a colon");
        name = trim(name);
    }
    if (!is_token(name))
        return bad(c, "a field name that is no token");
    f->name = name;
    f->value = trim(part(line, colon + 1, line.len));
    return check_value(c, f->value);
}

/* Field lines through the empty one. */
static enum reading take_fields(struct cursor *c, struct read_field *fields, size_t max,
                                size_t *ret_count)
{
    size_t count = 0;

    for (;;) {
        struct bytes line = {NULL, 0};
        enum reading st = take_line(c, &line);

        if (st)
            return st;
        *ret_count = count;
        c->m->in_lines = line.len > 0;
        if (!line.len)
            return READING_GOOD;
        if (is_blank(line.ptr[0]) && !count)
            return bad(c, "the first field line starts with white space");
        if (!is_blank(line.ptr[0]) && count == max)
            return bad(c, "too many fields for this reader");
        if (is_blank(line.ptr[0]))
            st = take_fold(c, &fields[count - 1], line);
        else
            st = take_field(c, &fields[count++], line);
        if (st)
            return st;
    }
}

/* ---- hosts and targets -------------------------------------------------- */

static enum host_reading judge_port(struct bytes port)
{
    unsigned value = 0;

    for (size_t i = 0; i < port.len; i++) {
        if (!is_digit(port.ptr[i]) || i >= 5)
            return HOST_BAD;
        value = value * 10 + port.ptr[i] - '0';
    }
    return value >= 1 && value <= PORT_MAX ? HOST_GOOD : HOST_BAD;
}

/* Names of letters, digits and hyphens are good; what is neither such a name nor
 * plainly wrong this reader leaves to weir. */
enum host_reading read_authority(struct bytes in)
{
    size_t colon = in.len && in.ptr[0] == '[' ? in.len : find(in, ':');
    struct bytes host = part(in, 0, colon);
    bool plain = host.len && host.len <= NAME_BYTES, label = false, letter = false;

    if (!host.len || (colon < in.len && judge_port(part(in, colon + 1, in.len)) == HOST_BAD))
        return HOST_BAD;
    for (size_t i = 0; i < host.len; i++) {
        uint8_t b = host.ptr[i];

        if (b <= ' ' || b == 0x7f || strchr("/?#@\\,;\"<>{}|^`", b))
            return HOST_BAD;
        plain = plain && (is_letter(b) || is_digit(b) || b == '-' || (b == '.' && label));
        label = b != '.';
        letter = b == '.' ? false : letter || is_letter(b);
    }
    return plain && label && letter ? HOST_GOOD : HOST_ODD;
}

static enum reading check_authority(struct cursor *c, struct bytes in)
{
    enum host_reading host = read_authority(in);

    if (host == HOST_BAD)
        return bad(c, "an authority that is none");
    c->m->odd = c->m->odd || host == HOST_ODD;
    return READING_GOOD;
}

/* RFC 9112 §3.2.2 */
static enum reading read_absolute(struct cursor *c)
{
    struct read_message *m = c->m;
    size_t colon = find(m->target, ':'), end;

    if (colon + 3 > m->target.len || memcmp(m->target.ptr + colon, "://", 3) != 0)
        return bad(c, "a target in no known form");
    m->scheme = part(m->target, 0, colon);
    for (size_t i = 0; i < colon; i++) {
        uint8_t b = m->scheme.ptr[i];

        if (!is_letter(b) && (!i || (!is_digit(b) && !strchr("+-.", b))))
            return bad(c, "a scheme that is none");
    }
    if (!colon)
        return bad(c, "an empty scheme");
    for (end = colon + 3; end < m->target.len && !strchr("/?", m->target.ptr[end]);)
        end++;
    m->host = part(m->target, colon + 3, end);
    m->path = part(m->target, end, m->target.len);
    return check_authority(c, m->host);
}

static enum reading read_target(struct cursor *c)
{
    struct read_message *m = c->m;
    bool star = m->target.len == 1 && m->target.ptr[0] == '*';

    for (size_t i = 0; i < m->target.len; i++) {
        if (m->target.ptr[i] <= ' ' || m->target.ptr[i] >= 0x7f || m->target.ptr[i] == '#')
            return bad(c, "a byte that may not stand in a target");
    }
    if (!m->target.len)
        return bad(c, "no target");
    if (same_bytes(m->method, BYTES("CONNECT"))) { /* whether it may is not judged here */
        m->odd = true;
        m->host = m->target;
        return check_authority(c, m->target);
    }
    if (m->target.ptr[0] != '/' && !star)
        return read_absolute(c);
    if (star && !same_bytes(m->method, BYTES("OPTIONS")))
        return bad(c, "the target * without OPTIONS");
    m->path = m->target;
    return READING_GOOD;
}

/* ---- start lines -------------------------------------------------------- */

static enum reading read_version(struct cursor *c, struct bytes in)
{
    if (in.len != 8 || memcmp(in.ptr, "HTTP/1.", 7) != 0 || !is_digit(in.ptr[7]))
        return bad(c, "a version that is not HTTP/1");
    c->m->minor = (unsigned)(in.ptr[7] - '0');
    if (!(c->rules & READ_RECEIVED) && c->m->minor != 1)
        return bad(c, "a version other than ours");
    return READING_GOOD;
}

static enum reading take_request_line(struct cursor *c)
{
    struct read_message *m = c->m;
    struct bytes line = {NULL, 0};
    size_t first, second;
    enum reading st;

    m->in_lines = true;
    for (int empty = 0; (c->rules & READ_RECEIVED) && c->in.len - c->at >= 2 &&
                        memcmp(c->in.ptr + c->at, "\r\n", 2) == 0;) {
        if (++empty > READ_EMPTY_LINES)
            return bad(c, "too many empty lines");
        c->at += 2;
    }
    st = take_line(c, &line);
    if (st)
        return st;
    first = find(line, ' ');
    second = first < line.len ? first + 1 + find(part(line, first + 1, line.len), ' ') : line.len;
    if (second >= line.len)
        return bad(c, "a request line without two spaces");
    m->method = part(line, 0, first);
    m->target = part(line, first + 1, second);
    if (!is_token(m->method))
        return bad(c, "a method that is no token");
    st = read_version(c, part(line, second + 1, line.len));
    return st ? st : read_target(c);
}

static enum reading take_status_line(struct cursor *c)
{
    struct bytes line = {NULL, 0}, code;
    enum reading st = take_line(c, &line);

    if (st)
        return st;
    if (line.len < 12 || line.ptr[8] != ' ')
        return bad(c, "a status line that is too short");
    code = part(line, 9, 12);
    for (size_t i = 0; i < 3; i++) {
        if (!is_digit(code.ptr[i]))
            return bad(c, "a status that is no number");
        c->m->status = c->m->status * 10 + code.ptr[i] - '0';
    }
    if (c->m->status < INTERIM_FIRST)
        return bad(c, "a status below 100");
    if (line.len > 12 && line.ptr[12] != ' ')
        return bad(c, "no space behind the status");
    if (line.len == 12 && !(c->rules & READ_RECEIVED))
        return bad(c, "no space behind the status");
    for (size_t i = 13; i < line.len; i++) {
        if ((line.ptr[i] < ' ' && line.ptr[i] != '\t') || line.ptr[i] == 0x7f)
            return bad(c, "a control in the reason");
    }
    return read_version(c, part(line, 0, 8));
}

/* ---- framing ------------------------------------------------------------ */

static enum reading read_lengths(struct cursor *c, bool *ret_there)
{
    struct read_message *m = c->m;
    const struct bytes *first = NULL;

    for (size_t i = 0; i < m->count; i++) {
        const struct bytes *v = &m->fields[i].value;
        uint64_t value = 0;

        if (!read_same(m->fields[i].name, "content-length"))
            continue;
        for (size_t k = 0; k < v->len; k++) {
            if (!is_digit(v->ptr[k]) || value > (uint64_t)(INT64_MAX - (v->ptr[k] - '0')) / 10)
                return bad(c, "a Content-Length that is no number");
            value = value * 10 + v->ptr[k] - '0';
        }
        if (!v->len || (first && !same_bytes(*first, *v)))
            return bad(c, "Content-Length is empty, or there are two");
        if (first && !(c->rules & READ_RECEIVED))
            return bad(c, "Content-Length is repeated");
        first = v;
        m->length = value;
    }
    *ret_there = first != NULL;
    return READING_GOOD;
}

/* The end of a list element that starts at `at`; commas in quotes do not count. */
static size_t element_end(struct bytes list, size_t at, bool *ret_open)
{
    bool quoted = false;

    for (; at < list.len; at++) {
        if (list.ptr[at] == '"')
            quoted = !quoted;
        else if (quoted && list.ptr[at] == '\\')
            at++;
        else if (list.ptr[at] == ',' && !quoted)
            break;
    }
    *ret_open = quoted;
    return at < list.len ? at : list.len;
}

/* RFC 9112 §6.1, §7. Parameters mean nothing here, and two readers may disagree on
 * where they end (§7.2: SHOULD be treated as an error). */
static enum reading read_coding(struct cursor *c, struct bytes element, bool *chunked)
{
    static const char *const known[] = {"gzip", "x-gzip", "deflate", "compress", "x-compress"};

    element = trim(element);
    if (*chunked)
        return bad(c, "a coding behind chunked");
    if (read_same(element, "chunked"))
        *chunked = true;
    else if (!ONE_OF(element, known))
        return bad(c, "a transfer coding that is not known");
    else
        c->m->outer = true;
    return READING_GOOD;
}

static enum reading read_codings(struct cursor *c, bool *ret_there)
{
    struct read_message *m = c->m;
    bool chunked = false, open = false;
    enum reading st = READING_GOOD;

    for (size_t i = 0; i < m->count; i++) {
        struct bytes list = m->fields[i].value;
        size_t at = 0, end;

        if (!read_same(m->fields[i].name, "transfer-encoding"))
            continue;
        *ret_there = true;
        do {
            end = element_end(list, at, &open);
            st = open ? bad(c, "a quote without an end")
                      : read_coding(c, part(list, at, end), &chunked);
            at = end + 1;
        } while (!st && end < list.len);
        if (st)
            return st;
    }
    return *ret_there && !chunked ? bad(c, "the last coding is not chunked") : st;
}

static enum reading read_framing(struct cursor *c, bool response)
{
    struct read_message *m = c->m;
    bool length = false, coded = false;
    enum reading st = read_lengths(c, &length);

    if (!st)
        st = read_codings(c, &coded);
    if (st)
        return st;
    if (length && coded)
        return bad(c, "Content-Length and Transfer-Encoding");
    if (coded && !m->minor) {
        if (!response)
            return bad(c, "Transfer-Encoding in HTTP/1.0");
        m->close = true;
    }
    m->framing = coded      ? READ_CHUNKED
                 : length   ? READ_LENGTH
                 : response ? READ_UNTIL_CLOSE
                            : READ_NO_BODY;
    return READING_GOOD;
}

/* ---- Connection, Host --------------------------------------------------- */

static enum reading read_option(struct cursor *c, struct bytes option, bool *keep)
{
    static const char *const framing[] = {"content-length", "transfer-encoding", "host"};
    static const char *const ours[] = {"close", "keep-alive", "upgrade", "te"};

    if (ONE_OF(option, framing))
        return bad(c, "Connection names what frames or routes");
    if (option.len && !(c->rules & READ_RECEIVED) && !ONE_OF(option, ours))
        return bad(c, "Connection names what was not to pass");
    c->m->close = c->m->close || read_same(option, "close");
    c->m->upgrade = c->m->upgrade || read_same(option, "upgrade");
    *keep = *keep || read_same(option, "keep-alive");
    return READING_GOOD;
}

static enum reading read_connection(struct cursor *c)
{
    struct read_message *m = c->m;
    bool keep = false;

    for (size_t i = 0; i < m->count; i++) {
        struct bytes list = m->fields[i].value;

        if (!read_same(m->fields[i].name, "connection"))
            continue;
        for (;;) {
            size_t comma = find(list, ',');
            enum reading st = read_option(c, trim(part(list, 0, comma)), &keep);

            if (st)
                return st;
            if (comma == list.len)
                break;
            list = part(list, comma + 1, list.len);
        }
    }
    m->close = m->close || (!m->minor && !keep);
    m->upgrade = m->upgrade && m->minor && read_value(m, "upgrade");
    return READING_GOOD;
}

/* RFC 9112 §3.2 */
static enum reading read_host(struct cursor *c)
{
    struct read_message *m = c->m;
    const struct bytes *host = NULL;
    bool named = m->host.len > 0;

    for (size_t i = 0; i < m->count; i++) {
        const struct bytes *v = &m->fields[i].value;

        if (!read_same(m->fields[i].name, "host"))
            continue;
        if (host && (!(c->rules & READ_RECEIVED) || !same_icase(*host, *v)))
            return bad(c, "more than one Host");
        host = host ? host : v;
    }
    if (!host && m->minor && !(named && forgives(c, READ_UNTIDY)))
        return bad(c, "no Host");
    if (host && !named)
        m->host = *host;
    if (!host || (named && !host->len))
        return READING_GOOD;
    return check_authority(c, *host);
}

/* What may not pass a proxy (RFC 9110 §7.6.1). */
static enum reading check_passed_on(struct cursor *c)
{
    static const char *const hop[] = {"keep-alive",          "proxy-connection",
                                      "proxy-authorization", "proxy-authenticate",
                                      "http2-settings",      "proxy-authentication-info"};

    for (size_t i = 0; !(c->rules & READ_RECEIVED) && i < c->m->count; i++) {
        const struct read_field *f = &c->m->fields[i];

        if (ONE_OF(f->name, hop))
            return bad(c, "a hop-by-hop field was passed on");
        if (read_same(f->name, "te") && !read_same(f->value, "trailers"))
            return bad(c, "TE was passed on");
        if (read_same(f->name, "upgrade") && !read_value(c->m, "connection"))
            return bad(c, "Upgrade was passed on without Connection");
    }
    return READING_GOOD;
}

/* ---- content ------------------------------------------------------------ */

static void add_content(struct cursor *c, size_t len)
{
    c->m->body_hash = read_hash(c->m->body_hash, part(c->in, c->at, c->at + len));
    c->m->body_len += len;
    c->at += len;
}

static enum reading take_content(struct cursor *c, uint64_t len)
{
    size_t left = c->in.len - c->at;

    add_content(c, len < left ? (size_t)len : left);
    return len > left ? READING_SHORT : READING_GOOD;
}

static int hex_value(uint8_t c)
{
    if (is_digit(c))
        return c - '0';
    return lower(c) >= 'a' && lower(c) <= 'f' ? lower(c) - 'a' + 10 : -1;
}

/* What stands behind the size. */
static enum reading check_extension(struct cursor *c, struct bytes in)
{
    struct bytes rest = trim(in);

    if (!in.len)
        return READING_GOOD;
    if (!(c->rules & READ_RECEIVED))
        return bad(c, "a chunk line that is not plain");
    if (!rest.len)
        return forgives(c, READ_UNTIDY) ? READING_GOOD : bad(c, "blanks behind a chunk's size");
    if (rest.ptr[0] != ';')
        return bad(c, "something behind a chunk's size");
    for (size_t i = 0; i < rest.len; i++) {
        if ((rest.ptr[i] < ' ' && rest.ptr[i] != '\t') || rest.ptr[i] == 0x7f)
            return bad(c, "a control in a chunk's extension");
    }
    return READING_GOOD;
}

/* RFC 9112 §7.1. No LF alone ends a chunk line, whoever forgives. */
static enum reading take_chunk_line(struct cursor *c, uint64_t *ret_size)
{
    struct bytes rest = part(c->in, c->at, c->in.len), line;
    size_t len = find(rest, '\n'), digits = 0;
    uint64_t size = 0;

    if (len == rest.len)
        return READING_SHORT;
    if (!len || rest.ptr[len - 1] != '\r' || len >= READ_CHUNK_LINE_BYTES)
        return bad(c, "a chunk line without CRLF");
    line = part(rest, 0, len - 1);
    c->at += len + 1;
    for (; digits < line.len && hex_value(line.ptr[digits]) >= 0; digits++) {
        if (digits == SIZE_DIGITS || size > INT64_MAX >> 4)
            return bad(c, "a chunk's size that is too large");
        size = size << 4 | (unsigned)hex_value(line.ptr[digits]);
    }
    if (!digits)
        return bad(c, "a chunk without a size");
    *ret_size = size;
    return check_extension(c, part(line, digits, line.len));
}

static enum reading take_chunks(struct cursor *c)
{
    for (;;) {
        uint64_t size = 0;
        enum reading st = take_chunk_line(c, &size);

        if (!st && !size)
            return READING_GOOD;
        if (!st)
            st = take_content(c, size);
        if (st)
            return st;
        if (c->in.len - c->at >= 1 && c->in.ptr[c->at] != '\r')
            return bad(c, "no CRLF behind a chunk");
        if (c->in.len - c->at < 2)
            return READING_SHORT;
        if (c->in.ptr[c->at + 1] != '\n')
            return bad(c, "no CRLF behind a chunk");
        c->at += 2;
    }
}

/* RFC 9110 §6.5.1 */
static enum reading check_trailers(struct cursor *c)
{
    static const char *const never[] = {"content-length", "transfer-encoding", "host",
                                        "connection",     "content-encoding",  "content-type",
                                        "content-range",  "trailer",           "te",
                                        "upgrade",        "keep-alive",        "expect",
                                        "authorization",  "set-cookie",        "proxy-connection"};

    for (size_t i = 0; !(c->rules & READ_RECEIVED) && i < c->m->trailer_count; i++) {
        if (ONE_OF(c->m->trailers[i].name, never))
            return bad(c, "a trailer that may not stand there");
    }
    return READING_GOOD;
}

static enum reading take_body(struct cursor *c, bool eof)
{
    struct read_message *m = c->m;
    enum reading st = READING_GOOD;

    switch (m->framing) {
    case READ_NO_BODY:
        break;
    case READ_LENGTH:
        st = take_content(c, m->length);
        break;
    case READ_CHUNKED:
        st = take_chunks(c);
        m->in_lines = !st;
        if (!st)
            st = take_fields(c, m->trailers, READ_TRAILERS, &m->trailer_count);
        if (!st)
            st = check_trailers(c);
        break;
    case READ_UNTIL_CLOSE:
        add_content(c, c->in.len - c->at);
        st = eof ? READING_GOOD : READING_SHORT;
        break;
    }
    m->end = c->at;
    return st;
}

/* ---- messages ----------------------------------------------------------- */

static struct cursor begin(struct bytes in, size_t at, unsigned rules, struct read_message *m)
{
    memset(m, 0, sizeof(*m));
    m->body_hash = READ_HASH_SEED;
    return (struct cursor){in, at, rules, m};
}

enum reading read_request(struct bytes in, size_t at, unsigned rules, struct read_message *ret)
{
    struct cursor c = begin(in, at, rules, ret);
    enum reading st = take_request_line(&c);

    if (!st)
        st = take_fields(&c, ret->fields, READ_FIELDS, &ret->count);
    if (!st)
        st = read_connection(&c);
    if (!st)
        st = read_framing(&c, false);
    if (!st)
        st = read_host(&c);
    if (!st)
        st = check_passed_on(&c);
    if (st)
        return st;
    ret->head_whole = true;
    return take_body(&c, false);
}

/* RFC 9112 §6.3 */
static enum reading judge_bodiless(struct cursor *c, const struct read_asked *asked)
{
    struct read_message *m = c->m;
    bool framed = m->framing == READ_LENGTH || m->framing == READ_CHUNKED;
    bool never =
        m->status / 100 == 1 || m->status == 204 || (asked->connect && m->status / 100 == 2);

    if (!never && m->status != 304 && !asked->head) {
        m->close = m->close || m->framing == READ_UNTIL_CLOSE;
        return READING_GOOD;
    }
    if (never && framed && !(c->rules & READ_RECEIVED))
        return bad(c, "a length where no content is allowed");
    if (never && framed && (m->framing == READ_CHUNKED || m->length))
        m->close = true;
    m->framing = READ_NO_BODY;
    return READING_GOOD;
}

enum reading read_response(struct bytes in, size_t at, unsigned rules,
                           const struct read_asked *asked, bool eof, struct read_message *ret)
{
    struct cursor c = begin(in, at, rules, ret);
    enum reading st = take_status_line(&c);

    if (!st)
        st = take_fields(&c, ret->fields, READ_FIELDS, &ret->count);
    if (!st)
        st = read_connection(&c);
    if (!st)
        st = read_framing(&c, true);
    if (!st)
        st = judge_bodiless(&c, asked);
    if (!st && ret->status == 101 && !asked->upgrade)
        st = bad(&c, "a protocol was switched that nobody asked for");
    if (!st)
        st = check_passed_on(&c);
    if (st)
        return st;
    ret->head_whole = true;
    return take_body(&c, eof);
}
