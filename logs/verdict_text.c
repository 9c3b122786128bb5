/* The report for people. */
#include <inttypes.h>

#include "base/sizes.h"
#include "base/text.h"
#include "logs/console_text.h"
#include "logs/verdict_impl.h"

enum { WORD_COLUMNS = 14 }; /* "inconclusive" with its mark */

/* What the terminal gets, and a line being made for it, not yet escaped. */
struct report {
    const struct verdict *v;
    struct buf *out;
    struct buf line;
    bool colour;
};

static void put_line(struct report *p)
{
    text_put_terminal(p->out, buf_bytes(&p->line));
    buf_put_byte(p->out, '\n');
    if (buf_status(&p->line) && !p->out->status)
        p->out->status = buf_status(&p->line);
    buf_clear(&p->line);
}

static void put_mark(struct report *p, enum verdict_outcome outcome)
{
    static const struct {
        const char *mark;
        enum console_style style;
    } marks[] = {[VERDICT_PASSED] = {"✓ ", STYLE_GREEN},
                 [VERDICT_INCONCLUSIVE] = {"? ", STYLE_YELLOW},
                 [VERDICT_FAILED] = {"✗ ", STYLE_RED}};
    struct buf *out = p->out;

    buf_put_text(out, "  ");
    console_put_style(out, p->colour, marks[outcome].style);
    buf_put_text(out, marks[outcome].mark);
    console_put_left(out, bytes_of(verdict_outcome_text(outcome)), WORD_COLUMNS);
    console_put_style(out, p->colour, STYLE_NONE);
}

static void put_example(struct report *p, const struct verdict_example *e)
{
    buf_put_text(p->out, "        ");
    buf_putf(&p->line, "%s %s", e->method[0] ? e->method : "-", e->url);
    if (e->status)
        buf_putf(&p->line, "  %u", (unsigned)e->status);
    else
        buf_put_text(&p->line, "  no answer");
    if (e->total_us >= 0) {
        buf_put_text(&p->line, "  ");
        duration_put(&p->line, e->total_us);
    }
    buf_putf(&p->line, "  %s", e->id);
    put_line(p);
}

static void put_check(struct report *p, const struct verdict_result *r, enum expect_check check)
{
    buf_put_text(p->out, "      ");
    buf_put_text(&p->line, "expected ");
    verdict_put_expected(r->expect, check, &p->line);
    buf_put_text(&p->line, "; came ");
    verdict_put_came(r, check, &p->line);
    put_line(p);
}

static void put_result(struct report *p, const struct verdict_result *r)
{
    put_mark(p, r->outcome);
    buf_put(&p->line, r->expect->name);
    buf_put_text(&p->line, "  (");
    verdict_put_place(r->expect, &p->line);
    buf_put_byte(&p->line, ')');
    put_line(p);
    if (r->outcome == VERDICT_PASSED)
        return;
    for (enum expect_check check = 0; check < EXPECT_CHECKS; check++)
        if (r->outcomes[check] != VERDICT_PASSED)
            put_check(p, r, check);
    for (uint32_t i = 0; i < r->example_count; i++)
        put_example(p, &r->examples[i]);
    if (r->outcome != VERDICT_INCONCLUSIVE)
        return;
    verdict_put_doubt(p->v, r, &p->line);
    if (!p->line.len)
        return;
    buf_put_text(p->out, "      ");
    put_line(p);
}

static void put_retries(struct report *p)
{
    const struct retry_audit *audit = p->v->audit;
    uint32_t count = retry_audit_count(audit);

    if (!count)
        return;
    buf_putf(&p->line, "injected faults: %" PRIu32, count);
    if (retry_audit_jitter(audit, 0) == RETRY_YES)
        buf_put_text(&p->line, "; first pauses differ (jitter)");
    else if (retry_audit_jitter(audit, 0) == RETRY_NO)
        buf_put_text(&p->line, "; first pauses are alike (no jitter)");
    put_line(p);
    for (uint32_t i = 0; i < count && i < VERDICT_RETRIES; i++) {
        const struct retry_episode *e = retry_audit_at(audit, i);

        buf_put_text(p->out, "  ");
        buf_putf(&p->line, "%s %s  ", e->method, e->url);
        verdict_put_episode(e, &p->line);
        put_line(p);
    }
    if (count > VERDICT_RETRIES) {
        buf_putf(&p->line, "  and %" PRIu32 " more", count - VERDICT_RETRIES);
        put_line(p);
    }
}

static void put_summary(struct report *p)
{
    const struct verdict *v = p->v;

    buf_putf(&p->line, "expectations: %" PRIu32 " passed, %" PRIu32 " failed",
             v->tally[VERDICT_PASSED], v->tally[VERDICT_FAILED]);
    if (v->tally[VERDICT_INCONCLUSIVE])
        buf_putf(&p->line, ", %" PRIu32 " inconclusive", v->tally[VERDICT_INCONCLUSIVE]);
    buf_putf(&p->line, " (%" PRIu64 " request%s)", v->flows, v->flows == 1 ? "" : "s");
    console_put_style(p->out, p->colour, STYLE_BOLD);
    text_put_terminal(p->out, buf_bytes(&p->line));
    console_put_style(p->out, p->colour, STYLE_NONE);
    buf_put_byte(p->out, '\n');
    buf_clear(&p->line);
}

void verdict_put_text(const struct verdict *v, bool colour, struct buf *out)
{
    struct report p = {.v = v, .out = out, .colour = colour};

    buf_init(&p.line, VERDICT_TEXT_BYTES);
    put_retries(&p);
    if (v->expects->count)
        put_summary(&p);
    for (uint32_t i = 0; i < v->expects->count; i++)
        put_result(&p, &v->results[i]);
    buf_release(&p.line);
}
