#include "logs/flow_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/sizes.h"
#include "base/text.h"
#include "http/url.h"
#include "logs/console_text.h"
#include "logs/media.h"

enum {
    SCRATCH_BYTES = 1024 * 1024,
    PIPE_COLUMNS = 140, /* where there is no terminal: longer texts only move what follows */
    GAP = 2,            /* columns between two cells */
    NAMES_TITLE = 12,   /* where help begins, in the list of columns */
    US_PER_S = 1000 * 1000,
    SLOW_US = 1000 * 1000,
};

enum column_flag { COLUMN_RIGHT = 1, COLUMN_FLEX = 2, COLUMN_FLEX2 = 4 };

static const struct column {
    const char *name, *title;
    size_t width;
    unsigned flags;
    const char *help;
} columns[FLOW_COLUMN_COUNT] = {
#define FLOW_COLUMN(name, title, width, flags, help) {#name, title, width, flags, help},
#include "logs/flow_columns.def"
#undef FLOW_COLUMN
};

/* What a narrow terminal does without, the first of them first. */
static const enum flow_column dropped[] = {
    FLOW_COLUMN_type,  FLOW_COLUMN_size, FLOW_COLUMN_time,  FLOW_COLUMN_duration,
    FLOW_COLUMN_rules, FLOW_COLUMN_host, FLOW_COLUMN_number};

/* ---- which, and how wide ---- */

/* Shares of what fixed columns leave. */
static size_t weight_of(enum flow_column column)
{
    unsigned flags = columns[column].flags;

    return flags & COLUMN_FLEX2 ? 2 : flags & COLUMN_FLEX ? 1 : 0;
}

static size_t least_width(const struct flow_table *t)
{
    size_t used = 0;

    for (size_t i = 0; i < t->shown_count; i++)
        used += columns[t->shown[i]].width + (i ? GAP : 0);
    return used;
}

/* Until the rest fits into the terminal. */
static void drop_columns(struct flow_table *t)
{
    for (size_t n = 0; n < sizeof(dropped) / sizeof(dropped[0]); n++) {
        size_t kept = 0;

        if (t->columns == 0 || least_width(t) <= t->columns)
            return;
        for (size_t i = 0; i < t->shown_count; i++)
            if (t->shown[i] != dropped[n])
                t->shown[kept++] = t->shown[i];
        t->shown_count = kept;
    }
}

static void lay_out(struct flow_table *t)
{
    size_t used = least_width(t), weights = 0, all, spare;

    for (size_t i = 0; i < t->shown_count; i++) {
        t->widths[i] = columns[t->shown[i]].width;
        weights += weight_of(t->shown[i]);
    }
    all = t->columns ? t->columns : PIPE_COLUMNS;
    spare = all > used ? all - used : 0;
    for (size_t i = 0; i < t->shown_count && weights; i++)
        t->widths[i] += spare * weight_of(t->shown[i]) / weights;
}

void flow_table_init(struct flow_table *t, const struct redactor *redactor, bool colour,
                     uint32_t terminal_columns, int64_t now_s)
{
    *t = (struct flow_table){
        .redactor = *redactor, .colour = colour, .columns = terminal_columns, .today_s = now_s};
    buf_init(&t->raw, SCRATCH_BYTES);
    buf_init(&t->cell, SCRATCH_BYTES);
    buf_init(&t->cut, SCRATCH_BYTES);
    for (int i = 0; i <= FLOW_COLUMN_rules; i++)
        t->shown[t->shown_count++] = (enum flow_column)i;
    drop_columns(t);
    lay_out(t);
}

void flow_table_release(struct flow_table *t)
{
    buf_release(&t->raw);
    buf_release(&t->cell);
    buf_release(&t->cut);
}

static enum status find_column(struct bytes name, char *error, enum flow_column *ret_column)
{
    const char *names[FLOW_COLUMN_COUNT], *near;

    for (int i = 0; i < FLOW_COLUMN_COUNT; i++) {
        names[i] = columns[i].name;
        if (!bytes_equal_icase(name, bytes_of(names[i])))
            continue;
        *ret_column = (enum flow_column)i;
        return STATUS_OK;
    }
    near = text_nearest(name, names, FLOW_COLUMN_COUNT);
    snprintf(error, FLOW_TABLE_ERROR_TEXT, "there is no column '%.*s'%s%s%s",
             (int)bytes_until(name, 60).len, (const char *)name.ptr, near ? ", did you mean '" : "",
             near ? near : "", near ? "'?" : "");
    return STATUS_BAD_INPUT;
}

enum status flow_table_choose(struct flow_table *t, struct bytes list, char *error)
{
    size_t count = 0;
    struct bytes name;

    while (bytes_next_listed(&list, &name)) {
        enum status st;

        if (count == FLOW_TABLE_SHOWN) {
            snprintf(error, FLOW_TABLE_ERROR_TEXT, "there are more than %d columns",
                     FLOW_TABLE_SHOWN);
            return STATUS_BAD_INPUT;
        }
        st = find_column(name, error, &t->shown[count]);
        if (st)
            return st;
        count++;
    }
    if (count == 0) {
        snprintf(error, FLOW_TABLE_ERROR_TEXT, "no column is named");
        return STATUS_BAD_INPUT;
    }
    t->shown_count = count;
    lay_out(t);
    return STATUS_OK;
}

void flow_table_put_help(struct buf *out)
{
    for (int i = 0; i < FLOW_COLUMN_COUNT; i++) {
        console_put_left(out, bytes_of(columns[i].name), NAMES_TITLE);
        buf_putf(out, "%s\n", columns[i].help);
    }
}

/* ---- cells: what stands in them, not yet escaped; their colour ---- */

static void put_time(const struct flow_table *t, const struct flow *f, bool date, struct buf *out)
{
    time_t then = (time_t)(f->started_us > 0 ? f->started_us / US_PER_S : 0),
           now = (time_t)t->today_s;
    struct tm day = {0}, today = {0};
    char text[32] = "";

    if (!localtime_r(&then, &day) || !localtime_r(&now, &today))
        return;
    if (date)
        strftime(text, sizeof(text), "%Y-%m-%d", &day);
    else if (day.tm_year == today.tm_year && day.tm_yday == today.tm_yday)
        strftime(text, sizeof(text), "%H:%M:%S", &day);
    else
        strftime(text, sizeof(text), "%b %e %H:%M", &day);
    buf_put_text(out, text);
    if (!date && text[2] == ':')
        buf_putf(out, ".%03d", f->started_us > 0 ? (int)(f->started_us / 1000 % 1000) : 0);
}

static void put_method(const struct flow *f, struct buf *out)
{
    const struct head *head = flow_message_head(&f->request);

    if (f->kind == FLOW_TUNNEL)
        buf_put_text(out, "TUNNEL");
    else if (f->kind == FLOW_REFUSED)
        buf_put_text(out, "REFUSED");
    else
        buf_put(out, head ? head->method : BYTES("-"));
}

static enum console_style put_status(const struct flow *f, struct buf *out)
{
    static const enum console_style classes[] = {STYLE_BLUE, STYLE_GREEN, STYLE_CYAN, STYLE_YELLOW,
                                                 STYLE_RED};

    if (f->status == 0) {
        buf_put_text(out, f->error ? "ERR" : "-");
        return f->error ? STYLE_RED : STYLE_DIM;
    }
    buf_putf(out, "%u%s", f->status, f->injected ? "*" : "");
    return f->status >= 100 && f->status < 600 ? classes[f->status / 100 - 1] : STYLE_MAGENTA;
}

static void put_type(const struct flow *f, struct buf *out)
{
    if (f->kind == FLOW_TUNNEL)
        buf_put_text(out, f->client_tls.sni.len ? "tls" : "raw");
    else
        buf_put(out, media_short(flow_content_type(&f->response)));
}

static void put_size(const struct flow *f, struct buf *out)
{
    if (f->kind == FLOW_TUNNEL)
        size_put(out, flow_tunnel_bytes(f));
    else
        size_put(out, flow_message_head(&f->response) ? f->response.body.wire_bytes : -1);
}

/* What peers said may stand in the sentence. */
static enum console_style put_rules(const struct flow_table *t, const struct flow *f,
                                    struct buf *out)
{
    for (const struct flow_rule *r = f->rules; r; r = r->next)
        buf_putf(out, "%s%s", r == f->rules ? "" : ", ", r->label);
    if (!f->error || !f->sentence)
        return STYLE_MAGENTA;
    buf_put_text(out, f->rules ? "; " : "");
    redact_put_body(&t->redactor, BYTES(""), bytes_of(f->sentence), out);
    return STYLE_RED;
}

static void put_tags(const struct flow *f, struct buf *out)
{
    for (const struct flow_tag *tag = f->tags; tag; tag = tag->next)
        buf_putf(out, "%s%s", tag == f->tags ? "" : ",", tag->text);
}

static void put_url(const struct flow_table *t, const struct flow *f, struct buf *out)
{
    if (f->host.len == 0)
        return;
    flow_put_origin(f, out);
    redact_put_url(&t->redactor, flow_path(f), out);
}

static enum console_style put_cell(const struct flow_table *t, enum flow_column column,
                                   const struct flow *f, struct buf *out)
{
    switch (column) {
    case FLOW_COLUMN_number:
        buf_put_u64(out, f->number);
        return STYLE_DIM;
    case FLOW_COLUMN_time:
        put_time(t, f, false, out);
        return STYLE_DIM;
    case FLOW_COLUMN_date:
        put_time(t, f, true, out);
        return STYLE_DIM;
    case FLOW_COLUMN_method:
        put_method(f, out);
        return STYLE_BOLD;
    case FLOW_COLUMN_status:
        return put_status(f, out);
    case FLOW_COLUMN_host:
        if (f->host.len)
            flow_put_authority(f, out);
        return STYLE_NONE;
    case FLOW_COLUMN_path:
        redact_put_url(&t->redactor, flow_path(f), out);
        return STYLE_NONE;
    case FLOW_COLUMN_url:
        put_url(t, f, out);
        return STYLE_NONE;
    case FLOW_COLUMN_scheme:
        buf_put(out, f->scheme);
        return STYLE_NONE;
    case FLOW_COLUMN_type:
        put_type(f, out);
        return STYLE_DIM;
    case FLOW_COLUMN_size:
        put_size(f, out);
        return STYLE_DIM;
    case FLOW_COLUMN_duration:
        duration_put(out, f->timings.total);
        return f->timings.total >= SLOW_US ? STYLE_YELLOW : STYLE_NONE;
    case FLOW_COLUMN_rules:
        return put_rules(t, f, out);
    case FLOW_COLUMN_version:
        if (f->request.received)
            buf_put_text(out, flow_version_text(f->request.received->version));
        return STYLE_DIM;
    case FLOW_COLUMN_client:
        buf_put(out, f->client);
        return STYLE_NONE;
    case FLOW_COLUMN_user:
        buf_put(out, f->user);
        return STYLE_NONE;
    case FLOW_COLUMN_upstream:
        buf_put(out, f->upstream);
        return STYLE_NONE;
    case FLOW_COLUMN_reason:
        buf_put(out, bytes_of(f->reason));
        return f->error ? STYLE_RED : STYLE_NONE;
    case FLOW_COLUMN_tags:
        put_tags(f, out);
        return STYLE_CYAN;
    case FLOW_COLUMN_id:
        buf_put_text(out, f->id);
        return STYLE_DIM;
    case FLOW_COLUMN_COUNT:
        break;
    }
    return STYLE_NONE;
}

/* ---- lines ---- */

/* Escaped text in its width; the last one of a line is not filled up. */
static void place_cell(struct flow_table *t, size_t at, struct bytes text, enum console_style style,
                       struct buf *out)
{
    const struct column *column = &columns[t->shown[at]];
    bool last = at + 1 == t->shown_count, right = column->flags & COLUMN_RIGHT, coloured;
    size_t width = t->widths[at], len;

    buf_clear(&t->cut);
    if (t->columns == 0)
        buf_put(&t->cut, text);
    else if (t->shown[at] == FLOW_COLUMN_rules)
        console_put_end_cut(&t->cut, text, width);
    else
        console_put_middle_cut(&t->cut, text, width);
    len = console_columns(buf_bytes(&t->cut));
    coloured = t->colour && style != STYLE_NONE && len > 0;
    if (right && len < width)
        console_put_spaces(out, width - len);
    console_put_style(out, coloured, style);
    buf_put(out, buf_bytes(&t->cut));
    console_put_style(out, coloured, STYLE_NONE);
    if (!right && !last && len < width)
        console_put_spaces(out, width - len);
    if (!last)
        console_put_spaces(out, GAP);
}

/* What stands at the end of a line only to fill it. */
static void drop_spaces(struct buf *out, size_t from)
{
    while (out->len > from && out->ptr[out->len - 1] == ' ')
        out->len--;
}

void flow_table_put_titles(struct flow_table *t, struct buf *out)
{
    for (size_t i = 0; i < t->shown_count; i++)
        place_cell(t, i, bytes_of(columns[t->shown[i]].title), STYLE_DIM, out);
    buf_put_byte(out, '\n');
}

void flow_table_put_flow(struct flow_table *t, const struct flow *f, struct buf *out)
{
    size_t start = out->len;

    for (size_t i = 0; i < t->shown_count; i++) {
        enum console_style style;

        buf_clear(&t->raw);
        buf_clear(&t->cell);
        style = put_cell(t, t->shown[i], f, &t->raw);
        if (t->raw.len == 0 && i + 1 < t->shown_count)
            buf_put_byte(&t->raw, '-'); /* so that columns can be counted */
        text_put_terminal(&t->cell, buf_bytes(&t->raw));
        place_cell(t, i, buf_bytes(&t->cell), style, out);
    }
    drop_spaces(out, start);
    buf_put_byte(out, '\n');
}
