#include "logs/store_body.h"

#include <string.h>
#include <zstd.h>

#include "logs/media.h"

enum {
    PRESS_LEVEL = 1,
    PRESS_GAIN = 8, /* kept only when it saves one part in so many */
};

enum status body_press_init(struct body_press *p,
                            enum status (*digest)(struct bytes content, uint8_t *ret_digest))
{
    *p = (struct body_press){.digest = digest, .zstd = ZSTD_createCCtx()};
    buf_init(&p->joined, BODY_BYTES);
    return p->zstd ? STATUS_OK : STATUS_NO_MEMORY;
}

void body_press_release(struct body_press *p)
{
    ZSTD_freeCCtx(p->zstd);
    buf_release(&p->joined);
}

enum status body_look(struct body_press *p, const struct flow_message *m, struct bytes *ret_wire,
                      uint8_t ret_digest[BODY_DIGEST_BYTES])
{
    struct bytes wire = {0};
    enum status st;

    buf_clear(&p->joined);
    st = flow_wire(m, &p->joined, &wire);
    if (!st && wire.len > BODY_BYTES)
        st = STATUS_LIMIT;
    if (!st && wire.len)
        st = p->digest(wire, ret_digest);
    if (!st)
        *ret_wire = wire;
    return st;
}

/* It is text as far as its head says, and no coding has made it short already. */
static bool worth_pressing(const struct flow_message *m, struct bytes wire)
{
    const struct head *head = flow_message_head(m);

    if (wire.len < BODY_PRESS_BYTES || !head)
        return false;
    if (!m->body.decoded && fields_find(&head->fields, FIELD_CONTENT_ENCODING, 0) >= 0)
        return false;
    switch (media_kind_of(flow_content_type(m))) {
    case MEDIA_JSON:
    case MEDIA_FORM:
    case MEDIA_MULTIPART:
    case MEDIA_TEXT:
        return true;
    case MEDIA_NONE:
    case MEDIA_IMAGE:
    case MEDIA_OTHER:
        return false;
    }
    return false;
}

/* False: it would save too little, and nothing was added. */
static bool put_pressed(struct body_press *p, struct bytes wire, struct buf *out)
{
    size_t bound = ZSTD_compressBound(wire.len), len;
    uint8_t *room = buf_room(out, bound);

    if (!room)
        return false;
    len = ZSTD_compressCCtx(p->zstd, room, bound, wire.ptr, wire.len, PRESS_LEVEL);
    if (ZSTD_isError(len) || len > wire.len - wire.len / PRESS_GAIN)
        return false;
    buf_added(out, len);
    return true;
}

enum status body_put(struct body_press *p, const struct flow_message *m, struct bytes wire,
                     struct buf *out, uint8_t *ret_coding)
{
    bool pressed = worth_pressing(m, wire) && put_pressed(p, wire, out);

    if (!pressed)
        buf_put(out, wire);
    if (!buf_status(out))
        *ret_coding = pressed ? STORE_CODING_ZSTD : STORE_CODING_PLAIN;
    return buf_status(out);
}

static size_t recent_place(const uint8_t *digest)
{
    uint32_t start;

    memcpy(&start, digest, sizeof(start));
    return start % BODY_RECENT;
}

int64_t body_recents_find(const struct body_recents *r, const uint8_t *digest)
{
    size_t at = recent_place(digest);

    return memcmp(r->items[at].digest, digest, BODY_DIGEST_BYTES) == 0 ? r->items[at].key : 0;
}

void body_recents_set(struct body_recents *r, const uint8_t *digest, int64_t key)
{
    size_t at = recent_place(digest);

    memcpy(r->items[at].digest, digest, BODY_DIGEST_BYTES);
    r->items[at].key = key;
}
