/* The multipart/form-data of redact.h (RFC 7578, RFC 2046 §5.1). */
#include "logs/media.h"
#include "logs/redact_impl.h"
#include "logs/redact_names.h"

enum { BOUNDARY_BYTES = 70 }; /* RFC 2046 §5.1.1 */

/* The value of a field of a part's head; may be empty. */
static struct bytes part_field(struct bytes head, struct bytes name)
{
    while (head.len) {
        ptrdiff_t end = bytes_find(head, '\n');
        struct bytes line = bytes_until(head, end < 0 ? head.len : (size_t)end);
        ptrdiff_t colon = bytes_find(line, ':');

        head = bytes_from(head, line.len + 1);
        if (bytes_ends_with(line, BYTES("\r")))
            line.len--;
        if (colon > 0 && bytes_equal_icase(bytes_until(line, (size_t)colon), name))
            return bytes_trim(bytes_from(line, (size_t)colon + 1));
    }
    return bytes_make(NULL, 0);
}

static bool is_secret(const struct redactor *r, struct bytes head)
{
    struct bytes field = part_field(head, BYTES("Content-Disposition"));

    return redact_name_find(r->own, media_parameter(field, BYTES("name"))) & REDACT_PARAM;
}

/* The value of the first parameter that is a filename; `len` 0: there is none. */
static struct bytes filename_of(struct bytes disposition)
{
    struct bytes plain = media_parameter(disposition, BYTES("filename"));
    struct bytes coded = media_parameter(disposition, BYTES("filename*"));

    if (!plain.len || (coded.len && coded.ptr < plain.ptr))
        return coded;
    return plain;
}

/* `secret`: so are the names of its files. */
static void put_disposition(const struct redactor *r, struct bytes value, bool secret,
                            struct buf *out)
{
    struct bytes name;

    while (secret && (name = filename_of(value)).len) {
        size_t before = (size_t)(name.ptr - value.ptr);

        redact_put_part(r, BYTES(""), bytes_until(value, before), out);
        redact_put_secret(r, name, out);
        value = bytes_from(value, before + name.len);
        if (bytes_starts_with(value, BYTES("\""))) {
            buf_put_byte(out, '"');
            value = bytes_from(value, 1);
        }
    }
    redact_put_part(r, BYTES(""), value, out);
}

static void put_head_line(const struct redactor *r, struct bytes line, bool secret, struct buf *out)
{
    ptrdiff_t colon = bytes_find(line, ':');
    size_t len = colon < 0 ? line.len : (size_t)colon + 1;
    struct bytes name = bytes_until(line, colon < 0 ? 0 : (size_t)colon);

    while (len < line.len && line.ptr[len] == ' ')
        len++;
    buf_put(out, bytes_until(line, len));
    line = bytes_from(line, len);
    if (bytes_equal_icase(name, BYTES("Content-Disposition")))
        put_disposition(r, line, secret, out);
    else
        redact_put_value(r, name, line, out);
}

/* Its fields are like those of a message. */
static void put_head(const struct redactor *r, struct bytes head, bool secret, struct buf *out)
{
    while (head.len) {
        ptrdiff_t end = bytes_find(head, '\n');
        struct bytes line = bytes_until(head, end < 0 ? head.len : (size_t)end);

        bool carriage = bytes_ends_with(line, BYTES("\r"));

        head = bytes_from(head, line.len + 1);
        line.len -= carriage;
        put_head_line(r, line, secret, out);
        if (carriage)
            buf_put_byte(out, '\r');
        if (end >= 0)
            buf_put_byte(out, '\n');
    }
}

/* Up to the content; 0: there is no empty line. */
static size_t head_len(struct bytes part)
{
    ptrdiff_t blank = bytes_search(part, BYTES("\r\n\r\n")),
              bare = bytes_search(part, BYTES("\n\n"));

    if (blank >= 0 && (bare < 0 || blank < bare))
        return (size_t)blank + 4;
    return bare < 0 ? 0 : (size_t)bare + 2;
}

/* Head, empty line and content. */
static void put_part(const struct redactor *r, struct bytes part, struct buf *out)
{
    size_t len = head_len(part);
    struct bytes head = bytes_until(part, len), content = bytes_from(part, len), type;
    struct bytes end = {0};
    bool secret = is_secret(r, head);

    if (bytes_ends_with(content, BYTES("\r"))) { /* of the delimiter that follows */
        content.len--;
        end = BYTES("\r");
    }
    put_head(r, head, secret, out);
    type = part_field(head, BYTES("Content-Type"));
    if (secret)
        redact_put_secret(r, content, out);
    else
        redact_put_part(r, type, content, out);
    buf_put(out, end);
}

/* Delimiters are preceded by a line's end (RFC 2046 §5.1.1), which some write as LF alone. */
void redact_put_multipart(const struct redactor *r, struct bytes boundary, struct bytes body,
                          struct buf *out)
{
    struct buf delimiter;
    struct bytes mark;

    buf_init(&delimiter, BOUNDARY_BYTES + 4);
    buf_put_text(&delimiter, "\n--");
    buf_put(&delimiter, boundary);
    mark = buf_bytes(&delimiter);
    if (buf_status(&delimiter)) { /* no such boundary is valid: nothing can be told apart */
        redact_put_secret(r, body, out);
        body.len = 0;
    }
    while (body.len) {
        ptrdiff_t end = bytes_search(body, mark);
        size_t len = end < 0 ? body.len : (size_t)end;

        put_part(r, bytes_until(body, len), out);
        body = bytes_from(body, len);
        len = end < 0 ? 0 : mark.len;
        buf_put(out, bytes_until(body, len));
        body = bytes_from(body, len);
    }
    buf_release(&delimiter);
}
