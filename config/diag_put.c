/* The printing part of diag.h. */
#include "config/diag.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

enum {
    TAB_COLUMNS = 4,     /* a tab goes to the next multiple */
    SHOWN_COLUMNS = 200, /* of a line; a longer one is shortened around the caret */
    SHOWN_BEFORE = 100,  /* code points kept before the caret then */
    SHOWN_CODE_POINTS = 4 * SHOWN_COLUMNS, /* a bound for what takes no column */
};

static const char ellipsis[] = "\xe2\x80\xa6";

static const char *const level_names[] = {
    [DIAG_ERROR] = "error", [DIAG_WARNING] = "warning", [DIAG_NOTE] = "note"};
static const char *const level_colours[] = {
    [DIAG_ERROR] = "\x1b[1;31m", [DIAG_WARNING] = "\x1b[1;33m", [DIAG_NOTE] = "\x1b[1;36m"};
static const char frame_colour[] = "\x1b[34m";
static const char bold_colour[] = "\x1b[1m";

struct printer {
    struct buf *out;
    bool colour;
    /* Where the last place was found. Places come sorted, so that a file is
     * walked through once and not once for each diagnostic. */
    const struct source *source;
    struct mark at;
    size_t line_start; /* byte offsets in the text */
    size_t offset;
};

/* A place in its line. */
struct shown_line {
    struct bytes text; /* the line without its end */
    size_t caret;      /* byte offset of the place in it */
};

static void put_colour(struct printer *p, const char *sequence)
{
    if (p->colour)
        buf_put_text(p->out, sequence);
}

static void put_plain(struct printer *p)
{
    put_colour(p, "\x1b[0m");
}

/* Bytes of the first code point; a byte that is not UTF-8 counts as one. */
static size_t step(struct bytes in)
{
    uint32_t code;
    size_t len = utf8_decode(in, &code);

    return len ? len : in.len > 0;
}

/* Moves the cursor to the line of `at`, false when the text has no such line. */
static bool seek_line(struct printer *p, const struct source *source, struct mark at)
{
    struct bytes text = source->text;

    if (p->source != source) {
        p->source = source;
        p->line_start = bytes_starts_with(text, BYTES("\xef\xbb\xbf")) ? 3 : 0;
        p->offset = p->line_start;
        p->at = (struct mark){1, 1};
    }
    while (p->at.line < at.line) {
        ptrdiff_t end = bytes_find(bytes_from(text, p->line_start), '\n');

        if (end < 0)
            return false;
        p->line_start += (size_t)end + 1;
        p->offset = p->line_start;
        p->at = (struct mark){p->at.line + 1, 1};
    }
    return true;
}

static bool seek(struct printer *p, const struct diag *diag, struct shown_line *ret_line)
{
    struct bytes text;
    ptrdiff_t end;

    if (!diag->source || diag->at.line == 0 || !seek_line(p, diag->source, diag->at))
        return false;
    text = bytes_from(diag->source->text, p->line_start);
    end = bytes_find(text, '\n');
    if (end >= 0)
        text = bytes_until(text, (size_t)end);
    if (bytes_ends_with(text, BYTES("\r")))
        text.len--;
    while (p->at.column < diag->at.column && p->offset < p->line_start + text.len) {
        p->offset += step(bytes_from(text, p->offset - p->line_start));
        p->at.column++;
    }
    *ret_line = (struct shown_line){text, p->offset - p->line_start};
    return true;
}

/* Code points underlined, within the line: at least one. Blanks at the end do not
 * count. */
static uint32_t clamp_width(const struct diag *diag, const struct shown_line *line)
{
    struct bytes rest = bytes_from(line->text, line->caret);
    uint32_t width = 0;

    while (rest.len && (rest.ptr[rest.len - 1] == ' ' || rest.ptr[rest.len - 1] == '\t'))
        rest.len--;
    while (rest.len && width < diag->width) {
        rest = bytes_from(rest, step(rest));
        width++;
    }
    return width ? width : 1;
}

/* One code point made safe for a terminal; the columns it took. */
static uint32_t put_code_point(struct buf *out, struct bytes in, uint32_t column)
{
    size_t before = out->len;
    uint32_t code = 0;

    if (in.ptr[0] == '\t') {
        uint32_t columns = TAB_COLUMNS - column % TAB_COLUMNS;

        buf_putf(out, "%*s", (int)columns, "");
        return columns;
    }
    text_put_terminal(out, in);
    if (utf8_decode(in, &code) && out->len - before == in.len)
        return (uint32_t)utf8_width(code);
    return (uint32_t)(out->len - before); /* an escape, in ASCII */
}

/* The whole line fits. */
static bool is_short(struct bytes line)
{
    struct buf scratch;
    uint32_t columns = 0, points = 0;

    buf_init(&scratch, 64);
    while (line.len && columns <= SHOWN_COLUMNS && points++ < SHOWN_CODE_POINTS) {
        size_t len = step(line);

        buf_clear(&scratch);
        columns += put_code_point(&scratch, bytes_until(line, len), columns);
        line = bytes_from(line, len);
    }
    buf_release(&scratch);
    return line.len == 0 && columns <= SHOWN_COLUMNS;
}

/* Where a long line starts to be shown: some code points before the caret. */
static size_t shown_start(const struct shown_line *line)
{
    size_t at = line->caret;

    for (uint32_t i = 0; i < SHOWN_BEFORE && at > 0; i++) {
        at--;
        for (uint32_t j = 0; j < 3 && at > 0 && (line->text.ptr[at] & 0xc0) == 0x80; j++)
            at--;
    }
    return at;
}

struct caret {
    uint32_t column, columns;
};

/* Writes the line, or the part around the caret; where the caret shall stand. */
static struct caret put_text(struct printer *p, const struct shown_line *line, uint32_t width)
{
    size_t at = is_short(line->text) ? 0 : shown_start(line);
    struct caret caret = {0, 0};
    uint32_t column = 0, points = 0;

    if (at > 0) {
        buf_put_text(p->out, ellipsis);
        column = 1;
    }
    while (at < line->text.len && column < SHOWN_COLUMNS && points++ < SHOWN_CODE_POINTS) {
        struct bytes rest = bytes_from(line->text, at);
        size_t len = step(rest);
        uint32_t columns = put_code_point(p->out, bytes_until(rest, len), column);

        if (at == line->caret)
            caret.column = column;
        if (at >= line->caret && width > 0) {
            caret.columns += columns;
            width--;
        }
        column += columns;
        at += len;
    }
    if (line->caret >= line->text.len)
        caret.column = column;
    if (at < line->text.len)
        buf_put_text(p->out, ellipsis);
    if (caret.columns == 0)
        caret.columns = 1;
    return caret;
}

static int digits(uint32_t n)
{
    int count = 1;

    while (n >= 10) {
        n /= 10;
        count++;
    }
    return count;
}

static void put_repeated(struct buf *out, char c, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        buf_put_byte(out, (uint8_t)c);
}

static void put_line(struct printer *p, const struct diag *diag, const struct shown_line *line)
{
    struct caret caret;

    put_colour(p, frame_colour);
    buf_putf(p->out, "%" PRIu32 " |", diag->at.line);
    put_plain(p);
    buf_put_byte(p->out, ' ');
    caret = put_text(p, line, clamp_width(diag, line));
    buf_put_byte(p->out, '\n');
    put_colour(p, frame_colour);
    buf_putf(p->out, "%*s |", digits(diag->at.line), "");
    put_plain(p);
    put_repeated(p->out, ' ', caret.column + 1);
    put_colour(p, level_colours[diag->level]);
    put_repeated(p->out, '^', caret.columns);
    put_plain(p);
    buf_put_byte(p->out, '\n');
}

static void put_pretty(struct printer *p, const struct diag *diag)
{
    struct shown_line line;

    if (p->out->len)
        buf_put_byte(p->out, '\n');
    put_colour(p, level_colours[diag->level]);
    buf_put_text(p->out, level_names[diag->level]);
    put_plain(p);
    put_colour(p, bold_colour);
    buf_put_text(p->out, ": ");
    text_put_terminal(p->out, bytes_of(diag->text));
    put_plain(p);
    buf_put_byte(p->out, '\n');
    if (!diag->source)
        return;
    put_colour(p, frame_colour);
    buf_putf(p->out, "%*s-->", digits(diag->at.line), "");
    put_plain(p);
    buf_put_byte(p->out, ' ');
    text_put_terminal(p->out, bytes_of(diag->source->name));
    if (diag->at.line)
        buf_putf(p->out, ":%" PRIu32 ":%" PRIu32, diag->at.line, diag->at.column);
    buf_put_byte(p->out, '\n');
    if (seek(p, diag, &line))
        put_line(p, diag, &line);
}

static void put_short(struct printer *p, const struct diag *diag)
{
    if (diag->source) {
        text_put_terminal(p->out, bytes_of(diag->source->name));
        if (diag->at.line)
            buf_putf(p->out, ":%" PRIu32 ":%" PRIu32, diag->at.line, diag->at.column);
        buf_put_text(p->out, ": ");
    }
    put_colour(p, level_colours[diag->level]);
    buf_put_text(p->out, level_names[diag->level]);
    put_plain(p);
    buf_put_text(p->out, ": ");
    text_put_terminal(p->out, bytes_of(diag->text));
    buf_put_byte(p->out, '\n');
}

static void put_json(struct printer *p, const struct diag *diag)
{
    struct shown_line line;

    buf_putf(p->out, "{\"level\":\"%s\",", level_names[diag->level]);
    if (diag->source) {
        buf_put_text(p->out, "\"file\":");
        text_put_json(p->out, bytes_of(diag->source->name));
        buf_put_byte(p->out, ',');
    }
    if (diag->source && diag->at.line)
        buf_putf(p->out, "\"line\":%" PRIu32 ",\"column\":%" PRIu32 ",\"width\":%" PRIu32 ",",
                 diag->at.line, diag->at.column,
                 seek(p, diag, &line) ? clamp_width(diag, &line) : 1);
    buf_put_text(p->out, "\"message\":");
    text_put_json(p->out, bytes_of(diag->text));
    buf_put_byte(p->out, '}');
}

static int mark_compare(struct mark a, struct mark b)
{
    if (a.line != b.line)
        return a.line < b.line ? -1 : 1;
    return a.column < b.column ? -1 : a.column > b.column;
}

/* Those without a place come first. */
static int diag_compare(const struct diag *a, const struct diag *b)
{
    int order;

    if (!a->source || !b->source)
        return !!a->source - !!b->source;
    order = strcmp(a->source->name, b->source->name);
    return order ? order : mark_compare(a->at, b->at);
}

/* An insertion sort: few items, and equal ones keep their order. */
static uint32_t diags_sort(const struct diags *d, const struct diag *sorted[DIAGS])
{
    uint32_t count = 0;

    for (const struct diag *diag = d->first; diag && count < DIAGS; diag = diag->next) {
        uint32_t at = count++;

        for (; at > 0 && diag_compare(sorted[at - 1], diag) > 0; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = diag;
    }
    return count;
}

static void put_array(struct printer *p, const struct diags *d, const struct diag **sorted,
                      uint32_t count)
{
    const char *separator = "\n";

    buf_put_byte(p->out, '[');
    for (uint32_t i = 0; i < count; i++) {
        buf_put_text(p->out, separator);
        put_json(p, sorted[i]);
        separator = ",\n";
    }
    if (d->dropped)
        buf_putf(p->out, "%s{\"level\":\"note\",\"message\":\"%" PRIu32 " more are not shown\"}",
                 separator, d->dropped);
    buf_put_text(p->out, "\n]\n");
}

void diags_put(const struct diags *d, enum diag_format format, bool colour, struct buf *out)
{
    const struct diag *sorted[DIAGS];
    uint32_t count = diags_sort(d, sorted);
    struct printer p = {.out = out, .colour = colour};

    if (format == DIAG_JSON) {
        put_array(&p, d, sorted, count);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (format == DIAG_PRETTY)
            put_pretty(&p, sorted[i]);
        else
            put_short(&p, sorted[i]);
    }
    if (d->dropped)
        buf_putf(out, "%snote: %" PRIu32 " more are not shown\n",
                 format == DIAG_PRETTY && out->len ? "\n" : "", d->dropped);
}
