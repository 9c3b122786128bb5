#include "proxy/loop/loop.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

/* What the main thread has to say; read when the loop is woken. */
struct loop_mail {
    uv_mutex_t lock;
    struct ruleset *rules; /* with a reference; NULL: no news */
    bool drain, stop, stats_asked, rung;
    bool stats_taken;
    struct engine_stats stats;
};

struct loop {
    struct driver driver;
    uv_loop_t own;
    uv_loop_t *uv; /* own or the main thread's */
    uv_async_t wake;
    bool wake_closed;
    uv_thread_t thread;
    bool threaded;
    struct loop_mail mail;
    uint64_t given;        /* connections; the main thread's */
    _Atomic uint64_t gone; /* of them */
    _Atomic bool gone_awaited;
    _Atomic uint32_t upstreams;
    bool draining; /* the loop's own */
    _Atomic bool drained;
    void (*on_news)(void *self);
    void (*on_ring)(void *self);
    void *self;
    struct handoff handoff;
};

/* ---- on the loop's thread ---- */

static void on_client_gone(void *self)
{
    struct loop *l = self;
    uint64_t gone = atomic_load_explicit(&l->gone, memory_order_relaxed);

    atomic_store(&l->gone, gone + 1);
    if (atomic_load(&l->gone_awaited))
        l->on_news(l->self);
}

static void on_turn(void *self)
{
    struct loop *l = self;

    atomic_store_explicit(&l->upstreams, engine_upstreams(l->driver.engine), memory_order_relaxed);
    if (!l->draining || atomic_load(&l->drained) || !engine_drained(l->driver.engine))
        return;
    atomic_store(&l->drained, true);
    l->on_news(l->self);
}

static void on_ring(void *self)
{
    struct loop *l = self;

    l->on_ring(l->self);
}

static void loop_take_stats(struct loop *l)
{
    struct engine_stats stats;

    engine_stats(l->driver.engine, &stats);
    uv_mutex_lock(&l->mail.lock);
    l->mail.stats = stats;
    l->mail.stats_taken = true;
    uv_mutex_unlock(&l->mail.lock);
    l->on_news(l->self);
}

static void on_wake(uv_async_t *wake)
{
    struct loop *l = wake->data;
    struct accepted a;
    struct ruleset *rules;
    bool drain, stop, stats, rung;

    uv_mutex_lock(&l->mail.lock);
    rules = l->mail.rules;
    drain = l->mail.drain && !l->draining;
    stop = l->mail.stop;
    stats = l->mail.stats_asked;
    l->mail.rules = NULL;
    l->mail.stats_asked = false;
    rung = l->mail.rung;
    l->mail.rung = false;
    uv_mutex_unlock(&l->mail.lock);

    if (rules) {
        driver_set_rules(&l->driver, rules);
        ruleset_unref(rules);
    }
    while (handoff_take(&l->handoff, &a))
        driver_accept(&l->driver, a.fd, &a.from);
    if (rung)
        driver_ring(&l->driver);
    if (drain) {
        l->draining = true;
        driver_drain(&l->driver);
    }
    if (stats)
        loop_take_stats(l);
    if (stop) {
        driver_cut(&l->driver);
        uv_stop(l->uv);
    }
}

static void loop_run(void *self)
{
    struct loop *l = self;

    uv_run(l->uv, UV_RUN_DEFAULT);
}

/* ---- on another loop's thread ---- */

void loop_ring(struct loop *l)
{
    uv_mutex_lock(&l->mail.lock);
    l->mail.rung = true;
    uv_mutex_unlock(&l->mail.lock);
    uv_async_send(&l->wake);
}

/* ---- on the main thread ---- */

static enum status loop_init_uv(struct loop *l, uv_loop_t *main)
{
    l->uv = main ? main : &l->own;
    if (!main && uv_loop_init(&l->own))
        return STATUS_NO_MEMORY;
    if (uv_async_init(l->uv, &l->wake, on_wake) == 0) {
        l->wake.data = l;
        return STATUS_OK;
    }
    if (!main)
        uv_loop_close(&l->own);
    return STATUS_IO;
}

static void on_wake_closed(uv_handle_t *handle)
{
    struct loop *l = handle->data;

    l->wake_closed = true;
}

static void loop_release_uv(struct loop *l, bool abandoned)
{
    uv_close((uv_handle_t *)&l->wake, on_wake_closed);
    while (!l->wake_closed)
        uv_run(l->uv, UV_RUN_NOWAIT);
    if (l->uv == &l->own && !abandoned)
        uv_loop_close(&l->own);
}

enum status loop_new(const struct loop_env *env, struct loop **ret_loop)
{
    struct loop *l = aligned_alloc(_Alignof(struct loop), sizeof(*l));
    struct driver_env driver = {
        .engine = env->engine,
        .rules = env->rules,
        .on_client_gone = on_client_gone,
        .on_turn = on_turn,
        .on_ring = on_ring,
        .self = l,
    };
    enum status st;

    if (!l)
        return STATUS_NO_MEMORY;
    *l = (struct loop){.on_news = env->on_news, .on_ring = env->on_ring, .self = env->self};
    handoff_init(&l->handoff);
    atomic_init(&l->gone, 0);
    atomic_init(&l->upstreams, 0);
    atomic_init(&l->gone_awaited, false);
    atomic_init(&l->drained, false);
    st = loop_init_uv(l, env->main);
    if (st)
        goto failed;
    driver.uv = l->uv;
    st = driver_init(&l->driver, &driver);
    if (st) {
        loop_release_uv(l, false);
        goto failed;
    }
    if (uv_mutex_init(&l->mail.lock)) {
        driver_finish(&l->driver);
        loop_release_uv(l, false);
        st = STATUS_NO_MEMORY;
        goto failed;
    }
    *ret_loop = l;
    return STATUS_OK;
failed:
    free(l);
    return st;
}

/* Signals are for the main thread. */
enum status loop_start(struct loop *l)
{
    sigset_t all, before;
    int error;

    if (l->uv != &l->own)
        return STATUS_OK;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = uv_thread_create(&l->thread, loop_run, l);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    l->threaded = error == 0;
    return error ? STATUS_NO_MEMORY : STATUS_OK;
}

uint64_t loop_upstreams(const struct loop *l)
{
    return atomic_load_explicit(&l->upstreams, memory_order_relaxed);
}

uint64_t loop_clients(const struct loop *l)
{
    return l->given - atomic_load(&l->gone);
}

/* Sequentially consistent with the count: either the main thread sees the connection
 * gone, or the loop sees that it is waited for. */
void loop_await_gone(struct loop *l, bool wanted)
{
    atomic_store(&l->gone_awaited, wanted);
}

bool loop_has_room(const struct loop *l)
{
    return !l->threaded || handoff_has_room(&l->handoff);
}

void loop_give(struct loop *l, int fd, const struct sockaddr_storage *from)
{
    const struct accepted a = {.fd = fd, .from = *from};

    l->given++;
    if (!l->threaded) {
        driver_accept(&l->driver, fd, from);
        return;
    }
    if (!handoff_give(&l->handoff, &a))
        abort(); /* our own bug: there was room */
    uv_async_send(&l->wake);
}

void loop_set_rules(struct loop *l, struct ruleset *rules)
{
    struct ruleset *unread;

    ruleset_ref(rules);
    uv_mutex_lock(&l->mail.lock);
    unread = l->mail.rules;
    l->mail.rules = rules;
    uv_mutex_unlock(&l->mail.lock);
    ruleset_unref(unread);
    uv_async_send(&l->wake);
}

void loop_drain(struct loop *l)
{
    uv_mutex_lock(&l->mail.lock);
    l->mail.drain = true;
    uv_mutex_unlock(&l->mail.lock);
    uv_async_send(&l->wake);
}

bool loop_drained(const struct loop *l)
{
    return atomic_load(&l->drained);
}

void loop_ask_stats(struct loop *l)
{
    uv_mutex_lock(&l->mail.lock);
    l->mail.stats_asked = true;
    l->mail.stats_taken = false;
    uv_mutex_unlock(&l->mail.lock);
    uv_async_send(&l->wake);
}

bool loop_stats(struct loop *l, struct engine_stats *ret_stats)
{
    bool taken;

    uv_mutex_lock(&l->mail.lock);
    taken = l->mail.stats_taken;
    if (taken)
        *ret_stats = l->mail.stats;
    uv_mutex_unlock(&l->mail.lock);
    return taken;
}

void loop_stop(struct loop *l)
{
    if (!l->threaded) {
        driver_cut(&l->driver);
        return;
    }
    uv_mutex_lock(&l->mail.lock);
    l->mail.stop = true;
    uv_mutex_unlock(&l->mail.lock);
    uv_async_send(&l->wake);
    uv_thread_join(&l->thread);
}

bool loop_free(struct loop *l)
{
    bool abandoned;

    l->threaded = false;
    abandoned = driver_finish(&l->driver);
    loop_release_uv(l, abandoned);
    handoff_release(&l->handoff);
    ruleset_unref(l->mail.rules);
    uv_mutex_destroy(&l->mail.lock);
    if (!abandoned)
        free(l);
    return abandoned;
}
