#include "draft.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* splitmix64 */
uint64_t rng_next(struct rng *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

size_t rng_below(struct rng *r, size_t n)
{
    return (size_t)(rng_next(r) % n);
}

bool rng_once_in(struct rng *r, size_t n)
{
    return rng_below(r, n) == 0;
}

/* ---- texts -------------------------------------------------------------- */

void text_set_bytes(struct text *t, struct bytes in)
{
    t->len = 0;
    text_insert(t, 0, in);
}

void text_set(struct text *t, const char *c_string)
{
    text_set_bytes(t, bytes_of(c_string));
}

void text_setf(struct text *t, const char *format, ...)
{
    char made[DRAFT_TEXT_BYTES];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(made, sizeof(made), format, args);
    va_end(args);
    text_set(t, made);
}

void text_insert(struct text *t, size_t at, struct bytes in)
{
    size_t room = sizeof(t->ptr) - t->len, len = in.len < room ? in.len : room;

    memmove(t->ptr + at + len, t->ptr + at, t->len - at);
    if (len)
        memcpy(t->ptr + at, in.ptr, len);
    t->len += len;
}

void text_remove(struct text *t, size_t at, size_t len)
{
    memmove(t->ptr + at, t->ptr + at + len, t->len - at - len);
    t->len -= len;
}

/* ---- drafts ------------------------------------------------------------- */

static void line_set(struct line *l, const char *text)
{
    text_set(&l->text, text);
    text_set(&l->end, "\r\n");
}

void draft_start(struct draft *d, bool response, const char *start_line)
{
    d->response = response;
    d->chunked = false;
    d->chunk_count = d->trailer_count = 0;
    d->content.len = 0;
    d->count = 1;
    line_set(&d->lines[0], start_line);
    text_set(&d->head_end, "\r\n");
    text_set(&d->trailer_end, "\r\n");
}

struct line *draft_add_line(struct draft *d, size_t at, const char *text)
{
    at = at > d->count ? d->count : at;
    if (d->count == DRAFT_LINES)
        return &d->lines[d->count - 1];
    memmove(&d->lines[at + 1], &d->lines[at], (d->count - at) * sizeof(d->lines[0]));
    d->count++;
    line_set(&d->lines[at], text);
    return &d->lines[at];
}

void draft_content(struct draft *d, const char *content)
{
    struct line *l = draft_add_line(d, d->count, "");

    text_set(&d->content, content);
    text_setf(&l->text, "Content-Length: %zu", d->content.len);
}

void draft_add_chunk(struct draft *d, const char *content)
{
    struct draft_chunk *last = &d->chunks[d->chunk_count - 1], *new = last;

    if (d->chunk_count == DRAFT_CHUNKS)
        return;
    d->chunks[d->chunk_count++] = *last;
    text_set(&new->data, content);
    text_setf(&new->size, "%zx", new->data.len);
    text_set(&new->data_end, "\r\n");
}

void draft_chunked(struct draft *d, const char *content)
{
    draft_add_line(d, d->count, "Transfer-Encoding: chunked");
    d->chunked = true;
    d->chunk_count = 1;
    text_set(&d->chunks[0].size, "0");
    text_set(&d->chunks[0].size_end, "\r\n");
    d->chunks[0].data.len = d->chunks[0].data_end.len = 0;
    draft_add_chunk(d, content);
}

void draft_add_trailer(struct draft *d, const char *line)
{
    if (d->trailer_count < DRAFT_TRAILERS)
        line_set(&d->trailers[d->trailer_count++], line);
}

size_t draft_find(const struct draft *d, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 1; i < d->count; i++) {
        const struct text *t = &d->lines[i].text;

        if (t->len > len && t->ptr[len] == ':' && strncasecmp((const char *)t->ptr, name, len) == 0)
            return i;
    }
    return 0;
}

size_t draft_content_len(const struct draft *d)
{
    size_t len = d->content.len;

    for (size_t i = 0; d->chunked && i < d->chunk_count; i++)
        len += d->chunks[i].data.len;
    return len;
}

static void write_text(const struct text *t, uint8_t *into, size_t *len)
{
    size_t room = MUTANT_BYTES - *len, take = t->len < room ? t->len : room;

    memcpy(into + *len, t->ptr, take);
    *len += take;
}

static void write_lines(const struct line *lines, size_t count, uint8_t *into, size_t *len)
{
    for (size_t i = 0; i < count; i++) {
        write_text(&lines[i].text, into, len);
        write_text(&lines[i].end, into, len);
    }
}

void draft_write(const struct draft *d, uint8_t *into, size_t *len)
{
    write_lines(d->lines, d->count, into, len);
    write_text(&d->head_end, into, len);
    if (!d->chunked) {
        write_text(&d->content, into, len);
        return;
    }
    for (size_t i = 0; i < d->chunk_count; i++) {
        write_text(&d->chunks[i].size, into, len);
        write_text(&d->chunks[i].size_end, into, len);
        write_text(&d->chunks[i].data, into, len);
        write_text(&d->chunks[i].data_end, into, len);
    }
    write_lines(d->trailers, d->trailer_count, into, len);
    write_text(&d->trailer_end, into, len);
}
