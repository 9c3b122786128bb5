#include "logs/store_batch.h"

#include <stdlib.h>
#include <string.h>

#include "logs/flow_pack.h"
#include "logs/media.h"

enum { FIRST_ROWS = 64 };

enum status batch_init(struct store_batch *b,
                       enum status (*digest)(struct bytes content, uint8_t *ret_digest))
{
    memset(b, 0, sizeof(*b));
    buf_init(&b->bytes, BATCH_BYTES);
    return body_press_init(&b->press, digest);
}

void batch_release(struct store_batch *b)
{
    body_press_release(&b->press);
    buf_release(&b->bytes);
    free(b->rows);
    free(b->bodies);
}

void batch_clear(struct store_batch *b)
{
    if (b->bytes.cap > BATCH_SPARE_BYTES)
        buf_release(&b->bytes);
    if (b->press.joined.cap > BATCH_SPARE_BYTES)
        buf_release(&b->press.joined);
    buf_clear(&b->bytes);
    if (b->body_count)
        memset(b->slots, 0, sizeof(b->slots));
    b->row_count = 0;
    b->row_first = 0;
    b->body_count = 0;
    b->gap = (struct log_gap){0};
}

struct bytes batch_part(const struct store_batch *b, struct batch_span span)
{
    return bytes_make(b->bytes.ptr + span.at, span.len);
}

bool batch_empty(const struct store_batch *b)
{
    return !batch_waiting(b) && !b->gap.flows && !b->gap.bodies;
}

uint32_t batch_waiting(const struct store_batch *b)
{
    return b->row_count - b->row_first;
}

void batch_gap(struct store_batch *b, const struct log_gap *gap)
{
    b->gap.flows += gap->flows;
    b->gap.bodies += gap->bodies;
}

/* Room for `need` items of that size in a growing array. */
static enum status array_grow(void **items, size_t size, uint32_t need, uint32_t *cap)
{
    uint32_t more = *cap ? *cap * 2 : FIRST_ROWS;
    void *grown;

    if (need <= *cap)
        return STATUS_OK;
    grown = realloc(*items, more * size);
    if (!grown)
        return STATUS_NO_MEMORY;
    *items = grown;
    *cap = more;
    return STATUS_OK;
}

static enum status batch_grow(struct store_batch *b)
{
    void *rows = b->rows, *bodies = b->bodies;
    enum status st = array_grow(&rows, sizeof(*b->rows), b->row_count + 1, &b->row_cap);

    b->rows = rows;
    if (!st)
        st = array_grow(&bodies, sizeof(*b->bodies), b->body_count + 2, &b->body_cap);
    b->bodies = bodies;
    return st;
}

/* ---- bodies ---- */

/* The slot of a digest, or the free one where it belongs; some always are free. */
static uint16_t *body_slot(struct store_batch *b, const uint8_t *digest)
{
    uint32_t at;

    memcpy(&at, digest, sizeof(at));
    for (at %= BATCH_SLOTS; b->slots[at]; at = (at + 1) % BATCH_SLOTS) {
        if (memcmp(b->bodies[b->slots[at] - 1].digest, digest, BODY_DIGEST_BYTES) == 0)
            break;
    }
    return &b->slots[at];
}

static enum status body_add(struct store_batch *b, const struct flow_message *m, struct bytes wire,
                            const uint8_t *digest)
{
    struct batch_body *body = &b->bodies[b->body_count];
    size_t before = b->bytes.len;
    enum status st = STATUS_OK;

    *body = (struct batch_body){.bytes = wire.len, .known = body_recents_find(&b->recents, digest)};
    memcpy(body->digest, digest, BODY_DIGEST_BYTES);
    if (!body->known)
        st = body_put(&b->press, m, wire, &b->bytes, &body->coding);
    body->data = (struct batch_span){(uint32_t)before, (uint32_t)(b->bytes.len - before)};
    if (!st)
        b->body_count++;
    return st;
}

static enum status message_body(struct store_batch *b, const struct flow_message *m,
                                int32_t *ret_place)
{
    uint8_t digest[BODY_DIGEST_BYTES];
    struct bytes wire = {0};
    uint16_t *slot;
    enum status st = body_look(&b->press, m, &wire, digest);

    if (st || wire.len == 0)
        return st;
    slot = body_slot(b, digest);
    if (!*slot) {
        st = body_add(b, m, wire, digest);
        if (st)
            return st;
        *slot = (uint16_t)b->body_count;
    }
    *ret_place = *slot - 1;
    return STATUS_OK;
}

/* What failed leaves the flow without that body, and the buffer as it was. */
static unsigned row_bodies(struct store_batch *b, const struct flow *f, bool without,
                           struct batch_row *row)
{
    const struct flow_message *messages[] = {&f->request, &f->response};
    unsigned lost = 0;

    for (size_t i = 0; i < 2; i++) {
        size_t before = b->bytes.len;

        row->bodies[i] = -1;
        if (messages[i]->body.captured_bytes <= 0)
            continue;
        if (without || b->body_count + 2 > BATCH_SLOTS / 2 ||
            message_body(b, messages[i], &row->bodies[i])) {
            b->bytes.len = before;
            b->bytes.status = STATUS_OK;
            lost++;
        }
    }
    return lost;
}

/* ---- rows ---- */

static void row_numbers(const struct flow *f, int64_t class_key, int64_t *numbers)
{
    const struct head *request = flow_message_head(&f->request);
    bool tunnel = f->kind == FLOW_TUNNEL;

    numbers[BATCH_KIND] = f->kind;
    numbers[BATCH_STARTED] = f->started_us;
    numbers[BATCH_DURATION] = f->timings.total;
    numbers[BATCH_PORT] = f->port;
    numbers[BATCH_STATUS] = f->status;
    numbers[BATCH_VERSION] = request ? (int64_t)request->version : 0;
    numbers[BATCH_ERROR] = f->error;
    numbers[BATCH_INJECTED] = f->injected;
    numbers[BATCH_REUSED] = f->upstream_reused;
    numbers[BATCH_WEBSOCKET] = f->messages != NULL;
    numbers[BATCH_ANOMALIES] = f->anomalies;
    numbers[BATCH_REQUEST_BYTES] = tunnel ? f->tunnel_up_bytes : f->request.body.wire_bytes;
    numbers[BATCH_RESPONSE_BYTES] = tunnel ? f->tunnel_down_bytes : f->response.body.wire_bytes;
    numbers[BATCH_CLASS] = class_key;
}

static struct batch_span put_text(struct buf *out, struct bytes text)
{
    size_t before = out->len;

    buf_put(out, text);
    return (struct batch_span){(uint32_t)before, (uint32_t)(out->len - before)};
}

static struct batch_span put_rules(struct buf *out, const struct flow_rule *rule)
{
    size_t before = out->len;

    for (; rule; rule = rule->next) {
        if (out->len > before)
            buf_put_byte(out, '\n');
        buf_put_text(out, rule->label);
    }
    return (struct batch_span){(uint32_t)before, (uint32_t)(out->len - before)};
}

static struct batch_span put_tags(struct buf *out, const struct flow_tag *tag)
{
    size_t before = out->len;

    for (; tag; tag = tag->next) {
        if (out->len > before)
            buf_put_byte(out, '\n');
        buf_put_text(out, tag->text);
    }
    return (struct batch_span){(uint32_t)before, (uint32_t)(out->len - before)};
}

static void row_texts(const struct flow *f, struct buf *out, struct batch_span *texts)
{
    const struct head *request = flow_message_head(&f->request);

    if (request)
        texts[BATCH_METHOD] = put_text(out, request->method);
    texts[BATCH_SCHEME] = put_text(out, f->scheme);
    texts[BATCH_HOST] = put_text(out, f->host);
    texts[BATCH_PATH] = put_text(out, flow_path(f));
    texts[BATCH_REASON] = put_text(out, bytes_of(f->reason));
    texts[BATCH_MIME] = put_text(out, media_type(flow_content_type(&f->response)));
    texts[BATCH_CLIENT] = put_text(out, f->client);
    texts[BATCH_USER] = put_text(out, f->user);
    texts[BATCH_RULES] = put_rules(out, f->rules);
    texts[BATCH_TAGS] = put_tags(out, f->tags);
}

/* The record says of bodies that are not there that they are not. */
static void row_record(struct store_batch *b, const struct flow *f, struct batch_row *row)
{
    size_t before = b->bytes.len;
    struct flow bare = *f;

    if (row->bodies[HTTP_REQUEST] < 0)
        bare.request.body.captured_bytes = 0;
    if (row->bodies[HTTP_RESPONSE] < 0)
        bare.response.body.captured_bytes = 0;
    if (bare.request.body.captured_bytes != f->request.body.captured_bytes ||
        bare.response.body.captured_bytes != f->response.body.captured_bytes)
        bare.body_not_captured = true;
    if (flow_pack(&bare, &b->bytes) && !buf_status(&b->bytes))
        b->bytes.status = STATUS_NO_MEMORY;
    row->record = (struct batch_span){(uint32_t)before, (uint32_t)(b->bytes.len - before)};
}

enum status batch_add(struct store_batch *b, const struct flow *f, const struct batch_how *how,
                      unsigned *ret_lost_bodies)
{
    struct batch_row row = {.bodies = {-1, -1}};
    enum status st = b->row_count == BATCH_ROWS ? STATUS_LIMIT : batch_grow(b);
    unsigned lost;
    size_t before;

    if (st)
        return st;
    lost = row_bodies(b, f, how->without_bodies, &row);
    before = b->bytes.len;
    if (ulid_parse(bytes_of(f->id), row.id))
        memset(row.id, 0, sizeof(row.id)); /* of an import without one */
    row_numbers(f, how->class_key, row.numbers);
    row_texts(f, &b->bytes, row.texts);
    row_record(b, f, &row);
    st = buf_status(&b->bytes);
    if (st) {
        b->bytes.len = before; /* a body without a row is written by nobody */
        b->bytes.status = STATUS_OK;
        return st;
    }
    row.before = b->gap;
    b->gap = (struct log_gap){.bodies = lost};
    b->rows[b->row_count++] = row;
    *ret_lost_bodies = lost;
    return STATUS_OK;
}
