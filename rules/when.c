#include "rules/when.h"

#include "rules/sip_hash.h"

uint64_t when_dice(uint64_t seed, struct bytes rule, struct bytes key, uint64_t n)
{
    return sip_hash_u64(sip_hash(sip_hash(seed, rule), key), n);
}

bool first_fires(const struct schedule *s, const struct when_turn *turn)
{
    return turn->n <= s->count;
}

bool after_fires(const struct schedule *s, const struct when_turn *turn)
{
    return turn->n > s->count;
}

bool every_fires(const struct schedule *s, const struct when_turn *turn)
{
    return turn->n > s->skip && (turn->n - s->skip) % s->count == 0;
}

bool percent_fires(const struct schedule *s, const struct when_turn *turn)
{
    uint64_t dice = when_dice(s->seed, turn->rule, turn->key, turn->n);

    return (dice >> 32) * (100 * (uint64_t)PERCENT_ONE) >> 32 < s->count;
}

static struct bytes per_rule(const struct rule_view *view)
{
    (void)view;
    return bytes_make(NULL, 0);
}

static struct bytes per_client(const struct rule_view *view)
{
    return view->client.ptr ? view->client : BYTES("");
}

struct bytes when_key(enum per_kind per, const struct rule_view *view)
{
    static struct bytes (*const keys[PER_COUNT])(const struct rule_view *) = {
#define WHEN(name, help)
#define WHEN_LATER(name)
#define PER(name) per_##name,
#define PER_LATER(name)
#include "rules/whens.def"
#undef WHEN
#undef WHEN_LATER
#undef PER
#undef PER_LATER
    };

    return keys[per](view);
}

/* The counts of this match, one for each kind of key; made when first asked for. */
struct match_count {
    struct rule_slot *slot;
    const struct rule_view *view;
    bool known[PER_COUNT];
    struct when_turn turns[PER_COUNT];
};

static enum status turn_count(struct match_count *m, enum per_kind per)
{
    struct rule_key key = {per, when_key(per, m->view)};
    enum status st = STATUS_OK;

    if (m->known[per])
        return STATUS_OK;
    if (key.text.ptr)
        st = rule_slot_count(m->slot, key, &m->turns[per].n);
    if (st)
        return st;
    m->known[per] = true;
    m->turns[per].key = key.text;
    return STATUS_OK;
}

enum status when_count(const struct when *w, struct rule_slot *slot, struct bytes rule,
                       const struct rule_view *view, bool *ret_fires, uint64_t *ret_n)
{
    struct match_count m = {.slot = slot, .view = view};
    bool fires = true;
    enum status st;

    for (unsigned i = 0; i < PER_COUNT; i++)
        m.turns[i].rule = rule;
    m.turns[PER_rule].n = rule_slot_match(slot);
    st = turn_count(&m, w->per);
    for (uint32_t i = 0; i < w->count && !st; i++) {
        const struct schedule *s = &w->items[i];

        st = turn_count(&m, s->per); /* counted even when an earlier one said no */
        fires = fires && !st && s->fires(s, &m.turns[s->per]);
    }
    if (st)
        return st;
    *ret_fires = fires;
    *ret_n = m.turns[w->per].n;
    return STATUS_OK;
}
