#include "proxy/core/flow_tap.h"

#include <string.h>

#include "logs/flow_copy.h"
#include "proxy/core/session.h"
#include "proxy/core/upstream.h"

enum {
    FLOW_COPY_BYTES = 2048,   /* content up to this is copied into the arena */
    CERTIFICATE_BYTES = 4096, /* of facts about the origin's certificate */
    CONTENT_SLICES = 65536,   /* captured pieces of one message */
};

struct flow *flow_new(struct engine *e, enum flow_kind kind)
{
    struct arena a;
    struct flow *f;

    engine_arena_take(e, &a);
    f = arena_alloc(&a, sizeof(*f));
    if (!f) {
        engine_arena_give(e, &a);
        return NULL;
    }
    f->arena = a;
    f->kind = kind;
    engine_ulid(e, f->id);
    f->sequence = ++e->sequence;
    f->loop = e->env.loop;
    f->started_us = e->wall_us;
    f->timings = (struct flow_timings){-1, -1, -1, -1, -1, -1, -1, 0, -1};
    return f;
}

struct flow *flow_show(struct engine *e, const struct flow *f)
{
    struct flow *copy;
    struct arena a;

    engine_arena_take(e, &a);
    copy = flow_copy(f, &a);
    if (!copy)
        engine_arena_give(e, &a);
    return copy;
}

static struct bytes flow_text(struct flow *f, struct bytes in)
{
    return arena_copy(&f->arena, in);
}

/* Versions' and ciphers' names are static; the rest is copied. */
static void flow_note_tls(struct flow *f, struct flow_tls *to, const struct tlsio *tls)
{
    struct tls_facts facts = tlsio_facts(tls);

    to->version = facts.version;
    to->version_text = facts.version_text;
    to->cipher = facts.cipher;
    to->alpn = flow_text(f, facts.alpn);
    to->resumed = facts.resumed;
    to->verified = facts.verified;
}

void flow_note_session(struct flow *f, const struct session *s)
{
    if (!f->client.len)
        f->client = flow_text(f, bytes_of(s->client));
    f->user = flow_text(f, s->user);
    f->client_connection = s->number;
    f->client_reused = s->exchanges > 1;
    if (s->sni.len)
        f->client_tls.sni = flow_text(f, s->sni);
    if (s->hello.ja4[0])
        f->client_tls.ja4 = flow_text(f, bytes_of(s->hello.ja4));
    if (s->wire && s->wire->tls)
        flow_note_tls(f, &f->client_tls, s->wire->tls);
    for (const struct session_note *n = s->notes; n; n = n->next)
        flow_note_rule(f, n->label, n->note);
}

void flow_note_upstream(struct flow *f, const struct upstream *up)
{
    struct buf facts;

    if (!up->wire)
        return;
    f->upstream = flow_text(f, bytes_of(up->address));
    f->upstream_connection = up->number;
    f->upstream_reused = up->exchanges > 1;
    if (!f->upstream_reused) {
        f->timings.dns = up->dns_us;
        f->timings.connect = up->connect_us;
        f->timings.tls = up->tls_us;
    }
    if (!up->wire->tls)
        return;
    flow_note_tls(f, &f->upstream_tls, up->wire->tls);
    f->upstream_tls.sni = flow_text(f, up->route.sni);
    if (f->upstream_reused)
        return;
    buf_init(&facts, CERTIFICATE_BYTES);
    if (tlsio_peer_describe(up->wire->tls, &facts) == STATUS_OK)
        f->upstream_tls.certificate = flow_text(f, buf_bytes(&facts));
    buf_release(&facts);
}

static bool flow_content_room(struct flow *f, struct flow_body *b)
{
    struct slice *slices;
    uint32_t cap = b->cap ? b->cap * 2 : 4;

    if (b->count < b->cap)
        return true;
    if (cap > CONTENT_SLICES)
        return false;
    slices = arena_alloc(&f->arena, cap * sizeof(*slices));
    if (!slices)
        return false;
    if (b->count)
        memcpy(slices, b->slices, b->count * sizeof(*slices));
    b->slices = slices;
    b->cap = cap;
    return true;
}

/* What a captured piece counts against the log's budget: its copy, or its chunk. */
static size_t flow_slice_cost(struct slice s)
{
    return s.chunk ? s.chunk->cap : s.len;
}

static bool flow_keep_slice(struct engine *e, struct flow *f, struct slice in, struct slice *ret)
{
    struct slice kept = slice_of((struct bytes){0});

    if (in.len <= FLOW_COPY_BYTES) {
        kept = slice_of(arena_copy(&f->arena, slice_bytes(in)));
        if (!kept.ptr)
            return false;
    } else if (slice_retain(e->env.pool, in, &kept)) {
        return false;
    }
    if (e->env.log && !log_port_capture(e->env.log, flow_slice_cost(kept))) {
        slice_drop(kept);
        return false;
    }
    *ret = kept;
    return true;
}

void flow_note_content(struct engine *e, struct flow *f, struct flow_message *m, struct slice data)
{
    struct flow_body *b = &m->body;
    int64_t room = e->settings->body_capture_bytes - b->captured_bytes;
    struct slice kept;

    b->wire_bytes += (int64_t)data.len;
    if (!e->settings->capture || room <= 0 || f->body_not_captured || f->keep != FLOW_KEEP_ALL)
        return;
    if ((int64_t)data.len > room)
        data = slice_part(data, 0, (size_t)room);
    if (!flow_content_room(f, b) || !flow_keep_slice(e, f, data, &kept)) {
        f->body_not_captured = true;
        if (e->env.log)
            log_port_body_dropped(e->env.log, data.len);
        return;
    }
    b->slices[b->count++] = kept;
    b->captured_bytes += (int64_t)data.len;
}

void flow_note_rule(struct flow *f, const char *label, const char *note)
{
    struct flow_rule *rule = arena_alloc(&f->arena, sizeof(*rule));
    struct flow_rule **at = &f->rules;

    if (!rule)
        return;
    rule->label = arena_text(&f->arena, bytes_of(label));
    rule->note = note ? arena_text(&f->arena, bytes_of(note)) : NULL;
    while (*at)
        at = &(*at)->next;
    *at = rule;
}

void flow_note_tag(struct flow *f, struct bytes text)
{
    struct flow_tag **at = &f->tags;
    struct flow_tag *tag;

    for (; *at; at = &(*at)->next) {
        if (bytes_equal(bytes_of((*at)->text), text))
            return;
    }
    tag = arena_alloc(&f->arena, sizeof(*tag));
    if (!tag)
        return;
    tag->text = arena_text(&f->arena, text);
    if (tag->text)
        *at = tag;
}

void flow_note_interim(struct flow *f, const struct head *head, bool injected)
{
    struct flow_interim *interim = arena_alloc(&f->arena, sizeof(*interim));
    struct head *copy = arena_alloc(&f->arena, sizeof(*copy));
    struct flow_interim **at = &f->interim;

    if (!interim || !copy || head_copy(&f->arena, head, copy))
        return;
    interim->head = copy;
    interim->injected = injected;
    while (*at)
        at = &(*at)->next;
    *at = interim;
}

void flow_note_end(struct flow *f, enum close_reason reason, const char *sentence)
{
    const struct close_reason_row *row = close_reason_row(reason);

    f->reason = row->text;
    f->error = row->error;
    f->sentence = row->sentence;
    if (sentence) {
        char *copy = arena_text(&f->arena, bytes_of(sentence));

        f->sentence = copy ? copy : row->sentence;
    }
}

static void flow_drop_body(struct engine *e, struct flow_body *b)
{
    for (uint32_t i = 0; i < b->count; i++) {
        struct slice s = b->slices[i];

        if (e->env.log)
            log_port_uncapture(e->env.log, flow_slice_cost(s));
        slice_drop(s);
    }
    b->count = 0;
}

void flow_drop_content(struct engine *e, struct flow *f)
{
    flow_drop_body(e, &f->request.body);
    flow_drop_body(e, &f->response.body);
}
