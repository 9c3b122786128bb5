#include "logs/logs.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "logs/deadline.h"
#include "logs/keylog.h"
#include "logs/log_port.h"
#include "logs/outlet.h"

enum {
    STOP_MS = 5 * 1000, /* for all sinks together */
    LOG_SINKS =
        sizeof(((struct log_settings *)0)->sinks) / sizeof(((struct log_settings *)0)->sinks[0]),
};

struct logs {
    struct log_port *ports; /* owned, aligned to cache lines */
    uint32_t port_count;
    struct outlet outlets[LOG_SINKS];
    uint32_t outlet_count;
    struct bell bell;
    struct keylog keylog;
    pthread_t thread;
    bool stopped;
    _Atomic bool stopping, reopen;
    _Atomic uint64_t flows;
    _Atomic uint64_t drains_asked;
    pthread_mutex_t lock; /* over drains_done */
    pthread_cond_t drained;
    uint64_t drains_done;
};

static void log_take(void *self, const struct log_event *ev)
{
    struct logs *l = self;

    for (uint32_t i = 0; i < l->outlet_count; i++)
        outlet_take(&l->outlets[i], ev);
    if (ev->kind == LOG_END)
        atomic_fetch_add_explicit(&l->flows, 1, memory_order_relaxed);
}

static void logs_tell_gap(struct logs *l, struct log_port *p)
{
    struct log_gap gap = log_port_take_gap(p);

    if (!gap.flows && !gap.bodies)
        return;
    for (uint32_t i = 0; i < l->outlet_count; i++)
        outlet_gap(&l->outlets[i], &gap);
}

/* Everything that came before this call. How many events that was. `now`: somebody
 * waits for it to be kept. */
static size_t logs_turn(struct logs *l, bool now)
{
    const struct log_taker taker = {log_take, l};
    bool reopen = atomic_exchange(&l->reopen, false);
    size_t served = 0;

    keylog_write(&l->keylog);
    for (uint32_t i = 0; i < l->port_count; i++) {
        served += log_port_serve(&l->ports[i], &taker);
        logs_tell_gap(l, &l->ports[i]);
    }
    for (uint32_t i = 0; i < l->outlet_count; i++) {
        outlet_flush(&l->outlets[i], now);
        if (reopen)
            outlet_reopen(&l->outlets[i]);
    }
    return served;
}

/* What can wait until little or nothing else is to be done; how long to sleep then. */
static int logs_spare_time(struct logs *l)
{
    int sleep_ms = -1;

    for (uint32_t i = 0; i < l->outlet_count; i++) {
        struct outlet *o = &l->outlets[i];

        if (outlet_idle(o))
            sleep_ms = 0;
        else if (sleep_ms && outlet_pending(o))
            sleep_ms = LOG_FLUSH_MS;
        else if (sleep_ms < 0 && o->sink->idle)
            sleep_ms = LOG_IDLE_MS;
    }
    return sleep_ms;
}

static bool logs_idle(struct logs *l, uint64_t drains)
{
    if (atomic_load(&l->stopping) || atomic_load(&l->reopen) || keylog_pending(&l->keylog) ||
        atomic_load(&l->drains_asked) != drains)
        return false;
    for (uint32_t i = 0; i < l->port_count; i++) {
        if (!log_port_idle(&l->ports[i]))
            return false;
    }
    return true;
}

static void logs_publish_drain(struct logs *l, uint64_t drains)
{
    pthread_mutex_lock(&l->lock);
    if (l->drains_done != drains) {
        l->drains_done = drains;
        pthread_cond_broadcast(&l->drained);
    }
    pthread_mutex_unlock(&l->lock);
}

static void *logs_run(void *argument)
{
    struct logs *l = argument;
    bool last;

    do {
        uint64_t drains = atomic_load(&l->drains_asked);
        size_t served;
        int sleep_ms;

        last = atomic_load(&l->stopping);
        served = logs_turn(l, last || drains != l->drains_done);
        logs_publish_drain(l, drains);
        if (last || atomic_load(&l->drains_asked) != drains)
            continue;
        sleep_ms = served < LOG_SPARE_EVENTS ? logs_spare_time(l) : -1;
        if (served) {
            bell_nap(&l->bell, LOG_FLUSH_MS);
            continue;
        }
        bell_doze(&l->bell);
        if (sleep_ms && logs_idle(l, drains))
            bell_sleep(&l->bell, sleep_ms);
        bell_wake(&l->bell);
    } while (!last);
    return NULL;
}

static void logs_close_outlets(struct logs *l, const struct timespec *deadline)
{
    while (l->outlet_count)
        outlet_close(&l->outlets[--l->outlet_count], deadline);
}

static enum status logs_open_outlets(struct logs *l, const struct log_settings *settings,
                                     char *error)
{
    enum status st = STATUS_OK;

    for (uint32_t i = 0; !st && i < settings->sink_count; i++) {
        const struct outlet_settings outlet = {
            .sink = settings->sinks[i].sink,
            .settings = &settings->sinks[i].settings,
            .bell = &l->bell,
            .queue_bytes = settings->sinks[i].stalls ? LOG_SINK_QUEUE_BYTES : 0,
        };

        st = outlet_open(&l->outlets[i], &outlet, error);
        if (!st)
            l->outlet_count++;
    }
    if (st) {
        const struct timespec now = deadline_in(0);

        logs_close_outlets(l, &now);
    }
    return st;
}

static void logs_release_ports(struct logs *l)
{
    while (l->port_count)
        log_port_release(&l->ports[--l->port_count]);
    free(l->ports);
}

static enum status logs_make_ports(struct logs *l, const struct log_settings *settings)
{
    enum status st = STATUS_OK;

    l->ports = aligned_alloc(_Alignof(struct log_port), settings->ports * sizeof(*l->ports));
    if (!l->ports)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; !st && i < settings->ports; i++) {
        st = log_port_init(&l->ports[i], &l->bell, settings->on_full);
        if (!st)
            l->port_count++;
    }
    if (st)
        logs_release_ports(l);
    return st;
}

static enum status logs_init_waits(struct logs *l)
{
    enum status st;

    if (pthread_mutex_init(&l->lock, NULL))
        return STATUS_NO_MEMORY;
    st = deadline_cond_init(&l->drained);
    if (st)
        goto no_cond;
    st = keylog_init(&l->keylog);
    if (st)
        goto no_keylog;
    st = bell_init(&l->bell);
    if (st)
        goto no_bell;
    return STATUS_OK;

no_bell:
    keylog_release(&l->keylog);
no_keylog:
    pthread_cond_destroy(&l->drained);
no_cond:
    pthread_mutex_destroy(&l->lock);
    return st;
}

static void logs_release_waits(struct logs *l)
{
    bell_release(&l->bell);
    keylog_release(&l->keylog);
    pthread_cond_destroy(&l->drained);
    pthread_mutex_destroy(&l->lock);
}

/* Signals are for the main loop: the log threads, and the writers that the sinks
 * start, inherit a mask that blocks them all. */
static enum status logs_start_threads(struct logs *l, const struct log_settings *settings,
                                      char *error)
{
    sigset_t all, before;
    enum status st;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    st = logs_open_outlets(l, settings, error);
    if (!st && pthread_create(&l->thread, NULL, logs_run, l)) {
        const struct timespec now = deadline_in(0);

        snprintf(error, SINK_ERROR_BYTES, "no thread for the log");
        st = STATUS_NO_MEMORY;
        logs_close_outlets(l, &now);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return st;
}

enum status logs_start(const struct log_settings *settings, char *error, struct logs **ret_logs)
{
    struct logs *l = NULL;
    enum status st = STATUS_NO_MEMORY;

    error[0] = '\0';
    if (settings->sink_count > LOG_SINKS || settings->ports == 0)
        st = STATUS_BAD_INPUT;
    else
        l = calloc(1, sizeof(*l));
    if (!l)
        goto no_logs;
    st = logs_init_waits(l);
    if (st)
        goto no_waits;
    st = logs_make_ports(l, settings);
    if (st)
        goto no_ports;
    st = logs_start_threads(l, settings, error);
    if (st)
        goto no_threads;
    *ret_logs = l;
    return STATUS_OK;

no_threads:
    logs_release_ports(l);
no_ports:
    logs_release_waits(l);
no_waits:
    free(l);
no_logs:
    if (!error[0])
        snprintf(error, SINK_ERROR_BYTES, "the log cannot start: %s", status_sentence(st));
    return st;
}

struct log_port *logs_port(struct logs *l, uint32_t loop)
{
    return &l->ports[loop];
}

/* Until the log thread has done all that was pushed before. */
static enum status logs_wait_turn(struct logs *l, const struct timespec *deadline)
{
    uint64_t mine = atomic_fetch_add(&l->drains_asked, 1) + 1;
    enum status st = STATUS_OK;

    bell_ring_urgent(&l->bell);
    pthread_mutex_lock(&l->lock);
    while (!st && l->drains_done < mine) {
        if (pthread_cond_timedwait(&l->drained, &l->lock, deadline) && l->drains_done < mine)
            st = STATUS_LIMIT;
    }
    pthread_mutex_unlock(&l->lock);
    return st;
}

enum status logs_drain(struct logs *l, int64_t timeout_ms)
{
    const struct timespec deadline = deadline_in(timeout_ms);
    enum status st;

    if (l->stopped)
        return STATUS_OK;
    st = logs_wait_turn(l, &deadline);
    for (uint32_t i = 0; !st && i < l->outlet_count; i++) {
        if (l->outlets[i].queue)
            st = sink_queue_wait(l->outlets[i].queue, &deadline);
    }
    return st;
}

void logs_stop(struct logs *l)
{
    const struct timespec deadline = deadline_in(STOP_MS);

    if (l->stopped)
        return;
    atomic_store(&l->stopping, true);
    bell_ring_urgent(&l->bell);
    pthread_join(l->thread, NULL);
    for (uint32_t i = 0; i < l->port_count; i++)
        log_port_end(&l->ports[i]);
    for (uint32_t i = 0; i < l->outlet_count; i++)
        outlet_finish(&l->outlets[i]);
    for (uint32_t i = 0; i < l->outlet_count; i++)
        outlet_close(&l->outlets[i], &deadline);
    l->stopped = true;
}

void logs_free(struct logs *l)
{
    if (!l)
        return;
    logs_stop(l);
    logs_release_ports(l);
    logs_release_waits(l);
    free(l);
}

void logs_stats(struct logs *l, struct log_stats *ret_stats)
{
    *ret_stats = (struct log_stats){
        .flows = atomic_load_explicit(&l->flows, memory_order_relaxed),
    };
    for (uint32_t i = 0; i < l->port_count; i++)
        log_port_add_stats(&l->ports[i], ret_stats);
    for (uint32_t i = 0; i < l->outlet_count; i++)
        ret_stats->sink_failures +=
            atomic_load_explicit(&l->outlets[i].failures, memory_order_relaxed);
}

void logs_reopen(struct logs *l)
{
    atomic_store(&l->reopen, true);
    bell_ring_urgent(&l->bell);
}

void logs_keylog(void *logs, const char *line)
{
    struct logs *l = logs;

    if (keylog_add(&l->keylog, bytes_of(line)))
        bell_ring(&l->bell);
}

enum status logs_keylog_open(struct logs *l, const char *path)
{
    return keylog_open(&l->keylog, path);
}
