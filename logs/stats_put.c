/* Counts for people: a head, a plot over time, a table of groups. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/sizes.h"
#include "base/text.h"
#include "logs/stats.h"

enum {
    BAR_COLUMNS = 10,
    KEY_FROM = 81, /* where keys start in a line of the table */
    KEY_SHOWN_BYTES = 8 * STATS_KEY_BYTES,
    CELL_BYTES = 64,
    LEVELS = 8,
};

static const char *const blocks[LEVELS + 1] = {
    " ",
    "\xe2\x96\x81",
    "\xe2\x96\x82",
    "\xe2\x96\x83",
    "\xe2\x96\x84",
    "\xe2\x96\x85",
    "\xe2\x96\x86",
    "\xe2\x96\x87",
    "\xe2\x96\x88",
};
static const char *const signs[LEVELS + 1] = {" ", ".", ":", "-", "=", "+", "*", "%", "#"};

static const char bold[] = "\033[1m", dim[] = "\033[2m", red[] = "\033[31m", plain[] = "\033[0m";

static void put_style(const struct stats_style *style, const char *sequence, struct buf *out)
{
    if (style->colour)
        buf_put_text(out, sequence);
}

/* Right-aligned; columns are counted in code points, of which each here takes one. */
static void put_right(struct buf *cell, size_t columns, struct buf *out)
{
    struct bytes text = buf_bytes(cell);
    size_t width = 0;

    for (size_t i = 0; i < text.len; i++)
        width += (text.ptr[i] & 0xc0) != 0x80;
    buf_putf(out, "%*s", width < columns ? (int)(columns - width) : 0, "");
    buf_put(out, text);
    buf_clear(cell);
}

/* "µs" is for those who can read it. */
static void put_duration(const struct stats_style *style, int64_t us, struct buf *out)
{
    if (!style->utf8 && us >= 0 && us < 1000)
        buf_putf(out, "%" PRId64 " us", us);
    else
        duration_put(out, us);
}

static void put_time(int64_t us, struct buf *out)
{
    time_t t = (time_t)(us / 1000000);
    char text[32] = "";
    struct tm tm;

    if (gmtime_r(&t, &tm))
        (void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
    buf_put_text(out, text);
}

/* 12,345,678 */
static void put_count(uint64_t n, struct buf *out)
{
    char digits[24];
    int len = 0;

    do {
        digits[len++] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    while (len--) {
        buf_put_byte(out, (uint8_t)digits[len]);
        if (len && len % 3 == 0)
            buf_put_byte(out, ',');
    }
}

/* In tenths of a percent, rounded; but nothing that is there becomes 0.0, and nothing
 * that is not all becomes 100. */
static unsigned share_permille(uint64_t part, uint64_t all)
{
    unsigned permille = all ? (unsigned)(((double)part * 1000 + (double)all / 2) / (double)all) : 0;

    if (part && !permille)
        return 1;
    return part < all && permille >= 1000 ? 999 : permille;
}

static void put_share(uint64_t part, uint64_t all, struct buf *out)
{
    unsigned permille = share_permille(part, all);

    buf_putf(out, "%u.%u%%", permille / 10, permille % 10);
}

/* ---- the head ---- */

static void put_head(const struct stats *s, const struct stats_style *style, struct buf *out)
{
    const struct stats_count *c = &s->all;

    put_style(style, bold, out);
    put_count(c->flows, out);
    buf_put_text(out, c->flows == 1 ? " flow" : " flows");
    put_style(style, plain, out);
    buf_put_text(out, ", ");
    put_time(s->first_us, out);
    buf_put_text(out, " to ");
    put_time(s->last_us, out);
    buf_put_text(out, " UTC\n");
    if (c->errors)
        put_style(style, red, out);
    put_count(c->errors, out);
    buf_put_text(out, c->errors == 1 ? " error (" : " errors (");
    put_share(c->errors, c->flows, out);
    buf_put_byte(out, ')');
    if (c->errors)
        put_style(style, plain, out);
    for (int i = 1; i < 6; i++)
        if (c->classes[i]) {
            buf_putf(out, "  %dxx ", i);
            put_count(c->classes[i], out);
        }
    if (c->classes[0]) {
        buf_put_text(out, "  no answer ");
        put_count(c->classes[0], out);
    }
    if (c->injected) {
        buf_put_text(out, "  by rules ");
        put_count(c->injected, out);
    }
    buf_put_byte(out, '\n');
}

static void put_durations(const struct stats_count *c, const struct stats_style *style,
                          struct buf *out)
{
    static const struct {
        const char *name;
        unsigned permille;
    } rows[] = {{"p50 ", 500}, {"  p95 ", 950}, {"  p99 ", 990}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        buf_put_text(out, rows[i].name);
        put_duration(style, histogram_quantile(&c->durations, rows[i].permille), out);
    }
    buf_put_text(out, "  longest ");
    put_duration(style, c->durations.count ? c->durations.max : -1, out);
    buf_put_text(out, "  sent ");
    size_put(out, (int64_t)c->request_bytes);
    buf_put_text(out, "  received ");
    size_put(out, (int64_t)c->response_bytes);
    buf_put_byte(out, '\n');
}

/* ---- the plot ---- */

static int last_slot(const struct stats_times *t)
{
    int last = 0;

    for (int i = 0; i < STATS_SLOTS; i++)
        if (t->slots[i].flows)
            last = i;
    return last;
}

static int first_slot(const struct stats_times *t)
{
    int first = 0;

    while (first < STATS_SLOTS - 1 && !t->slots[first].flows)
        first++;
    return first;
}

/* Nothing is a blank; anything at all shows. */
static unsigned level_of(uint64_t n, uint64_t most)
{
    unsigned level = most ? (unsigned)((double)n * LEVELS / (double)most + 0.5) : 0;

    if (n && !level)
        return 1;
    return level > LEVELS ? LEVELS : level;
}

static void put_plot(const struct stats *s, const struct stats_style *style, struct buf *out)
{
    const struct stats_times *t = &s->times;
    int first = first_slot(t), last = last_slot(t);
    uint64_t most = 0;
    bool errors = false;

    for (int i = first; i <= last; i++)
        most = t->slots[i].flows > most ? t->slots[i].flows : most;
    buf_put_text(out, "\nflows   ");
    for (int i = first; i <= last; i++)
        buf_put_text(out, (style->utf8 ? blocks : signs)[level_of(t->slots[i].flows, most)]);
    buf_put_text(out, "  at most ");
    put_count(most, out);
    buf_put_text(out, " in ");
    put_duration(style, t->step_us, out);
    buf_put_byte(out, '\n');
    for (int i = first; i <= last; i++)
        errors |= t->slots[i].errors > 0;
    if (!errors)
        return;
    buf_put_text(out, "errors  ");
    put_style(style, red, out);
    for (int i = first; i <= last; i++)
        buf_put_text(out, (style->utf8 ? blocks : signs)[level_of(t->slots[i].errors, most)]);
    put_style(style, plain, out);
    buf_put_byte(out, '\n');
}

/* ---- the table ---- */

static void put_bar(uint64_t part, uint64_t all, const struct stats_style *style, struct buf *out)
{
    unsigned full = (share_permille(part, all) * BAR_COLUMNS + 500) / 1000;

    for (unsigned i = 0; i < BAR_COLUMNS; i++) {
        if (i >= (full ? full : part > 0))
            buf_put_byte(out, ' ');
        else
            buf_put_text(out, style->utf8 ? "\xe2\x96\x88" : "#");
    }
}

static void put_cells(const struct stats *s, const struct stats_count *c,
                      const struct stats_style *style, struct buf *out)
{
    static const unsigned permilles[] = {500, 950, 990};
    struct buf cell;

    buf_init(&cell, CELL_BYTES);
    put_count(c->flows, &cell);
    put_right(&cell, 9, out);
    buf_put_byte(out, ' ');
    put_bar(c->flows, s->all.flows, style, out);
    put_share(c->errors, c->flows, &cell);
    if (c->errors)
        put_style(style, red, out);
    put_right(&cell, 8, out);
    if (c->errors)
        put_style(style, plain, out);
    for (size_t i = 0; i < sizeof(permilles) / sizeof(permilles[0]); i++) {
        put_duration(style, histogram_quantile(&c->durations, permilles[i]), &cell);
        put_right(&cell, 10, out);
    }
    size_put(&cell, (int64_t)c->request_bytes);
    put_right(&cell, 11, out);
    size_put(&cell, (int64_t)c->response_bytes);
    put_right(&cell, 11, out);
    buf_put_text(out, "  ");
    buf_release(&cell);
}

/* Cut at the end of the line, between two code points. */
static void put_key(const struct stats *s, const struct stats_style *style, struct bytes key,
                    struct buf *out)
{
    size_t columns = style->columns ? style->columns : SIZE_MAX, width = 0;
    struct buf clean, shown;
    struct bytes text;

    columns = columns > KEY_FROM + 16 ? columns - KEY_FROM : 16;
    buf_init(&clean, KEY_SHOWN_BYTES);
    buf_init(&shown, KEY_SHOWN_BYTES);
    stats_put_key(s, key, &style->redactor, &clean);
    text_put_terminal(&shown, buf_bytes(&clean));
    text = buf_bytes(&shown);
    for (size_t at = 0; at < text.len && width < columns;) {
        uint32_t code = 0;
        size_t len = utf8_decode(bytes_from(text, at), &code);

        len = len ? len : 1;
        width += (size_t)utf8_width(code);
        if (width <= columns)
            buf_put(out, bytes_until(bytes_from(text, at), len));
        at += len;
    }
    buf_release(&shown);
    buf_release(&clean);
    buf_put_byte(out, '\n');
}

static uint64_t shown_groups(const struct stats *s, const struct stats_style *style)
{
    return s->group_count < style->groups ? s->group_count : style->groups;
}

static void put_table(const struct stats *s, const struct stats_style *style, struct buf *out)
{
    uint64_t shown = shown_groups(s, style);

    buf_put_byte(out, '\n');
    put_style(style, dim, out);
    buf_putf(out, "%9s %-10s%8s%10s%10s%10s%11s%11s  %s", "flows", "share", "errors", "p50", "p95",
             "p99", "sent", "received", stats_by_name(s->by));
    put_style(style, plain, out);
    buf_put_byte(out, '\n');
    for (uint64_t i = 0; i < shown; i++) {
        put_cells(s, &s->groups[i].count, style, out);
        put_key(s, style, s->groups[i].key, out);
    }
    if (s->other.flows) {
        put_cells(s, &s->other, style, out);
        buf_putf(out, "(others: more than %d are not told apart)\n", STATS_GROUPS);
    }
    if (shown < s->group_count)
        buf_putf(out, "%" PRIu64 " more; -n 0 shows all\n", s->group_count - shown);
}

void stats_put_text(const struct stats *s, const struct stats_style *style, struct buf *out)
{
    put_head(s, style, out);
    put_durations(&s->all, style, out);
    put_plot(s, style, out);
    put_table(s, style, out);
    if (s->all.durations_missed)
        buf_putf(out, "%" PRIu64 " durations found no room and are left out\n",
                 s->all.durations_missed);
}
