#include "proxy/core/conn_view.h"

#include <stdio.h>

#include "proxy/core/session.h"

enum {
    DAY_MINUTES = 24 * 60,
    MINUTE_S = 60,
    SECOND_US = 1000000,
    LOOP_BITS = 48, /* connections are numbered for each loop */
};

struct rule_view conn_view_base(const struct session *s)
{
    const struct engine *e = s->engine;
    int64_t local_s = e->wall_us / SECOND_US + e->zone_s;

    return (struct rule_view){
        .client = s->user.len ? s->user : bytes_of(s->client_host),
        .address = bytes_of(s->client_host),
        .connection = (uint64_t)e->env.loop << LOOP_BITS | s->number,
        .now_us = e->wall_us,
        .minute = (unsigned)(local_s / MINUTE_S % DAY_MINUTES),
        .tick_us = e->env.tick_us,
    };
}

void conn_view_make(const struct session *s, const struct target *target, struct bytes scheme,
                    struct conn_view *ret_view)
{
    ret_view->tls = (struct rule_tls){
        .sni = s->sni,
        .alpn = s->alpn,
        .ja4 = bytes_of(s->hello.ja4),
    };
    ret_view->rules = conn_view_base(s);
    ret_view->rules.scheme = scheme;
    ret_view->rules.host = target->host;
    ret_view->rules.port = target->port;
    ret_view->rules.tls = s->hello.max_version ? &ret_view->tls : NULL;
}

void conn_fault_note(const struct conn_fault *fault, char ret_note[FAULT_NOTE_BYTES])
{
    static const char *const notes[] = {
#define CONN_FAULT(name, verb, word, value, note) #verb ": " note,
#include "rules/conn_faults.def"
#undef CONN_FAULT
    };
    const char *note = notes[fault->kind];

    if (fault->kind == FAULT_TLS_ALERT)
        (void)snprintf(ret_note, FAULT_NOTE_BYTES, "%s: %u", note, (unsigned)fault->alert);
    else if (fault->us)
        (void)snprintf(ret_note, FAULT_NOTE_BYTES, "%s %.1f ms", note, (double)fault->us / 1000.0);
    else
        (void)snprintf(ret_note, FAULT_NOTE_BYTES, "%s", note);
}
