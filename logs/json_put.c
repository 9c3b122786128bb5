#include "logs/json_put.h"

#include "base/text.h"

void json_put_begin(struct json_put *p, struct buf *buf)
{
    p->buf = buf;
    p->at = buf_room(buf, 0);
    p->end = p->at ? buf->ptr + buf->cap : NULL;
}

void json_put_end(struct json_put *p)
{
    if (p->at)
        p->buf->len = (size_t)(p->at - p->buf->ptr);
}

bool json_put_grow(struct json_put *p, size_t len)
{
    bool room;

    json_put_end(p);
    room = buf_room(p->buf, len) != NULL;
    json_put_begin(p, p->buf);
    return room;
}

void json_put_string_slowly(struct json_put *p, struct bytes in)
{
    json_put_end(p);
    text_put_json(p->buf, in);
    json_put_begin(p, p->buf);
}

void json_put_base64(struct json_put *p, struct bytes in)
{
    json_put_end(p);
    buf_put_byte(p->buf, '"');
    text_put_base64(p->buf, in);
    buf_put_byte(p->buf, '"');
    json_put_begin(p, p->buf);
}
