#include "logs/pcapng.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/host.h"
#include "logs/flow_clean.h"
#include "logs/pcapng_tcp.h"
#include "logs/redact_note.h"

#define LONGEST_US (INT64_C(365) * 24 * 3600 * 1000 * 1000)

enum {
    BLOCK_SECTION = 0x0a0d0d0a, /* §4.1 */
    BLOCK_INTERFACE = 1,        /* §4.2 */
    BLOCK_SECRETS = 10,         /* §4.7 */
    ORDER_MAGIC = 0x1a2b3c4d,
    SECRETS_TLS = 0x544c534b,
    LINK_ETHERNET = 1,
    OPTION_PROGRAM = 4,
    WORD_BYTES = 4,
    SERVER_PORT = 80,
    FIRST_PORT = 49152, /* of clients that have none (RFC 6335 §6) */
    PORTS = 16384,
    CLIENT_SEQUENCE = 0x10000000,
    SERVER_SEQUENCE = 0x40000000,
    SEQUENCE_STEP = 1000003,  /* between the first numbers of two streams */
    COMMENT_URL_BYTES = 1024, /* longer ones are left out */
    FRAME_HEAD_BYTES = 14,    /* of WebSocket, at most (RFC 6455 §5.2) */
};

struct pcapng {
    const struct redactor *redactor;
    struct tcp_stream streams[PCAPNG_STREAMS]; /* each where stream_place() says */
    uint32_t opened;                           /* so far */
};

struct pcapng *pcapng_new(const struct redactor *redactor)
{
    struct pcapng *p = calloc(1, sizeof(*p));

    if (p)
        p->redactor = redactor;
    return p;
}

void pcapng_free(struct pcapng *p)
{
    free(p);
}

/* ---- blocks -------------------------------------------------------------------------------------
 */

static void put_u32(struct buf *out, uint32_t value)
{
    const uint8_t bytes[] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                             (uint8_t)(value >> 24)};

    buf_put(out, bytes_make(bytes, sizeof(bytes)));
}

static void put_padded(struct buf *out, struct bytes in)
{
    buf_put(out, in);
    for (size_t len = in.len; len % WORD_BYTES; len++)
        buf_put_byte(out, 0);
}

enum status pcapng_begin(struct pcapng *p, const char *program, struct buf *out)
{
    struct bytes name = bytes_until(bytes_of(program), TCP_COMMENT_BYTES);
    struct buf body;

    (void)p;
    buf_init(&body, TCP_COMMENT_BYTES + 64);
    put_u32(&body, ORDER_MAGIC);
    put_u32(&body, 1);          /* version 1.0 */
    put_u32(&body, UINT32_MAX); /* length of the section: not known */
    put_u32(&body, UINT32_MAX);
    put_u32(&body, (uint32_t)name.len << 16 | OPTION_PROGRAM);
    put_padded(&body, name);
    put_u32(&body, 0);
    tcp_put_block(out, BLOCK_SECTION, buf_bytes(&body));
    buf_clear(&body);
    put_u32(&body, LINK_ETHERNET);
    put_u32(&body, 0); /* packets of any length; times in µs are the default */
    tcp_put_block(out, BLOCK_INTERFACE, buf_bytes(&body));
    if (buf_status(&body))
        out->status = buf_status(&body);
    buf_release(&body);
    return buf_status(out);
}

enum status pcapng_secrets(struct pcapng *p, struct bytes lines, struct buf *out)
{
    struct buf body;

    (void)p;
    if (lines.len > PCAPNG_SECRETS_BYTES)
        return STATUS_LIMIT;
    buf_init(&body, PCAPNG_SECRETS_BYTES + 64);
    put_u32(&body, SECRETS_TLS);
    put_u32(&body, (uint32_t)lines.len);
    put_padded(&body, lines);
    tcp_put_block(out, BLOCK_SECRETS, buf_bytes(&body));
    if (buf_status(&body))
        out->status = buf_status(&body);
    buf_release(&body);
    return buf_status(out);
}

/* ---- streams ------------------------------------------------------------------------------------
 */

/* An address as it stands in a flow; what cannot be read becomes one of RFC 5737. */
struct endpoint {
    uint8_t address[TCP_ADDRESS_BYTES];
    bool v6;
    uint16_t port; /* 0: none */
};

static struct endpoint endpoint_read(struct bytes text, uint8_t last)
{
    struct endpoint e = {.address = {192, 0, 2, last}};
    struct authority a;

    if (authority_parse(text, &a))
        return e;
    if (a.port > 0)
        e.port = (uint16_t)a.port;
    e.v6 = a.kind == HOST_IPV6 && ipv6_parse(a.host, e.address);
    if (a.kind == HOST_IPV4 && !ipv4_parse(a.host, e.address))
        memcpy(e.address, (const uint8_t[]){192, 0, 2, last}, IPV4_BYTES);
    return e;
}

/* ::ffff:192.0.2.1 (RFC 4291 §2.5.5.2), where the other side is IPv6. */
static void endpoint_widen(struct endpoint *e)
{
    if (e->v6)
        return;
    memcpy(e->address + 12, e->address, IPV4_BYTES);
    memset(e->address, 0, 10);
    memset(e->address + 10, 0xff, 2);
    e->v6 = true;
}

/* What makes exchanges share a connection. */
static uint64_t stream_key(const struct flow *f)
{
    const uint64_t numbers[] = {f->loop, f->client_connection, f->port};

    return bytes_hash(f->host, bytes_hash(bytes_make(numbers, sizeof(numbers)), 1));
}

/* Another exchange may follow it on the same connection. */
static bool is_shared(const struct flow *f)
{
    const struct head *request = flow_message_head(&f->request);

    return f->client_connection != 0 && request->version != HTTP_2;
}

static struct tcp_stream stream_make(const struct pcapng *p, const struct flow *f)
{
    struct endpoint client = endpoint_read(f->client, 2), server = endpoint_read(f->upstream, 1);
    uint64_t number = f->client_connection ? f->client_connection : p->opened;
    struct tcp_stream s = {.key = stream_key(f), .last_us = f->started_us};

    if (client.v6 || server.v6) {
        endpoint_widen(&client);
        endpoint_widen(&server);
    }
    s.v6 = client.v6;
    memcpy(s.client.address, client.address, sizeof(client.address));
    memcpy(s.server.address, server.address, sizeof(server.address));
    s.client.port = client.port ? client.port : (uint16_t)(FIRST_PORT + number % PORTS);
    s.server.port = SERVER_PORT;
    s.client.sequence = CLIENT_SEQUENCE + p->opened * SEQUENCE_STEP;
    s.server.sequence = SERVER_SEQUENCE + p->opened * SEQUENCE_STEP;
    return s;
}

/* Streams of the same addresses and ports have the same place, so that one has ended
 * before the next begins. */
static struct tcp_stream *stream_place(struct pcapng *p, const struct tcp_stream *s)
{
    uint64_t hash = bytes_hash(bytes_make(s->client.address, TCP_ADDRESS_BYTES), s->client.port);

    hash = bytes_hash(bytes_make(s->server.address, TCP_ADDRESS_BYTES), hash);
    return &p->streams[hash % PCAPNG_STREAMS];
}

/* The stream of a flow, open. One that lies in its place ends. */
static struct tcp_stream *stream_take(struct pcapng *p, const struct flow *f, struct buf *out)
{
    struct tcp_stream made = stream_make(p, f), *s = stream_place(p, &made);

    if (s->open && s->key == made.key && is_shared(f))
        return s;
    if (s->open)
        tcp_put_close(s, s->last_us, out);
    *s = made;
    p->opened++;
    tcp_put_open(s, f->started_us, out);
    return s;
}

/* ---- exchanges ----------------------------------------------------------------------------------
 */

/* Of a phase; one that is not known takes no time, and none takes a year. */
static int64_t span_us(int64_t us)
{
    if (us < 0)
        return 0;
    return us < LONGEST_US ? us : LONGEST_US;
}

/* When the last byte of the answer came; the total is not known of all. */
static int64_t end_us(const struct flow *f)
{
    const struct flow_timings *t = &f->timings;

    if (t->total >= 0)
        return f->started_us + span_us(t->total);
    return f->started_us + span_us(t->blocked) + span_us(t->dns) + span_us(t->connect) +
           span_us(t->tls) + span_us(t->send) + span_us(t->wait) + span_us(t->receive);
}

static void put_cut(const struct flow_message *m, struct buf *out)
{
    if (flow_body_cut(&m->body))
        buf_putf(out, "\nbody not kept whole: %lld of %lld bytes",
                 (long long)m->body.captured_bytes, (long long)m->body.wire_bytes);
}

static void put_request_comment(const struct pcapng *p, const struct flow *f, struct buf *out)
{
    struct buf url;

    buf_init(&url, COMMENT_URL_BYTES);
    flow_put_origin(f, &url);
    redact_put_url(p->redactor, flow_path(f), &url);
    buf_putf(out, "flow %s\n", f->id);
    text_put_terminal(out, buf_bytes(&url)); /* a comment is UTF-8 */
    buf_putf(out, "\nreceived as %s", flow_version_text(flow_message_head(&f->request)->version));
    put_cut(&f->request, out);
    buf_release(&url);
}

/* Notes may hold some of the traffic. */
static void put_rule(const struct pcapng *p, const struct flow *f, const struct flow_rule *r,
                     struct buf *out)
{
    struct buf note;

    buf_put_text(out, "\nrule ");
    text_put_terminal(out, bytes_of(r->label));
    if (!r->note)
        return;
    buf_init(&note, COMMENT_URL_BYTES);
    redact_put_note(p->redactor, f, bytes_of(r->note), &note);
    if (buf_status(&note)) /* a part of it tells nothing */
        buf_clear(&note);
    buf_put_text(out, ": ");
    text_put_terminal(out, buf_bytes(&note));
    buf_release(&note);
}

static void put_response_comment(const struct pcapng *p, const struct flow *f, struct buf *out)
{
    buf_putf(out, "flow %s", f->id);
    if (f->injected)
        buf_put_text(out, "\nanswered by a rule");
    for (const struct flow_rule *r = f->rules; r; r = r->next)
        put_rule(p, f, r, out);
    put_cut(&f->response, out);
}

/* A frame of WebSocket (RFC 6455 §5.2); a client's is masked, with zeros. */
static void put_frame(const struct pcapng *p, const struct flow_socket_message *m, struct buf *out)
{
    uint8_t head[FRAME_HEAD_BYTES] = {(uint8_t)(0x80 | (m->opcode & 15))};
    size_t len = 2;
    struct buf data;

    buf_init(&data, PCAPNG_FLOW_BYTES);
    redact_put_body(p->redactor, m->opcode == 1 ? BYTES("text/plain") : BYTES(""), m->data, &data);
    if (data.len < 126) {
        head[1] = (uint8_t)data.len;
    } else if (data.len <= UINT16_MAX) {
        head[1] = 126;
        head[len++] = (uint8_t)(data.len >> 8);
        head[len++] = (uint8_t)data.len;
    } else {
        head[1] = 127;
        for (int shift = 56; shift >= 0; shift -= 8)
            head[len++] = (uint8_t)((uint64_t)data.len >> shift);
    }
    if (m->from_client) {
        head[1] |= 0x80;
        len += 4;
    }
    buf_put(out, bytes_make(head, len));
    buf_put(out, buf_bytes(&data));
    if (buf_status(&data))
        out->status = buf_status(&data);
    buf_release(&data);
}

static void put_frames(const struct pcapng *p, struct tcp_stream *s, const struct flow *f,
                       struct buf *out)
{
    struct buf text;

    buf_init(&text, PCAPNG_FLOW_BYTES);
    for (const struct flow_socket_message *m = f->messages; m && !buf_status(out); m = m->next) {
        struct tcp_data data = {.from_client = m->from_client, .first_us = m->time_us};

        buf_clear(&text);
        put_frame(p, m, &text);
        data.bytes = buf_bytes(&text);
        data.last_us = data.first_us;
        tcp_put_data(s, &data, out);
        if (buf_status(&text))
            out->status = buf_status(&text);
    }
    buf_release(&text);
}

struct exchange {
    const struct pcapng *p;
    const struct flow *flow;
    struct tcp_stream *stream;
    struct buf text, comment;
};

static enum status put_text(struct exchange *x, struct tcp_data *data, struct buf *out)
{
    enum status st = buf_status(&x->text);

    if (st)
        return st;
    data->bytes = buf_bytes(&x->text);
    data->comment = buf_bytes(&x->comment); /* what did not fit is left out */
    tcp_put_data(x->stream, data, out);
    buf_clear(&x->text);
    buf_clear(&x->comment);
    return buf_status(out);
}

static enum status put_request(struct exchange *x, struct buf *out)
{
    const struct flow *f = x->flow;
    struct tcp_data data = {.from_client = true, .first_us = f->started_us};
    enum status st = flow_clean_put(x->p->redactor, f, &f->request, &x->text);

    put_request_comment(x->p, f, &x->comment);
    data.last_us = f->started_us + span_us(f->timings.send);
    return st ? st : put_text(x, &data, out);
}

static enum status put_response(struct exchange *x, struct buf *out)
{
    const struct flow *f = x->flow;
    struct tcp_data data = {.last_us = end_us(f)};
    enum status st;

    for (const struct flow_interim *i = f->interim; i; i = i->next)
        flow_clean_put_head(x->p->redactor, f, i->head, &x->text);
    st = flow_clean_put(x->p->redactor, f, &f->response, &x->text);
    put_response_comment(x->p, f, &x->comment);
    data.first_us = data.last_us - span_us(f->timings.receive);
    return st ? st : put_text(x, &data, out);
}

enum status pcapng_flow(struct pcapng *p, const struct flow *f, struct buf *out)
{
    struct exchange x = {.p = p, .flow = f};
    const struct head *response = flow_message_head(&f->response);
    bool more = response && !f->error && response->status != 101;
    enum status st;

    if (f->kind != FLOW_HTTP || !flow_message_head(&f->request))
        return STATUS_NOT_FOUND;
    buf_init(&x.text, PCAPNG_FLOW_BYTES);
    buf_init(&x.comment, TCP_COMMENT_BYTES);
    x.stream = stream_take(p, f, out);
    st = put_request(&x, out);
    if (!st && response)
        st = put_response(&x, out);
    put_frames(p, x.stream, f, out);
    if (!more || !is_shared(f))
        tcp_put_close(x.stream, end_us(f), out);
    buf_release(&x.text);
    buf_release(&x.comment);
    return st ? st : buf_status(out);
}

enum status pcapng_end(struct pcapng *p, struct buf *out)
{
    for (size_t i = 0; i < PCAPNG_STREAMS; i++)
        if (p->streams[i].open)
            tcp_put_close(&p->streams[i], p->streams[i].last_us, out);
    return buf_status(out);
}
