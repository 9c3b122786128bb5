/* bell: what one thread waits at and others ring. Ringing costs a load as long
 * as nobody sleeps.
 *
 * The waiter naps after work, so that under load a producer finds it awake and
 * makes no system call, and what came meanwhile is done in one go. Only after a
 * nap that brought nothing it sleeps:
 *
 *     bell_doze(b);                  from here on ringing is heard
 *     if (is there nothing to do)
 *         bell_sleep(b, -1);
 *     bell_wake(b);
 */
#ifndef WEIR_LOGS_BELL_H
#define WEIR_LOGS_BELL_H

#include <stdatomic.h>

#include "base/status.h"

enum bell_state { BELL_AWAKE, BELL_NAPPING, BELL_SLEEPING };

struct bell {
    int fd; /* an eventfd */
    _Atomic int state;
};

/* STATUS_IO: no descriptor is left. */
MUST_USE enum status bell_init(struct bell *b);
void bell_release(struct bell *b);

/* Any thread: there is work. */
void bell_ring(struct bell *b);
/* Any thread: there is work that cannot wait for the end of a nap. */
void bell_ring_urgent(struct bell *b);

/* The waiter only. */
void bell_nap(struct bell *b, int ms);
void bell_doze(struct bell *b);
void bell_sleep(struct bell *b, int timeout_ms); /* -1: until it rings */
void bell_wake(struct bell *b);

#endif
