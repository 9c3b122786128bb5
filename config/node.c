#include "config/node.h"

struct node *node_find(const struct node *map, const char *key)
{
    struct bytes wanted = bytes_of(key);

    if (!map || map->kind != NODE_MAP)
        return NULL;
    for (struct node *n = map->first; n; n = n->next) {
        if (bytes_equal(n->key, wanted))
            return n;
    }
    return NULL;
}

/* Code points of a node's text on its first line. */
static uint32_t node_width(const struct node *n)
{
    if (n->end.line != n->at.line)
        return UINT32_MAX; /* to the end of the line */
    return n->end.column > n->at.column ? n->end.column - n->at.column : 1;
}

static uint32_t key_width(struct bytes key)
{
    uint32_t width = 0;

    for (size_t i = 0; i < key.len; i++)
        width += (key.ptr[i] & 0xc0) != 0x80;
    return width;
}

void node_error(struct diags *d, const struct node *n, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    diag_vadd(d, DIAG_ERROR, n->source, n->at, node_width(n), format, args);
    va_end(args);
}

void node_warning(struct diags *d, const struct node *n, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    diag_vadd(d, DIAG_WARNING, n->source, n->at, node_width(n), format, args);
    va_end(args);
}

void node_key_error(struct diags *d, const struct node *n, const char *format, ...)
{
    bool has_key = n->key_at.line > 0;
    va_list args;

    va_start(args, format);
    diag_vadd(d, DIAG_ERROR, n->source, has_key ? n->key_at : n->at,
              has_key ? key_width(n->key) : node_width(n), format, args);
    va_end(args);
}
