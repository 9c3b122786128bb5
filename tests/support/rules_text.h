/* rules_text: requests and effects as text, for the tests, fuzz targets and
 * benchmarks of rules/.
 *
 * A request is written as "METHOD URL" and header lines, each ended by a line feed;
 * the URL of CONNECT is its authority, of OPTIONS it may be "http://host*".
 * Effects come out one a line; an answer with its head and its body:
 *
 *   set request.header.x-a: 1
 *   delay response 5000 us
 *   answer 404 Not Found
 *   Content-Type: text/plain
 *
 *   the body
 */
#ifndef WEIR_TESTS_RULES_TEXT_H
#define WEIR_TESTS_RULES_TEXT_H

#include <string.h>

#include "http/url.h"
#include "rules/replacement.h"
#include "rules/ruleset.h"

/* 1994-11-06 08:49:37 UTC, the moment of RFC 9110's examples. */
#define RULES_TEXT_NOW_US INT64_C(784111777123000)

struct rules_request {
    struct head head;
    struct rule_view view;
};

static inline struct bytes rules_text_line(struct bytes *rest)
{
    ptrdiff_t end = bytes_find(*rest, '\n');
    struct bytes line = end < 0 ? *rest : bytes_until(*rest, (size_t)end);

    *rest = bytes_from(*rest, end < 0 ? rest->len : (size_t)end + 1);
    return line;
}

static inline enum status rules_text_fields(struct arena *arena, struct bytes rest,
                                            struct head *head)
{
    while (rest.len) {
        struct bytes line = rules_text_line(&rest);
        ptrdiff_t colon = bytes_find(line, ':');
        enum status st = STATUS_OK;

        if (colon > 0)
            st = fields_append(arena, &head->fields, bytes_until(line, (size_t)colon),
                               bytes_trim(bytes_from(line, (size_t)colon + 1)));
        if (st)
            return st;
    }
    head->upgrade = fields_list_has(&head->fields, FIELD_CONNECTION, BYTES("upgrade"));
    return STATUS_OK;
}

/* The target: scheme, host, port and path; BAD_INPUT when it is none. */
static inline enum status rules_text_target(struct arena *arena, struct bytes target,
                                            struct rules_request *r)
{
    ptrdiff_t slashes = bytes_search(target, BYTES("://"));
    struct bytes rest = slashes < 0 ? target : bytes_from(target, (size_t)slashes + 3);
    size_t end = 0;
    struct authority authority;
    struct buf host;
    enum status st;

    r->view.scheme = slashes < 0 ? BYTES("") : bytes_until(target, (size_t)slashes);
    while (end < rest.len && !strchr("/?*", rest.ptr[end]))
        end++;
    st = authority_parse(bytes_until(rest, end), &authority);
    if (st)
        return st;
    r->view.port = authority.port > 0 ? (uint16_t)authority.port : url_default_port(r->view.scheme);
    r->head.path = bytes_from(rest, end);
    buf_init(&host, HOST_BYTES + 1);
    st = host_normalise(authority.host, &host);
    r->view.host = arena_copy(arena, buf_bytes(&host));
    buf_release(&host);
    return st;
}

/* `text` must live as long as the request. */
static inline enum status rules_text_request(struct arena *arena, struct bytes text,
                                             struct rules_request *r)
{
    struct bytes rest = text, line = rules_text_line(&rest);
    ptrdiff_t space = bytes_find(line, ' ');
    enum status st;

    if (space <= 0)
        return STATUS_BAD_INPUT;
    *r = (struct rules_request){.head = {.side = HTTP_REQUEST, .version = HTTP_1_1}};
    r->head.method = bytes_until(line, (size_t)space);
    r->view.request = &r->head;
    r->view.client = BYTES("192.0.2.1");
    r->view.address = BYTES("192.0.2.1");
    r->view.now_us = RULES_TEXT_NOW_US;
    st = rules_text_target(arena, bytes_from(line, (size_t)space + 1), r);
    return st ? st : rules_text_fields(arena, rest, &r->head);
}

static inline void rules_text_put(struct buf *out, const char *a, struct bytes b, const char *c)
{
    buf_put_text(out, a);
    buf_put(out, b);
    buf_put_text(out, c);
}

static inline void rules_text_edit(struct buf *out, const struct head_edit *e)
{
    static const char *const ops[] = {"set ", "append ", "remove ", "replace "};
    static const char *const parts[] = {
        [EDIT_HEADER] = "header.", [EDIT_COOKIE] = "cookie.", [EDIT_QUERY] = "query.",
        [EDIT_STATUS] = "status",  [EDIT_REASON] = "reason",  [EDIT_METHOD] = "method",
        [EDIT_PATH] = "path",      [EDIT_PATH_QUERY] = "url", [EDIT_TRAILER] = "trailer.",
    };

    buf_put_text(out, ops[e->op]);
    buf_put_text(out, e->side == HTTP_REQUEST ? "request." : "response.");
    rules_text_put(out, parts[e->part], e->name, e->op == EDIT_REMOVE ? "" : ": ");
    if (e->part == EDIT_STATUS)
        buf_putf(out, "%u", (unsigned)e->status);
    if (e->op == EDIT_REPLACE)
        rules_text_put(out, "", e->replacement->find, " by ");
    rules_text_put(out, "", e->op == EDIT_REPLACE ? e->replacement->with : e->value, "\n");
}

static inline void rules_text_answer(struct buf *out, const struct answer *a)
{
    buf_putf(out, "answer%s %u ", a->early ? " early" : "", (unsigned)a->head.status);
    rules_text_put(out, "", a->head.reason, "\n");
    for (uint32_t i = 0; i < a->head.fields.count; i++) {
        rules_text_put(out, "", a->head.fields.items[i].name, ": ");
        rules_text_put(out, "", a->head.fields.items[i].value, "\n");
    }
    rules_text_put(out, "\n", a->body, "\n");
    for (uint32_t i = 0; i < a->trailers.count; i++) {
        rules_text_put(out, "", a->trailers.items[i].name, ": ");
        rules_text_put(out, "", a->trailers.items[i].value, "\n");
    }
}

static inline void rules_text_body_edit(struct buf *out, const struct body_edit *e)
{
    static const char *const ops[] = {"set ", "append ", "replace ", "merge ", "ops "};

    if (e->side == HTTP_REQUEST) {
        buf_putf(out, "request %s\n", e->note);
        return;
    }
    buf_putf(out, "%sresponse.body: ", ops[e->op]);
    if (e->op == BODY_REPLACE)
        rules_text_put(out, "", e->replacement->find, " by ");
    rules_text_put(out, "", e->op == BODY_REPLACE ? e->replacement->with : e->value, "\n");
}

static inline void rules_text_info(struct buf *out, const struct head *h)
{
    buf_putf(out, "info %u ", (unsigned)h->status);
    rules_text_put(out, "", h->reason, "\n");
    for (uint32_t i = 0; i < h->fields.count; i++) {
        rules_text_put(out, "", h->fields.items[i].name, ": ");
        rules_text_put(out, "", h->fields.items[i].value, "\n");
    }
}

static inline void rules_text_abort(struct buf *out, const struct abort *a)
{
    static const char *const kinds[] = {"close", "reset", "hang", "empty", "bad_chunk", "garbage"};

    buf_putf(out, "abort %s\n", kinds[a->kind]);
    if (a->answer)
        rules_text_answer(out, a->answer);
    if (a->bytes.len)
        rules_text_put(out, "then ", a->bytes, "\n");
}

static inline void rules_text_effect(struct buf *out, const struct effect *e)
{
    static const char *const faults[] = {
#define CONN_FAULT(name, verb, word, value, note) #verb " " #word,
#include "rules/conn_faults.def"
#undef CONN_FAULT
    };

    switch (e->kind) {
    case EFFECT_ANSWER:
        rules_text_answer(out, e->answer);
        break;
    case EFFECT_FORWARD:
        buf_put_text(out, "forward\n");
        break;
    case EFFECT_TARGET:
        rules_text_put(out, "target ", e->target.scheme, "://");
        rules_text_put(out, "", e->target.host, "");
        buf_putf(out, ":%u\n", (unsigned)e->target.port);
        break;
    case EFFECT_ABORT:
        rules_text_abort(out, &e->abort);
        break;
    case EFFECT_EDIT_HEAD:
        rules_text_edit(out, &e->edit);
        break;
    case EFFECT_EDIT_BODY:
        rules_text_body_edit(out, &e->body);
        break;
    case EFFECT_WHOLE:
        buf_put_text(out, "whole\n");
        break;
    case EFFECT_DELAY:
        buf_putf(out, "delay %s %lld us\n", e->delay.side == HTTP_REQUEST ? "request" : "response",
                 (long long)e->delay.us);
        break;
    case EFFECT_CONN_FAULT:
        buf_putf(out, "%s", faults[e->fault.kind]);
        if (e->fault.kind == FAULT_TLS_ALERT)
            buf_putf(out, " %u", (unsigned)e->fault.alert);
        if (e->fault.us)
            buf_putf(out, " %lld us", (long long)e->fault.us);
        buf_put_text(out, "\n");
        break;
    case EFFECT_CHUNKS:
        buf_putf(
            out, "delay chunks %lld us\n",
            (long long)delay_range_draw(e->chunks.range, &(struct dice){e->chunks.dice.seed, 0}));
        break;
    case EFFECT_THROTTLE:
        buf_putf(out, "throttle %s %lld\n",
                 e->throttle.side == HTTP_REQUEST ? "request" : "response",
                 (long long)e->throttle.bytes_s);
        break;
    case EFFECT_DRIBBLE:
        buf_putf(out, "dribble%s %lld every %lld us\n", e->dribble.head ? " head" : "",
                 (long long)e->dribble.bytes, (long long)e->dribble.every_us);
        break;
    case EFFECT_STALL:
        buf_putf(out, "stall %lld for %lld us\n", (long long)e->stall.after_bytes,
                 (long long)e->stall.us);
        break;
    case EFFECT_CUT:
        buf_putf(out, "cut %lld\n", (long long)e->cut_bytes);
        break;
    case EFFECT_INFO:
        rules_text_info(out, e->info);
        break;
    case EFFECT_DUPLICATE:
        buf_putf(out, "duplicate %u\n", (unsigned)e->copies);
        break;
    case EFFECT_GATHER:
        buf_putf(out, "gather %u%s for %lld us\n", (unsigned)e->gather.count,
                 e->gather.reverse ? " reverse" : "", (long long)e->gather.timeout_us);
        break;
    case EFFECT_TAG:
        rules_text_put(out, "tag ", e->tag, "\n");
        break;
    case EFFECT_LOG:
        buf_putf(out, "log %s\n",
                 e->keep == LOG_ALL     ? "on"
                 : e->keep == LOG_HEADS ? "heads"
                                        : "off");
        break;
    case EFFECT_NOTE:
        buf_putf(out, "note %s\n", e->note);
        break;
    }
}

#endif
