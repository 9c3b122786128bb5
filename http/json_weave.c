#include "http/json_weave.h"

#include "base/text.h"

/* Copies a text with parts left out and others put in, front to back. */
struct splice {
    struct bytes in;
    size_t at; /* everything before it is written or left out */
    struct buf *out;
};

/* A container of the text that is being written. */
struct level {
    struct json_members members;
    const struct json_aim *aim;
    size_t kept;     /* members, new ones among them */
    size_t kept_end; /* of the last kept one's value */
    size_t end;      /* of the last one's value, kept or not */
    size_t first;    /* where the first member starts */
    size_t dropped;  /* where a run of members to be left out starts, or SIZE_MAX */
};

struct weave {
    const struct json_aims *aims;
    struct splice splice;
    struct level levels[JSON_DEPTH];
    size_t depth;
};

static void splice_keep(struct splice *s, size_t until)
{
    if (until <= s->at)
        return;
    buf_put(s->out, json_slice(s->in, s->at, until));
    s->at = until;
}

static void splice_skip(struct splice *s, size_t until)
{
    if (until > s->at)
        s->at = until;
}

/* ---- new members -------------------------------------------------------- */

/* An aim of a merge that is an object. */
static bool aim_builds(const struct json_aim *aim)
{
    return aim->act == JSON_ACT_ENTER;
}

/* A place in a tree that is written. */
struct build_level {
    const struct json_aim *next; /* child */
    size_t count;                /* of those written */
};

static void put_name(struct buf *out, const struct json_aim *aim)
{
    if (aim->named.len > 0) {
        buf_put(out, aim->named);
        return;
    }
    text_put_json(out, aim->name);
}

/* The aim's value: as written, or the object of its children. */
static void build_value(const struct json_aim *root, struct buf *out)
{
    struct build_level levels[JSON_DEPTH + 1];
    size_t depth = 0;

    if (!aim_builds(root)) {
        buf_put(out, root->value);
        return;
    }
    levels[0] = (struct build_level){.next = root->child};
    buf_put_byte(out, '{');
    for (;;) {
        struct build_level *level = &levels[depth];
        const struct json_aim *child = level->next;

        if (!child) {
            buf_put_byte(out, '}');
            if (depth-- == 0)
                return;
            continue;
        }
        level->next = child->next;
        if (child->act == JSON_ACT_REMOVE)
            continue;
        if (level->count++ > 0)
            buf_put_byte(out, ',');
        put_name(out, child);
        buf_put_byte(out, ':');
        if (!aim_builds(child)) {
            buf_put(out, child->value);
            continue;
        }
        buf_put_byte(out, '{');
        levels[++depth] = (struct build_level){.next = child->child};
    }
}

/* Goes to where a new last member stands. */
static void level_end_members(struct weave *w, struct level *level)
{
    struct splice *s = &w->splice;

    if (level->kept > 0) {
        splice_keep(s, level->kept_end);
        splice_skip(s, level->end);
        buf_put_byte(s->out, ',');
        buf_put(s->out, level->aim->style.gap);
    } else {
        splice_keep(s, level->members.count > 0 ? level->first : level->members.open + 1);
        if (level->members.count > 0)
            splice_skip(s, level->end);
    }
    level->dropped = SIZE_MAX;
    level->kept_end = level->end;
    level->kept++;
}

static void level_append(struct weave *w, struct level *level, const struct json_aim *child)
{
    level_end_members(w, level);
    if (level->members.object) {
        put_name(w->splice.out, child);
        buf_put(w->splice.out, level->aim->style.colon);
    }
    build_value(child, w->splice.out);
}

/* ---- members of the text ------------------------------------------------ */

static void level_keep(struct weave *w, struct level *level, const struct json_member *member)
{
    if (level->dropped != SIZE_MAX) {
        splice_keep(&w->splice, level->dropped);
        splice_skip(&w->splice, level->kept > 0 ? member->before : member->start);
        level->dropped = SIZE_MAX;
    }
    level->kept++;
}

static void level_drop(struct level *level, const struct json_member *member)
{
    if (level->dropped == SIZE_MAX)
        level->dropped = level->kept > 0 ? member->before : member->start;
}

/* The value of the level's member ends there. */
static void level_pass(struct level *level, size_t value_end)
{
    json_members_pass(&level->members, value_end);
    level->end = value_end;
    if (level->dropped == SIZE_MAX)
        level->kept_end = value_end;
}

static void level_open(struct weave *w, const struct json_aim *aim, size_t open)
{
    w->levels[w->depth++] = (struct level){
        .members = json_members_open(w->splice.in, open), .aim = aim, .dropped = SIZE_MAX};
}

/* Adds what was not found, and leaves the last run out. */
static void level_close(struct weave *w)
{
    struct level *level = &w->levels[--w->depth];
    struct splice *s = &w->splice;

    for (const struct json_aim *child = level->aim->child; child; child = child->next) {
        if (!json_aim_found(child) && child->act != JSON_ACT_REMOVE)
            level_append(w, level, child);
    }
    if (level->dropped != SIZE_MAX) {
        splice_keep(s, level->kept > 0 ? level->kept_end : level->members.open + 1);
        splice_skip(s, level->kept > 0 ? level->end : level->members.at);
    }
    if (w->depth > 0)
        level_pass(&w->levels[w->depth - 1], level->members.at + 1);
}

/* Does what the aim wants of the value that was found for it; true when the value
 * was entered. */
static bool value_weave(struct weave *w, const struct json_aim *aim)
{
    struct splice *s = &w->splice;

    if (aim->act == JSON_ACT_REMOVE)
        return false;
    if (json_aim_enters(aim, s->in, aim->value_at) && w->depth < JSON_DEPTH) {
        level_open(w, aim, aim->value_at);
        return true;
    }
    splice_keep(s, aim->value_at);
    build_value(aim, s->out);
    splice_skip(s, aim->value_end);
    return false;
}

static void element_insert(struct weave *w, const struct level *level,
                           const struct json_member *member, const struct json_aim *child)
{
    splice_keep(&w->splice, member->start);
    buf_put(w->splice.out, child->value);
    buf_put_byte(w->splice.out, ',');
    buf_put(w->splice.out, level->aim->style.gap);
}

static void member_weave(struct weave *w, const struct json_member *member)
{
    struct level *level = &w->levels[w->depth - 1];
    const struct json_aim *child = json_aims_child(w->aims, level->aim, &level->members, member);
    bool last = child && json_aim_found(child) && child->value_at == member->value_at;

    if (member->index == 0)
        level->first = member->start;
    if (child && child->act == JSON_ACT_REMOVE) {
        level_drop(level, member);
    } else {
        level_keep(w, level, member);
        if (last && child->act == JSON_ACT_INSERT && !level->members.object)
            element_insert(w, level, member, child);
        else if (last && value_weave(w, child))
            return;
    }
    level_pass(level, json_value_end(w->splice.in, member->value_at));
}

enum status json_weave(const struct json_aims *aims, const struct json_aim *top, struct bytes in,
                       struct buf *out)
{
    struct weave w = {.aims = aims, .splice = {.in = in, .out = out}};
    struct json_member member;

    (void)value_weave(&w, top);
    while (w.depth > 0) {
        if (json_members_next(&w.levels[w.depth - 1].members, &member))
            member_weave(&w, &member);
        else
            level_close(&w);
    }
    splice_keep(&w.splice, in.len);
    return buf_status(out);
}
