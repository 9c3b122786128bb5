/* Heads, field by field. The n-th field of a name is compared with the n-th of that name
 * on the other side, whatever the case of the name; those that are the same but stand in another
 * order are found by the longest run that kept its order. */
#include "logs/diff_impl.h"

enum { VALUE_BYTES = 256 * 1024 };

#define NONE UINT32_MAX

struct side {
    const struct fields *fields;
    uint32_t count;
    uint32_t *partner; /* its place on the other side, or NONE */
    bool *same;        /* with the same value */
};

static enum status side_init(struct diff *d, const struct fields *fields, struct side *ret_side)
{
    struct side s = {.fields = fields, .count = fields ? fields->count : 0};

    if (s.count > DIFF_FIELDS) {
        s.count = DIFF_FIELDS;
        d->cut = true;
    }
    s.partner = arena_alloc(&d->arena, (s.count + 1) * sizeof(*s.partner));
    s.same = arena_alloc(&d->arena, (s.count + 1) * sizeof(*s.same));
    if (!s.partner || !s.same)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < s.count; i++)
        s.partner[i] = NONE;
    *ret_side = s;
    return STATUS_OK;
}

static void pair(struct side *a, struct side *b)
{
    for (uint32_t i = 0; i < a->count; i++) {
        const struct field *x = &a->fields->items[i];

        for (uint32_t k = 0; k < b->count; k++) {
            const struct field *y = &b->fields->items[k];

            if (b->partner[k] != NONE || !bytes_equal_icase(x->name, y->name))
                continue;
            a->partner[i] = k;
            b->partner[k] = i;
            a->same[i] = bytes_equal(x->value, y->value);
            break;
        }
    }
}

/* Marks in `kept` one longest series of paired fields of `a` whose partners stand in
 * rising order. Quadratic in DIFF_FIELDS. */
static enum status order_keep(struct diff *d, const struct side *a, bool *kept)
{
    uint32_t *length = arena_alloc(&d->arena, (a->count + 1) * sizeof(*length));
    uint32_t *before = arena_alloc(&d->arena, (a->count + 1) * sizeof(*before));
    uint32_t best = NONE;

    if (!length || !before)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < a->count; i++) {
        before[i] = NONE;
        if (a->partner[i] == NONE)
            continue;
        length[i] = 1;
        for (uint32_t k = 0; k < i; k++) {
            if (a->partner[k] == NONE || a->partner[k] > a->partner[i] || length[k] < length[i])
                continue;
            length[i] = length[k] + 1;
            before[i] = k;
        }
        if (best == NONE || length[i] > length[best])
            best = i;
    }
    for (; best != NONE; best = before[best])
        kept[best] = true;
    return STATUS_OK;
}

static enum status value_of(struct diff *d, const struct field *field,
                            const struct redactor *redactor, struct bytes *ret_value)
{
    struct buf text;
    enum status st;

    if (!redact_field_maybe(redactor, field)) {
        *ret_value = field->value;
        return STATUS_OK;
    }
    buf_init(&text, VALUE_BYTES);
    redact_put_field(redactor, field->name, field->value, &text);
    *ret_value = arena_copy(&d->arena, buf_bytes(&text));
    st = ret_value->len == text.len && buf_status(&text) != STATUS_NO_MEMORY ? STATUS_OK
                                                                             : STATUS_NO_MEMORY;
    buf_release(&text);
    return st;
}

/* Of a field of one side alone, or of two that are paired. */
static enum status tell(struct diff *d, struct diff_entry *entry, const struct field *a,
                        const struct field *b, const struct redactor *redactor)
{
    enum status st = STATUS_OK;

    if (b) {
        entry->name = b->name;
        st = value_of(d, b, redactor, &entry->after);
    }
    if (!st && a) {
        entry->name = a->name;
        st = value_of(d, a, redactor, &entry->before);
    }
    return st ? st : diff_add(d, entry);
}

static enum status tell_field(struct diff *d, const struct diff_fields *of, const struct side *a,
                              uint32_t i, const struct redactor *redactor)
{
    struct diff_entry entry = {.side = of->side, .place = of->place, .change = DIFF_REMOVED};
    const struct field *other = NULL;

    if (a->partner[i] != NONE) {
        other = &of->b->items[a->partner[i]];
        entry.change = a->same[i] ? DIFF_MOVED : DIFF_CHANGED;
    }
    return tell(d, &entry, &of->a->items[i], other, redactor);
}

enum status diff_put_fields(struct diff *d, const struct diff_fields *of,
                            const struct redactor *redactor)
{
    struct diff_entry added = {.side = of->side, .place = of->place, .change = DIFF_ADDED};
    struct side a, b;
    bool *kept;
    enum status st = side_init(d, of->a, &a);

    if (!st)
        st = side_init(d, of->b, &b);
    if (st)
        return st;
    pair(&a, &b);
    kept = arena_alloc(&d->arena, (a.count + 1) * sizeof(*kept));
    if (!kept)
        return STATUS_NO_MEMORY;
    st = order_keep(d, &a, kept);
    for (uint32_t i = 0; !st && i < a.count; i++)
        if (!kept[i] || !a.same[i])
            st = tell_field(d, of, &a, i, redactor);
    for (uint32_t k = 0; !st && k < b.count; k++) {
        if (b.partner[k] == NONE)
            st = tell(d, &added, NULL, &of->b->items[k], redactor);
        added.before = added.after = bytes_make(NULL, 0);
    }
    return st;
}
