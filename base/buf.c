#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST_BYTES = 64 };

void buf_init(struct buf *b, size_t max_bytes)
{
    *b = (struct buf){.max = max_bytes};
}

void buf_release(struct buf *b)
{
    free(b->ptr);
    *b = (struct buf){.max = b->max};
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->status = STATUS_OK;
}

/* Makes room for `need` bytes in all, and always one more for a NUL. */
static bool buf_grow(struct buf *b, size_t need)
{
    size_t cap = b->cap > b->max / 2 ? b->max : b->cap * 2;
    uint8_t *ptr;

    if (cap < need)
        cap = need;
    if (cap < BUF_FIRST_BYTES)
        cap = b->max < BUF_FIRST_BYTES ? b->max : BUF_FIRST_BYTES;
    ptr = cap < PTRDIFF_MAX ? realloc(b->ptr, cap + 1) : NULL;
    if (!ptr) {
        b->status = STATUS_NO_MEMORY;
        return false;
    }
    b->ptr = ptr;
    b->cap = cap;
    return true;
}

uint8_t *buf_room(struct buf *b, size_t len)
{
    if (b->status)
        return NULL;
    if (len > b->max - b->len) {
        b->status = STATUS_LIMIT;
        return NULL;
    }
    if ((!b->ptr || len > b->cap - b->len) && !buf_grow(b, b->len + len))
        return NULL;
    return b->ptr + b->len;
}

void buf_added(struct buf *b, size_t len)
{
    b->len += len < b->cap - b->len ? len : b->cap - b->len;
}

void buf_put(struct buf *b, struct bytes in)
{
    uint8_t *room = in.len ? buf_room(b, in.len) : NULL;

    if (!room)
        return;
    memcpy(room, in.ptr, in.len);
    b->len += in.len;
}

void buf_put_text(struct buf *b, const char *text)
{
    buf_put(b, bytes_of(text));
}

void buf_put_byte(struct buf *b, uint8_t c)
{
    uint8_t *room = buf_room(b, 1);

    if (!room)
        return;
    *room = c;
    b->len++;
}

void buf_put_u64(struct buf *b, uint64_t value)
{
    uint8_t digits[20]; /* of UINT64_MAX */
    size_t at = sizeof(digits);

    do {
        digits[--at] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value);
    buf_put(b, bytes_make(digits + at, sizeof(digits) - at));
}

/* Prints into the room there is; the length needed, or -1. */
static int buf_try_vputf(struct buf *b, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static int buf_try_vputf(struct buf *b, const char *format, va_list args)
{
    int len = vsnprintf((char *)b->ptr + b->len, b->cap - b->len + 1, format, args);

    if (len < 0)
        b->status = STATUS_NO_MEMORY;
    else if ((size_t)len <= b->cap - b->len)
        b->len += (size_t)len;
    return len;
}

void buf_putf(struct buf *b, const char *format, ...)
{
    size_t before = b->len;
    va_list args;
    int len;

    if (!buf_room(b, 0))
        return;
    va_start(args, format);
    len = buf_try_vputf(b, format, args);
    va_end(args);
    if (len <= 0 || b->len != before || !buf_room(b, (size_t)len))
        return;
    va_start(args, format);
    buf_try_vputf(b, format, args);
    va_end(args);
}

void buf_drop_front(struct buf *b, size_t len)
{
    if (len >= b->len) {
        b->len = 0;
        return;
    }
    if (len == 0)
        return;
    memmove(b->ptr, b->ptr + len, b->len - len);
    b->len -= len;
}

enum status buf_status(const struct buf *b)
{
    return b->status;
}

struct bytes buf_bytes(const struct buf *b)
{
    return bytes_make(b->ptr, b->len);
}

const char *buf_text(struct buf *b)
{
    if (b->status || b->len == 0)
        return "";
    b->ptr[b->len] = '\0';
    return (const char *)b->ptr;
}
