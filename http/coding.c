#include "http/coding.h"

#include <stdlib.h>

#include "http/coding_decoder.h"

enum { WINDOW_BYTES = 16 * 1024 }; /* what a layer writes before the next one reads */

static const struct {
    const char *name;
    const struct coding_decoder *decoder;
} coding_rows[] = {
#define CODING(name, decoder) {name, &coding_decoder_##decoder},
#include "http/codings.def"
#undef CODING
};

struct layer {
    const struct coding_decoder *decoder;
    void *state;
    struct bytes in;    /* what it has not taken yet */
    size_t left;        /* bytes it may still write */
    enum status status; /* of its last step; END before the first one */
    uint8_t window[WINDOW_BYTES];
};

struct chain {
    struct layer *layers; /* the last listed coding first */
    size_t count;
    size_t first;      /* layers before this one have failed or feed one that has */
    enum status fault; /* why, or STATUS_OK */
};

static const struct coding_decoder *decoder_find(struct bytes name)
{
    for (size_t i = 0; i < sizeof(coding_rows) / sizeof(coding_rows[0]); i++) {
        if (bytes_equal_icase(name, bytes_of(coding_rows[i].name)))
            return coding_rows[i].decoder;
    }
    return NULL;
}

bool coding_known(struct bytes name)
{
    return decoder_find(name) || bytes_equal_icase(name, BYTES("identity"));
}

/* The decoders in the order they are listed. */
static enum status decoders_list(struct bytes codings,
                                 const struct coding_decoder *ret_decoders[CODING_LAYERS],
                                 size_t *ret_count)
{
    struct bytes name;
    size_t count = 0;

    while (bytes_next_listed(&codings, &name)) {
        const struct coding_decoder *decoder;

        if (bytes_equal_icase(name, BYTES("identity")))
            continue;
        decoder = decoder_find(name);
        if (!decoder)
            return STATUS_UNSUPPORTED;
        if (count == CODING_LAYERS)
            return STATUS_LIMIT;
        ret_decoders[count++] = decoder;
    }
    *ret_count = count;
    return STATUS_OK;
}

/* The most that any layer may write for an input of that length. */
static size_t bytes_allowed(size_t in_len)
{
    size_t allowed = CODING_OUT_BYTES;

    if (in_len < CODING_OUT_BYTES / CODING_RATIO)
        allowed = in_len * CODING_RATIO;
    return allowed > CODING_RATIO_FLOOR_BYTES ? allowed : CODING_RATIO_FLOOR_BYTES;
}

static enum status chain_open(struct chain *c, struct bytes codings, struct bytes in)
{
    const struct coding_decoder *decoders[CODING_LAYERS];
    enum status st = decoders_list(codings, decoders, &c->count);

    if (st || c->count == 0)
        return st;
    c->layers = calloc(c->count, sizeof(*c->layers));
    if (!c->layers)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < c->count; i++) {
        struct layer *l = &c->layers[i];

        l->decoder = decoders[c->count - 1 - i];
        l->left = bytes_allowed(in.len);
        l->status = STATUS_END;
    }
    c->layers[0].in = in;
    for (size_t i = 0; !st && i < c->count; i++)
        st = c->layers[i].decoder->open(&c->layers[i].state);
    return st;
}

static void chain_close(struct chain *c)
{
    for (size_t i = 0; c->layers && i < c->count; i++)
        c->layers[i].decoder->close(c->layers[i].state);
    free(c->layers);
}

/* Nothing comes from this layer any more; those behind it finish what they have. */
static void chain_fail(struct chain *c, size_t at, enum status fault)
{
    c->first = at + 1;
    c->fault = fault;
}

/* One step of the layer `at`, whose window is free: those behind it are hungry. */
static enum status chain_step(struct chain *c, size_t at, struct buf *out)
{
    struct layer *l = &c->layers[at];
    struct bytes made = {.ptr = l->window};

    l->status = l->decoder->step(l->state, &l->in, l->window, WINDOW_BYTES, &made.len);
    if (l->status < 0)
        chain_fail(c, at, l->status);
    if (made.len > l->left) {
        made.len = l->left;
        chain_fail(c, at, STATUS_LIMIT);
    }
    l->left -= made.len;
    if (at + 1 < c->count) {
        c->layers[at + 1].in = made;
        return STATUS_OK;
    }
    buf_put(out, made);
    return buf_status(out);
}

/* Index of the last layer that has something to do, or -1. */
static ptrdiff_t chain_ready(const struct chain *c)
{
    for (size_t i = c->count; i > c->first; i--) {
        if (c->layers[i - 1].in.len > 0 || c->layers[i - 1].status == STATUS_OK)
            return (ptrdiff_t)i - 1;
    }
    return -1;
}

static enum status chain_run(struct chain *c, struct buf *out)
{
    struct layer *last = &c->layers[c->count - 1];
    enum status st;
    ptrdiff_t at;

    if (last->left > out->max - out->len)
        last->left = out->max - out->len;
    while ((at = chain_ready(c)) >= 0) {
        st = chain_step(c, (size_t)at, out);
        if (st)
            return st;
    }
    if (c->fault)
        return c->fault;
    for (size_t i = 0; i < c->count; i++) {
        if (c->layers[i].status != STATUS_END)
            return STATUS_TRUNCATED;
    }
    return STATUS_OK;
}

static enum status identity_put(struct bytes in, struct buf *out)
{
    size_t room = out->max - out->len;
    struct bytes part = bytes_until(in, room < CODING_OUT_BYTES ? room : CODING_OUT_BYTES);

    buf_put(out, part);
    if (buf_status(out))
        return buf_status(out);
    return part.len < in.len ? STATUS_LIMIT : STATUS_OK;
}

enum status coding_decode(struct bytes codings, struct bytes in, struct buf *out)
{
    struct chain chain = {0};
    enum status st = buf_status(out);

    if (!st)
        st = chain_open(&chain, codings, in);
    if (!st)
        st = chain.count == 0 ? identity_put(in, out) : chain_run(&chain, out);
    chain_close(&chain);
    return st;
}
