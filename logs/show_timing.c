/* The waterfall of show.h. */
#include "base/sizes.h"
#include "logs/show.h"

enum { BAR_COLUMNS = 40, NAME_COLUMNS = 9, TIME_COLUMNS = 10 };

struct phase {
    const char *name;
    int64_t us;
    enum console_style style;
};

static void put_repeated(struct buf *out, char c, int64_t count)
{
    for (; count > 0; count--)
        buf_put_byte(out, (uint8_t)c);
}

/* From `start` on; a time that is not 0 is seen. */
static void put_bar(struct console_format *c, const struct phase *p, int64_t start, int64_t all,
                    struct buf *out)
{
    int64_t from = start * BAR_COLUMNS / all, until = (start + p->us) * BAR_COLUMNS / all;

    if (from > BAR_COLUMNS - 1)
        from = BAR_COLUMNS - 1;
    if (p->us > 0 && until <= from)
        until = from + 1;
    buf_put_text(out, "  |");
    put_repeated(out, ' ', from);
    console_put_style(out, c->colour, p->style);
    put_repeated(out, '#', until - from);
    console_put_style(out, c->colour, STYLE_NONE);
    put_repeated(out, ' ', BAR_COLUMNS - until);
    buf_put_byte(out, '|');
}

static void put_name(struct console_format *c, const struct phase *p, struct buf *out)
{
    console_put_star(c, out);
    console_put_left(out, bytes_of(p->name), NAME_COLUMNS);
    buf_clear(&c->raw);
    duration_put(&c->raw, p->us);
    console_put_right(out, buf_bytes(&c->raw), TIME_COLUMNS);
}

void show_put_timing(struct console_format *c, const struct flow *f, struct buf *out)
{
    const struct flow_timings *t = &f->timings;
    const struct phase phases[] = {
        {"injected", t->injected, STYLE_MAGENTA},
        {"blocked", t->blocked, STYLE_DIM},
        {"dns", t->dns, STYLE_CYAN},
        {"connect", t->connect, STYLE_CYAN},
        {"tls", t->tls, STYLE_CYAN},
        {"send", t->send, STYLE_BLUE},
        {"wait", t->wait, STYLE_GREEN},
        {"receive", t->receive, STYLE_YELLOW},
    };
    const struct phase total = {"total", t->total, STYLE_NONE};
    int64_t all = 0, at = 0;
    bool sooner;

    for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
        if (phases[i].us > 0 && phases[i].us < INT64_MAX / BAR_COLUMNS - all)
            all += phases[i].us;
    sooner = all > t->total && t->total >= 0; /* as behind CONNECT */
    if (t->total > all && t->total < INT64_MAX / BAR_COLUMNS)
        all = t->total;
    for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
        const struct phase *p = &phases[i];

        if (p->us < 0 || (p->us == 0 && i == 0) || p->us > all)
            continue;
        put_name(c, p, out);
        if (all > 0)
            put_bar(c, p, at, all, out);
        buf_put_byte(out, '\n');
        at += p->us;
    }
    put_name(c, &total, out);
    buf_put_text(out, sooner ? "  (its connection was made before it began)\n" : "\n");
}
