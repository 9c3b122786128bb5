/* message: what an HTTP message is, whatever the version that carries it, and
 * the events by which it moves between codecs, filters and taps.
 * RFC 9110 §6; field lines RFC 9112 §5. */
#ifndef WEIR_HTTP_MESSAGE_H
#define WEIR_HTTP_MESSAGE_H

#include "base/arena.h"
#include "base/chunk.h"

enum {
    HTTP_HEAD_BYTES = 64 * 1024,         /* default limit of a head */
    HTTP_FIELDS = 256,                   /* default limit of field lines in a head */
    HTTP_REQUEST_LINE_BYTES = 16 * 1024, /* default limit of a request line */
    HTTP_TRAILER_BYTES = 16 * 1024,
    HTTP_CHUNK_LINE_BYTES = 4 * 1024,
    HTTP_INTERIM_RESPONSES = 16, /* 1xx answers before a final one */
};

enum http_side { HTTP_REQUEST, HTTP_RESPONSE };
enum http_version { HTTP_1_0 = 10, HTTP_1_1 = 11, HTTP_2 = 20 };

enum http_anomaly_place {
#define ANOMALY(name, text, sentence) HTTP_ANOMALY_PLACE_##name,
#include "http/anomalies.def"
#undef ANOMALY
    HTTP_ANOMALY_COUNT
};
#define HTTP_ANOMALY(name) (UINT32_C(1) << HTTP_ANOMALY_PLACE_##name)
/* The word and the sentence of the row at `place`; static. */
const char *http_anomaly_text(enum http_anomaly_place place);
const char *http_anomaly_sentence(enum http_anomaly_place place);

/* Fields that weir itself looks at; FIELD_OTHER is all others. */
enum field_id {
    FIELD_OTHER,
#define FIELD(id, name, flags) FIELD_##id,
#include "http/fields.def"
#undef FIELD
    FIELD_COUNT
};
enum field_rule {
    FIELD_RULE_NONE = 0,
    FIELD_RULE_HOP = 1,        /* hop by hop: RFC 9110 §7.6.1, and Proxy-* */
    FIELD_RULE_FRAMING = 2,    /* frames the message: the codec writes its own */
    FIELD_RULE_SECRET = 4,     /* redacted where flows leave the store */
    FIELD_RULE_NO_TRAILER = 8, /* may not stand in a trailer section (RFC 9110 §6.5.1) */
};
/* By name, any case; FIELD_OTHER when it is not in the table. */
enum field_id field_id_of(struct bytes name);
unsigned field_rules(enum field_id id);
struct bytes field_name(enum field_id id); /* in its usual spelling */

struct field {
    struct bytes name;  /* spelled as it came */
    struct bytes value; /* without white space around it; obs-fold already a space */
    struct bytes line;  /* the whole line as it came, without its end; len 0 when made by us */
    uint16_t id;        /* enum field_id */
    bool never_index;   /* HTTP/2's never-indexed literal, to be kept */
};

/* An ordered list. It lives in an arena; growing copies the array within it. */
struct fields {
    struct field *items;
    uint32_t count, cap;
};

/* How long the content is (RFC 9112 §6.3). */
enum http_framing {
    HTTP_NO_BODY,
    HTTP_LENGTH,  /* head.length bytes */
    HTTP_CHUNKED, /* length unknown; trailers possible (HTTP/2 streams as well) */
    HTTP_UNTIL_CLOSE,
};

/* The four forms of RFC 9112 §3.2. */
enum target_form { TARGET_ORIGIN, TARGET_ABSOLUTE, TARGET_AUTHORITY, TARGET_ASTERISK };

struct head {
    enum http_side side;
    enum http_version version; /* as received */
    enum http_framing framing;
    int64_t length;      /* bytes of content when framing is HTTP_LENGTH, else -1 */
    uint32_t anomalies;  /* HTTP_ANOMALY() bits */
    uint32_t head_bytes; /* on the wire, through the empty line */
    bool keep_alive;     /* the sender would go on with this connection */
    bool expect_continue;
    bool upgrade; /* request: Connection names upgrade and Upgrade is there */
    /* request */
    enum target_form form;
    struct bytes method;
    struct bytes target;    /* as it came */
    struct bytes scheme;    /* absolute-form and HTTP/2; else empty */
    struct bytes authority; /* of the target, or else of Host; "host[:port]" */
    struct bytes path;      /* with the query, starting in '/', or "*"; empty for CONNECT */
    /* response */
    uint16_t status;
    struct bytes reason;
    struct fields fields;
};

/* A deep copy into `a`: the copy shares nothing with `from`. */
MUST_USE enum status head_copy(struct arena *a, const struct head *from, struct head *ret_head);
/* A copy whose field list may be edited apart; the bytes stay shared. */
MUST_USE enum status head_fork(struct arena *a, const struct head *from, struct head *ret_head);

/* The first field of that id / name at or after `from`, or -1. */
int fields_find(const struct fields *f, enum field_id id, uint32_t from);
int fields_find_name(const struct fields *f, struct bytes name, uint32_t from);
/* The value of the first one; len 0 and ptr NULL when absent. */
struct bytes fields_value(const struct fields *f, struct bytes name);
/* The bytes are not copied: they must live as long as the list. */
MUST_USE enum status fields_append(struct arena *a, struct fields *f, struct bytes name,
                                   struct bytes value);
/* First line in place, the others of that name removed; appended when absent. */
MUST_USE enum status fields_set(struct arena *a, struct fields *f, struct bytes name,
                                struct bytes value);
void fields_remove(struct fields *f, struct bytes name);
void fields_remove_at(struct fields *f, uint32_t at);
/* Does a comma-separated list in any field of that id hold `token` (any case)? */
bool fields_list_has(const struct fields *f, enum field_id id, struct bytes token);
/* Does it ask for another protocol: Connection names upgrade, and Upgrade
 * something besides h2c, which weir never passes on (RFC 9110 §7.8)? */
bool fields_want_upgrade(const struct fields *f);
/* Removes what may not pass a proxy: the fields of FIELD_RULE_HOP, and what
 * Connection names (RFC 9110 §7.6.1). Keeps TE: trailers, and, when
 * `keep_upgrade`, Upgrade with the Connection that names it. */
MUST_USE enum status fields_strip_hop(struct arena *a, struct fields *f, bool keep_upgrade);

/* The events a message is made of. Order: INTERIM* HEAD DATA* TRAILERS? END for
 * a response, HEAD DATA* TRAILERS? END for a request; ABORT may come at any
 * place and is the last. TUNNEL follows a HEAD of status 101, or of 2xx to
 * CONNECT; after it DATA is raw bytes until END. MESSAGE is one WebSocket
 * message, for taps. */
enum message_event_kind {
    MESSAGE_HEAD,
    MESSAGE_INTERIM,
    MESSAGE_DATA,
    MESSAGE_MESSAGE,
    MESSAGE_TRAILERS,
    MESSAGE_END,
    MESSAGE_ABORT,
    MESSAGE_TUNNEL,
};

struct message_event {
    enum message_event_kind kind;
    union {
        const struct head *head;       /* HEAD, INTERIM: valid during the call */
        struct slice data;             /* DATA: borrowed; slice_retain() to keep */
        const struct fields *trailers; /* TRAILERS: valid during the call */
        struct {
            uint16_t reason; /* ABORT: a row of close_reasons.def */
            bool reset;      /* by RST rather than FIN */
        } abort;
    };
};

/* Status codes (IANA registry, RFC 9110 §15) and methods (RFC 9110 §9). */
struct http_status {
    uint16_t code;
    const char *phrase;
    const char *meaning; /* one sentence for people */
};
/* NULL when it is not registered. */
const struct http_status *http_status_find(unsigned code);
/* "informational" "successful" "redirection" "client error" "server error" or "unknown" */
const char *http_status_class(unsigned code);
/* Does a response of this status to this method have no content? (RFC 9110 §6.4.1) */
bool http_status_bodiless(unsigned code);

struct http_method {
    const char *name;
    bool safe, idempotent;
    bool request_body; /* does content in a request have a meaning? */
    const char *meaning;
};
/* NULL when it is not one of the registered ones; methods are case-sensitive. */
const struct http_method *http_method_find(struct bytes name);
bool http_method_is(const struct head *request, const char *name);

bool http_token_valid(struct bytes in); /* RFC 9110 §5.6.2 */
/* No CR, LF or NUL, and no other control but tab (RFC 9110 §5.5). */
bool http_value_valid(struct bytes in);

#endif
