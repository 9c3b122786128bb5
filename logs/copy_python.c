/* Python with requests. */
#include "logs/copy_form.h"

enum { LINE_BYTES = 4096 }; /* of a body, on one line */

static void put_escaped(struct buf *out, struct bytes in)
{
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.ptr[i];

        if (c == '"' || c == '\\')
            buf_putf(out, "\\%c", c);
        else if (c == '\n')
            buf_put_text(out, "\\n");
        else if (c < ' ' || c > '~')
            buf_putf(out, "\\x%02x", c);
        else
            buf_put_byte(out, c);
    }
}

/* A str of Latin-1, as requests puts headers on the wire. */
static void put_text(struct buf *out, struct bytes in)
{
    buf_put_byte(out, '"');
    put_escaped(out, in);
    buf_put_byte(out, '"');
}

static void put_header(struct buf *out, struct bytes name, struct bytes value)
{
    buf_put_text(out, "        ");
    put_text(out, name);
    buf_put_text(out, ": ");
    put_text(out, value);
    buf_put_text(out, ",\n");
}

/* What requests would add is taken out. */
static void put_defaults(struct copy_request *r, struct buf *out)
{
    static const char *const added[] = {"User-Agent", "Accept", "Accept-Encoding", "Connection"};

    for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++)
        if (fields_find_name(&r->fields, bytes_of(added[i]), 0) < 0)
            buf_putf(out, "        \"%s\": None,\n", added[i]);
}

static void put_headers(struct copy_request *r, struct buf *out)
{
    struct buf joined;
    bool repeated = false;

    buf_init(&joined, COPY_AS_BYTES);
    buf_put_text(out, "    headers={\n");
    for (uint32_t i = 0; i < r->fields.count; i++) {
        if (copy_join(r, i, &joined))
            put_header(out, r->fields.items[i].name, buf_bytes(&joined));
        else
            repeated = true;
    }
    put_defaults(r, out);
    buf_put_text(out, "    },\n");
    if (buf_status(&joined))
        out->status = buf_status(&joined);
    buf_release(&joined);
    if (repeated)
        copy_note(r, "Headers of the same name go out in one line.");
}

static void put_body(struct copy_request *r, struct buf *out)
{
    struct bytes left = r->body;

    if (!r->has_body)
        return;
    buf_put_text(out, "    data=b\"");
    put_escaped(out, bytes_until(left, LINE_BYTES));
    for (left = bytes_from(left, LINE_BYTES); left.len; left = bytes_from(left, LINE_BYTES)) {
        buf_put_text(out, "\"\n         b\"");
        put_escaped(out, bytes_until(left, LINE_BYTES));
    }
    buf_put_text(out, "\",\n");
}

static enum status python_put(struct copy_request *r, struct buf *out)
{
    struct buf url;

    buf_init(&url, COPY_AS_BYTES);
    copy_put_url_ascii(r, &url);
    buf_put_text(out, "import requests\n\nresponse = requests.request(\n    ");
    put_text(out, r->method);
    buf_put_text(out, ",\n    ");
    put_text(out, buf_bytes(&url));
    buf_put_text(out, ",\n");
    put_headers(r, out);
    put_body(r, out);
    buf_put_text(out, "    allow_redirects=False,\n)\n"
                      "print(response.status_code, response.text)\n");
    if (buf_status(&url))
        out->status = buf_status(&url);
    buf_release(&url);
    return buf_status(out);
}

const struct copy_form copy_form_python = {
    .name = "python",
    .help = "Python, with requests",
    .comment = "# ",
    .put = python_put,
};
