#include "config/layout.h"

#include <yaml.h>

#include "config/node.h"

enum {
    INDENT = 2,
    LEVELS = 2 * CONFIG_DEPTH + 2,
};

static const struct bytes utf8_mark = BYTES_INIT("\xef\xbb\xbf");

/* A list or map in block style: where it stood, and where it goes. */
struct level {
    size_t from, to;
    bool is_map;
    bool unindented; /* a list whose dashes stand below their key: libyaml tells no start */
};

struct layout {
    struct bytes text; /* without its byte order mark */
    struct buf *out;
    yaml_parser_t yaml;
    size_t cursor_index, cursor_offset; /* the same place in code points and in bytes */
    struct level levels[LEVELS];
    uint32_t depth;
    uint32_t high; /* depth at the last token that is seen: levels that ended since then stand */
    uint32_t flow; /* brackets that are open */
    bool key;      /* what comes next is a key */
    yaml_token_type_t last; /* that is seen; YAML_NO_TOKEN: none */
    size_t last_end;        /* byte offset */
    size_t last_column;     /* where it ended, in the text */
    size_t column;          /* where the output is, in code points */
    bool line_open;         /* something stands on that line */
    bool unended;           /* the last token must not get a line feed */
};

/* The byte offset of a place; places come in order. */
static size_t offset_of(struct layout *l, size_t index)
{
    const uint8_t *text = l->text.ptr;

    while (l->cursor_index < index && l->cursor_offset < l->text.len) {
        l->cursor_offset++;
        while (l->cursor_offset < l->text.len && (text[l->cursor_offset] & 0xc0) == 0x80)
            l->cursor_offset++;
        l->cursor_index++;
    }
    return l->cursor_offset;
}

/* ---- writing ---- */

static void put_bytes(struct layout *l, struct bytes in)
{
    buf_put(l->out, in);
    for (size_t i = 0; i < in.len; i++)
        l->column += (in.ptr[i] & 0xc0) != 0x80;
    l->line_open |= in.len > 0;
}

static void put_spaces(struct layout *l, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_put_byte(l->out, ' ');
    l->column += count;
}

static void put_line_feed(struct layout *l)
{
    buf_put_byte(l->out, '\n');
    l->column = 0;
    l->line_open = false;
}

static struct bytes trim(struct bytes in)
{
    while (in.len &&
           (in.ptr[in.len - 1] == '\r' || in.ptr[in.len - 1] == ' ' || in.ptr[in.len - 1] == '\t'))
        in.len--;
    while (in.len && (in.ptr[0] == ' ' || in.ptr[0] == '\t'))
        in = bytes_from(in, 1);
    return in;
}

static size_t leading_spaces(struct bytes in)
{
    size_t count = 0;

    while (count < in.len && in.ptr[count] == ' ')
        count++;
    return count;
}

/* Takes the line off the front, without its line feed; false: there was none at its end. */
static bool take_line(struct bytes *in, struct bytes *ret_line)
{
    ptrdiff_t end = bytes_find(*in, '\n');

    *ret_line = end < 0 ? *in : bytes_until(*in, (size_t)end);
    *in = end < 0 ? bytes_make(NULL, 0) : bytes_from(*in, (size_t)end + 1);
    return end >= 0;
}

/* A token's text. Its further lines move as its level does. */
static void put_text(struct layout *l, struct bytes in)
{
    const struct level *top = l->depth ? &l->levels[l->depth - 1] : NULL;
    struct bytes line;
    bool more = take_line(&in, &line);

    put_bytes(l, line);
    while (more) {
        size_t spaces;

        put_line_feed(l);
        more = take_line(&in, &line);
        spaces = leading_spaces(line);
        if (top && !l->flow && line.len > 0 && line.ptr[0] != '\r') {
            line = bytes_from(line, spaces);
            spaces += top->to;
            put_spaces(l, spaces > top->from ? spaces - top->from : 0);
        }
        put_bytes(l, line);
    }
}

/* ---- where lines start ---- */

static size_t block_indent(const struct layout *l, yaml_token_type_t type)
{
    size_t top = l->depth ? l->levels[l->depth - 1].to : 0;
    bool own = l->key || type == YAML_BLOCK_ENTRY_TOKEN || type == YAML_KEY_TOKEN ||
               type == YAML_VALUE_TOKEN;

    if (l->depth == 0 || type == YAML_DOCUMENT_START_TOKEN || type == YAML_DOCUMENT_END_TOKEN ||
        type == YAML_STREAM_END_TOKEN)
        return 0;
    return own ? top : top + INDENT;
}

/* Of what stands within `depth` brackets. */
static size_t flow_indent(const struct layout *l, uint32_t depth)
{
    const struct level *top = l->depth ? &l->levels[l->depth - 1] : NULL;
    size_t base = !top ? 0 : top->is_map ? top->to : top->to + INDENT;

    return base + (size_t)depth * INDENT;
}

static bool is_closer(yaml_token_type_t type)
{
    return type == YAML_FLOW_SEQUENCE_END_TOKEN || type == YAML_FLOW_MAPPING_END_TOKEN;
}

static size_t token_indent(const struct layout *l, yaml_token_type_t type)
{
    if (l->flow)
        return flow_indent(l, is_closer(type) ? l->flow - 1 : l->flow);
    return block_indent(l, type);
}

/* A comment goes with what comes next, unless it stood further right than that: then
 * with the innermost level that it stood in. */
static size_t comment_indent(const struct layout *l, size_t column, const yaml_token_t *next)
{
    size_t least = token_indent(l, next->type);
    size_t next_column = next->type == YAML_STREAM_END_TOKEN ? 0 : next->start_mark.column;

    if (l->flow)
        return flow_indent(l, l->flow);
    if (column <= next_column)
        return least;
    for (uint32_t i = l->high > l->depth ? l->high : l->depth; i > 0; i--) {
        const struct level *level = &l->levels[i - 1];

        if (level->from <= column)
            return level->to > least ? level->to : least;
    }
    return least;
}

/* ---- gaps ---- */

static bool is_opener(yaml_token_type_t type)
{
    return type == YAML_FLOW_SEQUENCE_START_TOKEN || type == YAML_FLOW_MAPPING_START_TOKEN;
}

/* Between two tokens of a line. */
static bool wants_space(yaml_token_type_t before, yaml_token_type_t after)
{
    if (before == YAML_VALUE_TOKEN)
        return true;
    if (after == YAML_FLOW_ENTRY_TOKEN || (is_opener(before) && is_closer(after)))
        return false;
    if (after == YAML_VALUE_TOKEN)
        return before != YAML_SCALAR_TOKEN && !is_closer(before);
    return before != YAML_FLOW_SEQUENCE_START_TOKEN && after != YAML_FLOW_SEQUENCE_END_TOKEN;
}

/* What is left of the line of the last token: nothing, or a comment. */
static void put_line_end(struct layout *l, struct bytes rest)
{
    size_t column = l->last_column, blanks = rest.len;
    struct bytes comment = trim(rest);

    if (comment.len) {
        while (blanks > 0 && rest.ptr[rest.len - blanks] != '#')
            blanks--;
        column += rest.len - blanks;
        put_spaces(l, column > l->column ? column - l->column : 1);
        put_bytes(l, comment);
    }
    put_line_feed(l);
}

/* A gap with line feeds in it, up to the indent of the next token. */
static void put_lines(struct layout *l, struct bytes gap, const yaml_token_t *next)
{
    bool last = next->type == YAML_STREAM_END_TOKEN, blank = false, more = true;
    struct bytes line;

    if (l->line_open) {
        more = take_line(&gap, &line);
        put_line_end(l, line);
    }
    while (more && (gap.len || !last)) {
        struct bytes comment;

        more = take_line(&gap, &line);
        comment = trim(line);
        if (!more && !last)
            break;
        if (comment.len == 0) {
            blank = l->out->len > 0;
            continue;
        }
        if (blank)
            put_line_feed(l);
        blank = false;
        put_spaces(l, comment_indent(l, (size_t)(comment.ptr - line.ptr), next));
        put_bytes(l, comment);
        put_line_feed(l);
    }
    if (last)
        return;
    if (blank)
        put_line_feed(l);
    put_spaces(l, token_indent(l, next->type));
}

static void put_gap(struct layout *l, struct bytes gap, const yaml_token_t *next)
{
    bool end = next->type == YAML_STREAM_END_TOKEN;

    if (end && l->unended && gap.len == 0)
        return;
    if (end || !l->line_open || bytes_find(gap, '\n') >= 0)
        put_lines(l, gap, next);
    else if (wants_space(l->last, next->type))
        put_spaces(l, 1);
}

/* ---- tokens ---- */

static bool is_block_scalar(const yaml_token_t *token)
{
    return token->type == YAML_SCALAR_TOKEN &&
           (token->data.scalar.style == YAML_LITERAL_SCALAR_STYLE ||
            token->data.scalar.style == YAML_FOLDED_SCALAR_STYLE);
}

/* "|+": the empty lines behind it belong to it. */
static bool keeps_lines(struct bytes text)
{
    struct bytes head = bytes_until(text, 3);
    ptrdiff_t end = bytes_find(head, '\n');

    return bytes_find(end < 0 ? head : bytes_until(head, (size_t)end), '+') >= 0;
}

/* How many spaces a line of a block may have and say nothing: as many as its first line
 * that is not blank has before its text; of "|2" two. */
static size_t block_margin(struct bytes text)
{
    ptrdiff_t line = bytes_find(text, '\n');
    struct bytes head = bytes_until(text, line < 0 ? text.len : (size_t)line);

    for (size_t i = 1; i < head.len && i < 3; i++) {
        if (head.ptr[i] >= '1' && head.ptr[i] <= '9')
            return (size_t)(head.ptr[i] - '0');
    }
    while (line >= 0) {
        size_t spaces = 0;

        text = bytes_from(text, (size_t)line + 1);
        while (spaces < text.len && text.ptr[spaces] == ' ')
            spaces++;
        if (spaces < text.len && text.ptr[spaces] != '\n' && text.ptr[spaces] != '\r')
            return spaces;
        line = bytes_find(text, '\n');
    }
    return SIZE_MAX;
}

/* Without the line feeds at its end. */
static struct bytes feeds_drop(struct bytes text)
{
    while (bytes_ends_with(text, BYTES("\n")))
        text.len -= bytes_ends_with(text, BYTES("\r\n")) ? 2 : 1;
    return text;
}

/* The blank lines at the end of a block are left to the gap behind it. */
static size_t block_end(struct layout *l, size_t from, size_t to)
{
    struct bytes text = bytes_until(bytes_from(l->text, from), to - from);
    size_t margin;

    l->unended = !bytes_ends_with(text, BYTES("\n"));
    if (keeps_lines(text))
        return to;
    margin = block_margin(text);
    text = feeds_drop(text);
    for (;;) {
        size_t spaces = 0;

        while (spaces < text.len && text.ptr[text.len - 1 - spaces] == ' ')
            spaces++;
        if (!spaces || spaces > margin || spaces == text.len ||
            text.ptr[text.len - 1 - spaces] != '\n')
            return from + text.len;
        text = feeds_drop(bytes_until(text, text.len - spaces));
    }
}

/* A token that is seen. */
static void put_token(struct layout *l, const yaml_token_t *token)
{
    size_t from = offset_of(l, token->start_mark.index), to = offset_of(l, token->end_mark.index);
    struct bytes gap = bytes_until(bytes_from(l->text, l->last_end), from - l->last_end);

    put_gap(l, gap, token);
    l->unended = false;
    if (is_block_scalar(token))
        to = block_end(l, from, to);
    if (is_closer(token->type) && l->flow)
        l->flow--;
    put_text(l, bytes_until(bytes_from(l->text, from), to - from));
    if (is_opener(token->type))
        l->flow++;
    l->key = false;
    l->high = l->depth;
    l->last = token->type;
    l->last_end = to;
    l->last_column = token->end_mark.column;
}

static enum status level_push(struct layout *l, const yaml_token_t *token, bool is_map,
                              bool unindented)
{
    size_t to = l->depth ? l->levels[l->depth - 1].to + INDENT : 0;

    if (l->depth == LEVELS)
        return STATUS_LIMIT;
    l->levels[l->depth++] = (struct level){token->start_mark.column, to, is_map, unindented};
    return STATUS_OK;
}

static void level_pop_unindented(struct layout *l)
{
    if (!l->flow && l->depth && l->levels[l->depth - 1].unindented)
        l->depth--;
}

static enum status block_entry(struct layout *l, const yaml_token_t *token)
{
    enum status st = STATUS_OK;

    if (!l->depth || l->levels[l->depth - 1].is_map)
        st = level_push(l, token, false, true);
    if (!st)
        put_token(l, token);
    return st;
}

static enum status layout_token(struct layout *l, const yaml_token_t *token)
{
    switch (token->type) {
    case YAML_NO_TOKEN:
    case YAML_STREAM_START_TOKEN:
        break;
    case YAML_BLOCK_SEQUENCE_START_TOKEN:
        return level_push(l, token, false, false);
    case YAML_BLOCK_MAPPING_START_TOKEN:
        return level_push(l, token, true, false);
    case YAML_BLOCK_END_TOKEN:
        level_pop_unindented(l);
        l->depth -= l->depth > 0;
        break;
    case YAML_BLOCK_ENTRY_TOKEN:
        return block_entry(l, token);
    case YAML_KEY_TOKEN:
        level_pop_unindented(l);
        l->key = true;
        if (token->end_mark.index > token->start_mark.index)
            put_token(l, token);
        break;
    case YAML_VALUE_TOKEN:
        level_pop_unindented(l);
        put_token(l, token);
        break;
    case YAML_STREAM_END_TOKEN:
    case YAML_VERSION_DIRECTIVE_TOKEN:
    case YAML_TAG_DIRECTIVE_TOKEN:
    case YAML_DOCUMENT_START_TOKEN:
    case YAML_DOCUMENT_END_TOKEN:
    case YAML_FLOW_SEQUENCE_START_TOKEN:
    case YAML_FLOW_SEQUENCE_END_TOKEN:
    case YAML_FLOW_MAPPING_START_TOKEN:
    case YAML_FLOW_MAPPING_END_TOKEN:
    case YAML_FLOW_ENTRY_TOKEN:
    case YAML_ALIAS_TOKEN:
    case YAML_ANCHOR_TOKEN:
    case YAML_TAG_TOKEN:
    case YAML_SCALAR_TOKEN:
        put_token(l, token);
        break;
    }
    return buf_status(l->out);
}

static enum status layout_tokens(struct layout *l)
{
    enum status st = STATUS_OK;
    bool end = false;

    while (!st && !end) {
        yaml_token_t token;

        if (!yaml_parser_scan(&l->yaml, &token))
            return l->yaml.error == YAML_MEMORY_ERROR ? STATUS_NO_MEMORY : STATUS_BAD_INPUT;
        end = token.type == YAML_STREAM_END_TOKEN;
        st = layout_token(l, &token);
        yaml_token_delete(&token);
    }
    return st;
}

enum status layout_put(struct bytes text, struct buf *out)
{
    struct layout l = {.text = text, .out = out, .last = YAML_NO_TOKEN};
    struct buf made;
    enum status st;

    if (bytes_starts_with(text, utf8_mark))
        l.text = bytes_from(text, utf8_mark.len);
    buf_init(&made, out->max);
    l.out = &made;
    if (!yaml_parser_initialize(&l.yaml))
        return STATUS_NO_MEMORY;
    yaml_parser_set_encoding(&l.yaml, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&l.yaml, l.text.ptr ? l.text.ptr : (const uint8_t *)"",
                                 l.text.len);
    st = layout_tokens(&l);
    yaml_parser_delete(&l.yaml);
    if (!st)
        st = layout_check(l.text, buf_bytes(&made));
    if (!st)
        buf_put(out, buf_bytes(&made));
    buf_release(&made);
    return st ? st : buf_status(out);
}
