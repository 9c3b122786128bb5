/* rules_world: a configuration's text compiled, and requests put to it, for the
 * tests of rules/. */
#ifndef WEIR_TESTS_RULES_WORLD_H
#define WEIR_TESTS_RULES_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/connection_pass.h"
#include "rules_text.h"

enum {
    WORLD_CONFIG_BYTES = 256 * 1024 * 1024,
    WORLD_EXCHANGE_BYTES = 64 * 1024 * 1024,
    WORLD_TEXT_BYTES = 64 * 1024 * 1024,
};

struct world {
    struct arena config, exchange;
    struct source source;
    struct diags diags;
    struct rule_state *counters;
    struct ruleset *rules; /* the last one loaded; NULL before */
    struct buf out;        /* of the last question */
    struct buf diag_text;
    struct rules_request request;
    const char *client;         /* of the next question; NULL: the usual one */
    unsigned minute;            /* of the local day, of the questions */
    uint64_t connection;        /* the same */
    const struct rule_tls *tls; /* of the questions; NULL: none */
    const char *folder;
    int64_t (*tick_us)(void);
    enum rule_need need; /* of the last question */
    /* Of the next questions, as they become needed; NULL: none. */
    const char *request_body, *request_fault;
    const char *response; /* "200 OK" and its fields, a line each */
    const char *response_body, *response_fault;
    int64_t response_us;
    bool on_loop;      /* of the next questions */
    unsigned off_loop; /* how often the last one went on elsewhere */
};

static inline int world_begin(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    arena_init(&w->config, WORLD_CONFIG_BYTES);
    arena_init(&w->exchange, WORLD_EXCHANGE_BYTES);
    diags_init(&w->diags);
    buf_init(&w->out, WORLD_TEXT_BYTES);
    buf_init(&w->diag_text, WORLD_TEXT_BYTES);
    assert_int_equal(rule_state_new(&w->counters), STATUS_OK);
    *state = w;
    return 0;
}

static inline int world_end(void **state)
{
    struct world *w = *state;

    ruleset_unref(w->rules);
    rule_state_free(w->counters);
    buf_release(&w->out);
    buf_release(&w->diag_text);
    diags_release(&w->diags);
    arena_release(&w->config);
    arena_release(&w->exchange);
    free(w);
    return 0;
}

static inline const char *world_environment(const char *name)
{
    return strcmp(name, "HOME_HOST") == 0 ? "home.test" : NULL;
}

/* Compiles; a reload when rules are there already. What was wrong is in diag_text. */
static inline enum status world_try(struct world *w, const char *yaml)
{
    struct config_reader r = {.arena = &w->config, .diags = &w->diags, .getenv = world_environment};
    struct ruleset *rules = NULL;
    struct node *root = NULL;
    enum status st;

    diags_release(&w->diags);
    diags_init(&w->diags);
    w->source = (struct source){.name = "proxy.yaml", .text = bytes_of(yaml)};
    st = node_parse(&w->config, &w->source, &w->diags, &root);
    if (!st)
        st = ruleset_compile(&r, root, w->folder, w->counters, &rules);
    buf_clear(&w->diag_text);
    diags_put(&w->diags, DIAG_SHORT, false, &w->diag_text);
    if (!st) {
        ruleset_unref(w->rules);
        w->rules = rules;
    }
    return st;
}

/* Compiles, and prints what was wrong if it was. */
static inline void world_load(struct world *w, const char *yaml)
{
    enum status st = world_try(w, yaml);

    if (st)
        print_message("%s\n%s", status_sentence(st), buf_text(&w->diag_text));
    assert_int_equal(st, STATUS_OK);
}

/* One rule without a name: `rule` is its flow-style or block text after "- ". */
static inline void world_rule(struct world *w, const char *rule)
{
    char yaml[4096];

    assert_true((size_t)snprintf(yaml, sizeof(yaml), "rules:\n  - %s\n", rule) < sizeof(yaml));
    world_load(w, yaml);
}

/* "200 OK" and its fields. */
static inline void world_response(struct world *w, struct head *head)
{
    struct bytes rest = bytes_of(w->response), line = rules_text_line(&rest);
    uint64_t status = 0;

    *head = (struct head){.side = HTTP_RESPONSE, .version = HTTP_1_1, .framing = HTTP_CHUNKED};
    head->length = -1;
    assert_int_equal(bytes_to_u64(bytes_until(line, 3), 999, &status), STATUS_OK);
    head->status = (uint16_t)status;
    head->reason = bytes_from(line, 4);
    assert_int_equal(rules_text_fields(&w->exchange, rest, head), STATUS_OK);
}

static inline struct rule_body world_body(const char *text, const char *fault)
{
    return (struct rule_body){.content = bytes_of(text ? text : ""),
                              .fault = fault,
                              .wire_bytes = text ? (int64_t)strlen(text) : 0};
}

/* Asks on with what was needed, as far as the world has it; false: it has not. */
static inline bool world_supply(struct world *w, struct head *response, struct rule_body *bodies)
{
    struct rule_view *view = &w->request.view;

    switch (w->need) {
    case RULES_DONE:
        return false;
    case RULES_NEED_REQUEST_BODY:
        bodies[0] = world_body(w->request_body, w->request_fault);
        view->request_body = &bodies[0];
        return w->request_body || w->request_fault;
    case RULES_NEED_RESPONSE:
        if (!w->response)
            return false;
        world_response(w, response);
        view->response = response;
        view->response_us = w->response_us;
        return true;
    case RULES_NEED_TIME:
        w->off_loop++;
        view->on_loop = false;
        return true;
    case RULES_NEED_RESPONSE_BODY:
        bodies[1] = world_body(w->response_body, w->response_fault);
        view->response_body = &bodies[1];
        return w->response_body || w->response_fault;
    }
    return false;
}

/* The effects on this request, as text; "" when there are none. */
static inline const char *ask(struct world *w, const char *request)
{
    struct head response;
    struct rule_body bodies[2];
    struct rule_run *run;

    arena_reset(&w->exchange);
    assert_int_equal(rules_text_request(&w->exchange, bytes_of(request), &w->request), STATUS_OK);
    if (w->client)
        w->request.view.client = bytes_of(w->client);
    w->request.view.tls = w->tls;
    w->request.view.minute = w->minute;
    w->request.view.connection = w->connection;
    w->request.view.tick_us = w->tick_us;
    w->request.view.on_loop = w->on_loop;
    w->off_loop = 0;
    run = rule_run_new(&w->exchange, w->rules, 1);
    assert_non_null(run);
    buf_clear(&w->out);
    do {
        struct effects effects = {0};

        assert_int_equal(rules_step(run, &w->request.view, &effects, &w->need), STATUS_OK);
        for (uint32_t i = 0; i < effects.count; i++)
            rules_text_effect(&w->out, &effects.items[i]);
    } while (world_supply(w, &response, bodies));
    rule_run_release(run);
    return buf_text(&w->out);
}

/* The effects on a connection to where this request goes, as text. */
static inline const char *ask_connection(struct world *w, enum rules_moment at, const char *request)
{
    struct effects effects = {0};

    arena_reset(&w->exchange);
    assert_int_equal(rules_text_request(&w->exchange, bytes_of(request), &w->request), STATUS_OK);
    if (w->client)
        w->request.view.client = w->request.view.address = bytes_of(w->client);
    w->request.view.request = NULL;
    w->request.view.tls = w->tls;
    w->request.view.minute = w->minute;
    w->request.view.connection = w->connection;
    assert_int_equal(rules_connect(w->rules, at, &w->request.view, &w->exchange, &effects),
                     STATUS_OK);
    buf_clear(&w->out);
    for (uint32_t i = 0; i < effects.count; i++)
        rules_text_effect(&w->out, &effects.items[i]);
    return buf_text(&w->out);
}

static inline void expect(struct world *w, const char *request, const char *effects)
{
    assert_string_equal(ask(w, request), effects);
}

/* Is `part` in the effects on this request? */
static inline void expect_part(struct world *w, const char *request, const char *part)
{
    const char *all = ask(w, request);

    if (!strstr(all, part))
        print_message("no '%s' in:\n%s", part, all);
    assert_non_null(strstr(all, part));
}

static inline void expect_no_part(struct world *w, const char *request, const char *part)
{
    const char *all = ask(w, request);

    if (strstr(all, part))
        print_message("'%s' is in:\n%s", part, all);
    assert_null(strstr(all, part));
}

/* Does any rule act on this request? */
static inline bool fires(struct world *w, const char *request)
{
    return ask(w, request)[0] != '\0';
}

/* For rules that `block` or pass: 'F' or '.' for each of `count` equal requests. */
static inline const char *pattern_of(struct world *w, const char *request, size_t count)
{
    static char text[256];

    assert_true(count < sizeof(text));
    for (size_t i = 0; i < count; i++)
        text[i] = fires(w, request) ? 'F' : '.';
    text[count] = '\0';
    return text;
}

/* Does a single rule with this match take the request? */
static inline bool matches(struct world *w, const char *match, const char *request)
{
    char rule[2048];

    snprintf(rule, sizeof(rule), "match: %s\n    then: pass", match);
    world_rule(w, rule);
    return fires(w, request);
}

#endif
