#include "rules/glob.h"

#include <string.h>

/* A match under way. Of all wildcards only the last GLOB_WITHIN and the last
 * GLOB_ACROSS are ever moved: the earlier ones took the shortest run that let
 * the text after them match, which leaves the most to those that follow. */
struct glob_run {
    const struct glob *glob;
    struct bytes in;
    uint32_t piece;
    size_t at;
    int within, across; /* piece, or -1 */
    size_t within_end, across_end;
    size_t first_within; /* where the first WITHIN after the last ACROSS begins */
    bool has_first_within;
    uint32_t starts[GLOB_PIECES + 1]; /* where each piece begins */
};

static uint8_t separator_of(enum glob_kind kind)
{
    return kind == GLOB_HOST ? '.' : '/';
}

static bool is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || (byte_lower(c) >= 'a' && byte_lower(c) <= 'f');
}

static uint8_t hex_value(uint8_t c)
{
    return c <= '9' ? (uint8_t)(c - '0') : (uint8_t)(byte_lower(c) - 'a' + 10);
}

/* A set of ASCII characters, a bit for each. */
struct ascii_set {
    uint64_t low, high;
};

static bool is_in(struct ascii_set set, uint8_t c)
{
    return c < 128 && ((c < 64 ? set.low : set.high) >> (c & 63) & 1);
}

/* RFC 3986 §2.3: letters, digits, - . _ ~ */
static bool is_unreserved(uint8_t c)
{
    return is_in((struct ascii_set){UINT64_C(0x03ff600000000000), UINT64_C(0x47fffffe87fffffe)}, c);
}

/* What may stand in a path or a query as it is (RFC 3986 §3.3, §3.4): these, and
 * ! $ & ' ( ) * + , ; = : @ / ? % */
static bool is_url_byte(uint8_t c)
{
    return is_in((struct ascii_set){UINT64_C(0xaffffff200000000), UINT64_C(0x47fffffe87ffffff)}, c);
}

static struct url_unit unit_encoded(uint8_t c, uint8_t raw)
{
    static const uint8_t digits[] = "0123456789ABCDEF";

    return (struct url_unit){{'%', digits[c >> 4], digits[c & 15]}, 3, raw};
}

struct url_unit url_unit_read(struct bytes in, size_t at)
{
    uint8_t c = in.ptr[at];

    if (c == '%' && in.len - at >= 3 && is_hex(in.ptr[at + 1]) && is_hex(in.ptr[at + 2])) {
        uint8_t value = (uint8_t)(hex_value(in.ptr[at + 1]) << 4 | hex_value(in.ptr[at + 2]));

        if (is_unreserved(value))
            return (struct url_unit){{value}, 1, 3};
        return unit_encoded(value, 3);
    }
    if (!is_url_byte(c))
        return unit_encoded(c, 1);
    return (struct url_unit){{c}, 1, 1};
}

static size_t next_unit(const struct glob_run *run, size_t at)
{
    return at + (run->glob->kind == GLOB_HOST ? 1 : url_unit_read(run->in, at).raw);
}

/* Where `text` ends when it stands at `at`, or SIZE_MAX. */
static size_t text_end(const struct glob_run *run, size_t at, struct bytes text)
{
    struct bytes in = run->in;
    size_t i = 0;

    while (i < text.len) {
        struct url_unit unit;

        if (at == in.len)
            return SIZE_MAX;
        if (in.ptr[at] == text.ptr[i] && in.ptr[at] != '%') {
            at++;
            i++;
            continue;
        }
        if (run->glob->kind == GLOB_HOST)
            return SIZE_MAX;
        unit = url_unit_read(in, at);
        if (text.len - i < unit.len || memcmp(text.ptr + i, unit.bytes, unit.len) != 0)
            return SIZE_MAX;
        at += unit.raw;
        i += unit.len;
    }
    return at;
}

/* Takes the wildcard at run->piece; false when it needs a byte and has none. */
static bool wildcard_open(struct glob_run *run)
{
    const struct glob_piece *piece = &run->glob->pieces[run->piece];
    uint8_t separator = separator_of(run->glob->kind);

    if (piece->kind == GLOB_ACROSS) {
        run->across = (int)run->piece;
        run->across_end = run->at;
        run->within = -1;
        run->has_first_within = false;
        run->piece++;
        return true;
    }
    if (!run->has_first_within) {
        run->has_first_within = true;
        run->first_within = run->at;
    }
    if (piece->kind == GLOB_NAME) {
        if (run->at == run->in.len || run->in.ptr[run->at] == separator)
            return false;
        run->at = next_unit(run, run->at);
    }
    run->within = (int)run->piece;
    run->within_end = run->at;
    run->piece++;
    return true;
}

/* The least place to which ACROSS must go on. When a WITHIN after it failed, every
 * start that leaves the first of them in the same segment fails as well, so that
 * segment is passed over: this keeps the whole match linear. */
static size_t across_target(const struct glob_run *run)
{
    const struct glob_piece *after = &run->glob->pieces[run->across + 1];
    size_t text_len = after->kind == GLOB_TEXT ? 3 * after->text.len : 0; /* as sent, at most */
    struct bytes rest;
    ptrdiff_t segment;
    size_t end;

    if (!run->has_first_within)
        return 0;
    rest = bytes_from(run->in, run->first_within);
    segment = bytes_find(rest, separator_of(run->glob->kind));
    end = segment < 0 ? run->in.len : run->first_within + (size_t)segment;
    return end + 1 > text_len ? end + 1 - text_len : 0;
}

/* Lets the last wildcard that can take more bytes; false when none can. */
static bool wildcard_extend(struct glob_run *run)
{
    size_t target;

    if (run->within >= 0 && run->within_end < run->in.len &&
        run->in.ptr[run->within_end] != separator_of(run->glob->kind)) {
        run->within_end = next_unit(run, run->within_end);
        run->at = run->within_end;
        run->piece = (uint32_t)run->within + 1;
        return true;
    }
    if (run->across < 0 || run->across_end >= run->in.len)
        return false;
    target = across_target(run);
    do
        run->across_end = next_unit(run, run->across_end);
    while (run->across_end < target && run->across_end < run->in.len);
    run->at = run->across_end;
    run->piece = (uint32_t)run->across + 1;
    run->within = -1;
    run->has_first_within = false;
    return true;
}

/* One piece; false when it does not fit here. */
static bool piece_take(struct glob_run *run)
{
    const struct glob *g = run->glob;
    const struct glob_piece *piece = &g->pieces[run->piece];
    size_t end;

    run->starts[run->piece] = (uint32_t)run->at;
    if (piece->kind == GLOB_ACROSS && run->piece + 1 == g->count) {
        run->at = run->in.len;
        run->piece++;
        return true;
    }
    if (piece->kind != GLOB_TEXT)
        return wildcard_open(run);
    end = text_end(run, run->at, piece->text);
    if (end == SIZE_MAX)
        return false;
    run->at = end;
    run->piece++;
    return true;
}

static void captures_write(const struct glob_run *run, struct bytes *captures)
{
    for (uint32_t i = 0; i < run->glob->count; i++) {
        const struct glob_piece *piece = &run->glob->pieces[i];
        size_t end = i + 1 < run->glob->count ? run->starts[i + 1] : run->in.len;

        if (piece->capture >= 0)
            captures[piece->capture] =
                bytes_make(run->in.ptr + run->starts[i], end - run->starts[i]);
    }
}

bool glob_match(const struct glob *g, struct bytes in, struct bytes *captures)
{
    struct glob_run run;

    run.glob = g;
    run.in = in.ptr ? in : BYTES("");
    run.piece = 0;
    run.at = 0;
    run.within = run.across = -1;
    run.within_end = run.across_end = run.first_within = 0;
    run.has_first_within = false;
    for (;;) {
        if (run.piece == g->count && run.at == run.in.len)
            break;
        if (run.piece < g->count && piece_take(&run))
            continue;
        if (!wildcard_extend(&run))
            return false;
    }
    captures_write(&run, captures);
    return true;
}

bool glob_literal(const struct glob *g)
{
    return g->count == 0 || (g->count == 1 && g->pieces[0].kind == GLOB_TEXT);
}

struct bytes glob_prefix(const struct glob *g)
{
    if (g->count && g->pieces[0].kind == GLOB_TEXT)
        return g->pieces[0].text;
    return BYTES("");
}

struct bytes glob_suffix(const struct glob *g)
{
    if (g->count && g->pieces[g->count - 1].kind == GLOB_TEXT)
        return g->pieces[g->count - 1].text;
    return BYTES("");
}
