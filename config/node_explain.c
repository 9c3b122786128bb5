#include <inttypes.h>
#include <string.h>

#include "config/node_read.h"

/* What libyaml refused. Offsets are bytes. */
struct fault {
    struct node_reader *reader;
    struct bytes text;
    const char *context, *problem; /* libyaml's words; "" when it has none */
    size_t at;                     /* where it gave up */
    size_t from;                   /* where the thing it was reading starts; else as `at` */
    bool in_flow;
    struct range repair; /* what to blank out, when the explanation says so */
};

/* Each row explains one complaint. True: blank out f->repair and go on. */
struct explanation {
    const char *context, *problem; /* parts of libyaml's words */
    bool (*explain)(struct fault *f);
};

/* The text in `range` needs quotes, because it starts with or holds something: what
 * `why` says of `what`. */
static bool wants_quotes(struct fault *f, struct range range, const char *why, const char *what)
{
    struct bytes value;

    if (range.to <= range.from)
        range.to = range.from + 1;
    value = shape_bytes(f->reader->original, range);
    node_read_report(f->reader, DIAG_ERROR, range,
                     "%s %s needs quotes: put single quotes around %s", why, what,
                     shape_quoted(value).text);
    f->repair = range;
    return true;
}

static bool is_quote(uint8_t c)
{
    return c == '"' || c == '\'';
}

static bool starts_badly(struct fault *f, size_t from, size_t least)
{
    struct range range = {from, shape_value_end(f->text, from, least, f->in_flow)};
    char what[] = {'\'', (char)shape_at(f->text, from), '\'', '\0'};

    return wants_quotes(f, range, "a text that starts with",
                        is_quote(shape_at(f->text, from)) ? "a quote" : what);
}

static bool holds_badly(struct fault *f, size_t from, size_t at)
{
    struct range range = {from, shape_value_end(f->text, from, at + 1, f->in_flow)};
    char what[] = {'\'', (char)shape_at(f->text, at), '\'', '\0'};

    if (shape_at(f->text, at) != ':')
        return wants_quotes(f, range, "within { } and [ ] a text that holds", what);
    return wants_quotes(f, range,
                        f->in_flow ? "a ',' is missing, or a text that holds" : "a text that holds",
                        "': '");
}

static bool refuse(struct fault *f, size_t at, const char *why)
{
    struct range range = {at, shape_line(f->text, at).to};

    node_read_report(f->reader, DIAG_ERROR, range, "%s", why);
    return false;
}

/* The words around a character of the file. */
static bool refuse_sign(struct fault *f, size_t at, const char *before, const char *after)
{
    struct range range = {at, at + 1};

    node_read_report(f->reader, DIAG_ERROR, range, "%s'%c'%s", before, shape_at(f->text, at),
                     after);
    return false;
}

/* Nothing but blanks stands before it on its line. */
static bool is_first(const struct fault *f, size_t at)
{
    return shape_line(f->text, at).from >= at;
}

/* The last byte before `at` that is no blank; only when !is_first(). */
static size_t before(const struct fault *f, size_t at)
{
    while (at > 0 && shape_is_blank(f->text.ptr[at - 1]))
        at--;
    return at > 0 ? at - 1 : 0;
}

static bool is_closer(uint8_t c)
{
    return c == '}' || c == ']';
}

static size_t value_start(const struct fault *f, size_t at)
{
    return shape_value_start(f->text, at, f->in_flow);
}

static bool explain_tab(struct fault *f)
{
    return refuse(f, f->at, "a tab cannot indent: use spaces");
}

/* * & ! > | % @ ` ? and what else cannot start a text. */
static bool explain_sign(struct fault *f)
{
    if (shape_at(f->text, f->from) == '\t')
        return explain_tab(f);
    return starts_badly(f, f->from, f->from + 1);
}

/* "a: b\n  c: d", or the line above lacks its colon. */
static bool explain_indent(struct fault *f)
{
    struct range above = shape_line_above(f->text, f->at);
    struct bytes line = shape_bytes(f->text, above);
    ptrdiff_t colon = bytes_find(line, ':');

    if (above.to > above.from && bytes_search(line, BYTES(": ")) < 0) {
        if (colon > 0)
            return refuse(f, above.from, "a space is missing after ':' in this line");
        return refuse(f, above.from, "a ':' is missing in this line");
    }
    return refuse(f, shape_line(f->text, f->at).from,
                  "a key cannot stand here: the line above has a value already, so this line is "
                  "indented too deep");
}

/* "mapping values are not allowed in this context": at a colon. */
static bool explain_colon(struct fault *f)
{
    size_t start = value_start(f, f->at);

    if (start == shape_line(f->text, f->at).from)
        return explain_indent(f);
    if (is_quote(shape_at(f->text, start)) || is_closer(shape_at(f->text, before(f, f->at))))
        return starts_badly(f, start, f->at + 1);
    return holds_badly(f, start, f->at);
}

static bool explain_dash(struct fault *f)
{
    if (is_first(f, f->at))
        return refuse(f, f->at, "a list item cannot stand here: it lines up with no list");
    return starts_badly(f, f->at, f->at + 1);
}

/* The value of brackets with something directly behind them: "{id}/x". */
static bool explain_brackets(struct fault *f, size_t closer, size_t at)
{
    size_t opener = shape_opener(f->text, closer);

    if (opener == closer)
        return refuse_sign(f, closer, "this ", " closes nothing");
    return starts_badly(f, opener, at + 1);
}

/* The bracket that is open. */
static size_t opener_of(const struct fault *f)
{
    const struct node_reader *p = f->reader;

    return p->depth > 0 && p->frames[p->depth - 1].flow ? p->frames[p->depth - 1].from : f->from;
}

static bool explain_unclosed(struct fault *f)
{
    return refuse_sign(f, opener_of(f), "this ", " is never closed");
}

/* The line starts with something that does not go on within the brackets. */
static bool explain_flow_line(struct fault *f)
{
    struct range line = shape_line(f->text, f->at);
    size_t opener = opener_of(f);

    node_read_report(f->reader, DIAG_ERROR, line,
                     "a ',' is missing before this line, or the '%c' of line %" PRIu32
                     " is not closed",
                     shape_at(f->text, opener), shape_mark(f->text, opener).line);
    return false;
}

/* "did not find expected ',' or '}'". */
static bool explain_flow(struct fault *f)
{
    uint8_t c = shape_at(f->text, f->at);
    size_t start, last;

    if (f->at >= f->text.len)
        return explain_unclosed(f);
    start = value_start(f, f->at);
    if (is_first(f, f->at) || (c == ':' && start == shape_line(f->text, f->at).from))
        return explain_flow_line(f);
    last = before(f, f->at);
    if (is_quote(shape_at(f->text, last)))
        return starts_badly(f, start, f->at + 1);
    if (is_closer(shape_at(f->text, last)) && last + 1 == f->at)
        return explain_brackets(f, last, f->at);
    if (is_closer(shape_at(f->text, last)))
        return refuse(f, f->at, "a ',' is missing before this");
    return holds_badly(f, start, f->at);
}

/* "[::1]:80": the brackets are part of the text when something follows them. */
static size_t widen(const struct fault *f, size_t start)
{
    size_t end;

    if (start == 0 || shape_at(f->text, start - 1) != '[')
        return start;
    end = shape_value_end(f->text, start, start + 1, true);
    if (shape_at(f->text, end) != ']' || shape_is_blank(shape_at(f->text, end + 1)) ||
        shape_at(f->text, end + 1) == ',' || is_closer(shape_at(f->text, end + 1)))
        return start;
    return start - 1;
}

/* "did not find expected node content". */
static bool explain_no_value(struct fault *f)
{
    uint8_t c = shape_at(f->text, f->at);
    size_t start;

    if (f->at >= f->text.len)
        return explain_unclosed(f);
    if (!f->in_flow && (c == ',' || is_closer(c)))
        return is_first(f, f->at) ? refuse_sign(f, f->at, "this ", " belongs to nothing")
                                  : starts_badly(f, f->at, f->at + 1);
    if (c == ',')
        return refuse_sign(f, f->at, "a value is missing before this ", "");
    if (is_closer(c))
        return refuse_sign(f, f->at, "this ", " closes a bracket of the other kind");
    start = widen(f, f->at);
    f->in_flow = true;
    if (start < f->at)
        return explain_brackets(f, shape_value_end(f->text, f->at, f->at + 1, true), f->at);
    return starts_badly(f, start, start + 1);
}

/* Something stands behind a complete value, or a line is out of its column. */
static bool explain_after(struct fault *f)
{
    uint8_t c = shape_at(f->text, f->at);
    size_t last;

    if (is_first(f, f->at) && is_closer(c))
        return refuse_sign(f, f->at, "this ", " closes nothing");
    if (is_first(f, f->at) && c == ':')
        return refuse_sign(f, f->at, "a key is missing before this ", "");
    if (is_first(f, f->at))
        return refuse(f, f->at,
                      "this line does not line up with what stands above it: check its "
                      "indentation");
    last = before(f, f->at);
    if (is_quote(shape_at(f->text, last)))
        return starts_badly(f, value_start(f, f->at), f->at + 1);
    if (is_closer(c))
        return refuse_sign(f, f->at, "this ", " closes nothing");
    if (is_closer(shape_at(f->text, last)))
        return explain_brackets(f, last, f->at);
    return refuse(f, f->at, "this is not expected here");
}

/* "could not find expected ':'": a line that should be "key: value". */
static bool explain_key(struct fault *f)
{
    struct range line = {f->from, shape_line(f->text, f->from).to};

    if (bytes_find(shape_bytes(f->text, line), ':') > 0)
        return refuse(f, f->from, "a space is missing after ':' in this line");
    return refuse(f, f->from, "a ':' is missing in this line");
}

/* A backslash in double quotes that YAML does not know: most often a pattern. */
static bool explain_escape(struct fault *f)
{
    size_t end = shape_line(f->text, f->from).to, to = f->from + 1;
    struct range inner;

    while (to < end && f->text.ptr[to] != '"')
        to += f->text.ptr[to] == '\\' ? 2 : 1;
    if (to > end)
        to = end;
    inner = (struct range){f->from + 1, to};
    f->repair = (struct range){f->from, to < end ? to + 1 : to};
    node_read_report(f->reader, DIAG_ERROR, f->repair,
                     "double quotes hold an escape that YAML does not know: put single quotes "
                     "around %s",
                     shape_quoted(shape_bytes(f->reader->original, inner)).text);
    return true;
}

static bool explain_quote(struct fault *f)
{
    return refuse(f, f->from, "this quote is never closed");
}

static bool explain_plain_colon(struct fault *f)
{
    return holds_badly(f, widen(f, f->from), f->at);
}

static bool explain_directive(struct fault *f)
{
    return refuse(f, shape_line(f->text, f->from).from,
                  "YAML directives (lines that start with '%') are not used here");
}

static bool explain_block(struct fault *f)
{
    if (shape_at(f->text, f->at) == '\t')
        return explain_tab(f);
    return explain_sign(f);
}

static bool explain_other(struct fault *f)
{
    struct range range = {f->at, f->at + 1};

    node_read_report(f->reader, DIAG_ERROR, range, "this is not YAML: %s %s", f->context,
                     f->problem);
    return false;
}

/* The first row that fits is taken. */
static const struct explanation explanations[] = {
    {"directive", "", explain_directive},
    {"", "YAML document", explain_directive},
    {"", "%", explain_directive},
    {"", "cannot start any token", explain_sign},
    {"an alias", "", explain_sign},
    {"an anchor", "", explain_sign},
    {"a tag", "", explain_sign},
    {"", "undefined tag handle", explain_sign},
    {"block scalar", "tab", explain_tab},
    {"block scalar", "", explain_block},
    {"", "mapping values", explain_colon},
    {"", "block sequence entries", explain_dash},
    {"", "mapping keys", explain_sign},
    {"flow", "expected ','", explain_flow},
    {"", "node content", explain_no_value},
    {"", "expected key", explain_after},
    {"", "expected '-'", explain_after},
    {"", "<document start>", explain_after},
    {"simple key", "", explain_key},
    {"parsing a quoted scalar", "", explain_escape},
    {"quoted scalar", "", explain_quote},
    {"plain scalar", "tab", explain_tab},
    {"plain scalar", "':'", explain_plain_colon},
    {"", "", explain_other},
};

static const char *words(const char *text)
{
    return text ? text : "";
}

static size_t clamp(size_t at, struct bytes text)
{
    return at < text.len ? at : text.len;
}

bool node_explain(struct node_reader *p, struct range *ret_range)
{
    const yaml_parser_t *yaml = &p->yaml;
    struct fault f = {
        .reader = p,
        .text = p->text,
        .context = words(yaml->context),
        .problem = words(yaml->problem),
        .in_flow = yaml->error == YAML_SCANNER_ERROR ? yaml->flow_level > 0
                                                     : p->depth > 0 && p->frames[p->depth - 1].flow,
    };
    size_t i = 0;

    f.at = clamp(node_read_offset(p, yaml->problem_mark.index), p->text);
    f.from = *f.context ? clamp(node_read_offset(p, yaml->context_mark.index), p->text) : f.at;
    while (!strstr(f.context, explanations[i].context) ||
           !strstr(f.problem, explanations[i].problem))
        i++;
    if (!explanations[i].explain(&f))
        return false;
    *ret_range = f.repair;
    return true;
}
