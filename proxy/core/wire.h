/* wire: one connection to a peer, with its TLS if it has any. Ciphertext comes
 * from and goes to the loop as events and commands; the user sees plaintext.
 *
 * Reading: on_bytes() gets plaintext and answers how much of it was taken; the
 * rest is held here and offered again after wire_wake(). What was taken but must
 * still be handed on counts against the wire by wire_hold() until wire_credit();
 * over WIRE_HIGH_BYTES the wire stops reading, under WIRE_LOW_BYTES it starts again.
 * Writing: the user fills wire_out(); it leaves at the end of the event's turn, in
 * one write. on_sent() tells how many plaintext bytes the far kernel took. */
#ifndef WEIR_PROXY_CORE_WIRE_H
#define WEIR_PROXY_CORE_WIRE_H

#include <netinet/in.h>

#include "base/chunk.h"
#include "proxy/core/grave.h"
#include "tls/tlsio.h"

struct engine;
struct wire;

struct wire_user {
    /* The slice is borrowed. *ret_used may be less than its length. */
    void (*on_bytes)(void *self, struct slice plain, size_t *ret_used);
    /* The peer's FIN, after all bytes; `clean` is false without close_notify. */
    void (*on_eof)(void *self, bool clean);
    /* RST or an error; the wire is already closed. */
    void (*on_reset)(void *self);
    void (*on_sent)(void *self, size_t plain_bytes);
    /* Everything has left, our FIN too; may be NULL. */
    void (*on_finished)(void *self);
    /* The end of a TLS handshake; STATUS_TLS: it failed. */
    void (*on_handshake)(void *self, enum status st);
    /* A dial's end, before anything else; `error` NULL: connected. */
    void (*on_dialled)(void *self, const char *error);
};

struct wire {
    struct engine *engine;
    const struct wire_user *user;
    void *self;
    uint32_t number;
    bool open; /* connected, and neither closed nor reset */
    bool dialling;
    bool to_proxy;   /* see wire_lead_to_proxy() */
    bool reading;    /* as the loop was last told */
    bool wants_read; /* as the user wants it */
    bool sending;    /* a SEND is out */
    bool eof;        /* the loop told of the peer's FIN: nothing more is to be read */
    bool peer_done;  /* FIN was delivered to the user */
    bool fin_waits;  /* FIN came while bytes are still held */
    bool fin_clean;
    bool shutdown_asked, shutdown_done;
    bool close_notified;
    bool handshaking;
    bool tls_failed; /* what still comes is thrown away; an alert may be to leave */
    bool woken;      /* there may be bytes to deliver without an event */
    bool listed;     /* in the engine's list of wires to be looked at */
    bool pumping;    /* bytes are being delivered further up the stack */
    bool lost;       /* a command for it found no memory: nobody knows how it stands */
    struct wire *next_listed;
    struct tlsio *tls;       /* owned; NULL: none */
    struct slice_queue *out; /* plaintext to be written: `own_out` or a codec's */
    struct slice_queue own_out;
    struct slice_queue in; /* plaintext not taken yet */
    size_t clear_left;     /* of `out`: goes out as it is, before TLS has its say */
    size_t in_flight;      /* of the SEND that is out */
    size_t sealed;         /* plaintext bytes in TLS records that were not sent yet */
    size_t held;           /* taken by the user, not credited */
    int64_t reading_since_us;
    struct iovec iov[16];
    struct sockaddr_storage peer; /* the far end */
    struct sockaddr_storage own;  /* our end, if we dialled; family 0 before */
    uint64_t bytes_in, bytes_out; /* on the wire */
    struct grave grave;
};

/* A wire without a number gets one. NULL when out of memory or numbers. */
struct wire *wire_new(struct engine *e);
/* Closes it if it is open, and frees it once this event is done. NULL is fine. */
void wire_drop(struct wire *w);
/* At once and without a command, when the engine ends. */
void wire_free(struct wire *w);
void wire_use(struct wire *w, const struct wire_user *user, void *self);

MUST_USE enum status wire_dial(struct wire *w, const struct sockaddr_storage *to);
/* Takes over the tlsio and starts its handshake at the end of the turn. */
void wire_start_tls(struct wire *w, struct tlsio *tls);
/* Bytes read before TLS began, to be read as its first ones. */
MUST_USE enum status wire_unread(struct wire *w, struct bytes ciphertext);
/* Plaintext that was taken is offered once more, before all that is held. From within
 * on_bytes() only if nothing of its slice is taken. */
MUST_USE enum status wire_give_back(struct wire *w, struct bytes plain);
void wire_read(struct wire *w, bool on);
/* The user can take bytes again: deliver what is held, at the end of the turn. */
void wire_wake(struct wire *w);
void wire_hold(struct wire *w, size_t bytes);
void wire_credit(struct wire *w, size_t bytes);
/* Something was put into `out`. */
void wire_flush(struct wire *w);
/* What was not yet sent, in plaintext and ciphertext. */
size_t wire_unsent(const struct wire *w);
/* FIN (with close_notify) after everything in `out` has left. */
void wire_shutdown(struct wire *w);
void wire_reset(struct wire *w); /* RST now; no callback */
void wire_close(struct wire *w); /* close now; no callback */
/* For the engine: an event for this wire, and its turn in the list. */
struct event;
void wire_handle(struct wire *w, const struct event *ev);
/* Its other end is a proxy: only what is said to one can come back to us as a request
 * that we would forward. A kernel gives the same local port to connections with different
 * peers, so that the ports of all others tell nothing. Once, when it is connected. */
void wire_lead_to_proxy(struct wire *w);
/* Does it lead to a proxy, from that end of ours? */
bool wire_is_from(const struct wire *w, const struct sockaddr_storage *own);
void wire_turn(struct wire *w);

#endif
