/* tempo: how much of a body may go now, and when to ask again: at a rate, in small pieces
 * with pauses, and piece by piece as they came. Of several limits the slowest counts. It
 * knows nothing of bodies; all times are those of the engine, in µs. */
#ifndef WEIR_PROXY_CORE_TEMPO_H
#define WEIR_PROXY_CORE_TEMPO_H

#include "base/arena.h"
#include "rules/effect.h"

enum {
    TEMPO_TICK_US = 20 * 1000,  /* how often a slice goes at a limited rate */
    TEMPO_LATE_US = 200 * 1000, /* what a late timer may catch up with */
    TEMPO_PIECES = 256,         /* held apart; what comes beyond joins the last one */
    TEMPO_DELAYS = 8,           /* of pieces, which add up */
};

/* What came in one moment. */
struct piece {
    size_t bytes;
    int64_t came_us;
};

struct piece_queue {
    struct chunk_delay delays[TEMPO_DELAYS];
    uint32_t delay_count;
    uint32_t first, count;
    int64_t due_us;   /* of the first one; 0: not drawn */
    size_t let_bytes; /* of the one that goes out now */
    struct piece pieces[TEMPO_PIECES];
};

/* All zero: no limit. */
struct tempo {
    int64_t rate_bytes_s;   /* 0: none */
    int64_t paid_ns;        /* up to when the rate is used up */
    bool rate_idle;         /* it was not the rate that was waited for */
    struct dribble dribble; /* bytes 0: none */
    int64_t dribble_next_us;
    int64_t dribble_left;       /* of the piece at hand */
    struct piece_queue *pieces; /* NULL: none are held apart; in the exchange's arena */
};

/* What rules ask for: the least rate, the smallest piece, the longest pause count. */
void tempo_throttle(struct tempo *t, const struct throttle *throttle);
void tempo_dribble(struct tempo *t, const struct dribble *dribble);
/* NO_MEMORY; LIMIT: TEMPO_DELAYS of them. */
MUST_USE enum status tempo_delay_pieces(struct tempo *t, struct arena *a,
                                        const struct chunk_delay *delay);

/* So many bytes have come, to go out in their turn. */
void tempo_add(struct tempo *t, int64_t now_us, size_t bytes);
/* What was not used of the rate so far is lost. */
void tempo_begin(struct tempo *t, int64_t now_us);
/* How many bytes may go now; if none, *ret_due_us is when to ask again. */
size_t tempo_room(struct tempo *t, int64_t now_us, int64_t *ret_due_us);
/* They went. */
void tempo_spend(struct tempo *t, int64_t now_us, size_t bytes);
/* The same two for a head, which only the dribble holds up. */
size_t tempo_head_room(const struct tempo *t, int64_t now_us, int64_t *ret_due_us);
void tempo_head_spend(struct tempo *t, int64_t now_us, size_t bytes);

#endif
