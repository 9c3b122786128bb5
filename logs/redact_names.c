#include "logs/redact_names.h"

#include <string.h>

enum {
    NAME_BYTES = 48,            /* of a folded name, from its end; longer than any row */
    RAW_BYTES = 4 * NAME_BYTES, /* of a name as it came, from its end */
};

static const struct {
    const char *name;
    size_t len;
    unsigned where;
} name_rows[] = {
#define REDACTION(name, where) {name, sizeof(name) - 1, where},
#include "logs/redactions.def"
#undef REDACTION
};

static bool is_letter(uint8_t c)
{
    return (uint8_t)((c | 0x20) - 'a') < 26;
}

/* A set of 256 places. The rows' sets are written out as code that the compiler folds
 * to constants, so that a look costs nothing, and no set has to be made at start. */
struct place_set {
    uint64_t words[4];
};

static inline void set_add(struct place_set *set, unsigned place)
{
    set->words[place >> 6 & 3] |= UINT64_C(1) << (place & 63);
}

static inline bool set_has(const struct place_set *set, unsigned place)
{
    return set->words[place >> 6 & 3] >> (place & 63) & 1;
}

static inline unsigned tail_place(uint8_t before, uint8_t last)
{
    return ((before & 31u) * 7u + (last & 31u) * 37u) & 255u;
}

static inline unsigned whole_place(size_t len, uint8_t first, uint8_t last)
{
    return ((unsigned)len * 41u + (first & 31u) * 5u + (last & 31u) * 11u) & 255u;
}

/* By the last two letters of any row. */
bool redact_name_maybe(struct bytes name)
{
    struct place_set set = {0};

#define REDACTION(name, where)                                                                     \
    set_add(&set, tail_place((uint8_t)(name)[sizeof(name) - 3], (uint8_t)(name)[sizeof(name) - 2]));
#include "logs/redactions.def"
#undef REDACTION
    if (name.len < 2)
        return false;
    if (!is_letter(name.ptr[name.len - 1]) || !is_letter(name.ptr[name.len - 2]))
        return true;
    return set_has(&set, tail_place(name.ptr[name.len - 2], name.ptr[name.len - 1]));
}

/* May a folded name be a row, or end in a row of REDACT_TAIL? */
static bool folded_maybe(const uint8_t *folded, size_t len)
{
    struct place_set wholes = {0}, tails = {0};

#define REDACTION(name, where)                                                                     \
    set_add(&wholes, whole_place(sizeof(name) - 1, (uint8_t)(name)[0],                             \
                                 (uint8_t)(name)[sizeof(name) - 2]));                              \
    if ((where) & REDACT_TAIL)                                                                     \
        set_add(&tails,                                                                            \
                tail_place((uint8_t)(name)[sizeof(name) - 3], (uint8_t)(name)[sizeof(name) - 2]));
#include "logs/redactions.def"
#undef REDACTION
    return len >= 2 && (set_has(&wholes, whole_place(len, folded[0], folded[len - 1])) ||
                        set_has(&tails, tail_place(folded[len - 2], folded[len - 1])));
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
    if (!folded_maybe(folded, len))
        return 0;
    for (size_t i = 0; i < sizeof(name_rows) / sizeof(name_rows[0]); i++) {
        size_t row_len = name_rows[i].len;
        bool whole = row_len == len && !cut;

        if (!whole && !(name_rows[i].where & REDACT_TAIL))
            continue;
        if (row_len > len || memcmp(folded + len - row_len, name_rows[i].name, row_len) != 0)
            continue;
        if (whole)
            return name_rows[i].where;
        where |= name_rows[i].where;
    }
    return where;
}
