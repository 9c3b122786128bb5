/* The places where readers of HTTP/1 disagree, and what an enemy writes there. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "draft.h"

void story_add(char *story, const char *format, ...)
{
    size_t len = strlen(story);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(story + len, MUTANT_STORY_BYTES - len, format, args);
    va_end(args);
}

/* Bytes that some reader skips, trims, folds or takes for another. */
static const struct bytes odd_bytes[] = {
    BYTES_INIT("\0"),   BYTES_INIT("\x01"),
    BYTES_INIT("\t"),   BYTES_INIT("\n"),
    BYTES_INIT("\v"),   BYTES_INIT("\f"),
    BYTES_INIT("\r"),   BYTES_INIT("\x1f"),
    BYTES_INIT(" "),    BYTES_INIT("\""),
    BYTES_INIT("#"),    BYTES_INIT("("),
    BYTES_INIT(","),    BYTES_INIT("/"),
    BYTES_INIT(":"),    BYTES_INIT(";"),
    BYTES_INIT("@"),    BYTES_INIT("\\"),
    BYTES_INIT("_"),    BYTES_INIT("{"),
    BYTES_INIT("\x7f"), BYTES_INIT("\x80"),
    BYTES_INIT("\x85"), BYTES_INIT("\xa0"),
    BYTES_INIT("\xff"), BYTES_INIT("\xe2\x84\xaa"), /* KELVIN SIGN: lower case is k */
};

static size_t some_field(const struct draft *d, struct rng *r)
{
    return d->count > 1 ? 1 + rng_below(r, d->count - 1) : 0;
}

/* The field of that name, or a new one at some place. */
static struct line *field_or_new(struct draft *d, struct rng *r, const char *name)
{
    size_t at = draft_find(d, name);

    if (at && !rng_once_in(r, 3))
        return &d->lines[at];
    return draft_add_line(d, 1 + rng_below(r, d->count), name);
}

/* ---- Content-Length ----------------------------------------------------- */

/* %u stands for the true length. */
static const char *const lengths[] = {
    "%u",
    "+%u",
    "-%u",
    "0%u",
    "00000000000000000000000%u",
    "%u,%u",
    "%u, %u",
    "%u,",
    ",%u",
    "%u, 0",
    "0, %u",
    "%u ",
    "\t%u",
    "%u\v",
    "\f%u",
    "0x%u",
    "%ue0",
    "%u.0",
    "%u;",
    "%u;a=b",
    "\"%u\"",
    "'%u'",
    "%u %u",
    "%u_0",
    "1%u",
    "0",
    "",
    "-0",
    "+0",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "18446744073709551621",
    "99999999999999999999999999",
    "4294967301",
    "\xef\xbc\x95",
    "abc",
    "%u\r",
    "%u\r\n 0",
    "\r\n %u",
    "%u\r\n\t",
};

/* The words of a list, with a number for each %u. */
static void text_number(struct text *t, const char *name, const char *pattern, size_t number)
{
    char digits[24];

    text_setf(t, "%s: ", name);
    (void)snprintf(digits, sizeof(digits), "%zu", number);
    while (*pattern) {
        bool number_here = pattern[0] == '%' && pattern[1] == 'u';

        text_insert(t, t->len, number_here ? bytes_of(digits) : bytes_make(pattern, 1));
        pattern += number_here ? 2 : 1;
    }
}

static void mutate_length(struct draft *d, struct rng *r, char *story)
{
    static const char *const names[] = {"Content-Length",  "Content-Length",  "Content-Length",
                                        "content-length",  "Content_Length",  "CONTENT-LENGTH",
                                        "Content-Length ", " Content-Length", "Content\tLength",
                                        "Content-Lengths", "XContent-Length"};
    const char *pattern = RNG_PICK(r, lengths), *name = RNG_PICK(r, names);
    size_t number = draft_content_len(d), change = rng_below(r, 8);

    if (change < 3)
        number = change == 0 ? number + 1 : change == 1 && number ? number - 1 : 0;
    text_number(&field_or_new(d, r, "Content-Length")->text, name, pattern, number);
    story_add(story, " length '%s: %s' of %zu.", name, pattern, number);
}

/* ---- Transfer-Encoding -------------------------------------------------- */

static const struct bytes codings[] = {
    BYTES_INIT("chunked"),
    BYTES_INIT("Chunked"),
    BYTES_INIT("CHUNKED"),
    BYTES_INIT("chunked "),
    BYTES_INIT("\tchunked"),
    BYTES_INIT("\vchunked"),
    BYTES_INIT("chunked\v"),
    BYTES_INIT("\x0c"
               "chunked"),
    BYTES_INIT("chunked\xa0"),
    BYTES_INIT("chunked\0"),
    BYTES_INIT("\0chunked"),
    BYTES_INIT("chunked,"),
    BYTES_INIT(",chunked"),
    BYTES_INIT(", chunked"),
    BYTES_INIT("chunked, chunked"),
    BYTES_INIT("chunked,identity"),
    BYTES_INIT("identity"),
    BYTES_INIT("identity, chunked"),
    BYTES_INIT("gzip, chunked"),
    BYTES_INIT("gzip ,\tchunked"),
    BYTES_INIT("chunked, gzip"),
    BYTES_INIT("gzip"),
    BYTES_INIT("deflate, x-gzip, chunked"),
    BYTES_INIT("xchunked"),
    BYTES_INIT("x-chunked"),
    BYTES_INIT("chunke"),
    BYTES_INIT("chunked;a=b"),
    BYTES_INIT("chunked;"),
    BYTES_INIT("gzip;q=1, chunked"),
    BYTES_INIT("gzip;a=\"b, chunked"),
    BYTES_INIT("gzip;a=\"b, c\", chunked"),
    BYTES_INIT("gzip;a=\"\\\", chunked"),
    BYTES_INIT("\"chunked\""),
    BYTES_INIT("'chunked'"),
    BYTES_INIT("chun\xe2\x84\xaa"
               "ed"),
    BYTES_INIT("cow"),
    BYTES_INIT("cow, chunked"),
    BYTES_INIT("chunked cow"),
    BYTES_INIT("chunked cow, chunked"),
    BYTES_INIT(""),
    BYTES_INIT("chunked\r"),
    BYTES_INIT("\r\n chunked"),
    BYTES_INIT("chunked\r\n , identity"),
    BYTES_INIT("chunked\r\n "),
    BYTES_INIT("gzip\r\n , chunked"),
    BYTES_INIT("ch\r\n unked"),
    BYTES_INIT("chunked\nX: y"),
    BYTES_INIT("trailers, chunked"),
};

static void mutate_coding(struct draft *d, struct rng *r, char *story)
{
    static const char *const names[] = {
        "Transfer-Encoding",   "Transfer-Encoding", "Transfer-Encoding",  "transfer-encoding",
        "Transfer_Encoding",   "Transfer Encoding", "Transfer-Encoding ", " Transfer-Encoding",
        "Transfer-Encoding\t", "TRANSFER-ENCODING", "Transfer\r-Encoding"};
    const char *name = RNG_PICK(r, names);
    struct bytes coding = RNG_PICK(r, codings);
    struct line *l = field_or_new(d, r, "Transfer-Encoding");

    text_setf(&l->text, "%s:%s", name, rng_once_in(r, 6) ? "" : " ");
    text_insert(&l->text, l->text.len, coding);
    story_add(story, " coding '%s: %.*s'.", name, (int)coding.len, (const char *)coding.ptr);
}

/* ---- chunks ------------------------------------------------------------- */

/* What stands in place of a size, or around it. */
static const struct bytes size_before[] = {
    BYTES_INIT(" "),
    BYTES_INIT("\t"),
    BYTES_INIT("0x"),
    BYTES_INIT("+"),
    BYTES_INIT("-"),
    BYTES_INIT("0"),
    BYTES_INIT("00000000000000000"),
    BYTES_INIT("\r\n"),
    BYTES_INIT("\n"),
    BYTES_INIT("\0"),
    BYTES_INIT(";"),
    BYTES_INIT("\v"),
    BYTES_INIT("10000000000000000"),
};
static const struct bytes size_behind[] = {
    BYTES_INIT(" "),     BYTES_INIT("\t"),          BYTES_INIT(";"),     BYTES_INIT(";a"),
    BYTES_INIT(";a=b"),  BYTES_INIT(";a=\"b;c\""),  BYTES_INIT(" ;a"),   BYTES_INIT("; a = b "),
    BYTES_INIT(";\n"),   BYTES_INIT(";a\nb"),       BYTES_INIT(";a\rb"), BYTES_INIT(";a\0b"),
    BYTES_INIT(";\x7f"), BYTES_INIT(";\"a\r\nb\""), BYTES_INIT("\0"),    BYTES_INIT("g"),
    BYTES_INIT(","),     BYTES_INIT("h"),           BYTES_INIT(" 5"),    BYTES_INIT("\v"),
    BYTES_INIT("\r"),    BYTES_INIT(".0"),          BYTES_INIT("_"),     BYTES_INIT(" \t "),
    BYTES_INIT("\xa0"),  BYTES_INIT(";\xff"),       BYTES_INIT(" g"),
};
static const struct bytes sizes[] = {
    BYTES_INIT(""),
    BYTES_INIT("0"),
    BYTES_INIT("1"),
    BYTES_INIT("-1"),
    BYTES_INIT("ffffffff"),
    BYTES_INIT("100000005"),
    BYTES_INIT("7fffffffffffffff"),
    BYTES_INIT("8000000000000000"),
    BYTES_INIT("ffffffffffffffff"),
    BYTES_INIT("fffffffffffffffb"),
    BYTES_INIT("10000000000000005"),
    BYTES_INIT("0000000000000005"),
    BYTES_INIT("cow"),
};
static const struct bytes line_ends[] = {
    BYTES_INIT("\n"),     BYTES_INIT("\r"),     BYTES_INIT("\r\r\n"), BYTES_INIT("\n\r"),
    BYTES_INIT("\r\n\n"), BYTES_INIT(""),       BYTES_INIT("\r\n "),  BYTES_INIT("\r \n"),
    BYTES_INIT("\0\r\n"), BYTES_INIT(" \r\n"),  BYTES_INIT("\n\n"),   BYTES_INIT("\r\n\r\n"),
    BYTES_INIT("\x85"),   BYTES_INIT("\\r\\n"), BYTES_INIT("\v\r\n"), BYTES_INIT("\r\r\r\n"),
};
static const struct bytes data_ends[] = {
    BYTES_INIT(""),       BYTES_INIT("\n"),   BYTES_INIT("\r"),       BYTES_INIT("XX"),
    BYTES_INIT("\r\r\n"), BYTES_INIT("\n\r"), BYTES_INIT("\r\n\r\n"), BYTES_INIT("X\r\n"),
    BYTES_INIT("\rX"),    BYTES_INIT("\0\n"), BYTES_INIT("  "),
};
static const char *const trailer_lines[] = {
    "X-Trailer: y",
    "Content-Length: 5",
    "Transfer-Encoding: chunked",
    "Host: canary.test",
    "Connection: close",
    " folded",
    "bad name: x",
    "X : y",
    ": y",
    "GET /canary-trailer HTTP/1.1",
    "X: y\rHost: z",
    "X: y\nHost: z",
    "X: \x01",
    "Trailer: X",
    "Content_Length: 5",
    "X:",
};

static void mutate_size(struct draft_chunk *c, struct rng *r, char *story)
{
    struct bytes in = RNG_PICK(r, sizes);

    switch (rng_below(r, 4)) {
    case 0:
        in = RNG_PICK(r, size_before);
        text_insert(&c->size, 0, in);
        break;
    case 1:
    case 2:
        in = RNG_PICK(r, size_behind);
        text_insert(&c->size, c->size.len, in);
        break;
    default:
        text_set_bytes(&c->size, in);
        break;
    }
    story_add(story, " chunk size '%.*s'.", (int)c->size.len, (const char *)c->size.ptr);
}

static void mutate_trailer(struct draft *d, struct rng *r, char *story)
{
    const char *line = RNG_PICK(r, trailer_lines);

    draft_add_trailer(d, line);
    if (d->trailer_count && rng_once_in(r, 3))
        text_set_bytes(&d->trailers[d->trailer_count - 1].end, RNG_PICK(r, line_ends));
    story_add(story, " trailer '%s'.", line);
}

static void mutate_chunk(struct draft *d, struct rng *r, char *story)
{
    struct draft_chunk *c;
    size_t len;

    if (!d->chunked) {
        draft_chunked(d, "hello");
        if (rng_once_in(r, 2))
            d->content.len = 0;
    }
    c = &d->chunks[rng_below(r, d->chunk_count)];
    len = c->data.len;
    switch (rng_below(r, 7)) {
    case 0:
        text_set_bytes(&c->size_end, RNG_PICK(r, line_ends));
        story_add(story, " chunk line's end.");
        break;
    case 1:
        text_set_bytes(&c->data_end, RNG_PICK(r, data_ends));
        story_add(story, " chunk's end.");
        break;
    case 2:
        text_setf(&c->size, "%zx", rng_once_in(r, 2) && len ? len - 1 : len + 1 + rng_below(r, 3));
        story_add(story, " chunk size off.");
        break;
    case 3:
        mutate_trailer(d, r, story);
        break;
    case 4:
        text_set_bytes(&d->trailer_end, RNG_PICK(r, line_ends));
        story_add(story, " trailers' end.");
        break;
    default:
        mutate_size(c, r, story);
        break;
    }
}

/* ---- white space, line ends, names -------------------------------------- */

static void mutate_space(struct draft *d, struct rng *r, char *story)
{
    static const struct bytes spaces[] = {BYTES_INIT(" "),  BYTES_INIT("\t"), BYTES_INIT("\v"),
                                          BYTES_INIT("\f"), BYTES_INIT("  "), BYTES_INIT("\r\n"),
                                          BYTES_INIT("\n"), BYTES_INIT("\r")};
    size_t line = rng_once_in(r, 3) ? 0 : some_field(d, r), at = 0;
    struct text *t = &d->lines[line].text;
    struct bytes space = RNG_PICK(r, spaces);
    const uint8_t *colon = memchr(t->ptr, line ? ':' : ' ', t->len);

    switch (rng_below(r, 4)) {
    case 0:
        break;
    case 1:
        at = t->len;
        break;
    case 2:
        at = colon ? (size_t)(colon - t->ptr) : t->len;
        break;
    default:
        at = colon ? (size_t)(colon - t->ptr) + 1 : rng_below(r, t->len + 1);
        break;
    }
    if (!line && colon && rng_once_in(r, 4)) /* tabs, or nothing, in place of a space */
        text_remove(t, (size_t)(colon - t->ptr), 1);
    at = at > t->len ? t->len : at;
    text_insert(t, at, space);
    story_add(story, " white space in line %zu at %zu.", line, at);
}

static void mutate_end(struct draft *d, struct rng *r, char *story)
{
    size_t line = rng_below(r, d->count + 1);
    struct text *t = line == d->count ? &d->head_end : &d->lines[line].end;

    text_set_bytes(t, RNG_PICK(r, line_ends));
    story_add(story, " end of line %zu.", line);
}

static void mutate_all_ends(struct draft *d, struct rng *r, char *story)
{
    struct bytes end = RNG_PICK(r, line_ends);

    for (size_t i = 0; i < d->count; i++)
        text_set_bytes(&d->lines[i].end, end);
    text_set_bytes(&d->head_end, end);
    story_add(story, " all line ends.");
}

static void mutate_name(struct draft *d, struct rng *r, char *story)
{
    static const char *const lines[] = {
        ": empty",
        "Content_Length: 5",
        "Transfer_Encoding: chunked",
        "Content.Length: 5",
        "X-Content-Length: 5",
        "no colon",
        "",
        "X: y\r\n\tfolded",
        "X:\r\n folded",
        "X: y\r\n ",
        "GET /canary-field HTTP/1.1",
        "X: a\rb",
        "X: a\x01z",
        "X Y: a",
        "\"X\": a",
        "X:: a",
    };
    size_t line = some_field(d, r);
    struct text *t = &d->lines[line].text;
    const uint8_t *colon = memchr(t->ptr, ':', t->len);
    struct bytes odd = RNG_PICK(r, odd_bytes);
    const char *new = RNG_PICK(r, lines);

    if (rng_once_in(r, 2)) {
        draft_add_line(d, 1 + rng_below(r, d->count), new);
        story_add(story, " line '%s'.", new);
        return;
    }
    text_insert(t, rng_below(r, (colon ? (size_t)(colon - t->ptr) : t->len) + 1), odd);
    story_add(story, " byte %02x in the name of line %zu.", odd.ptr[0], line);
}

/* ---- start lines -------------------------------------------------------- */

static void mutate_version(struct draft *d, struct rng *r, char *story)
{
    static const char *const versions[] = {
        "HTTP/1.0",  "HTTP/1.2", "HTTP/1.9",  "HTTP/2.0",          "HTTP/0.9",  "HTTP/1.10",
        "HTTP/1.",   "HTTP/1",   "http/1.1",  "HTTP/11",           "HTTP /1.1", "HTTP/1.1.",
        "HTP/1.1",   "",         "HTTP/01.1", "HTTP/1.1\t",        "HTTPS/1.1", "HTTP/-1.1",
        "HTTP/1.1;", "HTTP/1,1", "HTTP/1.\t", "HTTP/1.1 HTTP/1.1", "ICY",       "HTTP/1.\xb9",
    };
    struct text *t = &d->lines[0].text;
    const char *version = RNG_PICK(r, versions);
    size_t at = 0, end = t->len;

    if (d->response) {
        const uint8_t *space = memchr(t->ptr, ' ', t->len);

        end = space ? (size_t)(space - t->ptr) : t->len;
    } else {
        const uint8_t *space = memrchr(t->ptr, ' ', t->len);

        at = space ? (size_t)(space - t->ptr) + 1 : 0;
    }
    text_remove(t, at, end - at);
    text_insert(t, at, bytes_of(version));
    story_add(story, " version '%s'.", version);
}

static void mutate_status(struct draft *d, struct rng *r, char *story)
{
    static const char *const lines[] = {
        "HTTP/1.1 100 Continue",
        "HTTP/1.1 101 Switching Protocols",
        "HTTP/1.1 103 Early Hints",
        "HTTP/1.1 199 Odd",
        "HTTP/1.1 204 No Content",
        "HTTP/1.1 205 Reset Content",
        "HTTP/1.1 304 Not Modified",
        "HTTP/1.1 099 Low",
        "HTTP/1.1 1000 High",
        "HTTP/1.1 20 OK",
        "HTTP/1.1 +20 OK",
        "HTTP/1.1  200 OK",
        "HTTP/1.1 200",
        "HTTP/1.1 200 ",
        "HTTP/1.1 200OK",
        "HTTP/1.1\t200 OK",
        "HTTP/1.1 200\tOK",
        "HTTP/1.1 200 O\rK",
        "HTTP/1.1 200 O\nK: y",
        "HTTP/1.1 200 O\x01K",
        "HTTP/1.1 200 \xe2\x9c\x93",
        "HTTP/1.1 999 Far",
        "HTTP/1.1 600 Over",
        "HTTP/1.1 000 Zero",
        "HTTP/1.1 2x0 OK",
        "HTTP/1.1",
        "200 OK",
        "HTTP/1.0 204 No Content",
        "HTTP/1.0 100 Continue",
        "HTTP/1.0 304 Not Modified",
    };
    const char *line = RNG_PICK(r, lines);

    text_set(&d->lines[0].text, line);
    story_add(story, " status line '%s'.", line);
}

static void mutate_method(struct draft *d, struct rng *r, char *story)
{
    static const char *const methods[] = {
        "GET",  "HEAD",       "POST", "get",   "TRACE",  "OPTIONS", "PUT",     "",
        "GE T", "G\xc3\x89T", "PRI",  "(GET)", "DELETE", "G\rET",   "\"GET\"", "PATCH"};
    struct text *t = &d->lines[0].text;
    const uint8_t *space = memchr(t->ptr, ' ', t->len);
    const char *method = RNG_PICK(r, methods);

    text_remove(t, 0, space ? (size_t)(space - t->ptr) : 0);
    text_insert(t, 0, bytes_of(method));
    story_add(story, " method '%s'.", method);
}

/* ---- Host and target ---------------------------------------------------- */

static const char *const hosts[] = {
    "a.test",
    "canary.test",
    "A.TEST",
    "",
    "a.test:80",
    "a.test:",
    "a.test:0",
    "a.test:080",
    "a.test:8080",
    "a.test:99999",
    "a.test:8x",
    "a.test, canary.test",
    "a.test canary.test",
    "a.test,a.test",
    "user@a.test",
    "a.test@canary.test",
    "a.test/canary",
    "a.test#",
    "a.test?",
    "a.test\\canary.test",
    "a.test.",
    "a..test",
    ".a.test",
    "-a.test",
    "http://a.test",
    "[::1]",
    "[::1",
    "127.0.0.1",
    "0x7f.1",
    "2130706433",
    "a_b.test",
    "\xff",
    "%61.test",
    "a.test\tx",
    "a.test\v",
    "a.test\r\n canary.test",
    "\r\n a.test",
    "*",
    "a",
};

static void mutate_host(struct draft *d, struct rng *r, char *story)
{
    const char *host = RNG_PICK(r, hosts);
    size_t at = draft_find(d, "Host");
    struct line *l = at ? &d->lines[at] : NULL;

    switch (rng_below(r, 5)) {
    case 0: /* none */
        if (at)
            memmove(&d->lines[at], &d->lines[at + 1], (--d->count - at) * sizeof(d->lines[0]));
        story_add(story, " no Host.");
        return;
    case 1: /* two */
    case 2:
        l = draft_add_line(d, 1 + rng_below(r, d->count), "Host: a.test");
        break;
    default:
        break;
    }
    if (!l)
        l = draft_add_line(d, 1, "Host: a.test");
    if (!rng_once_in(r, 4))
        text_setf(&l->text, "%s: %s", rng_once_in(r, 4) ? "hOST" : "Host", host);
    story_add(story, " Host '%s'.", host);
}

static void mutate_target(struct draft *d, struct rng *r, char *story)
{
    static const char *const targets[] = {
        "/one",
        "*",
        "",
        "http://a.test",
        "http://a.test?q",
        "HTTP://a.test/one",
        "https://a.test/one",
        "ftp://a.test/one",
        "http:///one",
        "http:/a.test/one",
        "//a.test/one",
        "a.test/one",
        "a.test:80",
        "http://a.test/one#fragment",
        "http://a.test/\xc3\xa9",
        "http://a.test/a b",
        "http://a.test/\"<>",
        "http://a.test/%0d%0aHost:%20canary.test",
        "http://a.test/one\tHTTP/1.1",
        "http://a.test/..//./",
        "/http://canary.test/",
        "http://a.test:80/",
        "://a.test/",
        "1http://a.test/",
    };
    struct text *t = &d->lines[0].text;
    const uint8_t *first = memchr(t->ptr, ' ', t->len), *last = memrchr(t->ptr, ' ', t->len);
    struct text target;

    if (rng_once_in(r, 2))
        text_setf(&target, "http://%s/one", RNG_PICK(r, hosts));
    else
        text_set(&target, RNG_PICK(r, targets));
    if (first && last > first) {
        size_t at = (size_t)(first - t->ptr) + 1;

        text_remove(t, at, (size_t)(last - first) - 1);
        text_insert(t, at, bytes_make(target.ptr, target.len));
    }
    story_add(story, " target '%.*s'.", (int)target.len, (const char *)target.ptr);
}

/* ---- Connection and its kin --------------------------------------------- */

static void mutate_connection(struct draft *d, struct rng *r, char *story)
{
    static const char *const lines[] = {
        "Connection: close",
        "Connection: keep-alive",
        "Connection: keep-alive, close",
        "Connection: content-length",
        "Connection: close, Content-Length",
        "Connection: transfer-encoding",
        "Connection: Host",
        "Connection: X-A",
        "Connection: x-a,,x-b ,",
        "Connection: ,",
        "Connection:",
        "Connection: cl\r\n ose",
        "Connection: upgrade",
        "Connection: upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
        "Connection: te\r\nTE: trailers, gzip",
        "Connection: connection",
        "Connection: expect",
        "Connection: close;x",
        "Proxy-Connection: close",
        "Keep-Alive: timeout=5",
        "TE: trailers, chunked",
        "Expect: 100-continue",
        "Expect: 100-continue, cow",
        "Expect: 100-continue\r\nExpect: 100-continue",
        "Upgrade: websocket",
        "Trailer: Content-Length",
        "Max-Forwards: 0",
        "X-HTTP-Method-Override: PUT",
    };
    const char *line = RNG_PICK(r, lines);

    draft_add_line(d, 1 + rng_below(r, d->count), line);
    story_add(story, " line '%s'.", line);
}

/* ---- anything ----------------------------------------------------------- */

static void mutate_byte(struct draft *d, struct rng *r, char *story)
{
    size_t line = rng_below(r, d->count), at;
    struct text *t = &d->lines[line].text;
    struct bytes odd = RNG_PICK(r, odd_bytes);

    at = rng_below(r, t->len + 1);
    if (at < t->len && rng_once_in(r, 3))
        text_remove(t, at, 1);
    if (!rng_once_in(r, 6))
        text_insert(t, at, odd);
    story_add(story, " byte %02x in line %zu at %zu.", odd.ptr[0], line, at);
}

static void mutate_order(struct draft *d, struct rng *r, char *story)
{
    size_t from = some_field(d, r), to = some_field(d, r);
    struct line kept = d->lines[from];

    switch (rng_below(r, 3)) {
    case 0:
        d->lines[from] = d->lines[to];
        d->lines[to] = kept;
        break;
    case 1:
        *draft_add_line(d, to, "") = kept;
        break;
    default:
        if (from)
            memmove(&d->lines[from], &d->lines[from + 1],
                    (--d->count - from) * sizeof(d->lines[0]));
        break;
    }
    story_add(story, " lines %zu and %zu.", from, to);
}

typedef void mutate_fn(struct draft *d, struct rng *r, char *story);

void draft_mutate(struct draft *d, struct rng *r, char *story)
{
    static mutate_fn *const both[] = {
        mutate_length, mutate_length, mutate_length,  mutate_coding,     mutate_coding,
        mutate_coding, mutate_chunk,  mutate_chunk,   mutate_chunk,      mutate_space,
        mutate_end,    mutate_name,   mutate_version, mutate_connection, mutate_byte,
        mutate_order,  mutate_end,    mutate_space,   mutate_all_ends,
    };
    static mutate_fn *const requests[] = {mutate_method, mutate_host, mutate_host, mutate_target};
    static mutate_fn *const responses[] = {mutate_status, mutate_status};
    mutate_fn *fn = RNG_PICK(r, both);

    if (d->response && rng_once_in(r, 7))
        fn = RNG_PICK(r, responses);
    else if (!d->response && rng_once_in(r, 5))
        fn = RNG_PICK(r, requests);
    fn(d, r, story);
}
