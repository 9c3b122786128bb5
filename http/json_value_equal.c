#include "http/json_value_equal.h"

#include "http/json_aim.h"
#include "http/json_value.h"

/* A container of the text that is open, beside its like in the tree. */
struct level {
    struct json_members members;
    const struct json_aim *aim;
    size_t met; /* children */
};

struct compare {
    const struct json_aims *aims;
    struct bytes in;
    struct level levels[JSON_DEPTH];
    size_t depth;
};

/* Compares the value found for the aim, or enters it. */
static bool value_compare(struct compare *c, const struct json_aim *aim)
{
    if (aim->enters) {
        if (!json_aim_enters(aim, c->in, aim->value_at) || c->depth == JSON_DEPTH)
            return false;
        c->levels[c->depth++] =
            (struct level){.members = json_members_open(c->in, aim->value_at), .aim = aim};
        return true;
    }
    if (c->depth > 0)
        json_members_pass(&c->levels[c->depth - 1].members, aim->value_end);
    return json_scalar_equal(json_slice(c->in, aim->value_at, aim->value_end), aim->value);
}

static bool member_compare(struct compare *c, const struct json_member *member)
{
    struct level *level = &c->levels[c->depth - 1];
    const struct json_aim *child = json_aims_child(c->aims, level->aim, &level->members, member);

    if (!child)
        return false;
    if (child->value_at != member->value_at) { /* a later one counts */
        json_members_pass(&level->members, json_value_end(c->in, member->value_at));
        return true;
    }
    level->met++;
    return value_compare(c, child);
}

static bool level_close(struct compare *c)
{
    const struct level *level = &c->levels[--c->depth];

    if (c->depth > 0)
        json_members_pass(&c->levels[c->depth - 1].members, level->members.at + 1);
    return level->met == level->aim->count;
}

static bool text_compare(const struct json_aims *aims, struct bytes in)
{
    struct compare c = {.aims = aims, .in = in};
    struct json_member member;
    bool equal = value_compare(&c, &aims->all[0]);

    while (equal && c.depth > 0) {
        if (json_members_next(&c.levels[c.depth - 1].members, &member))
            equal = member_compare(&c, &member);
        else
            equal = level_close(&c);
    }
    return equal;
}

enum status json_value_equal(struct bytes a, struct bytes b, bool *ret_equal)
{
    bool swap = a.len < b.len;
    struct bytes longer = json_trim(swap ? b : a), shorter = json_trim(swap ? a : b);
    struct json_aims aims;
    struct arena arena;
    enum status st;

    if (bytes_equal(longer, shorter)) {
        *ret_equal = true;
        return STATUS_OK;
    }
    arena_init(&arena, JSON_AIM_BYTES);
    st = json_aims_read(&arena, shorter, JSON_ENTER_OBJECT | JSON_ENTER_ARRAY, JSON_EQUAL_VALUES,
                        &aims);
    if (!st) {
        json_aims_mark(&aims, longer);
        *ret_equal = text_compare(&aims, longer);
    }
    arena_release(&arena);
    return st;
}
