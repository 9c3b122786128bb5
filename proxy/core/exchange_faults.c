/* What rules do to the connection that an exchange asks for. */
#include "proxy/core/dial_fault.h"
#include "proxy/core/exchange.h"
#include "proxy/core/flow_tap.h"

static void on_exchange_rule(void *self, const char *label, const char *note)
{
    const struct exchange *ex = self;

    flow_note_rule(ex->flow, label, note);
}

static void on_exchange_held(void *self, const struct failure *failure)
{
    struct exchange *ex = self;

    ex->injected_us += ex->dial_fault->wait_us;
    ex->dial_fault = NULL;
    if (!failure) {
        exchange_dial(ex);
        return;
    }
    ex->flow->injected = true;
    exchange_fail(ex, failure->reason, failure->sentence);
}

bool exchange_is_held(struct exchange *ex)
{
    static const struct dial_fault_user user = {on_exchange_rule, on_exchange_held};
    const struct dial_ask ask = {
        .session = ex->session,
        .rules = ex->rules,
        .target = &ex->target,
        .scheme = ex->secure ? BYTES("https") : BYTES("http"),
        .arena = exchange_arena(ex),
        .user = &user,
        .self = ex,
    };

    if (dial_fault_start(&ask, &ex->dial_fault)) {
        exchange_fail(ex, CLOSE_NO_MEMORY, NULL);
        return true;
    }
    return ex->dial_fault;
}
