/* h1_player: plays bytes into an HTTP/1 codec and writes down what comes of it:
 * the events as text, one a line, and the bytes they become when a second codec
 * sends them on, as the proxy would. Both must be the same at every cut of the
 * input. For the golden cases, the fuzz targets and unit tests; all functions
 * are static, so that a test stays one source file. */
#ifndef WEIR_TESTS_SUPPORT_H1_PLAYER_H
#define WEIR_TESTS_SUPPORT_H1_PLAYER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "http/codec.h"

enum {
    PLAYER_TEXT_BYTES = 64 * 1024 * 1024,
    PLAYER_SHOWN_BYTES = 256, /* of a run of content; of more only the length */
    PLAYER_SENT_BYTES = 7,    /* the far kernel takes bytes in such pieces */
    PLAYER_ARENA_BYTES = 8 * 1024 * 1024,
};

struct player_setup {
    enum http_side side; /* what is played in */
    struct codec_limits limits;
    bool unanswered;    /* requests get no answer: the codec waits after the first */
    bool switches;      /* CONNECT is answered with 200, Upgrade with 101 */
    bool eof, cut;      /* the peer's FIN at the end; cut: without close_notify */
    bool silent;        /* a response that nobody asked for */
    bool from_http10;   /* a response goes on to a client of HTTP/1.0 */
    const char *method; /* a response answers this one; "UPGRADE" is a GET that asks for it */
};

struct player {
    struct player_setup setup;
    struct chunk_pool pool;
    struct h1_scratch *scratch;
    struct codec *near, *far;
    uint32_t near_stream, far_stream;
    struct buf text, data, out, left;
    size_t content, credited;
    bool open, tunnel, ended, connects, upgrades, broken;
    enum status status;
};

static inline void player_require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "h1_player: %s\n", what);
    abort();
}

/* Printable ASCII as it is, but for a space at the end; all else as \xNN; CR, LF,
 * tab and backslash shortly. */
static inline void player_put_escaped(struct buf *out, struct bytes in)
{
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.ptr[i];

        if (c == '\r')
            buf_put_text(out, "\\r");
        else if (c == '\n')
            buf_put_text(out, "\\n");
        else if (c == '\t')
            buf_put_text(out, "\\t");
        else if (c == '\\')
            buf_put_text(out, "\\\\");
        else if (c >= 0x20 && c < 0x7f && (c != ' ' || i + 1 < in.len))
            buf_put_byte(out, c);
        else
            buf_putf(out, "\\x%02x", c);
    }
}

static inline void player_put_anomalies(struct buf *out, uint32_t anomalies)
{
    const char *between = "";

    for (int i = 0; i < HTTP_ANOMALY_COUNT; i++) {
        if ((anomalies >> i & 1) != 0) {
            buf_putf(out, "%s%s", between, http_anomaly_text((enum http_anomaly_place)i));
            between = ",";
        }
    }
}

static inline void player_put_word(struct buf *out, const char *key, struct bytes value)
{
    if (value.len == 0)
        return;
    buf_putf(out, " %s=", key);
    player_put_escaped(out, value);
}

static inline void player_put_fields(struct buf *out, const struct fields *f)
{
    for (uint32_t i = 0; i < f->count; i++) {
        buf_put_text(out, "| ");
        player_put_escaped(out, f->items[i].name);
        buf_put_text(out, f->items[i].value.len > 0 ? ": " : ":");
        player_put_escaped(out, f->items[i].value);
        buf_put_text(out, "\n");
    }
}

static inline void player_put_framing(struct buf *out, const struct head *h)
{
    static const char *const names[] = {"none", "length", "chunked", "until-close"};

    buf_putf(out, " body=%s", names[h->framing]);
    if (h->framing == HTTP_LENGTH)
        buf_putf(out, ":%lld", (long long)h->length);
    player_require((h->framing == HTTP_LENGTH) == (h->length >= 0), "length fits the framing");
}

static inline void player_put_head(struct buf *out, const char *kind, const struct head *h)
{
    static const char *const forms[] = {"origin", "absolute", "authority", "asterisk"};

    buf_putf(out, "%s ", kind);
    if (h->side == HTTP_REQUEST) {
        player_put_escaped(out, h->method);
        buf_putf(out, " HTTP/1.%d form=%s", h->version - HTTP_1_0, forms[h->form]);
        player_put_word(out, "scheme", h->scheme);
        player_put_word(out, "authority", h->authority);
        player_put_word(out, "path", h->path);
    } else {
        buf_putf(out, "%u HTTP/1.%d", h->status, h->version - HTTP_1_0);
        player_put_word(out, "reason", h->reason);
    }
    player_put_framing(out, h);
    buf_put_text(out, h->keep_alive ? " keep-alive" : " close");
    buf_put_text(out, h->expect_continue ? " expect" : "");
    buf_put_text(out, h->upgrade ? " upgrade" : "");
    if (h->anomalies != 0) {
        buf_put_text(out, " flags=");
        player_put_anomalies(out, h->anomalies);
    }
    buf_put_text(out, "\n");
    player_put_fields(out, &h->fields);
}

static inline void player_flush_data(struct player *p)
{
    if (p->data.len == 0)
        return;
    if (p->data.len > PLAYER_SHOWN_BYTES) {
        buf_putf(&p->text, "DATA (%zu bytes, %016llx)\n", p->data.len,
                 (unsigned long long)bytes_hash(buf_bytes(&p->data), 0));
    } else {
        buf_put_text(&p->text, "DATA ");
        player_put_escaped(&p->text, buf_bytes(&p->data));
        buf_put_text(&p->text, "\n");
    }
    buf_clear(&p->data);
}

/* The order of events that message.h promises. */
static inline void player_check_order(struct player *p, const struct message_event *ev)
{
    switch (ev->kind) {
    case MESSAGE_HEAD:
        player_require(!p->open || p->setup.side == HTTP_RESPONSE, "HEAD begins a message");
        p->open = true;
        p->ended = false;
        break;
    case MESSAGE_INTERIM:
        player_require(p->setup.side == HTTP_RESPONSE && !p->open, "INTERIM before HEAD");
        break;
    case MESSAGE_DATA:
        player_require(p->open || p->tunnel, "DATA behind HEAD");
        player_require(ev->data.len > 0, "DATA holds bytes");
        break;
    case MESSAGE_TRAILERS:
        player_require(p->open, "TRAILERS behind HEAD");
        break;
    case MESSAGE_END:
        player_require(p->open || p->tunnel, "END behind HEAD");
        p->open = false;
        p->ended = true;
        break;
    case MESSAGE_ABORT:
        p->open = false;
        p->ended = true;
        break;
    case MESSAGE_TUNNEL:
        player_require(p->open, "TUNNEL behind HEAD");
        p->tunnel = true;
        break;
    case MESSAGE_MESSAGE:
        player_require(false, "a codec of HTTP/1 emits no MESSAGE");
    }
}

static inline void player_write_event(struct player *p, const struct message_event *ev)
{
    if (ev->kind != MESSAGE_DATA)
        player_flush_data(p);
    switch (ev->kind) {
    case MESSAGE_HEAD:
        player_put_head(&p->text, "HEAD", ev->head);
        break;
    case MESSAGE_INTERIM:
        player_put_head(&p->text, "INTERIM", ev->head);
        break;
    case MESSAGE_DATA:
        buf_put(&p->data, slice_bytes(ev->data));
        break;
    case MESSAGE_TRAILERS:
        buf_put_text(&p->text, "TRAILERS\n");
        player_put_fields(&p->text, ev->trailers);
        break;
    case MESSAGE_END:
        buf_put_text(&p->text, "END");
        if (codec_anomalies(p->near) != 0) {
            buf_put_text(&p->text, " flags=");
            player_put_anomalies(&p->text, codec_anomalies(p->near));
        }
        buf_put_text(&p->text, "\n");
        break;
    case MESSAGE_ABORT:
        buf_put_text(&p->text, "ABORT\n");
        break;
    case MESSAGE_TUNNEL:
        buf_put_text(&p->text, "TUNNEL\n");
        break;
    case MESSAGE_MESSAGE:
        break;
    }
}

/* As the proxy changes a head before it is sent on. */
static inline enum status player_send_head(struct player *p, const struct message_event *ev)
{
    struct arena a;
    struct head h;
    enum status st;

    arena_init(&a, PLAYER_ARENA_BYTES);
    st = head_copy(&a, ev->head, &h);
    if (!st)
        st = fields_strip_hop(&a, &h.fields, h.upgrade || h.status == 101);
    if (!st && h.side == HTTP_REQUEST) {
        p->connects = h.form == TARGET_AUTHORITY;
        p->upgrades = h.upgrade;
        if (h.form == TARGET_ABSOLUTE)
            h.form = TARGET_ORIGIN;
        p->far_stream = codec_open(p->far);
    }
    if (!st)
        st = codec_send(p->far, p->far_stream,
                        &(struct message_event){.kind = ev->kind, .head = &h});
    arena_release(&a);
    return st;
}

static inline void player_send_on(struct player *p, const struct message_event *ev)
{
    enum status st;

    if (p->broken)
        return;
    if (ev->kind == MESSAGE_HEAD || ev->kind == MESSAGE_INTERIM)
        st = player_send_head(p, ev);
    else
        st = codec_send(p->far, p->far_stream, ev);
    if (!st && ev->kind == MESSAGE_DATA)
        p->content += ev->data.len;
    if (st) {
        player_flush_data(p);
        buf_putf(&p->text, "NOT SENT: %s\n", status_sentence(st));
        p->broken = true;
    }
}

static inline void player_on_event(void *self, uint32_t stream, const struct message_event *ev)
{
    struct player *p = self;

    p->near_stream = stream;
    player_check_order(p, ev);
    player_write_event(p, ev);
    player_send_on(p, ev);
}

static inline void player_on_near_credit(void *self, uint32_t stream, size_t content_bytes)
{
    (void)self;
    (void)stream;
    (void)content_bytes;
    player_require(false, "the player sends no content to the near peer");
}

static inline void player_on_far_event(void *self, uint32_t stream, const struct message_event *ev)
{
    (void)self;
    (void)stream;
    (void)ev;
}

static inline void player_on_far_credit(void *self, uint32_t stream, size_t content_bytes)
{
    struct player *p = self;

    (void)stream;
    p->credited += content_bytes;
    player_require(p->credited <= p->content, "no more credit than content");
}

/* The kernel takes what the codec has to write, piece by piece. */
static inline void player_drain(struct codec *c, struct buf *out)
{
    struct slice_queue *q = codec_out(c);

    while (q->bytes > 0) {
        struct slice first = slice_queue_first(q);
        size_t len = first.len < PLAYER_SENT_BYTES ? first.len : PLAYER_SENT_BYTES;

        if (out != NULL)
            buf_put(out, bytes_make(first.ptr, len));
        slice_queue_consume(q, len);
        codec_sent(c, len);
    }
}

static inline void player_drain_both(struct player *p)
{
    player_drain(p->near, NULL);
    player_drain(p->far, &p->out);
    player_require(p->credited == p->content, "all content is credited");
}

static inline void player_feed_text(struct codec *c, const char *text)
{
    size_t used;
    enum status st = codec_feed(c, slice_of(bytes_of(text)), &used);

    player_require(st == STATUS_OK, "the player's own bytes are good");
}

static inline void player_send_answer(struct player *p, unsigned status)
{
    struct field fields[] = {
        {.name = BYTES_INIT("Connection"), .value = BYTES_INIT("upgrade"), .id = FIELD_CONNECTION},
    };
    struct head h = {.side = HTTP_RESPONSE,
                     .version = HTTP_1_1,
                     .length = -1,
                     .status = (uint16_t)status,
                     .fields = {fields, status == 101, 1}};
    struct message_event ev = {.kind = MESSAGE_HEAD, .head = &h};

    player_require(codec_send(p->near, p->near_stream, &ev) == STATUS_OK, "an answer can be sent");
    if (status == 101 || status == 200)
        return;
    ev = (struct message_event){.kind = MESSAGE_END};
    player_require(codec_send(p->near, p->near_stream, &ev) == STATUS_OK, "and ended");
}

/* Answers the request that is complete, on both codecs. */
static inline void player_answer(struct player *p)
{
    p->ended = false;
    if (p->setup.switches && p->connects) {
        player_feed_text(p->far, "HTTP/1.1 200 OK\r\n\r\n");
        player_send_answer(p, 200);
        p->tunnel = true;
    } else if (p->setup.switches && p->upgrades) {
        player_feed_text(p->far, "HTTP/1.1 101 Switching Protocols\r\n\r\n");
        player_send_answer(p, 101);
        p->tunnel = true;
    } else if (p->connects) {
        player_feed_text(p->far, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        player_send_answer(p, 403);
    } else {
        player_feed_text(p->far, "HTTP/1.1 204 No Content\r\n\r\n");
        player_send_answer(p, 204);
    }
}

static inline bool player_answers(const struct player *p)
{
    return p->setup.side == HTTP_REQUEST && p->ended && !p->tunnel && !p->setup.unanswered &&
           !p->broken;
}

static inline void player_feed(struct player *p, struct bytes in)
{
    while (p->status == STATUS_OK) {
        size_t used = 0;

        p->status = codec_feed(p->near, slice_of(in), &used);
        player_require(used <= in.len, "no more used than there was");
        in = bytes_from(in, used);
        if (p->status)
            return;
        player_drain_both(p);
        if (player_answers(p)) {
            player_answer(p);
            player_drain_both(p);
        } else if (used == 0 || in.len == 0) {
            break;
        }
    }
    buf_put(&p->left, in);
}

static inline const struct codec_limits *player_usual_limits(void)
{
    static const struct codec_limits usual = {
        .head_bytes = HTTP_HEAD_BYTES,
        .fields = HTTP_FIELDS,
        .request_line_bytes = HTTP_REQUEST_LINE_BYTES,
    };

    return &usual;
}

/* The request that the response played in answers, on both codecs. */
static inline void player_ask(struct player *p)
{
    bool upgrade = strcmp(p->setup.method, "UPGRADE") == 0;
    bool connect = strcmp(p->setup.method, "CONNECT") == 0;
    const char *method = upgrade ? "GET" : p->setup.method;
    struct field fields[] = {
        {.name = BYTES_INIT("Connection"), .value = BYTES_INIT("upgrade"), .id = FIELD_CONNECTION},
        {.name = BYTES_INIT("Upgrade"), .value = BYTES_INIT("websocket"), .id = FIELD_UPGRADE},
    };
    struct head h = {.side = HTTP_REQUEST,
                     .length = -1,
                     .form = connect ? TARGET_AUTHORITY : TARGET_ORIGIN,
                     .method = bytes_of(method),
                     .authority = BYTES_INIT("a.test:443"),
                     .path = BYTES_INIT("/"),
                     .fields = {fields, upgrade ? 2 : 0, 2}};
    struct message_event ev = {.kind = MESSAGE_HEAD, .head = &h};
    char text[128];
    uint32_t stream = codec_open(p->near);

    player_require(stream == 1, "a new connection can be asked");
    player_require(codec_send(p->near, stream, &ev) == STATUS_OK, "a request can be sent");
    ev = (struct message_event){.kind = MESSAGE_END};
    player_require(codec_send(p->near, stream, &ev) == STATUS_OK, "a request can be ended");
    snprintf(text, sizeof(text), "%s %s HTTP/1.%d\r\nHost: a.test\r\n%s\r\n", method,
             connect ? "a.test:443" : "/", p->setup.from_http10 ? 0 : 1,
             upgrade ? "Connection: upgrade\r\nUpgrade: websocket\r\n" : "");
    player_feed_text(p->far, text);
    p->far_stream = 1;
}

static inline void player_init(struct player *p, const struct player_setup *setup)
{
    static const struct codec_user near_user = {player_on_event, player_on_near_credit, NULL};
    static const struct codec_user far_user = {player_on_far_event, player_on_far_credit, NULL};
    enum http_side far_side = setup->side == HTTP_REQUEST ? HTTP_RESPONSE : HTTP_REQUEST;
    enum status st;

    *p = (struct player){.setup = *setup};
    chunk_pool_init(&p->pool, 4);
    buf_init(&p->text, PLAYER_TEXT_BYTES);
    buf_init(&p->data, PLAYER_TEXT_BYTES);
    buf_init(&p->out, PLAYER_TEXT_BYTES);
    buf_init(&p->left, PLAYER_TEXT_BYTES);
    st = h1_scratch_new(setup->limits.fields, &p->scratch);
    if (!st)
        st = h1_codec_new(setup->side, &setup->limits, p->scratch, &p->pool, &near_user, p,
                          &p->near);
    if (!st)
        st = h1_codec_new(far_side, player_usual_limits(), p->scratch, &p->pool, &far_user, p,
                          &p->far);
    player_require(st == STATUS_OK, "memory");
    if (setup->side == HTTP_RESPONSE && !setup->silent)
        player_ask(p);
    player_drain_both(p);
    buf_clear(&p->out);
}

static inline void player_release(struct player *p)
{
    codec_free(p->near);
    codec_free(p->far);
    h1_scratch_free(p->scratch);
    buf_release(&p->text);
    buf_release(&p->data);
    buf_release(&p->out);
    buf_release(&p->left);
    chunk_pool_release(&p->pool);
}

static inline void player_write_verdict(struct player *p)
{
    const struct codec_fault *fault = codec_fault(p->near);

    player_flush_data(p);
    if (p->left.len > 0) {
        buf_put_text(&p->text, "LEFT ");
        player_put_escaped(&p->text, buf_bytes(&p->left));
        buf_put_text(&p->text, "\n");
    }
    if (fault != NULL) {
        buf_putf(&p->text, "FAULT %u ", fault->status);
        player_put_anomalies(&p->text, fault->anomaly);
        buf_putf(&p->text, "%s%s\n", fault->anomaly != 0 ? ": " : "", fault->sentence);
    }
    if (p->status)
        buf_putf(&p->text, "STATUS %s\n", status_sentence(p->status));
    else if (codec_idle(p->near))
        buf_putf(&p->text, "IDLE%s\n", codec_reusable(p->near) ? "" : ", not reusable");
    else if (!codec_wants_input(p->near))
        buf_putf(&p->text, "DONE%s\n", codec_reusable(p->near) ? "" : ", not reusable");
    else
        buf_put_text(&p->text, "MORE\n");
}

/* Plays `in` in pieces of `piece` bytes, the first of `first` bytes. The texts
 * are p->text and p->out until player_release(). */
static inline void player_play(struct player *p, struct bytes in, size_t first, size_t piece)
{
    size_t len = first;

    while (in.len > 0 && p->status == STATUS_OK) {
        /* A piece of its own allocation, so that a read past its end is seen. */
        struct bytes part = bytes_until(in, len);
        uint8_t *copy = malloc(part.len);

        player_require(copy != NULL, "memory");
        memcpy(copy, part.ptr, part.len);
        if (p->left.len > 0)
            buf_put(&p->left, part);
        else
            player_feed(p, bytes_make(copy, part.len));
        free(copy);
        in = bytes_from(in, part.len);
        len = piece;
    }
    if (p->status == STATUS_OK && p->setup.eof)
        p->status = codec_eof(p->near, !p->setup.cut);
    player_drain_both(p);
    player_write_verdict(p);
}

/* What the bytes sent on mean to one who reads them and forgives nothing: the
 * text of playing them whole. */
static inline void player_read_again(const struct player_setup *setup, struct bytes sent,
                                     struct buf *ret_text)
{
    struct player_setup again = {
        .side = setup->side,
        .limits = *player_usual_limits(),
        .switches = setup->switches,
        .eof = setup->eof,
        .silent = setup->silent,
        .method = setup->method,
    };
    struct player p;

    player_init(&p, &again);
    player_play(&p, sent, sent.len + 1, sent.len + 1);
    buf_put(ret_text, buf_bytes(&p.text));
    player_release(&p);
}

#endif
