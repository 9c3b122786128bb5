/* chunk: a counted block of bytes, so that one read serves the far wire, the
 * log and the page without a copy. slice: a run of bytes with the chunk that
 * holds it.
 *
 * The counts are not atomic: a chunk belongs to one loop's pool, and only that
 * loop's thread takes and drops references. The log thread reads bytes, and
 * sends the references back to be dropped (logs/ring.h). */
#ifndef WEIR_BASE_CHUNK_H
#define WEIR_BASE_CHUNK_H

#include <sys/uio.h>

#include "base/bytes.h"

enum {
    CHUNK_SMALL_BYTES = 16 * 1024, /* room of a pooled small chunk */
    CHUNK_LARGE_BYTES = 64 * 1024, /* room of a pooled large chunk: one read */
};

struct chunk_pool;

struct chunk {
    uint32_t refs;
    uint32_t cap; /* bytes of room */
    uint32_t len; /* bytes of room already given out, by those who fill piecewise */
    struct chunk_pool *pool;
    struct chunk *next; /* in the pool's free list */
    uint8_t data[];
};

struct chunk_pool {
    struct chunk *free_small, *free_large;
    uint32_t free_small_count, free_large_count;
    uint32_t max_free; /* chunks kept for reuse, of each size */
    size_t live_bytes; /* room of all chunks in use */
};

struct slice {
    const uint8_t *ptr;
    size_t len;
    struct chunk *chunk; /* NULL: static bytes, or borrowed for this call */
};

void chunk_pool_init(struct chunk_pool *pool, uint32_t max_free);
/* All chunks must have come back. */
void chunk_pool_release(struct chunk_pool *pool);

/* With one reference; NULL when out of memory. A `cap` at or under
 * CHUNK_SMALL_BYTES gives a small pooled chunk unless it is under a quarter of
 * it (then exactly that much, unpooled); up to CHUNK_LARGE_BYTES a large pooled
 * one; else exactly that much, unpooled. */
struct chunk *chunk_new(struct chunk_pool *pool, size_t cap);
void chunk_ref(struct chunk *c);
void chunk_unref(struct chunk *c); /* NULL is fine */

/* Takes a reference on the chunk, if there is one. */
struct slice slice_keep(struct slice s);
void slice_drop(struct slice s);
struct slice slice_part(struct slice s, size_t at, size_t len); /* no reference taken */
struct bytes slice_bytes(struct slice s);
/* A slice over static or borrowed bytes. */
struct slice slice_of(struct bytes b);
/* A slice that may be kept beyond this call: the same one with a reference when
 * it fills at least half of its chunk, else a copy in a chunk of its own size.
 * STATUS_NO_MEMORY. */
MUST_USE enum status slice_retain(struct chunk_pool *pool, struct slice s, struct slice *ret_slice);

/* A queue of slices, first in first out. It owns one reference per slice. */
struct slice_queue {
    struct slice *items; /* ring of `cap` */
    uint32_t first, count, cap;
    size_t bytes; /* in all */
};

void slice_queue_init(struct slice_queue *q);
void slice_queue_release(struct slice_queue *q);
/* Takes over the caller's reference, and drops it on failure: STATUS_NO_MEMORY,
 * or STATUS_LIMIT over a million slices. An empty slice is dropped at once. */
MUST_USE enum status slice_queue_push(struct slice_queue *q, struct slice s);
/* Copies `b` to the end, into the last slice's chunk when it has room there and
 * nobody else holds it. Nothing is copied on failure. */
MUST_USE enum status slice_queue_put(struct slice_queue *q, struct chunk_pool *pool,
                                     struct bytes b);
/* The first slice, borrowed; len 0 when empty. */
struct slice slice_queue_first(const struct slice_queue *q);
/* The slice with that number from the front, borrowed; it must be there. */
struct slice slice_queue_nth(const struct slice_queue *q, uint32_t n);
/* Fills at most `max` vectors from the front; returns how many. */
int slice_queue_iov(const struct slice_queue *q, struct iovec *iov, int max);
/* Drops the first `len` bytes. */
void slice_queue_consume(struct slice_queue *q, size_t len);
/* Moves what follows the first `keep` bytes to the end of `to`; on failure both stay as
 * they were. */
MUST_USE enum status slice_queue_cut(struct slice_queue *from, size_t keep, struct slice_queue *to);
/* Moves all of `from` to the end of `to`; on failure both stay as they were. */
MUST_USE enum status slice_queue_move(struct slice_queue *to, struct slice_queue *from);

#endif
