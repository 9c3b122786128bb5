#include "proxy/core/dialer.h"

#include <string.h>

#include "proxy/core/engine_impl.h"

static void dialer_next(struct dialer *d);

static void dialer_drop_tries(struct dialer *d, const struct wire *but)
{
    for (uint32_t i = 0; i < d->tried; i++) {
        struct wire *w = d->tries[i].wire;

        d->tries[i].wire = NULL;
        if (w && w != but)
            wire_drop(w);
    }
    d->alive = 0;
}

void dialer_stop(struct dialer *d)
{
    dns_leave(&d->engine->dns, &d->waiter);
    timer_clear(&d->engine->timers, &d->timer);
    dialer_drop_tries(d, NULL);
}

static void dialer_fail(struct dialer *d, enum close_reason reason, const char *detail)
{
    dialer_stop(d);
    d->user->on_failure(d->self, reason, detail);
}

static void dialer_arm(struct dialer *d)
{
    int64_t at = d->deadline_us;
    int64_t next = d->engine->now_us + DIAL_STAGGER_US;

    if (d->alive && d->tried < d->address_count && next < at)
        at = next;
    if (at != INT64_MAX)
        timer_set(&d->engine->timers, &d->timer, at);
}

static void on_try_dialled(void *self, const char *error)
{
    struct dial_try *t = self;
    struct dialer *d = t->dialer;
    struct wire *w = t->wire;

    if (error) {
        t->wire = NULL;
        wire_drop(w);
        d->alive--;
        d->last_error = error;
        dialer_next(d);
        return;
    }
    d->connected_us = d->engine->now_us;
    dialer_drop_tries(d, w);
    timer_clear(&d->engine->timers, &d->timer);
    d->user->on_wire(d->self, w);
}

static const struct wire_user try_user = {.on_dialled = on_try_dialled};

static enum status dialer_try(struct dialer *d, const struct sockaddr_storage *to)
{
    struct dial_try *t = &d->tries[d->tried++];
    enum status st;

    *t = (struct dial_try){.dialer = d, .wire = wire_new(d->engine)};
    if (!t->wire)
        return STATUS_NO_MEMORY;
    wire_use(t->wire, &try_user, t);
    st = wire_dial(t->wire, to);
    if (st) {
        wire_drop(t->wire);
        t->wire = NULL;
        return st;
    }
    d->alive++;
    return STATUS_OK;
}

/* Tries the next address, or fails when all have. */
static void dialer_next(struct dialer *d)
{
    while (d->tried < d->address_count && d->tried < DIALER_TRIES) {
        if (dialer_try(d, &d->addresses[d->tried]) == STATUS_OK) {
            dialer_arm(d);
            return;
        }
        d->last_error = "out of memory";
    }
    if (!d->alive)
        dialer_fail(d, CLOSE_CONNECT_FAILED, d->last_error);
    else
        dialer_arm(d);
}

static void on_dialer_timer(void *self)
{
    struct dialer *d = self;

    if (d->engine->now_us < d->deadline_us)
        dialer_next(d);
    else
        dialer_fail(d, d->resolved_us < 0 ? CLOSE_DNS_TIMEOUT : CLOSE_CONNECT_TIMEOUT, NULL);
}

static int64_t dialer_limit(const struct dialer *d, int64_t us)
{
    return us > 0 ? d->engine->now_us + us : INT64_MAX;
}

static void dialer_use_addresses(struct dialer *d, const struct dns_answer *answer)
{
    bool own = false;

    d->resolved_us = d->engine->now_us;
    for (uint32_t i = 0; i < answer->count; i++) {
        struct sockaddr_storage a = answer->addresses[i];

        address_set_port(&a, d->port);
        if (address_is_own(d->engine->settings, &a))
            own = true;
        else
            d->addresses[d->address_count++] = a;
    }
    if (own) {
        dialer_fail(d, CLOSE_OWN_ADDRESS, NULL);
        return;
    }
    d->deadline_us = dialer_limit(d, d->engine->settings->timeouts.connect);
    dialer_next(d);
}

static void on_dns_answer(void *self, const struct dns_answer *answer)
{
    struct dialer *d = self;

    if (answer->count)
        dialer_use_addresses(d, answer);
    else
        dialer_fail(d, CLOSE_DNS_FAILED, answer->error);
}

void dialer_init(struct dialer *d, struct engine *e, const struct dialer_user *user, void *self)
{
    memset(d, 0, sizeof(*d));
    d->engine = e;
    d->user = user;
    d->self = self;
    d->deadline_us = INT64_MAX;
    d->started_us = d->resolved_us = d->connected_us = -1;
    d->waiter.on_answer = on_dns_answer;
    d->waiter.self = d;
    timer_init(&d->timer, on_dialer_timer, d);
}

/* RFC 6761 §6.3: such names are this machine's, whatever name servers say, or do not
 * say: local servers are reached without them. */
static uint32_t localhost_addresses(struct bytes host, struct sockaddr_storage ret_addresses[2])
{
    static const struct bytes name = BYTES_INIT("localhost"), suffix = BYTES_INIT(".localhost");
    bool ours = bytes_equal(host, name) || bytes_ends_with(host, suffix);

    return ours && !address_parse(BYTES("::1"), 0, &ret_addresses[0]) &&
                   !address_parse(BYTES("127.0.0.1"), 0, &ret_addresses[1])
               ? 2
               : 0;
}

void dialer_start(struct dialer *d, struct bytes host, uint16_t port)
{
    struct sockaddr_storage known[2];
    struct dns_answer answer = {.addresses = known};
    enum status st;

    d->port = port;
    d->started_us = d->engine->now_us;
    answer.count = address_parse(host, port, &known[0]) ? localhost_addresses(host, known) : 1;
    if (answer.count) {
        dialer_use_addresses(d, &answer);
        return;
    }
    d->deadline_us = dialer_limit(d, d->engine->settings->timeouts.dns);
    st = dns_ask(&d->engine->dns, host, &d->waiter, &answer);
    if (st == STATUS_OK)
        on_dns_answer(d, &answer);
    else if (st == STATUS_NEED_MORE)
        dialer_arm(d);
    else
        dialer_fail(d, CLOSE_NO_MEMORY, NULL);
}
