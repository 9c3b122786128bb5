#include "rules/firing.h"

#include "rules/sip_hash.h"

struct effect *firing_effect(struct firing *f, enum effect_kind kind)
{
    return effects_add(f->arena, f->effects, kind, f->rule);
}

static enum status edit_add(struct firing *f, struct head_edit edit)
{
    struct effect *e = firing_effect(f, EFFECT_EDIT_HEAD);

    if (!e)
        return STATUS_NO_MEMORY;
    e->edit = edit;
    return STATUS_OK;
}

enum status firing_edit(struct firing *f, struct head_edit edit)
{
    enum status st = STATUS_OK;

    if (edit.side == HTTP_RESPONSE && f->mark_name && !f->marked) {
        st = edit_add(f, (struct head_edit){
                             .side = HTTP_RESPONSE,
                             .op = EDIT_APPEND,
                             .part = EDIT_HEADER,
                             .name = bytes_of(f->mark_name),
                             .value = f->mark,
                         });
        f->marked = true;
    }
    return st ? st : edit_add(f, edit);
}

enum status firing_skip(struct firing *f, const char *why)
{
    struct effect *e = firing_effect(f, EFFECT_NOTE);

    if (!e)
        return STATUS_NO_MEMORY;
    e->note = why;
    return STATUS_REFUSED;
}

int64_t firing_draw(struct firing *f, int64_t low, int64_t high)
{
    uint64_t range = (uint64_t)high - (uint64_t)low; /* one less than the count */
    uint64_t drawn = sip_hash_u64(f->dice, ++f->draws);

    return (int64_t)((uint64_t)low + (range == UINT64_MAX ? drawn : drawn % (range + 1)));
}

struct bytes firing_request_field(const struct firing *f, struct bytes name)
{
    struct bytes value = fields_value(&f->view->request->fields, name);

    for (uint32_t i = 0; i < f->effects->count; i++) {
        const struct effect *e = &f->effects->items[i];
        const struct head_edit *edit = &e->edit;

        if (e->kind != EFFECT_EDIT_HEAD || edit->side != HTTP_REQUEST ||
            edit->part != EDIT_HEADER || !bytes_equal_icase(edit->name, name))
            continue;
        if (edit->op == EDIT_REMOVE)
            value = bytes_make(NULL, 0);
        else if (edit->op == EDIT_SET || !value.ptr)
            value = edit->value;
    }
    return value;
}
