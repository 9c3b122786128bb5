/* h1_codec: one HTTP/1 connection, both ways. h1_codec.c holds what both share,
 * h1_in.c reads, h1_out.c writes. RFC 9112. */
#ifndef WEIR_HTTP_H1_CODEC_H
#define WEIR_HTTP_H1_CODEC_H

#include "base/buf.h"
#include "http/codec_impl.h"
#include "http/h1_chunked.h"
#include "http/h1_head.h"

/* What the reading side waits for. */
enum h1_in {
    H1_IN_HEAD,
    H1_IN_LENGTH, /* `in_left` bytes */
    H1_IN_CHUNKS,
    H1_IN_TRAILERS,
    H1_IN_CLOSE, /* content until the peer's FIN */
    H1_IN_END,   /* nothing more: END is to be emitted */
    H1_IN_TURN,  /* the other side: the answer to go out, or a request to be asked */
    H1_IN_TUNNEL,
    H1_IN_NOTHING, /* closed, failed, or to be closed */
};

/* What the writing side waits for. */
enum h1_out {
    H1_OUT_TURN, /* a request to come, or codec_open() */
    H1_OUT_HEAD,
    H1_OUT_LENGTH, /* `out_left` bytes */
    H1_OUT_CHUNKS,
    H1_OUT_CLOSE, /* content until we close */
    H1_OUT_END,   /* END; no content may come any more */
    H1_OUT_PEER,  /* the end of the peer's message */
    H1_OUT_TUNNEL,
    H1_OUT_NOTHING, /* nothing may be sent any more */
};

struct h1_codec {
    struct codec base;
    struct h1_scratch *scratch; /* the loop's */
    enum h1_in in;
    enum h1_out out;
    uint32_t stream;

    struct buf held;       /* a head or trailers not yet whole */
    enum h1_search search; /* for its end */
    bool line_judged;      /* its start line is good */
    uint8_t empty_lines;   /* before it */
    uint8_t interims;      /* answers 1xx so far */
    uint64_t in_left;      /* bytes of content to come */
    struct h1_chunked chunks;

    uint64_t out_left;    /* bytes of content to be sent */
    size_t wire, content; /* bytes in codec_out() or on their way; of content among them */

    struct h1_asked asked; /* the request of the present exchange */
    bool http10;           /* it came as HTTP/1.0 */
    bool opened;           /* the peer's message owes an END or ABORT */
    bool persist;          /* the connection goes on after the exchange */
    bool switched;         /* turns into a tunnel where the message ends */
    bool draining;
    bool eof;
};

static inline struct h1_codec *h1_codec_of(struct codec *base)
{
    return (struct h1_codec *)base;
}

static inline const struct h1_codec *h1_codec_of_const(const struct codec *base)
{
    return (const struct h1_codec *)base;
}

static inline bool h1_serves(const struct h1_codec *c)
{
    return c->base.side == HTTP_REQUEST;
}

/* h1_codec.c */
/* Ends the reading side for good: ABORT to a message that was begun, and `st`
 * and the fault as the answer of every later feed. */
enum status h1_fail(struct h1_codec *c, enum status st, const struct codec_fault *fault);
enum status h1_fail_with(struct h1_codec *c, enum status st, uint32_t anomaly,
                         const char *sentence);
/* When both messages of an exchange are over: on to the next, or to the close. */
void h1_turn(struct h1_codec *c);
/* h1_in.c */
enum status h1_feed(struct codec *base, struct slice in, size_t *ret_used);
enum status h1_eof(struct codec *base, bool clean);
/* h1_out.c */
enum status h1_send(struct codec *base, uint32_t stream, const struct message_event *ev);
void h1_sent(struct codec *base, size_t bytes);

#endif
