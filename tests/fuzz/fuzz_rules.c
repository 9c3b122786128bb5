/* A configuration's text, and after a NUL a request to put to its rules. What
 * compiles answers requests with heads that can be sent; what does not leaves
 * errors. */
#include <stdlib.h>

#include "rules/connection_pass.h"
#include "rules_text.h"

#include "fuzz.h"

enum { ARENA_BYTES = 64 * 1024 * 1024, OUTPUT_BYTES = 64 * 1024 * 1024, ROUNDS = 3 };

static void require(bool ok)
{
    if (!ok)
        abort();
}

static const char *environment(const char *name)
{
    return name[0] == 'H' ? "home" : NULL;
}

static void check_answer(const struct answer *a)
{
    const struct head *h = &a->head;

    require(h->side == HTTP_RESPONSE && h->status >= 200 && h->status <= 999);
    require(http_value_valid(h->reason));
    for (uint32_t i = 0; i < h->fields.count; i++) {
        require(http_token_valid(h->fields.items[i].name));
        require(http_value_valid(h->fields.items[i].value));
    }
    require(h->framing == HTTP_LENGTH ? h->length >= 0 : h->framing == HTTP_NO_BODY);
    require(a->body.len == 0 || (int64_t)a->body.len == h->length);
}

static void check_abort(const struct abort *a)
{
    if (!a->answer)
        return;
    require(a->answer->head.framing == HTTP_LENGTH || a->answer->head.framing == HTTP_CHUNKED);
    require(a->answer->body.len == 0);
}

static void check_target(const struct rule_target *t)
{
    struct authority authority;

    require(bytes_equal(t->scheme, BYTES("http")) || bytes_equal(t->scheme, BYTES("https")));
    require(t->port > 0 && t->host.len > 0);
    if (bytes_find(t->host, ':') < 0)
        require(authority_parse(t->host, &authority) == STATUS_OK);
}

/* What stands in a request line must not break it. */
static bool is_graphic(struct bytes in)
{
    for (size_t i = 0; i < in.len; i++) {
        if (in.ptr[i] <= ' ' || in.ptr[i] == 0x7f)
            return false;
    }
    return true;
}

static void check_edit(const struct head_edit *e)
{
    if (e->op == EDIT_REPLACE)
        require(e->replacement && http_value_valid(e->replacement->with));
    else
        require(http_value_valid(e->value));
    if (e->part == EDIT_HEADER || e->part == EDIT_COOKIE)
        require(http_token_valid(e->name));
    if (e->part == EDIT_METHOD)
        require(http_token_valid(e->value));
    if (e->part == EDIT_PATH || e->part == EDIT_PATH_QUERY)
        require(bytes_starts_with(e->value, BYTES("/")) && is_graphic(e->value));
    if (e->part == EDIT_QUERY && e->op != EDIT_REPLACE)
        require(is_graphic(e->value));
    if (e->part == EDIT_STATUS)
        require(e->side == HTTP_RESPONSE && e->status >= 200 && e->status < 600);
}

static void check_effect(const struct effect *e, bool last)
{
    require(e->rule != NULL);
    switch (e->kind) {
    case EFFECT_ANSWER:
        check_answer(e->answer);
        require(last);
        break;
    case EFFECT_ABORT:
        check_abort(&e->abort);
        require(last);
        break;
    case EFFECT_FORWARD: /* WHOLE may follow */
        break;
    case EFFECT_WHOLE:
        require(last);
        break;
    case EFFECT_EDIT_BODY:
        require(e->body.side == HTTP_RESPONSE || e->body.note);
        require(e->body.op != BODY_REPLACE || e->body.replacement);
        break;
    case EFFECT_TARGET:
        check_target(&e->target);
        break;
    case EFFECT_CONN_FAULT:
        require(e->fault.kind < CONN_FAULTS && e->fault.us >= 0);
        break;
    case EFFECT_TAG:
        require(http_value_valid(e->tag));
        break;
    case EFFECT_LOG:
        require(e->keep <= LOG_NOTHING);
        break;
    case EFFECT_EDIT_HEAD:
        check_edit(&e->edit);
        break;
    case EFFECT_DELAY:
        require(e->delay.us > 0);
        break;
    case EFFECT_CHUNKS:
        require(e->chunks.range != NULL);
        break;
    case EFFECT_THROTTLE:
        require(e->throttle.bytes_s > 0);
        break;
    case EFFECT_DRIBBLE:
        require(e->dribble.bytes > 0 && e->dribble.every_us > 0);
        break;
    case EFFECT_STALL:
        require(e->stall.after_bytes >= STALL_HEAD && e->stall.us >= 0);
        break;
    case EFFECT_CUT:
        require(e->cut_bytes >= 0);
        break;
    case EFFECT_INFO:
        require(e->info->status / 100 == 1 && e->info->status != 101);
        break;
    case EFFECT_DUPLICATE:
        require(e->copies > 0);
        break;
    case EFFECT_GATHER:
        require(e->gather.rendezvous && e->gather.count > 1 && e->gather.timeout_us > 0);
        break;
    case EFFECT_NOTE:
        require(e->note != NULL);
        break;
    }
}

/* What the rules want to see of the exchange; the text itself is the contents. */
struct supply {
    struct rule_body body;
    struct head response;
};

static void supply_more(struct supply *s, enum rule_need need, struct rule_view *view)
{
    switch (need) {
    case RULES_DONE:
        break;
    case RULES_NEED_REQUEST_BODY:
        require(!view->request_body);
        view->request_body = &s->body;
        break;
    case RULES_NEED_RESPONSE:
        require(!view->response);
        view->response = &s->response;
        break;
    case RULES_NEED_TIME:
        require(view->on_loop);
        view->on_loop = false;
        break;
    case RULES_NEED_RESPONSE_BODY:
        require(!view->response_body);
        view->response_body = &s->body;
        break;
    }
}

static bool was_answered(const struct effects *effects)
{
    enum effect_kind last = effects->count ? effects->items[effects->count - 1].kind : EFFECT_NOTE;

    return last == EFFECT_ANSWER || last == EFFECT_ABORT;
}

static void ask_run(struct arena *arena, const struct ruleset *rules, struct rules_request *request,
                    struct bytes text)
{
    struct rule_run *run = rule_run_new(arena, rules, 1);
    struct supply supply = {.body = {.content = text, .wire_bytes = (int64_t)text.len},
                            .response = {.side = HTTP_RESPONSE,
                                         .version = HTTP_1_1,
                                         .framing = HTTP_CHUNKED,
                                         .length = -1,
                                         .status = 200}};
    enum rule_need need = RULES_DONE;
    bool touched = false;
    struct buf out;

    require(run);
    request->view.on_loop = true;
    buf_init(&out, OUTPUT_BYTES);
    do {
        struct effects effects = {0};

        supply_more(&supply, need, &request->view);
        require(rules_step(run, &request->view, &effects, &need) == STATUS_OK);
        require(effects.count <= EFFECTS);
        for (uint32_t i = 0; i < effects.count; i++) {
            check_effect(&effects.items[i], i + 1 == effects.count);
            rules_text_effect(&out, &effects.items[i]);
        }
        touched |= effects.count > 0;
        require(!was_answered(&effects) || need == RULES_DONE);
    } while (need != RULES_DONE);
    if (touched)
        require(ruleset_touches_host(rules, request->view.host));
    rule_run_release(run);
    buf_release(&out);
}

static void ask(const struct ruleset *rules, struct bytes text)
{
    struct rules_request request;
    struct arena arena;

    arena_init(&arena, ARENA_BYTES);
    if (rules_text_request(&arena, text, &request) == STATUS_OK) {
        ask_run(&arena, rules, &request, text);
        ruleset_answers_host(rules, request.view.scheme, request.view.host, request.view.port);
    }
    arena_release(&arena);
}

/* As if the request's host were to be connected to. */
static void ask_connection(const struct ruleset *rules, struct bytes text)
{
    struct rules_request request;
    struct arena arena;

    arena_init(&arena, ARENA_BYTES);
    if (rules_text_request(&arena, text, &request) == STATUS_OK) {
        for (int at = RULES_AT_HELLO; at <= RULES_AT_DIAL; at++) {
            enum rules_moment moment = (enum rules_moment)at;
            bool may = ruleset_may_act(rules, moment, &request.view, &arena);
            struct effects effects = {0};

            require(rules_connect(rules, moment, &request.view, &arena, &effects) == STATUS_OK);
            require(!effects.count || (may && ruleset_acts(rules, moment)));
            for (uint32_t i = 0; i < effects.count; i++) {
                require(effects.items[i].kind == EFFECT_CONN_FAULT);
                check_effect(&effects.items[i], false);
            }
        }
    }
    arena_release(&arena);
}

static void ask_all(const struct ruleset *rules, struct bytes request)
{
    struct rule_info info;

    for (int i = 0; i < ROUNDS; i++) {
        ask(rules, request);
        ask_connection(rules, request);
        ask_connection(rules, BYTES("GET https://a.test:8443"));
        ask(rules, BYTES("GET http://api.shop.test/v1/a%2Fb?a=1&b=%20x\nOrigin: http://p.test\n"
                         "If-None-Match: \"a\"\nX-Team: payments"));
        ask(rules, BYTES("POST https://a.test:8443/\nCookie: a=b"));
    }
    for (size_t i = 0; i < ruleset_count(rules); i++) {
        ruleset_info(rules, i, &info);
        require(info.label && info.name && info.fired <= info.matched);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes all = bytes_make(data, len);
    ptrdiff_t end = bytes_find(all, '\0');
    struct source source = {.name = "fuzz", .text = end < 0 ? all : bytes_until(all, (size_t)end)};
    struct rule_state *counters = NULL;
    struct ruleset *rules = NULL;
    struct node *root = NULL;
    struct diags diags;
    struct arena arena;
    struct config_reader r = {.arena = &arena, .diags = &diags, .getenv = environment};
    enum status st;

    arena_init(&arena, ARENA_BYTES);
    diags_init(&diags);
    require(rule_state_new(&counters) == STATUS_OK);
    st = node_parse(&arena, &source, &diags, &root);
    if (!st)
        st = ruleset_compile(&r, root, "/nowhere", counters, &rules);
    require(st == STATUS_OK || (st == STATUS_BAD_CONFIG && diags.errors > 0));
    if (!st) {
        require(diags.errors == 0);
        ask_all(rules, end < 0 ? BYTES("GET http://a.test/") : bytes_from(all, (size_t)end + 1));
    }
    ruleset_unref(rules);
    rule_state_free(counters);
    diags_release(&diags);
    arena_release(&arena);
    return 0;
}
