/* The "did you mean" part of text.h. */
#include "base/text.h"

#include <string.h>

enum { NEAREST_MAX_BYTES = 64 }; /* longer words are never near to anything */

/* Three rows of the table of distances: the newest, the one before, and the one
 * before that. */
struct distance_rows {
    size_t now[NEAREST_MAX_BYTES + 1];
    size_t last[NEAREST_MAX_BYTES + 1];
    size_t older[NEAREST_MAX_BYTES + 1];
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool same(struct bytes a, size_t i, struct bytes b, size_t j)
{
    return byte_lower(a.ptr[i]) == byte_lower(b.ptr[j]);
}

/* Fills the newest row: the distances of the first `i` bytes of `a` to every
 * start of `b`. */
static void fill_row(struct distance_rows *rows, struct bytes a, size_t i, struct bytes b)
{
    rows->now[0] = i;
    for (size_t j = 1; j <= b.len; j++) {
        size_t cost = rows->last[j - 1] + !same(a, i - 1, b, j - 1);

        cost = smaller(cost, rows->last[j] + 1);
        cost = smaller(cost, rows->now[j - 1] + 1);
        if (i > 1 && j > 1 && same(a, i - 1, b, j - 2) && same(a, i - 2, b, j - 1))
            cost = smaller(cost, rows->older[j - 2] + 1); /* two letters swapped */
        rows->now[j] = cost;
    }
}

/* How many letters must be put, taken, changed or swapped with the next one. */
static size_t edit_distance(struct bytes a, struct bytes b)
{
    struct distance_rows rows = {0};

    for (size_t j = 0; j <= b.len; j++)
        rows.now[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        memcpy(rows.older, rows.last, sizeof(rows.last));
        memcpy(rows.last, rows.now, sizeof(rows.now));
        fill_row(&rows, a, i, b);
    }
    return rows.now[b.len];
}

const char *text_nearest(struct bytes word, const char *const *words, size_t count)
{
    size_t best = (word.len < 3 ? 1 : word.len / 3) + 1;
    const char *nearest = NULL;

    if (word.len == 0 || word.len > NEAREST_MAX_BYTES)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        struct bytes candidate = bytes_of(words[i]);
        size_t distance;

        if (candidate.len > NEAREST_MAX_BYTES)
            continue;
        distance = edit_distance(word, candidate);
        if (distance < best && distance < candidate.len) {
            best = distance;
            nearest = words[i];
        }
    }
    return nearest;
}
