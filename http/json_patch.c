#include "http/json_patch.h"

#include "http/json.h"
#include "http/json_edit.h"
#include "http/json_scan.h"
#include "http/json_value.h"
#include "http/json_value_equal.h"

/* ---- reading ------------------------------------------------------------ */

static const struct bytes op_names[] = {
    [JSON_OP_ADD] = BYTES_INIT("add"),         [JSON_OP_REMOVE] = BYTES_INIT("remove"),
    [JSON_OP_REPLACE] = BYTES_INIT("replace"), [JSON_OP_MOVE] = BYTES_INIT("move"),
    [JSON_OP_COPY] = BYTES_INIT("copy"),       [JSON_OP_TEST] = BYTES_INIT("test"),
};

enum { OP_NAMES = sizeof(op_names) / sizeof(op_names[0]) };

/* The members of an operation as they are written; empty: not there. */
struct op_form {
    struct bytes op, path, from, value;
};

static bool has_from(enum json_op_kind kind)
{
    return kind == JSON_OP_MOVE || kind == JSON_OP_COPY;
}

static bool has_value(enum json_op_kind kind)
{
    return kind == JSON_OP_ADD || kind == JSON_OP_REPLACE || kind == JSON_OP_TEST;
}

static bool is_string(struct bytes value)
{
    return value.len > 0 && json_kind(value) == JSON_KIND_STRING;
}

static enum status bad_op(const char *sentence, const char **ret_sentence)
{
    *ret_sentence = sentence;
    return STATUS_BAD_INPUT;
}

static enum status form_read(struct bytes text, struct op_form *form, const char **ret_sentence)
{
    struct {
        struct bytes name;
        struct bytes *to;
    } names[] = {{BYTES("op"), &form->op},
                 {BYTES("path"), &form->path},
                 {BYTES("from"), &form->from},
                 {BYTES("value"), &form->value}};
    struct json_members members = json_members_open(text, 0);
    struct json_member member;

    while (json_members_next(&members, &member)) {
        size_t end = json_value_end(text, member.value_at);

        json_members_pass(&members, end);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            if (json_name_order(member.name, names[i].name) != 0)
                continue;
            if (names[i].to->len > 0)
                return bad_op("op, path, from and value stand once in an operation", ret_sentence);
            *names[i].to = json_slice(text, member.value_at, end);
        }
    }
    return STATUS_OK;
}

static enum status pointer_read(struct arena *arena, struct bytes string,
                                struct json_path *ret_path, const char **ret_sentence)
{
    struct buf text;
    enum status st;

    buf_init(&text, string.len + 1);
    st = json_string_text(string, &text);
    if (!st)
        st = json_path_pointer(arena, buf_bytes(&text), ret_path, ret_sentence);
    buf_release(&text);
    return st;
}

/* What the kind of an operation asks for (RFC 6902 §4.1–4.6). */
static enum status form_check(const struct op_form *form, enum json_op_kind kind,
                              const char **ret_sentence)
{
    if (!is_string(form->path))
        return bad_op("an operation has a path, a text", ret_sentence);
    if (has_from(kind) && !is_string(form->from))
        return bad_op("move and copy have a from, a text", ret_sentence);
    if (has_value(kind) && form->value.len == 0)
        return bad_op("add, replace and test have a value", ret_sentence);
    return STATUS_OK;
}

static enum status kind_read(const struct op_form *form, enum json_op_kind *ret_kind,
                             const char **ret_sentence)
{
    for (unsigned i = 0; i < OP_NAMES && is_string(form->op); i++) {
        if (json_name_order(form->op, op_names[i]) == 0) {
            *ret_kind = (enum json_op_kind)i;
            return STATUS_OK;
        }
    }
    return bad_op("op is one of add, remove, replace, move, copy, test", ret_sentence);
}

static enum status op_read(struct arena *arena, struct bytes text, struct json_op *op,
                           const char **ret_sentence)
{
    struct op_form form = {.op = {0}};
    enum status st;

    if (json_kind(text) != JSON_KIND_OBJECT)
        return bad_op("an operation is an object", ret_sentence);
    st = form_read(text, &form, ret_sentence);
    if (!st)
        st = kind_read(&form, &op->kind, ret_sentence);
    if (!st)
        st = form_check(&form, op->kind, ret_sentence);
    if (!st)
        st = pointer_read(arena, form.path, &op->path, ret_sentence);
    if (!st && has_from(op->kind))
        st = pointer_read(arena, form.from, &op->from, ret_sentence);
    if (st)
        return st;
    if (has_value(op->kind))
        op->value = form.value;
    if (op->kind == JSON_OP_REMOVE && op->path.count == 0)
        return bad_op("the whole text cannot be removed", ret_sentence);
    if (op->kind == JSON_OP_MOVE && json_path_below(&op->path, &op->from))
        return bad_op("a value is not moved into itself", ret_sentence);
    return STATUS_OK;
}

static size_t elements_count(struct bytes text)
{
    struct json_members members = json_members_open(text, 0);
    struct json_member member;

    while (json_members_next(&members, &member))
        json_members_pass(&members, json_value_end(text, member.value_at));
    return members.count;
}

/* `text` is a valid array that stays. */
static enum status ops_read(struct arena *arena, struct bytes text, struct json_ops *ret_ops,
                            struct json_patch_fault *fault)
{
    struct json_members members = json_members_open(text, 0);
    struct json_ops ops = {.count = elements_count(text)};
    struct json_member member;
    struct json_op *all;

    if (ops.count > JSON_PATCH_OPS) {
        fault->sentence = "a patch has at most 256 operations";
        return STATUS_LIMIT;
    }
    all = arena_alloc(arena, (ops.count + 1) * sizeof(*all));
    if (!all)
        return STATUS_NO_MEMORY;
    ops.all = all;
    while (json_members_next(&members, &member)) {
        size_t end = json_value_end(text, member.value_at);
        enum status st;

        fault->op = member.index + 1;
        st = op_read(arena, json_slice(text, member.value_at, end), &all[member.index],
                     &fault->sentence);
        if (st)
            return st;
        json_members_pass(&members, end);
    }
    *ret_ops = ops;
    return STATUS_OK;
}

enum status json_ops_parse(struct arena *arena, struct bytes text, struct json_ops *ret_ops,
                           struct json_patch_fault *ret_fault)
{
    struct json_patch_fault fault = {.sentence = status_sentence(STATUS_NO_MEMORY)};
    struct json_fault at;
    enum status st;

    if (json_check(text, &at)) {
        *ret_fault = (struct json_patch_fault){.sentence = at.sentence};
        return STATUS_BAD_INPUT;
    }
    text = arena_copy(arena, json_trim(text));
    if (text.len == 0) {
        st = STATUS_NO_MEMORY;
    } else if (json_kind(text) != JSON_KIND_ARRAY) {
        st = bad_op("the operations of a patch stand in an array", &fault.sentence);
    } else {
        st = ops_read(arena, text, ret_ops, &fault);
    }
    if (st)
        *ret_fault = fault;
    return st;
}

/* ---- applying ----------------------------------------------------------- */

/* The texts on the way: an operation reads `text`, which is `in` or stands in one of
 * the buffers, and writes into the next. */
enum { PATCH_BUFS = 3 };

struct patch_run {
    struct bytes text;
    struct buf bufs[PATCH_BUFS];
    unsigned last;        /* the buffer last written */
    const char *sentence; /* of the fault */
};

/* Makes `edit` the text; slices of the text before it stay for one more step. */
static enum status run_edit(struct patch_run *run, const struct json_edit *edit)
{
    unsigned next = (run->last + 1) % PATCH_BUFS;
    enum status st;

    buf_clear(&run->bufs[next]);
    st = json_edit_apply(run->text, edit, &run->bufs[next], &run->sentence);
    if (st)
        return st;
    run->last = next;
    run->text = buf_bytes(&run->bufs[next]);
    return STATUS_OK;
}

static enum status run_from(struct patch_run *run, const struct json_op *op)
{
    struct json_edit add = {.kind = JSON_EDIT_ADD, .path = &op->path};
    struct json_edit remove = {.kind = JSON_EDIT_REMOVE, .path = &op->from};
    enum status st = json_find(run->text, &op->from, &add.value);

    if (st) {
        run->sentence = "there is no value at its from";
        return st;
    }
    if (op->kind == JSON_OP_MOVE && json_path_equal(&op->path, &op->from))
        return STATUS_OK;
    if (op->kind == JSON_OP_MOVE) /* RFC 6902 §4.4: as a remove and an add */
        st = run_edit(run, &remove);
    return st ? st : run_edit(run, &add);
}

static enum status run_test(struct patch_run *run, const struct json_op *op)
{
    struct bytes value;
    bool equal;
    enum status st = json_find(run->text, &op->path, &value);

    if (st) {
        run->sentence = "there is no value at its path";
        return st;
    }
    st = json_value_equal(value, op->value, &equal);
    if (st || equal)
        return st;
    run->sentence = "the value at its path is another one";
    return STATUS_REFUSED;
}

static enum status run_op(struct patch_run *run, const struct json_op *op)
{
    struct json_edit edit = {.path = &op->path, .value = op->value};

    switch (op->kind) {
    case JSON_OP_ADD:
        edit.kind = JSON_EDIT_ADD;
        return run_edit(run, &edit);
    case JSON_OP_REMOVE:
        edit.kind = JSON_EDIT_REMOVE;
        return run_edit(run, &edit);
    case JSON_OP_REPLACE:
        edit.kind = JSON_EDIT_REPLACE;
        return run_edit(run, &edit);
    case JSON_OP_MOVE:
    case JSON_OP_COPY:
        return run_from(run, op);
    case JSON_OP_TEST:
        return run_test(run, op);
    }
    return STATUS_BAD_INPUT;
}

static enum status run_fault(const struct patch_run *run, enum status st, size_t op,
                             struct json_patch_fault *ret_fault)
{
    ret_fault->op = op;
    ret_fault->sentence = run->sentence ? run->sentence : status_sentence(st);
    return st;
}

enum status json_patch(struct bytes in, const struct json_ops *ops, struct buf *out,
                       struct json_patch_fault *ret_fault)
{
    struct patch_run run = {.text = in};
    struct json_fault fault;
    enum status st = STATUS_OK;
    size_t i;

    if (json_check(in, &fault)) {
        run.sentence = fault.sentence;
        return run_fault(&run, STATUS_BAD_INPUT, 0, ret_fault);
    }
    for (i = 0; i < PATCH_BUFS; i++)
        buf_init(&run.bufs[i], out->max);
    for (i = 0; !st && i < ops->count; i++)
        st = run_op(&run, &ops->all[i]);
    if (!st) {
        i = 0;
        buf_put(out, run.text);
        st = buf_status(out);
    }
    if (st)
        (void)run_fault(&run, st, i, ret_fault);
    for (i = 0; i < PATCH_BUFS; i++)
        buf_release(&run.bufs[i]);
    return st;
}
