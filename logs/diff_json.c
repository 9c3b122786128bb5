/* Two JSON texts by structure, without recursion: pairs of values that are different wait
 * on a stack, linked to the pair that holds them. */
#include <stdlib.h>
#include <string.h>

#include "http/json.h"
#include "http/json_scan.h"
#include "http/json_value.h"
#include "logs/diff_impl.h"

enum { PATH_BYTES = 64 * 1024 };

struct pair {
    struct bytes a, b;         /* a value; ptr NULL: not there */
    struct bytes name;         /* of a member, as written; empty: an element */
    size_t index;              /* of an element */
    const struct pair *holder; /* NULL: the root */
    struct pair *below;        /* on the stack */
};

struct work {
    struct diff *diff;
    enum http_side side;
    struct pair *top;
    uint32_t values; /* taken apart */
    size_t scanned;  /* bytes, of values within each other again and again */
};

/* A member or an element. */
struct part {
    struct bytes name, value;
    size_t index;
    bool paired;
};

struct parts {
    struct part *items;
    size_t count;
};

/* ---- paths ---- */

static bool is_plain_name(struct bytes quoted)
{
    for (size_t i = 1; i + 1 < quoted.len; i++) {
        uint8_t c = byte_lower(quoted.ptr[i]);

        if (!((c >= 'a' && c <= 'z') || c == '_' || (i > 1 && c >= '0' && c <= '9')))
            return false;
    }
    return quoted.len > 2;
}

static void put_step(const struct pair *p, struct buf *out)
{
    if (!p->name.len) {
        buf_putf(out, "[%zu]", p->index);
    } else if (is_plain_name(p->name)) {
        buf_put_byte(out, '.');
        buf_put(out, json_slice(p->name, 1, p->name.len - 1));
    } else {
        buf_put_byte(out, '[');
        buf_put(out, p->name);
        buf_put_byte(out, ']');
    }
}

/* "$.items[0].name" */
static enum status path_of(struct diff *d, const struct pair *p, struct bytes *ret_path)
{
    const struct pair *chain[JSON_DEPTH];
    struct buf out;
    size_t depth = 0;
    enum status st;

    for (; p->holder && depth < JSON_DEPTH; p = p->holder)
        chain[depth++] = p;
    buf_init(&out, PATH_BYTES);
    buf_put_byte(&out, '$');
    while (depth)
        put_step(chain[--depth], &out);
    *ret_path = arena_copy(&d->arena, buf_bytes(&out));
    st = ret_path->ptr && buf_status(&out) != STATUS_NO_MEMORY ? STATUS_OK : STATUS_NO_MEMORY;
    buf_release(&out);
    return st;
}

static enum status tell(struct work *w, const struct pair *p)
{
    struct diff_entry entry = {
        .side = w->side, .place = DIFF_JSON, .change = DIFF_CHANGED, .before = p->a, .after = p->b};
    enum status st;

    if (!p->a.ptr)
        entry.change = DIFF_ADDED;
    else if (!p->b.ptr)
        entry.change = DIFF_REMOVED;
    if (w->diff->count == DIFF_ENTRIES)
        return diff_add(w->diff, &entry);
    st = path_of(w->diff, p, &entry.name);
    return st ? st : diff_add(w->diff, &entry);
}

/* ---- taking apart ---- */

static enum status push(struct work *w, const struct pair *pair)
{
    struct pair *p = arena_alloc(&w->diff->arena, sizeof(*p));

    if (!p)
        return STATUS_NO_MEMORY;
    *p = *pair;
    p->below = w->top;
    w->top = p;
    return STATUS_OK;
}

static enum status parts_take(struct work *w, struct bytes value, struct parts *ret_parts)
{
    struct json_members m = json_members_open(value, 0);
    struct json_member member;
    struct parts parts = {0};

    w->scanned += value.len;
    if (w->scanned > DIFF_JSON_SCANNED_BYTES)
        return STATUS_LIMIT;
    while (json_members_next(&m, &member)) {
        json_members_pass(&m, json_value_end(value, member.value_at));
        if (w->values++ == DIFF_JSON_VALUES)
            return STATUS_LIMIT;
    }
    parts.items = arena_alloc(&w->diff->arena, (m.count + 1) * sizeof(*parts.items));
    if (!parts.items)
        return STATUS_NO_MEMORY;
    m = json_members_open(value, 0);
    while (json_members_next(&m, &member)) {
        size_t end = json_value_end(value, member.value_at);

        parts.items[parts.count++] = (struct part){
            .name = member.name,
            .value = json_slice(value, member.value_at, end),
            .index = member.index,
        };
        json_members_pass(&m, end);
    }
    *ret_parts = parts;
    return STATUS_OK;
}

/* ---- objects ---- */

static int name_order(struct bytes a, struct bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = memcmp(a.ptr, b.ptr, len);

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int part_order(const void *a, const void *b)
{
    const struct part *const *x = a, *const *y = b;
    int order = name_order((*x)->name, (*y)->name);

    return order ? order : ((*x)->index > (*y)->index) - ((*x)->index < (*y)->index);
}

/* The last member of that name, as RFC 8259 §4 lets most readers have it, or NULL. */
static struct part *part_find(struct part *const *sorted, size_t count, struct bytes name)
{
    size_t from = 0, to = count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (name_order(sorted[middle]->name, name) <= 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from && name_order(sorted[from - 1]->name, name) == 0 ? sorted[from - 1] : NULL;
}

static enum status parts_sort(struct work *w, const struct parts *parts, struct part ***ret_sorted)
{
    struct part **sorted = arena_alloc(&w->diff->arena, (parts->count + 1) * sizeof(struct part *));

    if (!sorted)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < parts->count; i++)
        sorted[i] = &parts->items[i];
    qsort(sorted, parts->count, sizeof(struct part *), part_order);
    *ret_sorted = sorted;
    return STATUS_OK;
}

/* What stands first is pushed last, to be told first: members of `a` in their order, each
 * with its partner, then those of `b` alone. */
static enum status push_members(struct work *w, const struct pair *holder, const struct parts *a,
                                const struct parts *b)
{
    struct part **sorted;
    enum status st = parts_sort(w, b, &sorted);

    for (size_t i = 0; !st && i < a->count; i++) {
        struct part *partner = part_find(sorted, b->count, a->items[i].name);

        if (partner)
            partner->paired = true;
    }
    for (size_t i = b->count; !st && i-- > 0;)
        if (!b->items[i].paired)
            st = push(w, &(struct pair){
                             .b = b->items[i].value, .name = b->items[i].name, .holder = holder});
    for (size_t i = a->count; !st && i-- > 0;) {
        struct part *partner = part_find(sorted, b->count, a->items[i].name);
        struct bytes other = partner ? partner->value : bytes_make(NULL, 0);

        if (!bytes_equal(a->items[i].value, other))
            st = push(w, &(struct pair){.a = a->items[i].value,
                                        .b = other,
                                        .name = a->items[i].name,
                                        .holder = holder});
    }
    return st;
}

/* ---- arrays ---- */

/* What is the same at both ends is passed over, so that an element put in or taken out
 * is told as that; what is between is compared one by one. */
static enum status push_elements(struct work *w, const struct pair *holder, const struct parts *a,
                                 const struct parts *b)
{
    size_t least = a->count < b->count ? a->count : b->count;
    size_t most = a->count > b->count ? a->count : b->count;
    size_t front = 0, back = 0;
    enum status st = STATUS_OK;

    while (front < least && bytes_equal(a->items[front].value, b->items[front].value))
        front++;
    while (back < least - front &&
           bytes_equal(a->items[a->count - 1 - back].value, b->items[b->count - 1 - back].value))
        back++;
    for (size_t i = most - back; !st && i-- > front;) {
        struct pair p = {.index = i, .holder = holder};

        if (i < a->count - back)
            p.a = a->items[i].value;
        if (i < b->count - back)
            p.b = b->items[i].value;
        st = push(w, &p);
    }
    return st;
}

/* ---- the walk ---- */

static bool is_container(enum json_kind kind)
{
    return kind == JSON_KIND_OBJECT || kind == JSON_KIND_ARRAY;
}

static enum status compare(struct work *w, const struct pair *p)
{
    struct parts a, b;
    enum json_kind kind;
    enum status st;

    if (!p->a.ptr || !p->b.ptr)
        return tell(w, p);
    if (bytes_equal(p->a, p->b))
        return STATUS_OK;
    kind = json_kind(p->a);
    if (kind != json_kind(p->b))
        return tell(w, p);
    if (!is_container(kind))
        return json_scalar_equal(p->a, p->b) ? STATUS_OK : tell(w, p);
    st = parts_take(w, p->a, &a);
    if (!st)
        st = parts_take(w, p->b, &b);
    if (st)
        return st;
    return kind == JSON_KIND_OBJECT ? push_members(w, p, &a, &b) : push_elements(w, p, &a, &b);
}

enum status diff_json(struct diff *d, enum http_side side, struct bytes a, struct bytes b)
{
    struct work w = {.diff = d, .side = side};
    enum status st = push(&w, &(struct pair){.a = a, .b = b});

    while (!st && w.top) {
        const struct pair *p = w.top;

        w.top = p->below;
        st = compare(&w, p);
    }
    return st;
}
