#include "logs/flow_copy.h"

/* Out of memory once is out of memory for good: the rest is skipped. */
struct copier {
    struct arena *arena;
    bool failed;
};

static void *copy_room(struct copier *c, size_t len)
{
    void *room = c->failed ? NULL : arena_alloc(c->arena, len);

    c->failed |= !room;
    return room;
}

static void copy_bytes(struct copier *c, struct bytes *b)
{
    struct bytes copy = {0};

    if (b->len && !c->failed) {
        copy = arena_copy(c->arena, *b);
        c->failed |= !copy.ptr;
    }
    *b = copy;
}

static void copy_text(struct copier *c, const char **text)
{
    const char *copy = NULL;

    if (*text && !c->failed) {
        copy = arena_text(c->arena, bytes_of(*text));
        c->failed |= !copy;
    }
    *text = copy;
}

static const struct head *copy_head(struct copier *c, const struct head *head)
{
    struct head *copy = head ? copy_room(c, sizeof(*copy)) : NULL;

    if (copy && head_copy(c->arena, head, copy))
        c->failed = true;
    return copy;
}

static const struct fields *copy_trailers(struct copier *c, const struct fields *trailers)
{
    struct fields *copy = trailers ? copy_room(c, sizeof(*copy)) : NULL;

    for (uint32_t i = 0; copy && !c->failed && i < trailers->count; i++) {
        struct bytes name = trailers->items[i].name, value = trailers->items[i].value;

        copy_bytes(c, &name);
        copy_bytes(c, &value);
        if (!c->failed && fields_append(c->arena, copy, name, value))
            c->failed = true;
    }
    return copy;
}

static void copy_message(struct copier *c, struct flow_message *m)
{
    bool same = m->sent == m->received;

    m->received = copy_head(c, m->received);
    m->sent = same ? m->received : copy_head(c, m->sent);
    m->trailers = copy_trailers(c, m->trailers);
    m->body = (struct flow_body){.wire_bytes = m->body.wire_bytes, .decoded = m->body.decoded};
}

static void copy_tls(struct copier *c, struct flow_tls *tls)
{
    copy_text(c, &tls->version_text);
    copy_text(c, &tls->cipher);
    copy_bytes(c, &tls->sni);
    copy_bytes(c, &tls->alpn);
    copy_bytes(c, &tls->ja4);
    copy_bytes(c, &tls->certificate);
}

static void copy_interim(struct copier *c, struct flow_interim **at)
{
    for (; *at && !c->failed; at = &(*at)->next) {
        struct flow_interim *copy = copy_room(c, sizeof(*copy));

        if (!copy)
            return;
        *copy = **at;
        copy->head = copy_head(c, copy->head);
        *at = copy;
    }
}

static void copy_rules(struct copier *c, struct flow_rule **at)
{
    for (; *at && !c->failed; at = &(*at)->next) {
        struct flow_rule *copy = copy_room(c, sizeof(*copy));

        if (!copy)
            return;
        *copy = **at;
        copy_text(c, &copy->label);
        copy_text(c, &copy->note);
        *at = copy;
    }
}

static void copy_tags(struct copier *c, struct flow_tag **at)
{
    for (; *at && !c->failed; at = &(*at)->next) {
        struct flow_tag *copy = copy_room(c, sizeof(*copy));

        if (!copy)
            return;
        *copy = **at;
        copy_text(c, &copy->text);
        *at = copy;
    }
}

struct flow *flow_copy(const struct flow *f, struct arena *arena)
{
    struct copier c = {.arena = arena};
    struct flow *copy = copy_room(&c, sizeof(*copy));

    if (!copy)
        return NULL;
    *copy = *f;
    copy->messages = NULL;
    copy_bytes(&c, &copy->client);
    copy_bytes(&c, &copy->user);
    copy_bytes(&c, &copy->upstream);
    copy_bytes(&c, &copy->scheme);
    copy_bytes(&c, &copy->host);
    copy_text(&c, &copy->reason);
    copy_text(&c, &copy->sentence);
    copy_tls(&c, &copy->client_tls);
    copy_tls(&c, &copy->upstream_tls);
    copy_message(&c, &copy->request);
    copy_message(&c, &copy->response);
    copy_interim(&c, &copy->interim);
    copy_rules(&c, &copy->rules);
    copy_tags(&c, &copy->tags);
    if (c.failed)
        return NULL;
    copy->arena = *arena;
    return copy;
}
