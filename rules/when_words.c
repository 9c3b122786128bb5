/* A compiled `when`, in the words of the language. */
#include "rules/when.h"

enum { MINUTES_OF_HOUR = 60 };

static const char *const per_names[PER_COUNT] = {
#define WHEN(name, help)
#define PER(name, named) #name,
#include "rules/whens.def"
#undef WHEN
#undef PER
};

void per_put_words(const struct per *per, struct buf *out)
{
    buf_put_text(out, per_names[per->kind]);
    if (!per->name.len)
        return;
    buf_put_byte(out, ' ');
    buf_put(out, per->name);
}

static void put_count(struct buf *out, const char *word, uint64_t count)
{
    buf_put_text(out, word);
    buf_put_u64(out, count);
}

static const char *ordinal_end(uint64_t n)
{
    static const char *const ends[] = {"th", "st", "nd", "rd"};
    uint64_t last = n % 10;

    return n % 100 / 10 == 1 || last > 3 ? "th" : ends[last];
}

static void put_time(struct buf *out, uint64_t minute)
{
    buf_putf(out, "%02u:%02u", (unsigned)(minute / MINUTES_OF_HOUR),
             (unsigned)(minute % MINUTES_OF_HOUR));
}

static void put_every(struct buf *out, const struct schedule *s)
{
    put_count(out, "every ", s->count);
    buf_put_text(out, ordinal_end(s->count));
    if (s->skip)
        put_count(out, " after ", s->skip);
}

static void put_percent(struct buf *out, const struct schedule *s)
{
    buf_putf(out, "%.8g%%", (double)s->count / PERCENT_ONE);
    put_count(out, " seed ", s->seed);
}

static void put_between(struct buf *out, const struct schedule *s)
{
    buf_put_text(out, "between ");
    put_time(out, s->count);
    buf_put_text(out, " and ");
    put_time(out, s->skip);
}

static void put_schedule(struct buf *out, const struct schedule *s)
{
    if (s->fires == first_fires)
        put_count(out, "first ", s->count);
    else if (s->fires == after_fires)
        put_count(out, "after ", s->count);
    else if (s->fires == every_fires)
        put_every(out, s);
    else if (s->fires == percent_fires)
        put_percent(out, s);
    else
        put_between(out, s);
    if (s->per.kind == PER_rule)
        return;
    buf_put_text(out, " per ");
    per_put_words(&s->per, out);
}

void when_put_words(const struct when *w, struct buf *out)
{
    if (w->count == 0)
        buf_put_text(out, "always");
    for (uint32_t i = 0; i < w->count; i++) {
        buf_put_text(out, i ? ", " : "");
        put_schedule(out, &w->items[i]);
    }
}
