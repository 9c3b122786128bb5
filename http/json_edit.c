#include "http/json_edit.h"

#include "http/json_value.h"
#include "http/json_weave.h"

/* Is there room for a new value in what holds it? */
static enum status holder_check(const struct json_aim *holder, const struct json_aim *leaf,
                                struct bytes in, const char **ret_sentence)
{
    uint8_t c = json_byte(in, holder->value_at);

    if (c == '{')
        return STATUS_OK;
    if (c != '[')
        *ret_sentence = "what should hold the value is no object and no array";
    else if (leaf->index == JSON_END_INDEX || leaf->index == holder->style.length)
        return STATUS_OK;
    else if (leaf->index == JSON_NO_INDEX)
        *ret_sentence = "a step into an array is an index";
    else
        *ret_sentence = "the array has fewer elements";
    return STATUS_NOT_FOUND;
}

/* Can the edit be made where its path leads? */
static enum status edit_check(const struct json_edit *edit, const struct json_chain *chain,
                              struct bytes in, const char **ret_sentence)
{
    size_t count = edit->path->count;
    bool adds = edit->kind == JSON_EDIT_SET || edit->kind == JSON_EDIT_ADD;

    if (count == 0 && edit->kind != JSON_EDIT_REMOVE)
        return STATUS_OK;
    if (count == 0) {
        *ret_sentence = "the whole text cannot be removed";
        return STATUS_BAD_INPUT;
    }
    for (size_t i = 1; i < count; i++) {
        if (!json_aim_found(&chain->all[i])) {
            *ret_sentence = "what should hold the value is not there";
            return STATUS_NOT_FOUND;
        }
    }
    if (count + json_depth(edit->value) > JSON_DEPTH) {
        *ret_sentence = "too many arrays and objects within each other";
        return STATUS_LIMIT;
    }
    if (json_aim_found(&chain->all[count]))
        return STATUS_OK;
    if (adds)
        return holder_check(&chain->all[count - 1], &chain->all[count], in, ret_sentence);
    *ret_sentence = "there is no value at its path";
    return STATUS_NOT_FOUND;
}

/* What holds the value; when that is merely replaced, it alone. */
static const struct json_aim *edit_top(const struct json_aim *leaf)
{
    bool replaced = leaf->act == JSON_ACT_SET && json_aim_found(leaf);

    return leaf->parent && !replaced ? leaf->parent : leaf;
}

enum status json_edit_apply(struct bytes in, const struct json_edit *edit, struct buf *out,
                            const char **ret_sentence)
{
    static const enum json_act acts[] = {
        [JSON_EDIT_SET] = JSON_ACT_SET,
        [JSON_EDIT_ADD] = JSON_ACT_INSERT,
        [JSON_EDIT_REPLACE] = JSON_ACT_SET,
        [JSON_EDIT_REMOVE] = JSON_ACT_REMOVE,
    };
    struct json_chain chain;
    struct json_aim *leaf;
    enum status st;

    json_chain_init(&chain, edit->path);
    leaf = &chain.all[edit->path->count];
    leaf->act = acts[edit->kind];
    leaf->value = edit->value;
    json_aims_mark(&chain.aims, in);
    st = edit_check(edit, &chain, in, ret_sentence);
    return st ? st : json_weave(&chain.aims, edit_top(leaf), in, out);
}

enum status json_set(struct bytes in, const struct json_path *path, struct bytes value,
                     struct buf *out)
{
    struct json_edit edit = {JSON_EDIT_SET, path, json_trim(value)};
    struct json_fault fault;
    const char *sentence;

    if (json_check(in, &fault) || json_check(value, &fault))
        return STATUS_BAD_INPUT;
    return json_edit_apply(in, &edit, out, &sentence);
}

enum status json_remove(struct bytes in, const struct json_path *path, struct buf *out)
{
    struct json_edit edit = {.kind = JSON_EDIT_REMOVE, .path = path};
    struct json_fault fault;
    const char *sentence;

    if (json_check(in, &fault))
        return STATUS_BAD_INPUT;
    return json_edit_apply(in, &edit, out, &sentence);
}

/* Objects merge, null removes, all else is set (RFC 7396 §2). */
static void merge_acts(struct json_aims *aims)
{
    for (size_t i = 0; i < aims->count; i++) {
        struct json_aim *aim = &aims->all[i];

        if (aim->enters)
            aim->act = JSON_ACT_ENTER;
        else if (aim->parent && json_kind(aim->value) == JSON_KIND_NULL)
            aim->act = JSON_ACT_REMOVE;
        else
            aim->act = JSON_ACT_SET;
    }
}

enum status json_merge(struct bytes in, struct bytes patch, struct buf *out)
{
    struct json_fault fault;
    struct json_aims aims;
    struct arena arena;
    enum status st;

    if (json_check(in, &fault) || json_check(patch, &fault))
        return STATUS_BAD_INPUT;
    arena_init(&arena, JSON_AIM_BYTES);
    st = json_aims_read(&arena, patch, JSON_ENTER_OBJECT, JSON_MERGE_VALUES, &aims);
    if (!st) {
        merge_acts(&aims);
        json_aims_mark(&aims, in);
        st = json_weave(&aims, &aims.all[0], in, out);
    }
    arena_release(&arena);
    return st;
}
