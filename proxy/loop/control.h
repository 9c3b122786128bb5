/* control: the control socket: HTTP/1.1 with JSON bodies on a unix socket that only
 * its owner may open. Runs on the main thread. What is asked and answered stands
 * in fleet_api.c. */
#ifndef WEIR_PROXY_LOOP_CONTROL_H
#define WEIR_PROXY_LOOP_CONTROL_H

#include <jansson.h>

#include "base/buf.h"

enum {
    CONTROL_CONNECTIONS = 16,         /* at once; further ones wait */
    CONTROL_BODY_BYTES = 1024 * 1024, /* of a request */
    CONTROL_IDLE_MS = 30 * 1000,      /* a connection that asks nothing */
    CONTROL_METHOD_TEXT = 16,
    CONTROL_TARGET_TEXT = 256,
    CONTROL_ERROR_TEXT = 256,
};

struct uv_loop_s;
struct control; /* opaque */

/* Valid until it is answered, even when the asker has gone. */
struct control_request {
    char method[CONTROL_METHOD_TEXT];
    char target[CONTROL_TARGET_TEXT]; /* "" when it was longer */
    struct buf body;
    struct control_request *next; /* for who answers later */
};

struct control_env {
    struct uv_loop_s *uv;
    const char *path; /* in a folder that is there; at most 107 bytes */
    /* Must be answered once by control_answer(), now or later. */
    void (*on_request)(void *self, struct control_request *request);
    void *self;
};

/* STATUS_EXISTS: somebody answers on that path. A socket that nobody listens on is
 * replaced. `error`: CONTROL_ERROR_TEXT bytes. */
MUST_USE enum status control_new(const struct control_env *env, char *error,
                                 struct control **ret_control);
/* Takes over the reference to `body`; NULL (out of memory) answers 500. */
void control_answer(struct control_request *request, unsigned status, json_t *body);
/* Removes the socket; connections go on until their answers are sent. NULL is fine. */
void control_close(struct control *c);
/* After control_close(): runs the loop until all answers are sent, or `wait_ms` has
 * passed. NULL is fine. */
void control_flush(struct control *c, uint32_t wait_ms);
/* After control_close(): ends what is left. Runs the loop until all is closed.
 * Every request must have been answered. NULL is fine. */
void control_free(struct control *c);

#endif
