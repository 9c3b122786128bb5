#include "http/h1_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/h1_head.h"
#include "http/h1_scan.h"

enum {
    LINE_SLACK = 32,    /* a length put in place of another, and the line's end */
    START_SLACK = 64,   /* version, spaces, status */
    OPTIONS_SLACK = 96, /* the framing and Connection lines added */
};

/* Room for all that will be written was made beforehand. */
struct writer {
    uint8_t *at;
};

static void put(struct writer *w, struct bytes b)
{
    if (b.len > 0)
        memcpy(w->at, b.ptr, b.len);
    w->at += b.len;
}

static void put_number(struct writer *w, uint64_t n)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "%llu", (unsigned long long)n);

    put(w, bytes_make(text, (size_t)len));
}

static enum status writer_start(struct writer *w, struct h1_scratch *s, size_t len)
{
    if (len > HTTP_HEAD_OUT_BYTES)
        return STATUS_LIMIT;
    if (s->out_cap < len) {
        size_t cap = len < 4096 ? 4096 : len;
        uint8_t *out = realloc(s->out, cap);

        if (out == NULL)
            return STATUS_NO_MEMORY;
        s->out = out;
        s->out_cap = cap;
    }
    w->at = s->out;
    return STATUS_OK;
}

static size_t fields_room(const struct fields *f)
{
    size_t len = 0;

    for (uint32_t i = 0; i < f->count; i++) {
        const struct field *field = &f->items[i];

        len += field->line.len + field->name.len + field->value.len + LINE_SLACK;
    }
    return len;
}

/* No CR, LF or NUL: what would end a line early, here or in a careless reader. */
static bool stays_in_line(struct bytes in)
{
    for (size_t i = 0; i < in.len; i++) {
        if (in.ptr[i] == '\r' || in.ptr[i] == '\n' || in.ptr[i] == 0)
            return false;
    }
    return true;
}

static enum status put_field(struct writer *w, const struct field *f)
{
    if (f->line.len > 0) {
        put(w, f->line);
    } else {
        if (!http_token_valid(f->name) || !stays_in_line(f->value))
            return STATUS_BAD_INPUT;
        put(w, f->name);
        put(w, BYTES(": "));
        put(w, f->value);
    }
    put(w, BYTES("\r\n"));
    return STATUS_OK;
}

static enum status put_length(struct writer *w, const struct field *f, uint64_t length)
{
    uint64_t stood;

    if (bytes_to_u64(f->value, INT64_MAX, &stood) == STATUS_OK && stood == length)
        return put_field(w, f);
    put(w, f->name);
    put(w, BYTES(": "));
    put_number(w, length);
    put(w, BYTES("\r\n"));
    return STATUS_OK;
}

struct framing {
    const struct h1_plan *plan;
    bool coded;   /* the Transfer-Encoding lines that stand there will do */
    bool written; /* the framing line stands */
};

static enum status put_framing_field(struct writer *w, const struct field *f, struct framing *fr)
{
    switch (fr->plan->frame) {
    case H1_FRAME_NONE:
        return STATUS_OK;
    case H1_FRAME_AS_IS:
        return put_field(w, f);
    case H1_FRAME_LENGTH:
        if (f->id != FIELD_CONTENT_LENGTH || fr->written)
            return STATUS_OK;
        fr->written = true;
        return put_length(w, f, fr->plan->length);
    case H1_FRAME_CHUNKED:
        if (f->id != FIELD_TRANSFER_ENCODING || !fr->coded)
            return STATUS_OK;
        fr->written = true;
        return put_field(w, f);
    }
    return STATUS_OK;
}

static void put_missing_framing(struct writer *w, const struct framing *fr)
{
    if (fr->written)
        return;
    if (fr->plan->frame == H1_FRAME_LENGTH) {
        put(w, BYTES("Content-Length: "));
        put_number(w, fr->plan->length);
        put(w, BYTES("\r\n"));
    } else if (fr->plan->frame == H1_FRAME_CHUNKED) {
        put(w, BYTES("Transfer-Encoding: chunked\r\n"));
    }
}

static enum status put_fields(struct writer *w, const struct fields *f, const struct h1_plan *plan)
{
    struct framing fr = {.plan = plan};

    if (plan->frame == H1_FRAME_CHUNKED)
        fr.coded = h1_codings_of(f) != H1_CODINGS_BAD;
    for (uint32_t i = 0; i < f->count; i++) {
        const struct field *field = &f->items[i];
        bool frames = field->id == FIELD_CONTENT_LENGTH || field->id == FIELD_TRANSFER_ENCODING;
        enum status st = frames ? put_framing_field(w, field, &fr) : put_field(w, field);

        if (st)
            return st;
    }
    put_missing_framing(w, &fr);
    if (plan->close)
        put(w, BYTES("Connection: close\r\n"));
    else if (plan->keep_alive)
        put(w, BYTES("Connection: keep-alive\r\n"));
    put(w, BYTES("\r\n"));
    return STATUS_OK;
}

static bool target_valid(struct bytes in)
{
    return h1_scan_target(in.ptr, in.ptr + in.len) == in.ptr + in.len;
}

static enum status put_request_line(struct writer *w, const struct head *h)
{
    struct bytes path = h->path.len > 0 ? h->path : BYTES("/");

    if (!http_token_valid(h->method) || !target_valid(path) ||
        (h->authority.len > 0 && !target_valid(h->authority)))
        return STATUS_BAD_INPUT;
    put(w, h->method);
    put(w, BYTES(" "));
    switch (h->form) {
    case TARGET_ABSOLUTE:
        if (!http_token_valid(h->scheme))
            return STATUS_BAD_INPUT;
        put(w, h->scheme);
        put(w, BYTES("://"));
        put(w, h->authority);
        if (!bytes_equal(path, BYTES("*"))) /* RFC 9112 §3.2.4 */
            put(w, path);
        break;
    case TARGET_AUTHORITY:
        if (h->authority.len == 0)
            return STATUS_BAD_INPUT;
        put(w, h->authority);
        break;
    case TARGET_ORIGIN:
    case TARGET_ASTERISK:
        put(w, path);
        break;
    }
    put(w, BYTES(" HTTP/1.1\r\n"));
    return STATUS_OK;
}

static enum status put_status_line(struct writer *w, const struct head *h)
{
    if (h->status < 100 || h->status > 999 || !stays_in_line(h->reason))
        return STATUS_BAD_INPUT;
    put(w, BYTES("HTTP/1.1 "));
    put_number(w, h->status);
    put(w, BYTES(" "));
    put(w, h->reason);
    put(w, BYTES("\r\n"));
    return STATUS_OK;
}

enum status h1_write_head(struct h1_scratch *s, const struct head *h, const struct h1_plan *plan,
                          struct bytes *ret_bytes)
{
    size_t start = h->method.len + h->scheme.len + h->authority.len + h->path.len + h->reason.len;
    struct writer w = {NULL};
    enum status st =
        writer_start(&w, s, start + START_SLACK + OPTIONS_SLACK + fields_room(&h->fields));

    if (!st)
        st = h->side == HTTP_REQUEST ? put_request_line(&w, h) : put_status_line(&w, h);
    if (!st)
        st = put_fields(&w, &h->fields, plan);
    if (st)
        return st;
    *ret_bytes = bytes_make(s->out, (size_t)(w.at - s->out));
    return STATUS_OK;
}

enum status h1_write_trailers(struct h1_scratch *s, const struct fields *trailers,
                              struct bytes *ret_bytes)
{
    struct writer w = {NULL};
    enum status st = writer_start(&w, s, START_SLACK + fields_room(trailers));

    if (st)
        return st;
    put(&w, BYTES("0\r\n"));
    for (uint32_t i = 0; i < trailers->count; i++) {
        const struct field *f = &trailers->items[i];

        if ((field_rules(f->id) & FIELD_RULE_NO_TRAILER) != 0)
            continue;
        st = put_field(&w, f);
        if (st)
            return st;
    }
    put(&w, BYTES("\r\n"));
    *ret_bytes = bytes_make(s->out, (size_t)(w.at - s->out));
    return STATUS_OK;
}
