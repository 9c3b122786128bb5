/* flow: one request with its response as recorded and shown; or a tunnel, or a
 * refused connection. One record and one vocabulary for all sinks. Filled by the
 * core in the exchange's own arena, which goes to the log thread with it and
 * comes back to be reused: nothing is copied for the log but what changes. */
#ifndef WEIR_LOGS_FLOW_H
#define WEIR_LOGS_FLOW_H

#include "base/buf.h"
#include "http/message.h"

enum { FLOW_ID_TEXT = 27 }; /* a ULID with its NUL */

enum flow_kind { FLOW_HTTP, FLOW_TUNNEL, FLOW_REFUSED };

/* µs; -1 where it does not apply. */
struct flow_timings {
    int64_t blocked;           /* waiting for a connection or for rules, without what follows */
    int64_t dns, connect, tls; /* of a connection made for this exchange */
    int64_t send, wait, receive;
    int64_t injected; /* delays put in by rules; in none of the others */
    int64_t total;
};

struct flow_tls {
    uint16_t version;
    const char *version_text, *cipher; /* static, or in the arena */
    struct bytes sni, alpn, ja4;       /* ja4: of the client only */
    bool resumed, verified;
    struct bytes certificate; /* facts of the origin's, a line each; may be empty */
};

struct flow_body {
    struct slice *slices; /* captured, in order; references on the loop's chunks */
    uint32_t count, cap;
    int64_t wire_bytes;     /* content as it passed, all of it; -1: not known */
    int64_t captured_bytes; /* of them kept here */
    int64_t content_bytes;  /* imported: length of the whole content, decoded; 0: not told */
    bool decoded;           /* the slices have the content without its codings (imported) */
    bool cut;               /* imported: some of it is missing, though nobody says how much */
};

struct flow_message {
    const struct head *received; /* NULL: none came */
    const struct head *sent;     /* NULL: none went out; may equal `received` */
    const struct fields *trailers;
    struct flow_body body;
};

struct flow_interim {
    const struct head *head;
    bool injected; /* a rule made it */
    struct flow_interim *next;
};

/* What a rule did here. */
struct flow_rule {
    const char *label; /* "proxy.yaml:12 flaky checkout" */
    const char *note;  /* "status 200 → 503"; or NULL */
    struct flow_rule *next;
};

/* A word that a rule put on it. */
struct flow_tag {
    const char *text;
    struct flow_tag *next;
};

/* A message of a WebSocket (RFC 6455). */
struct flow_socket_message {
    bool from_client;
    uint8_t opcode;  /* 1 text, 2 binary, 8 close, 9 ping, 10 pong */
    int64_t time_us; /* since 1970 */
    struct bytes data;
    struct flow_socket_message *next;
};

/* What a rule lets the log have of it. */
enum flow_keep { FLOW_KEEP_ALL, FLOW_KEEP_HEADS, FLOW_KEEP_NOTHING };

struct flow {
    enum flow_kind kind;
    char id[FLOW_ID_TEXT]; /* ULID */
    uint64_t number;       /* in the store it was read from, the handle for people; 0: none */
    uint64_t sequence;     /* of this loop; unique with `loop` */
    uint32_t loop;
    int64_t started_us;    /* since 1970 */
    struct bytes client;   /* "127.0.0.1:51234" */
    struct bytes user;     /* of proxy authentication; may be empty */
    struct bytes upstream; /* address dialled, "127.0.0.1:443"; empty: none */
    uint64_t client_connection, upstream_connection; /* 0: none */
    bool client_reused, upstream_reused;
    struct bytes scheme, host; /* of the URL; host without brackets */
    uint16_t port;
    struct flow_tls client_tls, upstream_tls; /* version 0: none */
    struct flow_message request, response;
    struct flow_interim *interim;
    struct flow_timings timings;
    uint32_t anomalies; /* both messages' HTTP_ANOMALY() bits */
    struct flow_rule *rules;
    struct flow_tag *tags; /* each one once */
    struct flow_socket_message *messages;
    enum flow_keep keep;
    char duplicate_of[FLOW_ID_TEXT]; /* a rule sent it: the request it is a copy of; or "" */
    bool injected;                   /* the response was made by a rule */
    uint16_t status;                 /* sent to the client; 0: none */
    const char *reason;              /* how it ended: the name in close_reasons.def */
    const char *sentence;            /* the same for people, with particulars */
    bool error;                      /* that end is an error */
    bool live;                       /* still open: sent before its end */
    bool body_not_captured;          /* the log was too full to keep the body */
    int64_t tunnel_up_bytes, tunnel_down_bytes;
    struct arena arena; /* holds all of the above, this struct too */
};

/* "https://a.test/path?query" of a flow, without the scheme's own port; a tunnel's
 * is "host:port". */
void flow_put_url(const struct flow *f, struct buf *out);
/* Parts of it: "a.test" or "[::1]:8080"; the scheme with that; path and query. */
void flow_put_authority(const struct flow *f, struct buf *out);
void flow_put_origin(const struct flow *f, struct buf *out);
struct bytes flow_path(const struct flow *f);
int64_t flow_tunnel_bytes(const struct flow *f);          /* both ways; at most INT64_MAX */
bool flow_ok(const struct flow *f);                       /* status below 400, and there is one */
const char *flow_kind_text(enum flow_kind kind);          /* "http" "tunnel" "refused" */
const char *flow_version_text(enum http_version version); /* "HTTP/1.1" */
/* Have both heads the same end-to-end fields in the same order? Hop-by-hop fields and
 * those that frame the message differ by their nature (RFC 9110 §7.6.1). */
bool flow_heads_alike(const struct head *a, const struct head *b);

/* The head that tells of the captured body: what came, else what we made. */
const struct head *flow_message_head(const struct flow_message *m);
struct bytes flow_content_type(const struct flow_message *m); /* may be empty */
/* Some of the content is missing here. */
bool flow_body_cut(const struct flow_body *b);
/* The captured bytes as they passed, joined in `out` unless they lie in one piece:
 * *ret_wire points into the flow or into `out`. STATUS of `out`. */
MUST_USE enum status flow_wire(const struct flow_message *m, struct buf *out,
                               struct bytes *ret_wire);
/* The content as Python's requests has it: decoded by Content-Encoding as far as
 * captured. `out` is empty at first. STATUS of coding_decode(); `out` always has what
 * could be decoded. */
MUST_USE enum status flow_content(const struct flow_message *m, struct buf *out);
/* The same without a copy where there is nothing to decode: *ret_content, set in
 * any case, points into the flow or into `out`. */
MUST_USE enum status flow_content_view(const struct flow_message *m, struct buf *out,
                                       struct bytes *ret_content);

#endif
