/* arena: memory that is given piece by piece and freed whole, with a cap.
 * Not thread safe; may be handed from one thread to another. */
#ifndef WEIR_BASE_ARENA_H
#define WEIR_BASE_ARENA_H

#include "base/bytes.h"

struct arena_block; /* opaque */

struct arena {
    struct arena_block *block; /* the newest; older ones are linked behind it */
    uint8_t *at, *end;         /* free room in the newest */
    size_t used;               /* bytes asked of malloc so far */
    size_t max;                /* bytes; the cap */
};

/* Costs nothing until the first allocation. */
void arena_init(struct arena *a, size_t max_bytes);
/* Frees all; the arena may be used again. */
void arena_release(struct arena *a);
/* Forgets all, for reuse without malloc: keeps the newest block of at most 8 KiB. */
void arena_reset(struct arena *a);
/* Zeroed, aligned for any type; NULL when out of memory or over the cap. */
void *arena_alloc(struct arena *a, size_t len);
/* A copy; NULL ptr with len 0 when there is no room and in.len > 0. */
struct bytes arena_copy(struct arena *a, struct bytes in);
/* A copy with a NUL after it, or NULL. */
char *arena_text(struct arena *a, struct bytes in);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
