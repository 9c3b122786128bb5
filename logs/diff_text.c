/* Two texts by lines: the shortest series of edits (Myers 1986, "An O(ND) difference
 * algorithm"), given up beyond DIFF_EDITS. What is the same at both ends is passed over
 * first. */
#include <string.h>

#include "logs/diff_impl.h"

struct line {
    struct bytes text; /* without its end */
    uint64_t hash;
};

struct lines {
    struct line *items;
    uint32_t count;
};

struct work {
    struct diff *diff;
    enum http_side side;
    struct lines a, b; /* all of them */
    uint32_t front;    /* lines that are the same at the start */
    uint32_t a_end, b_end;
    uint32_t last_a; /* told up to here, in `a` */
};

static enum status lines_take(struct diff *d, struct bytes text, struct lines *ret_lines)
{
    struct lines lines = {0};
    struct bytes rest = text;
    size_t count = 1;

    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '\n';
    if (count > DIFF_LINES)
        return STATUS_LIMIT;
    lines.items = arena_alloc(&d->arena, count * sizeof(*lines.items));
    if (!lines.items)
        return STATUS_NO_MEMORY;
    while (rest.len) {
        ptrdiff_t end = bytes_find(rest, '\n');
        size_t len = end < 0 ? rest.len : (size_t)end;
        struct line *line = &lines.items[lines.count++];

        line->text = bytes_until(rest, len);
        line->hash = bytes_hash(line->text, 0);
        rest = bytes_from(rest, len + 1);
    }
    *ret_lines = lines;
    return STATUS_OK;
}

static bool same(const struct work *w, uint32_t a, uint32_t b)
{
    const struct line *x = &w->a.items[a], *y = &w->b.items[b];

    return x->hash == y->hash && bytes_equal(x->text, y->text);
}

static void ends_pass(struct work *w)
{
    w->a_end = w->a.count;
    w->b_end = w->b.count;
    while (w->front < w->a_end && w->front < w->b_end && same(w, w->front, w->front))
        w->front++;
    while (w->a_end > w->front && w->b_end > w->front && same(w, w->a_end - 1, w->b_end - 1)) {
        w->a_end--;
        w->b_end--;
    }
}

/* ---- the search ---- */

/* How far in `a` each diagonal came, after each number of edits: row d has 2d + 1. */
struct trace {
    int32_t *rows[DIFF_EDITS + 1];
    int32_t edits;
};

static int32_t *at(const struct trace *t, int32_t d, int32_t k)
{
    return &t->rows[d][k + d];
}

/* The step that leads furthest onto diagonal k: down (a line of `b` put in) or right (one of
 * `a` taken out). */
static bool goes_down(const struct trace *t, int32_t d, int32_t k)
{
    return k == -d || (k != d && *at(t, d - 1, k - 1) < *at(t, d - 1, k + 1));
}

/* Along a diagonal as far as lines are the same. */
static int32_t slide(const struct work *w, int32_t x, int32_t k)
{
    int32_t n = (int32_t)(w->a_end - w->front), m = (int32_t)(w->b_end - w->front);

    while (x < n && x - k < m && same(w, w->front + (uint32_t)x, w->front + (uint32_t)(x - k)))
        x++;
    return x;
}

/* LIMIT: there are more than DIFF_EDITS. */
static enum status trace_find(struct work *w, struct trace *t)
{
    int32_t n = (int32_t)(w->a_end - w->front), m = (int32_t)(w->b_end - w->front);

    for (int32_t d = 0; d <= DIFF_EDITS; d++) {
        t->rows[d] = arena_alloc(&w->diff->arena, (size_t)(2 * d + 1) * sizeof(int32_t));
        if (!t->rows[d])
            return STATUS_NO_MEMORY;
        for (int32_t k = -d; k <= d; k += 2) {
            int32_t x = 0;

            if (d && goes_down(t, d, k))
                x = *at(t, d - 1, k + 1);
            else if (d)
                x = *at(t, d - 1, k - 1) + 1;
            /* beyond an end a diagonal only stands there, so that its neighbours may pass */
            x = x <= n && x - k <= m ? slide(w, x, k) : x;
            *at(t, d, k) = x;
            if (x >= n && x - k >= m && k == n - m) {
                t->edits = d;
                return STATUS_OK;
            }
        }
    }
    return STATUS_LIMIT;
}

/* ---- telling ---- */

static enum status tell(struct work *w, enum diff_change change, uint32_t a, uint32_t b)
{
    struct diff_entry entry = {.side = w->side, .place = DIFF_TEXT, .change = change};

    if (change != DIFF_ADDED) {
        entry.a_line = a + 1;
        entry.before = w->a.items[a].text;
    }
    if (change != DIFF_REMOVED) {
        entry.b_line = b + 1;
        entry.after = w->b.items[b].text;
    }
    return diff_add(w->diff, &entry);
}

/* Lines around an edit; between two edits that are near none is told twice. `shift` leads
 * from a line of `a` to that of `b`. */
static enum status tell_context(struct work *w, uint32_t from, uint32_t to, int64_t shift)
{
    enum status st = STATUS_OK;

    for (uint32_t i = from > w->last_a ? from : w->last_a; !st && i < to; i++)
        st = tell(w, DIFF_KEPT, i, (uint32_t)(i + shift));
    w->last_a = to > w->last_a ? to : w->last_a;
    return st;
}

static uint32_t less(uint32_t from, uint32_t by)
{
    return from > by ? from - by : 0;
}

/* One edit, whose place is (a, b): what stands there is taken out or put in. */
struct edit {
    uint32_t a, b;
    bool adds;
};

static enum status tell_edit(struct work *w, const struct edit *e, const struct edit *before)
{
    int64_t shift = (int64_t)e->b - (int64_t)e->a;
    enum status st = STATUS_OK;

    if (before) { /* what follows the one before, as far as it does not belong here */
        uint32_t end = before->a + !before->adds + DIFF_CONTEXT_LINES;

        st = tell_context(w, 0, end < e->a ? end : e->a, shift);
    }
    if (!st)
        st = tell_context(w, less(e->a, DIFF_CONTEXT_LINES), e->a, shift);
    if (!st)
        st = tell(w, e->adds ? DIFF_ADDED : DIFF_REMOVED, e->a, e->b);
    if (!e->adds)
        w->last_a = e->a + 1;
    return st;
}

/* From the end back to the start; `edits` is filled from its end. */
static void edits_trace(const struct work *w, const struct trace *t, struct edit *edits)
{
    int32_t k = (int32_t)(w->a_end - w->front) - (int32_t)(w->b_end - w->front);

    for (int32_t d = t->edits; d > 0; d--) {
        bool down = goes_down(t, d, k);
        int32_t x;

        k = down ? k + 1 : k - 1;
        x = *at(t, d - 1, k);
        edits[d - 1] = (struct edit){
            .a = w->front + (uint32_t)x, .b = w->front + (uint32_t)(x - k), .adds = down};
    }
}

static enum status tell_edits(struct work *w, const struct trace *t)
{
    struct edit *edits = arena_alloc(&w->diff->arena, ((size_t)t->edits + 1) * sizeof(*edits));
    const struct edit *last;
    enum status st = STATUS_OK;
    uint32_t end;

    if (!edits)
        return STATUS_NO_MEMORY;
    edits_trace(w, t, edits);
    for (int32_t i = 0; !st && i < t->edits; i++)
        st = tell_edit(w, &edits[i], i ? &edits[i - 1] : NULL);
    if (st || !t->edits)
        return st;
    last = &edits[t->edits - 1];
    end = last->a + !last->adds + DIFF_CONTEXT_LINES;
    return tell_context(w, last->a + !last->adds, end < w->a.count ? end : w->a.count,
                        (int64_t)w->b.count - (int64_t)w->a.count);
}

/* Too long or too different: where it starts to be. */
static enum status tell_first(struct diff *d, enum http_side side, struct bytes a, struct bytes b)
{
    struct diff_entry entry = {.side = side, .place = DIFF_BODY, .change = DIFF_CHANGED};
    size_t start = 0, i = 0, end_a, end_b;
    uint32_t line = 1;

    for (; i < a.len && i < b.len && a.ptr[i] == b.ptr[i]; i++)
        if (a.ptr[i] == '\n') {
            line++;
            start = i + 1;
        }
    for (end_a = start; end_a < a.len && a.ptr[end_a] != '\n';)
        end_a++;
    for (end_b = start; end_b < b.len && b.ptr[end_b] != '\n';)
        end_b++;
    entry.name = BYTES("too different to tell by lines; the first");
    entry.before = bytes_until(bytes_from(a, start), end_a - start);
    entry.after = bytes_until(bytes_from(b, start), end_b - start);
    entry.a_line = entry.b_line = line;
    return diff_add(d, &entry);
}

/* All lines are the same, yet the texts are not. */
static enum status tell_end(struct diff *d, enum http_side side, struct bytes a)
{
    struct diff_entry entry = {.side = side, .place = DIFF_BODY, .change = DIFF_CHANGED};
    bool ends = bytes_ends_with(a, BYTES("\n"));

    entry.name = BYTES("line end behind the last line");
    entry.before = ends ? BYTES("there") : BYTES("missing");
    entry.after = ends ? BYTES("missing") : BYTES("there");
    return diff_add(d, &entry);
}

enum status diff_text(struct diff *d, enum http_side side, struct bytes a, struct bytes b)
{
    struct work w = {.diff = d, .side = side};
    struct trace *trace = arena_alloc(&d->arena, sizeof(*trace));
    enum status st;

    if (!trace)
        return STATUS_NO_MEMORY;
    st = lines_take(d, a, &w.a);
    if (!st)
        st = lines_take(d, b, &w.b);
    if (!st) {
        ends_pass(&w);
        st = trace_find(&w, trace);
    }
    if (st == STATUS_LIMIT)
        return tell_first(d, side, a, b);
    if (st)
        return st;
    return trace->edits ? tell_edits(&w, trace) : tell_end(d, side, a);
}
