#include "http/message.h"

#include <string.h>

static bool within(struct bytes part, struct bytes whole)
{
    if (part.len == 0 || whole.len < part.len)
        return false;
    return part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len;
}

static struct bytes copy_run(uint8_t **at, struct bytes in)
{
    struct bytes copy = {*at, in.len};

    if (in.len == 0)
        return in.ptr == NULL ? in : BYTES("");
    memcpy(*at, in.ptr, in.len);
    *at += in.len;
    return copy;
}

/* A slice that lies within a run already copied (a name within its line, a path
 * within the target) is only pointed anew. */
static struct bytes copy_part(uint8_t **at, struct bytes part, struct bytes whole,
                              struct bytes whole_copy)
{
    if (within(part, whole))
        return bytes_make(whole_copy.ptr + (part.ptr - whole.ptr), part.len);
    return copy_run(at, part);
}

static size_t head_bytes_len(const struct head *h)
{
    size_t len = h->method.len + h->target.len + h->scheme.len + h->authority.len + h->path.len +
                 h->reason.len;

    for (uint32_t i = 0; i < h->fields.count; i++) {
        const struct field *f = &h->fields.items[i];

        len += f->line.len;
        if (!within(f->name, f->line))
            len += f->name.len;
        if (!within(f->value, f->line))
            len += f->value.len;
    }
    return len;
}

enum status head_copy(struct arena *a, const struct head *from, struct head *ret_head)
{
    struct head copy = *from;
    uint32_t count = from->fields.count;
    struct field *items = arena_alloc(a, (count + 1) * sizeof(*items));
    uint8_t *at = arena_alloc(a, head_bytes_len(from) + 1);

    if (items == NULL || at == NULL)
        return STATUS_NO_MEMORY;
    copy.method = copy_run(&at, from->method);
    copy.reason = copy_run(&at, from->reason);
    copy.target = copy_run(&at, from->target);
    copy.scheme = copy_part(&at, from->scheme, from->target, copy.target);
    copy.authority = copy_part(&at, from->authority, from->target, copy.target);
    copy.path = copy_part(&at, from->path, from->target, copy.target);
    for (uint32_t i = 0; i < count; i++) {
        const struct field *f = &from->fields.items[i];

        items[i] = *f;
        items[i].line = copy_run(&at, f->line);
        items[i].name = copy_part(&at, f->name, f->line, items[i].line);
        items[i].value = copy_part(&at, f->value, f->line, items[i].line);
    }
    copy.fields = (struct fields){items, count, count + 1};
    *ret_head = copy;
    return STATUS_OK;
}

enum status head_fork(struct arena *a, const struct head *from, struct head *ret_head)
{
    struct head copy = *from;
    uint32_t cap = from->fields.count + 4;
    struct field *items = arena_alloc(a, cap * sizeof(*items));

    if (items == NULL)
        return STATUS_NO_MEMORY;
    if (from->fields.count > 0)
        memcpy(items, from->fields.items, from->fields.count * sizeof(*items));
    copy.fields = (struct fields){items, from->fields.count, cap};
    *ret_head = copy;
    return STATUS_OK;
}
