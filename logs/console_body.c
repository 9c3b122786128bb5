/* The bodies of console_format.h. Every line is indented, so that none can be taken for
 * a line of ours. */
#include <inttypes.h>

#include "base/sizes.h"
#include "base/text.h"
#include "http/json.h"
#include "http/url.h"
#include "logs/console_format.h"
#include "logs/image.h"
#include "logs/media.h"

enum { HEX_LINE_BYTES = 16 };

#define INDENT "  "
#define TIMES " \xc3\x97 " /* U+00D7 */

/* Lines, with the carriage return before their end gone. */
static void put_lines(struct bytes text, struct buf *out)
{
    while (text.len) {
        ptrdiff_t end = bytes_find(text, '\n');
        size_t len = end < 0 ? text.len : (size_t)end;
        struct bytes line = bytes_until(text, len);

        if (bytes_ends_with(line, BYTES("\r")))
            line.len--;
        buf_put_text(out, INDENT);
        text_put_terminal_lines(out, line);
        buf_put_byte(out, '\n');
        text = bytes_from(text, len + 1);
    }
}

static void put_hex_line(struct bytes line, size_t at, struct buf *out)
{
    buf_putf(out, INDENT "%08zx ", at);
    for (size_t i = 0; i < HEX_LINE_BYTES; i++) {
        if (i == HEX_LINE_BYTES / 2)
            buf_put_byte(out, ' ');
        if (i < line.len)
            buf_putf(out, " %02x", line.ptr[i]);
        else
            buf_put_text(out, "   ");
    }
    buf_put_text(out, "  |");
    for (size_t i = 0; i < line.len; i++)
        buf_put_byte(out, line.ptr[i] >= 0x20 && line.ptr[i] < 0x7f ? line.ptr[i] : '.');
    buf_put_text(out, "|\n");
}

static void put_hex(struct bytes content, struct buf *out)
{
    struct bytes shown = bytes_until(content, CONSOLE_HEX_BYTES);

    for (size_t at = 0; at < shown.len; at += HEX_LINE_BYTES)
        put_hex_line(bytes_until(bytes_from(shown, at), HEX_LINE_BYTES), at, out);
}

/* Names and values of a form, decoded, a line each (WHATWG URL §5.1). */
static void put_form(struct console_format *c, struct bytes form, struct buf *out)
{
    struct bytes name, value;

    while (url_query_next(&form, &name, &value)) {
        buf_clear(&c->raw);
        percent_decode(name, true, &c->raw);
        buf_put_text(out, INDENT);
        text_put_terminal(out, buf_bytes(&c->raw));
        buf_clear(&c->raw);
        percent_decode(value, true, &c->raw);
        buf_put_text(out, value.ptr ? " = " : "");
        text_put_terminal(out, buf_bytes(&c->raw));
        buf_put_byte(out, '\n');
    }
}

static void put_more(struct console_format *c, size_t hidden, struct buf *out)
{
    if (hidden == 0)
        return;
    console_put_star(c, out);
    size_put(out, (int64_t)hidden);
    buf_put_text(out, " more not shown\n");
}

/* Redacted; JSON indented, forms taken apart. */
static void put_text(struct console_format *c, struct bytes type, struct bytes content,
                     struct buf *out)
{
    struct bytes shown;

    buf_clear(&c->clean);
    redact_put_body(&c->redactor, type, content, &c->clean);
    shown = buf_bytes(&c->clean);
    if (media_kind_of(type) == MEDIA_FORM) {
        put_form(c, bytes_until(shown, CONSOLE_SHOWN_BYTES), out);
        put_more(c, shown.len - bytes_until(shown, CONSOLE_SHOWN_BYTES).len, out);
        return;
    }
    buf_clear(&c->raw);
    if ((media_kind_of(type) == MEDIA_JSON || bytes_starts_with(shown, BYTES("{"))) &&
        !json_indent(shown, &c->raw))
        shown = buf_bytes(&c->raw);
    put_lines(bytes_until(shown, CONSOLE_SHOWN_BYTES), out);
    put_more(c, shown.len - bytes_until(shown, CONSOLE_SHOWN_BYTES).len, out);
}

static bool put_image(struct console_format *c, struct bytes content, struct buf *out)
{
    struct image_facts facts;

    if (!image_look(content, &facts))
        return false;
    console_put_star(c, out);
    buf_putf(out, "%s image", facts.format);
    if (facts.width)
        buf_putf(out, ", %" PRIu32 TIMES "%" PRIu32, facts.width, facts.height);
    buf_put_byte(out, '\n');
    return true;
}

/* Sizes, and whether it is all there. */
static void put_facts(struct console_format *c, const struct flow_message *m, struct bytes content,
                      enum status st, struct buf *out)
{
    console_put_star(c, out);
    buf_put_text(out, "body ");
    size_put(out, m->body.wire_bytes);
    if (m->body.captured_bytes < m->body.wire_bytes) {
        buf_put_text(out, ", kept ");
        size_put(out, m->body.captured_bytes);
    }
    if (!st && (int64_t)content.len != m->body.captured_bytes) {
        buf_put_text(out, ", decoded ");
        size_put(out, (int64_t)content.len);
    }
    if (st)
        buf_putf(out, ", not wholly decoded: %s", status_sentence(st));
    buf_put_byte(out, '\n');
}

/* It may be multipart/form-data with a file in it: what stands around that is text. */
static void put_binary(struct console_format *c, struct bytes type, struct bytes content,
                       struct buf *out)
{
    enum media_kind kind = media_kind_of(type);

    if (c->redactor.on && kind != MEDIA_IMAGE && kind != MEDIA_OTHER) {
        buf_clear(&c->clean);
        redact_put_body(&c->redactor, type, content, &c->clean);
        content = buf_bytes(&c->clean);
    }
    if (!put_image(c, content, out))
        put_hex(content, out);
}

void console_put_body(struct console_format *c, const struct flow_message *m, struct buf *out)
{
    struct bytes content = {0}, type = flow_content_type(m);
    enum status st = STATUS_OK;
    bool text;

    if (m->body.wire_bytes <= 0)
        return;
    buf_clear(&c->content);
    if (m->body.captured_bytes > 0)
        st = flow_content_view(m, &c->content, &content);
    put_facts(c, m, content, st, out);
    if (content.len > CONSOLE_CONTENT_BYTES)
        content.len = CONSOLE_CONTENT_BYTES;
    text = media_is_text(content, true);
    if (!text && (media_kind_of(type) == MEDIA_JSON || media_kind_of(type) == MEDIA_TEXT ||
                  media_kind_of(type) == MEDIA_FORM))
        text = bytes_find(content, '\0') < 0; /* text in another charset */
    if (text)
        put_text(c, type, content, out);
    else
        put_binary(c, type, content, out);
}
