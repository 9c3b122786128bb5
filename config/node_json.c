/* The JSON part of node.h. */
#include "base/text.h"
#include "config/node.h"

/* Takes digits off the front; false when there are none. */
static bool take_digits(struct bytes *in)
{
    size_t len = 0;

    while (len < in->len && in->ptr[len] >= '0' && in->ptr[len] <= '9')
        len++;
    *in = bytes_from(*in, len);
    return len > 0;
}

static bool take(struct bytes *in, uint8_t c)
{
    if (in->len == 0 || in->ptr[0] != c)
        return false;
    *in = bytes_from(*in, 1);
    return true;
}

/* RFC 8259 §6. */
static bool is_number(struct bytes in)
{
    take(&in, '-');
    if (!take(&in, '0') && !take_digits(&in))
        return false;
    if (take(&in, '.') && !take_digits(&in))
        return false;
    if (take(&in, 'e') || take(&in, 'E')) {
        if (!take(&in, '+'))
            take(&in, '-');
        if (!take_digits(&in))
            return false;
    }
    return in.len == 0;
}

bool node_is_json_word(const struct node *n)
{
    return n->plain &&
           (bytes_equal(n->text, BYTES("null")) || bytes_equal(n->text, BYTES("true")) ||
            bytes_equal(n->text, BYTES("false")) || is_number(n->text));
}

static void put_scalar(const struct node *n, struct buf *out)
{
    if (node_is_json_word(n))
        buf_put(out, n->text);
    else
        text_put_json(out, n->text);
}

/* An object or array being written, and its next child. */
struct level {
    const struct node *node, *child;
};

static void put_start(const struct node *n, struct buf *out)
{
    buf_put_byte(out, n->kind == NODE_MAP ? '{' : '[');
}

static void put_end(const struct node *n, struct buf *out)
{
    buf_put_byte(out, n->kind == NODE_MAP ? '}' : ']');
}

/* What stands before a child: a comma, and its key. */
static void put_before(const struct level *level, struct buf *out)
{
    if (level->child != level->node->first)
        buf_put_byte(out, ',');
    if (level->node->kind == NODE_MAP) {
        text_put_json(out, level->child->key);
        buf_put_byte(out, ':');
    }
}

enum status node_put_json(const struct node *n, struct buf *out)
{
    struct level levels[NODE_DEPTH];
    uint32_t depth = 0;

    if (n->kind == NODE_SCALAR) {
        put_scalar(n, out);
        return buf_status(out);
    }
    put_start(n, out);
    levels[depth++] = (struct level){n, n->first};
    while (depth > 0 && !buf_status(out)) {
        struct level *level = &levels[depth - 1];
        const struct node *child = level->child;

        if (!child) {
            put_end(level->node, out);
            depth--;
            continue;
        }
        put_before(level, out);
        level->child = child->next;
        if (child->kind == NODE_SCALAR) {
            put_scalar(child, out);
        } else if (depth == NODE_DEPTH) {
            return STATUS_LIMIT;
        } else {
            put_start(child, out);
            levels[depth++] = (struct level){child, child->first};
        }
    }
    return buf_status(out);
}
