#include "logs/jsonl_facts.h"

#include <time.h>

#include "logs/redact_note.h"

enum { US_PER_S = 1000 * 1000 };

/* A word of ours, or NULL. */
void jsonl_put_word(struct json_put *p, const char *word)
{
    if (word)
        json_put_string(p, bytes_of(word));
    else
        JSON_PUT(p, "null");
}

void jsonl_put_text_or_null(struct json_put *p, struct bytes text)
{
    if (text.len)
        json_put_string(p, text);
    else
        JSON_PUT(p, "null");
}

/* The text of a second is made once for all flows of it. */
void jsonl_put_time(struct jsonl_format *j, int64_t us, struct json_put *p)
{
    char micros[8];
    int64_t second, rest;
    struct tm tm;
    time_t t;

    us = us > 0 ? us : 0;
    second = us / US_PER_S;
    rest = us % US_PER_S;
    t = (time_t)second;
    if (second != j->second && gmtime_r(&t, &tm)) {
        strftime(j->second_text, sizeof(j->second_text), "%Y-%m-%dT%H:%M:%S.", &tm);
        j->second = second;
    }
    for (int i = 5; i >= 0; i--, rest /= 10)
        micros[i] = (char)('0' + rest % 10);
    JSON_PUT(p, "\"");
    json_put_raw(p, j->second_text, strlen(j->second_text));
    json_put_raw(p, micros, 6);
    JSON_PUT(p, "Z\"");
}

static void put_tls(const struct flow_tls *tls, bool client, struct json_put *p)
{
    if (tls->version == 0) {
        JSON_PUT(p, "null");
        return;
    }
    JSON_PUT(p, "{\"version\":");
    jsonl_put_word(p, tls->version_text);
    JSON_PUT(p, ",\"cipher\":");
    jsonl_put_word(p, tls->cipher);
    JSON_PUT(p, ",\"sni\":");
    jsonl_put_text_or_null(p, tls->sni);
    JSON_PUT(p, ",\"alpn\":");
    jsonl_put_text_or_null(p, tls->alpn);
    JSON_PUT(p, ",\"resumed\":");
    json_put_bool(p, tls->resumed);
    if (client) {
        JSON_PUT(p, ",\"ja4\":");
        jsonl_put_text_or_null(p, tls->ja4);
    } else {
        JSON_PUT(p, ",\"verified\":");
        json_put_bool(p, tls->verified);
        JSON_PUT(p, ",\"certificate\":");
        jsonl_put_text_or_null(p, tls->certificate);
    }
    JSON_PUT(p, "}");
}

void jsonl_put_peers(const struct flow *f, struct json_put *p)
{
    JSON_PUT(p, ",\"client\":{\"address\":");
    jsonl_put_text_or_null(p, f->client);
    JSON_PUT(p, ",\"connection\":");
    json_put_u64(p, f->client_connection);
    JSON_PUT(p, ",\"reused\":");
    json_put_bool(p, f->client_reused);
    JSON_PUT(p, ",\"user\":");
    jsonl_put_text_or_null(p, f->user);
    JSON_PUT(p, ",\"tls\":");
    put_tls(&f->client_tls, true, p);
    if (f->upstream.len == 0) {
        JSON_PUT(p, "},\"upstream\":null");
        return;
    }
    JSON_PUT(p, "},\"upstream\":{\"address\":");
    json_put_string(p, f->upstream);
    JSON_PUT(p, ",\"connection\":");
    json_put_u64(p, f->upstream_connection);
    JSON_PUT(p, ",\"reused\":");
    json_put_bool(p, f->upstream_reused);
    JSON_PUT(p, ",\"tls\":");
    put_tls(&f->upstream_tls, false, p);
    JSON_PUT(p, "}");
}

static void put_field(struct jsonl_format *j, const struct field *field, struct json_put *p)
{
    struct bytes value = field->value;

    if (redact_field_maybe(&j->redactor, field)) {
        buf_clear(&j->clean);
        redact_put_field(&j->redactor, field->name, value, &j->clean);
        value = buf_bytes(&j->clean);
    }
    JSON_PUT(p, "[");
    json_put_string(p, field->name);
    JSON_PUT(p, ",");
    json_put_string(p, value);
    JSON_PUT(p, "]");
}

void jsonl_put_fields(struct jsonl_format *j, const struct fields *fields, struct json_put *p)
{
    JSON_PUT(p, "[");
    for (uint32_t i = 0; i < fields->count; i++) {
        if (i)
            JSON_PUT(p, ",");
        put_field(j, &fields->items[i], p);
    }
    JSON_PUT(p, "]");
}

void jsonl_put_trailers(struct jsonl_format *j, const struct fields *trailers, struct json_put *p)
{
    JSON_PUT(p, ",\"trailers\":");
    if (trailers)
        jsonl_put_fields(j, trailers, p);
    else
        JSON_PUT(p, "null");
}

struct bytes jsonl_message_text(struct jsonl_format *j, struct bytes data)
{
    if (!j->redactor.on)
        return data;
    buf_clear(&j->clean);
    redact_put_body(&j->redactor, bytes_make(NULL, 0), data, &j->clean);
    return buf_bytes(&j->clean);
}

void jsonl_put_place(const struct flow *f, struct json_put *p)
{
    JSON_PUT(p, ",\"scheme\":");
    jsonl_put_text_or_null(p, f->scheme);
    JSON_PUT(p, ",\"host\":");
    jsonl_put_text_or_null(p, f->host);
    JSON_PUT(p, ",\"port\":");
    json_put_u64(p, f->port);
}

void jsonl_put_sent(struct jsonl_format *j, const struct flow_message *m, struct json_put *p)
{
    if (!m->received || !m->sent || flow_heads_alike(m->received, m->sent))
        return;
    JSON_PUT(p, ",\"headers_sent\":");
    jsonl_put_fields(j, &m->sent->fields, p);
}

void jsonl_put_status(uint16_t status, struct json_put *p)
{
    JSON_PUT(p, "\"status_code\":");
    if (status)
        json_put_u64(p, status);
    else
        JSON_PUT(p, "null");
    JSON_PUT(p, ",\"ok\":");
    json_put_bool(p, status != 0 && status < 400);
}

void jsonl_put_status_line(const struct head *head, struct json_put *p)
{
    jsonl_put_status(head->status, p);
    JSON_PUT(p, ",\"reason\":");
    json_put_string(p, head->reason);
    JSON_PUT(p, ",\"version\":");
    jsonl_put_word(p, flow_version_text(head->version));
}

static void put_timings(const struct flow_timings *t, struct json_put *p)
{
    JSON_PUT(p, ",\"timings_us\":{\"blocked\":");
    json_put_i64(p, t->blocked);
    JSON_PUT(p, ",\"dns\":");
    json_put_i64(p, t->dns);
    JSON_PUT(p, ",\"connect\":");
    json_put_i64(p, t->connect);
    JSON_PUT(p, ",\"tls\":");
    json_put_i64(p, t->tls);
    JSON_PUT(p, ",\"send\":");
    json_put_i64(p, t->send);
    JSON_PUT(p, ",\"wait\":");
    json_put_i64(p, t->wait);
    JSON_PUT(p, ",\"receive\":");
    json_put_i64(p, t->receive);
    JSON_PUT(p, ",\"injected\":");
    json_put_i64(p, t->injected);
    JSON_PUT(p, ",\"total\":");
    json_put_i64(p, t->total);
    /* requests' elapsed: from sending the request to having the response's head */
    JSON_PUT(p, "},\"elapsed_us\":");
    if (t->wait >= 0)
        json_put_i64(p, t->wait + (t->send > 0 ? t->send : 0));
    else
        JSON_PUT(p, "null");
}

/* A text of ours that may hold some of the traffic, or NULL. */
static void put_clean(struct jsonl_format *j, const char *text, struct json_put *p)
{
    if (!text) {
        JSON_PUT(p, "null");
        return;
    }
    buf_clear(&j->clean);
    redact_put_body(&j->redactor, BYTES(""), bytes_of(text), &j->clean);
    json_put_string(p, buf_bytes(&j->clean));
}

static void put_note(struct jsonl_format *j, const struct flow *f, const char *note,
                     struct json_put *p)
{
    if (!note) {
        JSON_PUT(p, "null");
        return;
    }
    buf_clear(&j->clean);
    redact_put_note(&j->redactor, f, bytes_of(note), &j->clean);
    json_put_string(p, buf_bytes(&j->clean));
}

static void put_rules(struct jsonl_format *j, const struct flow *f, struct json_put *p)
{
    JSON_PUT(p, ",\"injected\":");
    json_put_bool(p, f->injected);
    JSON_PUT(p, ",\"rules\":[");
    for (const struct flow_rule *r = f->rules; r; r = r->next) {
        JSON_PUT(p, "{\"rule\":");
        jsonl_put_word(p, r->label);
        JSON_PUT(p, ",\"note\":");
        put_note(j, f, r->note, p);
        JSON_PUT(p, "}");
        if (r->next)
            JSON_PUT(p, ",");
    }
    JSON_PUT(p, "]");
}

/* Few flows have any: the member is there then only. */
static void put_tags(struct jsonl_format *j, const struct flow *f, struct json_put *p)
{
    if (!f->tags)
        return;
    JSON_PUT(p, ",\"tags\":[");
    for (const struct flow_tag *t = f->tags; t; t = t->next) {
        put_clean(j, t->text, p);
        if (t->next)
            JSON_PUT(p, ",");
    }
    JSON_PUT(p, "]");
}

static void put_anomalies(uint32_t anomalies, struct json_put *p)
{
    bool first = true;

    JSON_PUT(p, ",\"anomalies\":[");
    for (unsigned i = 0; anomalies && i < HTTP_ANOMALY_COUNT; i++) {
        if (!(anomalies >> i & 1))
            continue;
        if (!first)
            JSON_PUT(p, ",");
        jsonl_put_word(p, http_anomaly_text((enum http_anomaly_place)i));
        first = false;
    }
    JSON_PUT(p, "]");
}

static void put_end(struct jsonl_format *j, const struct flow *f, struct json_put *p)
{
    JSON_PUT(p, ",\"reason\":");
    jsonl_put_word(p, f->reason);
    JSON_PUT(p, ",\"error\":");
    put_clean(j, f->error ? f->sentence : NULL, p);
    JSON_PUT(p, ",\"body_not_captured\":");
    json_put_bool(p, f->body_not_captured);
    if (f->kind != FLOW_TUNNEL) {
        JSON_PUT(p, ",\"tunnel\":null");
        return;
    }
    JSON_PUT(p, ",\"tunnel\":{\"up_bytes\":");
    json_put_i64(p, f->tunnel_up_bytes);
    JSON_PUT(p, ",\"down_bytes\":");
    json_put_i64(p, f->tunnel_down_bytes);
    JSON_PUT(p, "}");
}

void jsonl_put_facts(struct jsonl_format *j, const struct flow *f, struct json_put *p)
{
    if (f->duplicate_of[0]) {
        JSON_PUT(p, ",\"duplicate_of\":");
        jsonl_put_word(p, f->duplicate_of);
    }
    put_timings(&f->timings, p);
    put_rules(j, f, p);
    put_tags(j, f, p);
    put_anomalies(f->anomalies, p);
    put_end(j, f, p);
}
