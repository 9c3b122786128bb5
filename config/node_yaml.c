/* The writer of node.h: block style, two spaces a level. */
#include "base/text.h"
#include "config/node.h"

enum {
    INDENT = 2,
    SIMPLE_KEY_BYTES = 1000, /* YAML allows 1024 characters before the colon; a key
                              * that may come near that is written behind a '?' */
};

/* A list or map being written. */
struct level {
    const struct node *node, *child;
    uint32_t indent;
    bool inlined; /* the first child goes on in the line of the dash before it */
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* May stand in a YAML file as it is, and is seen by who reads it. */
static bool is_printable(uint32_t code)
{
    if (code < 0x20 || (code >= 0x7f && code < 0xa0))
        return false;
    if (code >= 0x2028 && code <= 0x202e) /* separators and directions of text */
        return false;
    if (code == 0x200e || code == 0x200f || code == 0x61c || (code >= 0x2066 && code <= 0x2069))
        return false;
    return code != 0xfeff && code != 0xfffe && code != 0xffff;
}

/* What a text is made of, in one walk. */
struct look {
    bool utf8;
    bool printable; /* line feeds and tabs apart */
    uint32_t line_feeds, tabs;
};

static struct look text_look(struct bytes in)
{
    struct look look = {.utf8 = true, .printable = true};

    while (in.len) {
        uint32_t code = 0;
        size_t len = utf8_decode(in, &code);

        if (len == 0) {
            look.utf8 = false;
            return look;
        }
        if (code == '\n')
            look.line_feeds++;
        else if (code == '\t')
            look.tabs++;
        else if (!is_printable(code))
            look.printable = false;
        in = bytes_from(in, len);
    }
    return look;
}

/* In block style, in the middle of a line. */
static bool is_plain(struct bytes in)
{
    struct look look = text_look(in);
    uint8_t first = in.len ? in.ptr[0] : 0;

    if (!look.printable || look.line_feeds || look.tabs)
        return false;
    if (in.len == 0 || is_blank(first) || is_blank(in.ptr[in.len - 1]))
        return false;
    if (bytes_find(BYTES(",[]{}#&*!|>'\"%@`"), first) >= 0 || bytes_starts_with(in, BYTES("---")) ||
        bytes_starts_with(in, BYTES("...")))
        return false;
    if (bytes_find(BYTES("-?:"), first) >= 0 && (in.len == 1 || is_blank(in.ptr[1])))
        return false;
    return bytes_search(in, BYTES(": ")) < 0 && bytes_search(in, BYTES(" #")) < 0 &&
           in.ptr[in.len - 1] != ':';
}

static void put_single_quoted(struct bytes in, struct buf *out)
{
    buf_put_byte(out, '\'');
    for (size_t i = 0; i < in.len; i++) {
        if (in.ptr[i] == '\'')
            buf_put_byte(out, '\'');
        buf_put_byte(out, in.ptr[i]);
    }
    buf_put_byte(out, '\'');
}

static void put_escaped(struct buf *out, uint32_t code, struct bytes as_is)
{
    if (code == '"' || code == '\\')
        buf_putf(out, "\\%c", (char)code);
    else if (code == '\n')
        buf_put_text(out, "\\n");
    else if (code == '\t')
        buf_put_text(out, "\\t");
    else if (is_printable(code))
        buf_put(out, as_is);
    else
        buf_putf(out, "\\u%04x", (unsigned)code);
}

static void put_double_quoted(struct bytes in, struct buf *out)
{
    buf_put_byte(out, '"');
    while (in.len) {
        uint32_t code = 0;
        size_t len = utf8_decode(in, &code);

        put_escaped(out, code, bytes_until(in, len));
        in = bytes_from(in, len);
    }
    buf_put_byte(out, '"');
}

/* The text in quotes, on one line. */
static void put_quoted(struct bytes in, struct buf *out)
{
    struct look look = text_look(in);

    if (look.printable && look.line_feeds == 0 && look.tabs == 0)
        put_single_quoted(in, out);
    else
        put_double_quoted(in, out);
}

static void put_indent(struct buf *out, uint32_t columns)
{
    buf_putf(out, "%*s", (int)columns, "");
}

/* Several lines that can stand as they are, as a "|" block. */
static bool is_block(struct bytes in)
{
    struct look look = text_look(in);

    return look.printable && look.line_feeds > 0 && !is_blank(in.ptr[0]) && in.ptr[0] != '\n' &&
           !bytes_ends_with(in, BYTES("\n\n")) && !bytes_ends_with(in, BYTES(" "));
}

static void put_block(struct bytes in, uint32_t indent, struct buf *out)
{
    bool ended = bytes_ends_with(in, BYTES("\n"));

    buf_put_text(out, ended ? " |" : " |-");
    if (ended)
        in.len--;
    for (;;) {
        ptrdiff_t end = bytes_find(in, '\n');
        struct bytes line = end < 0 ? in : bytes_until(in, (size_t)end);

        buf_put_byte(out, '\n');
        if (line.len)
            put_indent(out, indent);
        buf_put(out, line);
        if (end < 0)
            break;
        in = bytes_from(in, (size_t)end + 1);
    }
}

/* After a colon or dash; `indent` is for the lines of a block. */
static void put_value(const struct node *n, uint32_t indent, struct buf *out)
{
    if (n->kind != NODE_SCALAR) {
        buf_put_text(out, n->kind == NODE_MAP ? " {}" : " []");
    } else if (!n->plain && is_block(n->text)) {
        put_block(n->text, indent, out);
    } else if (!n->plain || (n->text.len && !is_plain(n->text))) {
        buf_put_byte(out, ' ');
        put_quoted(n->text, out);
    } else if (n->text.len) {
        buf_put_byte(out, ' ');
        buf_put(out, n->text);
    }
    buf_put_byte(out, '\n');
}

static void put_key(struct bytes key, uint32_t indent, struct buf *out)
{
    bool simple = key.len < SIMPLE_KEY_BYTES / 6; /* \uNNNN is the longest escape */

    if (!simple)
        buf_put_text(out, "? ");
    if (is_plain(key) && !bytes_equal(key, BYTES("<<")))
        buf_put(out, key);
    else
        put_quoted(key, out);
    if (!simple) {
        buf_put_byte(out, '\n');
        put_indent(out, indent);
    }
    buf_put_byte(out, ':');
}

/* Writes what stands before a child: the indent, and its key or dash. */
static void put_before(const struct level *level, const struct node *child, struct buf *out)
{
    if (!level->inlined)
        put_indent(out, level->indent);
    if (level->node->kind == NODE_MAP)
        put_key(child->key, level->indent, out);
    else
        buf_put_byte(out, '-');
}

static enum status check_texts(const struct node *n)
{
    bool ok = utf8_valid(n->key) && (n->kind != NODE_SCALAR || utf8_valid(n->text));

    return ok ? STATUS_OK : STATUS_BAD_INPUT;
}

static enum status put_levels(const struct node *root, struct buf *out)
{
    struct level levels[NODE_DEPTH] = {{.node = root, .child = root->first}};
    uint32_t depth = 1;

    while (depth > 0 && !buf_status(out)) {
        struct level *level = &levels[depth - 1];
        const struct node *child = level->child;
        enum status st;

        if (!child) {
            depth--;
            continue;
        }
        st = check_texts(child);
        if (st)
            return st;
        put_before(level, child, out);
        level->inlined = false;
        level->child = child->next;
        if (!child->first) {
            put_value(child, level->indent + INDENT, out);
            continue;
        }
        if (depth == NODE_DEPTH)
            return STATUS_LIMIT;
        buf_put_byte(out, level->node->kind == NODE_MAP ? '\n' : ' ');
        levels[depth++] = (struct level){.node = child,
                                         .child = child->first,
                                         .indent = level->indent + INDENT,
                                         .inlined = level->node->kind == NODE_LIST};
    }
    return buf_status(out);
}

enum status node_put_yaml(const struct node *root, struct buf *out)
{
    enum status st = root ? check_texts(root) : STATUS_OK;

    if (!root || st)
        return st;
    if (root->first)
        return put_levels(root, out);
    if (root->kind == NODE_SCALAR && !(root->plain && is_plain(root->text)))
        put_double_quoted(root->text, out);
    else if (root->kind == NODE_SCALAR)
        buf_put(out, root->text);
    else
        buf_put_text(out, root->kind == NODE_MAP ? "{}" : "[]");
    buf_put_byte(out, '\n');
    return buf_status(out);
}
