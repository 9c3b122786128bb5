#include "rules/body_edit.h"

#include "http/json_edit.h"
#include "http/json_patch.h"
#include "rules/replacement.h"
#include "rules/ruleset.h"

void body_draft_init(struct body_draft *d)
{
    buf_init(&d->now, RULE_BODY_BYTES);
    buf_init(&d->spare, RULE_BODY_BYTES);
    d->changed = false;
}

void body_draft_release(struct body_draft *d)
{
    buf_release(&d->now);
    buf_release(&d->spare);
    d->changed = false;
}

bool body_edit_is_slow(const struct body_edit *edit, size_t content_bytes)
{
    return content_bytes > RULE_LOOP_BYTES || edit->op == BODY_OPS ||
           (edit->op == BODY_REPLACE && edit->replacement->pattern);
}

struct bytes body_draft_bytes(const struct body_draft *d, struct bytes received)
{
    return d->changed ? buf_bytes(&d->now) : received;
}

/* ---- what is said of it ------------------------------------------------------- */

static size_t common_start(struct bytes a, struct bytes b)
{
    size_t max = a.len < b.len ? a.len : b.len, n = 0;

    while (n < max && a.ptr[n] == b.ptr[n])
        n++;
    return n;
}

static size_t common_end(struct bytes a, struct bytes b, size_t max)
{
    size_t n = 0;

    while (n < max && a.ptr[a.len - 1 - n] == b.ptr[b.len - 1 - n])
        n++;
    return n;
}

static void note_excerpt(struct buf *note, struct bytes whole, size_t start, size_t end)
{
    buf_put_text(note, excerpt(bytes_make(whole.ptr + start, whole.len - start - end)).text);
}

/* "body 120 → 131 bytes: a1 → b22" */
static void note_difference(struct buf *note, struct bytes before, struct bytes after)
{
    size_t start = common_start(before, after);
    size_t max = (before.len < after.len ? before.len : after.len) - start;
    size_t end = common_end(before, after, max);

    buf_putf(note, "body %zu → %zu bytes: ", before.len, after.len);
    note_excerpt(note, before, start, end);
    buf_put_text(note, " → ");
    note_excerpt(note, after, start, end);
}

/* ---- the operations ------------------------------------------------------------ */

static const char *failure_text(enum status st)
{
    switch (st) {
    case STATUS_LIMIT:
        return "the content would be too large or too deep, or its pattern took too long";
    case STATUS_BAD_INPUT:
        return "the content is not valid JSON";
    default:
        return status_sentence(st);
    }
}

static enum status patch_make(const struct body_edit *edit, struct arena *scratch, struct bytes in,
                              struct buf *out, struct buf *note)
{
    struct json_patch_fault fault = {0};
    struct json_ops ops;
    enum status st = json_ops_parse(scratch, edit->value, &ops, &fault);

    if (!st)
        st = json_patch(in, &ops, out, &fault);
    if (!st || st == STATUS_NO_MEMORY || !fault.sentence)
        return st;
    buf_put_text(note, "rule_skipped: ");
    if (fault.op)
        buf_putf(note, "operation %zu: ", fault.op);
    buf_put_text(note, fault.sentence);
    return STATUS_END;
}

/* What it makes of `in` is put to `out`. STATUS_END: nothing, the reason was noted. */
static enum status edit_make(const struct body_edit *edit, struct arena *scratch, struct bytes in,
                             struct buf *out, struct buf *note)
{
    switch (edit->op) {
    case BODY_SET:
        buf_put(out, edit->value);
        return buf_status(out);
    case BODY_APPEND:
        buf_put(out, in);
        buf_put(out, edit->value);
        return buf_status(out);
    case BODY_REPLACE:
        return replacement_put(edit->replacement, in, out);
    case BODY_MERGE:
        return json_merge(in, edit->value, out);
    case BODY_OPS:
        return patch_make(edit, scratch, in, out, note);
    }
    return STATUS_OK;
}

enum status body_draft_apply(struct body_draft *d, struct arena *scratch,
                             const struct body_edit *edit, struct bytes received, struct buf *note,
                             bool *ret_changed)
{
    struct bytes before = body_draft_bytes(d, received);
    struct buf spare;
    enum status st;

    *ret_changed = false;
    buf_clear(note);
    buf_clear(&d->spare);
    st = edit_make(edit, scratch, before, &d->spare, note);
    if (st == STATUS_NO_MEMORY || st == STATUS_END)
        return st == STATUS_END ? STATUS_OK : st;
    if (st) {
        buf_putf(note, "rule_skipped: %s", failure_text(st));
        return STATUS_OK;
    }
    if (bytes_equal(before, buf_bytes(&d->spare))) {
        buf_put_text(note, "body as it was: nothing to change");
        return STATUS_OK;
    }
    note_difference(note, before, buf_bytes(&d->spare));
    spare = d->now;
    d->now = d->spare;
    d->spare = spare;
    d->changed = true;
    *ret_changed = true;
    return STATUS_OK;
}
