#include "logs/expect.h"

#include <stdlib.h>
#include <string.h>

#include "logs/expect_impl.h"

enum { EXPECTS_FIRST = 8 };

void expects_init(struct expects *e)
{
    *e = (struct expects){0};
    arena_init(&e->arena, EXPECT_BYTES);
}

void expect_drop(struct expect *x)
{
    filter_free(x->match);
    for (uint32_t i = 0; i < x->step_count; i++)
        filter_free(x->steps[i]);
}

void expects_release(struct expects *e)
{
    for (uint32_t i = 0; i < e->count; i++)
        expect_drop(&e->items[i]);
    free(e->items);
    arena_release(&e->arena);
    expects_init(e);
}

enum status expects_room(struct expects *e)
{
    uint32_t cap = e->cap ? e->cap * 2 : EXPECTS_FIRST;
    struct expect *items;

    if (e->count == EXPECTS)
        return STATUS_LIMIT;
    if (e->count < e->cap)
        return STATUS_OK;
    items = realloc(e->items, cap * sizeof(*items));
    if (!items)
        return STATUS_NO_MEMORY;
    e->items = items;
    e->cap = cap;
    return STATUS_OK;
}

enum status expects_add_never(struct expects *e, struct filter *filter, const char *file)
{
    struct bytes text = filter_text(filter);
    enum status st = expects_room(e);
    char *name;

    if (st)
        return st;
    name = arena_printf(&e->arena, "never %.*s", (int)text.len, (const char *)text.ptr);
    if (!name)
        return STATUS_NO_MEMORY;
    e->items[e->count++] = (struct expect){
        .name = bytes_of(name), .file = file, .match = filter, .checks = 1U << EXPECT_COUNT};
    return STATUS_OK;
}

/* A term stands at the start, or behind a blank, "(" or "-". */
static bool names_term(struct bytes text, struct bytes term)
{
    for (size_t at = 0; at + term.len <= text.len; at++) {
        uint8_t before = at ? text.ptr[at - 1] : ' ';

        if ((before == ' ' || before == '(' || before == '-') &&
            bytes_equal_icase(bytes_make(text.ptr + at, term.len), term))
            return true;
    }
    return false;
}

bool expect_names_kind(const struct filter *f)
{
    static const struct bytes terms[] = {BYTES_INIT("kind:"), BYTES_INIT("is:tunnel"),
                                         BYTES_INIT("is:refused")};

    for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++)
        if (names_term(filter_text(f), terms[i]))
            return true;
    return false;
}

bool expect_takes_status(const struct expect *e, uint16_t status)
{
    for (uint32_t i = 0; i < e->status_count; i++)
        if (status >= e->statuses[i].from && status <= e->statuses[i].to)
            return true;
    return false;
}
