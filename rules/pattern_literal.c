#include <string.h>

#include "rules/pattern.h"

/* Reads a pattern from left to right and keeps the longest run of plain bytes
 * outside all groups. Whatever might make such a run optional, or compare in
 * another way, ends the run or the whole reading: better none than a wrong one. */
struct literal_reader {
    struct bytes in;
    size_t at;
    int depth; /* of groups */
    uint8_t run[PATTERN_LITERAL];
    size_t run_len;
    bool run_full; /* the run went on beyond what is kept: its last byte is not the last one read */
    uint8_t *best;
    size_t best_len;
};

static void run_end(struct literal_reader *r)
{
    if (r->run_len > r->best_len) {
        memcpy(r->best, r->run, r->run_len);
        r->best_len = r->run_len;
    }
    r->run_len = 0;
    r->run_full = false;
}

/* The last character is optional. */
static void run_drop_last(struct literal_reader *r)
{
    if (!r->run_full) {
        while (r->run_len && (r->run[r->run_len - 1] & 0xc0) == 0x80)
            r->run_len--;
        if (r->run_len)
            r->run_len--;
    }
    run_end(r);
}

static void run_add(struct literal_reader *r, uint8_t c)
{
    if (r->depth)
        return;
    if (r->run_len == PATTERN_LITERAL)
        r->run_full = true;
    else
        r->run[r->run_len++] = c;
}

static uint8_t peek(const struct literal_reader *r, size_t ahead)
{
    return r->in.len - r->at > ahead ? r->in.ptr[r->at + ahead] : 0;
}

/* `\.` is a dot; `\d` `\b` `\Q` and the like are not for us. */
static bool escape_read(struct literal_reader *r)
{
    uint8_t c = peek(r, 1);

    if (c == 0 || c == 'Q' || c == 'E' || c >= 0x80)
        return false;
    if ((c >= '0' && c <= '9') || (byte_lower(c) >= 'a' && byte_lower(c) <= 'z')) {
        if (!strchr("bBdDhHsSvVwWAzZ", c)) /* others take more of the pattern */
            return false;
        run_end(r);
    } else {
        run_add(r, c);
    }
    r->at += 2;
    return true;
}

/* Only plain groups, named ones and look-arounds; flags would change what follows. */
static bool group_open(struct literal_reader *r)
{
    uint8_t second = peek(r, 1), third = peek(r, 2);

    if (second == '*' || (second == '?' && (third == 0 || !strchr(":<=!>", third))))
        return false;
    run_end(r);
    r->depth++;
    r->at += second == '?' ? 3 : 1;
    return true;
}

static bool class_skip(struct literal_reader *r)
{
    run_end(r);
    r->at++;
    if (peek(r, 0) == '^')
        r->at++;
    if (peek(r, 0) == ']')
        r->at++;
    while (r->at < r->in.len && peek(r, 0) != ']') {
        if (peek(r, 0) == '[' && peek(r, 1) && strchr(":.=", peek(r, 1)))
            return false;
        if (peek(r, 0) == '\\' && peek(r, 1) == 'Q')
            return false;
        r->at += peek(r, 0) == '\\' ? 2 : 1;
    }
    r->at++;
    return r->at <= r->in.len;
}

static bool brace_skip(struct literal_reader *r)
{
    ptrdiff_t end = bytes_find(bytes_from(r->in, r->at), '}');

    run_drop_last(r);
    r->at += (size_t)end + 1;
    return end > 0;
}

/* One element; false when the reading must end without a result. */
static bool element_read(struct literal_reader *r)
{
    uint8_t c = peek(r, 0);

    switch (c) {
    case '\\':
        return escape_read(r);
    case '(':
        return group_open(r);
    case '[':
        return class_skip(r);
    case '{':
        return brace_skip(r);
    case ')':
        r->depth--;
        run_end(r);
        break;
    case '*':
    case '?':
        run_drop_last(r);
        break;
    case '|':
        if (r->depth == 0)
            return false;
        break;
    case '+':
    case '.':
    case '^':
    case '$':
        run_end(r);
        break;
    default:
        run_add(r, c);
        break;
    }
    r->at++;
    return true;
}

size_t pattern_literal(struct bytes pattern, uint8_t *out)
{
    struct literal_reader r = {.in = pattern, .best = out};

    while (r.at < r.in.len) {
        if (!element_read(&r) || r.depth < 0)
            return 0;
    }
    run_end(&r);
    return r.best_len;
}
