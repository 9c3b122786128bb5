#include "rules/effect.h"

#include <string.h>

enum { EFFECTS_FIRST = 8 };

static bool effects_grow(struct arena *arena, struct effects *effects)
{
    uint32_t cap = effects->cap ? effects->cap * 2 : EFFECTS_FIRST;
    struct effect *items = arena_alloc(arena, cap * sizeof(*items));

    if (!items)
        return false;
    if (effects->count)
        memcpy(items, effects->items, effects->count * sizeof(*items));
    effects->items = items;
    effects->cap = cap;
    return true;
}

struct effect *effects_add(struct arena *arena, struct effects *effects, enum effect_kind kind,
                           const char *rule)
{
    struct effect *e;

    if (effects->count >= EFFECTS)
        return NULL;
    if (effects->count == effects->cap && !effects_grow(arena, effects))
        return NULL;
    e = &effects->items[effects->count++];
    *e = (struct effect){.kind = kind, .rule = rule};
    return e;
}
