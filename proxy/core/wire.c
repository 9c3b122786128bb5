#include "proxy/core/wire.h"

#include <stdlib.h>

#include "proxy/core/engine_impl.h"

enum {
    WIRE_IOV = 16,
    /* With too many bytes in flight in the whole engine, a wire may hold no more. */
    WIRE_CROWDED_BYTES = 16 * 1024,
};

static void wire_list(struct wire *w)
{
    if (w->listed || w->grave.dug)
        return;
    w->listed = true;
    w->next_listed = w->engine->listed;
    w->engine->listed = w;
}

static enum status wire_table_grow(struct wire_table *t)
{
    uint32_t cap = t->cap ? t->cap * 2 : 64;
    struct wire **items;
    uint32_t *numbers;

    if (cap > ENGINE_WIRES)
        return STATUS_LIMIT;
    items = realloc(t->items, cap * sizeof(struct wire *));
    if (!items)
        return STATUS_NO_MEMORY;
    t->items = items;
    numbers = realloc(t->free_numbers, cap * sizeof(uint32_t));
    if (!numbers)
        return STATUS_NO_MEMORY;
    t->free_numbers = numbers;
    t->cap = cap;
    return STATUS_OK;
}

/* A number, and a place for the command that will end it. */
static enum status wire_number_take(struct wire *w)
{
    struct wire_table *t = &w->engine->wires;
    enum status st = engine_reserve(w->engine);

    if (!st && !t->free_count && t->count + 1 >= t->cap) {
        st = wire_table_grow(t);
        if (st)
            engine_unreserve(w->engine);
    }
    if (st)
        return st;
    w->number = t->free_count ? t->free_numbers[--t->free_count] : ++t->count;
    t->items[w->number] = w;
    return STATUS_OK;
}

static uint32_t *own_end_bucket(struct wire *w)
{
    return &w->engine->own_ends[address_port(&w->own) % OWN_END_BUCKETS];
}

bool wire_is_from(const struct wire *w, const struct sockaddr_storage *own)
{
    return w->to_proxy && address_equal(&w->own, own);
}

void wire_lead_to_proxy(struct wire *w)
{
    w->to_proxy = true;
    ++*own_end_bucket(w);
}

static void wire_number_forget(struct wire *w)
{
    struct wire_table *t = &w->engine->wires;

    if (w->to_proxy)
        --*own_end_bucket(w);
    w->to_proxy = false;
    t->items[w->number] = NULL;
    t->free_numbers[t->free_count++] = w->number;
    w->number = 0;
}

static void wire_number_give(struct wire *w)
{
    if (!w->number)
        return;
    engine_unreserve(w->engine);
    wire_number_forget(w);
}

struct wire *wire_new(struct engine *e)
{
    struct wire *w = calloc(1, sizeof(*w));

    if (!w)
        return NULL;
    w->engine = e;
    if (wire_number_take(w)) {
        free(w);
        return NULL;
    }
    slice_queue_init(&w->own_out);
    slice_queue_init(&w->in);
    w->out = &w->own_out;
    return w;
}

void wire_free(struct wire *w)
{
    if (!w)
        return;
    wire_number_give(w);
    w->engine->in_flight -= w->held;
    tlsio_free(w->tls);
    slice_queue_release(&w->own_out);
    slice_queue_release(&w->in);
    free(w);
}

static void wire_unlist(struct wire *w)
{
    struct wire **at = &w->engine->listed;

    if (!w->listed)
        return;
    while (*at != w)
        at = &(*at)->next_listed;
    *at = w->next_listed;
    w->listed = false;
}

static void bury_wire(void *self)
{
    wire_free(self);
}

void wire_drop(struct wire *w)
{
    if (!w || w->grave.dug)
        return;
    wire_close(w);
    wire_unlist(w);
    engine_bury(w->engine, &w->grave, bury_wire, w);
}

void wire_use(struct wire *w, const struct wire_user *user, void *self)
{
    w->user = user;
    w->self = self;
}

static void wire_command(struct wire *w, struct command c)
{
    c.wire = w->number;
    if (!engine_command(w->engine, c))
        return;
    w->lost = true;
    wire_list(w);
}

static void wire_end(struct wire *w, enum command_kind how)
{
    if (!w->open && !w->dialling)
        return;
    w->open = w->dialling = w->reading = false;
    engine_command_reserved(w->engine, (struct command){.kind = how, .wire = w->number});
    wire_number_forget(w);
}

void wire_close(struct wire *w)
{
    wire_end(w, COMMAND_CLOSE);
}

void wire_reset(struct wire *w)
{
    wire_end(w, COMMAND_RESET);
}

enum status wire_dial(struct wire *w, const struct sockaddr_storage *to)
{
    w->peer = *to;
    w->dialling = true;
    return engine_command(
        w->engine, (struct command){.kind = COMMAND_DIAL, .wire = w->number, .address = &w->peer});
}

void wire_start_tls(struct wire *w, struct tlsio *tls)
{
    w->tls = tls;
    w->clear_left = w->out->bytes;
    w->handshaking = true;
    w->woken = true;
    wire_list(w);
}

enum status wire_unread(struct wire *w, struct bytes ciphertext)
{
    struct slice kept;
    enum status st = slice_retain(w->engine->env.pool, slice_of(ciphertext), &kept);

    return st ? st : tlsio_feed(w->tls, kept);
}

enum status wire_give_back(struct wire *w, struct bytes plain)
{
    struct slice_queue q;
    enum status st;

    slice_queue_init(&q);
    st = slice_queue_put(&q, w->engine->env.pool, plain);
    if (!st)
        st = slice_queue_move(&q, &w->in);
    if (st) {
        slice_queue_release(&q);
        return st;
    }
    slice_queue_release(&w->in);
    w->in = q;
    wire_wake(w);
    return STATUS_OK;
}

size_t wire_unsent(const struct wire *w)
{
    return w->out->bytes + (w->tls ? tlsio_out(w->tls)->bytes : 0);
}

void wire_flush(struct wire *w)
{
    wire_list(w);
}

void wire_shutdown(struct wire *w)
{
    w->shutdown_asked = true;
    wire_list(w);
}

/* ---- reading ------------------------------------------------------------ */

static bool wire_is_full(const struct wire *w)
{
    size_t high = w->engine->in_flight > ENGINE_BYTES ? WIRE_CROWDED_BYTES : WIRE_HIGH_BYTES;
    size_t low = high < WIRE_LOW_BYTES ? high : WIRE_LOW_BYTES;

    return w->held >= (w->reading ? high : low);
}

static void wire_update_reading(struct wire *w)
{
    size_t in_max = w->tls ? 1 : WIRE_LOW_BYTES;
    bool want = w->open && (w->wants_read || w->handshaking) && !w->eof && !w->fin_waits &&
                !wire_is_full(w) && w->in.bytes < in_max;

    if (want == w->reading || !w->open)
        return;
    w->reading = want;
    w->reading_since_us = w->engine->now_us;
    wire_command(w, (struct command){.kind = want ? COMMAND_READ_ON : COMMAND_READ_OFF});
}

void wire_wake(struct wire *w)
{
    w->woken = true;
    wire_list(w);
}

void wire_read(struct wire *w, bool on)
{
    w->wants_read = on;
    wire_wake(w);
}

void wire_hold(struct wire *w, size_t bytes)
{
    w->held += bytes;
    w->engine->in_flight += bytes;
}

void wire_credit(struct wire *w, size_t bytes)
{
    if (bytes > w->held)
        bytes = w->held;
    w->held -= bytes;
    w->engine->in_flight -= bytes;
    if (w->open && w->wants_read && !w->reading && !wire_is_full(w))
        wire_wake(w);
}

static void wire_break(struct wire *w)
{
    wire_close(w);
    w->user->on_reset(w->self);
}

/* Offers a slice; keeps what is not taken. False: do not go on. */
static bool wire_offer(struct wire *w, struct slice s, bool owned)
{
    size_t used = 0;
    struct slice rest;
    enum status st = STATUS_OK;

    w->user->on_bytes(w->self, s, &used);
    if (used == s.len || !w->open) {
        if (owned)
            slice_drop(s);
        return w->open;
    }
    rest = slice_part(s, used, s.len - used);
    if (!owned)
        st = slice_retain(w->engine->env.pool, rest, &rest);
    if (!st)
        st = slice_queue_push(&w->in, rest);
    if (st)
        wire_break(w);
    return false;
}

/* What lies in `in` comes first. False: it was not all taken. */
static bool wire_offer_held(struct wire *w)
{
    while (w->open && w->in.bytes) {
        struct slice s = slice_queue_first(&w->in);
        size_t used = 0;

        w->user->on_bytes(w->self, s, &used);
        slice_queue_consume(&w->in, used);
        if (used < s.len)
            return false;
    }
    return w->open;
}

static void wire_offer_records(struct wire *w)
{
    while (w->open && w->wants_read && !wire_is_full(w)) {
        struct slice s;
        enum status st = tlsio_read(w->tls, &s);

        if (st == STATUS_OK) {
            if (!wire_offer(w, s, true))
                return;
            continue;
        }
        if (st == STATUS_END || st == STATUS_TRUNCATED) {
            w->fin_waits = true;
            w->fin_clean = st == STATUS_END;
        } else if (st < 0) {
            wire_break(w);
        }
        return;
    }
}

static void wire_deliver_fin(struct wire *w)
{
    if (!w->open || !w->fin_waits || w->in.bytes || w->peer_done)
        return;
    w->peer_done = true;
    w->user->on_eof(w->self, w->fin_clean);
}

static void wire_step_handshake(struct wire *w)
{
    enum status st = tlsio_handshake(w->tls);

    if (st == STATUS_NEED_MORE)
        return;
    w->handshaking = false;
    w->tls_failed = st < 0;
    w->fin_waits = w->tls_failed && w->eof;
    w->user->on_handshake(w->self, st);
}

/* Delivers what there is, as far as the user takes it. */
static void wire_pump(struct wire *w)
{
    if (w->pumping || !w->open)
        return;
    w->pumping = true;
    if (w->tls && w->handshaking)
        wire_step_handshake(w);
    if (w->open && !w->handshaking && w->wants_read && wire_offer_held(w) && w->tls &&
        !w->tls_failed && !w->fin_waits)
        wire_offer_records(w);
    if (w->open && !w->handshaking && w->wants_read)
        wire_deliver_fin(w);
    w->pumping = false;
}

static void wire_on_bytes(struct wire *w, struct slice s)
{
    enum status st;

    w->bytes_in += s.len;
    if (w->tls_failed)
        return;
    if (w->tls) {
        if (s.chunk)
            s = slice_keep(s);
        st = s.chunk ? STATUS_OK : slice_retain(w->engine->env.pool, s, &s);
        if (!st)
            st = tlsio_feed(w->tls, s);
        if (st)
            wire_break(w);
        else
            wire_pump(w);
        return;
    }
    if (w->in.bytes || w->pumping || !w->wants_read) {
        st = slice_retain(w->engine->env.pool, s, &s);
        if (!st)
            st = slice_queue_push(&w->in, s);
        if (st)
            wire_break(w);
        return;
    }
    w->pumping = true;
    (void)wire_offer(w, s, false);
    w->pumping = false;
}

static void wire_on_eof(struct wire *w)
{
    w->reading = false;
    w->eof = true;
    if (w->tls && !w->tls_failed) {
        tlsio_feed_eof(w->tls);
    } else {
        w->fin_waits = true;
        w->fin_clean = !w->tls;
    }
    wire_pump(w);
}

/* ---- writing ------------------------------------------------------------ */

/* What leaves next: ciphertext, once all has left that was said in the clear. */
static struct slice_queue *wire_queue(struct wire *w)
{
    return w->tls && !w->clear_left ? tlsio_out(w->tls) : w->out;
}

static void wire_send(struct wire *w, const struct slice_queue *q)
{
    int count = slice_queue_iov(q, w->iov, WIRE_IOV);

    w->in_flight = 0;
    for (int i = 0; i < count; i++)
        w->in_flight += w->iov[i].iov_len;
    w->sending = true;
    wire_command(w, (struct command){.kind = COMMAND_SEND, .iov = w->iov, .count = count});
}

/* False: it broke. */
static bool wire_seal(struct wire *w)
{
    size_t taken = 0;

    if (w->clear_left || w->handshaking || !tlsio_ready(w->tls) || !w->out->bytes)
        return true;
    if (tlsio_write(w->tls, w->out, &taken) < 0) {
        wire_break(w);
        return false;
    }
    w->sealed += taken;
    return true;
}

static void wire_write(struct wire *w)
{
    struct slice_queue *q;

    if (!w->open || w->sending || w->shutdown_done || (w->tls && !wire_seal(w)))
        return;
    q = wire_queue(w);
    if (w->tls && w->shutdown_asked && !w->close_notified && !q->bytes && !w->out->bytes) {
        w->close_notified = true;
        tlsio_close(w->tls);
    }
    if (q->bytes) {
        wire_send(w, q);
    } else if (w->shutdown_asked && (!w->out->bytes || (w->tls && !tlsio_ready(w->tls)))) {
        w->shutdown_done = true;
        wire_command(w, (struct command){.kind = COMMAND_SHUTDOWN});
        if (w->user->on_finished)
            w->user->on_finished(w->self);
    }
}

/* How much plaintext so many sent bytes stand for. */
static size_t wire_plain_sent(struct wire *w, size_t bytes)
{
    size_t plain;

    if (!w->tls)
        return bytes;
    if (w->clear_left) {
        w->clear_left -= bytes;
        return bytes;
    }
    plain = !tlsio_out(w->tls)->bytes || bytes > w->sealed ? w->sealed : bytes;
    w->sealed -= plain;
    return plain;
}

static void wire_on_sent(struct wire *w, size_t bytes)
{
    size_t plain;

    if (!w->sending)
        return;
    if (bytes > w->in_flight)
        bytes = w->in_flight;
    slice_queue_consume(wire_queue(w), bytes);
    w->in_flight -= bytes;
    w->bytes_out += bytes;
    if (!w->in_flight) {
        w->sending = false;
        wire_list(w);
    }
    plain = wire_plain_sent(w, bytes);
    if (plain && w->user->on_sent)
        w->user->on_sent(w->self, plain);
}

/* ---- the engine's side -------------------------------------------------- */

void wire_turn(struct wire *w)
{
    if (w->lost && w->open) {
        wire_break(w);
        return;
    }
    if (w->woken) {
        w->woken = false;
        wire_pump(w);
    }
    wire_write(w);
    wire_update_reading(w);
}

void wire_handle(struct wire *w, const struct event *ev)
{
    switch (ev->kind) {
    case EVENT_BYTES:
        wire_on_bytes(w, ev->data);
        break;
    case EVENT_EOF:
        wire_on_eof(w);
        break;
    case EVENT_RESET:
        wire_break(w);
        break;
    case EVENT_SENT:
        wire_on_sent(w, ev->count);
        break;
    case EVENT_CONNECTED:
        w->dialling = false;
        w->open = true;
        w->own = *ev->address;
        w->user->on_dialled(w->self, NULL);
        break;
    case EVENT_DIAL_FAILED:
        w->dialling = false;
        wire_number_give(w);
        w->user->on_dialled(w->self, ev->error);
        return;
    case EVENT_ACCEPTED:
    case EVENT_RESOLVED:
    case EVENT_TIMER:
    case EVENT_JOB_DONE:
    case EVENT_RULES:
    case EVENT_LOGGED:
    case EVENT_LOG_FULL:
    case EVENT_LOG_ROOM:
    case EVENT_RUNG:
    case EVENT_DRAIN:
        break;
    }
    if (w->open)
        wire_list(w);
}
