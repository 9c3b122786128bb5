#include "rules/firing.h"

#include "http/url.h"

struct effect *firing_effect(struct firing *f, enum effect_kind kind)
{
    return effects_add(f->arena, f->effects, kind, f->rule);
}

static enum status edit_add(struct firing *f, struct head_edit edit)
{
    struct effect *e = firing_effect(f, EFFECT_EDIT_HEAD);

    if (!e)
        return STATUS_NO_MEMORY;
    e->edit = edit;
    return STATUS_OK;
}

static struct head_edit mark_edit(const struct firing *f)
{
    return (struct head_edit){
        .side = HTTP_RESPONSE,
        .op = EDIT_APPEND,
        .part = EDIT_HEADER,
        .name = bytes_of(f->mark_name),
        .value = f->mark,
    };
}

enum status firing_edit(struct firing *f, struct head_edit edit)
{
    enum status st = STATUS_OK;

    if (edit.side == HTTP_RESPONSE && f->mark_name && !f->marked) {
        st = edit_add(f, mark_edit(f));
        f->marked = true;
    }
    if (!st && edit.side == HTTP_REQUEST)
        st = draft_edit(f->draft, f->arena, &edit);
    return st ? st : edit_add(f, edit);
}

struct bytes firing_request_body(const struct firing *f)
{
    return body_draft_bytes(&f->draft->body, f->view->request_body->content);
}

static enum status request_body_edit(struct firing *f, struct body_edit *edit)
{
    struct buf note;
    bool changed;
    enum status st;

    buf_init(&note, BODY_NOTE_BYTES);
    st = body_draft_apply(&f->draft->body, f->arena, edit, f->view->request_body->content, &note,
                          &changed);
    edit->note = arena_text(f->arena, buf_bytes(&note));
    buf_release(&note);
    return st || edit->note ? st : STATUS_NO_MEMORY;
}

enum status firing_edit_body(struct firing *f, struct body_edit edit)
{
    struct effect *e = firing_effect(f, EFFECT_EDIT_BODY);

    if (!e)
        return STATUS_NO_MEMORY;
    if (edit.side == HTTP_RESPONSE && f->mark_name && !f->marked) {
        edit.mark = mark_edit(f);
        f->marked = true;
    }
    e->body = edit;
    return edit.side == HTTP_REQUEST ? request_body_edit(f, &e->body) : STATUS_OK;
}

enum status firing_skip(struct firing *f, const char *why)
{
    struct effect *e = firing_effect(f, EFFECT_NOTE);

    if (!e)
        return STATUS_NO_MEMORY;
    e->note = why;
    return STATUS_REFUSED;
}

int64_t firing_draw(struct firing *f, int64_t low, int64_t high)
{
    return dice_draw(&f->dice, low, high);
}

enum status firing_redirect(struct firing *f, const struct rule_target *target, bool keep_host)
{
    struct head_edit host = {
        .side = HTTP_REQUEST, .op = EDIT_SET, .part = EDIT_HEADER, .name = field_name(FIELD_HOST)};
    struct effect *e = firing_effect(f, EFFECT_TARGET);
    struct buf text;
    enum status st;

    if (!e)
        return STATUS_NO_MEMORY;
    e->target = *target;
    f->draft->target = *target;
    if (keep_host)
        return STATUS_OK;
    buf_init(&text, HOST_BYTES + 16);
    target_authority_put(&text, target);
    host.value = arena_copy(f->arena, buf_bytes(&text));
    st = host.value.ptr ? STATUS_OK : STATUS_NO_MEMORY;
    buf_release(&text);
    return st ? st : firing_edit(f, host);
}
