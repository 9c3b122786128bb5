#include "logs/sink_queue.h"

#include <stdlib.h>
#include <string.h>

#include "logs/deadline.h"

struct block {
    struct block *next;
    struct sink_load load;
    size_t len;
    uint8_t text[];
};

struct sink_queue {
    const struct sink *sink;
    void *self;
    size_t max_bytes;
    struct bell *bell;
    pthread_t thread;
    pthread_mutex_t lock; /* over all below; never held during a write */
    pthread_cond_t changed;
    struct block *first, *last; /* first: the one being written, too */
    size_t bytes;               /* of text in all blocks */
    uint64_t put, done;         /* blocks, ever */
    struct sink_load lost;
    bool starved; /* refused something since the last write */
    bool reopen, stopping, ended;
    bool abandoned; /* the writer has to free it all */
};

static void load_add(struct sink_load *to, const struct sink_load *more)
{
    to->flows += more->flows;
    to->told.flows += more->told.flows;
    to->told.bodies += more->told.bodies;
}

/* The next block, which stays in the list; NULL when the end has come. */
static struct block *writer_wait(struct sink_queue *q, bool *ret_reopen)
{
    struct block *b;

    pthread_mutex_lock(&q->lock);
    while (!q->first && !q->stopping && !q->reopen)
        pthread_cond_wait(&q->changed, &q->lock);
    b = q->first;
    *ret_reopen = q->reopen;
    q->reopen = false;
    q->ended = !b && q->stopping;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
    return b;
}

/* False: there is nobody left to write for. */
static bool writer_done(struct sink_queue *q, struct block *b, enum status st)
{
    bool room;

    pthread_mutex_lock(&q->lock);
    if (q->abandoned) {
        pthread_mutex_unlock(&q->lock);
        return false;
    }
    q->first = b->next;
    if (!q->first)
        q->last = NULL;
    q->bytes -= b->len;
    q->done++;
    if (st)
        load_add(&q->lost, &b->load);
    room = q->starved && q->bytes <= q->max_bytes / 2;
    if (room)
        q->starved = false;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
    if (room)
        bell_ring_urgent(q->bell);
    free(b);
    return true;
}

/* Has the other side gone, so that all is left to the writer? */
static bool writer_abandoned(struct sink_queue *q)
{
    bool abandoned;

    pthread_mutex_lock(&q->lock);
    abandoned = q->abandoned;
    pthread_mutex_unlock(&q->lock);
    return abandoned;
}

static void *writer_run(void *argument)
{
    struct sink_queue *q = argument;
    bool reopen = false, wanted = true;

    while (wanted) {
        struct block *b = writer_wait(q, &reopen);

        /* A target that cannot be opened shows in the writes that follow. */
        if (reopen && q->sink->reopen)
            (void)!q->sink->reopen(q->self);
        if (b)
            wanted = writer_done(q, b, q->sink->write(q->self, bytes_make(b->text, b->len)));
        else
            wanted = !q->ended; /* set by this thread only */
    }
    if (writer_abandoned(q)) {
        q->sink->close(q->self);
        sink_queue_free(q);
    }
    return NULL;
}

enum status sink_queue_new(const struct sink *sink, void *self, size_t max_bytes, struct bell *bell,
                           struct sink_queue **ret_queue)
{
    struct sink_queue *q = calloc(1, sizeof(*q));

    if (!q)
        return STATUS_NO_MEMORY;
    q->sink = sink;
    q->self = self;
    q->max_bytes = max_bytes;
    q->bell = bell;
    if (pthread_mutex_init(&q->lock, NULL))
        goto no_lock;
    if (deadline_cond_init(&q->changed))
        goto no_cond;
    if (pthread_create(&q->thread, NULL, writer_run, q))
        goto no_thread;
    *ret_queue = q;
    return STATUS_OK;

no_thread:
    pthread_cond_destroy(&q->changed);
no_cond:
    pthread_mutex_destroy(&q->lock);
no_lock:
    free(q);
    return STATUS_NO_MEMORY;
}

enum status sink_queue_put(struct sink_queue *q, struct bytes text, const struct sink_load *load)
{
    struct block *b = malloc(sizeof(*b) + text.len);
    bool fits;

    if (!b)
        return STATUS_NO_MEMORY;
    b->next = NULL;
    b->load = *load;
    b->len = text.len;
    memcpy(b->text, text.ptr, text.len);
    pthread_mutex_lock(&q->lock);
    /* One block goes in whatever its size, or a big one could never be written. */
    fits = !q->first || (q->bytes <= q->max_bytes && text.len <= q->max_bytes - q->bytes);
    if (fits) {
        if (q->last)
            q->last->next = b;
        else
            q->first = b;
        q->last = b;
        q->bytes += b->len;
        q->put++;
        pthread_cond_broadcast(&q->changed);
    } else {
        q->starved = true;
    }
    pthread_mutex_unlock(&q->lock);
    if (fits)
        return STATUS_OK;
    free(b);
    return STATUS_LIMIT;
}

struct sink_load sink_queue_take_lost(struct sink_queue *q)
{
    struct sink_load lost;

    pthread_mutex_lock(&q->lock);
    lost = q->lost;
    q->lost = (struct sink_load){0};
    pthread_mutex_unlock(&q->lock);
    return lost;
}

enum status sink_queue_wait(struct sink_queue *q, const struct timespec *deadline)
{
    enum status st = STATUS_OK;
    uint64_t put;

    pthread_mutex_lock(&q->lock);
    put = q->put;
    while (!st && q->done < put) {
        if (pthread_cond_timedwait(&q->changed, &q->lock, deadline) && q->done < put)
            st = STATUS_LIMIT;
    }
    pthread_mutex_unlock(&q->lock);
    return st;
}

void sink_queue_reopen(struct sink_queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->reopen = true;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

void sink_queue_finish(struct sink_queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->stopping = true;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

bool sink_queue_stop(struct sink_queue *q, const struct timespec *deadline,
                     struct sink_load *ret_lost)
{
    bool late = false, ended;

    sink_queue_finish(q);
    pthread_mutex_lock(&q->lock);
    while (!q->ended && !late)
        late = pthread_cond_timedwait(&q->changed, &q->lock, deadline) != 0;
    ended = q->ended;
    *ret_lost = q->lost;
    for (struct block *b = q->first; b; b = b->next)
        load_add(ret_lost, &b->load);
    q->abandoned = !ended;
    if (!ended)
        pthread_detach(q->thread);
    pthread_mutex_unlock(&q->lock);
    if (ended)
        pthread_join(q->thread, NULL);
    return ended;
}

void sink_queue_free(struct sink_queue *q)
{
    while (q->first) {
        struct block *next = q->first->next;

        free(q->first);
        q->first = next;
    }
    pthread_cond_destroy(&q->changed);
    pthread_mutex_destroy(&q->lock);
    free(q);
}
