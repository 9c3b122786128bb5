#include "proxy/core/page.h"

#include <string.h>

#include "base/text.h"

enum { PAGE_BYTES = 16 * 1024 };

static const char page_style[] =
    "body{font:16px/1.5 system-ui,sans-serif;margin:4rem auto;max-width:40rem;padding:0 1rem;"
    "color:#1c2b33;background:#fff}h1{font-size:1.4rem}code{background:#eef3f5;padding:.1em .3em}"
    "@media(prefers-color-scheme:dark){body{color:#dde6ea;background:#11191d}"
    "code{background:#22303a}}";

static const char page_welcome[] =
    "This is weir, a proxy that shows and bends HTTP traffic. You have reached the proxy itself. "
    "Set it as your proxy, and let your client trust its CA (weir trust, or weir ca export).";

static bool wants_html(const struct head *request)
{
    static const struct bytes html = BYTES_INIT("text/html");

    return request && bytes_search(fields_value(&request->fields, BYTES("Accept")), html) >= 0;
}

static void put_html(struct buf *out, const struct page *page, const char *title)
{
    buf_put_text(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
    text_put_html(out, bytes_of(title));
    buf_putf(out, "</title><style>%s</style></head>\n<body><h1>", page_style);
    text_put_html(out, bytes_of(title));
    buf_put_text(out, "</h1>\n<p>");
    text_put_html(out, bytes_of(page->sentence));
    buf_put_text(out, "</p>\n");
    if (!page->welcome)
        buf_putf(out, "<p><small>weir: <code>%s</code></small></p>\n",
                 close_reason_row(page->reason)->text);
    buf_put_text(out, "</body></html>\n");
}

static void put_plain(struct buf *out, const struct page *page, const char *title)
{
    buf_putf(out, "%s\n\n", title);
    text_put_terminal(out, bytes_of(page->sentence));
    if (page->welcome)
        buf_put_byte(out, '\n');
    else
        buf_putf(out, "\n\nweir: %s\n", close_reason_row(page->reason)->text);
}

static const char *page_title(struct arena *a, const struct page *page)
{
    const struct http_status *row = http_status_find(page->status);

    if (page->welcome)
        return "weir";
    return arena_printf(a, "%u %s", (unsigned)page->status, row ? row->phrase : "");
}

static enum status page_fields(struct arena *a, const struct page *page, bool html, struct head *h)
{
    enum status st = fields_append(a, &h->fields, BYTES("Content-Type"),
                                   html ? BYTES("text/html; charset=utf-8")
                                        : BYTES("text/plain; charset=utf-8"));

    if (!st)
        st = fields_append(a, &h->fields, BYTES("Cache-Control"), BYTES("no-store"));
    if (!st && html)
        st = fields_append(a, &h->fields, BYTES("Content-Security-Policy"),
                           BYTES("default-src 'none'; style-src 'unsafe-inline'"));
    if (!st && page->status == 407)
        st = fields_append(a, &h->fields, BYTES("Proxy-Authenticate"),
                           BYTES("Basic realm=\"weir\", charset=\"UTF-8\""));
    return st;
}

enum status page_make(struct arena *a, const struct page *page, const struct head *request,
                      struct head **ret_head, struct bytes *ret_body)
{
    const struct http_status *row = http_status_find(page->status);
    const char *title = page_title(a, page);
    struct page filled = *page;
    struct head *h = arena_alloc(a, sizeof(*h));
    bool html = page->welcome || wants_html(request);
    struct bytes body;
    struct buf text;
    enum status st;

    if (!h || !title)
        return STATUS_NO_MEMORY;
    if (page->welcome)
        filled.sentence = page_welcome;
    buf_init(&text, PAGE_BYTES);
    if (html)
        put_html(&text, &filled, title);
    else
        put_plain(&text, &filled, title);
    body = arena_copy(a, buf_bytes(&text));
    st = buf_status(&text);
    buf_release(&text);
    *h = (struct head){.side = HTTP_RESPONSE,
                       .version = HTTP_1_1,
                       .framing = HTTP_LENGTH,
                       .length = (int64_t)body.len,
                       .status = page->status,
                       .reason = bytes_of(row ? row->phrase : "")};
    if (!st)
        st = body.ptr ? page_fields(a, page, html, h) : STATUS_NO_MEMORY;
    if (st)
        return st;
    *ret_head = h;
    *ret_body = request && http_method_is(request, "HEAD") ? (struct bytes){0} : body;
    return STATUS_OK;
}
