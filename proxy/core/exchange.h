/* exchange: one request with its response while it is alive: its filters, its
 * connection to the origin, and the record of it. It lives in its own arena, which
 * goes to the log with the flow when it has ended. */
#ifndef WEIR_PROXY_CORE_EXCHANGE_H
#define WEIR_PROXY_CORE_EXCHANGE_H

#include "proxy/core/engine_impl.h"
#include "proxy/core/filter.h"
#include "proxy/core/upstream.h"

struct dial_fault;
struct session;

/* What the exchange waits for on its way to the origin. */
enum origin_state {
    ORIGIN_WAIT_HEAD,       /* for the filters to let the request through */
    ORIGIN_WAIT_CONNECTION, /* for the upstream */
    ORIGIN_OPEN,            /* request and response flow */
    ORIGIN_DONE,            /* nothing more goes there or comes from there */
};

struct exchange {
    struct engine *engine;
    struct session *session;
    uint32_t stream;
    struct flow *flow;            /* its arena is this exchange's arena */
    struct ruleset *rules;        /* pinned */
    struct target target;         /* where it goes; where it was meant to go the flow tells */
    bool secure;                  /* https */
    bool redirected;              /* by a rule: the target is another one */
    struct head request;          /* as received */
    struct head request_out;      /* as sent on */
    struct head response;         /* as received */
    struct head response_out;     /* as sent on */
    struct filter *first, *last;  /* first: next to the client */
    struct filter_pace *pace[2];  /* by enum http_side: of them those that keep its pace, or NULL */
    struct filter_copies *copies; /* of them the one that keeps the request, or NULL */
    enum origin_state origin;
    struct upstream *upstream;
    struct dial_fault *dial_fault; /* a rule holds the dial */
    struct route route;
    struct gather_wait *gather; /* others wait until this request has been sent; or NULL */
    struct slice_queue gate;    /* content that waits for the connection */
    struct fields *gate_trailers;
    bool gate_ended;       /* END waits there too */
    bool request_ended;    /* END came from the client */
    bool response_started; /* HEAD went to the client */
    bool response_ended;   /* END went to the client */
    bool sent_content;     /* content went upstream: no retry */
    bool retried;
    bool tunnel;                   /* after an Upgrade */
    bool client_half, origin_half; /* tunnel: that side has finished */
    bool answered;                 /* made here, not by the origin */
    bool stalled;                  /* by a rule, until the client leaves */
    uint32_t held;                 /* by so many rules' filters: nobody is to blame for it */
    bool over;
    uint32_t jobs;  /* of its rules, outside; it is kept as long */
    bool draining;  /* the response is out, the request is still read */
    size_t drained; /* bytes of it thrown away */
    enum close_reason reason;
    struct timer timer; /* of what it waits for */
    struct live live;
    int64_t started_us, request_end_us, upstream_asked_us, upstream_ready_us, sent_us;
    int64_t response_head_us; /* monotonic; 0: not yet */
    int64_t injected_us;
    int64_t injected_before_us; /* of it before the connection stood */
    struct grave grave;
};

/* Begins with the request's head, which is copied. Called by the session for each
 * HEAD of its codec. NULL when out of memory. */
struct exchange *exchange_new(struct session *s, uint32_t stream, const struct head *request);
/* Takes the request through its filters; may end the exchange at once. */
void exchange_start(struct exchange *ex);
/* Further events of the client's codec. */
void exchange_from_client(struct exchange *ex, const struct message_event *ev);
/* The client's kernel took so much of the response's content. */
void exchange_client_took(struct exchange *ex, size_t content_bytes);
/* The client is gone, or broke the protocol: ends it. */
void exchange_client_gone(struct exchange *ex, enum close_reason reason, const char *detail);
/* Shows it early if it stays open. */
void exchange_live_start(struct exchange *ex);
/* The times that are known by now. */
void exchange_note_times(struct exchange *ex);
/* Answers by itself with the reason's page, if no response has begun. */
void exchange_fail(struct exchange *ex, enum close_reason reason, const char *sentence);

/* Answers by itself with a page, if no response has begun; else ends it. */
struct page;
void exchange_answer(struct exchange *ex, enum close_reason reason, const char *sentence,
                     const struct page *page);
/* Writes down what is known of the request. */
void exchange_note_request(struct exchange *ex);
/* A piece of content of that message. */
void exchange_note_content(struct exchange *ex, enum http_side side, struct slice data);

/* For the parts of the exchange (exchange_*.c) and its filters. */
struct arena *exchange_arena(struct exchange *ex);
void exchange_to_origin(struct exchange *ex, const struct message_event *ev);
void exchange_to_client(struct exchange *ex, const struct message_event *ev);
/* Sends what the codec would not: a rule breaks it on purpose. `head`, in the arena, is
 * what it is noted as; NULL: nothing. */
void exchange_put_raw(struct exchange *ex, const struct head *head, struct bytes bytes);
void exchange_credit(struct exchange *ex, enum http_side way, size_t content_bytes);
void exchange_let_origin_go(struct exchange *ex);
/* A new connection for it. */
void exchange_dial(struct exchange *ex);
/* Asks the rules whether it may have a connection at once. True: one of them holds it, or
 * the exchange has failed. */
bool exchange_is_held(struct exchange *ex);
/* The last word: the flow goes to the log, the session goes on or ends. */
enum exchange_ending { EXCHANGE_KEEP, EXCHANGE_FINISH, EXCHANGE_RESET, EXCHANGE_HANG };
void exchange_over(struct exchange *ex, enum close_reason reason, const char *sentence,
                   enum exchange_ending ending);
/* It is over, and its last job has come back. */
void exchange_release_late(struct exchange *ex);
/* How a response ends that cannot be completed: by RST where our FIN would make it
 * look complete. */
enum exchange_ending exchange_cut(const struct exchange *ex);
/* After an Upgrade: one side has finished; both: the exchange is over. */
void exchange_tunnel_ended(struct exchange *ex, bool client_side);
/* The content of the message that runs moved: it may stand still for so long again. */
void exchange_arm_body_idle(struct exchange *ex);
/* A further filter, next to the client or next to the origin. */
void exchange_add_filter(struct exchange *ex, struct filter *f, enum http_side towards);
/* Into the arena; NULL when out of memory. */
struct fields *exchange_copy_trailers(struct exchange *ex, const struct fields *trailers);
/* The request goes there instead; before a connection is asked for. NO_MEMORY: nothing
 * changed. */
MUST_USE enum status exchange_redirect(struct exchange *ex, const struct rule_target *to);
/* The heads that go on, made of those that came. */
/* Its Max-Forwards is 0: it is answered, not forwarded (RFC 9110 §7.6.2). */
bool exchange_ends_here(const struct exchange *ex);
MUST_USE enum status exchange_prepare_request(struct exchange *ex);
/* What of it depends on the route: the target's form, an upstream proxy's
 * credentials. After the filters, before it is sent. */
MUST_USE enum status exchange_route_request(struct exchange *ex);
MUST_USE enum status exchange_prepare_response(struct exchange *ex);

#endif
