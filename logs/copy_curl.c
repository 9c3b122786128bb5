/* curl (7.55 or later). What it would add by itself is taken out again. */
#include "logs/copy_form.h"

enum { EXPECT_BYTES = 1024 }; /* from here on curl asks with Expect: 100-continue */

static void put_option(struct buf *out, const char *option)
{
    buf_put_text(out, " \\\n  ");
    buf_put_text(out, option);
}

static void put_header(struct copy_request *r, const struct field *field, struct buf *out)
{
    struct bytes name = field->name;
    char *text;

    put_option(out, "-H ");
    if (field->value.len == 0)
        text = arena_printf(r->arena, "%.*s;", (int)name.len, (const char *)name.ptr);
    else
        text = arena_printf(r->arena, "%.*s: ", (int)name.len, (const char *)name.ptr);
    copy_put_words(out, r->arena, text ? text : "", field->value);
    if (!text)
        out->status = STATUS_NO_MEMORY;
}

static bool has_content_type(const struct copy_request *r)
{
    return copy_has(r, FIELD_CONTENT_TYPE) || !r->has_body;
}

static void put_headers(struct copy_request *r, struct buf *out)
{
    for (uint32_t i = 0; i < r->fields.count; i++)
        put_header(r, &r->fields.items[i], out);
    if (!copy_has(r, FIELD_USER_AGENT))
        put_option(out, "-H User-Agent:");
    if (fields_find_name(&r->fields, BYTES("Accept"), 0) < 0)
        put_option(out, "-H Accept:");
    if (!has_content_type(r))
        put_option(out, "-H Content-Type:");
    if (r->body.len > EXPECT_BYTES)
        put_option(out, "-H Expect:");
    if (copy_has(r, FIELD_ACCEPT_ENCODING))
        put_option(out, "--compressed");
}

static void put_method(struct copy_request *r, struct buf *out)
{
    bool head = bytes_equal(r->method, BYTES("HEAD"));

    if (head && !r->has_body) {
        put_option(out, "--head");
    } else if (!bytes_equal(r->method, r->has_body ? BYTES("POST") : BYTES("GET"))) {
        put_option(out, "-X ");
        copy_put_word(out, r->method);
    }
    if (head && r->has_body)
        copy_note(r, "curl waits for the content that an answer to HEAD has not.");
}

static void put_url(struct copy_request *r, struct buf *out)
{
    bool exact = bytes_equal(r->target, BYTES("*")) || bytes_find(r->target, '#') >= 0;
    ptrdiff_t cut = bytes_find(r->url, '#');

    copy_put_word(out, cut < 0 ? r->url : bytes_until(r->url, (size_t)cut));
    if (exact) {
        put_option(out, "--request-target ");
        copy_put_word(out, r->target);
    }
    if (bytes_search(r->target, BYTES("/.")) >= 0)
        put_option(out, "--path-as-is");
    for (size_t i = 0; i < r->url.len; i++)
        if (bytes_find(BYTES("[]{}"), r->url.ptr[i]) >= 0) {
            put_option(out, "--globoff");
            return;
        }
}

static enum status curl_put(struct copy_request *r, struct buf *out)
{
    bool piped = r->body.len > COPY_ARGUMENT_BYTES || !copy_is_plain(r->body);

    if (piped) {
        copy_put_printf(out, r->body);
        buf_put_text(out, " | ");
    }
    buf_put_text(out, "curl ");
    put_url(r, out);
    put_method(r, out);
    put_headers(r, out);
    if (piped) {
        put_option(out, "--data-binary @-");
    } else if (r->has_body) {
        put_option(out, "--data-raw ");
        copy_put_word(out, r->body);
    }
    buf_put_byte(out, '\n');
    return buf_status(out);
}

const struct copy_form copy_form_curl = {
    .name = "curl",
    .help = "a curl command for any shell",
    .comment = "# ",
    .put = curl_put,
};
