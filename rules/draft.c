#include "rules/draft.h"

#include "http/url.h"
#include "rules/head_edit.h"

void draft_init(struct draft *d)
{
    *d = (struct draft){0};
    body_draft_init(&d->body);
}

void draft_release(struct draft *d)
{
    body_draft_release(&d->body);
}

enum status draft_make(struct draft *d, struct arena *arena, const struct rule_view *view)
{
    enum status st;

    if (d->made)
        return STATUS_OK;
    st = head_fork(arena, view->request, &d->head);
    if (st)
        return st;
    d->target = (struct rule_target){view->scheme, view->host, view->port};
    d->made = true;
    return STATUS_OK;
}

enum status draft_edit(struct draft *d, struct arena *arena, const struct head_edit *edit)
{
    struct buf note;
    enum status st;

    buf_init(&note, EDIT_NOTE_BYTES);
    st = head_edit_apply(arena, edit, &d->head, &note);
    buf_release(&note);
    return st;
}

void target_authority_put(struct buf *out, const struct rule_target *target)
{
    bool v6 = bytes_find(target->host, ':') >= 0;

    if (v6)
        buf_put_byte(out, '[');
    buf_put(out, target->host);
    if (v6)
        buf_put_byte(out, ']');
    if (target->port != url_default_port(target->scheme)) {
        buf_put_byte(out, ':');
        buf_put_u64(out, target->port);
    }
}

void target_url_put(struct buf *out, const struct rule_target *target, struct bytes path)
{
    buf_put(out, target->scheme);
    buf_put_text(out, "://");
    target_authority_put(out, target);
    if (bytes_starts_with(path, BYTES("/")))
        buf_put(out, path);
}
