/* The queue of slices (chunk.h). */
#include <stdlib.h>
#include <string.h>

#include "base/chunk.h"

enum {
    QUEUE_FIRST_SLICES = 8,
    QUEUE_MAX_SLICES = 1 << 20, /* the cap; a power of two, as every size of the ring */
};

void slice_queue_init(struct slice_queue *q)
{
    *q = (struct slice_queue){0};
}

/* The place of the nth slice from the front. */
static struct slice *queue_at(const struct slice_queue *q, uint32_t n)
{
    return &q->items[(q->first + n) & (q->cap - 1)];
}

void slice_queue_release(struct slice_queue *q)
{
    for (uint32_t i = 0; i < q->count; i++)
        slice_drop(*queue_at(q, i));
    free(q->items);
    slice_queue_init(q);
}

/* Room for `more` slices at the end. */
static enum status queue_reserve(struct slice_queue *q, uint32_t more)
{
    uint32_t cap = q->cap ? q->cap : QUEUE_FIRST_SLICES;
    struct slice *items;

    if (more <= q->cap - q->count)
        return STATUS_OK;
    if (more > QUEUE_MAX_SLICES - q->count)
        return STATUS_LIMIT;
    while (cap < q->count + more)
        cap *= 2;
    items = malloc(cap * sizeof(*items));
    if (!items)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < q->count; i++)
        items[i] = *queue_at(q, i);
    free(q->items);
    q->items = items;
    q->first = 0;
    q->cap = cap;
    return STATUS_OK;
}

/* There must be room. */
static void queue_append(struct slice_queue *q, struct slice s)
{
    *queue_at(q, q->count) = s;
    q->count++;
    q->bytes += s.len;
}

enum status slice_queue_push(struct slice_queue *q, struct slice s)
{
    enum status st = s.len ? queue_reserve(q, 1) : STATUS_OK;

    if (st || s.len == 0) {
        slice_drop(s);
        return st;
    }
    queue_append(q, s);
    return STATUS_OK;
}

/* Room behind the last slice in its own chunk, if nobody else could see it filled. */
static size_t queue_tail_room(const struct slice_queue *q)
{
    const struct slice *last;

    if (q->count == 0)
        return 0;
    last = queue_at(q, q->count - 1);
    if (!last->chunk || last->chunk->refs != 1 ||
        last->ptr + last->len != last->chunk->data + last->chunk->len)
        return 0;
    return last->chunk->cap - last->chunk->len;
}

static void queue_fill_tail(struct slice_queue *q, struct bytes b)
{
    struct slice *last = queue_at(q, q->count - 1);
    struct chunk *c = last->chunk;

    memcpy(c->data + c->len, b.ptr, b.len);
    c->len += (uint32_t)b.len;
    last->len += b.len;
    q->bytes += b.len;
}

enum status slice_queue_put(struct slice_queue *q, struct chunk_pool *pool, struct bytes b)
{
    struct bytes head = bytes_until(b, queue_tail_room(q));
    struct bytes rest = bytes_from(b, head.len);
    struct chunk *c = NULL;
    enum status st;

    if (rest.len) {
        st = queue_reserve(q, 1);
        if (st)
            return st;
        c = chunk_new(pool, rest.len < CHUNK_SMALL_BYTES ? CHUNK_SMALL_BYTES : rest.len);
        if (!c)
            return STATUS_NO_MEMORY;
    }
    if (head.len)
        queue_fill_tail(q, head);
    if (c) {
        memcpy(c->data, rest.ptr, rest.len);
        c->len = (uint32_t)rest.len;
        queue_append(q, (struct slice){c->data, rest.len, c});
    }
    return STATUS_OK;
}

struct slice slice_queue_first(const struct slice_queue *q)
{
    return q->count ? *queue_at(q, 0) : (struct slice){0};
}

struct slice slice_queue_nth(const struct slice_queue *q, uint32_t n)
{
    return *queue_at(q, n);
}

int slice_queue_iov(const struct slice_queue *q, struct iovec *iov, int max)
{
    int n = 0;

    while (n < max && (uint32_t)n < q->count) {
        const struct slice *s = queue_at(q, (uint32_t)n);

        /* writev() only reads, but iovec has no const */
        iov[n].iov_base = (void *)(uintptr_t)s->ptr;
        iov[n].iov_len = s->len;
        n++;
    }
    return n;
}

void slice_queue_consume(struct slice_queue *q, size_t len)
{
    while (len && q->count) {
        struct slice *s = queue_at(q, 0);
        size_t part = len < s->len ? len : s->len;

        len -= part;
        q->bytes -= part;
        s->ptr += part;
        s->len -= part;
        if (s->len == 0) {
            slice_drop(*s);
            q->first = (q->first + 1) & (q->cap - 1);
            q->count--;
        }
    }
}

enum status slice_queue_move(struct slice_queue *to, struct slice_queue *from)
{
    enum status st;

    if (to->count == 0) {
        struct slice_queue empty = *to;

        *to = *from;
        *from = empty;
        return STATUS_OK;
    }
    st = queue_reserve(to, from->count);
    if (st)
        return st;
    for (uint32_t i = 0; i < from->count; i++)
        queue_append(to, *queue_at(from, i));
    from->first = 0;
    from->count = 0;
    from->bytes = 0;
    return STATUS_OK;
}

enum status slice_queue_cut(struct slice_queue *from, size_t keep, struct slice_queue *to)
{
    size_t before = 0; /* bytes of the slices that stay whole */
    uint32_t whole = 0;
    enum status st;

    while (whole < from->count && before + queue_at(from, whole)->len <= keep)
        before += queue_at(from, whole++)->len;
    st = queue_reserve(to, from->count - whole);
    if (st || whole == from->count)
        return st;
    for (uint32_t i = whole; i < from->count; i++) {
        struct slice *s = queue_at(from, i);
        size_t stays = i == whole ? keep - before : 0;

        queue_append(to, slice_part(stays ? slice_keep(*s) : *s, stays, s->len - stays));
        from->bytes -= s->len - stays;
        s->len = stays;
    }
    from->count = whole + (keep > before);
    return STATUS_OK;
}
