#include "rules/when.h"

#include "base/sip_hash.h"
#include "rules/cookie.h"
#include "rules/draft.h"

enum { WHEN_KEY_BYTES = 256 * 1024 }; /* of a URL as a key; what is longer counts as cut */

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

/* From the later to the earlier time of day it passes midnight. */
bool between_fires(const struct schedule *s, const struct when_turn *turn)
{
    bool started = turn->minute >= s->count, over = turn->minute >= s->skip;

    return s->count < s->skip ? started && !over : started || !over;
}

/* ---- keys ----------------------------------------------------------------- */

/* ptr NULL in `scratch`: nothing is to be made. */
static struct bytes per_rule(const struct per *per, const struct rule_view *view,
                             struct buf *scratch)
{
    (void)per;
    (void)view;
    (void)scratch;
    return bytes_make(NULL, 0);
}

static struct bytes per_client(const struct per *per, const struct rule_view *view,
                               struct buf *scratch)
{
    (void)per;
    (void)scratch;
    return view->client;
}

static struct bytes per_connection(const struct per *per, const struct rule_view *view,
                                   struct buf *scratch)
{
    (void)per;
    buf_put_u64(scratch, view->connection);
    return buf_bytes(scratch);
}

static struct bytes per_host(const struct per *per, const struct rule_view *view,
                             struct buf *scratch)
{
    (void)per;
    (void)scratch;
    return view->host;
}

/* With the method, without the query. */
static struct bytes per_url(const struct per *per, const struct rule_view *view,
                            struct buf *scratch)
{
    const struct rule_target target = {view->scheme, view->host, view->port};
    struct bytes url;
    ptrdiff_t query;

    (void)per;
    buf_put(scratch, view->request->method);
    buf_put_byte(scratch, ' ');
    target_url_put(scratch, &target, view->request->path);
    url = buf_bytes(scratch);
    query = bytes_find(url, '?');
    return query < 0 ? url : bytes_until(url, (size_t)query);
}

static struct bytes per_header(const struct per *per, const struct rule_view *view,
                               struct buf *scratch)
{
    (void)scratch;
    return fields_value(&view->request->fields, per->name);
}

static struct bytes per_cookie(const struct per *per, const struct rule_view *view,
                               struct buf *scratch)
{
    (void)scratch;
    return cookie_value(&view->request->fields, per->name);
}

static struct bytes (*const keys[PER_COUNT])(const struct per *per, const struct rule_view *view,
                                             struct buf *scratch) = {
#define WHEN(name, help)
#define PER(name, named) per_##name,
#include "rules/whens.def"
#undef WHEN
#undef PER
};

enum status when_key(const struct per *per, const struct rule_view *view, struct arena *arena,
                     struct rule_key *ret_key)
{
    struct rule_key key = {.per = per->id};
    struct buf scratch;
    enum status st;

    buf_init(&scratch, WHEN_KEY_BYTES);
    key.text = keys[per->kind](per, view, &scratch);
    if (per->kind != PER_rule && !key.text.ptr)
        key.text = BYTES("");
    if (key.text.ptr && key.text.ptr == scratch.ptr)
        key.text = arena_copy(arena, key.text);
    st = buf_status(&scratch) == STATUS_NO_MEMORY || (per->kind != PER_rule && !key.text.ptr)
             ? STATUS_NO_MEMORY
             : STATUS_OK;
    buf_release(&scratch);
    if (!st)
        *ret_key = key;
    return st;
}

/* ---- counting ------------------------------------------------------------- */

/* The counts of this match, one for each key; made when first asked for. */
struct match_count {
    const struct when_ask *ask;
    uint32_t count;
    unsigned ids[SCHEDULES + 2];
    struct when_turn turns[SCHEDULES + 2];
};

static enum status turn_count(struct match_count *m, const struct per *per,
                              const struct when_turn **ret_turn)
{
    const struct when_ask *ask = m->ask;
    struct when_turn turn = {.rule = ask->rule, .minute = ask->view->minute};
    struct rule_key key;
    enum status st;

    for (uint32_t i = 0; i < m->count; i++) {
        if (m->ids[i] == per->id) {
            *ret_turn = &m->turns[i];
            return STATUS_OK;
        }
    }
    st = when_key(per, ask->view, ask->arena, &key);
    if (st)
        return st;
    turn.key = key.text;
    if (key.text.ptr)
        st = rule_slot_count(ask->slot, key, &turn.n);
    else
        turn.n = rule_slot_match(ask->slot);
    if (st)
        return st;
    m->ids[m->count] = per->id;
    m->turns[m->count] = turn;
    *ret_turn = &m->turns[m->count++];
    return STATUS_OK;
}

enum status when_count(const struct when *w, const struct when_ask *ask, bool *ret_fires,
                       uint64_t *ret_n)
{
    static const struct per whole = {.kind = PER_rule};
    struct match_count m = {.ask = ask};
    const struct when_turn *turn;
    bool fires = true;
    uint64_t n = 0;
    enum status st = turn_count(&m, &whole, &turn);

    if (!st)
        st = turn_count(&m, &w->per, &turn);
    if (!st)
        n = turn->n;
    for (uint32_t i = 0; i < w->count && !st; i++) {
        const struct schedule *s = &w->items[i];

        st = turn_count(&m, &s->per, &turn); /* counted even when an earlier one said no */
        fires = fires && !st && s->fires(s, turn);
    }
    if (st)
        return st;
    *ret_fires = fires;
    *ret_n = n;
    return STATUS_OK;
}
