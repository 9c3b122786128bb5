#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "logs/logs.h"
#include "make_flow.h"

enum {
    FLOWS = 20 * 1000, /* of each producer */
    PRODUCERS = 2,
    DRAIN_MS = 60 * 1000,
    BIG_TEXT = 64 * 1024,
};

/* A sink that keeps accounts. Its gate holds up those who format, its tap those who
 * write. */
struct spy {
    pthread_mutex_t gate, tap;
    _Atomic uint64_t flows, misplaced; /* formatted */
    _Atomic uint64_t written, gap_flows, gap_bodies, reopened;
    uint64_t next_sequence[PRODUCERS]; /* log thread */
    struct buf lived;                  /* what came of flows before their end; log thread */
    _Atomic bool fails;
    size_t text_size; /* of a flow */
    struct buf text;
};

/* The one that the next open() is of. */
static struct spy *spies[2];

static void *spy_open_first(const struct sink_settings *settings, char *error)
{
    (void)settings;
    (void)error;
    return spies[0];
}

static void *spy_open_second(const struct sink_settings *settings, char *error)
{
    (void)settings;
    (void)error;
    return spies[1];
}

static void *spy_open_never(const struct sink_settings *settings, char *error)
{
    (void)settings;
    snprintf(error, SINK_ERROR_BYTES, "not today");
    return NULL;
}

static enum status spy_flow(void *self, const struct flow *f)
{
    struct spy *s = self;

    pthread_mutex_lock(&s->gate);
    pthread_mutex_unlock(&s->gate);
    if (f->sequence < s->next_sequence[f->loop]) /* gaps are no fault, but an order is */
        s->misplaced++;
    s->next_sequence[f->loop] = f->sequence + 1;
    s->flows++;
    for (size_t i = 0; i + 1 < s->text_size; i++)
        buf_put_byte(&s->text, 'x');
    buf_put_byte(&s->text, '\n');
    return buf_status(&s->text);
}

static enum status spy_gap(void *self, const struct log_gap *gap)
{
    struct spy *s = self;

    buf_putf(&s->text, "gap %llu %llu\n", (unsigned long long)gap->flows,
             (unsigned long long)gap->bodies);
    return buf_status(&s->text);
}

static void spy_begin(void *self, const struct flow *f)
{
    struct spy *s = self;

    buf_putf(&s->lived, "begin %s;", f->id);
}

static void spy_data(void *self, const struct flow_piece *piece)
{
    struct spy *s = self;

    buf_putf(&s->lived, "%s %s %.*s;", piece->side == HTTP_REQUEST ? "request" : "response",
             piece->id, (int)piece->content.len, (const char *)piece->content.ptr);
}

static void spy_forget(void *self, const char *id)
{
    struct spy *s = self;

    buf_putf(&s->lived, "forget %s;", id);
}

static struct buf *spy_text(void *self)
{
    struct spy *s = self;

    return &s->text;
}

static void spy_count_line(struct spy *s, char *line)
{
    char *end;

    if (strncmp(line, "gap ", 4) != 0) {
        s->written++;
        return;
    }
    s->gap_flows += strtoull(line + 4, &end, 10);
    s->gap_bodies += strtoull(end, NULL, 10);
}

static enum status spy_write(void *self, struct bytes text)
{
    struct spy *s = self;
    char line[64];

    pthread_mutex_lock(&s->tap);
    pthread_mutex_unlock(&s->tap);
    while (!s->fails && text.len) {
        struct bytes one = bytes_until(text, (size_t)bytes_find(text, '\n') + 1);

        snprintf(line, sizeof(line), "%.*s", (int)one.len, (const char *)one.ptr);
        spy_count_line(s, line);
        text = bytes_from(text, one.len);
    }
    return s->fails ? STATUS_IO : STATUS_OK;
}

static enum status spy_reopen(void *self)
{
    struct spy *s = self;

    s->reopened++;
    return STATUS_OK;
}

static void spy_close(void *self)
{
    (void)self;
}

#define SPY(opener)                                                                                \
    {                                                                                              \
        .name = "spy", .help = "for tests", .open = (opener), .flow = spy_flow, .gap = spy_gap,    \
        .text = spy_text, .write = spy_write, .reopen = spy_reopen, .close = spy_close,            \
    }

#define LIVE_SPY(opener)                                                                           \
    {                                                                                              \
        .name = "spy", .help = "for tests", .open = (opener), .flow = spy_flow, .gap = spy_gap,    \
        .begin = spy_begin, .data = spy_data, .forget = spy_forget, .text = spy_text,              \
        .write = spy_write, .reopen = spy_reopen, .close = spy_close,                              \
    }

static const struct sink spy_first = SPY(spy_open_first);
static const struct sink spy_live = LIVE_SPY(spy_open_first);
static const struct sink spy_second = SPY(spy_open_second);
static const struct sink spy_never = SPY(spy_open_never);

static struct spy *spy_new(int place)
{
    struct spy *s = test_calloc(1, sizeof(*s));

    assert_int_equal(pthread_mutex_init(&s->gate, NULL), 0);
    assert_int_equal(pthread_mutex_init(&s->tap, NULL), 0);
    s->text_size = 1;
    buf_init(&s->lived, 4096);
    buf_init(&s->text, 256 * 1024 * 1024);
    spies[place] = s;
    return s;
}

static void spy_free(struct spy *s)
{
    pthread_mutex_destroy(&s->gate);
    pthread_mutex_destroy(&s->tap);
    buf_release(&s->text);
    buf_release(&s->lived);
    test_free(s);
}

static struct logs *start(const struct log_settings *settings)
{
    char error[SINK_ERROR_BYTES];
    struct logs *l;

    assert_int_equal(logs_start(settings, error, &l), STATUS_OK);
    return l;
}

static struct logs *start_one(enum log_on_full on_full)
{
    const struct log_settings settings = {
        .on_full = on_full,
        .ports = PRODUCERS,
        .sinks = {{.sink = &spy_first}},
        .sink_count = 1,
    };

    return start(&settings);
}

struct made {
    struct log_event event;
    struct flow flow;
};

static struct log_event *event_new(enum log_event_kind kind, uint32_t loop, uint64_t sequence)
{
    struct made *m = calloc(1, sizeof(*m));

    if (!m)
        abort();
    m->event.kind = kind;
    m->flow.loop = loop;
    m->flow.sequence = sequence;
    if (kind == LOG_BEGIN || kind == LOG_END)
        m->event.flow = &m->flow;
    return &m->event;
}

static void event_free(struct log_event *ev)
{
    free(ev); /* the first member */
}

static uint64_t reclaim_all(struct log_port *p)
{
    struct log_event *ev;
    uint64_t count = 0;

    for (; (ev = log_port_reclaim(p)) != NULL; count++)
        event_free(ev);
    return count;
}

struct producer {
    struct log_port *port;
    uint32_t loop;
    uint64_t accepted, reclaimed;
};

static void *produce(void *argument)
{
    struct producer *p = argument;

    for (uint64_t i = 0; i < FLOWS; i++) {
        struct log_event *ev = event_new(LOG_END, p->loop, i);

        if (log_port_push(p->port, ev))
            p->accepted++;
        else
            event_free(ev);
        if (i % 64 == 0)
            p->reclaimed += reclaim_all(p->port);
    }
    return NULL;
}

/* Two loops at full speed. */
static void produce_all(struct logs *l, struct producer producers[PRODUCERS])
{
    pthread_t threads[PRODUCERS];

    for (uint32_t i = 0; i < PRODUCERS; i++) {
        producers[i] = (struct producer){.port = logs_port(l, i), .loop = i};
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
    }
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(threads[i], NULL);
}

static void loses_nothing_of_two_loops_when_it_waits(void **state)
{
    struct producer producers[PRODUCERS];
    struct spy *s = spy_new(0);
    struct logs *l = start_one(LOG_WAIT);
    struct log_stats stats;

    (void)state;
    produce_all(l, producers);
    assert_int_equal(logs_drain(l, DRAIN_MS), STATUS_OK);
    assert_int_equal(s->written, PRODUCERS * FLOWS);
    assert_int_equal(s->misplaced, 0);
    for (int i = 0; i < PRODUCERS; i++) {
        assert_int_equal(producers[i].accepted, FLOWS);
        assert_int_equal(producers[i].reclaimed + reclaim_all(producers[i].port), FLOWS);
        assert_int_equal(s->next_sequence[i], FLOWS);
    }
    logs_stats(l, &stats);
    assert_int_equal(stats.flows, PRODUCERS * FLOWS);
    assert_int_equal(stats.dropped_flows, 0);
    logs_free(l);
    spy_free(s);
}

static void counts_drops_of_two_loops_exactly(void **state)
{
    struct producer producers[PRODUCERS];
    struct spy *s = spy_new(0);
    struct logs *l = start_one(LOG_DROP);
    uint64_t accepted = 0, reclaimed = 0;
    struct log_stats stats;

    (void)state;
    pthread_mutex_lock(&s->gate); /* so that the rings do fill up */
    produce_all(l, producers);
    pthread_mutex_unlock(&s->gate);
    assert_int_equal(logs_drain(l, DRAIN_MS), STATUS_OK);
    for (int i = 0; i < PRODUCERS; i++) {
        accepted += producers[i].accepted;
        reclaimed += producers[i].reclaimed + reclaim_all(producers[i].port);
    }
    logs_stats(l, &stats);
    assert_true(accepted < PRODUCERS * FLOWS);
    assert_int_equal(stats.flows, accepted);
    assert_int_equal(s->flows, accepted);
    assert_int_equal(stats.dropped_flows + stats.flows, PRODUCERS * FLOWS);
    assert_int_equal(reclaimed, accepted);
    logs_stop(l);
    assert_int_equal(s->gap_flows, stats.dropped_flows);
    assert_int_equal(s->misplaced, 0);
    logs_free(l);
    spy_free(s);
}

static void keeps_order_and_count_of_what_the_ring_has_no_room_for(void **state)
{
    enum { MANY = 3 * LOG_RING };
    struct spy *s = spy_new(0);
    struct logs *l = start_one(LOG_WAIT);
    struct log_port *p = logs_port(l, 1);

    (void)state;
    pthread_mutex_lock(&s->gate);
    assert_false(log_port_full(p));
    for (uint64_t i = 0; i < MANY; i++)
        assert_true(log_port_push(p, event_new(LOG_END, 1, i)));
    assert_true(log_port_full(p));
    pthread_mutex_unlock(&s->gate);
    assert_int_equal(logs_drain(l, DRAIN_MS), STATUS_OK);
    assert_false(log_port_full(p));
    assert_int_equal(s->flows, MANY);
    assert_int_equal(s->misplaced, 0);
    assert_int_equal(reclaim_all(p), MANY);
    logs_free(l);
    spy_free(s);
}

static void counts_the_bodies_of_dropped_flows(void **state)
{
    struct spy *s = spy_new(0);
    struct logs *l = start_one(LOG_DROP);
    struct log_port *p = logs_port(l, 0);
    struct log_event *ev = event_new(LOG_END, 0, 0);
    struct log_event data = {.kind = LOG_DATA, .data = {.len = 5}};
    struct log_event begin = {.kind = LOG_BEGIN, .flow = make_flow(FLOW_HTTP)};
    struct log_stats stats;
    uint64_t flows;

    (void)state;
    pthread_mutex_lock(&s->gate);
    for (flows = 0; log_port_push(p, ev); flows++)
        ev = event_new(LOG_END, 0, flows + 1);
    ev->flow->request.body.captured_bytes = 10;
    ev->flow->response.body.captured_bytes = 100;
    ev->flow->response.body.wire_bytes = 1100;
    assert_false(log_port_push(p, ev));
    assert_true(ev->refused);
    assert_false(log_port_push(p, &data)); /* what they tell the END has too */
    assert_false(log_port_push(p, &begin));
    assert_true(begin.refused);
    free_flow(begin.flow);
    log_port_body_dropped(p, 1000);
    ev->flow->body_not_captured = true; /* that 1000, of the response */
    assert_false(log_port_push(p, ev));
    logs_stats(l, &stats);
    assert_int_equal(stats.dropped_flows, 3);
    assert_int_equal(stats.dropped_bodies, 4);
    assert_int_equal(stats.dropped_bytes, 1220);
    pthread_mutex_unlock(&s->gate);
    assert_int_equal(logs_drain(l, DRAIN_MS), STATUS_OK);
    event_free(ev);
    assert_int_equal(reclaim_all(p), flows);
    logs_free(l);
    assert_int_equal(s->gap_flows, 3);
    assert_int_equal(s->gap_bodies, 4);
    spy_free(s);
}

static void one_sink_that_stalls_delays_no_other(void **state)
{
    enum { MANY = 1000 };
    struct spy *stuck = spy_new(0), *quick = spy_new(1);
    const struct log_settings settings = {
        .ports = 1,
        .sinks = {{.sink = &spy_first, .stalls = true}, {.sink = &spy_second}},
        .sink_count = 2,
    };
    struct logs *l = start(&settings);
    struct log_stats stats;
    uint64_t pushed = 0;

    (void)state;
    pthread_mutex_lock(&stuck->tap);
    stuck->text_size = BIG_TEXT;
    while (pushed < MANY) { /* 64 MiB of text for a queue of 16 */
        if (log_port_push(logs_port(l, 0), event_new(LOG_END, 0, pushed)))
            pushed++;
        reclaim_all(logs_port(l, 0));
        sched_yield();
    }
    while (quick->written < MANY)
        sched_yield(); /* hangs if the stuck one holds it up */
    assert_int_equal(logs_drain(l, 50), STATUS_LIMIT);
    reclaim_all(logs_port(l, 0));
    logs_stats(l, &stats);
    assert_int_equal(stats.flows, MANY);
    assert_int_equal(stats.dropped_flows, 0);
    assert_true(stats.sink_failures > MANY / 2);

    pthread_mutex_unlock(&stuck->tap);
    logs_stop(l);
    logs_stats(l, &stats);
    assert_int_equal(stuck->gap_flows, stats.sink_failures); /* it was told of each */
    assert_int_equal(stuck->written + stuck->gap_flows, MANY);
    assert_int_equal(quick->gap_flows, 0);
    reclaim_all(logs_port(l, 0));
    logs_free(l);
    spy_free(stuck);
    spy_free(quick);
}

static void tells_of_flows_that_could_not_be_written_once_it_can(void **state)
{
    struct spy *s = spy_new(0);
    struct logs *l = start_one(LOG_DROP);
    struct log_port *p = logs_port(l, 0);
    struct log_stats stats;

    (void)state;
    s->fails = true;
    for (uint64_t i = 0; i < 5; i++)
        assert_true(log_port_push(p, event_new(LOG_END, 0, i)));
    assert_int_equal(logs_drain(l, DRAIN_MS), STATUS_OK);
    logs_stats(l, &stats);
    assert_int_equal(stats.sink_failures, 5);
    assert_int_equal(s->written, 0);
    assert_true(log_port_push(p, event_new(LOG_END, 0, 5)));
    assert_int_equal(logs_drain(l, DRAIN_MS), STATUS_OK);
    s->fails = false;
    assert_true(log_port_push(p, event_new(LOG_END, 0, 6)));
    assert_int_equal(logs_drain(l, DRAIN_MS), STATUS_OK);
    assert_int_equal(s->gap_flows, 6);
    assert_int_equal(s->written, 1);
    logs_stats(l, &stats);
    assert_int_equal(stats.sink_failures, 6);
    assert_int_equal(stats.flows, 7);
    assert_int_equal(reclaim_all(p), 7);
    logs_free(l);
    spy_free(s);
}

static void shows_other_sinks_flows_at_their_end_and_gives_all_events_back(void **state)
{
    struct spy *s = spy_new(0);
    struct logs *l = start_one(LOG_DROP);
    struct log_port *p = logs_port(l, 0);

    (void)state;
    assert_true(log_port_push(p, event_new(LOG_BEGIN, 0, 0)));
    assert_true(log_port_push(p, event_new(LOG_DATA, 0, 0)));
    assert_true(log_port_push(p, event_new(LOG_MESSAGE, 0, 0)));
    assert_int_equal(logs_drain(l, DRAIN_MS), STATUS_OK);
    assert_int_equal(s->flows, 0);
    assert_true(log_port_push(p, event_new(LOG_END, 0, 1)));
    assert_int_equal(logs_drain(l, DRAIN_MS), STATUS_OK);
    assert_int_equal(s->flows, 1);
    assert_int_equal(reclaim_all(p), 4);
    logs_free(l);
    spy_free(s);
}

static void push_of(struct log_port *p, struct log_event *ev, const char *id)
{
    memcpy(ev->id, id, sizeof(ev->id));
    if (ev->flow)
        memcpy(ev->flow->id, id, sizeof(ev->flow->id));
    assert_true(log_port_push(p, ev));
}

static void shows_open_flows_to_the_sinks_that_ask(void **state)
{
    static const char id[] = "01J0000000000000000000000A";
    struct spy *asks = spy_new(0), *other = spy_new(1);
    const struct log_settings settings = {
        .ports = 1, .sinks = {{.sink = &spy_live}, {.sink = &spy_second}}, .sink_count = 2};
    struct logs *l = start(&settings);
    struct log_port *p = logs_port(l, 0);
    struct log_event *data = event_new(LOG_DATA, 0, 0);
    struct log_stats stats;

    (void)state;
    assert_true(sink_is_live(&spy_live));
    assert_false(sink_is_live(&spy_second));
    push_of(p, event_new(LOG_BEGIN, 0, 0), id);
    data->side = HTTP_RESPONSE;
    data->data = slice_of(BYTES("hello"));
    push_of(p, data, id);
    push_of(p, event_new(LOG_FORGET, 0, 0), id);
    push_of(p, event_new(LOG_END, 0, 1), id);
    assert_int_equal(logs_drain(l, DRAIN_MS), STATUS_OK);
    assert_string_equal(buf_text(&asks->lived), "begin 01J0000000000000000000000A;"
                                                "response 01J0000000000000000000000A hello;"
                                                "forget 01J0000000000000000000000A;");
    assert_int_equal(other->lived.len, 0);
    assert_int_equal(asks->flows, 1);
    assert_int_equal(other->flows, 1);
    logs_stats(l, &stats);
    assert_int_equal(stats.flows, 1);
    assert_int_equal(reclaim_all(p), 4);
    logs_free(l);
    spy_free(asks);
    spy_free(other);
}

static void gives_events_back_after_it_was_stopped(void **state)
{
    struct spy *s = spy_new(0);
    struct logs *l = start_one(LOG_DROP);
    struct log_port *p = logs_port(l, 0);
    struct log_event *late = event_new(LOG_END, 0, 10);
    struct log_stats stats;

    (void)state;
    for (uint64_t i = 0; i < 10; i++)
        assert_true(log_port_push(p, event_new(LOG_END, 0, i)));
    logs_stop(l);
    assert_int_equal(s->written, 10);
    assert_false(log_port_push(p, late));
    event_free(late);
    logs_stats(l, &stats);
    assert_int_equal(stats.dropped_flows, 1);
    assert_int_equal(reclaim_all(p), 10);
    assert_int_equal(logs_drain(l, 0), STATUS_OK);
    logs_free(l);
    spy_free(s);
}

static void wakes_up_for_a_single_flow(void **state)
{
    struct spy *s = spy_new(0);
    struct logs *l = start_one(LOG_DROP);
    struct log_port *p = logs_port(l, 0);

    (void)state;
    for (uint64_t i = 0; i < 200; i++) {
        assert_true(log_port_push(p, event_new(LOG_END, 0, i)));
        while (s->written <= i)
            sched_yield(); /* hangs if the log thread sleeps on it */
        if (i % 16 == 0)
            usleep(20 * 1000); /* so that it is asleep for sure */
    }
    assert_int_equal(reclaim_all(p), 200);
    logs_free(l);
    spy_free(s);
}

static void captures_bodies_up_to_the_budget(void **state)
{
    enum { CHUNK = 64 * 1024 };
    struct spy *s = spy_new(0);
    struct logs *l = start_one(LOG_DROP);
    struct log_port *p = logs_port(l, 0);
    size_t chunks = 0;

    (void)state;
    assert_false(log_port_full(p));
    while (log_port_capture(p, CHUNK))
        chunks++;
    assert_int_equal(chunks, LOG_BYTES / CHUNK);
    assert_true(log_port_full(p));
    assert_false(log_port_capture(p, 1));
    log_port_uncapture(p, CHUNK);
    assert_true(log_port_capture(p, CHUNK));
    log_port_uncapture(p, LOG_BYTES / 2);
    assert_false(log_port_full(p));
    logs_free(l);
    spy_free(s);
}

static void captures_no_bodies_when_the_ring_is_nearly_full(void **state)
{
    struct spy *s = spy_new(0);
    struct logs *l = start_one(LOG_DROP);
    struct log_port *p = logs_port(l, 0);
    uint64_t flows = 0;

    (void)state;
    pthread_mutex_lock(&s->gate);
    while (log_port_capture(p, 1))
        assert_true(log_port_push(p, event_new(LOG_END, 0, flows++)));
    assert_true(flows > LOG_RING / 2 && flows < LOG_RING);
    assert_true(log_port_full(p));
    pthread_mutex_unlock(&s->gate);
    assert_int_equal(logs_drain(l, DRAIN_MS), STATUS_OK);
    assert_true(log_port_capture(p, 1));
    assert_int_equal(reclaim_all(p), flows);
    logs_free(l);
    spy_free(s);
}

static void reopens_its_sinks(void **state)
{
    struct spy *s = spy_new(0);
    struct logs *l = start_one(LOG_DROP);

    (void)state;
    logs_reopen(l);
    while (s->reopened == 0)
        sched_yield();
    logs_free(l);
    assert_int_equal(s->reopened, 1);
    spy_free(s);
}

static void writes_the_key_log(void **state)
{
    char path[] = "/tmp/weir-logs-XXXXXX", text[64] = "";
    struct spy *s = spy_new(0);
    struct logs *l = start_one(LOG_DROP);
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(logs_keylog_open(l, path), STATUS_OK);
    logs_keylog(l, "CLIENT_RANDOM 1 2");
    while (read(fd, text, sizeof(text) - 1) == 0)
        sched_yield(); /* it is written without a further push */
    assert_string_equal(text, "CLIENT_RANDOM 1 2\n");
    logs_free(l);
    close(fd);
    unlink(path);
    spy_free(s);
}

static void says_why_a_sink_cannot_start(void **state)
{
    struct spy *s = spy_new(0);
    const struct log_settings settings = {
        .ports = 1,
        .sinks = {{.sink = &spy_first, .stalls = true}, {.sink = &spy_never}},
        .sink_count = 2,
    };
    const struct log_settings too_many = {.ports = 1, .sink_count = 9};
    char error[SINK_ERROR_BYTES] = "";
    struct logs *l = NULL;

    (void)state;
    assert_int_equal(logs_start(&settings, error, &l), STATUS_IO);
    assert_string_equal(error, "not today");
    assert_int_equal(logs_start(&too_many, error, &l), STATUS_BAD_INPUT);
    assert_string_not_equal(error, "");
    assert_null(l);
    spy_free(s);
}

static void finds_sinks_by_their_names(void **state)
{
    (void)state;
    assert_ptr_equal(sink_find("console"), &sink_console);
    assert_ptr_equal(sink_find("jsonl"), &sink_jsonl);
    assert_null(sink_find("nothing"));
#define SINK(row)                                                                                  \
    assert_string_equal(sink_##row.name, #row);                                                    \
    assert_true(strlen(sink_##row.help) > 0);
#include "logs/sinks.def"
#undef SINK
}

static void writes_real_lines_through_a_real_sink(void **state)
{
    char path[] = "/tmp/weir-logs-XXXXXX", text[8192] = "";
    int fd = mkstemp(path);
    const struct log_settings settings = {
        .ports = 1,
        .sinks = {{.sink = &sink_jsonl, .settings = {.target = path, .fd = -1}}},
        .sink_count = 1,
    };
    struct log_event ev = {.kind = LOG_END, .flow = make_http_flow("GET", "/", 200, NULL)};
    struct logs *l = start(&settings);

    (void)state;
    assert_true(log_port_push(logs_port(l, 0), &ev));
    assert_int_equal(logs_drain(l, DRAIN_MS), STATUS_OK);
    assert_true(read(fd, text, sizeof(text) - 1) > 0);
    assert_memory_equal(text, "{\"schema\":\"weir.flow/1\"", 23);
    assert_ptr_equal(log_port_reclaim(logs_port(l, 0)), &ev);
    free_flow(ev.flow);
    logs_free(l);
    close(fd);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loses_nothing_of_two_loops_when_it_waits),
        cmocka_unit_test(counts_drops_of_two_loops_exactly),
        cmocka_unit_test(keeps_order_and_count_of_what_the_ring_has_no_room_for),
        cmocka_unit_test(counts_the_bodies_of_dropped_flows),
        cmocka_unit_test(one_sink_that_stalls_delays_no_other),
        cmocka_unit_test(tells_of_flows_that_could_not_be_written_once_it_can),
        cmocka_unit_test(shows_other_sinks_flows_at_their_end_and_gives_all_events_back),
        cmocka_unit_test(shows_open_flows_to_the_sinks_that_ask),
        cmocka_unit_test(gives_events_back_after_it_was_stopped),
        cmocka_unit_test(wakes_up_for_a_single_flow),
        cmocka_unit_test(captures_bodies_up_to_the_budget),
        cmocka_unit_test(captures_no_bodies_when_the_ring_is_nearly_full),
        cmocka_unit_test(reopens_its_sinks),
        cmocka_unit_test(writes_the_key_log),
        cmocka_unit_test(says_why_a_sink_cannot_start),
        cmocka_unit_test(finds_sinks_by_their_names),
        cmocka_unit_test(writes_real_lines_through_a_real_sink),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
