/* The report as JSON: schema weir.verdicts/1. */
#include <inttypes.h>

#include "base/text.h"
#include "logs/verdict_impl.h"

/* What is written, and a text being made for it. */
struct writer {
    const struct verdict *v;
    struct buf *out;
    struct buf text;
};

static void put_text(struct writer *w, const char *key, struct bytes text)
{
    buf_putf(w->out, "\"%s\":", key);
    text_put_json(w->out, text);
}

/* What was made in w->text. */
static void put_made(struct writer *w, const char *key)
{
    put_text(w, key, buf_bytes(&w->text));
    if (buf_status(&w->text) && !w->out->status)
        w->out->status = buf_status(&w->text);
    buf_clear(&w->text);
}

static void put_status(struct writer *w, const char *key, uint16_t status)
{
    if (status)
        buf_putf(w->out, "\"%s\":%u", key, (unsigned)status);
    else
        buf_putf(w->out, "\"%s\":null", key);
}

static void put_bool(struct writer *w, const char *key, bool value)
{
    buf_putf(w->out, "\"%s\":%s", key, value ? "true" : "false");
}

static void put_comma(struct writer *w)
{
    buf_put_byte(w->out, ',');
}

static void put_example(struct writer *w, const struct verdict_example *e)
{
    buf_put_byte(w->out, '{');
    put_text(w, "id", bytes_of(e->id));
    put_comma(w);
    put_text(w, "method", bytes_of(e->method));
    put_comma(w);
    put_text(w, "url", bytes_of(e->url));
    put_comma(w);
    put_status(w, "status_code", e->status);
    buf_putf(w->out, ",\"total_us\":%" PRId64 "}", e->total_us);
}

static void put_check(struct writer *w, const struct verdict_result *r, enum expect_check check)
{
    buf_put_byte(w->out, '{');
    put_text(w, "check", bytes_of(verdict_check_text(check)));
    put_comma(w);
    put_text(w, "outcome", bytes_of(verdict_outcome_text(r->outcomes[check])));
    put_comma(w);
    verdict_put_expected(r->expect, check, &w->text);
    put_made(w, "expected");
    put_comma(w);
    verdict_put_came(r, check, &w->text);
    put_made(w, "came");
    buf_put_byte(w->out, '}');
}

static void put_checks(struct writer *w, const struct verdict_result *r)
{
    bool first = true;

    buf_put_text(w->out, "\"checks\":[");
    for (enum expect_check check = 0; check < EXPECT_CHECKS; check++) {
        if (!(r->expect->checks & 1U << check))
            continue;
        if (!first)
            put_comma(w);
        put_check(w, r, check);
        first = false;
    }
    buf_put_byte(w->out, ']');
}

static void put_result(struct writer *w, const struct verdict_result *r)
{
    buf_put_byte(w->out, '{');
    put_text(w, "name", r->expect->name);
    put_comma(w);
    put_text(w, "file", bytes_of(r->expect->file));
    buf_putf(w->out, ",\"line\":%" PRIu32 ",", r->expect->line);
    put_text(w, "match", filter_text(r->expect->match));
    put_comma(w);
    put_text(w, "outcome", bytes_of(verdict_outcome_text(r->outcome)));
    buf_putf(w->out, ",\"matched\":%" PRIu64 ",", r->matched);
    verdict_put_doubt(w->v, r, &w->text);
    put_made(w, "doubt");
    put_comma(w);
    put_checks(w, r);
    buf_put_text(w->out, ",\"examples\":[");
    for (uint32_t i = 0; i < r->example_count; i++) {
        if (i)
            put_comma(w);
        put_example(w, &r->examples[i]);
    }
    buf_put_text(w->out, "]}");
}

static void put_episode_answers(struct writer *w, const struct retry_episode *e)
{
    put_text(w, "backoff", bytes_of(retry_answer_text(e->backoff)));
    put_comma(w);
    put_text(w, "retry_after_obeyed", bytes_of(retry_answer_text(e->obeyed)));
    put_comma(w);
    put_bool(w, "idempotent", e->idempotent);
    put_comma(w);
    put_bool(w, "same_idempotency_key", e->same_key);
    put_comma(w);
    put_bool(w, "unsafe", retry_unsafe(e));
    put_comma(w);
    put_bool(w, "recovered", e->recovered);
    put_comma(w);
    put_status(w, "last_status_code", e->last_status);
}

static void put_episode(struct writer *w, const struct retry_episode *e)
{
    buf_put_byte(w->out, '{');
    put_text(w, "id", bytes_of(e->id));
    put_comma(w);
    put_text(w, "method", bytes_of(e->method));
    put_comma(w);
    put_text(w, "url", bytes_of(e->url));
    buf_putf(w->out, ",\"started_us\":%" PRId64 ",", e->started_us);
    put_text(w, "fault", bytes_of(retry_fault_text(e->fault)));
    put_comma(w);
    put_status(w, "status_code", e->status);
    buf_putf(w->out, ",\"faults\":%" PRIu32 ",\"retries\":%" PRIu32 ",\"pauses_us\":[", e->faults,
             e->retries);
    for (uint32_t i = 0; i < e->pause_count; i++)
        buf_putf(w->out, "%s%" PRId64, i ? "," : "", e->pauses_us[i]);
    buf_put_text(w->out, "],");
    put_episode_answers(w, e);
    buf_put_byte(w->out, '}');
}

static void put_summary(struct writer *w)
{
    const struct verdict *v = w->v;

    put_text(w, "schema", BYTES("weir.verdicts/1"));
    put_comma(w);
    put_text(w, "outcome", bytes_of(verdict_outcome_text(v->outcome)));
    buf_putf(w->out,
             ",\"passed\":%" PRIu32 ",\"failed\":%" PRIu32 ",\"inconclusive\":%" PRIu32
             ",\"requests\":%" PRIu64 ",\"lost\":{\"flows\":%" PRIu64 ",\"bodies\":%" PRIu64 "}",
             v->tally[VERDICT_PASSED], v->tally[VERDICT_FAILED], v->tally[VERDICT_INCONCLUSIVE],
             v->flows, v->gap.flows, v->gap.bodies);
}

void verdict_put_json(const struct verdict *v, struct buf *out)
{
    struct writer w = {.v = v, .out = out};

    buf_init(&w.text, VERDICT_TEXT_BYTES);
    buf_put_byte(out, '{');
    put_summary(&w);
    buf_put_text(out, ",\"expectations\":[");
    for (uint32_t i = 0; i < v->expects->count; i++) {
        if (i)
            put_comma(&w);
        put_result(&w, &v->results[i]);
    }
    buf_put_text(out, "],\"retries\":[");
    for (uint32_t i = 0; i < retry_audit_count(v->audit); i++) {
        if (i)
            put_comma(&w);
        put_episode(&w, retry_audit_at(v->audit, i));
    }
    buf_put_text(out, "],");
    put_text(&w, "retries_jitter", bytes_of(retry_answer_text(retry_audit_jitter(v->audit, 0))));
    put_comma(&w);
    put_bool(&w, "retries_cut", retry_audit_cut(v->audit));
    buf_put_byte(out, '}');
    buf_release(&w.text);
}
