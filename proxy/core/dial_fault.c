#include "proxy/core/dial_fault.h"

#include <stdio.h>

#include "proxy/core/session.h"

enum { BY_RULE_TEXT = 192 };

/* What the rules want, added up; of two that end it the first one does. */
struct dial_plan {
    int64_t dns_us, connect_us;
    const char *dns_by, *connect_by; /* labels of those who hold */
    const char *dns_fails, *refused, *hangs;
};

static void plan_add(struct dial_plan *p, const struct effect *e)
{
    bool ended = p->refused || p->hangs;

    switch (e->fault.kind) {
    case FAULT_DNS_FAIL:
        p->dns_fails = p->dns_fails ? p->dns_fails : e->rule;
        break;
    case FAULT_DNS_DELAY:
        p->dns_us += e->fault.us;
        p->dns_by = e->rule;
        break;
    case FAULT_CONNECT_REFUSE:
        p->refused = ended ? p->refused : e->rule;
        break;
    case FAULT_CONNECT_DELAY:
        p->connect_us += e->fault.us;
        p->connect_by = e->rule;
        break;
    case FAULT_CONNECT_HANG:
        p->hangs = ended ? p->hangs : e->rule;
        break;
    case FAULT_TLS_CLOSE: /* of the hello: not asked here */
    case FAULT_TLS_STALL:
    case FAULT_TLS_ALERT:
    case FAULT_TLS_EXPIRED:
    case FAULT_TLS_NOT_YET:
    case FAULT_TLS_WRONG_HOST:
    case FAULT_TLS_SELF_SIGNED:
    case FAULT_TLS_UNTRUSTED:
    case FAULT_TLS_NO_ALPN:
    case FAULT_TLS_MAX_1_2:
    case CONN_FAULTS:
        break;
    }
}

static void fault_fails(struct dial_fault *d, const struct target *to, enum close_reason reason,
                        const char *label)
{
    char detail[BY_RULE_TEXT];

    (void)snprintf(detail, sizeof(detail), "a rule did this: %s", label);
    d->fails = true;
    failure_set(&d->failure, reason, to->host, to->port, detail);
}

/* Holds for `us`, or for as long as `limit_us` (0: none) lets; false: that was too long. */
static bool fault_holds(struct dial_fault *d, int64_t us, int64_t limit_us)
{
    bool in_time = limit_us <= 0 || us <= limit_us;
    int64_t held_us = in_time ? us : limit_us;

    d->wait_us = held_us == DIAL_FAULT_EVER ? DIAL_FAULT_EVER : d->wait_us + held_us;
    return in_time;
}

/* As it would be without a rule: first the look-up, then the dial. */
static void fault_decide(struct dial_fault *d, const struct dial_plan *p, const struct target *to)
{
    const struct settings *settings = d->engine->settings;

    if (!fault_holds(d, p->dns_us, settings->timeouts.dns))
        fault_fails(d, to, CLOSE_DNS_TIMEOUT, p->dns_by);
    else if (p->dns_fails)
        fault_fails(d, to, CLOSE_DNS_FAILED, p->dns_fails);
    else if (!fault_holds(d, p->hangs ? DIAL_FAULT_EVER : p->connect_us,
                          settings->timeouts.connect))
        fault_fails(d, to, CLOSE_CONNECT_TIMEOUT, p->hangs ? p->hangs : p->connect_by);
    else if (p->refused)
        fault_fails(d, to, CLOSE_CONNECT_FAILED, p->refused);
}

static void on_fault_timer(void *self)
{
    struct dial_fault *d = self;

    d->user->on_over(d->self, d->fails ? &d->failure : NULL);
}

static enum status fault_new(const struct dial_ask *ask, const struct effects *effects,
                             struct dial_fault **ret_fault)
{
    struct dial_fault *d = arena_alloc(ask->arena, sizeof(*d));
    struct dial_plan plan = {0};
    char note[FAULT_NOTE_BYTES];

    if (!d)
        return STATUS_NO_MEMORY;
    *d = (struct dial_fault){.engine = ask->session->engine, .user = ask->user, .self = ask->self};
    for (uint32_t i = 0; i < effects->count; i++) {
        const struct effect *e = &effects->items[i];

        plan_add(&plan, e);
        conn_fault_note(&e->fault, note);
        ask->user->on_rule(ask->self, e->rule, note);
    }
    fault_decide(d, &plan, ask->target);
    timer_init(&d->timer, on_fault_timer, d);
    if (d->wait_us != DIAL_FAULT_EVER)
        timer_set(&d->engine->timers, &d->timer, d->engine->now_us + d->wait_us);
    *ret_fault = d;
    return STATUS_OK;
}

enum status dial_fault_start(const struct dial_ask *ask, struct dial_fault **ret_fault)
{
    struct effects effects = {0};
    struct conn_view view;
    enum status st;

    *ret_fault = NULL;
    if (!ruleset_acts(ask->rules, RULES_AT_DIAL))
        return STATUS_OK;
    conn_view_make(ask->session, ask->target, ask->scheme, &view);
    st = rules_connect(ask->rules, RULES_AT_DIAL, &view.rules, ask->arena, &effects);
    return st || !effects.count ? st : fault_new(ask, &effects, ret_fault);
}

void dial_fault_stop(struct dial_fault *d)
{
    if (d)
        timer_clear(&d->engine->timers, &d->timer);
}

bool dial_fault_may_be(const struct session *s)
{
    const struct ruleset *rules = s->engine->rules;
    struct arena scratch;
    struct conn_view view;
    bool may;

    if (!ruleset_acts(rules, RULES_AT_DIAL))
        return false;
    arena_init(&scratch, SESSION_ARENA_BYTES);
    conn_view_make(s, &s->target, BYTES("https"), &view);
    may = ruleset_may_act(rules, RULES_AT_DIAL, &view.rules, &scratch);
    arena_release(&scratch);
    return may;
}
