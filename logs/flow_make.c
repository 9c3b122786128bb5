#include "logs/flow_make.h"

#include <string.h>

struct flow *flow_make(enum flow_kind kind)
{
    struct arena arena;
    struct flow *f;

    arena_init(&arena, FLOW_MAKE_BYTES);
    f = arena_alloc(&arena, sizeof(*f));
    if (!f)
        return NULL;
    f->arena = arena;
    f->kind = kind;
    f->timings = (struct flow_timings){-1, -1, -1, -1, -1, -1, -1, 0, -1};
    return f;
}

void flow_free(struct flow *f)
{
    struct arena arena;

    if (!f)
        return;
    arena = f->arena; /* the record lies in it */
    arena_release(&arena);
}

enum status flow_make_content(struct flow *f, struct flow_message *m, struct bytes content)
{
    struct flow_body *b = &m->body;

    if (content.len == 0)
        return STATUS_OK;
    if (b->count == b->cap) {
        uint32_t cap = b->cap ? b->cap * 2 : 1;
        struct slice *slices = arena_alloc(&f->arena, cap * sizeof(*slices));

        if (!slices)
            return STATUS_NO_MEMORY;
        if (b->count)
            memcpy(slices, b->slices, b->count * sizeof(*slices));
        b->slices = slices;
        b->cap = cap;
    }
    b->slices[b->count++] = slice_of(content);
    b->captured_bytes += (int64_t)content.len;
    return STATUS_OK;
}
