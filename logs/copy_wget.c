/* wget (1.15 or later). It reads a body that is no plain text from a file. */
#include "logs/copy_form.h"

#define BODY_FILE "weir-body.tmp"

static void put_option(struct buf *out, const char *option)
{
    buf_put_text(out, " \\\n  ");
    buf_put_text(out, option);
}

static void put_header(struct copy_request *r, uint32_t at, struct bytes value, struct buf *out)
{
    struct bytes name = r->fields.items[at].name;
    char *text = arena_printf(r->arena, "%.*s: ", (int)name.len, (const char *)name.ptr);

    put_option(out, "--header=");
    copy_put_words(out, r->arena, text ? text : "", value);
    if (!text)
        out->status = STATUS_NO_MEMORY;
}

static void put_headers(struct copy_request *r, struct buf *out)
{
    struct buf joined;
    bool repeated = false;

    buf_init(&joined, COPY_AS_BYTES);
    for (uint32_t i = 0; i < r->fields.count; i++) {
        if (copy_join(r, i, &joined))
            put_header(r, i, buf_bytes(&joined), out);
        else
            repeated = true;
    }
    if (buf_status(&joined))
        out->status = buf_status(&joined);
    buf_release(&joined);
    if (!copy_has(r, FIELD_USER_AGENT))
        put_option(out, "--user-agent=''");
    if (repeated)
        copy_note(r, "Headers of the same name go out in one line.");
    if (fields_find_name(&r->fields, BYTES("Accept"), 0) < 0 ||
        !copy_has(r, FIELD_ACCEPT_ENCODING) || (r->has_body && !copy_has(r, FIELD_CONTENT_TYPE)))
        copy_note(r, "wget adds headers of its own where Accept, Accept-Encoding or Content-Type "
                     "are not given.");
}

static void put_body(struct copy_request *r, bool from_file, struct buf *out)
{
    if (from_file) {
        put_option(out, "--body-file=" BODY_FILE);
    } else if (r->has_body) {
        put_option(out, "--body-data=");
        copy_put_word(out, r->body);
    }
}

static enum status wget_put(struct copy_request *r, struct buf *out)
{
    bool from_file = r->body.len > COPY_ARGUMENT_BYTES || !copy_is_plain(r->body);
    struct buf url;

    buf_init(&url, COPY_AS_BYTES);
    copy_put_url_ascii(r, &url);
    if (from_file) {
        copy_put_printf(out, r->body);
        buf_put_text(out, " > " BODY_FILE "\n");
    }
    buf_put_text(out, "wget -O - --max-redirect=0 --content-on-error ");
    copy_put_word(out, buf_bytes(&url));
    put_option(out, "--method=");
    copy_put_word(out, r->method);
    put_headers(r, out);
    put_body(r, from_file, out);
    buf_put_byte(out, '\n');
    if (buf_status(&url))
        out->status = buf_status(&url);
    buf_release(&url);
    return buf_status(out);
}

const struct copy_form copy_form_wget = {
    .name = "wget",
    .help = "a wget command for any shell",
    .comment = "# ",
    .put = wget_put,
};
