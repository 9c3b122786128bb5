#include "proxy/loop/driver.h"

#include <assert.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proxy/loop/job.h"
#include "proxy/loop/socket.h"

static int64_t driver_now_us(void)
{
    return (int64_t)(uv_hrtime() / 1000);
}

/* Modulo a day: what the local clock shows is all that is wanted. */
static int32_t zone_s(time_t at)
{
    struct tm local, utc;

    if (!localtime_r(&at, &local) || !gmtime_r(&at, &utc))
        return 0;
    return (int32_t)((local.tm_hour - utc.tm_hour + 24) % 24 * 3600 +
                     (local.tm_min - utc.tm_min) * 60 + local.tm_sec - utc.tm_sec);
}

static int64_t driver_wall_us(struct driver *d, int64_t now_us)
{
    struct timespec ts;

    if (d->wall_read_us == 0 || now_us - d->wall_read_us >= DRIVER_WALL_US) {
        clock_gettime(CLOCK_REALTIME, &ts);
        d->wall_offset_us = (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000 - now_us;
        d->wall_read_us = now_us;
        d->zone_s = zone_s(ts.tv_sec);
    }
    return now_us + d->wall_offset_us;
}

/* ---- the timer ---- */

static void on_timer(uv_timer_t *timer);

/* libuv counts whole milliseconds from its own idea of now, on the same clock. */
static void driver_arm(struct driver *d)
{
    uint64_t due_ms = (uint64_t)(d->timer_at_us + 999) / 1000;
    uint64_t now_ms = uv_now(d->uv);

    d->armed_at_us = d->timer_at_us;
    uv_timer_start(&d->timer, on_timer, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

/* A later time than the armed one is left alone: when the timer fires too early it is
 * armed again. Most deadlines are moved on far more often than they come. */
static void driver_set_timer(struct driver *d, int64_t at_us)
{
    d->timer_at_us = at_us;
    if (at_us < d->armed_at_us)
        driver_arm(d);
}

static void on_timer(uv_timer_t *timer)
{
    struct driver *d = timer->data;
    struct event ev = {.kind = EVENT_TIMER};

    d->armed_at_us = INT64_MAX;
    if (d->timer_at_us == INT64_MAX)
        return;
    if (d->timer_at_us > driver_now_us()) {
        driver_arm(d);
        return;
    }
    d->timer_at_us = INT64_MAX;
    driver_pump(d, &ev);
}

/* ---- the log ---- */

static void driver_reclaim(struct driver *d)
{
    struct log_event *log;

    while (d->logs_outside && (log = log_port_reclaim(d->port))) {
        struct event ev = {.kind = EVENT_LOGGED, .log = log};

        d->logs_outside--;
        driver_pump(d, &ev);
    }
}

static void on_log_timer(uv_timer_t *timer);

/* What the log gives back wakes nobody. That is well while there is traffic; not when a
 * full log is waited for, or the last flow before the end. */
static void driver_watch_log(struct driver *d)
{
    bool awaited = d->log_full || (d->draining && d->logs_outside);

    if (awaited && !uv_is_active((uv_handle_t *)&d->log_timer))
        uv_timer_start(&d->log_timer, on_log_timer, DRIVER_LOG_MS, 0);
}

static void on_log_timer(uv_timer_t *timer)
{
    struct driver *d = timer->data;
    struct event room = {.kind = EVENT_LOG_ROOM};

    driver_reclaim(d);
    if (!d->log_full || log_port_full(d->port))
        return;
    d->log_full = false;
    driver_pump(d, &room);
}

static void driver_log(struct driver *d, struct log_event *log)
{
    struct event full = {.kind = EVENT_LOG_FULL};

    if (!d->port || !log_port_push(d->port, log)) {
        log->next = d->refused;
        d->refused = log;
        return;
    }
    d->logs_outside++;
    if (!d->log_waits || d->log_full || !log_port_full(d->port))
        return;
    d->log_full = true;
    driver_early(d, &full);
}

/* ---- the pump ---- */

static void driver_execute(struct driver *d, const struct command *c)
{
    switch (c->kind) {
    case COMMAND_RESOLVE:
        job_resolve(d, c->job, c->host);
        return;
    case COMMAND_UNRESOLVE:
        job_cancel(d, c->job);
        return;
    case COMMAND_DIAL:
        socket_dial(d, c->wire, c->address);
        return;
    case COMMAND_SEND:
        socket_send(d, c->wire, c->iov, c->count);
        return;
    case COMMAND_READ_ON:
        socket_read(d, c->wire, true);
        return;
    case COMMAND_READ_OFF:
        socket_read(d, c->wire, false);
        return;
    case COMMAND_SHUTDOWN:
        socket_shutdown(d, c->wire);
        return;
    case COMMAND_RESET:
        socket_reset(d, c->wire);
        return;
    case COMMAND_CLOSE:
        socket_close(d, c->wire);
        return;
    case COMMAND_TIMER:
        driver_set_timer(d, c->at_us);
        return;
    case COMMAND_JOB:
        job_run(d, c->job, c->run, c->argument);
        return;
    case COMMAND_RING:
        d->on_ring(d->self);
        return;
    case COMMAND_LOG:
        driver_log(d, c->log);
        return;
    }
}

static void driver_handle(struct driver *d, struct event *ev)
{
    ev->now_us = driver_now_us();
    ev->wall_us = driver_wall_us(d, ev->now_us);
    ev->zone_s = d->zone_s;
    engine_handle(d->engine, ev);
}

/* The log gives records back at each turn of the loop; libuv reads megabytes of small
 * requests from one connection in one turn, so not later than this many records. */
static bool driver_reclaims_early(struct driver *d, struct event *ret_event)
{
    struct log_event *log;

    if (d->logs_outside <= LOG_RING || !(log = log_port_reclaim(d->port)))
        return false;
    d->logs_outside--;
    *ret_event = (struct event){.kind = EVENT_LOGGED, .log = log};
    return true;
}

/* The next event that was known at once. */
static bool driver_next_pending(struct driver *d, struct event *ret_event)
{
    if (d->early_count) {
        *ret_event = d->early[0];
        d->early_count--;
        memmove(d->early, d->early + 1, d->early_count * sizeof(d->early[0]));
        return true;
    }
    if (d->refused) {
        *ret_event = (struct event){.kind = EVENT_LOGGED, .log = d->refused};
        d->refused = d->refused->next;
        return true;
    }
    return driver_reclaims_early(d, ret_event) || socket_next_pending(d, ret_event);
}

void driver_pump(struct driver *d, struct event *ev)
{
    struct command c;
    struct event next;

    assert(!d->pumping); /* no callback of libuv comes from within a command */
    d->pumping = true;
    driver_handle(d, ev);
    for (;;) {
        while (d->early_count < DRIVER_EARLY && engine_next(d->engine, &c))
            driver_execute(d, &c);
        if (!driver_next_pending(d, &next))
            break;
        driver_handle(d, &next);
    }
    d->pumping = false;
}

void driver_early(struct driver *d, const struct event *ev)
{
    d->early[d->early_count++] = *ev;
}

/* ---- from outside ---- */

void driver_accept(struct driver *d, int fd, const struct sockaddr_storage *from)
{
    struct event accepted = {.kind = EVENT_ACCEPTED, .address = from};
    struct event lost = {.kind = EVENT_RESET};
    uint32_t wire = engine_wire_new(d->engine);
    enum status st;

    if (wire == 0) {
        close(fd);
        d->on_client_gone(d->self);
        return;
    }
    accepted.wire = lost.wire = wire;
    st = socket_accept(d, wire, fd);
    if (st)
        d->on_client_gone(d->self);
    driver_pump(d, &accepted);
    if (st) /* the engine gives the number back */
        driver_pump(d, &lost);
}

void driver_set_rules(struct driver *d, struct ruleset *rules)
{
    struct event ev = {.kind = EVENT_RULES, .rules = rules};

    driver_pump(d, &ev);
}

void driver_drain(struct driver *d)
{
    struct event ev = {.kind = EVENT_DRAIN};

    d->draining = true;
    driver_pump(d, &ev);
}

void driver_ring(struct driver *d)
{
    struct event ev = {.kind = EVENT_RUNG};

    driver_pump(d, &ev);
}

void driver_cut(struct driver *d)
{
    struct event ev = {.kind = EVENT_DRAIN};

    d->cutting = true;
    driver_pump(d, &ev);
    socket_cut_clients(d);
}

/* ---- begin and end ---- */

static void on_turn(uv_prepare_t *turn)
{
    struct driver *d = turn->data;

    driver_reclaim(d);
    driver_watch_log(d);
    d->on_turn(d->self);
}

enum status driver_init(struct driver *d, const struct driver_env *env)
{
    struct engine_env engine = env->engine;
    enum status st;

    *d = (struct driver){
        .uv = env->uv,
        .port = env->engine.log,
        .log_waits = env->engine.settings->on_full == LOG_WAIT,
        .pending_end = &d->pending,
        .timer_at_us = INT64_MAX,
        .armed_at_us = INT64_MAX,
        .on_client_gone = env->on_client_gone,
        .on_turn = env->on_turn,
        .on_ring = env->on_ring,
        .self = env->self,
    };
    chunk_pool_init(&d->pool, DRIVER_POOL_CHUNKS);
    engine.pool = &d->pool;
    engine.tick_us = driver_now_us;
    st = engine_new(&engine, env->rules, &d->engine);
    if (st)
        return st;
    uv_timer_init(d->uv, &d->timer);
    uv_timer_init(d->uv, &d->log_timer);
    uv_prepare_init(d->uv, &d->turn);
    d->timer.data = d->log_timer.data = d->turn.data = d;
    d->handles = 3;
    uv_prepare_start(&d->turn, on_turn);
    return STATUS_OK;
}

static void on_own_closed(uv_handle_t *handle)
{
    struct driver *d = handle->data;

    d->handles--;
}

/* Work of the engine's ends by itself (a pattern has its limit), lookups may hang. */
static bool driver_end_jobs(struct driver *d)
{
    int64_t until_us = driver_now_us() + DRIVER_CANCEL_MS * 1000;

    job_cancel_all(d);
    while (d->works || (d->jobs && driver_now_us() < until_us)) {
        uv_run(d->uv, UV_RUN_NOWAIT);
        if (d->works || d->jobs)
            uv_sleep(1);
    }
    if (!d->jobs)
        return false;
    job_abandon_all(d);
    return true;
}

bool driver_finish(struct driver *d)
{
    bool abandoned;

    socket_reset_all(d);
    abandoned = driver_end_jobs(d);
    driver_reclaim(d);
    engine_free(d->engine);
    socket_reset_all(d); /* what the jobs' ends may have dialled */
    uv_close((uv_handle_t *)&d->timer, on_own_closed);
    uv_close((uv_handle_t *)&d->log_timer, on_own_closed);
    uv_close((uv_handle_t *)&d->turn, on_own_closed);
    while (d->handles)
        uv_run(d->uv, UV_RUN_NOWAIT);
    chunk_unref(d->slab);
    socket_release_table(d);
    chunk_pool_release(&d->pool);
    return abandoned;
}
