#include "proxy/loop/acceptor.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include "proxy/loop/loop.h"

struct acceptor {
    struct acceptor_env env;
    struct listeners listeners;
    uv_poll_t polls[LISTENERS];
    uv_timer_t pause;
    uint32_t handles; /* not yet closed */
    uint64_t max;     /* clients at once */
    uint64_t all;     /* … with the connections to servers */
    bool listening;   /* the polls are on */
    bool awaits_gone; /* off until a connection goes */
    bool said_full, said_descriptors;
};

static void on_readable(uv_poll_t *poll, int status, int events);
static void on_pause_over(uv_timer_t *timer);

static void acceptor_listen(struct acceptor *a, bool on)
{
    if (a->listening == on)
        return;
    a->listening = on;
    for (uint32_t i = 0; i < a->listeners.count; i++) {
        if (on)
            uv_poll_start(&a->polls[i], UV_READABLE, on_readable);
        else
            uv_poll_stop(&a->polls[i]);
    }
}

static void acceptor_await_gone(struct acceptor *a, bool wanted)
{
    a->awaits_gone = wanted;
    for (uint32_t i = 0; i < a->env.loop_count; i++)
        loop_await_gone(a->env.loops[i], wanted);
}

static uint64_t acceptor_clients(const struct acceptor *a)
{
    uint64_t clients = 0;

    for (uint32_t i = 0; i < a->env.loop_count; i++)
        clients += loop_clients(a->env.loops[i]);
    return clients;
}

/* Connections that came before are never ended for new ones: these wait in the
 * kernel's queue. */
static bool acceptor_is_full(struct acceptor *a)
{
    if (acceptor_clients(a) < a->max)
        return false;
    acceptor_await_gone(a, true);
    if (acceptor_clients(a) < a->max) {
        acceptor_await_gone(a, false);
        return false;
    }
    acceptor_listen(a, false);
    if (!a->said_full)
        a->env.say(a->env.self, "the limit of client connections is reached; new ones wait until "
                                "one goes");
    a->said_full = true;
    return true;
}

static void acceptor_pause(struct acceptor *a, uint64_t ms)
{
    acceptor_listen(a, false);
    uv_timer_start(&a->pause, on_pause_over, ms, 0);
}

/* The loop with the fewest connections; NULL when none can take one now. */
static struct loop *acceptor_choose(const struct acceptor *a)
{
    struct loop *best = NULL;
    uint64_t fewest = UINT64_MAX;

    for (uint32_t i = 0; i < a->env.loop_count; i++) {
        uint64_t clients = loop_clients(a->env.loops[i]);

        if (clients >= fewest || !loop_has_room(a->env.loops[i]))
            continue;
        best = a->env.loops[i];
        fewest = clients;
    }
    return best;
}

static void acceptor_say_descriptors(struct acceptor *a)
{
    if (!a->said_descriptors)
        a->env.say(a->env.self, "there are no file descriptors left; new connections wait "
                                "(raise the limit: ulimit -n)");
    a->said_descriptors = true;
    acceptor_pause(a, ACCEPT_PAUSE_MS);
}

/* Those that are connected already need the rest for their servers. */
static bool acceptor_is_short(const struct acceptor *a)
{
    uint64_t taken = acceptor_clients(a);

    for (uint32_t i = 0; i < a->env.loop_count; i++)
        taken += loop_upstreams(a->env.loops[i]);
    return taken >= a->all;
}

static bool out_of_descriptors(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

/* Takes one connection; false: no more in this turn. */
static bool acceptor_take(struct acceptor *a, int listener)
{
    struct sockaddr_storage from = {0};
    socklen_t len = sizeof(from);
    struct loop *loop;
    int fd;

    if (acceptor_is_full(a))
        return false;
    if (acceptor_is_short(a)) {
        acceptor_say_descriptors(a);
        return false;
    }
    loop = acceptor_choose(a);
    if (!loop) {
        acceptor_pause(a, ACCEPT_BUSY_MS);
        return false;
    }
    fd = accept4(listener, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        loop_give(loop, fd, &from);
        return true;
    }
    if (out_of_descriptors(errno)) {
        acceptor_say_descriptors(a);
        return false;
    }
    return errno != EAGAIN; /* else that connection alone failed: accept(2) */
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct acceptor *a = poll->data;
    int fd = a->listeners.fds[poll - a->polls];

    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPT_TURN && acceptor_take(a, fd); i++)
        continue;
}

static void on_pause_over(uv_timer_t *timer)
{
    struct acceptor *a = timer->data;

    acceptor_listen(a, true);
}

void acceptor_look(struct acceptor *a)
{
    if (!a->awaits_gone || acceptor_clients(a) >= a->max)
        return;
    acceptor_await_gone(a, false);
    acceptor_listen(a, true);
}

struct descriptor_plan acceptor_plan(uint32_t loop_count)
{
    uint64_t spare = ACCEPT_SPARE + (uint64_t)loop_count * ACCEPT_SPARE_LOOP;
    struct descriptor_plan plan = {UINT64_MAX, UINT64_MAX, UINT64_MAX};
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == RLIM_INFINITY)
        return plan;
    plan.all = limit.rlim_cur > spare + 2 ? limit.rlim_cur - spare : 2;
    plan.clients = plan.all - plan.all * 2 / 5;
    plan.upstreams = plan.all - plan.clients;
    return plan;
}

static void on_closed(uv_handle_t *handle)
{
    struct acceptor *a = handle->data;

    if (--a->handles == 0)
        free(a);
}

void acceptor_free(struct acceptor *a)
{
    if (!a)
        return;
    acceptor_await_gone(a, false);
    acceptor_listen(a, false);
    for (uint32_t i = 0; i < a->handles - 1; i++)
        uv_close((uv_handle_t *)&a->polls[i], on_closed);
    uv_close((uv_handle_t *)&a->pause, on_closed);
    listeners_close(&a->listeners);
}

enum status acceptor_new(const struct acceptor_env *env, struct listeners *listeners,
                         struct acceptor **ret_acceptor)
{
    struct descriptor_plan plan = acceptor_plan(env->loop_count);
    struct acceptor *a = calloc(1, sizeof(*a));

    if (!a)
        return STATUS_NO_MEMORY;
    a->env = *env;
    a->all = plan.all;
    a->max = env->connections && env->connections < plan.clients ? env->connections : plan.clients;
    uv_timer_init(env->uv, &a->pause);
    a->pause.data = a;
    a->handles = 1;
    for (uint32_t i = 0; i < listeners->count; i++) {
        if (uv_poll_init(env->uv, &a->polls[i], listeners->fds[i])) {
            acceptor_free(a);
            return STATUS_IO;
        }
        a->polls[i].data = a;
        a->handles++;
    }
    a->listeners = *listeners;
    listeners->count = 0;
    acceptor_listen(a, true);
    *ret_acceptor = a;
    return STATUS_OK;
}
