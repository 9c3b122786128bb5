#include "http/h1_codec.h"

#include <stdlib.h>

enum status h1_fail(struct h1_codec *c, enum status st, const struct codec_fault *fault)
{
    c->base.failed = st;
    c->base.fault = *fault;
    c->persist = false;
    /* A request refused before it had a stream is answered on stream 0. */
    if (h1_serves(c) && c->in == H1_IN_HEAD && c->out == H1_OUT_TURN) {
        c->stream = 0;
        c->asked = (struct h1_asked){.head = false};
        c->http10 = false;
        c->out = H1_OUT_HEAD;
    }
    c->in = H1_IN_NOTHING;
    buf_release(&c->held);
    if (c->opened) {
        c->opened = false;
        codec_emit(&c->base, c->stream, &(struct message_event){.kind = MESSAGE_ABORT});
    }
    return st;
}

enum status h1_fail_with(struct h1_codec *c, enum status st, uint32_t anomaly, const char *sentence)
{
    struct codec_fault fault = {h1_serves(c) ? 400 : 502, anomaly, sentence};

    return h1_fail(c, st, &fault);
}

void h1_turn(struct h1_codec *c)
{
    if (c->in != H1_IN_TURN || c->out != H1_OUT_PEER)
        return;
    if (!h1_serves(c)) {
        c->out = H1_OUT_TURN;
    } else if (c->persist) {
        c->in = H1_IN_HEAD;
        c->out = H1_OUT_TURN;
    } else {
        c->in = H1_IN_NOTHING;
        c->out = H1_OUT_NOTHING;
    }
}

static void h1_release(struct codec *base)
{
    struct h1_codec *c = h1_codec_of(base);

    buf_release(&c->held);
    free(c);
}

static bool h1_wants_input(const struct codec *base)
{
    const struct h1_codec *c = h1_codec_of_const(base);

    if (c->eof || c->in == H1_IN_NOTHING)
        return false;
    if (!h1_serves(c))
        return true;
    /* Answers are not piled up for a client that does not read them. */
    return c->in != H1_IN_TURN && (c->in != H1_IN_HEAD || c->content == 0);
}

static bool h1_idle(const struct codec *base)
{
    const struct h1_codec *c = h1_codec_of_const(base);

    return c->out == H1_OUT_TURN && c->held.len == 0 &&
           c->in == (h1_serves(c) ? H1_IN_HEAD : H1_IN_TURN);
}

static bool h1_reusable(const struct codec *base)
{
    const struct h1_codec *c = h1_codec_of_const(base);

    if (!c->persist || c->eof || c->draining || c->switched)
        return false;
    if (!h1_serves(c) && c->content > 0) /* of a request whose answer came early */
        return false;
    if (c->in == H1_IN_TUNNEL || c->in == H1_IN_NOTHING)
        return false;
    return h1_serves(c) || c->out == H1_OUT_TURN || c->out == H1_OUT_PEER;
}

static uint32_t h1_open(struct codec *base)
{
    struct h1_codec *c = h1_codec_of(base);

    if (h1_serves(c) || c->in != H1_IN_TURN || c->out != H1_OUT_TURN || !h1_reusable(base) ||
        c->stream == UINT32_MAX)
        return 0;
    c->out = H1_OUT_HEAD;
    return ++c->stream;
}

/* Only HTTP/2 has windows to give back to; here the owner stops reading. */
static void h1_consume(struct codec *base, uint32_t stream, size_t content_bytes)
{
    (void)base;
    (void)stream;
    (void)content_bytes;
}

static void h1_drain(struct codec *base)
{
    h1_codec_of(base)->draining = true;
}

static const struct codec_ops h1_ops = {
    .release = h1_release,
    .feed = h1_feed,
    .eof = h1_eof,
    .wants_input = h1_wants_input,
    .idle = h1_idle,
    .reusable = h1_reusable,
    .open = h1_open,
    .send = h1_send,
    .consume = h1_consume,
    .sent = h1_sent,
    .drain = h1_drain,
};

enum status h1_codec_new(enum http_side side, const struct codec_limits *limits,
                         struct h1_scratch *scratch, struct chunk_pool *pool,
                         const struct codec_user *user, void *self, struct codec **ret_codec)
{
    struct h1_codec *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return STATUS_NO_MEMORY;
    c->base = (struct codec){
        .ops = &h1_ops,
        .side = side,
        .limits = *limits,
        .user = *user,
        .self = self,
        .pool = pool,
    };
    slice_queue_init(&c->base.out);
    buf_init(&c->held,
             limits->head_bytes > HTTP_TRAILER_BYTES ? limits->head_bytes : HTTP_TRAILER_BYTES);
    c->scratch = scratch;
    c->search = H1_SEARCH_IN_LINE;
    c->in = side == HTTP_REQUEST ? H1_IN_HEAD : H1_IN_TURN;
    c->out = H1_OUT_TURN;
    c->persist = true;
    *ret_codec = &c->base;
    return STATUS_OK;
}
