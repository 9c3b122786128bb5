/* mint: making a certificate off the loop, where the CA's key is slow. When the job
 * is done the leaf lies in the CA's cache, and the session goes on. */
#ifndef WEIR_PROXY_CORE_MINT_H
#define WEIR_PROXY_CORE_MINT_H

#include "proxy/core/engine.h"

struct mint;
struct session;

/* Starts a job for `request`, which is copied. `s` waits: session_accept_tls() is
 * called in the end, unless mint_leave() was. NULL when out of memory. */
struct mint *mint_start(struct session *s, const struct leaf_request *request);
void mint_leave(struct mint *m); /* NULL is fine */
/* EVENT_JOB_DONE. */
void mint_done(struct engine *e, uint32_t job);
/* All of them, when the engine ends; no job may be outside any more. */
void mint_free_all(struct engine *e);

#endif
