/* Counts for programs: one JSON object on one line. Members are described in docs/stats.md
 * and stay. */
#include <inttypes.h>
#include <time.h>

#include "base/text.h"
#include "logs/stats.h"

enum { KEY_SHOWN_BYTES = 8 * STATS_KEY_BYTES };

static void put_time(int64_t us, struct buf *out)
{
    time_t t = (time_t)(us / 1000000);
    char text[32] = "";
    struct tm tm;

    if (gmtime_r(&t, &tm))
        (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    buf_putf(out, "\"%s.%06dZ\"", text, (int)(us % 1000000));
}

static void put_time_or_null(bool known, int64_t us, struct buf *out)
{
    if (known)
        put_time(us, out);
    else
        buf_put_text(out, "null");
}

static void put_count(const struct stats_count *c, struct buf *out)
{
    const struct histogram *d = &c->durations;

    buf_putf(out, "\"flows\":%" PRIu64 ",\"errors\":%" PRIu64 ",\"no_answer\":%" PRIu64, c->flows,
             c->errors, c->classes[0]);
    for (int i = 1; i < 6; i++)
        buf_putf(out, ",\"%dxx\":%" PRIu64, i, c->classes[i]);
    buf_putf(out,
             ",\"injected\":%" PRIu64 ",\"request_bytes\":%" PRIu64 ",\"response_bytes\":%" PRIu64,
             c->injected, c->request_bytes, c->response_bytes);
    buf_putf(out, ",\"duration_us\":{\"count\":%" PRIu64, d->count);
    if (d->count)
        buf_putf(out,
                 ",\"min\":%" PRId64 ",\"p50\":%" PRId64 ",\"p95\":%" PRId64 ",\"p99\":%" PRId64
                 ",\"max\":%" PRId64,
                 d->min, histogram_quantile(d, 500), histogram_quantile(d, 950),
                 histogram_quantile(d, 990), d->max);
    buf_put_byte(out, '}');
}

static void put_groups(const struct stats *s, const struct stats_style *style, struct buf *out)
{
    struct buf clean;

    buf_init(&clean, KEY_SHOWN_BYTES);
    buf_putf(out, ",\"by\":\"%s\",\"group_count\":%" PRIu32 ",\"groups\":[", stats_by_name(s->by),
             s->group_count);
    for (uint32_t i = 0; i < s->group_count && i < style->groups; i++) {
        buf_clear(&clean);
        stats_put_key(s, s->groups[i].key, &style->redactor, &clean);
        buf_put_text(out, i ? ",{\"key\":" : "{\"key\":");
        text_put_json(out, buf_bytes(&clean));
        buf_put_byte(out, ',');
        put_count(&s->groups[i].count, out);
        buf_put_byte(out, '}');
    }
    buf_release(&clean);
    buf_put_text(out, "],\"other\":");
    if (s->other.flows) {
        buf_put_byte(out, '{');
        put_count(&s->other, out);
        buf_put_byte(out, '}');
    } else {
        buf_put_text(out, "null");
    }
}

static void put_times(const struct stats_times *t, struct buf *out)
{
    int last = STATS_SLOTS - 1;

    while (last > 0 && !t->slots[last].flows)
        last--;
    buf_put_text(out, ",\"times\":{\"start\":");
    put_time_or_null(t->step_us > 0, t->start_us, out);
    buf_putf(out, ",\"step_us\":%" PRId64 ",\"flows\":[", t->step_us);
    for (int i = 0; i <= last; i++)
        buf_putf(out, "%s%" PRIu64, i ? "," : "", t->slots[i].flows);
    buf_put_text(out, "],\"errors\":[");
    for (int i = 0; i <= last; i++)
        buf_putf(out, "%s%" PRIu64, i ? "," : "", t->slots[i].errors);
    buf_put_text(out, "]}");
}

void stats_put_json(const struct stats *s, const struct stats_style *style, struct buf *out)
{
    buf_put_byte(out, '{');
    put_count(&s->all, out);
    buf_putf(out, ",\"durations_missed\":%" PRIu64 ",\"first\":", s->all.durations_missed);
    put_time_or_null(s->all.flows > 0, s->first_us, out);
    buf_put_text(out, ",\"last\":");
    put_time_or_null(s->all.flows > 0, s->last_us, out);
    put_groups(s, style, out);
    put_times(&s->times, out);
    buf_put_text(out, "}\n");
}
