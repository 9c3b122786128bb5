#include "logs/filter_keys.h"

#include <string.h>

#include "base/text.h"

enum { PREFIX_BYTES = 3 }; /* from here on the beginning of a key is taken for it */

const struct filter_key_row filter_key_rows[FILTER_KEY_COUNT] = {
#define FILTER_KEY(id, name, aliases, kind, cost, value, help, example)                            \
    {name, aliases, FILTER_KIND_##kind, FILTER_COST_##cost, value, help, example},
#include "logs/filter_keys.def"
#undef FILTER_KEY
};

const struct filter_word_row filter_word_rows[FILTER_WORD_COUNT] = {
#define FILTER_WORD(key, id, name, aliases, help) {FILTER_##key, name, aliases, help},
#include "logs/filter_words.def"
#undef FILTER_WORD
};

const struct filter_like filter_likes[] = {
#define FILTER_LIKE(tool, theirs, ours, help) {tool, theirs, ours, help},
#include "logs/filter_likes.def"
#undef FILTER_LIKE
};
const size_t filter_like_count = sizeof(filter_likes) / sizeof(filter_likes[0]);

/* Takes the next word off a list of words between spaces. */
static bool next_alias(const char **list, struct bytes *ret_word)
{
    size_t len;

    *list += strspn(*list, " ");
    len = strcspn(*list, " ");
    if (!len)
        return false;
    *ret_word = bytes_make(*list, len);
    *list += len;
    return true;
}

static bool names(const char *name, const char *aliases, struct bytes word)
{
    struct bytes alias;

    if (bytes_equal_icase(bytes_of(name), word))
        return true;
    while (next_alias(&aliases, &alias))
        if (bytes_equal_icase(alias, word))
            return true;
    return false;
}

bool filter_key_find(struct bytes name, enum filter_key *ret_key)
{
    for (int i = 0; i < FILTER_KEY_COUNT; i++) {
        if (!names(filter_key_rows[i].name, filter_key_rows[i].aliases, name))
            continue;
        *ret_key = (enum filter_key)i;
        return true;
    }
    return false;
}

bool filter_word_find(enum filter_key key, struct bytes name, enum filter_word *ret_word)
{
    for (int i = 0; i < FILTER_WORD_COUNT; i++) {
        if (filter_word_rows[i].key != key ||
            !names(filter_word_rows[i].name, filter_word_rows[i].aliases, name))
            continue;
        *ret_word = (enum filter_word)i;
        return true;
    }
    return false;
}

const char *filter_key_nearest(struct bytes name)
{
    const char *words[FILTER_KEY_COUNT];

    for (int i = 0; i < FILTER_KEY_COUNT; i++) {
        struct bytes key = bytes_of(filter_key_rows[i].name);

        words[i] = filter_key_rows[i].name;
        if (name.len >= PREFIX_BYTES && bytes_equal_icase(bytes_until(key, name.len), name))
            return words[i];
    }
    return text_nearest(name, words, FILTER_KEY_COUNT);
}

const char *filter_word_nearest(enum filter_key key, struct bytes name)
{
    const char *words[FILTER_WORD_COUNT];
    size_t count = 0;

    for (int i = 0; i < FILTER_WORD_COUNT; i++)
        if (filter_word_rows[i].key == key)
            words[count++] = filter_word_rows[i].name;
    return text_nearest(name, words, count);
}
