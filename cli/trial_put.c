#include "cli/trial_put.h"

#include <stdio.h>

#include "base/text.h"

enum { SHOWN_BYTES = 64 * 1024 }; /* of a content, for people */

static void put_field(struct buf *out, struct bytes name, struct bytes value)
{
    text_put_terminal(out, name);
    buf_put_text(out, ": ");
    text_put_terminal(out, value);
    buf_put_byte(out, '\n');
}

static void put_fields(struct buf *out, const struct fields *fields)
{
    for (uint32_t i = 0; i < fields->count; i++)
        put_field(out, fields->items[i].name, fields->items[i].value);
}

static void put_content(struct buf *out, struct bytes content)
{
    struct bytes shown = bytes_until(content, SHOWN_BYTES);

    if (content.len == 0)
        return;
    buf_put_byte(out, '\n');
    if (!utf8_valid(content)) {
        buf_putf(out, "(%zu bytes that are no text)\n", content.len);
        return;
    }
    text_put_terminal_lines(out, shown);
    if (shown.ptr[shown.len - 1] != '\n')
        buf_put_byte(out, '\n');
    if (shown.len < content.len)
        buf_putf(out, "(and %zu bytes more)\n", content.len - shown.len);
}

static void put_message(struct buf *out, const struct trial_message *m)
{
    put_fields(out, &m->head.fields);
    put_content(out, m->content);
    put_fields(out, &m->trailers);
}

static void put_target(struct buf *out, const struct trial *t)
{
    bool v6 = bytes_find(t->target.host, ':') >= 0;

    if (t->target.scheme.len) {
        buf_put(out, t->target.scheme);
        buf_put_text(out, "://");
    }
    buf_put_text(out, v6 ? "[" : "");
    buf_put(out, t->target.host);
    buf_put_text(out, v6 ? "]" : "");
    buf_putf(out, ":%u", (unsigned)t->target.port);
}

static void put_request(struct buf *out, const struct trial *t)
{
    const struct head *head = &t->request.head;

    buf_put_text(out, "sent on to ");
    put_target(out, t);
    buf_put_text(out, ":\n");
    text_put_terminal(out, head->method);
    buf_put_byte(out, ' ');
    text_put_terminal(out, head->path.len ? head->path : head->authority); /* CONNECT */
    buf_put_text(out, " HTTP/1.1\n");
    put_message(out, &t->request);
}

void trial_put_messages(struct buf *out, const struct trial *t)
{
    if (t->end == TRIAL_SENT_ON)
        put_request(out, t);
    if (t->end == TRIAL_ABORTED)
        buf_putf(out, "no answer: %s\n", t->abort);
    if (t->raw.len) {
        buf_put_text(out, "answered by a rule, raw:");
        put_content(out, t->raw);
    }
    if (!t->has_response)
        return;
    buf_put_text(out, t->end == TRIAL_ANSWERED ? "answered by a rule:\n" : "\nwhat comes back:\n");
    buf_putf(out, "HTTP/1.1 %u ", (unsigned)t->response.head.status);
    text_put_terminal(out, t->response.head.reason);
    buf_put_byte(out, '\n');
    put_message(out, &t->response);
}

void trial_put_outcome(struct buf *out, const struct trial *t)
{
    const char *between = "";

    if (t->end == TRIAL_SENT_ON) {
        buf_put_text(out, "sent on");
        between = "; ";
    }
    for (const struct trial_note *n = t->notes; n; n = n->next) {
        buf_put_text(out, between);
        text_put_terminal(out, bytes_of(n->text));
        between = "; ";
    }
}

/* ---- JSON ----------------------------------------------------------------------- */

static void put_fields_json(struct buf *out, const struct fields *fields)
{
    buf_put_text(out, ",\"headers\":[");
    for (uint32_t i = 0; i < fields->count; i++) {
        buf_put_text(out, i ? ",[" : "[");
        text_put_json(out, fields->items[i].name);
        buf_put_byte(out, ',');
        text_put_json(out, fields->items[i].value);
        buf_put_byte(out, ']');
    }
    buf_put_byte(out, ']');
}

static void put_message_json(struct buf *out, const struct trial_message *m)
{
    put_fields_json(out, &m->head.fields);
    if (utf8_valid(m->content)) {
        buf_put_text(out, ",\"body\":");
        text_put_json(out, m->content);
    } else {
        buf_put_text(out, ",\"body\":null,\"body_base64\":\"");
        text_put_base64(out, m->content);
        buf_put_byte(out, '"');
    }
    buf_put_byte(out, '}');
}

static void put_sent_json(struct buf *out, const struct trial *t)
{
    buf_put_text(out, ",\"sent\":{\"to\":\"");
    put_target(out, t);
    buf_put_text(out, "\",\"method\":");
    text_put_json(out, t->request.head.method);
    buf_put_text(out, ",\"path\":");
    text_put_json(out, t->request.head.path);
    put_message_json(out, &t->request);
}

void trial_put_json(struct buf *out, const struct trial *t)
{
    static const char *const ends[] = {"sent_on", "answered", "aborted"};

    buf_putf(out, ",\"outcome\":\"%s\",\"notes\":[", ends[t->end]);
    for (const struct trial_note *n = t->notes; n; n = n->next) {
        buf_put_text(out, n == t->notes ? "{\"rule\":" : ",{\"rule\":");
        text_put_json(out, bytes_of(n->rule));
        buf_put_text(out, ",\"note\":");
        text_put_json(out, bytes_of(n->text));
        buf_put_byte(out, '}');
    }
    buf_put_text(out, "]");
    if (t->end == TRIAL_SENT_ON)
        put_sent_json(out, t);
    if (t->raw.len) {
        buf_put_text(out, ",\"raw_base64\":\"");
        text_put_base64(out, t->raw);
        buf_put_byte(out, '"');
    }
    if (!t->has_response)
        return;
    buf_putf(out,
             ",\"response\":{\"status_code\":%u,\"reason\":", (unsigned)t->response.head.status);
    text_put_json(out, t->response.head.reason);
    put_message_json(out, &t->response);
}

/* ---- totals ----------------------------------------------------------------------- */

void trial_put_totals(struct buf *out, const struct ruleset *rules, size_t max)
{
    size_t shown = 0, more = 0, count = ruleset_count(rules);

    for (size_t i = 0; i < count; i++) {
        struct rule_info info;

        ruleset_info(rules, i, &info);
        if (!info.matched)
            continue;
        if (shown++ == 0)
            buf_put_text(out, "matched   fired  rule\n");
        if (shown > max) {
            more++;
            continue;
        }
        buf_putf(out, "%7llu %7llu  ", (unsigned long long)info.matched,
                 (unsigned long long)info.fired);
        text_put_terminal(out, bytes_of(info.label));
        buf_put_byte(out, '\n');
    }
    if (more)
        buf_putf(out, "and %zu rules more\n", more);
}

void trial_put_totals_json(struct buf *out, const struct ruleset *rules)
{
    size_t count = ruleset_count(rules);

    buf_put_text(out, "\"rules\":[");
    for (size_t i = 0; i < count; i++) {
        struct rule_info info;

        ruleset_info(rules, i, &info);
        buf_put_text(out, i ? ",{\"rule\":" : "{\"rule\":");
        text_put_json(out, bytes_of(info.label));
        buf_putf(out, ",\"matched\":%llu,\"fired\":%llu}", (unsigned long long)info.matched,
                 (unsigned long long)info.fired);
    }
    buf_put_byte(out, ']');
}
