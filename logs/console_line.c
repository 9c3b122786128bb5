/* The line of console_format.h:
 *
 *     12:04:05  503* POST    api.test/orders  flaky checkout  json     17 B    212 ms
 *
 * The star says that a rule made the answer. Notes, the rule that acted and the
 * error it ended with, share the URL's room; on a wide terminal they stand behind. */
#include <time.h>

#include "base/sizes.h"
#include "base/text.h"
#include "logs/console_format.h"
#include "logs/media.h"

enum {
    STATUS_COLUMNS = 4, /* with the mark of an answer made by a rule */
    METHOD_COLUMNS = 7,
    TYPE_COLUMNS = 5,
    SIZE_COLUMNS = 8,
    DURATION_COLUMNS = 9,
    TIME_SHORT = 8,     /* 12:04:05 */
    TIME_LONG = 12,     /* 12:04:05.123 */
    LONG_TIME_AT = 100, /* columns of the terminal from which on it is used */
    TAIL_AT = 160,      /* columns from which on notes stand behind the line */
    TAIL_COLUMNS = 40,  /* for notes, at least */
    FLOW_MOST = 90,     /* farther apart the eye loses the line */
    FLOW_LEAST = 20,
    URL_LEAST = 16, /* beside a note */
    SLOW_US = 1000 * 1000,
};

/* Time, two spaces, status, space, method, space; two spaces, type, space, size,
 * space, duration. */
enum {
    LEFT_COLUMNS = 2 + STATUS_COLUMNS + 1 + METHOD_COLUMNS + 1,
    DETAIL_COLUMNS = 2 + TYPE_COLUMNS + 1 + SIZE_COLUMNS,
    RIGHT_COLUMNS = DETAIL_COLUMNS + 1 + DURATION_COLUMNS,
};

static size_t size_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

void console_layout_init(struct console_layout *l, uint32_t columns)
{
    size_t all = columns ? columns : CONSOLE_COLUMNS, fixed;

    *l = (struct console_layout){.time = all >= LONG_TIME_AT ? TIME_LONG : TIME_SHORT};
    fixed = l->time + LEFT_COLUMNS + RIGHT_COLUMNS;
    l->tail = columns == 0 || columns >= TAIL_AT;
    l->flow = all > fixed + FLOW_LEAST ? all - fixed : FLOW_LEAST;
    if (columns >= TAIL_AT) {
        l->flow = size_min(l->flow - TAIL_COLUMNS - 2, FLOW_MOST);
        l->notes = all - fixed - l->flow - 2;
    }
}

static void put_time(struct console_format *c, int64_t us, struct buf *out)
{
    int64_t second = us > 0 ? us / 1000000 : 0;
    time_t t = (time_t)second;
    struct tm tm;

    if (second != c->second && localtime_r(&t, &tm)) {
        strftime(c->second_text, sizeof(c->second_text), "%H:%M:%S", &tm);
        c->second = second;
    }
    console_put_style(out, c->colour, STYLE_DIM);
    buf_put_text(out, c->second_text);
    if (c->layout.time == TIME_LONG)
        buf_putf(out, ".%03d", us > 0 ? (int)(us / 1000 % 1000) : 0);
    console_put_style(out, c->colour, STYLE_NONE);
}

static enum console_style status_style(unsigned status)
{
    static const enum console_style classes[] = {STYLE_BLUE, STYLE_GREEN, STYLE_CYAN, STYLE_YELLOW,
                                                 STYLE_RED};

    return status >= 100 && status < 600 ? classes[status / 100 - 1] : STYLE_MAGENTA;
}

static void put_status(struct console_format *c, const struct flow *f, struct buf *out)
{
    buf_put_text(out, "  ");
    if (f->status) {
        console_put_style(out, c->colour, status_style(f->status));
        buf_putf(out, "%3u", f->status);
    } else {
        console_put_style(out, c->colour, f->error ? STYLE_RED : STYLE_DIM);
        buf_put_text(out, f->error ? "ERR" : "---");
    }
    console_put_style(out, c->colour, STYLE_NONE);
    console_put_style(out, c->colour && f->injected, STYLE_MAGENTA);
    buf_put_byte(out, f->injected ? '*' : ' ');
    console_put_style(out, c->colour && f->injected, STYLE_NONE);
    buf_put_byte(out, ' ');
}

/* Escapes c->raw into c->cell. */
static struct bytes escaped(struct console_format *c)
{
    buf_clear(&c->cell);
    text_put_terminal(&c->cell, buf_bytes(&c->raw));
    return buf_bytes(&c->cell);
}

/* A long method takes its columns from the URL. How many it takes. */
static size_t put_method(struct console_format *c, const struct flow *f, struct buf *out)
{
    const struct head *head = flow_message_head(&f->request);
    struct bytes text;

    buf_clear(&c->raw);
    if (f->kind == FLOW_TUNNEL)
        buf_put_text(&c->raw, "TUNNEL");
    else if (f->kind == FLOW_REFUSED)
        buf_put_text(&c->raw, "REFUSED");
    else
        buf_put(&c->raw, head ? head->method : BYTES("-"));
    text = escaped(c);
    console_put_style(out, c->colour, STYLE_BOLD);
    buf_clear(&c->raw);
    console_put_end_cut(&c->raw, text, 2 * METHOD_COLUMNS);
    console_put_left(out, buf_bytes(&c->raw), METHOD_COLUMNS);
    console_put_style(out, c->colour, STYLE_NONE);
    buf_put_byte(out, ' ');
    text = buf_bytes(&c->raw);
    return console_columns(text) > METHOD_COLUMNS ? console_columns(text) : METHOD_COLUMNS;
}

/* Host and path, without the scheme; of a refused client that named no host its own
 * address. Escaped, in c->cell. */
static struct bytes shown_url(struct console_format *c, const struct flow *f)
{
    buf_clear(&c->raw);
    if (f->host.len == 0) {
        buf_put_text(&c->raw, "from ");
        buf_put(&c->raw, f->client);
        return escaped(c);
    }
    flow_put_authority(f, &c->raw);
    redact_put_url(&c->redactor, flow_path(f), &c->raw);
    return escaped(c);
}

/* "proxy.yaml:12 flaky checkout" in short is its name, if it has one. */
static struct bytes rule_name(const char *label, bool shortly)
{
    struct bytes all = bytes_of(label);
    ptrdiff_t space = bytes_find(all, ' ');

    return shortly && space >= 0 ? bytes_from(all, (size_t)space + 1) : all;
}

/* Escaped, in c->note. */
static struct bytes shown_notes(struct console_format *c, const struct flow *f)
{
    unsigned more = 0;

    buf_clear(&c->note);
    for (const struct flow_rule *r = f->rules; r; r = r->next) {
        if (r == f->rules)
            text_put_terminal(&c->note, rule_name(r->label, !c->layout.tail));
        else
            more++;
    }
    if (more)
        buf_putf(&c->note, " +%u", more);
    if (f->error && f->sentence) {
        if (c->note.len)
            buf_put_text(&c->note, "; ");
        buf_clear(&c->raw);
        redact_put_body(&c->redactor, BYTES(""), bytes_of(f->sentence), &c->raw);
        text_put_terminal(&c->note, buf_bytes(&c->raw));
    }
    return buf_bytes(&c->note);
}

static void put_note(struct console_format *c, const struct flow *f, struct bytes note,
                     size_t columns, struct buf *out)
{
    console_put_style(out, c->colour, f->error ? STYLE_RED : STYLE_MAGENTA);
    console_put_end_cut(out, note, columns);
    console_put_style(out, c->colour, STYLE_NONE);
}

/* URL and notes in `columns`. */
static void put_shared(struct console_format *c, const struct flow *f, struct bytes note,
                       size_t columns, struct buf *out)
{
    struct bytes url = shown_url(c, f);
    size_t url_columns = console_columns(url);
    size_t note_columns = console_columns(note);

    if (note_columns == 0) {
        console_put_middle_cut(out, url, columns);
        console_put_spaces(out, columns - size_min(url_columns, columns));
        return;
    }
    note_columns = size_min(note_columns, columns - 2 - size_min(url_columns, URL_LEAST));
    url_columns = size_min(url_columns, columns - 2 - note_columns);
    console_put_middle_cut(out, url, url_columns);
    buf_put_text(out, "  ");
    put_note(c, f, note, note_columns, out);
    console_put_spaces(out, columns - 2 - url_columns - note_columns);
}

static void put_type(struct console_format *c, const struct flow *f, struct buf *out)
{
    struct bytes text;

    buf_clear(&c->raw);
    if (f->kind == FLOW_TUNNEL)
        buf_put_text(&c->raw, f->client_tls.sni.len ? "tls" : "raw");
    else
        buf_put(&c->raw, media_short(flow_content_type(&f->response)));
    text = escaped(c);
    buf_clear(&c->raw);
    console_put_end_cut(&c->raw, text.len ? text : BYTES("-"), TYPE_COLUMNS);
    buf_put_text(out, "  ");
    console_put_left(out, buf_bytes(&c->raw), TYPE_COLUMNS);
}

static int64_t shown_size(const struct flow *f)
{
    if (f->kind == FLOW_TUNNEL)
        return flow_tunnel_bytes(f);
    return f->response.received || f->response.sent ? f->response.body.wire_bytes : -1;
}

static void put_size(struct console_format *c, const struct flow *f, struct buf *out)
{
    ptrdiff_t point;

    buf_clear(&c->raw);
    size_put(&c->raw, shown_size(f));
    point = bytes_find(buf_bytes(&c->raw), '.');
    buf_put_byte(out, ' ');
    if (c->raw.len <= SIZE_COLUMNS || point < 0) {
        console_put_right(out, buf_bytes(&c->raw), SIZE_COLUMNS);
        return;
    }
    /* "1023.9 KiB" is too wide: without its decimal it is not. */
    buf_clear(&c->cell);
    buf_put(&c->cell, bytes_until(buf_bytes(&c->raw), (size_t)point));
    buf_put(&c->cell, bytes_from(buf_bytes(&c->raw), (size_t)point + 2));
    console_put_right(out, buf_bytes(&c->cell), SIZE_COLUMNS);
}

static void put_duration(struct console_format *c, int64_t us, struct buf *out)
{
    bool slow = us >= SLOW_US;

    buf_clear(&c->raw);
    duration_put(&c->raw, us);
    buf_put_byte(out, ' ');
    console_put_style(out, c->colour && slow, STYLE_YELLOW);
    console_put_right(out, buf_bytes(&c->raw), DURATION_COLUMNS);
    console_put_style(out, c->colour && slow, STYLE_NONE);
}

/* In a narrow line a long note takes the place of type and size as well. */
static bool note_needs_details(struct console_format *c, const struct flow *f, struct bytes note,
                               size_t columns)
{
    return !c->layout.tail && note.len &&
           console_columns(shown_url(c, f)) + 2 + console_columns(note) > columns;
}

void console_put_line(struct console_format *c, const struct flow *f, struct buf *out)
{
    struct bytes note = shown_notes(c, f), shared = c->layout.tail ? bytes_make(NULL, 0) : note;
    size_t columns = c->layout.flow + METHOD_COLUMNS;

    put_time(c, f->started_us, out);
    put_status(c, f, out);
    columns -= put_method(c, f, out);
    if (note_needs_details(c, f, note, columns)) {
        put_shared(c, f, shared, columns + DETAIL_COLUMNS, out);
    } else {
        put_shared(c, f, shared, columns, out);
        console_put_style(out, c->colour, STYLE_DIM);
        put_type(c, f, out);
        put_size(c, f, out);
        console_put_style(out, c->colour, STYLE_NONE);
    }
    put_duration(c, f->timings.total, out);
    if (c->layout.tail && note.len) {
        buf_put_text(out, "  ");
        put_note(c, f, note, c->layout.notes ? c->layout.notes : SIZE_MAX, out);
    }
    buf_put_byte(out, '\n');
}
