/* codec_impl: what every codec is made of; for the files of http/ that are one. */
#ifndef WEIR_HTTP_CODEC_IMPL_H
#define WEIR_HTTP_CODEC_IMPL_H

#include "http/codec.h"

/* One row per function of codec.h that depends on the version of HTTP. */
struct codec_ops {
    void (*release)(struct codec *c); /* frees the codec's own memory, and the codec */
    enum status (*feed)(struct codec *c, struct slice in, size_t *ret_used);
    enum status (*eof)(struct codec *c, bool clean);
    bool (*wants_input)(const struct codec *c);
    bool (*idle)(const struct codec *c);
    bool (*reusable)(const struct codec *c);
    uint32_t (*open)(struct codec *c);
    enum status (*send)(struct codec *c, uint32_t stream, const struct message_event *ev);
    void (*consume)(struct codec *c, uint32_t stream, size_t content_bytes);
    void (*sent)(struct codec *c, size_t bytes);
    void (*drain)(struct codec *c);
};

/* The first member of each codec. */
struct codec {
    const struct codec_ops *ops;
    enum http_side side; /* what the peer sends */
    struct codec_limits limits;
    struct codec_user user;
    void *self;              /* for the user's callbacks */
    struct chunk_pool *pool; /* the loop's */
    struct slice_queue out;
    uint32_t anomalies; /* HTTP_ANOMALY() bits found behind the present head */
    enum status failed; /* once set, codec_feed() and codec_eof() repeat it */
    struct codec_fault fault;
};

static inline void codec_emit(struct codec *c, uint32_t stream, const struct message_event *ev)
{
    c->user.on_event(c->self, stream, ev);
}

#endif
