/* store_body: bodies on their way into a store: their digest, by which equal ones are one,
 * and the form they are kept in. The bytes are those that passed; decoding is for views.
 * Textual ones without a coding of their own are compressed. */
#ifndef WEIR_LOGS_STORE_BODY_H
#define WEIR_LOGS_STORE_BODY_H

#include "logs/flow.h"
#include "logs/store_schema.h"

enum {
    BODY_DIGEST_BYTES = 32,        /* SHA-256 */
    BODY_BYTES = 64 * 1024 * 1024, /* of one, as it passed */
    BODY_PRESS_BYTES = 512,        /* shorter ones stay as they are */
    BODY_RECENT = 4096,            /* remembered, so that they need not be pressed again */
};

/* What makes them ready. Of one thread. */
struct body_press {
    /* SHA-256 (FIPS 180-4), of BODY_DIGEST_BYTES; from who has a library for it. NO_MEMORY. */
    enum status (*digest)(struct bytes content, uint8_t *ret_digest);
    struct ZSTD_CCtx_s *zstd; /* owned */
    struct buf joined;        /* of slices */
};

MUST_USE enum status body_press_init(struct body_press *p,
                                     enum status (*digest)(struct bytes content,
                                                           uint8_t *ret_digest));
void body_press_release(struct body_press *p);
/* What was captured of it, with its digest; empty when nothing was. The bytes are the
 * flow's or the press's, until its next use. NO_MEMORY, LIMIT. */
MUST_USE enum status body_look(struct body_press *p, const struct flow_message *m,
                               struct bytes *ret_wire, uint8_t ret_digest[BODY_DIGEST_BYTES]);
/* Appends it as it is to be kept; *ret_coding is a STORE_CODING_. NO_MEMORY, LIMIT, with
 * `out` broken. */
MUST_USE enum status body_put(struct body_press *p, const struct flow_message *m, struct bytes wire,
                              struct buf *out, uint8_t *ret_coding);

/* Bodies that were stored lately, by their digests: a hint. */
struct body_recents {
    struct {
        uint8_t digest[BODY_DIGEST_BYTES];
        int64_t key; /* bodies.key; 0: none */
    } items[BODY_RECENT];
};

int64_t body_recents_find(const struct body_recents *r, const uint8_t *digest);
void body_recents_set(struct body_recents *r, const uint8_t *digest, int64_t key);

#endif
