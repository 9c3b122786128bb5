#include "proxy/loop/fleet.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "proxy/loop/acceptor.h"
#include "proxy/loop/fleet_impl.h"

enum { FLUSH_MS = 5000 }; /* for the answer to who asked for the end */

static const int signal_numbers[FLEET_SIGNALS] = {SIGINT, SIGTERM, SIGHUP};

struct uv_loop_s *fleet_uv(struct fleet *f)
{
    return &f->uv;
}

uint64_t fleet_clients(const struct fleet *f)
{
    uint64_t clients = 0;

    for (uint32_t i = 0; i < f->loop_count; i++)
        clients += loop_clients(f->loops[i]);
    return clients;
}

/* ---- the end ---- */

static void fleet_finish(struct fleet *f, int status)
{
    if (f->over)
        return;
    f->over = true;
    f->status = status;
    uv_stop(&f->uv);
}

static void on_deadline(uv_timer_t *timer)
{
    fleet_finish(timer->data, 0);
}

static bool fleet_drained(const struct fleet *f)
{
    for (uint32_t i = 0; i < f->loop_count; i++)
        if (!loop_drained(f->loops[i]))
            return false;
    return true;
}

void fleet_stop(struct fleet *f, int64_t drain_us)
{
    if (f->stopping)
        return;
    f->stopping = true;
    acceptor_free(f->acceptor);
    f->acceptor = NULL;
    control_close(f->control);
    for (uint32_t i = 0; i < f->loop_count; i++)
        loop_drain(f->loops[i]);
    uv_timer_start(&f->deadline, on_deadline, (uint64_t)drain_us / 1000, 0);
}

/* ---- news from the loops ---- */

static void on_loop_news(void *self)
{
    struct fleet *f = self;

    uv_async_send(&f->news);
}

/* From a loop's thread. It rings for itself, too: that does no harm. The loops are there
 * before the first one starts, and until the last one has stopped. */
static void on_loop_ring(void *self)
{
    struct fleet *f = self;

    for (uint32_t i = 0; f->loop_count > 1 && i < f->loop_count; i++)
        loop_ring(f->loops[i]);
}

static void on_news(uv_async_t *news)
{
    struct fleet *f = news->data;

    if (f->acceptor)
        acceptor_look(f->acceptor);
    fleet_api_status_news(f);
    if (f->stopping && fleet_drained(f))
        fleet_finish(f, 0);
}

/* ---- reload ---- */

static void on_reload(uv_work_t *work)
{
    struct fleet *f = work->data;

    f->env.reload(f->env.self, &f->reloaded);
}

static void fleet_swap_rules(struct fleet *f, struct ruleset *rules)
{
    for (uint32_t i = 0; i < f->loop_count; i++)
        loop_set_rules(f->loops[i], rules);
    ruleset_unref(f->rules);
    f->rules = rules;
}

static void fleet_start_reload(struct fleet *f);

/* Because something changed, or might have. */
static void fleet_look(struct fleet *f)
{
    if (f->stopping)
        return;
    f->reload_again = true;
    f->reload_again_told = true;
    if (!f->reloading)
        fleet_start_reload(f);
}

static void on_change(void *self)
{
    fleet_look(self);
}

/* A folder that was not watched may have changed before it was. */
static void fleet_watch(struct fleet *f, const struct buf *folders)
{
    char error[WATCH_ERROR_TEXT];
    bool added = false;

    if (!f->watch || f->over || buf_status(folders))
        return;
    if (watch_set(f->watch, buf_bytes(folders), error, &added) && added)
        f->env.say(f->env.self, error[0] ? error : status_sentence(STATUS_NO_MEMORY));
    if (added)
        fleet_look(f);
}

static void on_reloaded(uv_work_t *work, int error)
{
    struct fleet *f = work->data;
    struct fleet_reload *r = &f->reloaded;
    struct control_request *askers = f->reload_askers;

    (void)error; /* it is never cancelled */
    f->reload_askers = NULL;
    if (r->rules)
        fleet_swap_rules(f, r->rules);
    if (f->reload_told && !r->unchanged)
        f->env.say(f->env.self, buf_text(&r->text));
    fleet_api_reloaded(askers, r->rules, buf_bytes(&r->text));
    fleet_watch(f, &r->folders);
    f->reloading = false;
    buf_release(&r->text);
    buf_release(&r->folders);
    if (f->reload_again && !f->over)
        fleet_start_reload(f);
}

static void fleet_start_reload(struct fleet *f)
{
    f->reloading = true;
    f->reload_again = false;
    f->reload_told = f->reload_again_told;
    f->reload_again_told = false;
    f->reload_askers = f->reload_waiters;
    f->reload_waiters = NULL;
    f->reloaded = (struct fleet_reload){.only_if_changed = !f->reload_again_asked};
    f->reload_again_asked = false;
    buf_init(&f->reloaded.text, FLEET_REPORT_BYTES);
    buf_init(&f->reloaded.folders, FLEET_FOLDERS_BYTES);
    f->reload_work.data = f;
    uv_queue_work(&f->uv, &f->reload_work, on_reload, on_reloaded);
}

void fleet_reload(struct fleet *f, struct control_request *asker)
{
    if (asker) {
        asker->next = f->reload_waiters;
        f->reload_waiters = asker;
    } else {
        f->reload_again_told = true;
    }
    f->reload_again = true;
    f->reload_again_asked = true;
    if (!f->reloading)
        fleet_start_reload(f);
}

static enum status fleet_start_watch(struct fleet *f)
{
    struct watch_env env = {.uv = &f->uv, .on_change = on_change, .self = f};
    enum status st;

    if (!f->env.watch || !f->env.reload)
        return STATUS_OK;
    st = watch_new(&env, &f->watch);
    if (!st)
        fleet_look(f);
    return st;
}

/* ---- signals ---- */

/* The second one does not wait; a third one finds no handler and kills. */
static void fleet_signal_stop(struct fleet *f)
{
    if (!f->stopping) {
        fleet_stop(f, DRAIN_US);
        if (fleet_clients(f))
            f->env.say(f->env.self, "finishing what runs; once more to stop at once");
        return;
    }
    for (int i = 0; i < FLEET_SIGNALS; i++)
        uv_signal_stop(&f->signals[i]);
    fleet_finish(f, 1);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct fleet *f = handle->data;

    if (f->env.on_signal && f->env.on_signal(f->env.self, f, number))
        return;
    if (number != SIGHUP) {
        fleet_signal_stop(f);
        return;
    }
    if (f->env.logs)
        logs_reopen(f->env.logs);
    if (f->env.reload && !f->stopping)
        fleet_reload(f, NULL);
}

/* ---- begin ---- */

static void on_own_closed(uv_handle_t *handle)
{
    struct fleet *f = handle->data;

    f->handles--;
}

static enum status fleet_init_uv(struct fleet *f)
{
    if (uv_loop_init(&f->uv))
        return STATUS_NO_MEMORY;
    if (uv_async_init(&f->uv, &f->news, on_news)) {
        uv_loop_close(&f->uv);
        return STATUS_IO;
    }
    uv_timer_init(&f->uv, &f->deadline);
    f->news.data = f->deadline.data = f;
    for (int i = 0; i < FLEET_SIGNALS; i++) {
        uv_signal_init(&f->uv, &f->signals[i]);
        f->signals[i].data = f;
    }
    f->handles = FLEET_SIGNALS + 2;
    return STATUS_OK;
}

static enum status fleet_make_loops(struct fleet *f)
{
    struct loop_env env = {
        .engine = {.settings = f->env.settings, .ca = f->env.ca, .tls = f->env.tls},
        .rules = f->rules,
        .main = f->env.workers > 1 ? NULL : &f->uv,
        .on_news = on_loop_news,
        .on_ring = on_loop_ring,
        .self = f,
    };
    uint32_t count = f->env.workers < FLEET_WORKERS ? f->env.workers : FLEET_WORKERS;
    uint64_t upstreams = acceptor_plan(count).upstreams / (count ? count : 1);

    env.engine.upstreams = upstreams < UINT32_MAX ? (uint32_t)upstreams : UINT32_MAX;
    do {
        enum status st;

        env.engine.loop = f->loop_count;
        env.engine.seed = f->env.seed + f->loop_count;
        env.engine.log = f->env.logs ? logs_port(f->env.logs, f->loop_count) : NULL;
        st = loop_new(&env, &f->loops[f->loop_count]);
        if (st)
            return st;
        f->loop_count++;
    } while (f->loop_count < count);
    for (uint32_t i = 0; i < f->loop_count; i++) {
        enum status st = loop_start(f->loops[i]);

        if (st)
            return st;
    }
    return STATUS_OK;
}

static enum status fleet_open_control(struct fleet *f, char *error)
{
    struct control_env env = {
        .uv = &f->uv, .path = f->env.control_path, .on_request = fleet_api, .self = f};

    return env.path ? control_new(&env, error, &f->control) : STATUS_OK;
}

static enum status fleet_accept(struct fleet *f)
{
    struct acceptor_env env = {
        .uv = &f->uv,
        .loops = f->loops,
        .loop_count = f->loop_count,
        .connections = (uint64_t)f->env.settings->connections,
        .say = f->env.say,
        .self = f->env.self,
    };

    f->listen_count = f->env.listeners->count;
    for (uint32_t i = 0; i < f->listen_count; i++)
        endpoint_text(&f->env.listeners->addresses[i], f->listen[i]);
    return acceptor_new(&env, f->env.listeners, &f->acceptor);
}

/* libuv starts all threads of its pool with the first piece of work, which takes
 * milliseconds: better now than in the middle of the first lookup. */
static void on_warm_up(uv_work_t *work)
{
    (void)work;
}

static void on_warmed_up(uv_work_t *work, int error)
{
    struct fleet *f = work->data;

    (void)error;
    f->warming = false;
}

static enum status fleet_begin(struct fleet *f, char *error)
{
    enum status st = fleet_make_loops(f);

    if (!st)
        st = fleet_open_control(f, error);
    if (!st)
        st = fleet_accept(f);
    if (!st)
        st = fleet_start_watch(f);
    if (st) {
        if (!error[0])
            snprintf(error, FLEET_ERROR_TEXT, "cannot start: %s", status_sentence(st));
        return st;
    }
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < FLEET_SIGNALS; i++)
        uv_signal_start(&f->signals[i], on_signal, signal_numbers[i]);
    if (f->env.on_ready)
        f->env.on_ready(f->env.self, f);
    f->warm_up.data = f;
    f->warming = uv_queue_work(&f->uv, &f->warm_up, on_warm_up, on_warmed_up) == 0;
    return STATUS_OK;
}

/* ---- all of it ---- */

static void fleet_close_handles(struct fleet *f)
{
    uv_close((uv_handle_t *)&f->news, on_own_closed);
    uv_close((uv_handle_t *)&f->deadline, on_own_closed);
    for (int i = 0; i < FLEET_SIGNALS; i++)
        uv_close((uv_handle_t *)&f->signals[i], on_own_closed);
    while (f->handles || f->warming)
        uv_run(&f->uv, UV_RUN_NOWAIT);
}

/* The log gives its events back when it has stopped; only then may engines end. */
static bool fleet_end(struct fleet *f)
{
    bool hangs = false;

    f->over = true;
    acceptor_free(f->acceptor);
    listeners_close(f->env.listeners);
    while (f->reloading)
        uv_run(&f->uv, UV_RUN_ONCE);
    fleet_api_end(f);
    watch_free(f->watch);
    control_close(f->control);
    if (!f->stop_askers) {
        control_free(f->control);
        f->control = NULL;
    }
    for (uint32_t i = 0; i < f->loop_count; i++)
        loop_stop(f->loops[i]);
    if (f->env.logs)
        logs_stop(f->env.logs);
    fleet_api_stopped(f);
    control_flush(f->control, FLUSH_MS);
    control_free(f->control);
    for (uint32_t i = 0; i < f->loop_count; i++)
        hangs |= loop_free(f->loops[i]);
    ruleset_unref(f->rules);
    fleet_close_handles(f);
    if (!hangs)
        uv_loop_close(&f->uv);
    return hangs;
}

int fleet_run(const struct fleet_env *env, struct ruleset *rules, char *error, bool *ret_hangs)
{
    struct fleet *f = calloc(1, sizeof(*f));
    int status;

    error[0] = '\0';
    *ret_hangs = false;
    if (!f || fleet_init_uv(f)) {
        snprintf(error, FLEET_ERROR_TEXT, "cannot start an event loop");
        listeners_close(env->listeners);
        free(f);
        return 1;
    }
    f->env = *env;
    f->started_ns = uv_hrtime();
    f->rules = rules;
    if (rules)
        ruleset_ref(rules);
    if (fleet_begin(f, error))
        f->status = 1;
    else
        uv_run(&f->uv, UV_RUN_DEFAULT);
    *ret_hangs = fleet_end(f);
    status = f->status;
    if (!*ret_hangs) /* else libuv's thread still knows of it */
        free(f);
    return status;
}
