/* Edits of random texts, checked against another implementation: the same changes
 * made to jansson's trees, straight from the RFCs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "http/json.h"
#include "http/json_edit.h"
#include "http/json_patch.h"
#include "http/json_value_equal.h"

enum {
    ROUNDS = 20000,
    OUT_BYTES = 1024 * 1024,
    ARENA_BYTES = 256 * 1024,
    MAX_DEPTH = 4,
    MAX_MEMBERS = 4,
    MAX_OBJECTS = 128,
    MAX_STEPS = 2,
    MAX_OPS = 3,
    STEP_BYTES = 64,
};

/* So that runs are the same. */
static uint32_t random_state;

static uint32_t random_below(uint32_t bound)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % bound;
}

/* ---- random texts ------------------------------------------------------- */

/* Names are few, so that they meet; some are written in two ways. */
static const char *const names[] = {"a", "b", "\\u0061",        "c/d", "c\\/d",
                                    "~", "",  "\\ud83d\\ude00", "0"};
static const char *const pointers[] = {"a", "b", "c~1d", "~0", "", "\\ud83d\\ude00",
                                       "0", "1", "2",    "-"};
static const char *const scalars[] = {"1",    "-2",          "\"x\"",        "\"\\u0078\"",
                                      "null", "\"}],\"",     "\"\\\\\\\"\"", "true",
                                      "0",    "\"\xc3\xa9\""};

#define PICK(list) (list)[random_below(sizeof(list) / sizeof((list)[0]))]

static void put_space(struct buf *out)
{
    static const char *const spaces[] = {"", "", "", " ", "\n  ", "\t", " \r\n"};

    buf_put_text(out, PICK(spaces));
}

/* An array or object that is being written. */
struct open_level {
    bool object;
    uint32_t left, done; /* members */
};

static void put_member_start(struct buf *out, struct open_level *level)
{
    level->left--;
    if (level->done++ > 0)
        buf_put_byte(out, ',');
    put_space(out);
    if (!level->object)
        return;
    buf_putf(out, "\"%s\"", PICK(names));
    put_space(out);
    buf_put_byte(out, ':');
    put_space(out);
}

/* At MAX_DEPTH an object or array. */
static void put_value(struct buf *out, unsigned depth)
{
    struct open_level levels[MAX_DEPTH];
    unsigned open = 0;

    do {
        unsigned below = depth - open;
        uint32_t kind = below == MAX_DEPTH ? 1 + random_below(2) : random_below(below > 0 ? 3 : 1);

        if (kind == 0) {
            buf_put_text(out, PICK(scalars));
        } else {
            levels[open++] =
                (struct open_level){.object = kind == 1, .left = random_below(MAX_MEMBERS + 1)};
            buf_put_byte(out, kind == 1 ? '{' : '[');
        }
        while (open > 0 && levels[open - 1].left == 0) {
            put_space(out);
            buf_put_byte(out, levels[--open].object ? '}' : ']');
        }
        if (open > 0)
            put_member_start(out, &levels[open - 1]);
    } while (open > 0);
}

static void put_pointer(struct buf *out)
{
    uint32_t count = random_below(MAX_STEPS + 1);

    buf_put_byte(out, '"');
    for (uint32_t i = 0; i < count; i++)
        buf_putf(out, "/%s", PICK(pointers));
    buf_put_byte(out, '"');
}

static void put_ops(struct buf *out)
{
    static const char *const kinds[] = {"add", "add", "remove", "replace", "move", "copy", "test"};
    uint32_t count = 1 + random_below(MAX_OPS);

    for (uint32_t i = 0; i < count; i++) {
        buf_putf(out, "%s{\"op\":\"%s\",\"path\":", i > 0 ? "," : "[", PICK(kinds));
        put_pointer(out);
        buf_put_text(out, ",\"from\":");
        put_pointer(out);
        buf_put_text(out, ",\"value\":");
        put_value(out, 1);
        buf_put_byte(out, '}');
    }
    buf_put_byte(out, ']');
}

/* ---- jansson's way ------------------------------------------------------ */

static json_t *tree_of(struct bytes text)
{
    json_error_t error;
    json_t *tree = json_loadb((const char *)text.ptr, text.len, JSON_DECODE_ANY, &error);

    if (!tree)
        fail_msg("jansson: %s in %.*s", error.text, (int)text.len, (const char *)text.ptr);
    return tree;
}

/* The algorithm of RFC 7396 §2, with a stack of the objects to be merged. */
static json_t *tree_merge(json_t *target, json_t *patch)
{
    struct {
        json_t *into, *patch;
    } stack[MAX_OBJECTS];
    size_t count = 1;
    json_t *result = json_is_object(target) ? json_deep_copy(target) : json_object();

    if (!json_is_object(patch)) {
        json_decref(result);
        return json_deep_copy(patch);
    }
    stack[0].into = result;
    stack[0].patch = patch;
    while (count > 0) {
        json_t *into = stack[--count].into, *value;
        const char *name;

        patch = stack[count].patch;
        json_object_foreach(patch, name, value)
        {
            if (json_is_null(value))
                json_object_del(into, name);
            else if (!json_is_object(value))
                json_object_set_new(into, name, json_deep_copy(value));
            else if (!json_is_object(json_object_get(into, name)))
                json_object_set_new(into, name, json_object());
        }
        json_object_foreach(patch, name, value)
        {
            if (!json_is_object(value))
                continue;
            assert_true(count < MAX_OBJECTS);
            stack[count].into = json_object_get(into, name);
            stack[count++].patch = value;
        }
    }
    return result;
}

/* Takes the first step off a pointer. */
static const char *step_take(const char **pointer, char *room)
{
    char *to = room;

    for ((*pointer)++; **pointer && **pointer != '/'; (*pointer)++) {
        if (**pointer == '~')
            *to++ = *++*pointer == '0' ? '~' : '/';
        else
            *to++ = **pointer;
    }
    *to = 0;
    return room;
}

/* -1 when it is none. */
static long index_of(const char *step)
{
    if (!*step || strspn(step, "0123456789") != strlen(step) || (step[0] == '0' && step[1]))
        return -1;
    return strtol(step, NULL, 10);
}

static json_t *child_get(json_t *holder, const char *step)
{
    long index = index_of(step);

    if (json_is_object(holder))
        return json_object_get(holder, step);
    return json_is_array(holder) && index >= 0 ? json_array_get(holder, (size_t)index) : NULL;
}

/* The value, or NULL; with `ret_step` its holder and the last step. */
static json_t *tree_get(json_t *tree, const char *pointer, char *ret_step)
{
    char step[STEP_BYTES];

    while (tree && *pointer) {
        step_take(&pointer, step);
        if (ret_step && !*pointer) {
            memcpy(ret_step, step, sizeof(step));
            return tree;
        }
        tree = child_get(tree, step);
    }
    return tree;
}

static bool tree_add(json_t **tree, const char *pointer, json_t *value)
{
    char step[STEP_BYTES] = "";
    json_t *holder = *pointer ? tree_get(*tree, pointer, step) : NULL;
    long index;

    value = json_deep_copy(value);
    if (!*pointer) {
        json_decref(*tree);
        *tree = value;
        return true;
    }
    if (json_is_object(holder))
        return json_object_set_new(holder, step, value) == 0;
    index = strcmp(step, "-") == 0 ? (long)json_array_size(holder) : index_of(step);
    if (json_is_array(holder) && index >= 0 && (size_t)index <= json_array_size(holder))
        return json_array_insert_new(holder, (size_t)index, value) == 0;
    json_decref(value);
    return false;
}

static bool tree_remove(json_t *tree, const char *pointer)
{
    char step[STEP_BYTES] = "";
    json_t *holder = tree_get(tree, pointer, step);

    if (!child_get(holder, step))
        return false;
    if (json_is_object(holder))
        return json_object_del(holder, step) == 0;
    return json_array_remove(holder, (size_t)index_of(step)) == 0;
}

static bool tree_replace(json_t **tree, const char *path, json_t *value)
{
    if (*path && !tree_remove(*tree, path))
        return false;
    return tree_add(tree, path, value);
}

static bool tree_move(json_t **tree, const char *from, const char *path)
{
    json_t *value = tree_get(*tree, from, NULL);
    bool done;

    if (!value || strcmp(from, path) == 0)
        return value != NULL;
    json_incref(value);
    done = tree_remove(*tree, from) && tree_add(tree, path, value);
    json_decref(value);
    return done;
}

static bool tree_op(json_t **tree, json_t *op)
{
    const char *kind = json_string_value(json_object_get(op, "op"));
    const char *path = json_string_value(json_object_get(op, "path"));
    const char *from = json_string_value(json_object_get(op, "from"));
    json_t *value = json_object_get(op, "value");
    json_t *there = tree_get(*tree, path, NULL);

    if (strcmp(kind, "add") == 0)
        return tree_add(tree, path, value);
    if (strcmp(kind, "remove") == 0)
        return tree_remove(*tree, path);
    if (strcmp(kind, "replace") == 0)
        return tree_replace(tree, path, value);
    if (strcmp(kind, "move") == 0)
        return tree_move(tree, from, path);
    if (strcmp(kind, "copy") == 0)
        return tree_get(*tree, from, NULL) && tree_add(tree, path, tree_get(*tree, from, NULL));
    return there && json_equal(there, value);
}

/* ---- tests -------------------------------------------------------------- */

static void assert_means(struct bytes result, json_t *expected, struct bytes in,
                         struct bytes change)
{
    json_t *tree = tree_of(result);

    if (!json_equal(tree, expected))
        fail_msg("%.*s\nchanged by %.*s\nbecame %.*s", (int)in.len, (const char *)in.ptr,
                 (int)change.len, (const char *)change.ptr, (int)result.len,
                 (const char *)result.ptr);
    json_decref(tree);
}

static void check_merge(struct bytes in, struct bytes patch)
{
    json_t *target = tree_of(in), *change = tree_of(patch);
    json_t *expected = tree_merge(target, change);
    struct buf out;

    buf_init(&out, OUT_BYTES);
    assert_int_equal(json_merge(in, patch, &out), STATUS_OK);
    assert_means(buf_bytes(&out), expected, in, patch);
    buf_release(&out);
    json_decref(target);
    json_decref(change);
    json_decref(expected);
}

static void merges_mean_what_rfc_7396_says(void **state)
{
    struct buf in, patch;

    (void)state;
    random_state = 1;
    buf_init(&in, OUT_BYTES);
    buf_init(&patch, OUT_BYTES);
    for (unsigned i = 0; i < ROUNDS; i++) {
        buf_clear(&in);
        buf_clear(&patch);
        put_value(&in, MAX_DEPTH);
        put_value(&patch, MAX_DEPTH - 1);
        check_merge(buf_bytes(&in), buf_bytes(&patch));
    }
    buf_release(&in);
    buf_release(&patch);
}

/* Was it applied? */
static bool check_patch(struct bytes in, struct bytes patch, const struct json_ops *ops)
{
    json_t *tree = tree_of(in), *list = tree_of(patch);
    struct json_patch_fault fault = {.sentence = "none"};
    bool expected = true;
    struct buf out;
    enum status st;
    size_t i = 0;

    buf_init(&out, OUT_BYTES);
    while (expected && i < json_array_size(list))
        expected = tree_op(&tree, json_array_get(list, i++));
    st = json_patch(in, ops, &out, &fault);
    if ((st == STATUS_OK) != expected)
        fail_msg("%.*s\nchanged by %.*s\noperation %zu: %s, expected %d", (int)in.len,
                 (const char *)in.ptr, (int)patch.len, (const char *)patch.ptr, fault.op,
                 fault.sentence, expected);
    if (expected)
        assert_means(buf_bytes(&out), tree, in, patch);
    else
        assert_int_equal(fault.op, i);
    buf_release(&out);
    json_decref(tree);
    json_decref(list);
    return expected;
}

static void patches_mean_what_rfc_6902_says(void **state)
{
    struct json_patch_fault fault;
    struct json_ops ops;
    struct arena arena;
    struct buf in, patch;
    unsigned applied = 0, failed = 0;

    (void)state;
    random_state = 2;
    buf_init(&in, OUT_BYTES);
    buf_init(&patch, OUT_BYTES);
    arena_init(&arena, ARENA_BYTES);
    for (unsigned i = 0; i < ROUNDS; i++) {
        buf_clear(&in);
        buf_clear(&patch);
        put_value(&in, MAX_DEPTH);
        put_ops(&patch);
        if (json_ops_parse(&arena, buf_bytes(&patch), &ops, &fault) == STATUS_OK) {
            bool done = check_patch(buf_bytes(&in), buf_bytes(&patch), &ops);

            applied += done ? 1 : 0;
            failed += done ? 0 : 1;
        }
        arena_reset(&arena);
    }
    assert_in_range(applied, ROUNDS / 20, ROUNDS);
    assert_in_range(failed, ROUNDS / 20, ROUNDS);
    arena_release(&arena);
    buf_release(&in);
    buf_release(&patch);
}

static void equality_is_that_of_another_implementation(void **state)
{
    struct buf a, b;
    unsigned same = 0;

    (void)state;
    random_state = 3;
    buf_init(&a, OUT_BYTES);
    buf_init(&b, OUT_BYTES);
    for (unsigned i = 0; i < ROUNDS; i++) {
        json_t *left, *right;
        bool equal;

        buf_clear(&a);
        buf_clear(&b);
        put_value(&a, 2);
        put_value(&b, 2);
        left = tree_of(buf_bytes(&a));
        right = tree_of(buf_bytes(&b));
        assert_int_equal(json_value_equal(buf_bytes(&a), buf_bytes(&b), &equal), STATUS_OK);
        if (equal != (json_equal(left, right) != 0))
            fail_msg("%s\nand %s", buf_text(&a), buf_text(&b));
        same += equal ? 1 : 0;
        json_decref(left);
        json_decref(right);
    }
    assert_in_range(same, ROUNDS / 50, ROUNDS);
    buf_release(&a);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_mean_what_rfc_7396_says),
        cmocka_unit_test(patches_mean_what_rfc_6902_says),
        cmocka_unit_test(equality_is_that_of_another_implementation),
    };

    return cmocka_run_group_tests_name("json_semantics", tests, NULL, NULL);
}
