#include "logs/log_port.h"

enum {
    RING_MOST = LOG_RING / 4 * 3,   /* events: from here on bodies are not captured */
    BYTES_MOST = LOG_BYTES / 4 * 3, /* from here on the port says it is full */
    RING_URGENT = LOG_RING / 2,     /* events: a napping log thread is woken */
    BACK_BATCH = 64,                /* events that go back together */
};

enum status log_port_init(struct log_port *p, struct bell *bell, enum log_on_full on_full)
{
    enum status st = ring_init(&p->ring, LOG_RING);

    if (st)
        return st;
    event_list_init(&p->overflow);
    event_list_init(&p->back);
    p->bell = bell;
    p->on_full = on_full;
    p->reclaimed = NULL;
    p->captured_bytes = 0;
    atomic_init(&p->dropped_flows, 0);
    atomic_init(&p->dropped_bodies, 0);
    atomic_init(&p->dropped_bytes, 0);
    p->told = (struct log_gap){0};
    atomic_init(&p->ended, false);
    return STATUS_OK;
}

void log_port_release(struct log_port *p)
{
    ring_release(&p->ring);
}

/* One writer: no need for a locked addition. */
static void counter_add(_Atomic uint64_t *counter, uint64_t more)
{
    uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, now + more, memory_order_relaxed);
}

void log_port_body_dropped(struct log_port *p, size_t bytes)
{
    counter_add(&p->dropped_bodies, 1);
    counter_add(&p->dropped_bytes, bytes);
}

/* A body that was refused before has been counted as one already. */
static void message_dropped(struct log_port *p, const struct flow *f, const struct flow_message *m)
{
    const struct flow_body *body = &m->body;
    bool counted = f->body_not_captured && body->captured_bytes < body->wire_bytes;

    if (body->captured_bytes <= 0)
        return;
    counter_add(&p->dropped_bodies, counted ? 0 : 1);
    counter_add(&p->dropped_bytes, (uint64_t)body->captured_bytes);
}

static void event_dropped(struct log_port *p, const struct log_event *ev)
{
    if (ev->kind != LOG_END)
        return;
    counter_add(&p->dropped_flows, 1);
    message_dropped(p, ev->flow, &ev->flow->request);
    message_dropped(p, ev->flow, &ev->flow->response);
}

/* While events wait in the overflow, later ones go behind them. */
static bool event_accepted(struct log_port *p, struct log_event *ev)
{
    bool wait = p->on_full == LOG_WAIT;

    if (atomic_load_explicit(&p->ended, memory_order_relaxed))
        return false;
    if (!(wait && !event_list_empty(&p->overflow)) && ring_push(&p->ring, ev))
        return true;
    if (wait)
        event_list_add(&p->overflow, ev, ev);
    return wait;
}

bool log_port_push(struct log_port *p, struct log_event *ev)
{
    if (!event_accepted(p, ev)) {
        ev->refused = true;
        event_dropped(p, ev);
        return false;
    }
    if (ring_holds_over(&p->ring, RING_URGENT))
        bell_ring_urgent(p->bell);
    else
        bell_ring(p->bell);
    return true;
}

/* After the end nobody else takes events: those never served come back as well. */
static struct log_event *reclaim_unserved(struct log_port *p)
{
    struct log_event *ev;

    if (!atomic_load_explicit(&p->ended, memory_order_acquire))
        return NULL;
    ev = ring_pop(&p->ring);
    if (ev)
        ev->next = NULL;
    return ev ? ev : event_list_take(&p->overflow);
}

struct log_event *log_port_reclaim(struct log_port *p)
{
    struct log_event *ev;

    if (!p->reclaimed && !event_list_empty(&p->back))
        p->reclaimed = event_list_take(&p->back);
    if (!p->reclaimed)
        p->reclaimed = reclaim_unserved(p);
    ev = p->reclaimed;
    if (ev)
        p->reclaimed = ev->next;
    return ev;
}

bool log_port_capture(struct log_port *p, size_t chunk_bytes)
{
    if (chunk_bytes > LOG_BYTES - p->captured_bytes)
        return false;
    if (p->on_full == LOG_DROP && ring_holds_over(&p->ring, RING_MOST))
        return false;
    p->captured_bytes += chunk_bytes;
    return true;
}

void log_port_uncapture(struct log_port *p, size_t chunk_bytes)
{
    p->captured_bytes -= chunk_bytes < p->captured_bytes ? chunk_bytes : p->captured_bytes;
}

bool log_port_full(const struct log_port *p)
{
    return p->captured_bytes > BYTES_MOST || ring_count(&p->ring) > RING_MOST ||
           (p->on_full == LOG_WAIT && !event_list_empty(&p->overflow));
}

/* Events that are done with, on their way back in batches. */
struct back_batch {
    struct log_event *newest, *oldest;
    size_t count;
};

static void batch_send(struct back_batch *b, struct log_port *p)
{
    if (b->newest)
        event_list_add(&p->back, b->newest, b->oldest);
    *b = (struct back_batch){0};
}

static void batch_add(struct back_batch *b, struct log_port *p, struct log_event *ev)
{
    ev->next = b->newest;
    b->newest = ev;
    if (!b->oldest)
        b->oldest = ev;
    if (++b->count == BACK_BATCH)
        batch_send(b, p);
}

/* A run of the log thread over one port. */
struct serving {
    struct log_port *port;
    const struct log_taker *taker;
    struct back_batch batch;
    size_t served;
};

static void serve_event(struct serving *s, struct log_event *ev)
{
    s->taker->take(s->taker->self, ev);
    batch_add(&s->batch, s->port, ev);
    s->served++;
}

static void serve_ring(struct serving *s)
{
    struct log_event *ev;

    /* A ring full is all that can have been pushed before this began. */
    for (size_t i = 0; i < LOG_RING && (ev = ring_pop(&s->port->ring)) != NULL; i++)
        serve_event(s, ev);
}

/* As long as something is in the overflow the loop pushes nothing into the ring: so
 * once the overflow was seen, what is in the ring is older, and what comes into
 * the ring after it was taken is younger. */
static void serve_overflow(struct serving *s)
{
    struct log_event *ev, *next;

    if (event_list_empty(&s->port->overflow))
        return;
    serve_ring(s);
    for (ev = event_chain_reverse(event_list_take(&s->port->overflow)); ev; ev = next) {
        next = ev->next;
        serve_event(s, ev);
    }
}

size_t log_port_serve(struct log_port *p, const struct log_taker *taker)
{
    struct serving s = {.port = p, .taker = taker};

    serve_ring(&s);
    serve_overflow(&s);
    batch_send(&s.batch, p);
    return s.served;
}

bool log_port_idle(struct log_port *p)
{
    return ring_empty(&p->ring) && event_list_empty(&p->overflow);
}

struct log_gap log_port_take_gap(struct log_port *p)
{
    struct log_gap all = {
        .flows = atomic_load_explicit(&p->dropped_flows, memory_order_relaxed),
        .bodies = atomic_load_explicit(&p->dropped_bodies, memory_order_relaxed),
    };
    struct log_gap fresh = {all.flows - p->told.flows, all.bodies - p->told.bodies};

    p->told = all;
    return fresh;
}

void log_port_end(struct log_port *p)
{
    atomic_store_explicit(&p->ended, true, memory_order_release);
}

void log_port_add_stats(const struct log_port *p, struct log_stats *stats)
{
    stats->dropped_flows += atomic_load_explicit(&p->dropped_flows, memory_order_relaxed);
    stats->dropped_bodies += atomic_load_explicit(&p->dropped_bodies, memory_order_relaxed);
    stats->dropped_bytes += atomic_load_explicit(&p->dropped_bytes, memory_order_relaxed);
}
