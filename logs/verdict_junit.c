/* The report as a JUnit file, for a CI system. Valid by the schemas of Ant and of
 * Jenkins, which differ in what else they take. */
#include <inttypes.h>
#include <time.h>

#include "base/text.h"
#include "logs/verdict_impl.h"

enum { TIMESTAMP_TEXT = 32 };

/* XML 1.0 §2.2: all else is left out, as are bytes that are no UTF-8. */
static bool is_xml_char(uint32_t c)
{
    return c == '\t' || c == '\n' ||
           (c >= 0x20 && c != 0x7f && (c < 0x80 || c > 0x9f) && c != 0xfffe && c != 0xffff);
}

static void put_xml(struct buf *out, struct bytes in)
{
    while (in.len) {
        uint32_t c = 0;
        size_t len = utf8_decode(in, &c);

        if (!len || !is_xml_char(c))
            len = len ? len : 1;
        else if (c == '<')
            buf_put_text(out, "&lt;");
        else if (c == '>')
            buf_put_text(out, "&gt;");
        else if (c == '&')
            buf_put_text(out, "&amp;");
        else if (c == '"')
            buf_put_text(out, "&quot;");
        else
            buf_put(out, bytes_until(in, len));
        in = bytes_from(in, len);
    }
}

/* What is written, and a text being made for it. */
struct writer {
    const struct verdict *v;
    struct buf *out;
    struct buf text;
};

static void put_made(struct writer *w)
{
    put_xml(w->out, buf_bytes(&w->text));
    if (buf_status(&w->text) && !w->out->status)
        w->out->status = buf_status(&w->text);
    buf_clear(&w->text);
}

static void put_seconds(struct buf *out, int64_t us)
{
    int64_t ms = us > 0 ? us / 1000 : 0;

    buf_putf(out, "%" PRId64 ".%03d", ms / 1000, (int)(ms % 1000));
}

/* In UTC, without a zone: as the schemas have it. */
static void put_timestamp(struct buf *out, int64_t us)
{
    char text[TIMESTAMP_TEXT] = "1970-01-01T00:00:00";
    time_t seconds = (time_t)(us / 1000000);
    struct tm parts;

    if (gmtime_r(&seconds, &parts))
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
    buf_put_text(out, text);
}

static void put_first_problem(struct writer *w, const struct verdict_result *r)
{
    for (enum expect_check check = 0; check < EXPECT_CHECKS; check++) {
        if (r->outcomes[check] != r->outcome)
            continue;
        buf_put_text(&w->text, "expected ");
        verdict_put_expected(r->expect, check, &w->text);
        buf_put_text(&w->text, "; came ");
        verdict_put_came(r, check, &w->text);
        return;
    }
}

static void put_problems(struct writer *w, const struct verdict_result *r)
{
    size_t before;

    verdict_put_place(r->expect, &w->text);
    buf_put_byte(&w->text, '\n');
    for (enum expect_check check = 0; check < EXPECT_CHECKS; check++) {
        if (r->outcomes[check] == VERDICT_PASSED)
            continue;
        buf_putf(&w->text, "%s: expected ", verdict_check_text(check));
        verdict_put_expected(r->expect, check, &w->text);
        buf_put_text(&w->text, "; came ");
        verdict_put_came(r, check, &w->text);
        buf_put_byte(&w->text, '\n');
    }
    before = w->text.len;
    verdict_put_doubt(w->v, r, &w->text);
    if (w->text.len > before)
        buf_put_byte(&w->text, '\n');
    for (uint32_t i = 0; i < r->example_count; i++) {
        const struct verdict_example *e = &r->examples[i];

        buf_putf(&w->text, "  %s %s status %u id %s\n", e->method, e->url, (unsigned)e->status,
                 e->id);
    }
}

static void put_case(struct writer *w, const struct verdict_result *r)
{
    static const char *const elements[] = {
        [VERDICT_PASSED] = "", [VERDICT_INCONCLUSIVE] = "error", [VERDICT_FAILED] = "failure"};
    const char *element = elements[r->outcome];

    buf_put_text(w->out, "  <testcase name=\"");
    put_xml(w->out, r->expect->name);
    buf_put_text(w->out, "\" classname=\"weir.expect\" time=\"0.000\"");
    if (r->outcome == VERDICT_PASSED) {
        buf_put_text(w->out, "/>\n");
        return;
    }
    buf_putf(w->out, ">\n    <%s type=\"%s\" message=\"", element,
             verdict_outcome_text(r->outcome));
    put_first_problem(w, r);
    put_made(w);
    buf_put_text(w->out, "\">");
    put_problems(w, r);
    put_made(w);
    buf_putf(w->out, "</%s>\n  </testcase>\n", element);
}

static void put_retries(struct writer *w)
{
    for (uint32_t i = 0; i < retry_audit_count(w->v->audit); i++) {
        const struct retry_episode *e = retry_audit_at(w->v->audit, i);

        buf_putf(&w->text, "%s %s  ", e->method, e->url);
        verdict_put_episode(e, &w->text);
        buf_put_byte(&w->text, '\n');
    }
    put_made(w);
}

void verdict_put_junit(const struct verdict *v, struct buf *out)
{
    struct writer w = {.v = v, .out = out};

    buf_init(&w.text, VERDICT_TEXT_BYTES);
    buf_putf(out,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<testsuite name=\"weir\" tests=\"%" PRIu32 "\" failures=\"%" PRIu32
             "\" errors=\"%" PRIu32 "\" skipped=\"0\" hostname=\"localhost\" time=\"",
             v->expects->count, v->tally[VERDICT_FAILED], v->tally[VERDICT_INCONCLUSIVE]);
    put_seconds(out, v->last_us - v->first_us);
    buf_put_text(out, "\" timestamp=\"");
    put_timestamp(out, v->first_us);
    buf_put_text(out, "\">\n  <properties/>\n");
    for (uint32_t i = 0; i < v->expects->count; i++)
        put_case(&w, &v->results[i]);
    buf_put_text(out, "  <system-out>");
    put_retries(&w);
    buf_put_text(out, "</system-out>\n  <system-err/>\n</testsuite>\n");
    buf_release(&w.text);
}
