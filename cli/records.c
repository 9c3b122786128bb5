#include "cli/records.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* How deep things stand in a HAR: { log: { entries: [ { … } ] } } */
enum { DEPTH_LOG = 1, DEPTH_ENTRIES = 2, DEPTH_ENTRY = 3 };

/* The next block; END when there is none. */
static enum status block_read(struct records *r)
{
    ssize_t n;

    do
        n = read(r->fd, r->block, sizeof(r->block));
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return STATUS_IO;
    r->at = 0;
    r->len = (size_t)n;
    r->bytes += (size_t)n;
    return n == 0 ? STATUS_END : STATUS_OK;
}

/* An object whose first member is "log" is a HAR; so is what is no object, as whoever
 * reads it will find. */
static enum records_kind kind_of(struct bytes text)
{
    static const char white[] = "\xef\xbb\xbf \t\r\n{"; /* a byte order mark, too */

    while (text.len && text.ptr[0] && strchr(white, text.ptr[0]))
        text = bytes_from(text, 1);
    if (bytes_starts_with(text, BYTES("\"log\"")))
        return RECORDS_HAR;
    return bytes_starts_with(text, BYTES("\"")) ? RECORDS_LINES : RECORDS_HAR;
}

enum status records_open(struct records *r, const char *path, enum records_kind kind)
{
    enum status st = STATUS_OK;

    memset(r, 0, sizeof(*r));
    r->kind = kind;
    buf_init(&r->item, RECORD_BYTES);
    r->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (r->fd < 0)
        return STATUS_IO;
    if (kind == RECORDS_EITHER)
        st = block_read(r);
    if (kind == RECORDS_EITHER)
        r->kind = kind_of(bytes_make(r->block, r->len));
    return st == STATUS_IO ? st : STATUS_OK;
}

void records_close(struct records *r)
{
    if (r->fd > STDIN_FILENO)
        close(r->fd);
    buf_release(&r->item);
}

/* ---- lines ----------------------------------------------------------------------- */

/* Adds what the block has of the line; true: the line ends in it. */
static bool line_take(struct records *r)
{
    struct bytes rest = bytes_make(r->block + r->at, r->len - r->at);
    ptrdiff_t end = bytes_find(rest, '\n');
    size_t len = end < 0 ? rest.len : (size_t)end;

    buf_put(&r->item, bytes_until(rest, len));
    r->at += len + (end >= 0);
    return end >= 0;
}

static enum status line_next(struct records *r)
{
    bool ended = false;

    buf_clear(&r->item);
    r->number++;
    while (!ended) {
        enum status st = r->at == r->len ? block_read(r) : STATUS_OK;

        if (st == STATUS_END && r->item.len)
            return buf_status(&r->item);
        if (st)
            return st;
        ended = line_take(r);
    }
    return buf_status(&r->item);
}

/* ---- HAR --------------------------------------------------------------------------- */

static bool key_is(const struct records *r, const char *name)
{
    return bytes_equal(bytes_make(r->key, r->key_len), bytes_of(name));
}

static void har_open(struct records *r, uint8_t c)
{
    if (r->level == 0 && r->depth == DEPTH_LOG && c == '{' && key_is(r, "log"))
        r->level = 1;
    else if (r->level == 1 && r->depth == DEPTH_ENTRIES && c == '[' && key_is(r, "entries"))
        r->level = 2;
    else if (r->level == 2 && r->depth == DEPTH_ENTRY)
        r->collecting = true;
    r->found |= r->level == 2;
    r->key_len = 0;
    r->depth++;
}

/* True: a record is whole with this byte. */
static bool har_close(struct records *r)
{
    r->depth -= r->depth > 0;
    if (r->collecting)
        return r->depth == DEPTH_ENTRY;
    if (r->level == 2 && r->depth == DEPTH_ENTRIES)
        r->level = 1;
    else if (r->level == 1 && r->depth == DEPTH_LOG)
        r->level = 0;
    return false;
}

static void har_string_byte(struct records *r, uint8_t c)
{
    if (r->escaped)
        r->escaped = false;
    else if (c == '\\')
        r->escaped = true;
    else if (c == '"')
        r->in_string = false;
    if (r->in_string && !r->collecting && r->key_len < RECORDS_KEY_BYTES)
        r->key[r->key_len++] = (char)c;
}

/* True: a record is whole with this byte. */
static bool har_byte(struct records *r, uint8_t c)
{
    if (r->in_string) {
        har_string_byte(r, c);
        return false;
    }
    switch (c) {
    case '"':
        r->in_string = true;
        r->key_len = 0;
        return false;
    case '{':
    case '[':
        har_open(r, c);
        return false;
    case '}':
    case ']':
        return har_close(r);
    }
    return false;
}

/* Adds what the block has of the record; true: it is whole. */
static bool har_take(struct records *r)
{
    size_t from = r->at;
    bool whole = false;

    while (r->at < r->len && !whole) {
        bool before = r->collecting;

        whole = har_byte(r, r->block[r->at++]);
        if (r->collecting && !before)
            from = r->at - 1;
    }
    if (r->collecting)
        buf_put(&r->item, bytes_make(r->block + from, r->at - from));
    return whole;
}

static enum status har_next(struct records *r)
{
    bool whole = false;

    buf_clear(&r->item);
    r->collecting = false;
    r->number++;
    while (!whole) {
        enum status st = r->at == r->len ? block_read(r) : STATUS_OK;

        if (st == STATUS_END && (r->depth || !r->found))
            return STATUS_BAD_INPUT;
        if (st)
            return st;
        whole = har_take(r);
    }
    return buf_status(&r->item);
}

enum status records_next(struct records *r, struct bytes *ret_item)
{
    enum status st = STATUS_OK;

    if (r->kind == RECORDS_HAR) {
        st = har_next(r);
    } else {
        do
            st = line_next(r);
        while (!st && r->item.len == 0);
    }
    if (!st)
        *ret_item = buf_bytes(&r->item);
    return st;
}
