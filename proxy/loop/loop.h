/* loop: one engine with its libuv loop: on a thread of its own (a worker), or on
 * the main thread's loop. Made, started, told things and ended by the main
 * thread; what happens in it happens on its own thread. */
#ifndef WEIR_PROXY_LOOP_LOOP_H
#define WEIR_PROXY_LOOP_LOOP_H

#include "proxy/loop/driver.h"
#include "proxy/loop/handoff.h"

struct loop; /* opaque */

/* Borrowed: all of it outlives the loop. */
struct loop_env {
    struct engine_env engine; /* .pool is the loop's own */
    struct ruleset *rules;    /* or NULL */
    uv_loop_t *main;          /* run here; NULL: on a thread of its own */
    /* Something the main thread may want to look at: stats were taken, the loop has
     * drained, a connection went that was waited for. From the loop's thread. */
    void (*on_news)(void *self);
    /* loop_ring() is to be called for all other loops. From the loop's thread. */
    void (*on_ring)(void *self);
    void *self;
};

MUST_USE enum status loop_new(const struct loop_env *env, struct loop **ret_loop);
/* Starts the thread; nothing to do for a loop on the main thread's. */
MUST_USE enum status loop_start(struct loop *l);

/* What another loop's rules wait for may have come. From any thread, until loop_free(). */
void loop_ring(struct loop *l);

/* All below are for the main thread. */
/* Connections given to it that are not gone yet. */
uint64_t loop_clients(const struct loop *l);
uint64_t loop_upstreams(const struct loop *l); /* connections to servers, a turn ago */
/* Does the main thread wait for a connection to go? */
void loop_await_gone(struct loop *l, bool wanted);
bool loop_has_room(const struct loop *l);
/* Takes over a non-blocking descriptor. Only when loop_has_room(). */
void loop_give(struct loop *l, int fd, const struct sockaddr_storage *from);
/* Live exchanges keep the rules they began with. Takes a reference of its own. */
void loop_set_rules(struct loop *l, struct ruleset *rules);
/* Finish what runs. */
void loop_drain(struct loop *l);
bool loop_drained(const struct loop *l);
/* Asks for a snapshot; loop_stats() is true once it is there. */
void loop_ask_stats(struct loop *l);
bool loop_stats(struct loop *l, struct engine_stats *ret_stats);
/* Resets the clients that are left, and ends the thread. */
void loop_stop(struct loop *l);
/* After loop_stop(), and after the log has stopped. True: a lookup that hangs had to
 * be left behind, and libuv with it: the process must end by _exit(). */
bool loop_free(struct loop *l);

#endif
