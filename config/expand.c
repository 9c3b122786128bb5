/* The $(…) part of schema.h. */
#include <string.h>

#include "config/schema.h"

enum { ENV_NAME_BYTES = 128 };

/* One text being expanded: what is left of it, and on top of that what is left of
 * the variables it named. */
struct expansion {
    const struct config_reader *reader;
    const struct node *at;
    struct buf out;
    struct bytes left[EXPAND_DEPTH + 1];
    uint32_t depth, steps;
};

static bool is_name(struct bytes in)
{
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = byte_lower(in.ptr[i]);

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'))
            return false;
    }
    return in.len > 0;
}

static enum status env_find(const struct expansion *e, struct bytes name, struct bytes *ret_value)
{
    char text[ENV_NAME_BYTES] = "";
    const char *value = NULL;

    if (name.len > 0 && name.len < sizeof(text)) {
        memcpy(text, name.ptr, name.len);
        value = e->reader->getenv ? e->reader->getenv(text) : NULL;
    }
    if (!value) {
        node_error(e->reader->diags, e->at, "the environment variable '%s' is not set",
                   excerpt(name).text);
        return STATUS_BAD_CONFIG;
    }
    *ret_value = bytes_of(value);
    return STATUS_OK;
}

static const struct node *var_find(const struct expansion *e, struct bytes name)
{
    const struct node *vars = e->reader->vars;

    if (!vars || vars->kind != NODE_MAP)
        return NULL;
    for (const struct node *n = vars->first; n; n = n->next) {
        if (bytes_equal(n->key, name))
            return n;
    }
    return NULL;
}

/* What `name` stands for; NOT_FOUND when that is not for us to say. */
static enum status find(const struct expansion *e, struct bytes name, struct bytes *ret_value)
{
    const struct node *var;

    if (bytes_starts_with(name, BYTES("env.")))
        return env_find(e, bytes_from(name, 4), ret_value);
    var = var_find(e, name);
    if (!var)
        return STATUS_NOT_FOUND;
    if (var->kind != NODE_SCALAR) {
        node_error(e->reader->diags, e->at, "the variable '%s' is not a text", excerpt(name).text);
        return STATUS_BAD_CONFIG;
    }
    *ret_value = var->text;
    return config_present(e->reader, var);
}

static enum status push(struct expansion *e, struct bytes value)
{
    if (e->depth > EXPAND_DEPTH || e->steps++ >= EXPAND_STEPS) {
        node_error(e->reader->diags, e->at,
                   "variables refer to each other in a circle, or there are too many of them");
        return STATUS_BAD_CONFIG;
    }
    e->left[e->depth++] = value;
    return STATUS_OK;
}

/* `left` starts with "$(". */
static enum status expand_name(struct expansion *e, struct bytes *left)
{
    struct bytes name = bytes_from(*left, 2), value = {0};
    ptrdiff_t end = bytes_find(name, ')');
    enum status st = STATUS_NOT_FOUND;

    if (end > 0)
        name = bytes_until(name, (size_t)end);
    if (end > 0 && is_name(name))
        st = find(e, name, &value);
    if (st == STATUS_NOT_FOUND) {
        buf_put_text(&e->out, "$(");
        *left = bytes_from(*left, 2);
        return STATUS_OK;
    }
    if (st)
        return st;
    *left = bytes_from(*left, name.len + 3);
    return push(e, value);
}

static enum status expand_all(struct expansion *e)
{
    while (e->depth > 0 && !buf_status(&e->out)) {
        struct bytes *left = &e->left[e->depth - 1];
        ptrdiff_t dollar = bytes_find(*left, '$');
        size_t plain = dollar < 0 ? left->len : (size_t)dollar;
        enum status st = STATUS_OK;

        buf_put(&e->out, bytes_until(*left, plain));
        *left = bytes_from(*left, plain);
        if (left->len == 0) {
            e->depth--;
        } else if (bytes_starts_with(*left, BYTES("$("))) {
            st = expand_name(e, left);
        } else {
            size_t len = bytes_starts_with(*left, BYTES("$$(")) ? 3 : 1;

            buf_put(&e->out, bytes_until(*left, len));
            *left = bytes_from(*left, len);
        }
        if (st)
            return st;
    }
    return buf_status(&e->out);
}

enum status config_expand(const struct config_reader *r, const struct node *at, struct bytes in,
                          struct bytes *ret_out)
{
    struct expansion e = {.reader = r, .at = at, .left = {in}, .depth = 1};
    struct bytes copy;
    enum status st;

    if (bytes_search(in, BYTES("$(")) < 0) {
        *ret_out = in;
        return STATUS_OK;
    }
    buf_init(&e.out, CONFIG_BYTES);
    st = expand_all(&e);
    if (st == STATUS_LIMIT) {
        node_error(r->diags, at, "with its variables this text is too long");
        st = STATUS_BAD_CONFIG;
    }
    copy = st ? bytes_make(NULL, 0) : arena_copy(r->arena, buf_bytes(&e.out));
    buf_release(&e.out);
    if (st)
        return st;
    if (!copy.ptr)
        return STATUS_NO_MEMORY;
    *ret_out = copy;
    return STATUS_OK;
}
