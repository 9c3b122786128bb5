/* Differences for people: signs as in a patch, so that they are told without colours. */
#include <string.h>

#include "base/sizes.h"
#include "base/text.h"
#include "logs/diff.h"

enum {
    ONE_LINE_BYTES = 72, /* before and after together; longer ones take a line each */
    VALUE_BYTES = 2048,  /* shown of a value; JSON has it whole */
    TEXT_BYTES = 256 * 1024,
    TIME_COLUMNS = 12,
    NAME_COLUMNS = 10,
};

static const char bold[] = "\033[1m", red[] = "\033[31m", green[] = "\033[32m",
                  yellow[] = "\033[33m", cyan[] = "\033[36m", plain[] = "\033[0m";

struct printer {
    const struct diff_style *style;
    struct buf *out;
    struct redactor redactor;
};

static void put_style(const struct printer *p, const char *sequence)
{
    if (p->style->colour)
        buf_put_text(p->out, sequence);
}

static void put_shown(const struct printer *p, struct bytes text)
{
    text_put_terminal(p->out, bytes_until(text, VALUE_BYTES));
    if (text.len > VALUE_BYTES)
        buf_putf(p->out, " (and %zu bytes)", text.len - VALUE_BYTES);
}

/* "µs" is for those who can read it. */
static void put_duration(const struct printer *p, int64_t us, struct buf *out)
{
    if (!p->style->utf8 && us >= 0 && us < 1000)
        buf_putf(out, "%d us", (int)us);
    else
        duration_put(out, us);
}

/* ---- what is compared ---- */

static void put_flow(const struct printer *p, const struct flow *f, const char *sign)
{
    const struct head *head = f->request.received;
    struct buf url, clean;

    buf_init(&url, TEXT_BYTES);
    buf_init(&clean, TEXT_BYTES);
    flow_put_url(f, &url);
    redact_put_url(&p->redactor, buf_bytes(&url), &clean);
    buf_put_text(p->out, sign);
    if (f->number) {
        buf_put_u64(p->out, f->number);
        buf_put_byte(p->out, ' ');
    }
    put_shown(p, head ? head->method : bytes_of(flow_kind_text(f->kind)));
    buf_put_byte(p->out, ' ');
    put_shown(p, buf_bytes(&clean));
    if (f->status)
        buf_putf(p->out, " %u", f->status);
    buf_put_text(p->out, ", ");
    put_duration(p, f->timings.total, p->out);
    buf_release(&clean);
    buf_release(&url);
}

static void put_heading(const struct printer *p, const struct diff_ask *ask)
{
    bool one = ask->a == ask->b;

    put_style(p, bold);
    put_flow(p, ask->a, "--- ");
    buf_put_text(p->out, one ? ", as it came\n" : "\n");
    put_flow(p, ask->b, "+++ ");
    buf_put_text(p->out, one ? ", as it went on\n" : "\n");
    put_style(p, plain);
}

/* ---- entries ---- */

static char sign_of(enum diff_change change)
{
    switch (change) {
    case DIFF_ADDED:
        return '+';
    case DIFF_REMOVED:
        return '-';
    case DIFF_CHANGED:
        return '~';
    case DIFF_MOVED:
        return '>';
    case DIFF_KEPT:
        break;
    }
    return ' ';
}

static const char *colour_of(char sign)
{
    switch (sign) {
    case '+':
        return green;
    case '-':
        return red;
    case '~':
        return yellow;
    case '>':
        return cyan;
    }
    return "";
}

static void put_line(const struct printer *p, char sign, struct bytes name, struct bytes value)
{
    put_style(p, colour_of(sign));
    buf_putf(p->out, "  %c ", sign);
    put_shown(p, name);
    buf_put_text(p->out, ": ");
    put_shown(p, value);
    put_style(p, plain);
    buf_put_byte(p->out, '\n');
}

static void put_change(const struct printer *p, const struct diff_entry *e)
{
    if (e->before.len + e->after.len > ONE_LINE_BYTES) {
        put_line(p, '-', e->name, e->before);
        put_line(p, '+', e->name, e->after);
        return;
    }
    put_style(p, yellow);
    buf_put_text(p->out, "  ~ ");
    put_shown(p, e->name);
    buf_put_text(p->out, ": ");
    put_shown(p, e->before);
    buf_put_text(p->out, p->style->utf8 ? " \xe2\x86\x92 " : " -> ");
    put_shown(p, e->after);
    put_style(p, plain);
    buf_put_byte(p->out, '\n');
}

/* A line of text; `last` is the entry before, to see where a stretch begins. */
static void put_text(const struct printer *p, const struct diff_entry *e,
                     const struct diff_entry *last)
{
    bool follows = last && last->place == DIFF_TEXT && last->side == e->side &&
                   (!e->a_line || !last->a_line || e->a_line == last->a_line + 1) &&
                   (!e->b_line || !last->b_line || e->b_line == last->b_line + 1);

    if (!follows) {
        put_style(p, cyan);
        buf_putf(p->out, "  @@ line %u\n", e->a_line ? e->a_line : e->b_line);
        put_style(p, plain);
    }
    put_style(p, colour_of(sign_of(e->change)));
    buf_putf(p->out, "  %c ", sign_of(e->change));
    put_shown(p, e->change == DIFF_ADDED ? e->after : e->before);
    put_style(p, e->change == DIFF_KEPT ? "" : plain);
    buf_put_byte(p->out, '\n');
}

static void put_entry(const struct printer *p, const struct diff_entry *e,
                      const struct diff_entry *last)
{
    if (e->place == DIFF_TEXT) {
        put_text(p, e, last);
        return;
    }
    if (e->change == DIFF_CHANGED) {
        put_change(p, e);
        return;
    }
    put_line(p, sign_of(e->change), e->name, e->change == DIFF_ADDED ? e->after : e->before);
}

static const char *title_of(const struct diff_entry *e)
{
    bool request = e->side == HTTP_REQUEST;

    switch (e->place) {
    case DIFF_LINE:
    case DIFF_HEADER:
        return request ? "request" : "response";
    case DIFF_TRAILER:
        return request ? "request's trailers" : "response's trailers";
    case DIFF_JSON:
    case DIFF_TEXT:
    case DIFF_BODY:
        return request ? "request's body" : "response's body";
    }
    return "";
}

/* ---- times ---- */

static void put_cell(const struct printer *p, int64_t us)
{
    struct buf cell;
    size_t columns = 0;

    buf_init(&cell, 32);
    put_duration(p, us, &cell);
    for (size_t i = 0; i < cell.len; i++)
        columns += (cell.ptr[i] & 0xc0) != 0x80;
    buf_putf(p->out, "%*s", columns < TIME_COLUMNS ? (int)(TIME_COLUMNS - columns) : 1, "");
    buf_put(p->out, buf_bytes(&cell));
    buf_release(&cell);
}

static void put_times(const struct printer *p, const struct flow_timings *a,
                      const struct flow_timings *b)
{
    const struct {
        const char *name;
        int64_t a, b;
    } rows[] = {
        {"blocked", a->blocked, b->blocked}, {"dns", a->dns, b->dns},
        {"connect", a->connect, b->connect}, {"tls", a->tls, b->tls},
        {"send", a->send, b->send},          {"wait", a->wait, b->wait},
        {"receive", a->receive, b->receive}, {"injected", a->injected, b->injected},
        {"total", a->total, b->total},
    };

    put_style(p, bold);
    buf_putf(p->out, "\n%-*s%*s%*s\n", NAME_COLUMNS, "times", TIME_COLUMNS, "---", TIME_COLUMNS,
             "+++");
    put_style(p, plain);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].a < 0 && rows[i].b < 0)
            continue;
        buf_putf(p->out, "%-*s", NAME_COLUMNS, rows[i].name);
        put_cell(p, rows[i].a);
        put_cell(p, rows[i].b);
        buf_put_byte(p->out, '\n');
    }
}

/* ---- all ---- */

/* Why one side may be empty within one flow. */
static void put_notes(const struct printer *p, const struct diff_ask *ask)
{
    const struct flow *f = ask->a;

    if (ask->a != ask->b)
        return;
    if (ask->request && !f->request.sent)
        buf_put_text(p->out, "\nThe request did not go on.\n");
    if (ask->response && !f->response.received && f->response.sent)
        buf_put_text(p->out, "\nNo response came; the one that went on was made here.\n");
}

void diff_put_text(const struct diff *d, const struct diff_ask *ask, const struct diff_style *style,
                   struct buf *out)
{
    struct printer p = {.style = style, .out = out, .redactor = ask->redactor};
    const struct diff_entry *last = NULL;
    const char *title = "";

    put_heading(&p, ask);
    put_notes(&p, ask);
    for (const struct diff_entry *e = d->first; e; e = e->next) {
        if (strcmp(title, title_of(e)) != 0) {
            title = title_of(e);
            put_style(&p, bold);
            buf_putf(out, "\n%s\n", title);
            put_style(&p, plain);
        }
        put_entry(&p, e, last);
        last = e;
    }
    if (d->cut)
        buf_putf(out, "There are more; %d are told.\n", DIFF_ENTRIES);
    if (diff_equal(d))
        buf_put_text(out, "\nThey are equal.\n");
    if (ask->a != ask->b)
        put_times(&p, &ask->a->timings, &ask->b->timings);
}
