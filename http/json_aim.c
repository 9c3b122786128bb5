#include "http/json_aim.h"

#include <stdlib.h>
#include <string.h>

#include "http/json_value.h"

enum { FIRST_AIMS = 32 };

static struct json_aim aim_make(void)
{
    return (struct json_aim){.index = JSON_NO_INDEX, .found_in = SIZE_MAX};
}

void json_chain_init(struct json_chain *chain, const struct json_path *path)
{
    chain->aims = (struct json_aims){chain->all, chain->order, path->count + 1};
    chain->all[0] = aim_make();
    for (size_t i = 0; i < path->count; i++) {
        struct json_aim *aim = &chain->all[i], *child = &chain->all[i + 1];

        *child = aim_make();
        child->name = path->steps[i].name;
        child->index = path->steps[i].index;
        child->parent = aim;
        aim->child = child;
        aim->enters = JSON_ENTER_OBJECT | JSON_ENTER_ARRAY;
        aim->first = i;
        aim->count = 1;
        chain->order[i] = child;
    }
}

/* ---- the tree of a text ------------------------------------------------- */

/* A container of the text that is open. */
struct read_level {
    struct json_members members;
    size_t aim; /* in `all`, which moves when it grows */
};

struct reader {
    struct arena *arena;
    struct bytes text;
    unsigned enters;
    struct json_aim *all;
    size_t *parents; /* of each, while `all` moves */
    size_t count, cap, max;
    struct buf scratch; /* for a name */
    struct read_level levels[JSON_DEPTH];
    size_t depth;
};

static enum status reader_grow(struct reader *r)
{
    size_t cap = r->cap > 0 ? r->cap * 2 : FIRST_AIMS;
    struct json_aim *all;
    size_t *parents;

    if (r->count == r->max)
        return STATUS_LIMIT;
    if (r->count < r->cap)
        return STATUS_OK;
    all = arena_alloc(r->arena, cap * sizeof(*all));
    parents = arena_alloc(r->arena, cap * sizeof(*parents));
    if (!all || !parents)
        return STATUS_NO_MEMORY;
    if (r->cap > 0) {
        memcpy(all, r->all, r->count * sizeof(*all));
        memcpy(parents, r->parents, r->count * sizeof(*parents));
    }
    r->all = all;
    r->parents = parents;
    r->cap = cap;
    return STATUS_OK;
}

static enum status reader_name(struct reader *r, struct bytes written, struct json_aim *aim)
{
    enum status st;

    aim->named = written;
    aim->name = json_slice(written, 1, written.len > 0 ? written.len - 1 : 0);
    if (bytes_find(aim->name, '\\') < 0)
        return STATUS_OK;
    buf_clear(&r->scratch);
    st = json_name_text(written, &r->scratch);
    if (st)
        return st;
    aim->name = arena_copy(r->arena, buf_bytes(&r->scratch));
    return aim->name.len == r->scratch.len ? STATUS_OK : STATUS_NO_MEMORY;
}

static unsigned enters_at(struct bytes text, size_t at)
{
    uint8_t c = json_byte(text, at);

    return c == '{' ? JSON_ENTER_OBJECT : c == '[' ? JSON_ENTER_ARRAY : 0;
}

static enum status reader_take(struct reader *r, const struct json_member *member)
{
    struct read_level *level = r->depth > 0 ? &r->levels[r->depth - 1] : NULL;
    struct json_aim *aim;
    enum status st = reader_grow(r);

    if (st)
        return st;
    aim = &r->all[r->count];
    r->parents[r->count++] = level ? level->aim : 0;
    *aim = aim_make();
    st = reader_name(r, member->name, aim);
    if (st)
        return st;
    if (level && !level->members.object)
        aim->index = member->index;
    aim->enters = r->depth < JSON_DEPTH ? r->enters & enters_at(r->text, member->value_at) : 0;
    if (aim->enters) {
        r->levels[r->depth++] =
            (struct read_level){json_members_open(r->text, member->value_at), r->count - 1};
        return STATUS_OK;
    }
    aim->value = json_slice(r->text, member->value_at, json_value_end(r->text, member->value_at));
    if (level)
        json_members_pass(&level->members, member->value_at + aim->value.len);
    return STATUS_OK;
}

static void reader_close(struct reader *r)
{
    struct read_level *level = &r->levels[--r->depth];

    r->all[level->aim].value = json_slice(r->text, level->members.open, level->members.at + 1);
    if (r->depth > 0)
        json_members_pass(&r->levels[r->depth - 1].members, level->members.at + 1);
}

static enum status reader_run(struct reader *r)
{
    struct json_member member = {.value_at = json_space_end(r->text, 0)};
    enum status st;

    do {
        st = reader_take(r, &member);
        if (st)
            return st;
        while (r->depth > 0 && !json_members_next(&r->levels[r->depth - 1].members, &member))
            reader_close(r);
    } while (r->depth > 0);
    return STATUS_OK;
}

/* By parent, then by index or name, then by the place in the text. */
static int order_compare(const void *left, const void *right)
{
    const struct json_aim *a = *(struct json_aim *const *)left;
    const struct json_aim *b = *(struct json_aim *const *)right;
    size_t len = a->name.len < b->name.len ? a->name.len : b->name.len;
    int order = 0;

    if (a->parent != b->parent)
        return a->parent < b->parent ? -1 : 1;
    if (a->index != b->index)
        return a->index < b->index ? -1 : 1;
    if (len > 0)
        order = memcmp(a->name.ptr, b->name.ptr, len);
    if (order == 0)
        order = (a->name.len > b->name.len) - (a->name.len < b->name.len);
    return order != 0 ? order : (a > b) - (a < b);
}

static bool aim_same(const struct json_aim *a, const struct json_aim *b)
{
    return a->parent == b->parent && a->index == b->index && bytes_equal(a->name, b->name);
}

/* Links the children of each as they were written; those without a parent are out. */
static void reader_link(struct reader *r)
{
    for (size_t i = r->count - 1; i > 0; i--) {
        struct json_aim *aim = &r->all[i];

        if (!aim->parent)
            continue;
        aim->next = aim->parent->child;
        aim->parent->child = aim;
    }
}

/* Of repeated names the last one stays. */
static enum status reader_sort(struct reader *r, struct json_aims *ret_aims)
{
    size_t count = r->count - 1, kept = 0;
    struct json_aim **order = arena_alloc(r->arena, (count + 1) * sizeof(struct json_aim *));

    if (!order)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        order[i] = &r->all[i + 1];
        order[i]->parent = &r->all[r->parents[i + 1]];
    }
    qsort(order, count, sizeof(struct json_aim *), order_compare);
    for (size_t i = 0; i < count; i++) {
        struct json_aim *parent = order[i]->parent;

        if (i + 1 < count && aim_same(order[i], order[i + 1])) {
            order[i]->parent = NULL;
            continue;
        }
        if (parent->count++ == 0)
            parent->first = kept;
        order[kept++] = order[i];
    }
    reader_link(r);
    *ret_aims = (struct json_aims){r->all, order, r->count};
    return STATUS_OK;
}

enum status json_aims_read(struct arena *arena, struct bytes text, unsigned enters,
                           size_t max_values, struct json_aims *ret_aims)
{
    struct reader r = {.arena = arena, .text = text, .enters = enters, .max = max_values};
    enum status st;

    buf_init(&r.scratch, text.len + 1);
    st = reader_run(&r);
    if (!st)
        st = reader_sort(&r, ret_aims);
    buf_release(&r.scratch);
    return st;
}

/* ---- beside a text ------------------------------------------------------ */

static int child_order(const struct json_aim *child, const struct json_members *members,
                       const struct json_member *member)
{
    if (members->object)
        return json_name_order(member->name, child->name);
    return (member->index > child->index) - (member->index < child->index);
}

struct json_aim *json_aims_child(const struct json_aims *aims, const struct json_aim *parent,
                                 const struct json_members *members,
                                 const struct json_member *member)
{
    size_t low = parent->first, high = parent->first + parent->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = child_order(aims->order[middle], members, member);

        if (order == 0)
            return aims->order[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

bool json_aim_enters(const struct json_aim *aim, struct bytes in, size_t at)
{
    return (aim->enters & enters_at(in, at)) != 0;
}

bool json_aim_found(const struct json_aim *aim)
{
    return !aim->parent || aim->found_in == aim->parent->value_at;
}

/* A container of the text that is open. */
struct mark_level {
    struct json_members members;
    struct json_member last;
    struct json_aim *aim;
};

static bool breaks_line(struct bytes gap)
{
    return bytes_find(gap, '\n') >= 0;
}

/* White space before a member. */
static struct bytes gap_of(struct bytes in, const struct json_member *member)
{
    return json_slice(in, member->before + 1, member->start);
}

/* A new member is written like the last one. Of a single one on one line nothing
 * tells what stands behind a comma; mostly it is what stands behind a colon. */
static struct json_style style_of(const struct mark_level *level)
{
    const struct json_members *members = &level->members;
    const struct json_member *last = &level->last;
    struct json_style style = {.length = members->count, .colon = BYTES(":")};
    size_t name_end = last->start + last->name.len;

    if (members->count == 0)
        return style;
    style.gap = gap_of(members->in, last);
    if (members->object)
        style.colon = json_slice(members->in, name_end, last->value_at);
    if (members->count == 1 && !breaks_line(style.gap))
        style.gap =
            json_slice(style.colon, (size_t)(bytes_find(style.colon, ':') + 1), style.colon.len);
    if (style.gap.len > JSON_GAP_BYTES)
        style.gap.len = 0;
    if (style.colon.len > JSON_GAP_BYTES)
        style.colon = BYTES(":");
    return style;
}

static void mark_set(struct json_aim *aim, size_t found_in, const struct json_member *member)
{
    aim->found_in = found_in;
    aim->start = member->start;
    aim->value_at = member->value_at;
}

static void mark_forget(struct json_aims *aims)
{
    for (size_t i = 0; i < aims->count; i++) {
        aims->all[i].found_in = SIZE_MAX;
        aims->all[i].value_at = 0;
    }
}

void json_aims_mark(struct json_aims *aims, struct bytes in)
{
    struct mark_level levels[JSON_DEPTH];
    struct json_member member = {.value_at = json_space_end(in, 0)};
    struct json_aim *aim = aims->all;
    size_t depth = 0;

    mark_forget(aims);
    for (;;) {
        struct mark_level *level = depth > 0 ? &levels[depth - 1] : NULL;

        if (aim)
            mark_set(aim, level ? level->members.open : SIZE_MAX, &member);
        if (aim && depth < JSON_DEPTH && json_aim_enters(aim, in, member.value_at)) {
            levels[depth++] =
                (struct mark_level){.members = json_members_open(in, member.value_at), .aim = aim};
        } else {
            size_t end = json_value_end(in, member.value_at);

            if (aim)
                aim->value_end = end;
            if (!level)
                return;
            json_members_pass(&level->members, end);
        }
        while (!json_members_next(&levels[depth - 1].members, &member)) {
            level = &levels[--depth];
            level->aim->style = style_of(level);
            level->aim->value_end = level->members.at + 1;
            if (depth == 0)
                return;
            json_members_pass(&levels[depth - 1].members, level->aim->value_end);
        }
        levels[depth - 1].last = member;
        aim = json_aims_child(aims, levels[depth - 1].aim, &levels[depth - 1].members, &member);
    }
}
