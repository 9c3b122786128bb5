/* session: one client connection and its exchanges: from the first bytes, through
 * CONNECT and the TLS that weir ends, to requests; or to a raw tunnel. States are
 * named for what they await. */
#ifndef WEIR_PROXY_CORE_SESSION_H
#define WEIR_PROXY_CORE_SESSION_H

#include "http/codec.h"
#include "proxy/core/engine_impl.h"
#include "proxy/core/route.h"
#include "proxy/core/tunnel.h"
#include "tls/client_hello.h"
#include "tls/tlsio.h"

enum {
    SESSION_ARENA_BYTES = 256 * 1024,
    SESSION_LINGER_US = 2 * 1000000, /* reading on after our FIN, so that no RST eats the answer */
    SESSION_HANG_US = 600 * 1000000, /* abort: hang */
    REQUEST_LINE_PEEK_BYTES = 32,    /* a method and the start of a target are told by these */
};

enum session_state {
    SESSION_WAIT_REQUEST,   /* HTTP: for a request, or one is running */
    SESSION_WAIT_PEEK,      /* after CONNECT: for the first bytes, to see what it is */
    SESSION_WAIT_ORIGIN,    /* nothing came: a raw connection is dialled, who speaks first? */
    SESSION_WAIT_FACTS,     /* a ClientHello came: for what is known of the origin */
    SESSION_WAIT_LEAF,      /* for a certificate that is made off the loop */
    SESSION_WAIT_HANDSHAKE, /* for the client's TLS handshake with us */
    SESSION_WAIT_INNER,     /* TLS stands: for the first bytes within */
    SESSION_TUNNEL,         /* relayed raw */
    SESSION_HANG,           /* a rule said so: nothing is done any more */
    SESSION_WAIT_FLUSH,     /* our FIN goes out after what is queued; reading is thrown away */
    SESSION_ENDED,
};

struct dial_fault;
struct exchange;

/* A rule at work on the connection, told on every flow of it. In the session's arena. */
struct session_note {
    const char *label, *note;
    struct session_note *next;
};

struct session {
    struct engine *engine;
    enum session_state state;
    struct wire *wire;
    struct codec *codec;       /* NULL but for HTTP */
    struct exchange *exchange; /* the one that runs, or NULL */
    struct tunnel *tunnel;
    struct arena arena;
    uint64_t number;
    uint32_t exchanges;
    char client[ADDRESS_TEXT];
    char client_host[ADDRESS_TEXT]; /* without the port: who the client is, for rules */
    struct bytes user;              /* of proxy authentication */
    struct head *connect_head;      /* a CONNECT that is to be answered */
    uint32_t connect_stream;
    bool connected;            /* CONNECT has been answered: `target` is where to */
    bool client_done;          /* the client's FIN came */
    bool flow_left;            /* at least one flow tells of this connection */
    bool head_timed;           /* the limit for this request's head runs */
    bool held_back;            /* bytes wait until more of the answers has left */
    char origin[ADDRESS_TEXT]; /* a tunnel's far end */
    struct target target;
    struct buf peek; /* what came before it was clear what it is */
    struct buf hello_scratch;
    struct client_hello hello;
    struct bytes sni;  /* normalised; empty: none */
    struct bytes alpn; /* offered by the client, as on the wire */
    struct facts_waiter facts_waiter;
    struct mint *mint;     /* while it is made */
    struct upstream *raw;  /* being dialled for a tunnel */
    struct wire *raw_wire; /* dialled; who speaks first? */
    struct session_note *notes;
    enum leaf_fault leaf_fault; /* of the certificate that is shown, by a rule */
    bool no_alpn, tls_1_2;      /* by a rule: none is chosen; no later version is spoken */
    bool faulted;               /* by a rule, so that it is to fail */
    struct dial_fault *held;    /* a rule holds the dial of a tunnel */
    struct timer timer;
    int64_t started_us, started_wall_us;
    struct live live;            /* of its tunnel */
    char shown_id[FLOW_ID_TEXT]; /* of the flow that was shown; its end bears it too */
    uint64_t shown_sequence;
    struct session *prev, *next;
    struct grave grave;
};

/* For a connection that was accepted. */
MUST_USE enum status session_accept(struct engine *e, struct wire *w,
                                    const struct sockaddr_storage *client);
/* The exchange is over; `ending` is an enum exchange_ending. */
void session_exchange_over(struct session *s, int ending);
/* Finish what runs and end. */
void session_drain(struct session *s);
/* Ends it now, by RST when `reset`. */
void session_end(struct session *s, bool reset);
/* FIN after what is queued; then linger and end. */
void session_finish(struct session *s);

/* For session_*.c. */
extern const struct wire_user session_wire_user;
/* Goes over to a state, which lasts at most `us` (0: any time). */
void session_wait(struct session *s, enum session_state state, int64_t us);
/* HTTP from here on, on the plaintext of the wire. */
MUST_USE enum status session_use_codec(struct session *s);
/* Leaves HTTP: what is queued goes out, the codec is no more. Not from within a
 * callback of the codec. */
MUST_USE enum status session_leave_codec(struct session *s);
/* Leaves a `refused` flow. `sentence` NULL: the reason's own. */
void session_note_refusal(struct session *s, enum close_reason reason, const char *sentence);
/* The same, with the reason's page (status 0: the reason's own) as the last word. */
void session_refuse(struct session *s, enum close_reason reason, uint16_t status,
                    const char *sentence, uint32_t anomalies);
/* Where the request wants to go; and whether it may. Answers it if not. */
void session_request(struct session *s, uint32_t stream, const struct head *request);
/* Answers the CONNECT of s->connect_head. */
void session_connect(struct session *s);
/* The first bytes within a CONNECT, or within its TLS. */
void session_peek_bytes(struct session *s, struct slice in, size_t *ret_used);
void session_peek_timeout(struct session *s);
/* Relays from here on. */
void session_tunnel(struct session *s);
void session_tunnel_ended(struct session *s);
void session_drop_raw(struct session *s);
/* The same, and what rules did to that dial is not told: the client speaks TLS or HTTP. */
void session_forgo_raw(struct session *s);
/* A ClientHello lies in s->peek and s->hello. */
void session_start_tls(struct session *s);
void session_accept_tls(struct session *s);
/* Asks the rules what is to be done to the TLS that the ClientHello begins. True: it was
 * broken off, or the session has ended. */
bool session_hello_broken(struct session *s);
/* The handshake failed, or the client left behind it without a request: was it by a rule?
 * Then a flow was left that says so. */
bool session_fault_took(struct session *s, bool in_handshake);
MUST_USE enum status session_tls_binding(const struct session *s, struct bytes host,
                                         uint8_t ret_binding[TLS_BINDING_BYTES]);
void session_note_rule(struct session *s, const char *label, const char *note);
void session_handshake_ended(struct session *s, enum status st);
void session_handshake_broke(struct session *s, const char *detail);

#endif
