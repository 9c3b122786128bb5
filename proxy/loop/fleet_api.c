#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "logs/store.h"
#include "proxy/loop/fleet_impl.h"

/* ---- status ---- */

static json_t *listen_json(const struct fleet *f)
{
    json_t *list = json_array();
    char url[ENDPOINT_TEXT + sizeof("http://")];

    for (uint32_t i = 0; i < f->listen_count; i++) {
        snprintf(url, sizeof(url), "http://%s", f->listen[i]);
        json_array_append_new(list, json_string(url));
    }
    return list;
}

static void stats_add(struct engine_stats *all, const struct engine_stats *one)
{
    all->clients += one->clients;
    all->exchanges_open += one->exchanges_open;
    all->upstreams += one->upstreams;
    all->upstreams_idle += one->upstreams_idle;
    all->connections += one->connections;
    all->exchanges += one->exchanges;
    all->tunnels += one->tunnels;
    all->refused += one->refused;
    all->injected += one->injected;
    all->errors += one->errors;
    all->bytes_up += one->bytes_up;
    all->bytes_down += one->bytes_down;
    all->in_flight_bytes += one->in_flight_bytes;
}

static json_t *traffic_json(const struct engine_stats *s)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", //
                     "clients", (json_int_t)s->clients,                       //
                     "exchanges_open", (json_int_t)s->exchanges_open,         //
                     "upstreams", (json_int_t)s->upstreams,                   //
                     "upstreams_idle", (json_int_t)s->upstreams_idle,         //
                     "connections", (json_int_t)s->connections,               //
                     "exchanges", (json_int_t)s->exchanges,                   //
                     "tunnels", (json_int_t)s->tunnels,                       //
                     "refused", (json_int_t)s->refused,                       //
                     "injected", (json_int_t)s->injected,                     //
                     "errors", (json_int_t)s->errors,                         //
                     "bytes_up", (json_int_t)s->bytes_up,                     //
                     "bytes_down", (json_int_t)s->bytes_down,                 //
                     "in_flight_bytes", (json_int_t)s->in_flight_bytes);
}

static json_t *log_json(struct logs *logs)
{
    struct log_stats s;

    if (!logs)
        return json_null();
    logs_stats(logs, &s);
    return json_pack("{s:I,s:I,s:I,s:I,s:I}",                        //
                     "flows", (json_int_t)s.flows,                   //
                     "dropped_flows", (json_int_t)s.dropped_flows,   //
                     "dropped_bodies", (json_int_t)s.dropped_bodies, //
                     "dropped_bytes", (json_int_t)s.dropped_bytes,   //
                     "sink_failures", (json_int_t)s.sink_failures);
}

static json_int_t fact(const _Atomic uint64_t *value)
{
    return (json_int_t)atomic_load_explicit(value, memory_order_relaxed);
}

static json_t *store_json(const struct fleet_facts *facts)
{
    const struct store_facts *s = facts->store_facts;

    if (!facts->store)
        return json_null();
    return json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I}",  //
                     "path", facts->store,                 //
                     "flows", fact(&s->flows),             //
                     "bytes", fact(&s->bytes),             //
                     "stored", fact(&s->stored),           //
                     "lost_flows", fact(&s->lost_flows),   //
                     "lost_bodies", fact(&s->lost_bodies), //
                     "removed", fact(&s->removed),         //
                     "tidied", fact(&s->tidied));
}

/* Clients of each loop. */
static json_t *loops_json(const struct fleet *f)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < f->loop_count; i++)
        json_array_append_new(list, json_integer((json_int_t)loop_clients(f->loops[i])));
    return list;
}

static json_t *status_json(const struct fleet *f, const struct engine_stats *stats)
{
    const struct fleet_facts *facts = &f->env.facts;
    json_int_t rules = f->rules ? (json_int_t)ruleset_count(f->rules) : 0;

    return json_pack("{s:s,s:I,s:I,s:o,s:s?,s:s?,s:I,s:o,s:b,s:o,s:o,s:o}",              //
                     "version", facts->version,                                          //
                     "pid", (json_int_t)getpid(),                                        //
                     "uptime_ms", (json_int_t)((uv_hrtime() - f->started_ns) / 1000000), //
                     "listen", listen_json(f),                                           //
                     "config", facts->config,                                            //
                     "ca", facts->ca,                                                    //
                     "rules", rules,                                                     //
                     "loops", loops_json(f),                                             //
                     "stopping", f->stopping ? 1 : 0,                                    //
                     "traffic", traffic_json(stats),                                     //
                     "log", log_json(f->env.logs),                                       //
                     "store", store_json(facts));
}

void fleet_api_status_news(struct fleet *f)
{
    struct engine_stats all = {0}, one;

    if (!f->status_askers)
        return;
    for (uint32_t i = 0; i < f->loop_count; i++) {
        if (!loop_stats(f->loops[i], &one))
            return;
        stats_add(&all, &one);
    }
    while (f->status_askers) {
        struct control_request *r = f->status_askers;

        f->status_askers = r->next;
        control_answer(r, 200, status_json(f, &all));
    }
}

/* Each loop writes down its own numbers; none is looked at from another thread. */
static void answer_status(struct fleet *f, struct control_request *request)
{
    request->next = f->status_askers;
    f->status_askers = request;
    for (uint32_t i = 0; i < f->loop_count; i++)
        loop_ask_stats(f->loops[i]);
}

/* ---- reload and stop ---- */

static void answer_reload(struct fleet *f, struct control_request *request)
{
    if (f->env.reload)
        fleet_reload(f, request);
    else
        control_answer(request, 409,
                       json_pack("{s:b,s:s}", "ok", 0, "diagnostics",
                                 "this weir has no configuration to reload\n"));
}

void fleet_api_reloaded(struct control_request *askers, const struct ruleset *rules,
                        struct bytes text)
{
    while (askers) {
        struct control_request *r = askers;
        json_t *body =
            json_pack("{s:b,s:s%}", "ok", rules != NULL, rules ? "report" : "diagnostics",
                      text.len ? text.ptr : (const uint8_t *)"", text.len);

        askers = r->next;
        control_answer(r, rules ? 200 : 422, body);
    }
}

/* The log thread does it when it has a moment; `tidied` of the status tells when it did. */
static void answer_gc(struct fleet *f, struct control_request *request)
{
    struct fleet_facts *facts = &f->env.facts;

    if (facts->store) {
        atomic_store(&facts->store_facts->tidy_asked, true);
        control_answer(request, 202, json_pack("{s:b}", "ok", 1));
    } else {
        control_answer(request, 409, json_pack("{s:s}", "error", "this weir keeps no flows"));
    }
}

static void answer_stop(struct fleet *f, struct control_request *request)
{
    if (f->env.stopped) {
        request->next = f->stop_askers;
        f->stop_askers = request;
    } else {
        control_answer(request, 200, json_pack("{s:b}", "ok", 1));
    }
    fleet_stop(f, DRAIN_US);
}

void fleet_api_stopped(struct fleet *f)
{
    json_t *told = NULL;
    struct buf text;

    if (!f->stop_askers)
        return;
    buf_init(&text, FLEET_ANSWER_BYTES);
    f->env.stopped(f->env.self, &text);
    if (!buf_status(&text))
        told = json_loadb((const char *)text.ptr, text.len, 0, NULL);
    buf_release(&text);
    while (f->stop_askers) {
        struct control_request *r = f->stop_askers;
        json_t *body = json_pack("{s:b}", "ok", 1);

        f->stop_askers = r->next;
        if (!told || json_object_update(body, told)) { /* there was no memory for it */
            json_decref(body);
            body = NULL;
        }
        control_answer(r, 200, body);
    }
    json_decref(told);
}

void fleet_api_end(struct fleet *f)
{
    struct control_request *lists[] = {f->status_askers, f->reload_askers, f->reload_waiters};

    f->status_askers = f->reload_askers = f->reload_waiters = NULL;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        while (lists[i]) {
            struct control_request *r = lists[i];

            lists[i] = r->next;
            control_answer(r, 503, json_pack("{s:s}", "error", "weir is stopping"));
        }
    }
}

/* ---- routes ---- */

static const struct route {
    const char *method, *target;
    void (*answer)(struct fleet *f, struct control_request *request);
} routes[] = {
    {"GET", "/v1/status", answer_status},
    {"GET", "/v1/rules", fleet_answer_rules},
    {"POST", "/v1/rules/off", fleet_answer_off},
    {"POST", "/v1/rules/on", fleet_answer_on},
    {"POST", "/v1/reload", answer_reload},
    {"POST", "/v1/stop", answer_stop},
    {"POST", "/v1/gc", answer_gc},
};

void fleet_api(void *self, struct control_request *request)
{
    struct fleet *f = self;
    size_t len = strcspn(request->target, "?");
    bool known = false;

    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (strlen(routes[i].target) != len || memcmp(routes[i].target, request->target, len) != 0)
            continue;
        known = true;
        if (strcmp(routes[i].method, request->method) != 0)
            continue;
        routes[i].answer(f, request);
        return;
    }
    control_answer(request, known ? 405 : 404,
                   json_pack("{s:s}", "error",
                             known ? "that is asked by another method" : "there is nothing here"));
}
