/* buf: a growing byte buffer with a cap. Once an append fails (no memory, or
 * the cap reached) the buffer is "broken": it keeps what it had, later appends
 * do nothing, and buf_status() tells why. So a writer may append many times and
 * look once. */
#ifndef WEIR_BASE_BUF_H
#define WEIR_BASE_BUF_H

#include <stdarg.h>

#include "base/bytes.h"

struct buf {
    uint8_t *ptr; /* owned */
    size_t len;
    size_t cap;
    size_t max; /* bytes; the cap */
    enum status status;
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_release(struct buf *b);
/* Empties it and mends it; keeps the memory. */
void buf_clear(struct buf *b);
void buf_put(struct buf *b, struct bytes in);
void buf_put_text(struct buf *b, const char *text);
void buf_put_byte(struct buf *b, uint8_t c);
void buf_put_u64(struct buf *b, uint64_t value);
void buf_putf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for `len` bytes at the end, to be written by the caller and then added
 * with buf_added(); NULL (and broken) when there is none. */
uint8_t *buf_room(struct buf *b, size_t len);
void buf_added(struct buf *b, size_t len);
/* Drops the first `len` bytes. */
void buf_drop_front(struct buf *b, size_t len);
enum status buf_status(const struct buf *b);
struct bytes buf_bytes(const struct buf *b);
/* The content with a NUL after it, or "" when broken or empty. */
const char *buf_text(struct buf *b);

#endif
