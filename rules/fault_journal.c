#include "rules/fault_journal.h"

#include <stdlib.h>
#include <string.h>

#include "base/sip_hash.h"
#include "base/text.h"
#include "rules/rule.h"

enum { KEY_HASH_TEXT = 33, FIRST_SLOTS = 1024 };

/* What the hashes of a repetition start from, so that a key, its hash and no key differ. */
enum { SEED_WHOLE = 1, SEED_KEY = 2, SEED_HASHED = 3, SEED_NAME = 4 };

/* ---- keys -------------------------------------------------------------------------- */

static bool key_is_plain(const struct when_decision *d)
{
    struct bytes key = d->key.text;

    if (d->when->per.kind == PER_header || d->when->per.kind == PER_cookie ||
        key.len > FAULT_KEY_BYTES || !utf8_valid(key))
        return false;
    for (size_t i = 0; i < key.len; i++) {
        if (key.ptr[i] < ' ')
            return false;
    }
    return true;
}

static void key_hash(struct bytes key, char ret_text[static KEY_HASH_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    uint64_t halves[2] = {sip_hash(SEED_KEY, key), sip_hash(SEED_HASHED, key)};

    for (int i = 0; i < KEY_HASH_TEXT - 1; i++)
        ret_text[i] = digits[halves[i / 16] >> (60 - 4 * (i % 16)) & 15];
    ret_text[KEY_HASH_TEXT - 1] = '\0';
}

/* ---- lines -------------------------------------------------------------------------- */

static void put_key(const struct when_decision *d, struct buf *out)
{
    char hash[KEY_HASH_TEXT];

    if (!d->key.text.ptr) {
        buf_put_text(out, ",\"key\":null");
    } else if (key_is_plain(d)) {
        buf_put_text(out, ",\"key\":");
        text_put_json(out, d->key.text);
    } else {
        key_hash(d->key.text, hash);
        buf_putf(out, ",\"key_hash\":\"%s\"", hash);
    }
}

static enum status put_request(const struct rule_view *view, struct buf *out)
{
    const struct rule_target target = {view->scheme, view->host, view->port};
    struct bytes path = view->request->path;
    ptrdiff_t query = bytes_find(path, '?');
    struct buf text;
    enum status st;

    buf_init(&text, FAULT_LINE_BYTES);
    buf_put(&text, view->request->method);
    buf_put_text(&text, view->request->method.len ? " " : ""); /* of a connection: none */
    target_url_put(&text, &target, query < 0 ? path : bytes_until(path, (size_t)query));
    text_put_json(out, buf_bytes(&text));
    st = buf_status(&text);
    buf_release(&text);
    return st;
}

enum status fault_journal_put(const struct when_decision *d, bool fired, struct buf *out)
{
    struct buf per;
    enum status st;

    buf_init(&per, FAULT_LINE_BYTES);
    per_put_words(&d->when->per, &per);
    buf_put_text(out, "{\"rule\":");
    text_put_json(out, d->rule);
    buf_put_text(out, ",\"at\":");
    text_put_json(out, bytes_of(d->label));
    buf_put_text(out, ",\"per\":");
    text_put_json(out, buf_bytes(&per));
    put_key(d, out);
    buf_putf(out, ",\"n\":%llu,\"fired\":%s,\"request\":", (unsigned long long)d->n,
             fired ? "true" : "false");
    st = put_request(d->view, out);
    buf_put_text(out, "}\n");
    if (!st)
        st = buf_status(&per);
    buf_release(&per);
    return st ? st : buf_status(out);
}

/* ---- repetition ---------------------------------------------------------------------- */

struct fault_replay {
    uint64_t *names; /* hashes of the rules' names, sorted */
    size_t name_count;
    uint64_t *slots;   /* a decision's hash, its lowest bit whether it fired; 0: free */
    size_t count, cap; /* cap: a power of two, more than twice the count */
};

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

enum status fault_replay_new(const struct ruleset *rules, struct fault_replay **ret_replay)
{
    struct fault_replay *r = calloc(1, sizeof(*r));

    if (!r)
        return STATUS_NO_MEMORY;
    r->cap = FIRST_SLOTS;
    r->slots = calloc(r->cap, sizeof(*r->slots));
    r->names = calloc(rules->count + (size_t)1, sizeof(*r->names));
    if (!r->slots || !r->names) {
        fault_replay_free(r);
        return STATUS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < rules->count; i++)
        r->names[r->name_count++] = sip_hash(SEED_NAME, rules->rules[i].dice_name);
    qsort(r->names, r->name_count, sizeof(*r->names), compare);
    *ret_replay = r;
    return STATUS_OK;
}

void fault_replay_free(struct fault_replay *r)
{
    if (!r)
        return;
    free(r->slots);
    free(r->names);
    free(r);
}

static bool knows_rule(const struct fault_replay *r, struct bytes name)
{
    uint64_t hash = sip_hash(SEED_NAME, name);

    return bsearch(&hash, r->names, r->name_count, sizeof(*r->names), compare);
}

/* Never 0 or 1, so that with the lowest bit it is no free slot. */
static uint64_t record_hash(const struct fault_record *record)
{
    uint64_t seed = !record->key.ptr ? SEED_WHOLE : record->hashed ? SEED_HASHED : SEED_KEY;

    return when_dice(seed, record->rule, record->key, record->n) | 2;
}

/* Where the decision stands, or would stand. */
static uint64_t *slot_of(const struct fault_replay *r, uint64_t hash)
{
    size_t at = (size_t)(hash >> 2) & (r->cap - 1);

    while (r->slots[at] && (r->slots[at] ^ hash) > 1)
        at = (at + 1) & (r->cap - 1);
    return &r->slots[at];
}

static bool replay_grow(struct fault_replay *r)
{
    struct fault_replay bigger = *r;

    bigger.cap *= 2;
    bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
    if (!bigger.slots)
        return false;
    for (size_t i = 0; i < r->cap; i++) {
        if (r->slots[i])
            *slot_of(&bigger, r->slots[i]) = r->slots[i];
    }
    free(r->slots);
    *r = bigger;
    return true;
}

enum status fault_replay_add(struct fault_replay *r, const struct fault_record *record)
{
    uint64_t hash = record_hash(record) & ~UINT64_C(1);
    uint64_t *slot;

    if (!knows_rule(r, record->rule))
        return STATUS_NOT_FOUND;
    if (r->count == FAULT_DECISIONS)
        return STATUS_LIMIT;
    if (r->count * 2 + 2 > r->cap && !replay_grow(r))
        return STATUS_NO_MEMORY;
    slot = slot_of(r, hash);
    r->count += *slot == 0;
    *slot = hash | record->fired;
    return STATUS_OK;
}

bool fault_replay_fires(const struct fault_replay *r, const struct when_decision *d)
{
    struct fault_record record = {.rule = d->rule, .key = d->key.text, .n = d->n};
    char hashed[KEY_HASH_TEXT];
    uint64_t slot;

    if (d->key.text.ptr && !key_is_plain(d)) {
        key_hash(d->key.text, hashed);
        record.key = bytes_make(hashed, KEY_HASH_TEXT - 1);
        record.hashed = true;
    }
    slot = *slot_of(r, record_hash(&record) & ~UINT64_C(1));
    return slot ? slot & 1 : d->fires;
}
