#include "base/chunk.h"

#include <stdlib.h>
#include <string.h>

/* A pooled chunk is not free for malloc, so a sanitizer has to be told that
 * nobody may touch its bytes. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHUNK_POISON 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define CHUNK_POISON 1
#endif
#ifdef CHUNK_POISON
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(ptr, len) ((void)(ptr), (void)(len))
#define ASAN_UNPOISON_MEMORY_REGION(ptr, len) ((void)(ptr), (void)(len))
#endif

void chunk_pool_init(struct chunk_pool *pool, uint32_t max_free)
{
    *pool = (struct chunk_pool){.max_free = max_free};
}

static void free_list_release(struct chunk *c)
{
    while (c) {
        struct chunk *next = c->next;

        ASAN_UNPOISON_MEMORY_REGION(c->data, c->cap);
        free(c);
        c = next;
    }
}

void chunk_pool_release(struct chunk_pool *pool)
{
    free_list_release(pool->free_small);
    free_list_release(pool->free_large);
    chunk_pool_init(pool, pool->max_free);
}

static struct chunk *free_list_take(struct chunk **list, uint32_t *count)
{
    struct chunk *c = *list;

    if (!c)
        return NULL;
    *list = c->next;
    (*count)--;
    ASAN_UNPOISON_MEMORY_REGION(c->data, c->cap);
    return c;
}

/* Takes over `c`; false when the list is full. */
static bool free_list_put(struct chunk **list, uint32_t *count, uint32_t max, struct chunk *c)
{
    if (*count >= max)
        return false;
    ASAN_POISON_MEMORY_REGION(c->data, c->cap);
    c->next = *list;
    *list = c;
    (*count)++;
    return true;
}

/* A chunk of exactly `cap` bytes of room, from the pool if it keeps that size. */
static struct chunk *chunk_new_exact(struct chunk_pool *pool, size_t cap)
{
    struct chunk *c = NULL;

    if (cap == CHUNK_SMALL_BYTES)
        c = free_list_take(&pool->free_small, &pool->free_small_count);
    else if (cap == CHUNK_LARGE_BYTES)
        c = free_list_take(&pool->free_large, &pool->free_large_count);
    if (!c && cap <= UINT32_MAX)
        c = malloc(sizeof(*c) + cap);
    if (!c)
        return NULL;
    *c = (struct chunk){.refs = 1, .cap = (uint32_t)cap, .pool = pool};
    pool->live_bytes += cap;
    return c;
}

struct chunk *chunk_new(struct chunk_pool *pool, size_t cap)
{
    if (cap >= CHUNK_SMALL_BYTES / 4 && cap <= CHUNK_SMALL_BYTES)
        cap = CHUNK_SMALL_BYTES;
    else if (cap > CHUNK_SMALL_BYTES && cap <= CHUNK_LARGE_BYTES)
        cap = CHUNK_LARGE_BYTES;
    return chunk_new_exact(pool, cap);
}

void chunk_ref(struct chunk *c)
{
    c->refs++;
}

void chunk_unref(struct chunk *c)
{
    struct chunk_pool *pool;
    bool kept = false;

    if (!c || --c->refs)
        return;
    pool = c->pool;
    pool->live_bytes -= c->cap;
    if (c->cap == CHUNK_SMALL_BYTES)
        kept = free_list_put(&pool->free_small, &pool->free_small_count, pool->max_free, c);
    else if (c->cap == CHUNK_LARGE_BYTES)
        kept = free_list_put(&pool->free_large, &pool->free_large_count, pool->max_free, c);
    if (!kept)
        free(c);
}

struct slice slice_keep(struct slice s)
{
    if (s.chunk)
        chunk_ref(s.chunk);
    return s;
}

void slice_drop(struct slice s)
{
    chunk_unref(s.chunk);
}

struct slice slice_part(struct slice s, size_t at, size_t len)
{
    struct bytes part = bytes_until(bytes_from(slice_bytes(s), at), len);

    return (struct slice){part.ptr, part.len, s.chunk};
}

struct bytes slice_bytes(struct slice s)
{
    return bytes_make(s.ptr, s.len);
}

struct slice slice_of(struct bytes b)
{
    return (struct slice){.ptr = b.ptr, .len = b.len};
}

enum status slice_retain(struct chunk_pool *pool, struct slice s, struct slice *ret_slice)
{
    struct chunk *copy;

    if (s.len == 0) {
        *ret_slice = slice_of(BYTES(""));
        return STATUS_OK;
    }
    if (s.chunk && s.len >= s.chunk->cap / 2) {
        *ret_slice = slice_keep(s);
        return STATUS_OK;
    }
    copy = chunk_new_exact(pool, s.len);
    if (!copy)
        return STATUS_NO_MEMORY;
    memcpy(copy->data, s.ptr, s.len);
    copy->len = (uint32_t)s.len;
    *ret_slice = (struct slice){copy->data, s.len, copy};
    return STATUS_OK;
}
