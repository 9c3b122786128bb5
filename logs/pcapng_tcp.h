/* pcapng_tcp: packets of made up TCP connections, as blocks of a pcapng file.
 * RFC 9293, RFC 791, RFC 8200. Inner header of logs/. */
#ifndef WEIR_LOGS_PCAPNG_TCP_H
#define WEIR_LOGS_PCAPNG_TCP_H

#include "base/buf.h"

enum { TCP_ADDRESS_BYTES = 16, TCP_COMMENT_BYTES = 4096 };

struct tcp_side {
    uint8_t address[TCP_ADDRESS_BYTES]; /* IPv4 in the first four */
    uint16_t port;
    uint32_t sequence; /* of the next byte it sends */
};

struct tcp_stream {
    uint64_t key;
    bool open, v6;
    struct tcp_side client, server;
    int64_t last_us; /* time of its last packet */
};

/* A block of any type (§3.1): its body in one piece, a multiple of four bytes. */
void tcp_put_block(struct buf *out, uint32_t type, struct bytes body);
/* The three segments of a handshake; the three that end it. */
void tcp_put_open(struct tcp_stream *s, int64_t time_us, struct buf *out);
void tcp_put_close(struct tcp_stream *s, int64_t time_us, struct buf *out);
/* Data in segments, from `first_us` to `last_us`, and its acknowledgements. `comment`
 * goes to the first packet; it may be empty. */
struct tcp_data {
    struct bytes bytes, comment;
    bool from_client;
    int64_t first_us, last_us;
};
void tcp_put_data(struct tcp_stream *s, const struct tcp_data *data, struct buf *out);

#endif
