#include "logs/media.h"

#include <string.h>

#include "base/text.h"
#include "http/json.h"

static const struct row {
    struct bytes type;
    const char *word;
    enum media_kind kind;
} media_rows[] = {
#define MEDIA(type, word, kind) {BYTES_INIT(type), word, kind},
#include "logs/media.def"
#undef MEDIA
};

static const struct row *row_find(struct bytes type)
{
    for (size_t i = 0; i < sizeof(media_rows) / sizeof(media_rows[0]); i++) {
        if (bytes_equal_icase(type, media_rows[i].type))
            return &media_rows[i];
    }
    return NULL;
}

struct bytes media_type(struct bytes content_type)
{
    ptrdiff_t semicolon = bytes_find(content_type, ';');

    return bytes_trim(semicolon < 0 ? content_type : bytes_until(content_type, (size_t)semicolon));
}

static bool starts_with_icase(struct bytes all, struct bytes start)
{
    return all.len >= start.len && bytes_equal_icase(bytes_until(all, start.len), start);
}

static bool ends_with_icase(struct bytes all, struct bytes end)
{
    return all.len >= end.len && bytes_equal_icase(bytes_from(all, all.len - end.len), end);
}

enum media_kind media_kind_of(struct bytes content_type)
{
    struct bytes type = media_type(content_type);
    const struct row *row;

    if (type.len == 0)
        return MEDIA_NONE;
    row = row_find(type);
    if (row)
        return row->kind;
    if (json_media_type(type))
        return MEDIA_JSON;
    if (starts_with_icase(type, BYTES("text/")) || ends_with_icase(type, BYTES("+xml")) ||
        ends_with_icase(type, BYTES("+yaml")))
        return MEDIA_TEXT;
    return starts_with_icase(type, BYTES("image/")) ? MEDIA_IMAGE : MEDIA_OTHER;
}

static struct bytes unquote(struct bytes value)
{
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
        return bytes_make(value.ptr + 1, value.len - 2);
    return value;
}

/* Where the parameter ends that `rest` starts with; a quoted ';' ends none. */
static size_t parameter_len(struct bytes rest)
{
    bool quoted = false;

    for (size_t i = 0; i < rest.len; i++) {
        if (rest.ptr[i] == '"')
            quoted = !quoted;
        else if (rest.ptr[i] == ';' && !quoted)
            return i;
    }
    return rest.len;
}

struct bytes media_parameter(struct bytes content_type, struct bytes name)
{
    while (content_type.len) {
        size_t len = parameter_len(content_type);
        struct bytes one = bytes_trim(bytes_until(content_type, len));
        ptrdiff_t equals = bytes_find(one, '=');

        if (equals >= 0 && bytes_equal_icase(bytes_until(one, (size_t)equals), name))
            return unquote(bytes_from(one, (size_t)equals + 1));
        content_type = bytes_from(content_type, len + 1);
    }
    return bytes_make(NULL, 0);
}

struct bytes media_short(struct bytes content_type)
{
    static const char *const fronts[] = {"x-", "vnd."};
    struct bytes type = media_type(content_type);
    const struct row *row = row_find(type);
    ptrdiff_t slash = bytes_find(type, '/'), plus;

    if (row)
        return bytes_of(row->word);
    type = bytes_from(type, (size_t)(slash + 1));
    plus = bytes_find(type, '+');
    if (plus >= 0) /* "vnd.api+json": how it reads */
        return bytes_from(type, (size_t)plus + 1);
    for (size_t i = 0; i < sizeof(fronts) / sizeof(fronts[0]); i++) {
        if (starts_with_icase(type, bytes_of(fronts[i])))
            return bytes_from(type, strlen(fronts[i]));
    }
    return type;
}

/* Bytes at the end that may be the start of a code point of `len` bytes in all. */
static size_t torn_len(struct bytes in)
{
    for (size_t back = 1; back <= 3 && back <= in.len; back++) {
        uint8_t c = in.ptr[in.len - back];

        if (c >= 0xc0)
            return (c >= 0xf0 ? 4u : c >= 0xe0 ? 3u : 2u) > back ? back : 0;
        if (c < 0x80)
            return 0;
    }
    return 0;
}

bool media_is_text(struct bytes content, bool cut)
{
    size_t at = 0;

    if (bytes_find(content, '\0') >= 0)
        return false;
    if (cut)
        content.len -= torn_len(content);
    for (uint64_t word; content.len - at >= sizeof(word); at += sizeof(word)) {
        memcpy(&word, content.ptr + at, sizeof(word));
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    return utf8_valid(bytes_from(content, at));
}
