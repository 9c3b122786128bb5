/* settings: what the engine is told at start. Immutable while it runs, shared by
 * all engines of a process, owned by who made it (cli/), which outlives them.
 * Rules are not here: they come as an event and may be replaced. */
#ifndef WEIR_PROXY_CORE_SETTINGS_H
#define WEIR_PROXY_CORE_SETTINGS_H

#include <netinet/in.h>

#include "http/codec.h"
#include "logs/logs.h"
#include "rules/ruleset.h"
#include "tls/tlsio.h"

enum {
    POOL_TOTAL = 256,             /* idle upstream connections kept, per loop */
    POOL_BURST_US = 1 * 1000000,  /* how long more of them are */
    FACTS_TTL_US = 600 * 1000000, /* what is known of an origin */
    FACTS_FAILURE_TTL_US = 5 * 1000000,
    FACTS_WAIT_US = 2 * 1000000, /* how long a client's handshake waits for them */
    FACTS = 4096,                /* origins known, per loop */
    DNS_TTL_US = 30 * 1000000,
    DNS_FAILURE_TTL_US = 1 * 1000000,
    DNS_HOSTS = 4096,                 /* names cached, per loop */
    DNS_ADDRESSES = 16,               /* of one name */
    DIAL_STAGGER_US = 250 * 1000,     /* RFC 8305 §5 */
    WIRE_HIGH_BYTES = 256 * 1024,     /* stop reading above this much not taken */
    WIRE_LOW_BYTES = 64 * 1024,       /* start again below this */
    ENGINE_BYTES = 512 * 1024 * 1024, /* in flight in one engine; then the fullest stop */
    ANSWER_READ_BYTES = 1024 * 1024,  /* of a request's body before a rule's answer */
    ANSWER_READ_US = 5 * 1000000,
    COLLECT_BYTES = 8 * 1024 * 1024,         /* of a message, held whole for rules */
    COLLECT_TOTAL_BYTES = 256 * 1024 * 1024, /* of all of them, per loop */
    DRAIN_US = 10 * 1000000,                 /* for what runs, after SIGTERM */
    EXCHANGE_BYTES = 8 * 1024 * 1024,        /* of an exchange's arena */
    OWN_ADDRESSES = 64,
};

/* Host patterns: "a.test" exactly, ".a.test" it and its subdomains, "*" all. */
struct host_pattern {
    struct bytes host; /* lower case, A-labels, without the leading dot */
    bool subdomains, any;
};
struct host_list {
    struct host_pattern *items;
    uint32_t count;
};
bool host_list_has(const struct host_list *l, struct bytes host);
MUST_USE enum status host_pattern_parse(struct arena *a, struct bytes text,
                                        struct host_pattern *ret_pattern);
bool host_pattern_takes(const struct host_pattern *p, struct bytes host);

struct map_entry { /* upstream.map */
    struct bytes host;
    uint16_t port; /* 0: any */
    struct bytes to_host;
    uint16_t to_port; /* 0: the port asked for */
};
struct via_entry {             /* upstream.via */
    struct host_pattern hosts; /* any: default */
    bool direct;
    struct bytes host;
    uint16_t port;
    struct bytes credentials; /* "Basic …" for Proxy-Authorization; may be empty */
};
struct client_cert {
    struct host_pattern hosts;
    const struct tls_identity *identity;
};

struct settings {
    struct { /* µs; 0: none */
        int64_t client_idle, head, peek, dns, connect, tls, response_head, body_idle, pool_idle;
    } timeouts;
    struct codec_limits limits; /* .lenient is decided per host */
    int64_t pattern_us;         /* for the searches by pattern of one step of the rules */
    int64_t connections;        /* client connections at once, per process; 0: no limit */
    struct {
        struct host_list decrypt; /* count 0: all */
        bool decrypt_none;
        struct host_list passthrough, no_verify;
        bool reject_passthrough; /* on_reject: passthrough */
        bool dial_lazy;
        struct client_cert *certs;
        uint32_t cert_count;
    } tls;
    struct host_list lenient;
    bool via_header;
    struct map_entry *map;
    uint32_t map_count;
    struct via_entry *via; /* first match counts; none: direct */
    uint32_t via_count;
    struct bytes auth;          /* "user:password"; empty: nobody is asked */
    int64_t body_capture_bytes; /* of each message, for the log */
    enum log_on_full on_full;
    bool capture; /* is there any sink at all */
    bool live;    /* does one show flows while they are open */
    /* Own listeners, the inspector's too: never a target. Wildcards are expanded
     * to every address of this machine by the loop. */
    struct sockaddr_storage own[OWN_ADDRESSES];
    uint32_t own_count;
    struct bytes mark; /* header on answers weir makes up by a rule; empty: off */
};

#endif
