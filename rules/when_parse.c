#include <string.h>

#include "base/text.h"
#include "rules/when_build.h"

enum {
    WORDS = 12, /* of one short form */
    PERCENT_DECIMALS = 7,
};
#define COUNT_MAX ((uint64_t)INT64_MAX)

static const char grammar[] =
    "expected once, first N, after N, every Kth [after M], P% [seed S] or between 10:00 and 11:00, "
    "each with [per rule], [per client] or the like";

/* A short form's words, and how far they are read. */
struct word_reader {
    struct rule_compiler *c;
    const struct rule_text *text;
    struct bytes words[WORDS];
    uint32_t count, at;
};

static const struct {
    const char *name;
    bool named;
} pers[PER_COUNT] = {
#define WHEN(name, help)
#define PER(name, named) {#name, named},
#include "rules/whens.def"
#undef WHEN
#undef PER
};

static enum status words_split(struct word_reader *r)
{
    struct bytes rest = bytes_trim(r->text->all);

    while (rest.len) {
        ptrdiff_t space = bytes_find(rest, ' ');
        size_t len = space < 0 ? rest.len : (size_t)space;

        if (r->count == WORDS)
            return compiler_error(r->c, r->text, r->text->all, "%s", grammar);
        r->words[r->count++] = bytes_until(rest, len);
        rest = bytes_trim(bytes_from(rest, len));
    }
    return STATUS_OK;
}

/* The next word, or one of no bytes at the end. */
static struct bytes word_peek(const struct word_reader *r)
{
    if (r->at < r->count)
        return r->words[r->at];
    return bytes_from(r->text->all, r->text->all.len);
}

static bool word_take(struct word_reader *r, const char *word)
{
    if (!bytes_equal(word_peek(r), bytes_of(word)))
        return false;
    r->at++;
    return true;
}

enum status count_parse(struct rule_compiler *c, const struct rule_text *text, struct bytes word,
                        uint64_t min, uint64_t *ret_value)
{
    uint64_t value;

    if (bytes_to_u64(word, COUNT_MAX, &value) || value < min)
        return compiler_error(c, text, word, "expected a whole number, %s",
                              min ? "1 or more" : "0 or more");
    *ret_value = value;
    return STATUS_OK;
}

enum status ordinal_parse(struct rule_compiler *c, const struct rule_text *text, struct bytes word,
                          uint64_t *ret_value)
{
    static const char *const ends[] = {"st", "nd", "rd", "th", NULL};
    struct bytes digits = word;
    uint64_t value;

    for (size_t i = 0; ends[i]; i++) {
        if (bytes_ends_with(word, bytes_of(ends[i])))
            digits = bytes_until(word, word.len - 2);
    }
    if (bytes_to_u64(digits, COUNT_MAX, &value) || value == 0)
        return compiler_error(c, text, word, "expected a number as 3 or 3rd, 1 or more");
    *ret_value = value;
    return STATUS_OK;
}

enum status percent_parse(struct rule_compiler *c, const struct rule_text *text, struct bytes word,
                          uint64_t *ret_value)
{
    struct bytes digits =
        bytes_ends_with(word, BYTES("%")) ? bytes_until(word, word.len - 1) : word;
    ptrdiff_t dot = bytes_find(digits, '.');
    struct bytes decimals = dot < 0 ? BYTES("0") : bytes_from(digits, (size_t)dot + 1);
    uint64_t whole = 0, part = 0;

    if (dot >= 0)
        digits = bytes_until(digits, (size_t)dot);
    if (bytes_to_u64(digits, 100, &whole) || decimals.len > PERCENT_DECIMALS ||
        bytes_to_u64(decimals, PERCENT_ONE, &part))
        return compiler_error(c, text, word, "expected a percentage from 0%% to 100%%");
    for (size_t i = decimals.len; i < PERCENT_DECIMALS; i++)
        part *= 10;
    if (whole * PERCENT_ONE + part > 100 * (uint64_t)PERCENT_ONE)
        return compiler_error(c, text, word, "expected a percentage from 0%% to 100%%");
    *ret_value = whole * PERCENT_ONE + part;
    return STATUS_OK;
}

/* The same number for the same kind and name; those without a name have the kind's. */
static unsigned per_id(const struct when_builder *b, const struct per *per)
{
    if (!per->name.len)
        return per->kind;
    for (uint32_t i = 0; i < b->count; i++) {
        const struct per *other = &b->items[i].per;

        if (other->kind == per->kind && bytes_equal(other->name, per->name))
            return other->id;
    }
    return PER_COUNT + b->count;
}

static enum status per_name(struct when_builder *b, const struct rule_text *text, struct bytes name,
                            struct per *per)
{
    if (!http_token_valid(name))
        return compiler_error(b->c, text, name, "expected the name of a %s: per %s NAME",
                              pers[per->kind].name, pers[per->kind].name);
    per->name = arena_copy(b->c->arena, name);
    return per->name.ptr ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status per_parse(struct when_builder *b, const struct rule_text *text, struct bytes in,
                      struct per *ret_per)
{
    ptrdiff_t space = bytes_find(in, ' ');
    struct bytes word = space < 0 ? in : bytes_until(in, (size_t)space);
    struct bytes name = bytes_trim(bytes_from(in, word.len));
    struct per per = {.kind = PER_rule};
    enum status st = STATUS_OK;

    while (per.kind < PER_COUNT && !bytes_equal(word, bytes_of(pers[per.kind].name)))
        per.kind++;
    if (per.kind == PER_COUNT || (name.len && !pers[per.kind].named))
        return compiler_error(b->c, text, in,
                              "expected 'per' rule, client, connection, host, url, header NAME or "
                              "cookie NAME");
    if (pers[per.kind].named)
        st = per_name(b, text, name, &per);
    if (st)
        return st;
    per.id = per_id(b, &per);
    *ret_per = per;
    return STATUS_OK;
}

/* "9:30" */
static enum status minute_parse(struct rule_compiler *c, const struct rule_text *text,
                                struct bytes in, uint64_t *ret_minute)
{
    ptrdiff_t colon = bytes_find(in, ':');
    struct bytes minutes = bytes_from(in, (size_t)(colon + 1));
    uint64_t hour, minute;

    if (colon < 1 || colon > 2 || minutes.len != 2 ||
        bytes_to_u64(bytes_until(in, (size_t)colon), 24, &hour) ||
        bytes_to_u64(minutes, 59, &minute) || hour * 60 + minute > MINUTES_OF_DAY)
        return compiler_error(c, text, in, "expected a time of day as 9:30 or 22:00");
    *ret_minute = hour * 60 + minute;
    return STATUS_OK;
}

enum status hours_parse(struct rule_compiler *c, const struct rule_text *text, struct bytes in,
                        struct schedule *s)
{
    ptrdiff_t and = bytes_search(in, BYTES(" and "));
    enum status st;

    s->fires = between_fires;
    if (and < 0)
        return compiler_error(c, text, in, "expected two times of day: 22:00 and 6:00");
    st = minute_parse(c, text, bytes_trim(bytes_until(in, (size_t) and)), &s->count);
    if (!st)
        st = minute_parse(c, text, bytes_trim(bytes_from(in, (size_t) and +5)), &s->skip);
    if (!st && s->count % MINUTES_OF_DAY == s->skip % MINUTES_OF_DAY && s->count)
        st = compiler_error(c, text, in, "both times are the same");
    return st;
}

enum status schedule_add(struct when_builder *b, const struct rule_text *text, struct schedule s)
{
    if (b->count == SCHEDULES)
        return compiler_error(b->c, text, text->all, "more than %d schedules", SCHEDULES);
    b->items[b->count++] = s;
    if (b->per.kind == PER_rule)
        b->per = s.per;
    return STATUS_OK;
}

static enum status unknown_schedule(struct word_reader *r)
{
    static const char *const known[] = {"once", "first", "after", "every", "between", "per"};
    struct bytes word = word_peek(r);
    const char *near;

    if (r->at + 1 < r->count && bytes_equal(r->words[r->at + 1], BYTES("%")))
        return compiler_error(r->c, r->text, word, "no space stands before '%%': %s%%",
                              excerpt(word).text);
    near = text_nearest(word, known, sizeof(known) / sizeof(known[0]));
    if (near)
        return compiler_error(r->c, r->text, word, "unknown word '%s', did you mean '%s'?",
                              excerpt(word).text, near);
    return compiler_error(r->c, r->text, word, "%s", grammar);
}

static enum status every_parse(struct word_reader *r, struct schedule *s)
{
    enum status st = ordinal_parse(r->c, r->text, word_peek(r), &s->count);

    s->fires = every_fires;
    if (st)
        return st;
    r->at++;
    if (!word_take(r, "after"))
        return STATUS_OK;
    st = count_parse(r->c, r->text, word_peek(r), 0, &s->skip);
    r->at++;
    return st;
}

static enum status percent_read(struct word_reader *r, struct schedule *s)
{
    enum status st = percent_parse(r->c, r->text, word_peek(r), &s->count);

    s->fires = percent_fires;
    s->seed = (uint64_t)r->c->seed;
    if (st)
        return st;
    r->at++;
    if (!word_take(r, "seed"))
        return STATUS_OK;
    st = count_parse(r->c, r->text, word_peek(r), 0, &s->seed);
    r->at++;
    return st;
}

/* From the word at hand to the one before `end`, as it was written. */
static struct bytes words_span(const struct word_reader *r, uint32_t end)
{
    struct bytes first = word_peek(r), last;

    if (end <= r->at)
        return first;
    last = r->words[end - 1];
    return bytes_make(first.ptr, (size_t)(last.ptr + last.len - first.ptr));
}

static enum status between_read(struct word_reader *r, struct schedule *s)
{
    uint32_t end = r->at;
    enum status st;

    while (end < r->count && !bytes_equal(r->words[end], BYTES("per")))
        end++;
    st = hours_parse(r->c, r->text, words_span(r, end), s);
    r->at = end;
    return st;
}

/* Everything before "per". */
static enum status schedule_read(struct word_reader *r, struct schedule *s)
{
    enum status st;

    s->fires = first_fires;
    s->count = 1;
    if (word_take(r, "once"))
        return STATUS_OK;
    if (word_take(r, "every"))
        return every_parse(r, s);
    if (word_take(r, "between"))
        return between_read(r, s);
    if (bytes_ends_with(word_peek(r), BYTES("%")))
        return percent_read(r, s);
    if (word_take(r, "after"))
        s->fires = after_fires;
    else if (!word_take(r, "first"))
        return unknown_schedule(r);
    st = count_parse(r->c, r->text, word_peek(r), s->fires == first_fires, &s->count);
    r->at++;
    return st;
}

static enum status short_parse(struct when_builder *b, const struct node *n)
{
    struct rule_text text;
    struct word_reader r = {.c = b->c, .text = &text};
    struct schedule s = {.per = {.kind = PER_rule}};
    enum status st = compiler_text(b->c, n, &text);
    bool only_per;

    if (!st)
        st = words_split(&r);
    if (st)
        return st;
    only_per = bytes_equal(word_peek(&r), BYTES("per"));
    if (!only_per)
        st = schedule_read(&r, &s);
    if (!st && word_take(&r, "per")) {
        st = per_parse(b, &text, words_span(&r, r.count), &s.per);
        r.at = r.count;
    }
    if (!st && r.at < r.count)
        st = compiler_error(b->c, &text, word_peek(&r), "'%s' is one word too many; %s",
                            excerpt(word_peek(&r)).text, grammar);
    if (st)
        return st;
    if (only_per && b->in_list)
        return compiler_error(b->c, &text, text.all,
                              "'per' stands behind a schedule: once per client");
    if (!only_per)
        return schedule_add(b, &text, s);
    if (b->per.kind == PER_rule)
        b->per = s.per;
    return STATUS_OK;
}

static enum status item_parse(struct when_builder *b, const struct node *n)
{
    if (n->kind == NODE_MAP)
        return when_map_parse(b, n);
    return short_parse(b, n); /* which refuses a list */
}

enum status when_parse(struct rule_compiler *c, const struct node *n, struct when *ret)
{
    struct when_builder b = {.c = c, .in_list = n && n->kind == NODE_LIST};
    struct schedule *items;
    enum status st = STATUS_OK;

    if (n && n->kind != NODE_LIST)
        st = item_parse(&b, n);
    for (const struct node *item = n && n->kind == NODE_LIST ? n->first : NULL; item;
         item = item->next)
        st = status_worse(st, item_parse(&b, item));
    if (st)
        return st;
    items = arena_alloc(c->arena, (b.count + 1) * sizeof(*items));
    if (!items)
        return STATUS_NO_MEMORY;
    memcpy(items, b.items, b.count * sizeof(*items));
    *ret = (struct when){.items = items, .count = b.count, .per = b.per};
    return STATUS_OK;
}
