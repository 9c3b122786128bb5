#include "logs/redact_names.h"

#include <string.h>

enum {
    NAME_BYTES = 48,            /* of a folded name, from its end; longer than any row */
    RAW_BYTES = 4 * NAME_BYTES, /* of a name as it came, from its end */
};

static const struct {
    const char *name;
    unsigned where;
} name_rows[] = {
#define REDACTION(name, where) {name, where},
#include "logs/redactions.def"
#undef REDACTION
};

/* Together, since they decide about nearly all rows. */
static const struct {
    uint8_t len, last;
    bool tail;
} name_tags[] = {
#define REDACTION(name, where)                                                                     \
    {sizeof(name) - 1, (uint8_t)(name)[sizeof(name) - 2], ((where)&REDACT_TAIL) != 0},
#include "logs/redactions.def"
#undef REDACTION
};

static bool is_letter(uint8_t c)
{
    return (uint8_t)((c | 0x20) - 'a') < 26;
}

/* A set of places that stand for names. It is written out as code that the compiler
 * folds to constants, so that nothing has to be made at start. */
enum { PLACE_BITS = 10, PLACE_WORDS = (1 << PLACE_BITS) / 64 };

struct place_set {
    uint64_t words[PLACE_WORDS];
};

static inline void set_add(struct place_set *set, unsigned place)
{
    set->words[place / 64] |= UINT64_C(1) << place % 64;
}

static inline bool set_has(const struct place_set *set, unsigned place)
{
    return set->words[place / 64] >> place % 64 & 1;
}

/* Of a name by its first letter and its last two; 0 for the first is any. Multiplied as
 * Knuth does (TAOCP 6.4), since the letters alone would crowd together. */
static inline unsigned place_of(uint8_t first, uint8_t before, uint8_t last)
{
    uint32_t letters = (first & 31u) << 10 | (before & 31u) << 5 | (last & 31u);

    return (unsigned)(letters * UINT32_C(2654435769) >> (32 - PLACE_BITS));
}

bool redact_name_maybe(struct bytes name)
{
    struct place_set set = {0};
    uint8_t first, before, last;

#define REDACTION(name, where)                                                                     \
    set_add(&set, place_of((where)&REDACT_TAIL ? 0 : (uint8_t)(name)[0],                           \
                           (uint8_t)(name)[sizeof(name) - 3], (uint8_t)(name)[sizeof(name) - 2]));
#include "logs/redactions.def"
#undef REDACTION
    if (name.len < 2)
        return false;
    first = name.ptr[0];
    before = name.ptr[name.len - 2];
    last = name.ptr[name.len - 1];
    if (!is_letter(first) || !is_letter(before) || !is_letter(last))
        return true; /* it has to be folded first */
    return set_has(&set, place_of(first, before, last)) || set_has(&set, place_of(0, before, last));
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = byte_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The letter at *at, which is moved behind it. */
static uint8_t take_letter(struct bytes name, size_t *at)
{
    uint8_t c = name.ptr[(*at)++];
    int high, low;

    if (c != '%' || name.len - *at < 2)
        return c;
    high = hex_value(name.ptr[*at]);
    low = hex_value(name.ptr[*at + 1]);
    if (high < 0 || low < 0)
        return c;
    *at += 2;
    return (uint8_t)(high << 4 | low);
}

/* The end of the name as the rows are spelled; *ret_cut: it was longer. */
static size_t name_fold(struct bytes name, uint8_t folded[static NAME_BYTES], bool *ret_cut)
{
    size_t len = 0;

    *ret_cut = name.len > RAW_BYTES;
    if (*ret_cut)
        name = bytes_from(name, name.len - RAW_BYTES);
    for (size_t at = 0; at < name.len;) {
        uint8_t c = byte_lower(take_letter(name, &at));

        if (!is_letter(c) && !(c >= '0' && c <= '9'))
            continue;
        if (len == NAME_BYTES) {
            memmove(folded, folded + 1, --len);
            *ret_cut = true;
        }
        folded[len++] = c;
    }
    return len;
}

unsigned redact_name_find(struct bytes name)
{
    uint8_t folded[NAME_BYTES];
    unsigned where = 0;
    bool cut;
    size_t len;

    if (!redact_name_maybe(name))
        return 0;
    len = name_fold(name, folded, &cut);
    for (size_t i = 0; len > 0 && i < sizeof(name_rows) / sizeof(name_rows[0]); i++) {
        size_t row_len = name_tags[i].len;
        bool whole = row_len == len && !cut;

        if (name_tags[i].last != folded[len - 1] || (!whole && !name_tags[i].tail))
            continue;
        if (row_len > len || memcmp(folded + len - row_len, name_rows[i].name, row_len) != 0)
            continue;
        if (whole)
            return name_rows[i].where;
        where |= name_rows[i].where;
    }
    return where;
}
