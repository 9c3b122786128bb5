#include "logs/journal_file.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "logs/deadline.h"
#include "logs/sink_file.h"
#include "logs/sink_queue.h"

struct journal {
    struct sink_file file;
    struct bell bell; /* nobody waits at it */
    struct sink_queue *queue;
    _Atomic uint64_t lost;
};

static enum status on_write(void *self, struct bytes text)
{
    struct journal *j = self;

    return sink_file_write(&j->file, text);
}

static void on_close(void *self)
{
    struct journal *j = self;

    sink_file_close(&j->file);
    bell_release(&j->bell);
    free(j);
}

static const struct sink journal_sink = {.name = "journal", .write = on_write, .close = on_close};

static enum status journal_start(struct journal *j, const char *path, char *error)
{
    const struct sink_settings settings = {.target = path, .fd = -1};
    enum status st = sink_file_open(&j->file, &settings, error);

    if (st)
        return st;
    if (j->file.path) /* what is no plain file has no end to cut */
        (void)!ftruncate(j->file.fd, 0);
    st = bell_init(&j->bell);
    if (st)
        goto no_bell;
    st = sink_queue_new(&journal_sink, j, JOURNAL_QUEUE_BYTES, &j->bell, &j->queue);
    if (!st)
        return STATUS_OK;
    bell_release(&j->bell);
no_bell:
    sink_file_close(&j->file);
    snprintf(error, JOURNAL_ERROR_TEXT, "%s", status_sentence(st));
    return st;
}

enum status journal_open(const char *path, char *error, struct journal **ret_journal)
{
    struct journal *j = calloc(1, sizeof(*j));
    enum status st = STATUS_NO_MEMORY;

    if (!j)
        snprintf(error, JOURNAL_ERROR_TEXT, "%s", status_sentence(st));
    else
        st = journal_start(j, path, error);
    if (st)
        free(j);
    else
        *ret_journal = j;
    return st;
}

void journal_put(struct journal *j, struct bytes line)
{
    static const struct sink_load one = {.flows = 1};

    if (sink_queue_put(j->queue, line, &one))
        atomic_fetch_add_explicit(&j->lost, 1, memory_order_relaxed);
}

uint64_t journal_close(struct journal *j)
{
    const struct timespec deadline = deadline_in(JOURNAL_CLOSE_MS);
    struct sink_load unwritten = {0};
    char line[64];
    uint64_t lost;

    if (!j)
        return 0;
    lost = atomic_load(&j->lost);
    if (!sink_queue_stop(j->queue, &deadline, &unwritten))
        return lost + unwritten.flows; /* the writer keeps all, and frees it */
    lost += unwritten.flows;
    if (lost) {
        int len = snprintf(line, sizeof(line), "{\"lost\":%llu}\n", (unsigned long long)lost);

        (void)!sink_file_write(&j->file, bytes_make(line, (size_t)len));
    }
    sink_queue_free(j->queue);
    on_close(j);
    return lost;
}
