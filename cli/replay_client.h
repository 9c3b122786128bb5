/* replay_client: sends requests to a proxy, several at a time, a connection each. Of one
 * thread; its loop runs in replay_client_wait() only. */
#ifndef WEIR_CLI_REPLAY_CLIENT_H
#define WEIR_CLI_REPLAY_CLIENT_H

#include <sys/socket.h>
#include <uv.h>

#include "base/bytes.h"
#include "http/codec.h"

enum {
    REPLAY_CONCURRENCY = 256,          /* at most */
    REPLAY_TIMEOUT_MS = 5 * 60 * 1000, /* of one exchange */
    REPLAY_ERROR_BYTES = 128,
};

struct replay_answer {
    uint16_t status; /* 0: none came */
    uint64_t body_bytes;
    int64_t elapsed_us;             /* from the first attempt to connect to the last byte */
    char error[REPLAY_ERROR_BYTES]; /* "": the answer came whole */
};

struct replay_client {
    uv_loop_t loop;
    struct sockaddr_storage proxy;
    struct chunk_pool pool;
    struct h1_scratch *scratch;
    uint32_t active; /* requests under way, or whose connection is being closed */
    void (*on_answer)(void *self, void *request, const struct replay_answer *answer);
    void *self;
};

/* The callbacks are the caller's to set afterwards. STATUS_NO_MEMORY, STATUS_IO. */
MUST_USE enum status replay_client_init(struct replay_client *c,
                                        const struct sockaddr_storage *proxy);
/* When nothing is active any more. */
void replay_client_release(struct replay_client *c);
/* Serialises it at once: nothing is borrowed. `request` goes to on_answer(), which comes
 * once, later, and never for a failure told here: BAD_INPUT (it cannot be written as
 * HTTP/1.1), NO_MEMORY, IO. */
MUST_USE enum status replay_client_send(struct replay_client *c, const struct head *head,
                                        struct bytes body, void *request);
/* Lets things happen; waits until at least one has. */
void replay_client_wait(struct replay_client *c);

#endif
