/* filter_pace: lets a message go as slowly as rules say: at a rate, in small pieces, piece
 * by piece with pauses; stops it for a time; or cuts it. It stands at the end of the row
 * that the message leaves by: next to the client for responses, next to the origin for
 * requests. What it holds is not credited, so the sender stops by itself. */
#ifndef WEIR_PROXY_CORE_FILTER_PACE_H
#define WEIR_PROXY_CORE_FILTER_PACE_H

#include "proxy/core/filter.h"
#include "rules/effect.h"

/* A CHUNKS, THROTTLE, DRIBBLE, STALL or CUT: from here on it holds for the exchange, whose
 * flow gets a note. Of several the slowest wins: the least rate, the smallest piece, the
 * longest pause, the first stall, the shortest cut; delays of pieces add up. */
void filter_pace_take(struct exchange *ex, const struct effect *effect);

#endif
