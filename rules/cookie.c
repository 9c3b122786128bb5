#include "rules/cookie.h"

struct cookie_walk cookie_walk_of(const struct fields *fields)
{
    struct cookie_walk w = {.fields = fields, .field = fields_find(fields, FIELD_COOKIE, 0)};

    if (w.field >= 0)
        w.rest = fields->items[w.field].value;
    return w;
}

bool cookie_piece_next(struct bytes *rest, struct bytes *ret_piece)
{
    ptrdiff_t end;

    if (rest->len == 0)
        return false;
    end = bytes_find(*rest, ';');
    *ret_piece = bytes_trim(end < 0 ? *rest : bytes_until(*rest, (size_t)end));
    *rest = bytes_from(*rest, end < 0 ? rest->len : (size_t)end + 1);
    return true;
}

bool cookie_walk_next(struct cookie_walk *w, struct bytes *ret_name, struct bytes *ret_value)
{
    while (w->field >= 0) {
        struct bytes piece;

        while (cookie_piece_next(&w->rest, &piece)) {
            ptrdiff_t equals = bytes_find(piece, '=');

            if (equals < 0)
                continue;
            *ret_name = bytes_trim(bytes_until(piece, (size_t)equals));
            *ret_value = bytes_trim(bytes_from(piece, (size_t)equals + 1));
            return true;
        }
        w->field = fields_find(w->fields, FIELD_COOKIE, (uint32_t)w->field + 1);
        if (w->field >= 0)
            w->rest = w->fields->items[w->field].value;
    }
    return false;
}

struct bytes cookie_value(const struct fields *fields, struct bytes wanted)
{
    struct cookie_walk walk = cookie_walk_of(fields);
    struct bytes name, value;

    while (cookie_walk_next(&walk, &name, &value)) {
        if (bytes_equal(name, wanted))
            return value;
    }
    return bytes_make(NULL, 0);
}
