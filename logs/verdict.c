#include <stdlib.h>
#include <string.h>

#include "logs/verdict_impl.h"

enum { URL_SCRATCH_BYTES = 1024 * 1024 };

/* ---- examples ---- */

void verdict_cut(char *to, size_t size, struct bytes from)
{
    size_t len = from.len < size ? from.len : size - 1;

    while (len < from.len && len > 0 && (from.ptr[len] & 0xc0) == 0x80)
        len--;
    if (len)
        memcpy(to, from.ptr, len);
    to[len] = '\0';
}

static void example_add(struct verdict *v, struct verdict_result *r, const struct flow *f)
{
    struct verdict_example *e;

    if (r->example_count == VERDICT_EXAMPLES)
        return;
    buf_clear(&v->url);
    buf_clear(&v->clean);
    flow_put_url(f, &v->url);
    redact_put_url(&v->redactor, buf_bytes(&v->url), &v->clean);
    if (buf_status(&v->url) || buf_status(&v->clean))
        return; /* a report with one example fewer is still true */
    e = &r->examples[r->example_count++];
    *e = (struct verdict_example){.status = f->status, .total_us = f->timings.total};
    memcpy(e->id, f->id, sizeof(e->id));
    verdict_cut(e->url, sizeof(e->url), buf_bytes(&v->clean));
    if (f->request.received)
        verdict_cut(e->method, sizeof(e->method), f->request.received->method);
}

/* ---- one flow, one expectation ---- */

/* Without memory a filter misses what it had to look at. */
static bool matches(struct verdict *v, const struct filter *filter, const struct flow *f)
{
    const struct filter_scratch *s = &v->scratch;
    bool match = filter_match(filter, f, &v->scratch);

    if (buf_status(&s->text) || buf_status(&s->request.decoded) == STATUS_NO_MEMORY ||
        buf_status(&s->response.decoded) == STATUS_NO_MEMORY)
        v->starved = true;
    return match;
}

static bool is_before(struct verdict_moment a, struct verdict_moment b)
{
    return a.started_us != b.started_us ? a.started_us < b.started_us : a.number < b.number;
}

static void order_note(struct verdict_order *o, uint32_t step, struct verdict_moment now)
{
    struct verdict_moment *at = o->at[step];
    uint32_t i = o->count[step];

    if (i == VERDICT_ORDER) {
        o->cut = true;
        if (!is_before(now, at[--i]))
            return;
    } else {
        o->count[step]++;
    }
    for (; i > 0 && is_before(now, at[i - 1]); i--)
        at[i] = at[i - 1];
    at[i] = now;
}

static void order_flow(struct verdict *v, struct verdict_result *r, const struct flow *f)
{
    const struct verdict_moment now = {f->started_us, v->flows};

    for (uint32_t i = 0; r->order && i < r->expect->step_count; i++)
        if (matches(v, r->expect->steps[i], f))
            order_note(r->order, i, now);
}

/* The time without what rules waited; a tunnel's, too. */
static int64_t own_time(const struct flow *f)
{
    return f->timings.total - (f->timings.injected > 0 ? f->timings.injected : 0);
}

/* Does the flow break one of the checks that hold for every flow? */
static bool flow_breaks(struct verdict_result *r, const struct flow *f)
{
    const struct expect *x = r->expect;
    bool bad_status = x->checks & 1U << EXPECT_STATUS && !expect_takes_status(x, f->status);
    bool bad_ok = x->checks & 1U << EXPECT_OK && flow_ok(f) != x->ok;
    bool slow = x->checks & 1U << EXPECT_UNDER && own_time(f) >= x->under_us;

    r->bad_status += bad_status;
    r->bad_ok += bad_ok;
    r->slow += slow;
    return bad_status || bad_ok || slow;
}

/* True: it matched. */
static bool result_flow(struct verdict *v, struct verdict_result *r, const struct flow *f)
{
    const struct expect *x = r->expect;
    bool breaks, too_many;

    if ((f->kind != FLOW_HTTP && !r->any_kind) || !matches(v, x->match, f))
        return false;
    r->matched++;
    breaks = flow_breaks(r, f);
    too_many = x->checks & 1U << EXPECT_COUNT && r->matched > x->count.max;
    if (breaks || too_many)
        example_add(v, r, f);
    order_flow(v, r, f);
    return true;
}

void verdict_flow(struct verdict *v, const struct flow *f)
{
    uint64_t marks = 0;

    if (f->live || f->duplicate_of[0])
        return;
    filter_scratch_forget(&v->scratch);
    if (f->kind == FLOW_HTTP) {
        int64_t ended_us = f->started_us + (f->timings.total > 0 ? f->timings.total : 0);

        if (v->flows++ == 0 || f->started_us < v->first_us)
            v->first_us = f->started_us;
        v->last_us = ended_us > v->last_us ? ended_us : v->last_us;
    }
    for (uint32_t i = 0; i < v->expects->count; i++) {
        struct verdict_result *r = &v->results[i];

        if (result_flow(v, r, f) && r->expect->checks & 1U << EXPECT_RETRIES)
            marks |= UINT64_C(1) << r->expect->retried;
    }
    if (retry_audit_flow(v->audit, f, marks))
        v->starved = true;
}

void verdict_gap(struct verdict *v, const struct log_gap *gap)
{
    v->gap.flows += gap->flows;
    v->gap.bodies += gap->bodies;
}

void verdict_finish(struct verdict *v)
{
    if (retry_audit_finish(v->audit))
        v->starved = true;
    for (uint32_t i = 0; i < v->expects->count; i++) {
        struct verdict_result *r = &v->results[i];

        verdict_judge(v, r);
        v->tally[r->outcome]++;
        v->outcome = r->outcome > v->outcome ? r->outcome : v->outcome;
    }
}

enum verdict_outcome verdict_outcome(const struct verdict *v)
{
    return v->outcome;
}

/* ---- its life ---- */

static bool asks_for_bodies(const struct expect *x)
{
    const struct bytes body = BYTES_INIT("body");

    if (bytes_search(filter_text(x->match), body) >= 0)
        return true;
    for (uint32_t i = 0; i < x->step_count; i++)
        if (bytes_search(filter_text(x->steps[i]), body) >= 0)
            return true;
    return false;
}

static enum status verdict_make_results(struct verdict *v)
{
    for (uint32_t i = 0; i < v->expects->count; i++) {
        const struct expect *x = &v->expects->items[i];
        struct verdict_result *r = &v->results[i];

        r->expect = x;
        r->any_kind = expect_names_kind(x->match);
        r->wants_bodies = asks_for_bodies(x);
        if (!(x->checks & 1U << EXPECT_ORDER))
            continue;
        r->order = calloc(1, sizeof(*r->order));
        if (!r->order)
            return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

struct verdict *verdict_new(const struct expects *expects, const struct redactor *redactor)
{
    struct verdict *v = calloc(1, sizeof(*v));

    if (!v)
        return NULL;
    v->expects = expects;
    v->redactor = *redactor;
    filter_scratch_init(&v->scratch);
    buf_init(&v->url, URL_SCRATCH_BYTES);
    buf_init(&v->clean, URL_SCRATCH_BYTES);
    v->results = calloc(expects->count + 1, sizeof(*v->results));
    v->audit = retry_audit_new(redactor);
    if (!v->results || !v->audit || verdict_make_results(v)) {
        verdict_free(v);
        return NULL;
    }
    return v;
}

void verdict_free(struct verdict *v)
{
    if (!v)
        return;
    for (uint32_t i = 0; v->results && i < v->expects->count; i++)
        free(v->results[i].order);
    free(v->results);
    retry_audit_free(v->audit);
    filter_scratch_release(&v->scratch);
    buf_release(&v->url);
    buf_release(&v->clean);
    free(v);
}
