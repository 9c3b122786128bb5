#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/terminal.h"

enum {
    EVERY_MS = 100,
    QUIET_MS = 300, /* what is done by then needs no bar */
    BAR_CELLS = 24,
    LINE_BYTES = 512,
    ETA_LEAST_MS = 1000,
};

static int64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_begin(struct progress *p, const char *what, const char *items, uint64_t total)
{
    const char *term = getenv("TERM");

    *p = (struct progress){.what = what, .items = items, .total = total};
    p->shown = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
    p->begun_ms = clock_ms();
    p->next_ms = p->begun_ms + QUIET_MS;
}

static unsigned percent(const struct progress *p)
{
    if (p->done >= p->total)
        return 100;
    return (unsigned)((double)p->done * 100 / (double)p->total);
}

static void put_bar(unsigned part, struct buf *out)
{
    buf_put_text(out, " [");
    for (unsigned i = 0; i < BAR_CELLS; i++)
        buf_put_byte(out, i * 100 < part * BAR_CELLS ? '#' : '-');
    buf_putf(out, "] %3u%%", part);
}

static void put_rest(const struct progress *p, int64_t elapsed_ms, struct buf *out)
{
    double left_s = (double)elapsed_ms / 1000 * (double)(p->total - p->done) / (double)p->done;

    if (left_s < 120)
        buf_putf(out, ", %.0f s left", left_s);
    else
        buf_putf(out, ", %.0f min left", left_s / 60);
}

void progress_put(const struct progress *p, int64_t elapsed_ms, uint32_t columns, struct buf *out)
{
    size_t start = out->len;

    buf_put_text(out, p->what);
    if (p->total)
        put_bar(percent(p), out);
    buf_putf(out, "  %llu %s", (unsigned long long)p->count, p->items);
    if (p->total && p->done && p->done < p->total && elapsed_ms >= ETA_LEAST_MS)
        put_rest(p, elapsed_ms, out);
    if (columns && out->len - start >= columns)
        out->len = start + columns - 1; /* a full line would scroll */
}

void progress_set(struct progress *p, uint64_t done, uint64_t count)
{
    struct buf line;
    int64_t now_ms;

    p->done = done;
    p->count = count;
    if (!p->shown)
        return;
    now_ms = clock_ms();
    if (now_ms < p->next_ms)
        return;
    p->next_ms = now_ms + EVERY_MS;
    buf_init(&line, LINE_BYTES);
    buf_put_text(&line, "\r\033[K");
    progress_put(p, now_ms - p->begun_ms, terminal_columns(STDERR_FILENO), &line);
    fputs(buf_text(&line), stderr);
    fflush(stderr);
    buf_release(&line);
}

void progress_clear(struct progress *p)
{
    if (!p->shown || p->next_ms == p->begun_ms + QUIET_MS)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
}
