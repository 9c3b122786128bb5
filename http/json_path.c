#include "http/json_path.h"

#include <string.h>

#include "base/text.h"
#include "http/json_aim.h"

/* How one kind of path is written. */
struct path_form {
    uint8_t separator, escape;
    uint8_t escaped[2], meant[2]; /* what may follow `escape`, and what it means */
    bool empty_steps;
    const char *bad_escape; /* sentence */
};

static const struct path_form dotted = {
    .separator = '.',
    .escape = '\\',
    .escaped = {'.', '\\'},
    .meant = {'.', '\\'},
    .bad_escape = "a backslash in a path stands before a dot or a backslash",
};

static const struct path_form pointer = {
    .separator = '/',
    .escape = '~',
    .escaped = {'0', '1'},
    .meant = {'~', '/'},
    .empty_steps = true,
    .bad_escape = "a ~ in a pointer is written ~0, a / in a name ~1",
};

/* RFC 6901 §4: digits without a leading zero. */
static size_t index_read(struct bytes text)
{
    uint64_t value;

    if (bytes_equal(text, BYTES("-")))
        return JSON_END_INDEX;
    if ((text.len > 1 && text.ptr[0] == '0') || bytes_to_u64(text, UINT32_MAX, &value))
        return JSON_NO_INDEX;
    return (size_t)value;
}

/* Takes one step off *text, up to a separator or the end; `room` holds as many bytes
 * as the text. False when an escape is not of this form. */
static bool step_take(const struct path_form *form, struct bytes *text, uint8_t *room,
                      struct json_step *ret_step)
{
    size_t at = 0, len = 0;

    while (at < text->len && text->ptr[at] != form->separator) {
        uint8_t c = text->ptr[at++];

        if (c == form->escape) {
            uint8_t second = at < text->len ? text->ptr[at++] : 0;

            if (second != form->escaped[0] && second != form->escaped[1])
                return false;
            c = form->meant[second == form->escaped[0] ? 0 : 1];
        }
        room[len++] = c;
    }
    *text = bytes_from(*text, at);
    ret_step->name = bytes_make(room, len);
    ret_step->index = index_read(ret_step->name);
    return true;
}

/* `text` is one step, and further ones that start with a separator. */
static enum status steps_read(const struct path_form *form, struct arena *arena, struct bytes text,
                              struct json_path *ret_path, const char **ret_sentence)
{
    struct json_step steps[JSON_PATH_STEPS], *kept;
    uint8_t *room = arena_alloc(arena, text.len + 1);
    size_t count = 0;

    if (!room)
        return STATUS_NO_MEMORY;
    if (!utf8_valid(text)) {
        *ret_sentence = "a path is UTF-8";
        return STATUS_BAD_INPUT;
    }
    for (;;) {
        const char *sentence = NULL;

        if (count == JSON_PATH_STEPS)
            sentence = "a path has at most 64 steps";
        else if (!step_take(form, &text, room, &steps[count]))
            sentence = form->bad_escape;
        else if (steps[count].name.len == 0 && !form->empty_steps)
            sentence = "a path has a name or an index before, between and after its dots";
        if (sentence) {
            *ret_sentence = sentence;
            return STATUS_BAD_INPUT;
        }
        room += steps[count++].name.len;
        if (text.len == 0)
            break;
        text = bytes_from(text, 1);
    }
    kept = arena_alloc(arena, count * sizeof(*kept));
    if (!kept)
        return STATUS_NO_MEMORY;
    memcpy(kept, steps, count * sizeof(*kept));
    *ret_path = (struct json_path){kept, count};
    return STATUS_OK;
}

enum status json_path_dotted(struct arena *arena, struct bytes text, struct json_path *ret_path,
                             const char **ret_sentence)
{
    return steps_read(&dotted, arena, text, ret_path, ret_sentence);
}

enum status json_path_pointer(struct arena *arena, struct bytes text, struct json_path *ret_path,
                              const char **ret_sentence)
{
    if (text.len == 0) {
        *ret_path = (struct json_path){.count = 0};
        return STATUS_OK;
    }
    if (text.ptr[0] != '/') {
        *ret_sentence = "a pointer starts with a /, or is empty for the whole text";
        return STATUS_BAD_INPUT;
    }
    return steps_read(&pointer, arena, bytes_from(text, 1), ret_path, ret_sentence);
}

static bool steps_equal(const struct json_path *a, const struct json_path *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!bytes_equal(a->steps[i].name, b->steps[i].name))
            return false;
    }
    return true;
}

bool json_path_below(const struct json_path *path, const struct json_path *above)
{
    return path->count > above->count && steps_equal(path, above, above->count);
}

bool json_path_equal(const struct json_path *a, const struct json_path *b)
{
    return a->count == b->count && steps_equal(a, b, a->count);
}

enum status json_find(struct bytes in, const struct json_path *path, struct bytes *ret_value)
{
    const struct json_aim *found;
    struct json_chain chain;

    json_chain_init(&chain, path);
    json_aims_mark(&chain.aims, in);
    for (size_t i = 1; i < chain.aims.count; i++) {
        if (!json_aim_found(&chain.all[i]))
            return STATUS_NOT_FOUND;
    }
    found = &chain.all[chain.aims.count - 1];
    *ret_value = json_slice(in, found->value_at, found->value_end);
    return STATUS_OK;
}
