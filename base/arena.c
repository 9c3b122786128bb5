#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ARENA_FIRST_BYTES = 2 * 1024,  /* the first block, its header included */
    ARENA_BLOCK_BYTES = 64 * 1024, /* where doubling stops */
    ARENA_KEPT_BYTES = 8 * 1024,   /* of a block that outlives a reset, the newest such */
};

struct arena_block {
    struct arena_block *older;
    size_t size; /* bytes asked of malloc, this header included */
    _Alignas(max_align_t) uint8_t data[];
};

void arena_init(struct arena *a, size_t max_bytes)
{
    *a = (struct arena){.max = max_bytes};
}

void arena_release(struct arena *a)
{
    while (a->block) {
        struct arena_block *older = a->block->older;

        free(a->block);
        a->block = older;
    }
    arena_init(a, a->max);
}

static void arena_open(struct arena *a, struct arena_block *block)
{
    a->block = block;
    a->at = block->data;
    a->end = (uint8_t *)block + block->size;
}

void arena_reset(struct arena *a)
{
    struct arena_block *block = a->block, *kept = NULL;

    while (block) {
        struct arena_block *older = block->older;

        if (!kept && block->size <= ARENA_KEPT_BYTES)
            kept = block;
        else
            free(block);
        block = older;
    }
    arena_init(a, a->max);
    if (!kept)
        return;
    kept->older = NULL;
    a->used = kept->size;
    arena_open(a, kept);
}

/* A new block with room for `len` bytes at least. */
static bool arena_grow(struct arena *a, size_t len)
{
    size_t left = a->max - a->used;
    size_t size = ARENA_FIRST_BYTES;
    struct arena_block *block;

    if (left < sizeof(*block) || len > left - sizeof(*block))
        return false;
    if (a->block)
        size = a->block->size < ARENA_BLOCK_BYTES / 2 ? a->block->size * 2 : ARENA_BLOCK_BYTES;
    if (size > left)
        size = left;
    if (size < len + sizeof(*block))
        size = len + sizeof(*block);
    block = malloc(size);
    if (!block)
        return false;
    block->older = a->block;
    block->size = size;
    a->used += size;
    arena_open(a, block);
    return true;
}

/* Not zeroed. */
static void *arena_take(struct arena *a, size_t len, size_t align)
{
    size_t skip = (size_t)(-(uintptr_t)a->at & (align - 1));
    size_t room = (size_t)(a->end - a->at);

    if (!a->at || skip > room || len > room - skip) {
        if (!arena_grow(a, len))
            return NULL;
        skip = 0;
    }
    a->at += skip + len;
    return a->at - len;
}

void *arena_alloc(struct arena *a, size_t len)
{
    void *ptr = arena_take(a, len, _Alignof(max_align_t));

    if (ptr)
        memset(ptr, 0, len);
    return ptr;
}

struct bytes arena_copy(struct arena *a, struct bytes in)
{
    void *ptr;

    if (in.len == 0)
        return BYTES("");
    ptr = arena_take(a, in.len, 1);
    if (!ptr)
        return bytes_make(NULL, 0);
    memcpy(ptr, in.ptr, in.len);
    return bytes_make(ptr, in.len);
}

char *arena_text(struct arena *a, struct bytes in)
{
    char *text = in.len < SIZE_MAX ? arena_take(a, in.len + 1, 1) : NULL;

    if (!text)
        return NULL;
    if (in.len)
        memcpy(text, in.ptr, in.len);
    text[in.len] = '\0';
    return text;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    char *text;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        return NULL;
    text = arena_take(a, (size_t)len + 1, 1);
    if (!text)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return text;
}
