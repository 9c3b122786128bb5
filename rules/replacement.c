#include "rules/replacement.h"

#include "http/message.h"
#include "rules/pattern.h"
#include "rules/ruleset.h"

/* The next place at or after *from where it stands; false: there is none. */
static enum pattern_found place_find(const struct replacement *r, struct pattern_desk *desk,
                                     struct bytes in, struct pattern_span *span)
{
    ptrdiff_t at;

    if (r->pattern)
        return pattern_find_span(r->patterns, r->pattern, desk, in, span);
    at = bytes_search(bytes_from(in, span->end), r->find);
    if (at < 0)
        return PATTERN_NO;
    span->start = span->end + (size_t)at;
    span->end = span->start + r->find.len;
    return PATTERN_YES;
}

static enum status replace_all(const struct replacement *r, struct pattern_desk *desk,
                               struct bytes in, struct buf *out)
{
    struct pattern_span span = {0};
    size_t done = 0;
    enum pattern_found found = place_find(r, desk, in, &span);

    while (found == PATTERN_YES) {
        buf_put(out, bytes_make(in.ptr + done, span.start - done));
        buf_put(out, r->with);
        done = span.end;
        if (span.start == span.end && done == in.len)
            break;
        if (span.start == span.end) { /* an empty match: one character on */
            do
                buf_put_byte(out, in.ptr[done++]);
            while (done < in.len && (in.ptr[done] & 0xc0) == 0x80);
            span.end = done;
        }
        if (buf_status(out))
            return buf_status(out);
        found = place_find(r, desk, in, &span);
    }
    if (found == PATTERN_GAVE_UP)
        return STATUS_LIMIT;
    buf_put(out, bytes_from(in, done));
    return found == PATTERN_NO_MEMORY ? STATUS_NO_MEMORY : buf_status(out);
}

/* The desk for one run, with what time is left; NULL without NO_MEMORY: there is none. */
static enum status desk_take(const struct replacement *r, int64_t *ret_start_us,
                             struct pattern_desk **ret_desk)
{
    *ret_desk = NULL;
    *ret_start_us = r->tick_us ? r->tick_us() : 0;
    if (*r->left_us <= 0)
        return STATUS_OK;
    *ret_desk = pattern_desk_take(r->patterns, r->tick_us, *r->left_us);
    return *ret_desk ? STATUS_OK : STATUS_NO_MEMORY;
}

static void desk_return(const struct replacement *r, int64_t start_us, struct pattern_desk *desk)
{
    pattern_desk_return(r->patterns, desk);
    if (r->tick_us)
        *r->left_us -= r->tick_us() - start_us;
}

enum status replacement_put(const struct replacement *r, struct bytes in, struct buf *out)
{
    struct pattern_desk *desk = NULL;
    int64_t start_us = 0;
    enum status st = r->pattern ? desk_take(r, &start_us, &desk) : STATUS_OK;

    if (st)
        return st;
    if (r->pattern && !desk)
        return STATUS_LIMIT;
    st = replace_all(r, desk, in, out);
    if (desk)
        desk_return(r, start_us, desk);
    return st;
}

enum status replacement_run(const struct replacement *r, struct arena *a, struct bytes in,
                            struct bytes *ret_out)
{
    struct bytes copy = in;
    struct buf out;
    enum status st;

    buf_init(&out, HTTP_HEAD_BYTES);
    st = replacement_put(r, in, &out);
    if (!st)
        copy = arena_copy(a, buf_bytes(&out));
    buf_release(&out);
    if (st == STATUS_NO_MEMORY || (!st && !copy.ptr))
        return STATUS_NO_MEMORY;
    *ret_out = copy;
    return STATUS_OK;
}
