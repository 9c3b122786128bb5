/* codec: bytes in, message events out; message events in, bytes out; for one
 * connection and one HTTP version. It touches no socket, clock or thread, and
 * knows no other codec. Streams are numbered from 1; HTTP/1 has one at a time.
 *
 * Going in: codec_feed() calls on_event() for what the bytes hold. Every DATA
 * byte so emitted must one day be given back with codec_consume().
 * Going out: codec_send() serialises into codec_out(); as the far end takes
 * those bytes the owner says so with codec_sent(), and the codec answers with
 * on_credit() in bytes of content, exactly as many in all as DATA was sent.
 *
 * Callbacks come only from within codec_feed(), codec_eof() and codec_sent().
 * From them codec_send() and codec_consume() may be called, codec_free() and
 * codec_feed() may not. */
#ifndef WEIR_HTTP_CODEC_H
#define WEIR_HTTP_CODEC_H

#include "http/message.h"

struct codec_limits {
    uint32_t head_bytes;         /* HTTP_HEAD_BYTES */
    uint32_t fields;             /* HTTP_FIELDS */
    uint32_t request_line_bytes; /* HTTP_REQUEST_LINE_BYTES */
    bool lenient;                /* pass and flag what is only untidy */
};

/* Why a message was refused: product data, shown to the client and logged. */
struct codec_fault {
    uint16_t status;  /* what a request is answered with: 400 414 431 501 505; 502 for a response */
    uint32_t anomaly; /* the HTTP_ANOMALY() bit that says why; 0 for truncation */
    const char *sentence; /* static */
};

struct codec_user {
    void (*on_event)(void *self, uint32_t stream, const struct message_event *ev);
    void (*on_credit)(void *self, uint32_t stream, size_t content_bytes);
    /* A stream may be opened again (HTTP/2's limit of concurrent streams). */
    void (*on_capacity)(void *self);
};

struct codec; /* opaque */

/* `side` is what the peer sends: HTTP_REQUEST when the peer is a client.
 * `scratch` is shared by all codecs of a loop and used only within a call. */
struct h1_scratch;
MUST_USE enum status h1_scratch_new(uint32_t max_fields, struct h1_scratch **ret_scratch);
void h1_scratch_free(struct h1_scratch *s);
MUST_USE enum status h1_codec_new(enum http_side side, const struct codec_limits *limits,
                                  struct h1_scratch *scratch, struct chunk_pool *pool,
                                  const struct codec_user *user, void *self,
                                  struct codec **ret_codec);
void codec_free(struct codec *c);

/* Feeds bytes. *ret_used tells how many were taken, whatever the status; the
 * codec takes fewer when it must not go on:
 * - a request is complete and its answer has not been sent (HTTP/1 keeps
 *   order), or the content of the answer has not left (answers do not pile up
 *   for a client that sends and does not read). The owner holds the rest and
 *   feeds it again once codec_wants_input(), which may become true in
 *   codec_send() and in codec_sent().
 * - the connection has just become a tunnel: behind the head that switches it,
 *   nothing is taken in the same call. Fed again, the rest comes as DATA, raw.
 * STATUS_OK; STATUS_BAD_MESSAGE or STATUS_LIMIT (see codec_fault());
 * STATUS_NO_MEMORY. All but OK are final: later feeds repeat them. A message that
 * was begun has then got its ABORT: the peer's side of every stream ends in END
 * or ABORT. A request refused before it had a stream is answered by
 * codec_send() on stream 0. */
MUST_USE enum status codec_feed(struct codec *c, struct slice in, size_t *ret_used);
/* The peer's FIN, once all bytes before it were taken: an owner that holds some
 * back feeds them first. `clean` is false for TLS without close_notify. Ends a
 * body that runs until close, and one direction of a tunnel.
 * STATUS_OK         no message was cut
 * STATUS_CLOSED     a response was awaited and no byte of it had come (ABORT
 *                   was emitted): on a connection from the pool, worth a retry
 * STATUS_TRUNCATED  in the midst of a message (ABORT was emitted if it had
 *                   begun), or the end of a tunnel that was not clean (END was) */
MUST_USE enum status codec_eof(struct codec *c, bool clean);
/* NULL while nothing was refused or truncated. */
const struct codec_fault *codec_fault(const struct codec *c);
/* HTTP_ANOMALY() bits of what was found behind the head of the present message:
 * in chunk lines and trailers. To be asked at END; those of the head are in it. */
uint32_t codec_anomalies(const struct codec *c);
bool codec_wants_input(const struct codec *c);
/* Nothing of a message is half read or half answered: an idle connection. */
bool codec_idle(const struct codec *c);
/* May this connection carry one more exchange after the present one? False
 * after close, HTTP/1.0 without keep-alive, excess bytes, a message until close. */
bool codec_reusable(const struct codec *c);

/* A number for a new outgoing request; 0 when none is free now (client side of
 * a connection only, i.e. side == HTTP_RESPONSE). */
uint32_t codec_open(struct codec *c);
/* Serialises. HEAD of a request: the target is written in `head->form`, fields
 * in their order, untouched lines byte for byte, then the framing of
 * head->framing (Content-Length at the place where one stood, spelled as it
 * was). A body until close towards HTTP/1.1 is chunked. DATA is referenced, not
 * copied, when large. HEAD of a response adds nothing but framing and, where the
 * connection's persistence must be told, Connection. TRAILERS are dropped where
 * the framing has no place for them, INTERIM for a client of HTTP/1.0.
 * After the HEAD of a switch (101, or 2xx to CONNECT) DATA is raw in both
 * directions, and END ends one of them.
 * STATUS_BAD_INPUT  the order of events is wrong; DATA where the answer has no
 *                   content (to HEAD, 204, 304), more or less of it than
 *                   head->length; a field made by us that would break its line.
 *                   Nothing was written.
 * STATUS_UNSUPPORTED  a transfer coding that HTTP/1.0 cannot be told of
 * STATUS_NO_MEMORY  the message is broken; the connection must be closed */
MUST_USE enum status codec_send(struct codec *c, uint32_t stream, const struct message_event *ev);
void codec_consume(struct codec *c, uint32_t stream, size_t content_bytes);
/* What is to be written to the peer; the codec's own queue. */
struct slice_queue *codec_out(struct codec *c);
/* `bytes` taken off codec_out() have reached the peer's kernel. */
void codec_sent(struct codec *c, size_t bytes);
/* Finish what runs, then close: HTTP/1 adds Connection: close to the next head. */
void codec_drain(struct codec *c);

#endif
