#include "logs/flow_redact.h"

#include "http/coding.h"
#include "logs/flow_make.h"
#include "logs/media.h"
#include "logs/redact_note.h"

struct redaction {
    const struct redactor *r;
    const struct flow *from;
    struct flow *to;
    struct buf clean; /* of what is at hand */
    enum status status;
};

static void fail(struct redaction *d, enum status st)
{
    if (!d->status)
        d->status = st;
}

static void *room(struct redaction *d, size_t len)
{
    void *ptr = arena_alloc(&d->to->arena, len);

    if (!ptr)
        fail(d, STATUS_NO_MEMORY);
    return ptr;
}

static struct bytes copy(struct redaction *d, struct bytes in)
{
    struct bytes out = arena_copy(&d->to->arena, in);

    if (in.len && !out.ptr)
        fail(d, STATUS_NO_MEMORY);
    return out;
}

/* What d->clean has, which is emptied. */
static struct bytes take_clean(struct redaction *d)
{
    struct bytes out;

    if (buf_status(&d->clean))
        fail(d, buf_status(&d->clean));
    out = copy(d, buf_bytes(&d->clean));
    buf_clear(&d->clean);
    return out;
}

static struct bytes clean_url(struct redaction *d, struct bytes url)
{
    redact_put_url(d->r, url, &d->clean);
    return take_clean(d);
}

/* With a NUL; NULL stays. */
static const char *clean_text(struct redaction *d, const char *in, bool note)
{
    const char *text;

    if (!in)
        return NULL;
    if (note)
        redact_put_note(d->r, d->from, bytes_of(in), &d->clean);
    else
        redact_put_body(d->r, BYTES(""), bytes_of(in), &d->clean);
    if (buf_status(&d->clean))
        fail(d, buf_status(&d->clean));
    text = arena_text(&d->to->arena, buf_bytes(&d->clean));
    buf_clear(&d->clean);
    if (!text)
        fail(d, STATUS_NO_MEMORY);
    return text;
}

/* ---- messages ---- */

static void fields_redact(struct redaction *d, const struct fields *from, struct fields *to)
{
    struct field *items = from->count ? room(d, from->count * sizeof(*items)) : NULL;

    *to = (struct fields){.items = items};
    for (uint32_t i = 0; items && i < from->count; i++) {
        const struct field *f = &from->items[i];

        redact_put_field(d->r, f->name, f->value, &d->clean);
        items[i] = *f;
        items[i].name = copy(d, f->name);
        items[i].line = (struct bytes){0}; /* it has the value as it was */
        items[i].value = take_clean(d);
        to->count = to->cap = i + 1;
    }
}

static struct head *head_redact(struct redaction *d, const struct head *from)
{
    struct head *to = from ? room(d, sizeof(*to)) : NULL;

    if (!to)
        return NULL;
    *to = *from;
    to->method = copy(d, from->method);
    to->target = clean_url(d, from->target);
    to->scheme = copy(d, from->scheme);
    to->authority = copy(d, from->authority);
    to->path = clean_url(d, from->path);
    to->reason = copy(d, from->reason);
    fields_redact(d, &from->fields, &to->fields);
    return to;
}

/* False: no secret of which we could know can be in it. */
static bool may_be_text(struct bytes type, struct bytes content)
{
    enum media_kind kind = media_kind_of(type);

    return media_is_text(content, true) || (kind != MEDIA_IMAGE && kind != MEDIA_OTHER);
}

static void content_redact(struct redaction *d, const struct flow_message *from,
                           struct flow_message *to)
{
    struct bytes content = {0}, clean;
    struct buf decoded;
    enum status st;

    buf_init(&decoded, CODING_OUT_BYTES);
    st = flow_content_view(from, &decoded, &content);
    if (st && st != STATUS_TRUNCATED && st != STATUS_LIMIT) {
        if (st == STATUS_NO_MEMORY)
            fail(d, st);
        content.len = 0; /* whatever it is, it cannot be looked at */
    }
    to->body.decoded = true;
    to->body.cut = flow_body_cut(&from->body) || st;
    if (may_be_text(flow_content_type(from), content)) {
        redact_put_body(d->r, flow_content_type(from), content, &d->clean);
        clean = take_clean(d);
    } else {
        clean = copy(d, content);
    }
    buf_release(&decoded);
    if (!d->status)
        fail(d, flow_make_content(d->to, to, clean));
}

static void message_redact(struct redaction *d, const struct flow_message *from,
                           struct flow_message *to)
{
    to->received = head_redact(d, from->received);
    to->sent = from->sent == from->received ? to->received : head_redact(d, from->sent);
    if (from->trailers) {
        struct fields *trailers = room(d, sizeof(*trailers));

        if (trailers)
            fields_redact(d, from->trailers, trailers);
        to->trailers = trailers;
    }
    to->body = (struct flow_body){.wire_bytes = from->body.wire_bytes, .cut = from->body.cut};
    if (from->body.captured_bytes > 0)
        content_redact(d, from, to);
}

/* ---- lists ---- */

static void interim_redact(struct redaction *d)
{
    struct flow_interim **end = &d->to->interim;

    for (const struct flow_interim *i = d->from->interim; i && !d->status; i = i->next) {
        *end = room(d, sizeof(**end));
        if (!*end)
            return;
        **end = (struct flow_interim){head_redact(d, i->head), i->injected, NULL};
        end = &(*end)->next;
    }
}

static void rules_redact(struct redaction *d)
{
    struct flow_rule **end = &d->to->rules;

    for (const struct flow_rule *i = d->from->rules; i && !d->status; i = i->next) {
        *end = room(d, sizeof(**end));
        if (!*end)
            return;
        **end =
            (struct flow_rule){clean_text(d, i->label, false), clean_text(d, i->note, true), NULL};
        end = &(*end)->next;
    }
}

static void tags_redact(struct redaction *d)
{
    struct flow_tag **end = &d->to->tags;

    for (const struct flow_tag *i = d->from->tags; i && !d->status; i = i->next) {
        *end = room(d, sizeof(**end));
        if (!*end)
            return;
        **end = (struct flow_tag){clean_text(d, i->text, false), NULL};
        end = &(*end)->next;
    }
}

static void socket_redact(struct redaction *d)
{
    struct flow_socket_message **end = &d->to->messages;

    for (const struct flow_socket_message *i = d->from->messages; i && !d->status; i = i->next) {
        *end = room(d, sizeof(**end));
        if (!*end)
            return;
        **end = *i;
        (*end)->next = NULL;
        if (media_is_text(i->data, true)) {
            redact_put_body(d->r, BYTES(""), i->data, &d->clean);
            (*end)->data = take_clean(d);
        } else {
            (*end)->data = copy(d, i->data);
        }
        end = &(*end)->next;
    }
}

/* ---- all of it ---- */

static void tls_copy(struct redaction *d, struct flow_tls *tls)
{
    tls->sni = copy(d, tls->sni);
    tls->alpn = copy(d, tls->alpn);
    tls->ja4 = copy(d, tls->ja4);
    tls->certificate = copy(d, tls->certificate);
    if (tls->version_text)
        tls->version_text = clean_text(d, tls->version_text, false);
    if (tls->cipher)
        tls->cipher = clean_text(d, tls->cipher, false);
}

/* What is no pointer was copied; what is one has to lie in the copy's own arena. */
static void all_redact(struct redaction *d)
{
    const struct flow *from = d->from;
    struct flow *to = d->to;
    struct arena arena = to->arena;

    *to = *from;
    to->arena = arena;
    to->interim = NULL;
    to->rules = NULL;
    to->tags = NULL;
    to->messages = NULL;
    to->client = copy(d, from->client);
    to->user = copy(d, from->user);
    to->upstream = copy(d, from->upstream);
    to->scheme = copy(d, from->scheme);
    to->host = copy(d, from->host);
    tls_copy(d, &to->client_tls);
    tls_copy(d, &to->upstream_tls);
    message_redact(d, &from->request, &to->request);
    message_redact(d, &from->response, &to->response);
    interim_redact(d);
    rules_redact(d);
    tags_redact(d);
    socket_redact(d);
    to->sentence = clean_text(d, from->sentence, false);
    if (from->reason) /* of a record that was read back it lies in that */
        to->reason = clean_text(d, from->reason, false);
}

enum status flow_redact(const struct flow *from, const struct redactor *r, struct flow **ret_flow)
{
    struct redaction d = {.r = r, .from = from, .to = flow_make(from->kind)};

    if (!d.to)
        return STATUS_NO_MEMORY;
    buf_init(&d.clean, FLOW_MAKE_BYTES);
    all_redact(&d);
    buf_release(&d.clean);
    if (d.status) {
        flow_free(d.to);
        return d.status;
    }
    *ret_flow = d.to;
    return STATUS_OK;
}
