#include "http/codec_impl.h"

void codec_free(struct codec *c)
{
    if (c == NULL)
        return;
    slice_queue_release(&c->out);
    c->ops->release(c);
}

enum status codec_feed(struct codec *c, struct slice in, size_t *ret_used)
{
    *ret_used = 0;
    if (c->failed)
        return c->failed;
    return c->ops->feed(c, in, ret_used);
}

enum status codec_eof(struct codec *c, bool clean)
{
    if (c->failed)
        return c->failed;
    return c->ops->eof(c, clean);
}

const struct codec_fault *codec_fault(const struct codec *c)
{
    return c->fault.sentence != NULL ? &c->fault : NULL;
}

uint32_t codec_anomalies(const struct codec *c)
{
    return c->anomalies;
}

bool codec_wants_input(const struct codec *c)
{
    return !c->failed && c->ops->wants_input(c);
}

bool codec_idle(const struct codec *c)
{
    return !c->failed && c->ops->idle(c);
}

bool codec_reusable(const struct codec *c)
{
    return !c->failed && c->ops->reusable(c);
}

uint32_t codec_open(struct codec *c)
{
    return c->failed ? 0 : c->ops->open(c);
}

enum status codec_send(struct codec *c, uint32_t stream, const struct message_event *ev)
{
    return c->ops->send(c, stream, ev);
}

void codec_consume(struct codec *c, uint32_t stream, size_t content_bytes)
{
    c->ops->consume(c, stream, content_bytes);
}

struct slice_queue *codec_out(struct codec *c)
{
    return &c->out;
}

void codec_sent(struct codec *c, size_t bytes)
{
    c->ops->sent(c, bytes);
}

void codec_drain(struct codec *c)
{
    c->ops->drain(c);
}
