#include "logs/redact_note.h"

#include "logs/redact_names.h"

#define ARROW " \xe2\x86\x92 "  /* U+2192 */
#define ELLIPSIS "\xe2\x80\xa6" /* U+2026 */

/* Puts one of the values of a note. */
struct put {
    const struct redactor *r;
    struct bytes name;
    void (*value)(const struct put *put, struct bytes value, struct buf *out);
};

static void put_secret(const struct put *put, struct bytes value, struct buf *out)
{
    redact_put_secret(put->r, value, out);
}

static void put_field(const struct put *put, struct bytes value, struct buf *out)
{
    redact_put_field(put->r, put->name, value, out);
}

static void put_url(const struct put *put, struct bytes value, struct buf *out)
{
    redact_put_url(put->r, value, out);
}

static void put_plain(const struct put *put, struct bytes value, struct buf *out)
{
    redact_put_body(put->r, BYTES(""), value, out);
}

/* Our own words beside a value stay. */
static void put_value(const struct put *put, struct bytes value, struct buf *out)
{
    struct bytes end = BYTES("");

    if (bytes_starts_with(value, BYTES("+ "))) {
        buf_put(out, bytes_until(value, 2));
        value = bytes_from(value, 2);
    }
    if (bytes_ends_with(value, BYTES(" removed"))) {
        end = BYTES(" removed");
        value.len -= end.len;
    }
    if (bytes_equal(value, BYTES("(none)")) || bytes_equal(value, BYTES("(secret)")))
        buf_put(out, value);
    else
        put->value(put, value, out);
    buf_put(out, end);
}

/* "a → b" */
static void put_values(const struct put *put, struct bytes text, struct buf *out)
{
    ptrdiff_t arrow;

    while ((arrow = bytes_search(text, BYTES(ARROW))) >= 0) {
        put_value(put, bytes_until(text, (size_t)arrow), out);
        buf_put(out, BYTES(ARROW));
        text = bytes_from(text, (size_t)arrow + sizeof(ARROW) - 1);
    }
    put_value(put, text, out);
}

/* ---- bodies ---- */

static size_t occurrences(struct bytes in, struct bytes what)
{
    size_t count = 0;
    ptrdiff_t at;

    while (what.len && (at = bytes_search(in, what)) >= 0) {
        count++;
        in = bytes_from(in, (size_t)at + what.len);
    }
    return count;
}

/* A long excerpt was cut. */
static struct bytes without_ellipsis(struct bytes text)
{
    if (bytes_ends_with(text, BYTES(ELLIPSIS)))
        text.len -= sizeof(ELLIPSIS) - 1;
    return text;
}

/* Is all of `what` still there when the message is redacted? *ret_seen: it was there. */
static bool stays_there(const struct redactor *r, const struct flow_message *m, struct bytes what,
                        bool *ret_seen)
{
    struct buf content, clean;
    struct bytes body = {0};
    bool stays;

    buf_init(&content, REDACT_NOTE_BODY_BYTES);
    buf_init(&clean, 4 * REDACT_NOTE_BODY_BYTES);
    stays =
        flow_content_view(m, &content, &body) == STATUS_OK && body.len <= REDACT_NOTE_BODY_BYTES;
    if (stays) {
        size_t before = occurrences(body, what);

        redact_put_body(r, flow_content_type(m), body, &clean);
        *ret_seen |= before > 0;
        stays = !buf_status(&clean) && occurrences(buf_bytes(&clean), what) >= before;
    }
    buf_release(&content);
    buf_release(&clean);
    return stays;
}

/* Neither is a secret, as far as the bodies show. */
static bool is_open(const struct redactor *r, const struct flow *f, struct bytes before,
                    struct bytes after)
{
    const struct flow_message *messages[] = {&f->request, &f->response};
    bool seen = false;

    for (size_t i = 0; i < 2; i++) {
        if (!stays_there(r, messages[i], without_ellipsis(before), &seen) ||
            !stays_there(r, messages[i], without_ellipsis(after), &seen))
            return false;
    }
    return seen;
}

/* Behind "body 12 → 14 bytes: ". */
static void put_difference(const struct redactor *r, const struct flow *f, struct bytes text,
                           struct buf *out)
{
    ptrdiff_t arrow = bytes_search(text, BYTES(ARROW));
    size_t len = arrow < 0 ? text.len : (size_t)arrow;
    struct bytes after = bytes_from(text, len + sizeof(ARROW) - 1);
    struct put put = {.r = r};

    put.value = is_open(r, f, bytes_until(text, len), after) ? put_plain : put_secret;
    put_values(&put, text, out);
}

/* ---- all of them ---- */

static void put_named(const struct redactor *r, struct bytes word, struct bytes name,
                      struct bytes values, struct buf *out)
{
    struct put put = {.r = r, .name = name, .value = put_field};

    if (bytes_equal(word, BYTES("cookie")))
        put.value = redact_name_allowed(r->own, name) ? put_plain : put_secret;
    else if (bytes_equal(word, BYTES("query")))
        put.value = redact_name_find(r->own, name) & REDACT_PARAM ? put_secret : put_plain;
    put_values(&put, values, out);
}

void redact_put_note(const struct redactor *r, const struct flow *f, struct bytes note,
                     struct buf *out)
{
    ptrdiff_t colon = bytes_search(note, BYTES(": ")), space = bytes_find(note, ' ');
    struct put put = {.r = r, .value = put_plain};
    struct bytes head, word;

    if (!r->on || colon < 0) {
        put.value = bytes_starts_with(note, BYTES("path ")) ? put_url : put_plain;
        put_values(&put, note, out);
        return;
    }
    head = bytes_until(note, (size_t)colon);
    word = bytes_until(note, space < colon ? (size_t)space : 0);
    buf_put(out, bytes_until(note, (size_t)colon + 2));
    note = bytes_from(note, (size_t)colon + 2);
    if (bytes_equal(word, BYTES("body")))
        put_difference(r, f, note, out);
    else if (word.len == 0 || bytes_equal(word, BYTES("trailer")) ||
             bytes_equal(word, BYTES("cookie")) || bytes_equal(word, BYTES("query")))
        put_named(r, word, bytes_from(head, word.len ? word.len + 1 : 0), note, out);
    else
        put_values(&put, note, out);
}
