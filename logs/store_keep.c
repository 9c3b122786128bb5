/* Retention: which flows go, and in which order. What would go first by its age goes first
 * when there is too much, too: so that classes that are kept longer also outlive the others
 * under pressure. */
#include "logs/store_fts.h"
#include "logs/store_impl.h"

enum {
    STEP_FLOWS = 250, /* taken away in one transaction */
    CLASSES_LOOKED = 64,
    SIZE_SLACK = 16, /* writing goes on before deleting until it is over by one part in so many */
    STEP_BYTES = 8 * 1024 * 1024, /* of bodies in one transaction, or one flow */
    INDEX_SHARE = 2, /* of a file that is too large, the index has one part in so many */
};

#define NEVER_US (INT64_MAX / 4) /* further away than any age */

/* The next ones to go. What started later than `clock_us` is passed over. */
struct doomed {
    int64_t class_key, age_us, number, started_us, expires_us, clock_us;
};

static enum status run_for(struct store *s, enum store_statement id, int64_t value)
{
    sqlite3_bind_int64(s->statements[id], 1, value);
    return store_run(s, id);
}

/* ---- classes ---- */

enum status store_keep_classes(struct store *s)
{
    const struct keep *keep = &s->settings.keep;
    enum status st = STATUS_OK;

    for (uint32_t i = 0; !st && i < keep->class_count; i++) {
        struct bytes text = filter_text(keep->classes[i].filter);

        sqlite3_bind_text(s->statements[STORE_FIND_CLASS], 1, (const char *)text.ptr, (int)text.len,
                          SQLITE_STATIC);
        st = store_ask(s, STORE_FIND_CLASS, &s->class_keys[i]);
        if (st != STATUS_NOT_FOUND)
            continue;
        sqlite3_bind_text(s->statements[STORE_PUT_CLASS], 1, (const char *)text.ptr, (int)text.len,
                          SQLITE_STATIC);
        st = store_run(s, STORE_PUT_CLASS);
        s->class_keys[i] = sqlite3_last_insert_rowid(s->file.db);
    }
    return st;
}

int64_t store_keep_class(struct store *s, const struct flow *f)
{
    const struct keep *keep = &s->settings.keep;
    int64_t key = 0;

    filter_scratch_forget(&s->scratch);
    for (uint32_t i = 0; !key && i < keep->class_count; i++) {
        if (filter_match(keep->classes[i].filter, f, &s->scratch))
            key = s->class_keys[i];
    }
    return key;
}

/* The class of the configuration with that key; NULL: it is in there no longer. */
static const struct keep_class *class_find(const struct store *s, int64_t key)
{
    const struct keep *keep = &s->settings.keep;

    for (uint32_t i = 0; i < keep->class_count; i++) {
        if (s->class_keys[i] == key)
            return &keep->classes[i];
    }
    return NULL;
}

/* Flows of a class that is gone are like all others. */
static int64_t class_age(const struct store *s, int64_t key)
{
    const struct keep_class *c = class_find(s, key);

    return c ? c->age_us : s->settings.keep.age_us;
}

/* All keys there ever were, with 0 first. */
static enum status class_list(struct store *s, int64_t keys[static CLASSES_LOOKED],
                              size_t *ret_count)
{
    sqlite3_stmt *q = s->statements[STORE_CLASSES];
    enum status st = STATUS_OK;
    size_t count = 1;
    int code;

    keys[0] = 0;
    while ((code = sqlite3_step(q)) == SQLITE_ROW && count < CLASSES_LOOKED)
        keys[count++] = sqlite3_column_int64(q, 0);
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        st = store_failure(s, code);
    sqlite3_reset(q);
    *ret_count = count;
    return st;
}

/* ---- which ---- */

/* Times may be anything in a file. */
static int64_t time_after(int64_t start_us, int64_t more_us)
{
    return start_us > INT64_MAX - more_us ? INT64_MAX : start_us + more_us;
}

static enum status class_oldest(struct store *s, int64_t key, int64_t clock_us,
                                struct doomed *ret_doomed)
{
    enum store_statement id = key ? STORE_OLDEST_OF : STORE_OLDEST;
    sqlite3_stmt *q = s->statements[id];
    int64_t age_us = class_age(s, key);
    enum status st = STATUS_NOT_FOUND;
    int code;

    sqlite3_bind_int64(q, 1, key ? key : s->oldest);
    sqlite3_bind_int64(q, 2, clock_us);
    code = sqlite3_step(q);
    if (code == SQLITE_ROW) {
        *ret_doomed = (struct doomed){
            .class_key = key,
            .age_us = age_us,
            .number = sqlite3_column_int64(q, 0),
            .started_us = sqlite3_column_int64(q, 1),
            .clock_us = clock_us,
        };
        ret_doomed->expires_us = time_after(ret_doomed->started_us, age_us ? age_us : NEVER_US);
        st = STATUS_OK;
    } else if (code != SQLITE_DONE) {
        st = store_failure(s, code);
    }
    sqlite3_reset(q);
    return st;
}

/* The first of them stands for all; but one of the time to come, of a clock that has been
 * set right since, would keep the others for as long. */
static enum status class_first(struct store *s, int64_t key, int64_t now_us,
                               struct doomed *ret_doomed)
{
    struct doomed first = {0}, behind = {0};
    enum status st = class_oldest(s, key, INT64_MAX, &first);

    if (st)
        return st;
    if (!key)
        s->oldest = first.number;
    if (first.started_us > now_us) {
        st = class_oldest(s, key, now_us, &behind);
        if (st && st != STATUS_NOT_FOUND)
            return st;
        first = st ? first : behind;
    }
    *ret_doomed = first;
    return STATUS_OK;
}

/* NOT_FOUND: there is no flow at all. */
static enum status find_doomed(struct store *s, int64_t now_us, struct doomed *ret_doomed)
{
    int64_t keys[CLASSES_LOOKED];
    struct doomed next = {0}, first = {.expires_us = INT64_MAX};
    size_t count = 0;
    enum status st = class_list(s, keys, &count);

    for (size_t i = 0; !st && i < count; i++) {
        st = class_first(s, keys[i], now_us, &next);
        if (!st && next.expires_us < first.expires_us)
            first = next;
        if (st == STATUS_NOT_FOUND) /* an old filter that nobody needs any more */
            st = keys[i] && !class_find(s, keys[i]) ? run_for(s, STORE_DROP_CLASS, keys[i])
                                                    : STATUS_OK;
    }
    if (!st && first.expires_us == INT64_MAX)
        st = STATUS_NOT_FOUND;
    if (!st)
        *ret_doomed = first;
    return st;
}

/* ---- away ---- */

/* Counts one use less of a body, which goes with the last. */
static enum status body_leave(struct store *s, int64_t key)
{
    sqlite3_stmt *q = s->statements[STORE_BODY_DIGEST];
    enum status st = run_for(s, STORE_LEAVE_BODY, key);
    int code;

    if (st)
        return st;
    sqlite3_bind_int64(q, 1, key);
    code = sqlite3_step(q);
    if (code == SQLITE_ROW && sqlite3_column_bytes(q, 0) == BODY_DIGEST_BYTES)
        body_recents_set(&s->batch.recents, sqlite3_column_blob(q, 0), 0);
    else if (code != SQLITE_ROW && code != SQLITE_DONE)
        st = store_failure(s, code);
    sqlite3_reset(q);
    if (st || code == SQLITE_DONE)
        return st;
    st = run_for(s, STORE_DROP_CHUNKS, key);
    return st ? st : run_for(s, STORE_DROP_BODY, key);
}

static enum status flow_leave(struct store *s, int64_t number)
{
    sqlite3_stmt *q = s->statements[STORE_BODIES_OF];
    int64_t keys[2] = {0, 0};
    enum status st = STATUS_OK;
    int code;

    sqlite3_bind_int64(q, 1, number);
    code = sqlite3_step(q);
    if (code == SQLITE_ROW) {
        keys[0] = sqlite3_column_int64(q, 0); /* 0: NULL */
        keys[1] = sqlite3_column_int64(q, 1);
    } else if (code != SQLITE_DONE) {
        st = store_failure(s, code);
    }
    sqlite3_reset(q);
    for (size_t i = 0; !st && i < 2; i++)
        st = keys[i] ? body_leave(s, keys[i]) : STATUS_OK;
    if (!st)
        st = run_for(s, STORE_DROP_RECORD, number);
    return st ? st : run_for(s, STORE_DROP_FLOW, number);
}

/* Numbers of that class from the oldest on that are old, or that are too many. */
static enum status list_doomed(struct store *s, const struct doomed *d, int64_t until_us,
                               int64_t numbers[static STEP_FLOWS], uint32_t *ret_count)
{
    sqlite3_stmt *q = s->statements[d->class_key ? STORE_DOOMED_OF : STORE_DOOMED];
    enum status st = STATUS_OK;
    int64_t bytes = 0;
    uint32_t count = 0;
    int code;

    sqlite3_bind_int64(q, 1, d->class_key ? d->class_key : d->number);
    sqlite3_bind_int64(q, 2, STEP_FLOWS);
    sqlite3_bind_int64(q, 3, d->clock_us);
    while ((code = sqlite3_step(q)) == SQLITE_ROW && count < STEP_FLOWS) {
        int64_t more = sqlite3_column_int64(q, 2);

        if (sqlite3_column_int64(q, 1) > until_us || (count && more > STEP_BYTES - bytes))
            break;
        numbers[count++] = sqlite3_column_int64(q, 0);
        bytes += more < STEP_BYTES ? more : STEP_BYTES;
    }
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        st = store_failure(s, code);
    sqlite3_reset(q);
    *ret_count = count;
    return st;
}

static enum status leave_all(struct store *s, const int64_t *numbers, uint32_t count)
{
    enum status st = STATUS_OK;

    for (uint32_t i = 0; !st && i < count; i++)
        st = flow_leave(s, numbers[i]);
    if (!st)
        st = store_run(s, STORE_DROP_GAPS);
    return st ? st : run_for(s, STORE_SET_FLOWS, (int64_t)s->flows - count);
}

void store_flows_removed(struct store *s, uint64_t number)
{
    s->flows -= number;
    s->fts_look = true;
    atomic_fetch_add_explicit(&s->facts->removed, number, memory_order_relaxed);
    atomic_store_explicit(&s->facts->flows, s->flows, memory_order_relaxed);
}

/* Flows that started later than `until_us` stay. */
static enum status take_away(struct store *s, const struct doomed *d, int64_t until_us)
{
    int64_t numbers[STEP_FLOWS];
    uint32_t count = 0;
    enum status st = store_begin(s);

    if (st)
        return st;
    st = list_doomed(s, d, until_us, numbers, &count);
    if (!st)
        st = leave_all(s, numbers, count);
    st = store_end(s, st);
    if (!st)
        store_flows_removed(s, count);
    return st;
}

/* ---- all of it ---- */

static enum status is_too_large(struct store *s, bool *ret_too_large)
{
    int64_t most = s->settings.keep.size_bytes, used = 0, bytes;
    enum status st = store_measure(s, &used, &bytes);

    *ret_too_large = !st && most && used > most;
    return st;
}

/* Flows are worth more than their index, which may be larger than they. */
static enum status take_size(struct store *s, const struct doomed *d)
{
    bool retired = false;
    enum status st = store_retire_index(s, s->settings.keep.size_bytes / INDEX_SHARE, &retired);

    return st || retired ? st : take_away(s, d, INT64_MAX);
}

enum status store_keep(struct store *s, int64_t now_us, bool *ret_more)
{
    struct doomed d = {0};
    bool too_large = false;
    enum status st;

    *ret_more = false;
    if (s->damaged)
        return STATUS_OK; /* the next commit sees to it */
    st = store_drop_index(s, ret_more);
    if (st || *ret_more)
        return st;
    st = find_doomed(s, now_us, &d);
    if (st && st != STATUS_NOT_FOUND)
        return st;
    if (!st && d.expires_us > now_us) {
        st = is_too_large(s, &too_large);
        if (st)
            return st;
    }
    *ret_more = true;
    if (too_large)
        return take_size(s, &d);
    if (!st && d.expires_us <= now_us)
        return take_away(s, &d, now_us - d.age_us);
    *ret_more = false;
    return store_give_back(s, ret_more);
}

bool store_over(const struct store *s)
{
    int64_t most = s->settings.keep.size_bytes;

    return most && s->used > most + most / SIZE_SLACK;
}

static enum status count_old(struct store *s, int64_t key, int64_t now_us, uint64_t *flows)
{
    sqlite3_stmt *q = s->statements[STORE_COUNT_OLD];
    int64_t age_us = class_age(s, key), count = 0;
    enum status st;

    if (!age_us)
        return STATUS_OK;
    sqlite3_bind_int64(q, 1, key);
    sqlite3_bind_int64(q, 2, now_us - age_us);
    st = store_ask(s, STORE_COUNT_OLD, &count);
    *flows += (uint64_t)count;
    return st;
}

/* Bytes of the index of which it has to give up some. */
static enum status index_to_go(struct store *s, int64_t used, int64_t *ret_bytes)
{
    int64_t most = s->settings.keep.size_bytes, pages = 0, page_bytes = 0;
    enum status st = store_fts_pages(s->file.db, &pages);

    if (!st)
        st = store_ask(s, STORE_PAGE_BYTES, &page_bytes);
    pages = pages * page_bytes;
    *ret_bytes = !st && most && used > most && pages > most / INDEX_SHARE ? pages : 0;
    return st;
}

enum status store_keep_plan(struct store *s, int64_t now_us, struct keep_plan *ret_plan)
{
    int64_t keys[CLASSES_LOOKED], most = s->settings.keep.size_bytes;
    int64_t used = 0, index = 0, bytes = 0, each;
    struct keep_plan plan = {0};
    size_t count = 0;
    enum status st = class_list(s, keys, &count);

    for (size_t i = 0; !st && i < count; i++)
        st = count_old(s, keys[i], now_us, &plan.flows);
    if (!st)
        st = store_measure(s, &used, &bytes);
    if (!st)
        st = index_to_go(s, used, &index);
    if (st)
        return st;
    used -= index;
    each = s->flows ? used / (int64_t)s->flows : 0;
    if (plan.flows > s->flows)
        plan.flows = s->flows;
    used -= (int64_t)plan.flows * each;
    if (most && used > most && each)
        plan.flows += (uint64_t)((used - most) / each);
    plan.bytes = (uint64_t)index + plan.flows * (uint64_t)each;
    *ret_plan = plan;
    return STATUS_OK;
}
