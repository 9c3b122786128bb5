#include "logs/pcapng_tcp.h"

#include <string.h>

enum {
    BLOCK_PACKET = 6, /* Enhanced Packet Block, §4.3 */
    OPTION_COMMENT = 1,
    ETHERNET_BYTES = 14,
    IPV4_HEAD_BYTES = 20,
    IPV6_HEAD_BYTES = 40,
    TCP_HEAD_BYTES = 20,
    SYN_OPTION_BYTES = 8, /* MSS and window scale */
    SEGMENT_BYTES = 1400,
    PACKET_BYTES = ETHERNET_BYTES + IPV6_HEAD_BYTES + TCP_HEAD_BYTES + SEGMENT_BYTES,
    SEGMENTS_PER_ACK = 32,
    FLAG_FIN = 1,
    FLAG_SYN = 2,
    FLAG_PSH = 8,
    FLAG_ACK = 16,
    PROTOCOL_TCP = 6,
    IPV4_BYTES = 4,
    LIFETIME = 64,
    WINDOW = 65535, /* times 256 */
};

/* ---- blocks: little-endian, the byte order that pcapng_begin() declares ---------------------- */

static void put_u32(struct buf *out, uint32_t value)
{
    const uint8_t bytes[] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                             (uint8_t)(value >> 24)};

    buf_put(out, bytes_make(bytes, sizeof(bytes)));
}

static void put_padding(struct buf *out, size_t len)
{
    for (; len % 4; len++)
        buf_put_byte(out, 0);
}

void tcp_put_block(struct buf *out, uint32_t type, struct bytes body)
{
    uint32_t len = (uint32_t)body.len + 12;

    put_u32(out, type);
    put_u32(out, len);
    buf_put(out, body);
    put_u32(out, len);
}

static size_t padded(size_t len)
{
    return (len + 3) / 4 * 4;
}

static void put_packet(struct buf *out, int64_t time_us, struct bytes packet, struct bytes comment)
{
    struct bytes text = bytes_until(comment, TCP_COMMENT_BYTES);
    size_t options = text.len ? 4 + padded(text.len) + 4 : 0;
    uint32_t len = (uint32_t)(32 + padded(packet.len) + options);

    put_u32(out, BLOCK_PACKET);
    put_u32(out, len);
    put_u32(out, 0); /* the interface */
    put_u32(out, (uint32_t)((uint64_t)time_us >> 32));
    put_u32(out, (uint32_t)time_us);
    put_u32(out, (uint32_t)packet.len); /* captured, and original */
    put_u32(out, (uint32_t)packet.len);
    buf_put(out, packet);
    put_padding(out, packet.len);
    if (text.len) {
        put_u32(out, (uint32_t)text.len << 16 | OPTION_COMMENT);
        buf_put(out, text);
        put_padding(out, text.len);
        put_u32(out, 0); /* end of options */
    }
    put_u32(out, len);
}

/* ---- packets: big-endian --------------------------------------------------------------------- */

static void set_u16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void set_u32(uint8_t *at, uint32_t value)
{
    set_u16(at, value >> 16);
    set_u16(at + 2, value);
}

/* Adds to the sum of RFC 1071. */
static uint32_t sum_add(uint32_t sum, const uint8_t *at, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2)
        sum += (uint32_t)at[i] << 8 | at[i + 1];
    if (len % 2)
        sum += (uint32_t)at[len - 1] << 8;
    return sum;
}

static uint32_t sum_end(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

struct segment {
    const struct tcp_side *from, *to;
    struct bytes data;
    uint8_t flags;
};

static size_t put_ethernet(uint8_t *at, bool v6, bool from_client)
{
    static const uint8_t client[] = {2, 0, 0, 0, 0, 1}, server[] = {2, 0, 0, 0, 0, 2};

    memcpy(at, from_client ? server : client, sizeof(client));
    memcpy(at + sizeof(client), from_client ? client : server, sizeof(client));
    set_u16(at + 2 * sizeof(client), v6 ? 0x86dd : 0x0800);
    return ETHERNET_BYTES;
}

static size_t put_ip(uint8_t *at, bool v6, const struct segment *s, size_t len)
{
    if (v6) {
        set_u32(at, UINT32_C(6) << 28);
        set_u16(at + 4, (uint32_t)len);
        at[6] = PROTOCOL_TCP;
        at[7] = LIFETIME;
        memcpy(at + 8, s->from->address, TCP_ADDRESS_BYTES);
        memcpy(at + 24, s->to->address, TCP_ADDRESS_BYTES);
        return IPV6_HEAD_BYTES;
    }
    memset(at, 0, IPV4_HEAD_BYTES);
    at[0] = 0x45;
    set_u16(at + 2, (uint32_t)len + IPV4_HEAD_BYTES);
    at[6] = 0x40; /* do not fragment */
    at[8] = LIFETIME;
    at[9] = PROTOCOL_TCP;
    memcpy(at + 12, s->from->address, IPV4_BYTES);
    memcpy(at + 16, s->to->address, IPV4_BYTES);
    set_u16(at + 10, sum_end(sum_add(0, at, IPV4_HEAD_BYTES)));
    return IPV4_HEAD_BYTES;
}

static size_t put_tcp(uint8_t *at, bool v6, const struct segment *s)
{
    static const uint8_t syn_options[SYN_OPTION_BYTES] = {
        2, 4, SEGMENT_BYTES >> 8, SEGMENT_BYTES & 255, 1, 3, 3, 8};
    size_t address = v6 ? TCP_ADDRESS_BYTES : IPV4_BYTES, len = TCP_HEAD_BYTES;
    uint32_t sum;

    set_u16(at, s->from->port);
    set_u16(at + 2, s->to->port);
    set_u32(at + 4, s->from->sequence);
    set_u32(at + 8, s->flags & FLAG_ACK ? s->to->sequence : 0);
    if (s->flags & FLAG_SYN) {
        memcpy(at + len, syn_options, sizeof(syn_options));
        len += sizeof(syn_options);
    }
    at[12] = (uint8_t)(len / 4 << 4);
    at[13] = s->flags;
    set_u16(at + 14, WINDOW);
    set_u32(at + 16, 0); /* checksum and urgent pointer */
    if (s->data.len)
        memcpy(at + len, s->data.ptr, s->data.len);
    len += s->data.len;
    sum = sum_add(PROTOCOL_TCP + (uint32_t)len, s->from->address, address);
    sum = sum_add(sum, s->to->address, address);
    set_u16(at + 16, sum_end(sum_add(sum, at, len)));
    return len;
}

static void put_segment(struct tcp_stream *t, bool from_client, uint8_t flags, int64_t time_us,
                        struct bytes data, struct bytes comment, struct buf *out)
{
    struct tcp_side *from = from_client ? &t->client : &t->server;
    struct segment s = {
        .from = from,
        .to = from_client ? &t->server : &t->client,
        .flags = flags,
        .data = data,
    };
    uint8_t packet[PACKET_BYTES];
    size_t head = put_ethernet(packet, t->v6, from_client);
    size_t ip = t->v6 ? IPV6_HEAD_BYTES : IPV4_HEAD_BYTES;
    size_t len = put_tcp(packet + head + ip, t->v6, &s);

    put_ip(packet + head, t->v6, &s, len);
    if (time_us < t->last_us)
        time_us = t->last_us;
    t->last_us = time_us;
    put_packet(out, time_us, bytes_make(packet, head + ip + len), comment);
    from->sequence += (uint32_t)data.len + ((flags & (FLAG_SYN | FLAG_FIN)) != 0);
}

static void put_signal(struct tcp_stream *t, bool from_client, uint8_t flags, int64_t time_us,
                       struct buf *out)
{
    const struct bytes none = {0};

    put_segment(t, from_client, flags, time_us, none, none, out);
}

/* ---- connections --------------------------------------------------------------------------------
 */

void tcp_put_open(struct tcp_stream *s, int64_t time_us, struct buf *out)
{
    s->open = true;
    put_signal(s, true, FLAG_SYN, time_us, out);
    put_signal(s, false, FLAG_SYN | FLAG_ACK, time_us, out);
    put_signal(s, true, FLAG_ACK, time_us, out);
}

void tcp_put_close(struct tcp_stream *s, int64_t time_us, struct buf *out)
{
    s->open = false;
    put_signal(s, false, FLAG_FIN | FLAG_ACK, time_us, out);
    put_signal(s, true, FLAG_FIN | FLAG_ACK, time_us, out);
    put_signal(s, false, FLAG_ACK, time_us, out);
}

void tcp_put_data(struct tcp_stream *s, const struct tcp_data *data, struct buf *out)
{
    struct bytes left = data->bytes, comment = data->comment;
    int64_t span_us = data->last_us > data->first_us ? data->last_us - data->first_us : 0;
    uint32_t since_ack = 0;

    while (left.len && !buf_status(out)) {
        struct bytes part = bytes_until(left, SEGMENT_BYTES);
        double done = (double)(data->bytes.len - left.len) / (double)data->bytes.len;
        int64_t time_us = data->first_us + (int64_t)(done * (double)span_us);
        uint8_t flags = FLAG_ACK | (part.len == left.len ? FLAG_PSH : 0);

        put_segment(s, data->from_client, flags, time_us, part, comment, out);
        comment = bytes_make(NULL, 0);
        left = bytes_from(left, part.len);
        if (++since_ack < SEGMENTS_PER_ACK && left.len)
            continue;
        put_signal(s, !data->from_client, FLAG_ACK, time_us, out);
        since_ack = 0;
    }
}
