#include "roff.h"

#include <ctype.h>

/* A dot or quote at the beginning of a line would be a request; a backslash begins an
 * escape; a bare hyphen, accent, quote or tilde may be set as another character. */
static void put_char(struct buf *out, char c, bool line_begins)
{
    switch (c) {
    case '\\':
        buf_put_text(out, "\\e");
        return;
    case '-':
        buf_put_text(out, "\\-");
        return;
    case '\'':
        buf_put_text(out, "\\(aq");
        return;
    case '"':
        buf_put_text(out, "\\(dq");
        return;
    case '`':
        buf_put_text(out, "\\(ga");
        return;
    case '^':
        buf_put_text(out, "\\(ha");
        return;
    case '~':
        buf_put_text(out, "\\(ti");
        return;
    case '.':
        buf_put_text(out, line_begins ? "\\&." : ".");
        return;
    default:
        buf_put_byte(out, (uint8_t)c);
    }
}

static void put_escaped(struct buf *out, const char *text)
{
    bool begins = true;

    for (; *text; text++) {
        put_char(out, *text, begins);
        begins = *text == '\n';
    }
}

void roff_put(struct buf *out, const char *text)
{
    bool bold = false, begins = true;

    for (; *text; text++) {
        if (*text == '`') {
            bold = !bold;
            buf_put_text(out, bold ? "\\fB" : "\\fR");
            begins = false;
        } else {
            put_char(out, *text == '\n' ? ' ' : *text, begins);
            begins = false;
        }
    }
    if (bold)
        buf_put_text(out, "\\fR");
}

void roff_line(struct buf *out, const char *text)
{
    roff_put(out, text);
    buf_put_byte(out, '\n');
}

/* A new paragraph, but for the first one of a section, which is one. */
static void put_gap(struct buf *out)
{
    struct bytes all = buf_bytes(out);
    size_t at = all.len ? all.len - 1 : 0;

    while (at && all.ptr[at - 1] != '\n')
        at--;
    if (!bytes_starts_with(bytes_from(all, at), BYTES(".S")))
        buf_put_text(out, ".PP\n");
}

void roff_paragraph(struct buf *out, const char *text)
{
    put_gap(out);
    roff_line(out, text);
}

void roff_begin(struct buf *out, const char *name, int section, const char *what)
{
    buf_put_text(out, ".\\\" made from weir's tables by scripts/docs\n.TH ");
    for (const char *c = name; *c; c++)
        buf_put_byte(out, (uint8_t)toupper((unsigned char)*c));
    buf_putf(out, " %d \"\" weir \"weir's manual\"\n.SH NAME\n", section);
    put_escaped(out, name);
    buf_put_text(out, " \\- ");
    roff_put(out, what);
    buf_put_byte(out, '\n');
}

void roff_section(struct buf *out, const char *title)
{
    buf_put_text(out, ".SH ");
    put_escaped(out, title);
    buf_put_byte(out, '\n');
}

void roff_subsection(struct buf *out, const char *title)
{
    buf_put_text(out, ".SS ");
    put_escaped(out, title);
    buf_put_byte(out, '\n');
}

void roff_term(struct buf *out, const char *term, const char *argument)
{
    buf_put_text(out, ".TP\n\\fB");
    put_escaped(out, term);
    buf_put_text(out, "\\fR");
    if (argument) {
        buf_put_text(out, " \\fI");
        put_escaped(out, argument);
        buf_put_text(out, "\\fR");
    }
    buf_put_byte(out, '\n');
}

void roff_example(struct buf *out, const char *lines)
{
    put_gap(out);
    buf_put_text(out, ".RS 4\n.nf\n");
    put_escaped(out, lines);
    buf_put_text(out, "\n.fi\n.RE\n");
}

void roff_page(struct buf *out, const char *name, int section, bool more)
{
    buf_put_text(out, ".BR ");
    put_escaped(out, name);
    buf_putf(out, " (%d)%s\n", section, more ? "," : "");
}
