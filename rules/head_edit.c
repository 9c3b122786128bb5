#include "rules/head_edit.h"

#include "http/url.h"
#include "rules/cookie.h"
#include "rules/replacement.h"

/* One edit at work. */
struct editor {
    struct arena *arena;
    const struct head_edit *edit;
    struct head *head;
    struct buf *note;
    bool found;  /* what is named was there */
    bool listed; /* a pair was put: the next one is joined to it */
};

/* Notes are shown wherever flows are: what a secret was and is they do not tell. */
static bool is_secret(const struct head_edit *edit)
{
    if (edit->part == EDIT_COOKIE)
        return true;
    return (edit->part == EDIT_HEADER || edit->part == EDIT_TRAILER) &&
           field_rules(field_id_of(edit->name)) & FIELD_RULE_SECRET;
}

static void note_value(struct editor *e, struct bytes value)
{
    if (is_secret(e->edit))
        buf_put_text(e->note, "(secret)");
    else
        buf_put(e->note, value);
}

static void note_change(struct editor *e, struct bytes before, struct bytes after)
{
    if (before.ptr)
        note_value(e, before);
    else
        buf_put_text(e->note, "(none)");
    if (after.ptr) {
        buf_put_text(e->note, " → ");
        note_value(e, after);
    } else {
        buf_put_text(e->note, " removed");
    }
}

static void note_named(struct editor *e, const char *what)
{
    buf_put_text(e->note, what);
    buf_put(e->note, e->edit->name);
    buf_put_text(e->note, e->edit->op == EDIT_APPEND ? ": + " : ": ");
    if (e->edit->op == EDIT_APPEND)
        note_value(e, e->edit->value);
}

static enum status kept(struct editor *e, struct bytes in, struct bytes *ret_copy)
{
    *ret_copy = arena_copy(e->arena, in);
    return ret_copy->ptr ? STATUS_OK : STATUS_NO_MEMORY;
}

/* What a value becomes that is there: the edit's, or with parts of it replaced. */
static enum status value_after(struct editor *e, struct bytes before, struct bytes *ret_after)
{
    if (e->edit->op == EDIT_REPLACE)
        return replacement_run(e->edit->replacement, e->arena, before, ret_after);
    return kept(e, e->edit->value, ret_after);
}

/* ---- fields --------------------------------------------------------------- */

static void field_write(struct field *f, struct bytes value)
{
    f->value = value;
    f->line = (struct bytes){0}; /* it is ours now */
}

static enum status fields_replace(struct editor *e)
{
    struct fields *fields = &e->head->fields;
    int at = fields_find_name(fields, e->edit->name, 0);

    for (; at >= 0; at = fields_find_name(fields, e->edit->name, (uint32_t)at + 1)) {
        struct bytes before = fields->items[at].value, after = {0};
        enum status st = value_after(e, before, &after);

        if (st)
            return st;
        if (bytes_equal(before, after))
            continue;
        note_change(e, before, after);
        field_write(&fields->items[at], after);
    }
    return STATUS_OK;
}

static enum status header_apply(struct editor *e)
{
    struct fields *fields = &e->head->fields;
    struct bytes before = fields_value(fields, e->edit->name), name = {0}, value = {0};
    enum status st = kept(e, e->edit->name, &name);

    if (!st)
        st = kept(e, e->edit->value, &value);
    if (st)
        return st;
    note_named(e, "");
    switch (e->edit->op) {
    case EDIT_SET:
        note_change(e, before, e->edit->value);
        return fields_set(e->arena, fields, name, value);
    case EDIT_APPEND:
        return fields_append(e->arena, fields, name, value);
    case EDIT_REMOVE:
        note_change(e, before, bytes_make(NULL, 0));
        fields_remove(fields, name);
        return STATUS_OK;
    case EDIT_REPLACE:
        return fields_replace(e);
    }
    return STATUS_OK;
}

/* ---- lists of name=value: a query, or a Cookie field ------------------------ */

struct pair_style {
    char between;
    const char *joint; /* before one that is added */
    bool (*is_name)(struct bytes written, struct bytes name);
};

static bool is_parameter(struct bytes written, struct bytes name)
{
    struct buf decoded;
    bool is;

    buf_init(&decoded, written.len + 1);
    percent_decode(written, true, &decoded);
    is = !buf_status(&decoded) && bytes_equal(buf_bytes(&decoded), name);
    buf_release(&decoded);
    return is;
}

static bool is_cookie(struct bytes written, struct bytes name)
{
    return bytes_equal(bytes_trim(written), name);
}

static const struct pair_style query_style = {'&', "&", is_parameter};
static const struct pair_style cookie_style = {';', "; ", is_cookie};

/* A pair that is the one named, as it goes on; nothing when it is taken out. */
static enum status pair_put(struct editor *e, struct bytes pair, const char *joint, struct buf *out)
{
    ptrdiff_t equals = bytes_find(pair, '=');
    struct bytes name = equals < 0 ? pair : bytes_until(pair, (size_t)equals);
    struct bytes before = equals < 0 ? BYTES("") : bytes_from(pair, (size_t)equals + 1);
    struct bytes after = {0};
    bool again = e->found && e->edit->op == EDIT_SET;
    enum status st = STATUS_OK;

    e->found = true;
    if (e->edit->op == EDIT_APPEND)
        after = before;
    else if (e->edit->op != EDIT_REMOVE && !again)
        st = value_after(e, before, &after);
    if (st)
        return st;
    if (e->edit->op != EDIT_APPEND && !again)
        note_change(e, before, after);
    if (!after.ptr)
        return STATUS_OK;
    e->listed = true;
    buf_put_text(out, joint);
    buf_put(out, name);
    if (equals >= 0 || after.len) {
        buf_put_byte(out, '=');
        buf_put(out, after);
    }
    return STATUS_OK;
}

/* The list with the edit done to what is there. */
static enum status pairs_put(struct editor *e, const struct pair_style *style, struct bytes in,
                             struct buf *out)
{
    const char between[] = {style->between, '\0'};
    struct bytes rest = in;
    enum status st = STATUS_OK;

    e->listed = false;
    while (!st && rest.ptr) {
        ptrdiff_t end = bytes_find(rest, (uint8_t)style->between);
        struct bytes pair = end < 0 ? rest : bytes_until(rest, (size_t)end);
        ptrdiff_t equals = bytes_find(pair, '=');
        struct bytes name = equals < 0 ? pair : bytes_until(pair, (size_t)equals);
        const char *joint = e->listed ? between : "";

        if (style->is_name(name, e->edit->name)) {
            st = pair_put(e, pair, joint, out);
        } else {
            buf_put_text(out, joint);
            buf_put(out, e->listed ? pair : bytes_trim(pair));
            e->listed = true;
        }
        rest = end < 0 ? bytes_make(NULL, 0) : bytes_from(rest, (size_t)end + 1);
    }
    return st ? st : buf_status(out);
}

/* Is the pair to be added at the end? */
static bool is_to_add(const struct editor *e)
{
    return e->edit->op == EDIT_APPEND || (e->edit->op == EDIT_SET && !e->found);
}

static enum status query_put(struct editor *e, struct bytes path, struct bytes query,
                             struct buf *out)
{
    struct buf pairs;
    enum status st;

    buf_init(&pairs, out->max);
    st = pairs_put(e, &query_style, query, &pairs);
    if (!st && is_to_add(e)) {
        buf_put_text(&pairs, e->listed ? query_style.joint : "");
        e->listed = true;
        percent_encode(e->edit->name, "", &pairs);
        buf_put_byte(&pairs, '=');
        buf_put(&pairs, e->edit->value);
        if (!e->found && e->edit->op == EDIT_SET)
            note_change(e, bytes_make(NULL, 0), e->edit->value);
    }
    buf_put(out, path);
    buf_put_text(out, e->listed ? "?" : "");
    buf_put(out, buf_bytes(&pairs));
    if (!st)
        st = buf_status(&pairs) ? buf_status(&pairs) : buf_status(out);
    buf_release(&pairs);
    return st;
}

static enum status query_apply(struct editor *e)
{
    ptrdiff_t mark = bytes_find(e->head->path, '?');
    struct bytes path = mark < 0 ? e->head->path : bytes_until(e->head->path, (size_t)mark);
    struct bytes query =
        mark < 0 ? bytes_make(NULL, 0) : bytes_from(e->head->path, (size_t)mark + 1);
    struct bytes after = {0};
    struct buf out;
    enum status st;

    note_named(e, "query ");
    if (!bytes_starts_with(path, BYTES("/"))) /* "*" has none */
        return STATUS_OK;
    buf_init(&out, e->head->path.len + 4 * (size_t)HTTP_HEAD_BYTES);
    st = query_put(e, path, query, &out);
    if (!st && e->edit->op == EDIT_REPLACE && !e->found)
        st = STATUS_END; /* nothing to do */
    if (!st)
        st = kept(e, buf_bytes(&out), &after);
    if (!st)
        e->head->path = after;
    buf_release(&out);
    return st == STATUS_END ? STATUS_OK : st;
}

/* ---- cookies -------------------------------------------------------------- */

/* One Cookie field; it goes when nothing is left in it. */
static enum status cookie_field_apply(struct editor *e, uint32_t at, bool *ret_gone)
{
    struct field *field = &e->head->fields.items[at];
    struct bytes after = {0};
    struct buf out;
    enum status st;

    buf_init(&out, field->value.len + (size_t)HTTP_HEAD_BYTES);
    st = pairs_put(e, &cookie_style, field->value, &out);
    *ret_gone = !st && out.len == 0;
    if (*ret_gone)
        fields_remove_at(&e->head->fields, at);
    else if (!st)
        st = kept(e, buf_bytes(&out), &after);
    if (!st && !*ret_gone)
        field_write(field, after);
    buf_release(&out);
    return st;
}

static enum status cookie_add(struct editor *e)
{
    struct fields *fields = &e->head->fields;
    int at = fields_find(fields, FIELD_COOKIE, 0);
    struct bytes value = {0};
    struct buf out;
    enum status st;

    buf_init(&out, 2 * (size_t)HTTP_HEAD_BYTES);
    if (at >= 0 && fields->items[at].value.len) {
        buf_put(&out, fields->items[at].value);
        buf_put_text(&out, cookie_style.joint);
    }
    buf_put(&out, e->edit->name);
    buf_put_byte(&out, '=');
    buf_put(&out, e->edit->value);
    st = buf_status(&out) ? buf_status(&out) : kept(e, buf_bytes(&out), &value);
    buf_release(&out);
    if (st)
        return st;
    if (at < 0)
        return fields_append(e->arena, fields, field_name(FIELD_COOKIE), value);
    field_write(&fields->items[at], value);
    return STATUS_OK;
}

static enum status cookie_apply(struct editor *e)
{
    struct fields *fields = &e->head->fields;
    int at = fields_find(fields, FIELD_COOKIE, 0);
    enum status st = STATUS_OK;

    note_named(e, "cookie ");
    while (!st && at >= 0 && e->edit->op != EDIT_APPEND) {
        bool gone = false;

        st = cookie_field_apply(e, (uint32_t)at, &gone);
        at = fields_find(fields, FIELD_COOKIE, (uint32_t)at + !gone);
    }
    if (st || !is_to_add(e))
        return st;
    if (e->edit->op == EDIT_SET)
        note_change(e, bytes_make(NULL, 0), e->edit->value);
    return cookie_add(e);
}

/* "name=value; attributes" of a Set-Cookie field (RFC 6265 §4.1.1). */
struct set_cookie {
    struct bytes name, value, attributes; /* attributes: with their first ';' */
};

static struct set_cookie set_cookie_split(struct bytes line)
{
    ptrdiff_t end = bytes_find(line, ';');
    struct bytes pair = end < 0 ? line : bytes_until(line, (size_t)end);
    ptrdiff_t equals = bytes_find(pair, '=');

    return (struct set_cookie){
        .name = bytes_trim(equals < 0 ? bytes_make(NULL, 0) : bytes_until(pair, (size_t)equals)),
        .value = bytes_trim(equals < 0 ? pair : bytes_from(pair, (size_t)equals + 1)),
        .attributes = end < 0 ? bytes_make(NULL, 0) : bytes_from(line, (size_t)end),
    };
}

static enum status set_cookie_line(struct editor *e, struct bytes value, struct bytes attributes,
                                   struct bytes *ret_line)
{
    struct buf out;
    enum status st;

    buf_init(&out, 4 * (size_t)HTTP_HEAD_BYTES);
    buf_put(&out, e->edit->name);
    buf_put_byte(&out, '=');
    buf_put(&out, value);
    if (bytes_find(value, ';') < 0) /* a value alone leaves the attributes as they are */
        buf_put(&out, attributes);
    st = buf_status(&out) ? buf_status(&out) : kept(e, buf_bytes(&out), ret_line);
    buf_release(&out);
    return st;
}

/* One line that is of the cookie. */
static enum status set_cookie_change(struct editor *e, uint32_t at, bool *ret_gone)
{
    struct field *field = &e->head->fields.items[at];
    struct set_cookie was = set_cookie_split(field->value);
    struct bytes after = {0}, line = {0};
    bool again = e->found && e->edit->op == EDIT_SET;
    enum status st = STATUS_OK;

    e->found = true;
    *ret_gone = e->edit->op == EDIT_REMOVE || again;
    if (!*ret_gone)
        st = value_after(e, was.value, &after);
    if (!st && !again)
        note_change(e, was.value, after);
    if (!st && *ret_gone)
        fields_remove_at(&e->head->fields, at);
    if (st || *ret_gone)
        return st;
    st = set_cookie_line(e, after, was.attributes, &line);
    if (!st)
        field_write(field, line);
    return st;
}

static enum status set_cookie_apply(struct editor *e)
{
    struct fields *fields = &e->head->fields;
    int at = fields_find(fields, FIELD_SET_COOKIE, 0);
    struct bytes line = {0};
    enum status st = STATUS_OK;

    note_named(e, "cookie ");
    while (!st && at >= 0 && e->edit->op != EDIT_APPEND) {
        bool gone = false;

        if (bytes_equal(set_cookie_split(fields->items[at].value).name, e->edit->name))
            st = set_cookie_change(e, (uint32_t)at, &gone);
        at = fields_find(fields, FIELD_SET_COOKIE, (uint32_t)at + !gone);
    }
    if (st || !is_to_add(e))
        return st;
    if (e->edit->op == EDIT_SET)
        note_change(e, bytes_make(NULL, 0), e->edit->value);
    st = set_cookie_line(e, e->edit->value, bytes_make(NULL, 0), &line);
    return st ? st : fields_append(e->arena, fields, field_name(FIELD_SET_COOKIE), line);
}

/* ---- the first line ------------------------------------------------------- */

static void status_apply(struct editor *e)
{
    const struct http_status *row = http_status_find(e->edit->status);

    buf_putf(e->note, "status %u → %u", (unsigned)e->head->status, (unsigned)e->edit->status);
    e->head->status = e->edit->status;
    e->head->reason = bytes_of(row ? row->phrase : "");
}

static enum status text_apply(struct editor *e, const char *what, struct bytes *text)
{
    struct bytes before = *text, after = {0};
    enum status st = value_after(e, before, &after);

    if (st)
        return st;
    buf_put_text(e->note, what);
    note_change(e, before, after);
    *text = after;
    return STATUS_OK;
}

/* The query stays. */
static enum status path_apply(struct editor *e)
{
    ptrdiff_t mark = bytes_find(e->head->path, '?');
    struct bytes query = mark < 0 ? bytes_make(NULL, 0) : bytes_from(e->head->path, (size_t)mark);
    struct bytes after = {0};
    struct buf out;
    enum status st;

    buf_init(&out, e->edit->value.len + query.len + 1);
    buf_put(&out, e->edit->value);
    buf_put(&out, query);
    st = buf_status(&out) ? buf_status(&out) : kept(e, buf_bytes(&out), &after);
    buf_release(&out);
    if (st)
        return st;
    buf_put_text(e->note, "path ");
    note_change(e, e->head->path, after);
    e->head->path = after;
    return STATUS_OK;
}

enum status head_edit_apply(struct arena *a, const struct head_edit *edit, struct head *head,
                            struct buf *note)
{
    struct editor e = {.arena = a, .edit = edit, .head = head, .note = note};

    buf_clear(note);
    switch (edit->part) {
    case EDIT_HEADER:
        return header_apply(&e);
    case EDIT_COOKIE:
        return edit->side == HTTP_REQUEST ? cookie_apply(&e) : set_cookie_apply(&e);
    case EDIT_QUERY:
        return query_apply(&e);
    case EDIT_STATUS:
        status_apply(&e);
        return STATUS_OK;
    case EDIT_REASON:
        return text_apply(&e, "reason ", &head->reason);
    case EDIT_METHOD:
        return text_apply(&e, "method ", &head->method);
    case EDIT_PATH:
        return path_apply(&e);
    case EDIT_PATH_QUERY:
        return text_apply(&e, "path ", &head->path);
    case EDIT_TRAILER: /* it is in no head */
        break;
    }
    return STATUS_OK;
}

enum status trailer_edit_apply(struct arena *a, const struct head_edit *edit,
                               struct fields *trailers, struct buf *note)
{
    struct head head = {.fields = *trailers};
    struct editor e = {.arena = a, .edit = edit, .head = &head, .note = note};
    enum status st;

    buf_clear(note);
    buf_put_text(note, "trailer ");
    st = header_apply(&e);
    *trailers = head.fields;
    return st;
}
