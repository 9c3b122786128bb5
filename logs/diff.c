#include "logs/diff_impl.h"

#include "base/sip_hash.h"
#include "base/sizes.h"
#include "base/text.h"
#include "http/json.h"
#include "logs/flow_make.h"
#include "logs/media.h"

enum { TEXT_BYTES = 256 * 1024, SHOWN_BYTES = 8 };

void diff_release(struct diff *d)
{
    arena_release(&d->arena);
}

bool diff_equal(const struct diff *d)
{
    return d->count == 0 && !d->cut;
}

enum status diff_add(struct diff *d, const struct diff_entry *entry)
{
    struct diff_entry *e;

    if (d->count == DIFF_ENTRIES) {
        d->cut = true;
        return STATUS_OK;
    }
    e = arena_alloc(&d->arena, sizeof(*e));
    if (!e)
        return STATUS_NO_MEMORY;
    *e = *entry;
    e->next = NULL;
    if (d->last)
        d->last->next = e;
    else
        d->first = e;
    d->last = e;
    d->count++;
    return STATUS_OK;
}

/* Takes the bytes of a buf into the arena. */
static enum status keep(struct diff *d, struct buf *text, struct bytes *ret_kept)
{
    struct bytes in = buf_bytes(text);
    enum status st = buf_status(text);

    *ret_kept = arena_copy(&d->arena, in);
    if (st == STATUS_LIMIT) /* what fitted is compared */
        st = STATUS_OK;
    return in.len && !ret_kept->ptr ? STATUS_NO_MEMORY : st;
}

/* ---- start lines ---- */

struct line_part {
    enum http_side side;
    const char *name;
};

static enum status compare_part(struct diff *d, const struct line_part *part, struct bytes a,
                                struct bytes b)
{
    struct diff_entry entry = {.side = part->side,
                               .place = DIFF_LINE,
                               .change = DIFF_CHANGED,
                               .name = bytes_of(part->name),
                               .before = a,
                               .after = b};

    if (bytes_equal(a, b))
        return STATUS_OK;
    if (a.len == 0)
        entry.change = DIFF_ADDED;
    if (b.len == 0)
        entry.change = DIFF_REMOVED;
    return diff_add(d, &entry);
}

/* What went on may have another path than what came. */
static void put_url(const struct flow *f, const struct head *head, struct buf *out)
{
    if (f->kind != FLOW_HTTP) {
        flow_put_url(f, out);
        return;
    }
    buf_put(out, f->scheme);
    buf_put_text(out, "://");
    if (head && head->authority.len)
        buf_put(out, head->authority);
    else
        flow_put_authority(f, out);
    if (head && head->path.len && head->path.ptr[0] == '/')
        buf_put(out, head->path);
}

static enum status url_of(struct diff *d, const struct flow *f, const struct head *head,
                          const struct redactor *redactor, struct bytes *ret_url)
{
    struct buf whole, clean;
    enum status st;

    buf_init(&whole, TEXT_BYTES);
    buf_init(&clean, TEXT_BYTES);
    put_url(f, head, &whole);
    redact_put_url(redactor, buf_bytes(&whole), &clean);
    st = keep(d, &clean, ret_url);
    buf_release(&clean);
    buf_release(&whole);
    return st;
}

static struct bytes version_of(const struct head *head)
{
    return head ? bytes_of(flow_version_text(head->version)) : bytes_make(NULL, 0);
}

static enum status compare_request_line(struct diff *d, const struct diff_ask *ask,
                                        const struct head *a, const struct head *b)
{
    struct bytes none = {0}, url_a, url_b;
    enum status st = url_of(d, ask->a, a, &ask->redactor, &url_a);

    if (!st)
        st = url_of(d, ask->b, b, &ask->redactor, &url_b);
    if (!st)
        st = compare_part(d, &(struct line_part){HTTP_REQUEST, "method"}, a ? a->method : none,
                          b ? b->method : none);
    if (!st)
        st = compare_part(d, &(struct line_part){HTTP_REQUEST, "url"}, url_a, url_b);
    if (!st)
        st = compare_part(d, &(struct line_part){HTTP_REQUEST, "version"}, version_of(a),
                          version_of(b));
    return st;
}

static enum status status_of(struct diff *d, const struct head *head, struct bytes *ret_text)
{
    struct buf text;
    enum status st;

    *ret_text = bytes_make(NULL, 0);
    if (!head)
        return STATUS_OK;
    buf_init(&text, 16);
    buf_put_u64(&text, head->status);
    st = keep(d, &text, ret_text);
    buf_release(&text);
    return st;
}

static enum status compare_status_line(struct diff *d, const struct head *a, const struct head *b)
{
    struct bytes none = {0}, status_a, status_b;
    enum status st = status_of(d, a, &status_a);

    if (!st)
        st = status_of(d, b, &status_b);
    if (!st)
        st = compare_part(d, &(struct line_part){HTTP_RESPONSE, "status"}, status_a, status_b);
    if (!st)
        st = compare_part(d, &(struct line_part){HTTP_RESPONSE, "reason"}, a ? a->reason : none,
                          b ? b->reason : none);
    if (!st)
        st = compare_part(d, &(struct line_part){HTTP_RESPONSE, "version"}, version_of(a),
                          version_of(b));
    return st;
}

/* ---- bodies ---- */

struct body {
    struct bytes content; /* decoded, redacted, in the arena */
    struct bytes type;
    bool large, text;
    uint64_t wire_hash; /* of a large one, which is not held whole */
};

static enum status hash_wire(const struct diff_ask *ask, const struct flow_message *m,
                             uint64_t *ret_hash)
{
    struct bytes wire = {0};
    struct buf joined;
    enum status st;

    buf_init(&joined, FLOW_MAKE_BYTES);
    st = flow_wire(m, &joined, &wire);
    if (!st)
        *ret_hash = sip_hash_keyed(ask->redactor.key, wire);
    buf_release(&joined);
    return st == STATUS_NO_MEMORY ? st : STATUS_OK;
}

static enum status body_clean(struct diff *d, const struct redactor *redactor, struct body *b)
{
    struct buf clean;
    enum status st;

    if (!b->text)
        return STATUS_OK;
    buf_init(&clean, 2 * DIFF_CONTENT_BYTES);
    redact_put_body(redactor, b->type, b->content, &clean);
    b->large |= buf_status(&clean) == STATUS_LIMIT;
    st = keep(d, &clean, &b->content);
    buf_release(&clean);
    return st;
}

static enum status body_take(struct diff *d, const struct diff_ask *ask,
                             const struct flow_message *m, struct body *ret_body)
{
    struct body b = {.type = flow_content_type(m)};
    struct bytes view = {0};
    struct buf decoded;
    enum status st;

    buf_init(&decoded, DIFF_CONTENT_BYTES);
    if (flow_content_view(m, &decoded, &view) == STATUS_NO_MEMORY) {
        buf_release(&decoded);
        return STATUS_NO_MEMORY;
    }
    b.large = view.len > DIFF_CONTENT_BYTES || buf_status(&decoded) == STATUS_LIMIT;
    view = bytes_until(view, DIFF_CONTENT_BYTES);
    b.text = media_is_text(view, b.large || flow_body_cut(&m->body));
    b.content = arena_copy(&d->arena, view);
    st = view.len && !b.content.ptr ? STATUS_NO_MEMORY : body_clean(d, &ask->redactor, &b);
    if (!st && b.large)
        st = hash_wire(ask, m, &b.wire_hash);
    buf_release(&decoded);
    *ret_body = b;
    return st;
}

/* "1.2 KiB of text/plain", with what is at `offset` as hexadecimal digits. */
static enum status describe(struct diff *d, const struct body *b, size_t offset,
                            struct bytes *ret_words)
{
    struct bytes type = media_type(b->type);
    struct buf words;
    enum status st;

    buf_init(&words, TEXT_BYTES);
    size_put(&words, (int64_t)b->content.len);
    if (b->large)
        buf_put_text(&words, " and more");
    buf_put_text(&words, " of ");
    buf_put(&words, type.len ? type : BYTES("no type"));
    if (offset < b->content.len && !b->text) {
        buf_putf(&words, ", at byte %zu: ", offset);
        text_put_hex(&words, bytes_until(bytes_from(b->content, offset), SHOWN_BYTES));
    }
    st = keep(d, &words, ret_words);
    buf_release(&words);
    return st;
}

static size_t first_difference(struct bytes a, struct bytes b)
{
    size_t at = 0;

    while (at < a.len && at < b.len && a.ptr[at] == b.ptr[at])
        at++;
    return at;
}

static enum status compare_whole(struct diff *d, enum http_side side, const struct body *a,
                                 const struct body *b)
{
    struct diff_entry entry = {.side = side, .place = DIFF_BODY, .change = DIFF_CHANGED};
    size_t offset = first_difference(a->content, b->content);
    enum status st = STATUS_OK;

    entry.name = BYTES("body");
    if (a->content.len)
        st = describe(d, a, offset, &entry.before);
    else
        entry.change = DIFF_ADDED;
    if (!st && b->content.len)
        st = describe(d, b, offset, &entry.after);
    else if (!st)
        entry.change = DIFF_REMOVED;
    return st ? st : diff_add(d, &entry);
}

/* False: it is no JSON. */
static bool compact(struct diff *d, struct bytes in, struct bytes *ret_json, enum status *ret_st)
{
    struct buf out;
    bool is_json;

    buf_init(&out, 2 * DIFF_CONTENT_BYTES);
    *ret_st = json_compact(in, &out);
    is_json = *ret_st == STATUS_OK;
    if (is_json)
        *ret_st = keep(d, &out, ret_json);
    else if (*ret_st == STATUS_BAD_INPUT || *ret_st == STATUS_LIMIT)
        *ret_st = STATUS_OK;
    buf_release(&out);
    return is_json;
}

/* A diff by structure that grows too large is taken back: by lines it is one of bounds. */
static enum status compare_json(struct diff *d, enum http_side side, struct bytes a, struct bytes b,
                                bool *ret_done)
{
    struct diff_entry *last = d->last;
    uint32_t count = d->count;
    bool cut = d->cut;
    enum status st = diff_json(d, side, a, b);

    *ret_done = st != STATUS_LIMIT;
    if (*ret_done)
        return st;
    d->last = last;
    d->count = count;
    d->cut = cut;
    if (last)
        last->next = NULL;
    else
        d->first = NULL;
    return STATUS_OK;
}

static enum status compare_bodies(struct diff *d, enum http_side side, const struct body *a,
                                  const struct body *b)
{
    struct bytes json_a, json_b;
    enum status st = STATUS_OK;
    bool done = false;

    if (bytes_equal(a->content, b->content) && a->large == b->large && a->wire_hash == b->wire_hash)
        return STATUS_OK;
    if (!a->text || !b->text || a->large || b->large || !a->content.len || !b->content.len)
        return compare_whole(d, side, a, b);
    if (compact(d, a->content, &json_a, &st) && !st && compact(d, b->content, &json_b, &st) && !st)
        st = compare_json(d, side, json_a, json_b, &done);
    return st || done ? st : diff_text(d, side, a->content, b->content);
}

/* ---- messages ---- */

static const struct head *head_of(const struct flow_message *m, bool sent)
{
    return sent ? m->sent : flow_message_head(m);
}

static enum status compare_messages(struct diff *d, const struct diff_ask *ask, enum http_side side)
{
    bool request = side == HTTP_REQUEST;
    const struct flow_message *a = request ? &ask->a->request : &ask->a->response;
    const struct flow_message *b = request ? &ask->b->request : &ask->b->response;
    const struct head *head_a = head_of(a, ask->a_sent), *head_b = head_of(b, ask->b_sent);
    struct diff_fields heads = {side, DIFF_HEADER, head_a ? &head_a->fields : NULL,
                                head_b ? &head_b->fields : NULL};
    struct diff_fields trailers = {side, DIFF_TRAILER, a->trailers, b->trailers};
    struct body body_a, body_b;
    enum status st = request ? compare_request_line(d, ask, head_a, head_b)
                             : compare_status_line(d, head_a, head_b);

    if (!st)
        st = diff_put_fields(d, &heads, &ask->redactor);
    if (!st && ask->bodies)
        st = body_take(d, ask, a, &body_a);
    if (!st && ask->bodies)
        st = body_take(d, ask, b, &body_b);
    if (!st && ask->bodies)
        st = compare_bodies(d, side, &body_a, &body_b);
    return st ? st : diff_put_fields(d, &trailers, &ask->redactor);
}

enum status diff_flows(const struct diff_ask *ask, struct diff *ret_diff)
{
    struct diff d = {0};
    enum status st = STATUS_OK;

    arena_init(&d.arena, DIFF_BYTES);
    if (ask->request)
        st = compare_messages(&d, ask, HTTP_REQUEST);
    if (!st && ask->response)
        st = compare_messages(&d, ask, HTTP_RESPONSE);
    if (st)
        diff_release(&d);
    else
        *ret_diff = d;
    return st;
}
