#include <string.h>

#include "http/h1_scan.h"
#include "http/message.h"

enum {
    FIELD_TAGS = 48, /* room of the table of tags, a multiple of 16 */
    FIELDS_FIRST_CAP = 16,
};

static const struct {
    const char *name;
    uint8_t len;
    uint8_t rules;
} rows[FIELD_COUNT] = {
    [FIELD_OTHER] = {"", 0, FIELD_RULE_NONE},
#define FIELD(id, name, rules) [FIELD_##id] = {name, sizeof(name) - 1, rules},
#include "http/fields.def"
#undef FIELD
};

/* A byte made of a name's length and ends. The tags of all rows stand together,
 * so that comparing 16 at a time finds the one or two rows that may be meant. */
#define FIELD_TAG(len, first, last)                                                                \
    ((uint8_t)((unsigned)(len)*41U + ((unsigned)(first) | 0x20U) * 5U + ((unsigned)(last) | 0x20U)))

static const uint8_t tags[FIELD_TAGS] = {
#define FIELD(id, name, rules)                                                                     \
    [FIELD_##id] = FIELD_TAG(sizeof(name) - 1, (name)[0], (name)[sizeof(name) - 2]),
#include "http/fields.def"
#undef FIELD
};
_Static_assert((int)FIELD_COUNT < (int)FIELD_TAGS, "each row has a tag and a bit");

/* A bit for each row of that tag. */
static uint64_t rows_of_tag(uint8_t tag)
{
    const uint64_t real = (UINT64_C(1) << FIELD_COUNT) - 1;
    uint64_t found = 0;

#ifdef __SSE2__
    for (unsigned at = 0; at < FIELD_TAGS; at += 16) {
        __m128i same = _mm_cmpeq_epi8(h1_load(tags + at), _mm_set1_epi8((char)tag));

        found |= (uint64_t)(unsigned)_mm_movemask_epi8(same) << at;
    }
#else
    for (unsigned at = 0; at < FIELD_TAGS; at++)
        found |= (uint64_t)(tags[at] == tag) << at;
#endif
    return found & real;
}

/* Are eight bytes the same but for capitals, and none of `name` a control, of
 * which the masking would make a '-' or a digit? */
static bool same_word(uint64_t name, uint64_t known)
{
    const uint64_t case_bits = UINT64_C(0x2020202020202020);

    return (name | case_bits) == (known | case_bits) &&
           ((name | name >> 1) & case_bits) == case_bits;
}

static uint64_t load_8(const void *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof(word));
    return word;
}

/* Four to eight bytes, the middle ones twice. */
static uint64_t load_ends(const uint8_t *at, size_t len)
{
    uint32_t first, last;

    memcpy(&first, at, sizeof(first));
    memcpy(&last, at + len - sizeof(last), sizeof(last));
    return (uint64_t)first << 32 | last;
}

/* `known` is a name of the table: letters, digits and '-', of the same length. */
static bool name_is(const uint8_t *name, const char *known, size_t len)
{
    const uint8_t *k = (const uint8_t *)known;

    if (len < 4)
        return bytes_equal_icase(bytes_make(name, len), bytes_make(known, len));
    if (len < 8)
        return same_word(load_ends(name, len), load_ends(k, len));
    for (size_t at = 0; at + 8 < len; at += 8) {
        if (!same_word(load_8(name + at), load_8(k + at)))
            return false;
    }
    return same_word(load_8(name + len - 8), load_8(k + len - 8));
}

enum field_id field_id_of(struct bytes name)
{
    uint64_t left;

    if (name.len == 0)
        return FIELD_OTHER;
    left = rows_of_tag(FIELD_TAG(name.len, name.ptr[0], name.ptr[name.len - 1]));
    for (; left != 0; left &= left - 1) {
        unsigned row = (unsigned)__builtin_ctzll(left);

        if (rows[row].len == name.len && name_is(name.ptr, rows[row].name, name.len))
            return (enum field_id)row;
    }
    return FIELD_OTHER;
}

unsigned field_rules(enum field_id id)
{
    return id < FIELD_COUNT ? rows[id].rules : FIELD_RULE_NONE;
}

struct bytes field_name(enum field_id id)
{
    return bytes_of(id < FIELD_COUNT ? rows[id].name : "");
}

int fields_find(const struct fields *f, enum field_id id, uint32_t from)
{
    for (uint32_t i = from; i < f->count; i++) {
        if (f->items[i].id == id)
            return (int)i;
    }
    return -1;
}

static bool field_named(const struct field *f, enum field_id id, struct bytes name)
{
    if (id != FIELD_OTHER)
        return f->id == id;
    return f->id == FIELD_OTHER && bytes_equal_icase(f->name, name);
}

int fields_find_name(const struct fields *f, struct bytes name, uint32_t from)
{
    enum field_id id = field_id_of(name);

    for (uint32_t i = from; i < f->count; i++) {
        if (field_named(&f->items[i], id, name))
            return (int)i;
    }
    return -1;
}

struct bytes fields_value(const struct fields *f, struct bytes name)
{
    int at = fields_find_name(f, name, 0);

    return at < 0 ? (struct bytes){NULL, 0} : f->items[at].value;
}

static enum status fields_grow(struct arena *a, struct fields *f)
{
    uint32_t cap = f->cap < FIELDS_FIRST_CAP ? FIELDS_FIRST_CAP : f->cap * 2;
    struct field *items;

    if (f->count < f->cap)
        return STATUS_OK;
    if (cap < f->cap)
        return STATUS_LIMIT;
    items = arena_alloc(a, cap * sizeof(*items));
    if (items == NULL)
        return STATUS_NO_MEMORY;
    if (f->count > 0)
        memcpy(items, f->items, f->count * sizeof(*items));
    f->items = items;
    f->cap = cap;
    return STATUS_OK;
}

enum status fields_append(struct arena *a, struct fields *f, struct bytes name, struct bytes value)
{
    enum status st = fields_grow(a, f);

    if (st)
        return st;
    f->items[f->count++] =
        (struct field){.name = name, .value = value, .id = (uint16_t)field_id_of(name)};
    return STATUS_OK;
}

enum status fields_set(struct arena *a, struct fields *f, struct bytes name, struct bytes value)
{
    int first = fields_find_name(f, name, 0);
    struct field *set;

    if (first < 0)
        return fields_append(a, f, name, value);
    set = &f->items[first];
    set->value = value;
    set->line = (struct bytes){NULL, 0};
    for (int next; (next = fields_find_name(f, name, (uint32_t)first + 1)) >= 0;)
        fields_remove_at(f, (uint32_t)next);
    return STATUS_OK;
}

void fields_remove(struct fields *f, struct bytes name)
{
    enum field_id id = field_id_of(name);
    uint32_t kept = 0;

    for (uint32_t i = 0; i < f->count; i++) {
        if (!field_named(&f->items[i], id, name))
            f->items[kept++] = f->items[i];
    }
    f->count = kept;
}

void fields_remove_at(struct fields *f, uint32_t at)
{
    if (at >= f->count)
        return;
    memmove(&f->items[at], &f->items[at + 1], (f->count - at - 1) * sizeof(*f->items));
    f->count--;
}

static bool list_has(struct bytes list, struct bytes token)
{
    struct bytes element;

    while (bytes_next_listed(&list, &element)) {
        if (bytes_equal_icase(element, token))
            return true;
    }
    return false;
}

bool fields_list_has(const struct fields *f, enum field_id id, struct bytes token)
{
    for (int at = fields_find(f, id, 0); at >= 0; at = fields_find(f, id, (uint32_t)at + 1)) {
        if (list_has(f->items[at].value, token))
            return true;
    }
    return false;
}

/* Is there a protocol in Upgrade besides h2c, which is never passed on? */
static bool upgrade_wanted(const struct fields *f)
{
    for (int at = fields_find(f, FIELD_UPGRADE, 0); at >= 0;
         at = fields_find(f, FIELD_UPGRADE, (uint32_t)at + 1)) {
        struct bytes list = f->items[at].value, element;

        while (bytes_next_listed(&list, &element)) {
            if (!bytes_equal_icase(element, BYTES("h2c")))
                return true;
        }
    }
    return false;
}

bool fields_want_upgrade(const struct fields *f)
{
    return fields_list_has(f, FIELD_CONNECTION, BYTES("upgrade")) && upgrade_wanted(f);
}

static void field_change(struct field *f, struct bytes value)
{
    if (bytes_equal_icase(f->value, value))
        return;
    f->value = value;
    f->line = (struct bytes){NULL, 0};
}

/* What Connection may still say: that TE and Upgrade, where they stay, are hop
 * by hop. Tokens keep their spelling; one that was not there is not added. */
static enum status connection_left(struct arena *a, const struct fields *f, bool te, bool upgrade,
                                   struct bytes *ret_value)
{
    struct bytes te_token = {NULL, 0}, upgrade_token = {NULL, 0};

    for (int at = fields_find(f, FIELD_CONNECTION, 0); at >= 0;
         at = fields_find(f, FIELD_CONNECTION, (uint32_t)at + 1)) {
        struct bytes list = f->items[at].value, element;

        while (bytes_next_listed(&list, &element)) {
            if (te && bytes_equal_icase(element, BYTES("te")))
                te_token = element;
            else if (upgrade && bytes_equal_icase(element, BYTES("upgrade")))
                upgrade_token = element;
        }
    }
    if (te_token.len > 0 && upgrade_token.len > 0) {
        char *both = arena_printf(a, "%.2s, %.7s", (const char *)te_token.ptr,
                                  (const char *)upgrade_token.ptr);

        if (both == NULL)
            return STATUS_NO_MEMORY;
        *ret_value = bytes_of(both);
        return STATUS_OK;
    }
    *ret_value = te_token.len > 0 ? te_token : upgrade_token;
    return STATUS_OK;
}

/* Marks the fields that Connection names. What frames or routes the message is
 * never dropped on a peer's word. */
static void mark_named(struct fields *f, struct bytes name)
{
    enum field_id id = field_id_of(name);

    if (id == FIELD_HOST || id == FIELD_CONNECTION || (field_rules(id) & FIELD_RULE_FRAMING) != 0)
        return;
    for (uint32_t i = 0; i < f->count; i++) {
        if (field_named(&f->items[i], id, name) && id != FIELD_TE && id != FIELD_UPGRADE)
            f->items[i].id = FIELD_COUNT;
    }
}

static void mark_hop_fields(struct fields *f)
{
    for (int at = fields_find(f, FIELD_CONNECTION, 0); at >= 0;
         at = fields_find(f, FIELD_CONNECTION, (uint32_t)at + 1)) {
        struct bytes list = f->items[at].value, element;

        while (bytes_next_listed(&list, &element))
            mark_named(f, element);
    }
}

enum status fields_strip_hop(struct arena *a, struct fields *f, bool keep_upgrade)
{
    bool te = fields_list_has(f, FIELD_TE, BYTES("trailers"));
    bool upgrade = keep_upgrade && fields_want_upgrade(f);
    struct bytes connection = {NULL, 0};
    uint32_t kept = 0;
    enum status st = connection_left(a, f, te, upgrade, &connection);

    if (st)
        return st;
    mark_hop_fields(f);
    for (uint32_t i = 0; i < f->count; i++) {
        struct field field = f->items[i];
        bool stays = field.id != FIELD_COUNT && (field_rules(field.id) & FIELD_RULE_HOP) == 0;

        if (field.id == FIELD_TE && te) {
            field_change(&field, BYTES("trailers"));
            te = false;
            stays = true;
        } else if (field.id == FIELD_CONNECTION && connection.len > 0) {
            field_change(&field, connection);
            connection.len = 0;
            stays = true;
        } else if (field.id == FIELD_UPGRADE && upgrade) {
            stays = true;
        }
        if (stays)
            f->items[kept++] = field;
    }
    f->count = kept;
    return STATUS_OK;
}
