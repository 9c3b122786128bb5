/* What a recorded request is found by. */
#include "cli/stub_rules.h"

#include "base/text.h"
#include "http/url.h"

/* Would the language read it as something else? */
static bool is_special(struct bytes in, size_t at)
{
    uint8_t c = in.ptr[at], next = at + 1 < in.len ? in.ptr[at + 1] : 0;

    if (c == '$')
        return next == '(' || next == 'j' || next == '$';
    return c <= ' ' || c == 0x7f || bytes_find(BYTES("*<>#\"'"), c) >= 0;
}

static void put_literal(struct bytes in, struct buf *out)
{
    bool utf8 = utf8_valid(in), wild = false;

    for (size_t i = 0; i < in.len; i++) {
        bool odd = is_special(in, i) || (in.ptr[i] >= 0x80 && !utf8);

        if (!odd)
            buf_put_byte(out, in.ptr[i]);
        else if (!wild)
            buf_put_byte(out, '*');
        wild = odd;
    }
}

/* Takes a segment off the front of a path, with the slash before it. */
static struct bytes segment_take(struct bytes *path)
{
    size_t len = 1;
    struct bytes segment;

    while (len < path->len && path->ptr[len] != '/')
        len++;
    segment = bytes_until(*path, len);
    *path = bytes_from(*path, len);
    return segment;
}

static void put_path(struct bytes path, struct bytes redacted, struct buf *out)
{
    while (path.len) {
        struct bytes segment = segment_take(&path), shown = {0};

        if (redacted.len)
            shown = segment_take(&redacted);
        if (bytes_equal(segment, shown))
            put_literal(segment, out);
        else
            buf_put_text(out, "/*");
    }
}

static bool is_plain_name(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        if (is_special(name, i) || name.ptr[i] >= 0x80)
            return false;
    return name.len > 0;
}

static uint32_t put_query(struct bytes query, struct bytes redacted, struct buf *out)
{
    struct bytes name, value, shown_name, shown = {0};
    uint32_t count = 0;

    while (url_query_next(&query, &name, &value)) {
        if (!url_query_next(&redacted, &shown_name, &shown))
            shown = bytes_make(NULL, 0);
        if (!is_plain_name(name))
            continue;
        buf_put_byte(out, count++ ? '&' : '?');
        buf_put(out, name);
        if (!value.ptr)
            continue;
        buf_put_byte(out, '=');
        if (bytes_equal(value, shown))
            put_literal(value, out);
        else
            buf_put_byte(out, '*');
    }
    return count;
}

static void split(struct bytes path, struct bytes *ret_path, struct bytes *ret_query)
{
    ptrdiff_t mark = bytes_find(path, '?');

    *ret_path = mark < 0 ? path : bytes_until(path, (size_t)mark);
    *ret_query = mark < 0 ? bytes_make(NULL, 0) : bytes_from(path, (size_t)mark + 1);
}

void stub_match_put(const struct redactor *r, const struct flow *f, struct buf *out,
                    uint32_t *ret_parameters)
{
    struct bytes path, query, shown_path, shown_query;
    struct buf redacted;

    buf_init(&redacted, STUB_YAML_BYTES);
    redact_put_url(r, flow_path(f), &redacted);
    split(flow_path(f), &path, &query);
    split(buf_bytes(&redacted), &shown_path, &shown_query);
    buf_put(out, flow_message_head(&f->request)->method);
    buf_put_byte(out, ' ');
    flow_put_origin(f, out);
    put_path(path.len ? path : BYTES("/"), path.len ? shown_path : BYTES("/"), out);
    *ret_parameters = put_query(query, shown_query, out);
    if (buf_status(&redacted))
        out->status = buf_status(&redacted);
    buf_release(&redacted);
}
