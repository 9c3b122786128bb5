#include "proxy/core/head_edits.h"

static void note_before(struct buf *note, struct bytes before)
{
    if (before.ptr)
        buf_put(note, before);
    else
        buf_put_text(note, "(none)");
}

static enum status header_apply(struct arena *a, const struct head_edit *edit, struct head *head,
                                struct buf *note)
{
    struct bytes before = fields_value(&head->fields, edit->name);
    struct bytes name = arena_copy(a, edit->name), value = arena_copy(a, edit->value);

    if (!name.ptr || !value.ptr)
        return STATUS_NO_MEMORY;
    buf_put(note, edit->name);
    buf_put_text(note, ": ");
    switch (edit->op) {
    case EDIT_SET:
        note_before(note, before);
        buf_put_text(note, " → ");
        buf_put(note, edit->value);
        return fields_set(a, &head->fields, name, value);
    case EDIT_APPEND:
        buf_put_text(note, "+ ");
        buf_put(note, edit->value);
        return fields_append(a, &head->fields, name, value);
    case EDIT_REMOVE:
        note_before(note, before);
        buf_put_text(note, " removed");
        fields_remove(&head->fields, edit->name);
        return STATUS_OK;
    }
    return STATUS_OK;
}

static void status_apply(const struct head_edit *edit, struct head *head, struct buf *note)
{
    const struct http_status *row = http_status_find(edit->status);

    buf_putf(note, "status %u → %u", (unsigned)head->status, (unsigned)edit->status);
    head->status = edit->status;
    head->reason = bytes_of(row ? row->phrase : "");
}

enum status head_edit_apply(struct arena *a, const struct head_edit *edit, struct head *head,
                            struct buf *note)
{
    buf_clear(note);
    switch (edit->part) {
    case EDIT_HEADER:
        return header_apply(a, edit, head, note);
    case EDIT_STATUS:
        status_apply(edit, head, note);
        return STATUS_OK;
    case EDIT_REASON:
        buf_put_text(note, "reason → ");
        buf_put(note, edit->value);
        head->reason = arena_copy(a, edit->value);
        return head->reason.ptr ? STATUS_OK : STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}
