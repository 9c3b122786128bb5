#include "proxy/core/tempo.h"

enum { NS_OF_US = 1000 };
#define NS_OF_S INT64_C(1000000000)

/* ---- what rules ask for -------------------------------------------------- */

void tempo_throttle(struct tempo *t, const struct throttle *throttle)
{
    if (!t->rate_bytes_s || throttle->bytes_s < t->rate_bytes_s)
        t->rate_bytes_s = throttle->bytes_s;
}

void tempo_dribble(struct tempo *t, const struct dribble *dribble)
{
    if (!t->dribble.bytes || dribble->bytes < t->dribble.bytes)
        t->dribble.bytes = dribble->bytes;
    if (dribble->every_us > t->dribble.every_us)
        t->dribble.every_us = dribble->every_us;
    t->dribble.head |= dribble->head;
}

enum status tempo_delay_pieces(struct tempo *t, struct arena *a, const struct chunk_delay *delay)
{
    if (!t->pieces)
        t->pieces = arena_alloc(a, sizeof(*t->pieces));
    if (!t->pieces)
        return STATUS_NO_MEMORY;
    if (t->pieces->delay_count == TEMPO_DELAYS)
        return STATUS_LIMIT;
    t->pieces->delays[t->pieces->delay_count++] = *delay;
    return STATUS_OK;
}

/* ---- a rate -------------------------------------------------------------- */

void tempo_begin(struct tempo *t, int64_t now_us)
{
    if (t->paid_ns < now_us * NS_OF_US)
        t->paid_ns = now_us * NS_OF_US;
    t->rate_idle = false;
}

/* Each slice is paid with time; a tick of it may be owed. A timer that comes late may
 * catch up, but idle time counts for nothing. */
static size_t rate_room(struct tempo *t, int64_t now_us, int64_t *ret_due_us)
{
    int64_t late_ns = (now_us - TEMPO_LATE_US) * NS_OF_US, ahead_ns, room;

    if (!t->rate_bytes_s)
        return SIZE_MAX;
    if (t->rate_idle)
        tempo_begin(t, now_us);
    if (t->paid_ns < late_ns)
        t->paid_ns = late_ns;
    ahead_ns = (now_us + TEMPO_TICK_US) * NS_OF_US - t->paid_ns;
    room = ahead_ns > 0 ? t->rate_bytes_s * ahead_ns / NS_OF_S : 0;
    if (room == 0 && t->paid_ns <= now_us * NS_OF_US) /* less than a byte a tick */
        room = 1;
    if (room == 0)
        *ret_due_us = (t->paid_ns + NS_OF_US - 1) / NS_OF_US;
    return (size_t)room;
}

/* ---- a dribble ----------------------------------------------------------- */

size_t tempo_head_room(const struct tempo *t, int64_t now_us, int64_t *ret_due_us)
{
    if (!t->dribble.bytes)
        return SIZE_MAX;
    if (now_us >= t->dribble_next_us)
        return (size_t)t->dribble.bytes;
    if (t->dribble_left == 0)
        *ret_due_us = t->dribble_next_us;
    return (size_t)t->dribble_left;
}

void tempo_head_spend(struct tempo *t, int64_t now_us, size_t bytes)
{
    if (!t->dribble.bytes)
        return;
    if (now_us >= t->dribble_next_us) {
        t->dribble_left = t->dribble.bytes;
        t->dribble_next_us = now_us + t->dribble.every_us;
    }
    t->dribble_left -= (int64_t)bytes;
}

/* ---- pieces as they came ------------------------------------------------- */

static int64_t piece_delay(struct piece_queue *q)
{
    int64_t us = 0;

    for (uint32_t i = 0; i < q->delay_count; i++)
        us += delay_range_draw(q->delays[i].range, &q->delays[i].dice);
    return us;
}

/* The time of a piece begins when the one before it has gone. */
static size_t pieces_room(struct piece_queue *q, int64_t now_us, int64_t *ret_due_us)
{
    if (!q)
        return SIZE_MAX;
    if (q->let_bytes || !q->count)
        return q->let_bytes;
    if (!q->due_us)
        q->due_us = now_us + piece_delay(q);
    if (now_us < q->due_us) {
        *ret_due_us = q->due_us;
        return 0;
    }
    q->due_us = 0;
    q->let_bytes = q->pieces[q->first].bytes;
    q->first = (q->first + 1) % TEMPO_PIECES;
    q->count--;
    return q->let_bytes;
}

void tempo_add(struct tempo *t, int64_t now_us, size_t bytes)
{
    struct piece_queue *q = t->pieces;
    struct piece *last;

    if (!q)
        return;
    last = &q->pieces[(q->first + q->count + TEMPO_PIECES - 1) % TEMPO_PIECES];
    if (q->count && (last->came_us == now_us || q->count == TEMPO_PIECES))
        last->bytes += bytes;
    else
        q->pieces[(q->first + q->count++) % TEMPO_PIECES] = (struct piece){bytes, now_us};
}

/* ---- all together -------------------------------------------------------- */

size_t tempo_room(struct tempo *t, int64_t now_us, int64_t *ret_due_us)
{
    size_t room = pieces_room(t->pieces, now_us, ret_due_us), more;

    if (room) {
        more = tempo_head_room(t, now_us, ret_due_us);
        room = more < room ? more : room;
    }
    if (!room) {
        t->rate_idle = true;
        return 0;
    }
    more = rate_room(t, now_us, ret_due_us);
    return more < room ? more : room;
}

void tempo_spend(struct tempo *t, int64_t now_us, size_t bytes)
{
    if (t->rate_bytes_s) /* rounded up: nothing goes for nothing */
        t->paid_ns += ((int64_t)bytes * NS_OF_S + t->rate_bytes_s - 1) / t->rate_bytes_s;
    tempo_head_spend(t, now_us, bytes);
    if (t->pieces)
        t->pieces->let_bytes -= bytes;
}
