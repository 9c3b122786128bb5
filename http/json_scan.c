#include "http/json_scan.h"

#include <string.h>

uint8_t json_byte(struct bytes in, size_t at)
{
    return at < in.len ? in.ptr[at] : 0;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

size_t json_space_end(struct bytes in, size_t at)
{
    while (is_space(json_byte(in, at)))
        at++;
    return at;
}

struct bytes json_slice(struct bytes in, size_t from, size_t to)
{
    return bytes_from(bytes_until(in, to), from);
}

struct bytes json_trim(struct bytes in)
{
    in = bytes_from(in, json_space_end(in, 0));
    while (in.len > 0 && is_space(in.ptr[in.len - 1]))
        in.len--;
    return in;
}

/* The backslashes that stand right before `quote`, back to `start`. */
static size_t backslashes_before(struct bytes in, size_t start, size_t quote)
{
    size_t at = quote;

    while (at > start && in.ptr[at - 1] == '\\')
        at--;
    return quote - at;
}

/* Linear: no two quotes have backslashes in common. */
static size_t string_end(struct bytes in, size_t at)
{
    size_t start = at + 1;

    for (at = start; at < in.len; at++) {
        const uint8_t *quote = memchr(in.ptr + at, '"', in.len - at);

        if (!quote)
            return in.len;
        at = (size_t)(quote - in.ptr);
        if (backslashes_before(in, start, at) % 2 == 0)
            return at + 1;
    }
    return in.len;
}

/* Behind the bracket that closes the one at `at`; *ret_depth is the deepest. */
static size_t container_end(struct bytes in, size_t at, size_t *ret_depth)
{
    size_t depth = 0, deepest = 0;

    while (at < in.len) {
        uint8_t c = in.ptr[at];

        if (c == '"') {
            at = string_end(in, at);
            continue;
        }
        at++;
        if (c == '{' || c == '[') {
            depth++;
            deepest = depth > deepest ? depth : deepest;
        } else if (c == '}' || c == ']') {
            depth--;
            if (depth == 0)
                break;
        }
    }
    *ret_depth = deepest;
    return at;
}

static bool ends_scalar(uint8_t c)
{
    return c == ',' || c == ']' || c == '}' || c == 0 || is_space(c);
}

size_t json_value_end(struct bytes in, size_t at)
{
    uint8_t c = json_byte(in, at);
    size_t depth;

    if (c == '"')
        return string_end(in, at);
    if (c == '{' || c == '[')
        return container_end(in, at, &depth);
    while (!ends_scalar(json_byte(in, at)))
        at++;
    return at;
}

size_t json_depth(struct bytes in)
{
    size_t at = json_space_end(in, 0);
    uint8_t c = json_byte(in, at);
    size_t depth = 0;

    if (c == '{' || c == '[')
        (void)container_end(in, at, &depth);
    return depth;
}

struct json_members json_members_open(struct bytes in, size_t open)
{
    return (struct json_members){
        .in = in, .open = open, .at = open + 1, .object = json_byte(in, open) == '{'};
}

bool json_members_next(struct json_members *m, struct json_member *ret_member)
{
    struct json_member found = {.before = m->open};
    size_t at = json_space_end(m->in, m->at);

    m->at = at;
    if (m->count > 0) {
        if (json_byte(m->in, at) != ',')
            return false;
        found.before = at;
        at = json_space_end(m->in, at + 1);
    }
    if (ends_scalar(json_byte(m->in, at)))
        return false;
    found.start = at;
    if (m->object) {
        at = json_value_end(m->in, at);
        found.name = json_slice(m->in, found.start, at);
        at = json_space_end(m->in, json_space_end(m->in, at) + 1);
    }
    found.value_at = at < m->in.len ? at : m->in.len;
    found.index = m->count++;
    m->at = found.value_at;
    *ret_member = found;
    return true;
}

void json_members_pass(struct json_members *m, size_t value_end)
{
    m->at = value_end;
}
