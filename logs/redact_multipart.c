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

/* Head, empty line and content. */
static void put_part(const struct redactor *r, struct bytes part, struct buf *out)
{
    ptrdiff_t blank = bytes_search(part, BYTES("\r\n\r\n"));
    size_t len = blank < 0 ? part.len : (size_t)blank + 4;
    struct bytes head = bytes_until(part, len), content = bytes_from(part, len), type;

    buf_put(out, head);
    type = part_field(head, BYTES("Content-Type"));
    if (is_secret(r, head))
        redact_put_secret(r, content, out);
    else
        redact_put_part(r, type, content, out);
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
