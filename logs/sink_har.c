/* sink_har: a HAR 1.2 that is whole at any moment; see har_file.h. What could not be kept
 * is told in its foot, as `log._weir.lost`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "logs/har_file.h"

enum {
    BATCH_BYTES = 256 * 1024, /* written when there is so much, */
    BATCH_MS = 100,           /* or for so long */
    TEXT_BYTES = HAR_ENTRY_BYTES + 1024 * 1024,
};

struct sink_har {
    struct har_file file;
    struct har_format format;
    struct buf text;     /* entries not yet written */
    struct log_gap lost; /* with those not yet written */
    bool changed;        /* there is something to write, */
    int64_t since_ms;    /* since then, by the monotonic clock */
};

static int64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void *har_open(const struct sink_settings *settings, char *error)
{
    struct sink_har *s;

    if (settings->fd >= 0 || strcmp(settings->target, "-") == 0) {
        snprintf(error, SINK_ERROR_BYTES, "a HAR is kept in a plain file: name one");
        return NULL;
    }
    s = calloc(1, sizeof(*s));
    if (!s) {
        snprintf(error, SINK_ERROR_BYTES, "%s", status_sentence(STATUS_NO_MEMORY));
        return NULL;
    }
    if (har_file_open(&s->file, settings->target, error)) {
        free(s);
        return NULL;
    }
    s->lost = s->file.lost;
    har_format_init(&s->format, &settings->redactor);
    buf_init(&s->text, TEXT_BYTES);
    return s;
}

static void note_change(struct sink_har *s)
{
    if (!s->changed)
        s->since_ms = clock_ms();
    s->changed = true;
}

static enum status har_flow(void *self, const struct flow *f)
{
    struct sink_har *s = self;
    size_t before = s->text.len;
    enum status st;

    buf_put_text(&s->text, HAR_BETWEEN);
    st = har_put_flow(&s->format, f, &s->text);
    if (st) {
        s->text.len = before;
        s->text.status = STATUS_OK;
        return st;
    }
    note_change(s);
    return STATUS_OK;
}

static enum status har_gap(void *self, const struct log_gap *gap)
{
    struct sink_har *s = self;

    s->lost.flows += gap->flows;
    s->lost.bodies += gap->bodies;
    note_change(s);
    return STATUS_OK;
}

static enum status har_commit(void *self, bool now)
{
    struct sink_har *s = self;
    enum status st;

    if (!s->changed)
        return STATUS_OK;
    if (!now && s->text.len < BATCH_BYTES && clock_ms() - s->since_ms < BATCH_MS)
        return STATUS_NEED_MORE;
    st = har_file_append(&s->file, &s->text, &s->lost);
    if (st)
        s->lost = s->file.lost; /* all else is told again */
    s->changed = false;
    return st;
}

static enum status har_reopen(void *self)
{
    struct sink_har *s = self;
    enum status st = har_file_reopen(&s->file);

    s->lost = s->file.lost;
    return st;
}

static void har_close(void *self)
{
    struct sink_har *s = self;

    har_file_close(&s->file);
    har_format_release(&s->format);
    buf_release(&s->text);
    free(s);
}

const struct sink sink_har = {
    .name = "har",
    .help = "HAR 1.2: one file that browsers and other tools open",
    .open = har_open,
    .flow = har_flow,
    .gap = har_gap,
    .commit = har_commit,
    .reopen = har_reopen,
    .close = har_close,
};
