#include "logs/redact_names.h"

#include <string.h>

#include "logs/redact_own.h"

enum { RAW_BYTES = 4 * REDACT_NAME_BYTES }; /* of a name as it came, from its end */

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

static inline void set_add(struct redact_places *set, unsigned place)
{
    set->words[place / 64] |= UINT64_C(1) << place % 64;
}

static inline bool set_has(const struct redact_places *set, unsigned place)
{
    return set->words[place / 64] >> place % 64 & 1;
}

/* Of a name by its first letter and its last two; 0 for the first is any. Multiplied as
 * Knuth does (TAOCP 6.4), since the letters alone would crowd together. */
static inline unsigned place_of(uint8_t first, uint8_t before, uint8_t last)
{
    uint32_t letters = (first & 31u) << 10 | (before & 31u) << 5 | (last & 31u);

    return (unsigned)(letters * UINT32_C(2654435769) >> (32 - REDACT_PLACE_BITS));
}

void redact_places_add(struct redact_places *places, const struct redact_name *name)
{
    set_add(places, place_of(name->text[0], name->text[name->len - 2], name->text[name->len - 1]));
}

/* Is one of the last three letters a digit of "%6f"? */
static bool ends_encoded(struct bytes name)
{
    return (name.len >= 4 && name.ptr[name.len - 4] == '%') ||
           (name.len >= 5 && name.ptr[name.len - 5] == '%');
}

/* The table's sets are written out as code that the compiler folds to constants, so that
 * nothing has to be made at start. */
bool redact_name_maybe(const struct redact_own *own, struct bytes name)
{
    struct redact_places set = {0}, tails = {0};
    uint8_t first, third, before, last;

#define REDACTION(name, where)                                                                     \
    set_add(&set, place_of((where)&REDACT_TAIL ? 0 : (uint8_t)(name)[0],                           \
                           (uint8_t)(name)[sizeof(name) - 3], (uint8_t)(name)[sizeof(name) - 2]));
#include "logs/redactions.def"
#undef REDACTION
#define REDACTION(name, where)                                                                     \
    _Static_assert(sizeof(name) > 3, "a name has three letters");                                  \
    if ((where)&REDACT_TAIL)                                                                       \
        set_add(&tails,                                                                            \
                place_of((uint8_t)(name)[sizeof(name) - 4], (uint8_t)(name)[sizeof(name) - 3],     \
                         (uint8_t)(name)[sizeof(name) - 2]));
#include "logs/redactions.def"
#undef REDACTION
    if (name.len < 2)
        return false;
    first = name.ptr[0];
    before = name.ptr[name.len - 2];
    last = name.ptr[name.len - 1];
    if (!is_letter(first) || !is_letter(before) || !is_letter(last) || ends_encoded(name))
        return true; /* it has to be folded first */
    if (own && set_has(&own->places, place_of(first, before, last)))
        return true;
    if (set_has(&set, place_of(first, before, last)))
        return true;
    if (name.len < 3 || !set_has(&set, place_of(0, before, last)))
        return false;
    third = name.ptr[name.len - 3];
    return !is_letter(third) || set_has(&tails, place_of(third, before, last));
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

void redact_name_fold(struct bytes name, struct redact_name *ret_name)
{
    struct redact_name n = {.cut = name.len > RAW_BYTES};

    if (n.cut)
        name = bytes_from(name, name.len - RAW_BYTES);
    for (size_t at = 0; at < name.len;) {
        uint8_t c = byte_lower(take_letter(name, &at));

        if (!is_letter(c) && !(c >= '0' && c <= '9'))
            continue;
        if (n.len == REDACT_NAME_BYTES) {
            memmove(n.text, n.text + 1, --n.len);
            n.cut = true;
        }
        n.text[n.len++] = c;
    }
    *ret_name = n;
}

/* Where the table has the name. */
static unsigned row_find(const struct redact_name *n)
{
    unsigned where = 0;

    for (size_t i = 0; n->len > 0 && i < sizeof(name_rows) / sizeof(name_rows[0]); i++) {
        size_t len = name_tags[i].len;
        bool whole = len == n->len && !n->cut;

        if (name_tags[i].last != n->text[n->len - 1] || (!whole && !name_tags[i].tail))
            continue;
        if (len > n->len || memcmp(n->text + n->len - len, name_rows[i].name, len) != 0)
            continue;
        if (whole)
            return name_rows[i].where;
        where |= name_rows[i].where;
    }
    return where;
}

static bool is_among(const struct redact_name *names, uint32_t count, const struct redact_name *n)
{
    for (uint32_t i = 0; i < count && !n->cut; i++) {
        if (names[i].len == n->len && memcmp(names[i].text, n->text, n->len) == 0)
            return true;
    }
    return false;
}

unsigned redact_name_find(const struct redact_own *own, struct bytes name)
{
    struct redact_name n;

    if (!redact_name_maybe(own, name))
        return 0;
    redact_name_fold(name, &n);
    if (own && is_among(own->names, own->name_count, &n))
        return REDACT_ALL | REDACT_DEEP;
    if (own && is_among(own->allowed, own->allowed_count, &n))
        return 0;
    return row_find(&n);
}

bool redact_name_allowed(const struct redact_own *own, struct bytes name)
{
    struct redact_name n;

    if (!own || own->allowed_count == 0)
        return false;
    redact_name_fold(name, &n);
    return is_among(own->allowed, own->allowed_count, &n) &&
           !is_among(own->names, own->name_count, &n);
}
