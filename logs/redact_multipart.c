/* The multipart/form-data of redact.h (RFC 7578, RFC 2046 §5.1). */
#include "logs/media.h"
#include "logs/redact_impl.h"
#include "logs/redact_names.h"

enum { BOUNDARY_BYTES = 70 }; /* RFC 2046 §5.1.1 */

/* Name of the field a part carries, of its Content-Disposition; may be empty. */
static struct bytes part_name(struct bytes head)
{
    while (head.len) {
        ptrdiff_t end = bytes_find(head, '\n');
        struct bytes line = bytes_until(head, end < 0 ? head.len : (size_t)end);
        ptrdiff_t colon = bytes_find(line, ':');

        if (bytes_ends_with(line, BYTES("\r")))
            line.len--;
        if (colon > 0 &&
            bytes_equal_icase(bytes_until(line, (size_t)colon), BYTES("Content-Disposition")))
            return media_parameter(bytes_from(line, (size_t)colon + 1), BYTES("name"));
        head = bytes_from(head, line.len + 1);
    }
    return bytes_make(NULL, 0);
}

/* Head, empty line and content. */
static void put_part(const struct redactor *r, struct bytes part, struct buf *out)
{
    ptrdiff_t blank = bytes_search(part, BYTES("\r\n\r\n"));
    size_t head = blank < 0 ? part.len : (size_t)blank + 4;
    bool secret = redact_name_find(part_name(bytes_until(part, head))) & REDACT_PARAM;

    buf_put(out, bytes_until(part, head));
    if (secret)
        redact_put_secret(r, bytes_from(part, head), out);
    else
        redact_put_json(r, bytes_from(part, head), out);
}

void redact_put_multipart(const struct redactor *r, struct bytes boundary, struct bytes body,
                          struct buf *out)
{
    struct buf delimiter;
    struct bytes mark;

    buf_init(&delimiter, BOUNDARY_BYTES + 4);
    buf_put_text(&delimiter, "\r\n--");
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
