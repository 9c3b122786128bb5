#include "logs/redact_spans.h"

#include "logs/redact_impl.h"

/* A finder's next span, at least at `from`. */
static bool finder_advance(struct redact_finder *f, struct bytes text, bool *gave_up)
{
    enum redact_found found;

    if (f->over)
        return false;
    do {
        size_t end = f->next.end;

        found = f->find(f->self, text, &f->next);
        if (found == REDACT_FOUND && f->next.end <= end)
            found = REDACT_NOTHING;
    } while (found == REDACT_FOUND && f->next.start >= f->next.end);
    *gave_up |= found == REDACT_GAVE_UP;
    f->over = found != REDACT_FOUND;
    return !f->over;
}

/* The finder with the first span, or NULL. */
static struct redact_finder *finder_first(struct redact_finder *finders, size_t count)
{
    struct redact_finder *first = NULL;

    for (size_t i = 0; i < count; i++) {
        if (!finders[i].over && (!first || finders[i].next.start < first->next.start))
            first = &finders[i];
    }
    return first;
}

/* The next span with all that overlaps it. */
static bool spans_join(struct redact_finder *finders, size_t count, struct bytes text,
                       struct redact_span *ret_span, bool *gave_up)
{
    struct redact_finder *f = finder_first(finders, count);
    struct redact_span span;

    if (!f)
        return false;
    span = f->next;
    while (f && f->next.start < span.end) {
        if (f->next.end > span.end)
            span.end = f->next.end;
        finder_advance(f, text, gave_up);
        f = finder_first(finders, count);
    }
    *ret_span = span;
    return true;
}

/* Where the pseudonym starts that `at` is within; `at` when it is in none. */
static size_t pseudonym_around(struct bytes text, size_t at)
{
    for (size_t back = 1; back < REDACT_PSEUDONYM_BYTES && back <= at; back++) {
        if (redact_pseudonym_starts(bytes_from(text, at - back)))
            return at - back;
    }
    return at;
}

/* Neither end may stand within a pseudonym. What is nothing but one stays. */
static void span_widen(struct bytes text, struct redact_span *span)
{
    size_t last = pseudonym_around(text, span->end);

    span->start = pseudonym_around(text, span->start);
    if (last != span->end)
        span->end = last + REDACT_PSEUDONYM_BYTES;
}

static void put_all(const struct redactor *r, struct redact_finder *finders, size_t count,
                    struct bytes text, struct buf *out)
{
    struct redact_span span;
    size_t done = 0, from = out->len;
    bool gave_up = false;

    while (spans_join(finders, count, text, &span, &gave_up) && !gave_up) {
        span_widen(text, &span);
        if (span.start < done)
            span.start = done;
        if (span.end <= span.start)
            continue;
        buf_put(out, bytes_until(bytes_from(text, done), span.start - done));
        redact_put_encoded(r, bytes_make(text.ptr + span.start, span.end - span.start), out);
        done = span.end;
    }
    if (gave_up) {
        out->len = from;
        redact_put_secret(r, text, out);
    } else {
        buf_put(out, bytes_from(text, done));
    }
}

bool redact_spans(const struct redactor *r, struct redact_finder *finders, size_t count,
                  struct buf *out, size_t from)
{
    struct bytes text = bytes_from(buf_bytes(out), from);
    bool any = false, gave_up = false;
    struct buf copy;

    if (buf_status(out) || text.len == 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        finders[i].over = false;
        finders[i].next = (struct redact_span){0};
        any |= finder_advance(&finders[i], text, &gave_up);
    }
    if (!any && !gave_up)
        return false;
    buf_init(&copy, text.len);
    buf_put(&copy, text);
    out->len = from;
    if (buf_status(&copy)) /* and what was there goes: it has not been looked at */
        out->status = buf_status(&copy);
    else if (gave_up)
        redact_put_secret(r, buf_bytes(&copy), out);
    else
        put_all(r, finders, count, buf_bytes(&copy), out);
    buf_release(&copy);
    return true;
}
