/* JSON changed in place. The input is a text, a patch or a path, and a value, with
 * 0x1e between them: what no JSON holds. Results are valid, and what was not named
 * stays byte for byte. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/json.h"
#include "http/json_edit.h"
#include "http/json_patch.h"
#include "http/json_scan.h"
#include "http/json_value.h"
#include "http/json_value_equal.h"

#include "fuzz.h"

enum { OUT_BYTES = 1024 * 1024, ARENA_BYTES = 4 * 1024 * 1024 };

struct input {
    struct bytes text, change, value;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool is_json(struct bytes in)
{
    struct json_fault fault;

    return json_check(in, &fault) == STATUS_OK;
}

static bool is_within(struct bytes part, struct bytes all)
{
    return part.len <= all.len && part.ptr >= all.ptr && part.ptr + part.len <= all.ptr + all.len;
}

static struct bytes part_take(struct bytes *in)
{
    ptrdiff_t end = bytes_find(*in, 0x1e);
    struct bytes part = end < 0 ? *in : bytes_until(*in, (size_t)end);

    *in = bytes_from(*in, end < 0 ? in->len : (size_t)end + 1);
    return part;
}

/* ---- what is found and compared ----------------------------------------- */

static void check_equal(struct bytes a, struct bytes b)
{
    bool equal, other = false;

    require(json_value_equal(a, b, &equal) == STATUS_OK &&
            json_value_equal(b, a, &other) == STATUS_OK);
    require(equal == other);
}

static void check_forms_equal(struct bytes text)
{
    struct buf out;
    bool equal;

    buf_init(&out, OUT_BYTES);
    if (json_indent(text, &out) == STATUS_OK) {
        buf_put_byte(&out, ' ');
        require(json_value_equal(buf_bytes(&out), text, &equal) == STATUS_OK && equal);
    }
    buf_release(&out);
}

static void check_string(struct bytes value)
{
    struct buf out;

    buf_init(&out, OUT_BYTES);
    require(json_string_text(value, &out) ==
            (json_kind(value) == JSON_KIND_STRING ? STATUS_OK : STATUS_BAD_INPUT));
    require(utf8_valid(buf_bytes(&out)));
    buf_release(&out);
}

/* ---- one value ---------------------------------------------------------- */

/* Did `part` come of `all` by leaving bytes out? */
static bool is_left_of(struct bytes part, struct bytes all)
{
    size_t at = 0;

    for (size_t i = 0; i < all.len && at < part.len; i++) {
        if (all.ptr[i] == part.ptr[at])
            at++;
    }
    return at == part.len;
}

/* Is `in` with one run of bytes put in? */
static bool is_inserted(struct bytes in, struct bytes result)
{
    size_t front = 0, back = 0;

    while (front < in.len && front < result.len && in.ptr[front] == result.ptr[front])
        front++;
    while (back < in.len && back < result.len &&
           in.ptr[in.len - 1 - back] == result.ptr[result.len - 1 - back])
        back++;
    return result.len > in.len && front + back >= in.len;
}

static void check_set(const struct input *in, const struct json_path *path, struct bytes found)
{
    size_t before = (size_t)(found.ptr - in->text.ptr);
    struct bytes value = json_trim(in->value), after, result;
    struct buf out;

    buf_init(&out, OUT_BYTES);
    if (json_set(in->text, path, in->value, &out) == STATUS_OK) {
        result = buf_bytes(&out);
        after = bytes_from(in->text, before + found.len);
        require(is_json(result));
        require(bytes_equal(bytes_until(result, before), bytes_until(in->text, before)));
        require(bytes_starts_with(bytes_from(result, before), value));
        require(bytes_equal(bytes_from(result, before + value.len), after));
    }
    buf_release(&out);
}

static void check_add(const struct input *in, const struct json_path *path)
{
    struct bytes added;
    struct buf out;

    buf_init(&out, OUT_BYTES);
    if (json_set(in->text, path, in->value, &out) == STATUS_OK) {
        require(is_json(buf_bytes(&out)) && is_inserted(in->text, buf_bytes(&out)));
        if (path->steps[path->count - 1].index != JSON_END_INDEX)
            require(json_find(buf_bytes(&out), path, &added) == STATUS_OK &&
                    bytes_equal(added, json_trim(in->value)));
    } else {
        require(out.len == 0);
    }
    buf_release(&out);
}

static void check_remove(struct bytes text, const struct json_path *path)
{
    struct bytes value;
    struct buf out;

    buf_init(&out, OUT_BYTES);
    if (path->count == 0) {
        require(json_remove(text, path, &out) == STATUS_BAD_INPUT);
    } else {
        require(json_remove(text, path, &out) == STATUS_OK);
        require(is_json(buf_bytes(&out)) && is_left_of(buf_bytes(&out), text));
        require(json_find(buf_bytes(&out), path, &value) ||
                path->steps[path->count - 1].index < JSON_END_INDEX);
    }
    buf_release(&out);
}

static void check_path(const struct input *in, const struct json_path *path)
{
    struct bytes found;
    bool there = json_find(in->text, path, &found) == STATUS_OK;

    require(!there || is_within(found, in->text));
    if (!is_json(in->text))
        return;
    require(!there || is_json(found));
    if (there) {
        check_string(found);
        check_remove(in->text, path);
    }
    if (!is_json(in->value))
        return;
    if (there)
        check_set(in, path, found);
    else
        check_add(in, path);
}

static void check_paths(const struct input *in)
{
    struct json_path path;
    struct arena arena;
    const char *sentence = NULL;

    arena_init(&arena, ARENA_BYTES);
    if (json_path_pointer(&arena, in->change, &path, &sentence) == STATUS_OK)
        check_path(in, &path);
    else
        require(sentence != NULL);
    if (json_path_dotted(&arena, in->change, &path, &sentence) == STATUS_OK)
        check_path(in, &path);
    arena_release(&arena);
}

/* ---- patches ------------------------------------------------------------ */

/* Does the object have a member of the name that `written` is? */
static bool names(struct bytes object, struct bytes written)
{
    struct json_members members = json_members_open(object, 0);
    struct json_member member;
    struct buf name;
    bool found = false;

    buf_init(&name, OUT_BYTES);
    require(json_name_text(written, &name) == STATUS_OK);
    while (!found && json_members_next(&members, &member)) {
        found = json_name_order(member.name, buf_bytes(&name)) == 0;
        json_members_pass(&members, json_value_end(object, member.value_at));
    }
    buf_release(&name);
    return found;
}

/* The next member that the patch does not name, from its name to its value's end. */
static struct bytes next_unnamed(struct json_members *members, struct bytes patch)
{
    struct json_member member;

    while (json_members_next(members, &member)) {
        size_t end = json_value_end(members->in, member.value_at);

        json_members_pass(members, end);
        if (!names(patch, member.name))
            return json_slice(members->in, member.start, end);
    }
    return bytes_make(NULL, 0);
}

static void check_unnamed_stay(struct bytes text, struct bytes patch, struct bytes result)
{
    struct json_members before = json_members_open(text, json_space_end(text, 0));
    struct json_members after = json_members_open(result, json_space_end(result, 0));
    struct bytes left;

    patch = json_trim(patch);
    if (json_kind(json_trim(text)) != JSON_KIND_OBJECT || json_kind(patch) != JSON_KIND_OBJECT)
        return;
    do {
        left = next_unnamed(&before, patch);
        require(bytes_equal(left, next_unnamed(&after, patch)));
    } while (left.len > 0);
}

/* Merging again changes nothing (RFC 7396 §2). */
static void check_merge(struct bytes text, struct bytes patch)
{
    struct buf once, twice;

    buf_init(&once, OUT_BYTES);
    buf_init(&twice, OUT_BYTES);
    if (json_merge(text, patch, &once) == STATUS_OK) {
        require(is_json(buf_bytes(&once)));
        require(json_merge(buf_bytes(&once), patch, &twice) == STATUS_OK);
        require(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
        check_unnamed_stay(text, patch, buf_bytes(&once));
    }
    buf_release(&once);
    buf_release(&twice);
}

static void check_ops(struct bytes text, struct bytes patch)
{
    struct json_patch_fault fault = {.sentence = NULL};
    struct json_ops ops;
    struct arena arena;
    struct buf out;

    arena_init(&arena, ARENA_BYTES);
    buf_init(&out, OUT_BYTES);
    if (json_ops_parse(&arena, patch, &ops, &fault)) {
        require(fault.sentence != NULL);
    } else if (json_patch(text, &ops, &out, &fault)) {
        require(out.len == 0 && fault.sentence && fault.op <= ops.count);
    } else {
        require(is_json(buf_bytes(&out)));
    }
    buf_release(&out);
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes rest = bytes_make(data, len);
    struct input in = {.text = part_take(&rest), .change = part_take(&rest), .value = rest};

    check_paths(&in);
    check_ops(in.text, in.change);
    if (!is_json(in.text))
        return 0;
    check_forms_equal(in.text);
    if (is_json(in.change)) {
        check_equal(in.text, in.change);
        check_merge(in.text, in.change);
    }
    return 0;
}
