#include "rules/whole.h"

#include "http/coding.h"

enum { ACCEPT_BYTES = 1024 };

static void note_joint(struct buf *note)
{
    buf_put_text(note, note->len ? ", " : "request: ");
}

static void take_away(struct head *head, enum field_id id, struct buf *note)
{
    if (fields_find(&head->fields, id, 0) < 0)
        return;
    note_joint(note);
    buf_put(note, field_name(id));
    buf_put_text(note, " removed");
    fields_remove(&head->fields, field_name(id));
}

/* "br;q=0.8" is br. */
static bool is_readable(struct bytes element)
{
    ptrdiff_t end = bytes_find(element, ';');

    return coding_known(bytes_trim(end < 0 ? element : bytes_until(element, (size_t)end)));
}

/* Appends the readable ones; *ret_all tells whether there were no others. */
static void readable_put(const struct fields *fields, struct buf *out, bool *ret_all)
{
    int at = fields_find(fields, FIELD_ACCEPT_ENCODING, 0);

    *ret_all = true;
    for (; at >= 0; at = fields_find(fields, FIELD_ACCEPT_ENCODING, (uint32_t)at + 1)) {
        struct bytes list = fields->items[at].value, element;

        while (bytes_next_listed(&list, &element)) {
            if (!is_readable(element)) {
                *ret_all = false;
                continue;
            }
            buf_put_text(out, out->len ? ", " : "");
            buf_put(out, element);
        }
    }
}

static enum status accept_readable(struct arena *a, struct head *head, struct buf *note)
{
    struct bytes before = fields_value(&head->fields, field_name(FIELD_ACCEPT_ENCODING)), kept;
    struct buf list;
    bool all;
    enum status st = STATUS_OK;

    buf_init(&list, ACCEPT_BYTES);
    readable_put(&head->fields, &list, &all);
    if (!all) {
        if (list.len == 0 || buf_status(&list) == STATUS_LIMIT) {
            buf_clear(&list);
            buf_put_text(&list, "identity");
        }
        kept = arena_copy(a, buf_bytes(&list));
        note_joint(note);
        buf_put_text(note, "Accept-Encoding ");
        buf_put(note, before);
        buf_put_text(note, " → ");
        buf_put(note, kept);
        st = kept.ptr ? fields_set(a, &head->fields, field_name(FIELD_ACCEPT_ENCODING), kept)
                      : STATUS_NO_MEMORY;
    }
    buf_release(&list);
    return st;
}

enum status whole_ask(struct arena *a, struct head *head, struct buf *note)
{
    buf_clear(note);
    take_away(head, FIELD_RANGE, note);
    take_away(head, FIELD_IF_RANGE, note);
    take_away(head, FIELD_IF_NONE_MATCH, note);
    take_away(head, FIELD_IF_MODIFIED_SINCE, note);
    return accept_readable(a, head, note);
}
