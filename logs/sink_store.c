#include "logs/sink_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "logs/flow_make.h"
#include "logs/flow_redact.h"

enum {
    KEEP_STEPS = 8, /* of retention behind a commit, while there is far too much */
    SAY_TEXT = 512,
    QUIET_MS = 60 * 1000,
};

struct sink_store {
    struct store *store; /* NULL: there is none, and flows go nowhere */
    const struct sink_store_settings *settings;
    int64_t commit_ms; /* the monotonic clock: when what waits is to be written; 0: nothing waits */
    int64_t keep_ms, index_ms;
    bool failing;     /* the last commit did not succeed */
    bool told;        /* people know of it */
    int64_t quiet_ms; /* they do not hear of another one before */
    uint64_t stored;  /* flows, when all that was given had been written */
};

static int64_t clock_us(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t now_ms(void)
{
    return clock_us(CLOCK_MONOTONIC) / 1000;
}

static void say(const struct sink_store *s, const char *text)
{
    if (s->settings->say && text[0])
        s->settings->say(s->settings->self, text);
}

/* The same place under another name, when somebody has the first. */
static enum status open_either(struct sink_store *s, struct sink_store_settings *own, char *error)
{
    enum status st = store_open(&own->store, own->facts, error, &s->store);
    char text[SAY_TEXT];

    if (st != STATUS_EXISTS || !own->other_path)
        return st;
    snprintf(text, sizeof(text), "%s: flows of this weir go to %.200s", error, own->other_path);
    own->store.path = own->other_path;
    st = store_open(&own->store, own->facts, error, &s->store);
    if (!st)
        say(s, text);
    return st;
}

static enum status sink_begin(struct sink_store *s, struct sink_store_settings *own, char *error)
{
    enum status st = open_either(s, own, error);
    char text[SAY_TEXT];

    if (!st) {
        say(s, store_notice(s->store));
        return STATUS_OK;
    }
    if (!own->optional || st == STATUS_NO_MEMORY)
        return st;
    own->store.path = NULL;
    snprintf(text, sizeof(text), "flows are not kept: %s", error);
    say(s, text);
    return STATUS_OK;
}

static void *store_sink_open(const struct sink_settings *settings, char *error)
{
    struct sink_store_settings *own = settings->context;
    struct sink_store *s = calloc(1, sizeof(*s));

    _Static_assert((int)SINK_ERROR_BYTES >= (int)STORE_ERROR_TEXT, "a store's error fits");
    if (!s) {
        snprintf(error, SINK_ERROR_BYTES, "%s", status_sentence(STATUS_NO_MEMORY));
        return NULL;
    }
    s->settings = own;
    if (sink_begin(s, own, error)) {
        free(s);
        return NULL;
    }
    return s;
}

static void something_waits(struct sink_store *s)
{
    if (!s->commit_ms)
        s->commit_ms = now_ms() + SINK_STORE_COMMIT_MS;
}

static enum status put_redacted(struct sink_store *s, const struct flow *f)
{
    struct flow *clean = NULL;
    enum status st = flow_redact(f, &s->settings->redactor, &clean);

    if (st)
        return st;
    st = store_put(s->store, clean);
    flow_free(clean);
    return st;
}

static enum status store_sink_flow(void *self, const struct flow *f)
{
    struct sink_store *s = self;
    enum status st = STATUS_OK;

    if (s->store)
        st = s->settings->redactor.on ? put_redacted(s, f) : store_put(s->store, f);

    if (!st && s->store)
        something_waits(s);
    return st;
}

static enum status store_sink_gap(void *self, const struct log_gap *gap)
{
    struct sink_store *s = self;

    if (s->store) {
        store_gap(s->store, gap);
        something_waits(s);
    }
    return STATUS_OK;
}

/* People hear of it when it begins and when it is over; of what comes and goes, as on a disk
 * that is nearly full, not all the time. */
static void tell_failure(struct sink_store *s, bool failing)
{
    char text[SAY_TEXT];

    if (failing && !s->failing && now_ms() >= s->quiet_ms) {
        snprintf(text, sizeof(text), "flows cannot be written to the store, and wait in memory: %s",
                 store_error(s->store));
        say(s, text);
        s->told = true;
    } else if (!failing && s->told) {
        say(s, "flows are written to the store again");
        s->told = false;
        s->quiet_ms = now_ms() + QUIET_MS;
    }
    s->failing = failing;
}

/* While more comes in than an idle moment would let go. */
static void keep_up(struct sink_store *s)
{
    bool more = store_over(s->store);

    for (int i = 0; more && i < KEEP_STEPS; i++) {
        if (store_keep(s->store, clock_us(CLOCK_REALTIME), &more))
            return; /* the next commit tells of it, if it lasts */
    }
}

/* A failure says that nothing was kept since the last commit. If a part of it was, what is
 * missing is written down here, by who knows how much that is. */
static enum status give_up(struct sink_store *s, enum status st)
{
    const struct store_facts *facts = s->settings->facts;
    uint64_t lost = atomic_load(&facts->lost_flows), stored = atomic_load(&facts->stored);
    bool partly = stored != s->stored;
    struct log_gap gap = {0};

    store_drop(s->store);
    s->stored = stored;
    if (!partly)
        return st;
    gap.flows = atomic_load(&facts->lost_flows) - lost;
    store_gap(s->store, &gap);
    return STATUS_OK;
}

static enum status store_sink_commit(void *self, bool now)
{
    struct sink_store *s = self;
    uint64_t before;
    enum status st;

    if (!s->store || !store_pending(s->store))
        return STATUS_OK;
    if (!now && now_ms() < s->commit_ms && (s->failing || !store_full(s->store)))
        return STATUS_NEED_MORE;
    before = atomic_load(&s->settings->facts->stored);
    st = store_commit(s->store);
    say(s, store_notice(s->store));
    tell_failure(s, st != STATUS_OK);
    s->commit_ms = 0;
    if (st && !now) {
        bool goes_on = atomic_load(&s->settings->facts->stored) != before;

        s->commit_ms = now_ms() + (goes_on ? SINK_STORE_COMMIT_MS : SINK_STORE_RETRY_MS);
        return STATUS_NEED_MORE;
    }
    if (st)
        return give_up(s, st);
    s->stored = atomic_load(&s->settings->facts->stored);
    keep_up(s);
    return STATUS_OK;
}

/* Whoever asked looks for this. */
static void tidied(struct sink_store *s)
{
    struct store_facts *facts = s->settings->facts;

    (void)!store_shrink(s->store); /* a reader may stand in the way of the last pages */
    atomic_store(&facts->tidy_asked, false);
    atomic_fetch_add(&facts->tidied, 1);
}

/* Retention; true: there is more of it. */
static bool keep_step(struct sink_store *s)
{
    bool more = false, asked = atomic_load(&s->settings->facts->tidy_asked);

    if (!asked && now_ms() < s->keep_ms)
        return false;
    store_keep_tight(s->store, asked);
    if (store_keep(s->store, clock_us(CLOCK_REALTIME), &more) || !more) {
        s->keep_ms = now_ms() + SINK_STORE_KEEP_MS;
        if (asked)
            tidied(s);
        return false;
    }
    return true;
}

/* The full-text index, likewise. */
static bool index_step(struct sink_store *s)
{
    bool more = false;

    if (now_ms() < s->index_ms)
        return false;
    if (!store_index(s->store, &more) && more)
        return true;
    s->index_ms = now_ms() + SINK_STORE_INDEX_MS;
    return false;
}

static bool store_sink_idle(void *self)
{
    struct sink_store *s = self;

    if (!s->store)
        return false;
    return keep_step(s) || index_step(s);
}

static void store_sink_close(void *self)
{
    struct sink_store *s = self;

    store_close(s->store);
    free(s);
}

const struct sink sink_store = {
    .name = "store",
    .help = "a database of flows, to be asked later by weir log, show and the like",
    .open = store_sink_open,
    .flow = store_sink_flow,
    .gap = store_sink_gap,
    .commit = store_sink_commit,
    .idle = store_sink_idle,
    .close = store_sink_close,
};
