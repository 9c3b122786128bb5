/* The reading side of flow_pack.h. */
#include <string.h>

#include "logs/flow_make.h"
#include "logs/flow_pack.h"
#include "logs/flow_pack_impl.h"

/* Once something is wrong, all that is read is 0 and empty. */
struct unpacker {
    struct bytes rest; /* in the record's arena, as all that points into it */
    struct arena *arena;
    enum status status;
};

static void fail(struct unpacker *u, enum status st)
{
    if (!u->status)
        u->status = st;
    u->rest = bytes_make(NULL, 0);
}

static uint64_t take_number(struct unpacker *u)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64 && u->rest.len; shift += 7) {
        uint8_t c = u->rest.ptr[0];

        u->rest = bytes_from(u->rest, 1);
        if (shift == 63 && c > 1)
            break;
        value |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80)
            return value;
    }
    fail(u, STATUS_BAD_INPUT);
    return 0;
}

/* 0 when it is over `max`, which is an error. */
static uint64_t take_at_most(struct unpacker *u, uint64_t max)
{
    uint64_t value = take_number(u);

    if (value <= max)
        return value;
    fail(u, STATUS_BAD_INPUT);
    return 0;
}

static unsigned take_flags(struct unpacker *u, unsigned end)
{
    return (unsigned)take_at_most(u, end - 1);
}

static int64_t take_signed(struct unpacker *u)
{
    uint64_t folded = take_number(u);

    return (int64_t)(folded & 1 ? ~(folded >> 1) : folded >> 1);
}

static struct bytes take_run(struct unpacker *u)
{
    uint64_t len = take_number(u);
    struct bytes run;

    if (len > u->rest.len) {
        fail(u, STATUS_BAD_INPUT);
        return bytes_make(NULL, 0);
    }
    run = bytes_until(u->rest, (size_t)len);
    u->rest = bytes_from(u->rest, (size_t)len);
    return run;
}

static const char *take_text(struct unpacker *u)
{
    struct bytes run = take_run(u);

    if (run.len && bytes_find(run, '\0') == (ptrdiff_t)run.len - 1)
        return (const char *)run.ptr;
    if (run.len)
        fail(u, STATUS_BAD_INPUT);
    return NULL;
}

static void take_id(struct unpacker *u, char *ret_id)
{
    const char *text = take_text(u);

    if (!text || strlen(text) >= FLOW_ID_TEXT)
        fail(u, STATUS_BAD_INPUT);
    else
        memcpy(ret_id, text, strlen(text) + 1);
}

static struct bytes take_inside(struct unpacker *u, struct bytes whole, uint64_t at)
{
    uint64_t len = take_number(u);

    if (at > whole.len || len > whole.len - at) {
        fail(u, STATUS_BAD_INPUT);
        return bytes_make(NULL, 0);
    }
    return bytes_until(bytes_from(whole, (size_t)at), (size_t)len);
}

static struct bytes take_part(struct unpacker *u, struct bytes whole)
{
    uint64_t place = take_number(u);

    return place ? take_inside(u, whole, place - 1) : take_run(u);
}

/* Of a list: each item takes a byte at least. */
static uint32_t take_count(struct unpacker *u)
{
    return (uint32_t)take_at_most(u, u->rest.len < UINT32_MAX ? u->rest.len : UINT32_MAX - 1);
}

/* Zeroed; NULL with a failure. Nothing is taken after one. */
static void *take_room(struct unpacker *u, size_t count, size_t size)
{
    bool fits = count <= (u->arena->max - u->arena->used) / size;
    void *room = u->status || !fits ? NULL : arena_alloc(u->arena, count * size);

    if (!room)
        fail(u, fits ? STATUS_NO_MEMORY : STATUS_BAD_INPUT);
    return room;
}

static struct field take_field(struct unpacker *u)
{
    unsigned flags = take_flags(u, PACK_FIELD_FLAGS);
    struct field f = {.never_index = flags & PACK_NEVER_INDEX, .line = take_run(u)};

    if (flags & PACK_IN_LINE) {
        f.name = take_inside(u, f.line, 0);
        f.value = take_inside(u, f.line, take_number(u));
    } else {
        f.name = take_run(u);
        f.value = take_run(u);
    }
    f.id = (uint16_t)field_id_of(f.name);
    return f;
}

static struct fields take_fields(struct unpacker *u, const struct fields *base)
{
    uint32_t count = take_count(u);
    struct fields fields = {.items = take_room(u, (size_t)count + 1, sizeof(struct field))};

    if (!fields.items)
        return fields;
    fields.cap = count + 1;
    for (uint32_t i = 0; i < count && !u->status; i++) {
        uint64_t place = take_at_most(u, base ? base->count : 0);

        fields.items[fields.count++] = base && place ? base->items[place - 1] : take_field(u);
    }
    return fields;
}

static void take_start(struct unpacker *u, struct head *h)
{
    h->method = take_run(u);
    h->target = take_run(u);
    h->scheme = take_part(u, h->target);
    h->authority = take_part(u, h->target);
    h->path = take_part(u, h->target);
    h->status = (uint16_t)take_at_most(u, UINT16_MAX);
    h->reason = take_run(u);
}

static enum http_version take_version(struct unpacker *u)
{
    uint64_t version = take_number(u);

    if (version != HTTP_1_0 && version != HTTP_1_1 && version != HTTP_2)
        fail(u, STATUS_BAD_INPUT);
    return u->status ? HTTP_1_1 : (enum http_version)version;
}

static struct head *take_head(struct unpacker *u, enum http_side side, const struct head *base)
{
    struct head *h = take_room(u, 1, sizeof(*h));
    unsigned flags;

    if (!h)
        return NULL;
    flags = take_flags(u, PACK_HEAD_FLAGS);
    if (base)
        *h = *base;
    else if (flags & PACK_START_OF_BASE)
        fail(u, STATUS_BAD_INPUT);
    h->side = side;
    h->keep_alive = flags & PACK_KEEP_ALIVE;
    h->expect_continue = flags & PACK_EXPECT_CONTINUE;
    h->upgrade = flags & PACK_UPGRADE;
    h->version = take_version(u);
    h->framing = (enum http_framing)take_at_most(u, HTTP_UNTIL_CLOSE);
    h->length = take_signed(u);
    h->anomalies = (uint32_t)take_at_most(u, UINT32_MAX);
    h->head_bytes = (uint32_t)take_at_most(u, UINT32_MAX);
    h->form = (enum target_form)take_at_most(u, TARGET_ASTERISK);
    if (!(flags & PACK_START_OF_BASE))
        take_start(u, h);
    h->fields = take_fields(u, base ? &base->fields : NULL);
    return h;
}

static void take_message(struct unpacker *u, enum http_side side, struct flow_message *m)
{
    unsigned flags = take_flags(u, PACK_MESSAGE_FLAGS);
    struct fields *trailers;

    if (flags & PACK_RECEIVED)
        m->received = take_head(u, side, NULL);
    if (flags & PACK_SENT)
        m->sent = take_head(u, side, m->received);
    else if (flags & PACK_SENT_IS_RECEIVED)
        m->sent = m->received;
    if (flags & PACK_TRAILERS) {
        trailers = take_room(u, 1, sizeof(*trailers));
        if (trailers)
            *trailers = take_fields(u, NULL);
        m->trailers = trailers;
    }
    m->body.decoded = flags & PACK_BODY_DECODED;
    m->body.cut = flags & PACK_BODY_CUT;
    m->body.wire_bytes = take_signed(u);
    m->body.captured_bytes = take_signed(u);
    if (flags & PACK_CONTENT_BYTES)
        m->body.content_bytes = take_signed(u);
}

static void take_tls(struct unpacker *u, struct flow_tls *tls)
{
    unsigned flags = take_flags(u, PACK_TLS_FLAGS);

    tls->resumed = flags & PACK_TLS_RESUMED;
    tls->verified = flags & PACK_TLS_VERIFIED;
    tls->version = (uint16_t)take_at_most(u, UINT16_MAX);
    tls->version_text = take_text(u);
    tls->cipher = take_text(u);
    tls->sni = take_run(u);
    tls->alpn = take_run(u);
    tls->ja4 = take_run(u);
    tls->certificate = take_run(u);
}

static void take_interim(struct unpacker *u, struct flow *f)
{
    struct flow_interim **last = &f->interim;

    for (uint32_t left = take_count(u); left && !u->status; left--) {
        struct flow_interim *i = take_room(u, 1, sizeof(*i));

        if (!i)
            return;
        i->injected = take_flags(u, 2);
        i->head = take_head(u, HTTP_RESPONSE, NULL);
        if (u->status)
            return;
        *last = i;
        last = &i->next;
    }
}

static void take_timings(struct unpacker *u, struct flow_timings *t)
{
    t->blocked = take_signed(u);
    t->dns = take_signed(u);
    t->connect = take_signed(u);
    t->tls = take_signed(u);
    t->send = take_signed(u);
    t->wait = take_signed(u);
    t->receive = take_signed(u);
    t->injected = take_signed(u);
    t->total = take_signed(u);
}

static void take_rules(struct unpacker *u, struct flow *f)
{
    struct flow_rule **last = &f->rules;

    for (uint32_t left = take_count(u); left && !u->status; left--) {
        struct flow_rule *r = take_room(u, 1, sizeof(*r));

        if (!r)
            return;
        r->label = take_text(u);
        r->note = take_text(u);
        if (!r->label)
            fail(u, STATUS_BAD_INPUT);
        *last = r;
        last = &r->next;
    }
}

static void take_tags(struct unpacker *u, struct flow *f)
{
    struct flow_tag **last = &f->tags;

    for (uint32_t left = take_count(u); left && !u->status; left--) {
        struct flow_tag *t = take_room(u, 1, sizeof(*t));

        if (!t)
            return;
        t->text = take_text(u);
        if (!t->text)
            fail(u, STATUS_BAD_INPUT);
        *last = t;
        last = &t->next;
    }
}

static void take_messages(struct unpacker *u, struct flow *f)
{
    struct flow_socket_message **last = &f->messages;

    for (uint32_t left = take_count(u); left && !u->status; left--) {
        struct flow_socket_message *m = take_room(u, 1, sizeof(*m));

        if (!m)
            return;
        m->from_client = take_flags(u, PACK_SOCKET_FLAGS) & PACK_FROM_CLIENT;
        m->opcode = (uint8_t)take_at_most(u, UINT8_MAX);
        m->time_us = (int64_t)((uint64_t)f->started_us + (uint64_t)take_signed(u));
        m->data = take_run(u);
        *last = m;
        last = &m->next;
    }
}

/* Behind the version and the kind. The flags. */
static unsigned take_peers(struct unpacker *u, struct flow *f)
{
    unsigned flags = take_flags(u, PACK_FLAGS);

    f->client_reused = flags & PACK_CLIENT_REUSED;
    f->upstream_reused = flags & PACK_UPSTREAM_REUSED;
    f->injected = flags & PACK_INJECTED;
    f->error = flags & PACK_ERROR;
    f->live = flags & PACK_LIVE;
    f->body_not_captured = flags & PACK_BODY_NOT_CAPTURED;
    take_id(u, f->id);
    f->loop = (uint32_t)take_at_most(u, UINT32_MAX);
    f->sequence = take_number(u);
    f->started_us = take_signed(u);
    f->client = take_run(u);
    f->user = take_run(u);
    f->upstream = take_run(u);
    f->client_connection = take_number(u);
    f->upstream_connection = take_number(u);
    f->scheme = take_run(u);
    f->host = take_run(u);
    f->port = (uint16_t)take_at_most(u, UINT16_MAX);
    return flags;
}

static void take_flow(struct unpacker *u, struct flow *f)
{
    unsigned flags;

    if (take_number(u) != FLOW_PACK_VERSION)
        fail(u, STATUS_BAD_INPUT);
    f->kind = (enum flow_kind)take_at_most(u, FLOW_REFUSED);
    flags = take_peers(u, f);
    if (flags & PACK_CLIENT_TLS)
        take_tls(u, &f->client_tls);
    if (flags & PACK_UPSTREAM_TLS)
        take_tls(u, &f->upstream_tls);
    take_message(u, HTTP_REQUEST, &f->request);
    take_message(u, HTTP_RESPONSE, &f->response);
    take_interim(u, f);
    take_timings(u, &f->timings);
    f->anomalies = (uint32_t)take_at_most(u, UINT32_MAX);
    take_rules(u, f);
    take_tags(u, f);
    take_messages(u, f);
    f->keep = (enum flow_keep)take_at_most(u, FLOW_KEEP_NOTHING);
    take_id(u, f->duplicate_of);
    f->status = (uint16_t)take_at_most(u, UINT16_MAX);
    f->reason = take_text(u);
    f->sentence = take_text(u);
    f->tunnel_up_bytes = take_signed(u);
    f->tunnel_down_bytes = take_signed(u);
    if (!u->status && u->rest.len)
        fail(u, STATUS_BAD_INPUT);
}

enum status flow_unpack(struct bytes in, struct flow **ret_flow)
{
    struct flow *f = flow_make(FLOW_HTTP);
    struct unpacker u = {0};

    if (!f)
        return STATUS_NO_MEMORY;
    u.arena = &f->arena;
    u.rest = arena_copy(u.arena, in);
    if (in.len && !u.rest.ptr)
        fail(&u, STATUS_NO_MEMORY);
    else
        take_flow(&u, f);
    if (u.status) {
        flow_free(f);
        return u.status;
    }
    *ret_flow = f;
    return STATUS_OK;
}
