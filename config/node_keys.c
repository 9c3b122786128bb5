#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/node_read.h"

enum { FEW_KEYS = 16 }; /* compared each with each; more are sorted */

static void report_duplicate(const struct node *first, const struct node *again,
                             struct diags *diags)
{
    if (diags_full(diags, DIAG_ERROR)) { /* counted all the same, without the work */
        diag_add(diags, DIAG_ERROR, again->source, again->key_at, 1, "duplicate key");
        return;
    }
    node_key_error(diags, again, "duplicate key '%s', first at %s:%" PRIu32 ":%" PRIu32,
                   excerpt(again->key).text, first->source->name, first->key_at.line,
                   first->key_at.column);
}

static void check_few(const struct node *map, struct diags *diags)
{
    for (const struct node *n = map->first; n; n = n->next) {
        for (const struct node *before = map->first; before != n; before = before->next) {
            if (bytes_equal(before->key, n->key)) {
                report_duplicate(before, n, diags);
                break;
            }
        }
    }
}

/* By key, then by place. */
static int compare_keys(const void *a, const void *b)
{
    const struct node *left = *(const struct node *const *)a;
    const struct node *right = *(const struct node *const *)b;
    size_t len = left->key.len < right->key.len ? left->key.len : right->key.len;
    int order = len ? memcmp(left->key.ptr, right->key.ptr, len) : 0;

    if (order)
        return order;
    if (left->key.len != right->key.len)
        return left->key.len < right->key.len ? -1 : 1;
    if (left->key_at.line != right->key_at.line)
        return left->key_at.line < right->key_at.line ? -1 : 1;
    return left->key_at.column < right->key_at.column ? -1 : 1;
}

/* Sorting keeps a map of a million keys from costing their square, and needs no
 * hash that an enemy could aim at. */
static enum status check_many(const struct node *map, struct diags *diags)
{
    const struct node **sorted = malloc(map->count * sizeof(const struct node *));
    const struct node *first;
    uint32_t count = 0;

    if (!sorted)
        return STATUS_NO_MEMORY;
    for (const struct node *n = map->first; n && count < map->count; n = n->next)
        sorted[count++] = n;
    qsort(sorted, count, sizeof(sorted[0]), compare_keys);
    first = sorted[0];
    for (uint32_t i = 1; i < count; i++) {
        if (bytes_equal(first->key, sorted[i]->key))
            report_duplicate(first, sorted[i], diags);
        else
            first = sorted[i];
    }
    free(sorted);
    return STATUS_OK;
}

enum status node_check_keys(const struct node *map, struct diags *diags)
{
    if (map->count > FEW_KEYS)
        return check_many(map, diags);
    check_few(map, diags);
    return STATUS_OK;
}
