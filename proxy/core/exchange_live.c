/* What is shown of an exchange while it is open. */
#include "proxy/core/exchange.h"
#include "proxy/core/flow_tap.h"

static struct flow *on_exchange_show(void *self)
{
    struct exchange *ex = self;

    if (ex->flow->keep == FLOW_KEEP_NOTHING)
        return NULL;
    exchange_note_times(ex);
    return flow_show(ex->engine, ex->flow);
}

static void exchange_show_body(struct exchange *ex, enum http_side side, const struct flow_body *b)
{
    for (uint32_t i = 0; i < b->count; i++)
        live_content(ex->engine, ex->flow->id, side, b->slices[i]);
}

static void on_exchange_shown(void *self)
{
    struct exchange *ex = self;

    ex->flow->live = true;
    exchange_show_body(ex, HTTP_REQUEST, &ex->flow->request.body);
    exchange_show_body(ex, HTTP_RESPONSE, &ex->flow->response.body);
}

void exchange_live_start(struct exchange *ex)
{
    ex->live.on_show = on_exchange_show;
    ex->live.on_shown = on_exchange_shown;
    ex->live.self = ex;
    live_start(ex->engine, &ex->live);
}

void exchange_note_content(struct exchange *ex, enum http_side side, struct slice data)
{
    struct flow *f = ex->flow;
    struct flow_message *m = side == HTTP_REQUEST ? &f->request : &f->response;
    uint32_t before = m->body.count;

    flow_note_content(ex->engine, f, m, data);
    if (ex->live.state == LIVE_SHOWN && m->body.count > before)
        live_content(ex->engine, f->id, side, m->body.slices[before]);
}
