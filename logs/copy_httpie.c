/* HTTPie (3.0 or later, for --raw). Its items are cut at the first separator; a space
 * behind the colon keeps a value from becoming part of one, and is taken off again. */
#include "base/text.h"
#include "logs/copy_form.h"

static void put_part(struct buf *out)
{
    buf_put_text(out, " \\\n  ");
}

/* "\=" and the like are escapes in an item. */
static bool has_escape(struct bytes value)
{
    for (size_t i = 0; i + 1 < value.len; i++)
        if (value.ptr[i] == '\\' && bytes_find(BYTES(":=@;"), value.ptr[i + 1]) >= 0)
            return true;
    return false;
}

static void put_header(struct copy_request *r, uint32_t at, struct buf *out)
{
    const struct field *field = &r->fields.items[at];
    struct bytes name = field->name;
    char *text = arena_printf(r->arena, "%.*s%s", (int)name.len, (const char *)name.ptr,
                              field->value.len ? ": " : ";");

    put_part(out);
    copy_put_words(out, r->arena, text ? text : "", field->value);
    if (!text)
        out->status = STATUS_NO_MEMORY;
    if (!utf8_valid(field->value))
        copy_note(r, "HTTPie takes no header that is not UTF-8.");
    if (has_escape(field->value))
        copy_note(r, "HTTPie drops a backslash before : = @ or ; in a header.");
}

static void put_headers(struct copy_request *r, struct buf *out)
{
    for (uint32_t i = 0; i < r->fields.count; i++)
        put_header(r, i, out);
    if (!copy_has(r, FIELD_USER_AGENT)) {
        put_part(out);
        buf_put_text(out, "User-Agent:");
    }
    if (!copy_has(r, FIELD_ACCEPT_ENCODING)) {
        put_part(out);
        buf_put_text(out, "Accept-Encoding:");
    }
    if (fields_find_name(&r->fields, BYTES("Accept"), 0) < 0) {
        put_part(out);
        buf_put_text(out, "Accept:");
    }
    if (r->has_body && !copy_has(r, FIELD_CONTENT_TYPE)) {
        put_part(out);
        buf_put_text(out, "Content-Type:");
    }
}

static enum status httpie_put(struct copy_request *r, struct buf *out)
{
    bool piped = r->body.len > COPY_ARGUMENT_BYTES || !copy_is_plain(r->body);
    struct buf url;

    buf_init(&url, COPY_AS_BYTES);
    copy_put_url_ascii(r, &url);
    if (piped) {
        copy_put_printf(out, r->body);
        buf_put_text(out, " | ");
    }
    buf_put_text(out, piped ? "http --path-as-is" : "http --ignore-stdin --path-as-is");
    if (r->body.len && !piped) {
        put_part(out);
        copy_put_words(out, r->arena, "--raw=", r->body);
        put_part(out);
    } else {
        buf_put_byte(out, ' ');
    }
    copy_put_word(out, r->method);
    buf_put_byte(out, ' ');
    copy_put_word(out, buf_bytes(&url));
    put_headers(r, out);
    buf_put_byte(out, '\n');
    if (buf_status(&url))
        out->status = buf_status(&url);
    buf_release(&url);
    return buf_status(out);
}

const struct copy_form copy_form_httpie = {
    .name = "httpie",
    .help = "an HTTPie command for any shell",
    .comment = "# ",
    .put = httpie_put,
};
