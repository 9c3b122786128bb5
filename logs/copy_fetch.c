/* fetch() of browsers and Node, as a module or for their consoles (WHATWG Fetch). Texts are
 * written so that they may stand in a page's script, too. */
#include "base/text.h"
#include "logs/copy_form.h"

/* A string whose characters are the bytes (fetch's ByteString). */
static void put_byte_string(struct buf *out, struct bytes in)
{
    buf_put_byte(out, '"');
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.ptr[i];

        if (c == '"' || c == '\\')
            buf_putf(out, "\\%c", c);
        else if (c < ' ' || c > '~' || c == '<')
            buf_putf(out, "\\x%02x", c);
        else
            buf_put_byte(out, c);
    }
    buf_put_byte(out, '"');
}

/* A string of UTF-8: JSON's, without "</script>" and "<!--". */
static void put_text(struct buf *out, struct bytes in)
{
    struct buf json;

    buf_init(&json, COPY_AS_BYTES);
    text_put_json(&json, in);
    for (size_t i = 0; i < json.len; i++) {
        if (json.ptr[i] == '<')
            buf_put_text(out, "\\u003c");
        else
            buf_put_byte(out, json.ptr[i]);
    }
    if (buf_status(&json))
        out->status = buf_status(&json);
    buf_release(&json);
}

static void put_headers(struct copy_request *r, struct buf *out)
{
    if (r->fields.count == 0)
        return;
    buf_put_text(out, "  headers: [\n");
    for (uint32_t i = 0; i < r->fields.count; i++) {
        const struct field *field = &r->fields.items[i];

        if (r->upgrade && (field->id == FIELD_CONNECTION || field->id == FIELD_UPGRADE))
            continue;
        buf_put_text(out, "    [");
        put_byte_string(out, field->name);
        buf_put_text(out, ", ");
        put_byte_string(out, field->value);
        buf_put_text(out, "],\n");
    }
    buf_put_text(out, "  ],\n");
}

static void put_body(struct copy_request *r, struct buf *out)
{
    bool text = utf8_valid(r->body);

    if (!r->body.len)
        return;
    if (bytes_equal(r->method, BYTES("GET")) || bytes_equal(r->method, BYTES("HEAD"))) {
        copy_note(r, "fetch() sends no body with GET and HEAD: it stands in a comment below.");
        buf_put_text(out, "  // ");
    }
    buf_put_text(out, "  body: ");
    if (text && copy_has(r, FIELD_CONTENT_TYPE)) {
        put_text(out, r->body);
    } else if (text) { /* a string would make it add a Content-Type */
        buf_put_text(out, "new TextEncoder().encode(");
        put_text(out, r->body);
        buf_put_byte(out, ')');
    } else {
        buf_put_text(out, "Uint8Array.from(atob(\"");
        text_put_base64(out, r->body);
        buf_put_text(out, "\"), (c) => c.charCodeAt(0))");
    }
    buf_put_text(out, ",\n");
}

static void note_limits(struct copy_request *r)
{
    const char *refused[] = {"CONNECT", "TRACE", "TRACK"};

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (bytes_equal(r->method, bytes_of(refused[i])))
            copy_note(r, "fetch() refuses this method.");
    if (r->upgrade)
        copy_note(r, "fetch() cannot ask for another protocol.");
    if (copy_has(r, FIELD_COOKIE) || copy_has(r, FIELD_ORIGIN) || copy_has(r, FIELD_HOST) ||
        copy_has(r, FIELD_REFERER))
        copy_note(r, "Browsers set Cookie, Host, Origin and Referer by themselves; Node takes "
                     "them from here.");
}

static enum status fetch_put(struct copy_request *r, struct buf *out)
{
    struct buf url;

    buf_init(&url, COPY_AS_BYTES);
    copy_put_url_ascii(r, &url);
    note_limits(r);
    buf_put_text(out, "const response = await fetch(");
    put_byte_string(out, buf_bytes(&url));
    buf_put_text(out, ", {\n  method: ");
    put_byte_string(out, r->method);
    buf_put_text(out, ",\n");
    put_headers(r, out);
    put_body(r, out);
    buf_put_text(out, "  redirect: \"manual\",\n});\n"
                      "console.log(response.status, await response.text());\n");
    if (buf_status(&url))
        out->status = buf_status(&url);
    buf_release(&url);
    return buf_status(out);
}

const struct copy_form copy_form_fetch = {
    .name = "fetch",
    .help = "JavaScript, for browsers and Node",
    .comment = "// ",
    .put = fetch_put,
};
