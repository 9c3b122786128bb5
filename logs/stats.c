#include "logs/stats.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "logs/media.h"

enum {
    TABLE_SLOTS = 32768, /* a power of two, over three times STATS_GROUPS */
    STATUS_NONE_CLASS = 0,
    TEXT_BYTES = 256 * 1024, /* of a key, before it is cut */
};

#define FIRST_STEP_US INT64_C(100000) /* the narrowest slot of time: 100 ms */

static const struct {
    const char *name, *help;
} key_rows[STATS_BY_COUNT] = {
#define STATS_KEY(id, name, help) {name, help},
#include "logs/stats_keys.def"
#undef STATS_KEY
};

const char *stats_by_name(enum stats_by by)
{
    return key_rows[by].name;
}

const char *stats_by_help(enum stats_by by)
{
    return key_rows[by].help;
}

bool stats_by_find(struct bytes name, enum stats_by *ret_by, const char **ret_near)
{
    const char *names[STATS_BY_COUNT];

    for (int i = 0; i < STATS_BY_COUNT; i++) {
        names[i] = key_rows[i].name;
        if (!bytes_equal(name, bytes_of(names[i])))
            continue;
        *ret_by = (enum stats_by)i;
        return true;
    }
    *ret_near = text_nearest(name, names, STATS_BY_COUNT);
    return false;
}

enum status stats_init(struct stats *s, enum stats_by by,
                       const uint8_t key[static SIP_HASH_KEY_BYTES])
{
    *s = (struct stats){.by = by};
    memcpy(s->key, key, SIP_HASH_KEY_BYTES);
    arena_init(&s->arena, STATS_BYTES);
    buf_init(&s->text, TEXT_BYTES);
    s->groups = calloc(STATS_GROUPS, sizeof(*s->groups));
    s->slots = calloc(TABLE_SLOTS, sizeof(*s->slots));
    if (s->groups && s->slots)
        return STATUS_OK;
    stats_release(s);
    return STATUS_NO_MEMORY;
}

void stats_release(struct stats *s)
{
    free(s->groups);
    free(s->slots);
    s->groups = NULL;
    s->slots = NULL;
    arena_release(&s->arena);
    buf_release(&s->text);
}

/* ---- what is counted of a flow ---- */

static bool is_error(const struct flow *f)
{
    return f->error || f->status >= 400;
}

static uint64_t known(int64_t bytes)
{
    return bytes > 0 ? (uint64_t)bytes : 0;
}

static void count_add(struct stats *s, struct stats_count *c, const struct flow *f)
{
    bool tunnel = f->kind == FLOW_TUNNEL;

    c->flows++;
    c->errors += is_error(f);
    c->classes[f->status < 600 ? f->status / 100 : STATUS_NONE_CLASS]++;
    c->injected += f->injected;
    c->request_bytes += known(tunnel ? f->tunnel_up_bytes : f->request.body.wire_bytes);
    c->response_bytes += known(tunnel ? f->tunnel_down_bytes : f->response.body.wire_bytes);
    if (f->timings.total >= 0 && histogram_add(&c->durations, &s->arena, f->timings.total))
        c->durations_missed++;
}

/* ---- time ---- */

/* Doubles the step until all from the first to the last are covered, and puts the old
 * ones where they belong then. */
static void times_widen(struct stats_times *t, int64_t first_us, int64_t last_us)
{
    struct stats_times old = *t;

    memset(t->slots, 0, sizeof(t->slots));
    do {
        t->step_us *= 2;
        t->start_us = first_us - first_us % t->step_us;
    } while ((last_us - t->start_us) / t->step_us >= STATS_SLOTS);
    for (int i = 0; i < STATS_SLOTS; i++) {
        int64_t slot = (old.start_us + i * old.step_us - t->start_us) / t->step_us;

        if (!old.slots[i].flows)
            continue;
        t->slots[slot].flows += old.slots[i].flows;
        t->slots[slot].errors += old.slots[i].errors;
    }
}

static void times_add(struct stats *s, const struct flow *f)
{
    struct stats_times *t = &s->times;
    int64_t at = f->started_us > 0 ? f->started_us : 0;
    int64_t slot;

    if (!t->step_us) {
        t->step_us = FIRST_STEP_US;
        t->start_us = at - at % t->step_us;
        s->first_us = s->last_us = at;
    }
    s->first_us = at < s->first_us ? at : s->first_us;
    s->last_us = at > s->last_us ? at : s->last_us;
    if (at < t->start_us || (at - t->start_us) / t->step_us >= STATS_SLOTS)
        times_widen(t, s->first_us, s->last_us);
    slot = (at - t->start_us) / t->step_us;
    t->slots[slot].flows++;
    t->slots[slot].errors += is_error(f);
}

/* ---- groups ---- */

/* NULL: they are all taken, or there is no memory. */
static struct stats_group *group_of(struct stats *s, struct bytes key)
{
    uint64_t at;

    key = bytes_until(key, STATS_KEY_BYTES);
    at = sip_hash_keyed(s->key, key) % TABLE_SLOTS;
    for (; s->slots[at]; at = (at + 1) % TABLE_SLOTS) {
        struct stats_group *g = &s->groups[s->slots[at] - 1];

        if (bytes_equal(g->key, key))
            return g;
    }
    if (s->group_count == STATS_GROUPS)
        return NULL;
    s->groups[s->group_count].key = arena_copy(&s->arena, key);
    if (key.len && !s->groups[s->group_count].key.ptr)
        return NULL;
    s->slots[at] = ++s->group_count;
    return &s->groups[s->group_count - 1];
}

static void group_add(struct stats *s, struct bytes key, const struct flow *f)
{
    struct stats_group *g = group_of(s, key.len ? key : BYTES("none"));

    count_add(s, g ? &g->count : &s->other, f);
}

/* A port at the end says only which connection it was. */
static struct bytes client_name(const struct flow *f)
{
    size_t end = f->client.len;

    if (f->user.len)
        return f->user;
    while (end > 0 && f->client.ptr[end - 1] != ':')
        end--;
    return end ? bytes_until(f->client, end - 1) : f->client;
}

static struct bytes path_key(struct stats *s, const struct flow *f)
{
    struct bytes path = flow_path(f);
    ptrdiff_t query = bytes_find(path, '?');

    flow_put_authority(f, &s->text);
    if (s->by == STATS_BY_PATH)
        stats_fold_path(path, &s->text);
    else
        buf_put(&s->text, query < 0 ? path : bytes_until(path, (size_t)query));
    return buf_bytes(&s->text);
}

static struct bytes status_key(struct stats *s, const struct flow *f)
{
    if (f->status)
        buf_put_u64(&s->text, f->status);
    return buf_bytes(&s->text);
}

static struct bytes key_of(struct stats *s, const struct flow *f)
{
    buf_clear(&s->text);
    switch (s->by) {
    case STATS_BY_HOST:
        return f->host;
    case STATS_BY_STATUS:
        return status_key(s, f);
    case STATS_BY_PATH:
    case STATS_BY_PATH_EXACT:
        return path_key(s, f);
    case STATS_BY_METHOD:
        return f->request.received ? f->request.received->method : bytes_make(NULL, 0);
    case STATS_BY_TYPE:
        return media_type(flow_content_type(&f->response));
    case STATS_BY_CLIENT:
        return client_name(f);
    case STATS_BY_REASON:
        return bytes_of(f->reason);
    case STATS_BY_VERSION:
        return f->request.received ? bytes_of(flow_version_text(f->request.received->version))
                                   : bytes_make(NULL, 0);
    case STATS_BY_RULE:
    case STATS_BY_TAG:
    case STATS_BY_COUNT:
        break;
    }
    return bytes_make(NULL, 0);
}

static void rules_add(struct stats *s, const struct flow *f)
{
    const struct flow_rule *r = f->rules;

    for (int i = 0; r && i < STATS_RULES; i++, r = r->next) {
        const struct flow_rule *seen = f->rules;

        while (seen != r && strcmp(seen->label, r->label) != 0)
            seen = seen->next;
        if (seen == r) /* one that acted twice counts once */
            group_add(s, bytes_of(r->label), f);
    }
}

void stats_add(struct stats *s, const struct flow *f)
{
    count_add(s, &s->all, f);
    times_add(s, f);
    if (s->by == STATS_BY_RULE && f->rules) {
        rules_add(s, f);
    } else if (s->by == STATS_BY_TAG && f->tags) {
        for (const struct flow_tag *t = f->tags; t; t = t->next)
            group_add(s, bytes_of(t->text), f);
    } else {
        group_add(s, key_of(s, f), f);
    }
}

void stats_put_key(const struct stats *s, struct bytes key, const struct redactor *redactor,
                   struct buf *out)
{
    if (s->by == STATS_BY_PATH || s->by == STATS_BY_PATH_EXACT)
        redact_put_url(redactor, key, out);
    else
        redact_put_text(redactor, key, out);
}

/* ---- order ---- */

static int group_compare(const void *a, const void *b)
{
    const struct stats_group *x = a, *y = b;
    size_t len = x->key.len < y->key.len ? x->key.len : y->key.len;
    int order;

    if (x->count.flows != y->count.flows)
        return x->count.flows < y->count.flows ? 1 : -1;
    order = len ? memcmp(x->key.ptr, y->key.ptr, len) : 0;
    return order ? order : (x->key.len > y->key.len) - (x->key.len < y->key.len);
}

void stats_sort(struct stats *s)
{
    qsort(s->groups, s->group_count, sizeof(*s->groups), group_compare);
    memset(s->slots, 0, TABLE_SLOTS * sizeof(*s->slots));
}
