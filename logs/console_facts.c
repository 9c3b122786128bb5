/* The facts of console_format.h: lines that start with '*'. */
#include <inttypes.h>

#include "base/sizes.h"
#include "base/text.h"
#include "logs/console_format.h"
#include "logs/redact_note.h"

void console_put_star(struct console_format *c, struct buf *out)
{
    console_put_style(out, c->colour, STYLE_DIM);
    buf_put_byte(out, '*');
    console_put_style(out, c->colour, STYLE_NONE);
    buf_put_byte(out, ' ');
}

static void put_named(const char *name, struct bytes text, struct buf *out)
{
    if (text.len == 0)
        return;
    buf_putf(out, ", %s ", name);
    text_put_terminal(out, text);
}

static void put_connection(uint64_t number, bool reused, struct buf *out)
{
    if (number)
        buf_putf(out, ", connection %" PRIu64 "%s", number, reused ? " (reused)" : "");
}

static void put_tls(const struct flow_tls *tls, struct buf *out)
{
    if (tls->version) {
        buf_put_text(out, ", "); /* of an imported record the texts are anybody's */
        text_put_terminal(out, bytes_of(tls->version_text ? tls->version_text : "TLS"));
        if (tls->cipher) {
            buf_put_byte(out, ' ');
            text_put_terminal(out, bytes_of(tls->cipher));
        }
        if (tls->resumed)
            buf_put_text(out, " (resumed)");
    }
    put_named("SNI", tls->sni, out);
    put_named("ALPN", tls->alpn, out);
    put_named("JA4", tls->ja4, out);
}

/* A line each. */
static void put_certificate(struct console_format *c, struct bytes facts, struct buf *out)
{
    while (facts.len) {
        ptrdiff_t end = bytes_find(facts, '\n');
        size_t len = end < 0 ? facts.len : (size_t)end;

        console_put_star(c, out);
        buf_put_text(out, "certificate ");
        text_put_terminal(out, bytes_until(facts, len));
        buf_put_byte(out, '\n');
        facts = bytes_from(facts, len + 1);
    }
}

void console_put_connection_facts(struct console_format *c, const struct flow *f, struct buf *out)
{
    console_put_star(c, out);
    buf_put_text(out, "client ");
    text_put_terminal(out, f->client);
    put_named("user", f->user, out);
    put_connection(f->client_connection, f->client_reused, out);
    put_tls(&f->client_tls, out);
    buf_put_byte(out, '\n');
    if (f->upstream.len == 0)
        return;
    console_put_star(c, out);
    buf_put_text(out, "upstream ");
    text_put_terminal(out, f->upstream);
    put_connection(f->upstream_connection, f->upstream_reused, out);
    put_tls(&f->upstream_tls, out);
    if (f->upstream_tls.version)
        buf_put_text(out, f->upstream_tls.verified ? ", verified" : ", not verified");
    buf_put_byte(out, '\n');
    put_certificate(c, f->upstream_tls.certificate, out);
}

static void put_timings(struct console_format *c, const struct flow_timings *t, struct buf *out)
{
    const struct {
        const char *name;
        int64_t us;
    } parts[] = {
        {"blocked", t->blocked}, {"dns", t->dns},           {"connect", t->connect},
        {"tls", t->tls},         {"send", t->send},         {"wait", t->wait},
        {"receive", t->receive}, {"injected", t->injected}, {"total", t->total},
    };
    const char *between = "";

    if (t->total < 0)
        return;
    console_put_star(c, out);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i].us < 0)
            continue;
        buf_putf(out, "%s%s ", between, parts[i].name);
        duration_put(out, parts[i].us);
        between = ", ";
    }
    buf_put_byte(out, '\n');
}

static void put_rules(struct console_format *c, const struct flow *f, struct buf *out)
{
    for (const struct flow_rule *r = f->rules; r; r = r->next) {
        console_put_star(c, out);
        buf_put_text(out, "rule ");
        console_put_style(out, c->colour, STYLE_MAGENTA);
        text_put_terminal(out, bytes_of(r->label));
        console_put_style(out, c->colour, STYLE_NONE);
        if (r->note) {
            buf_clear(&c->raw);
            redact_put_note(&c->redactor, f, bytes_of(r->note), &c->raw);
            buf_put_text(out, ": ");
            text_put_terminal(out, buf_bytes(&c->raw));
        }
        buf_put_byte(out, '\n');
    }
}

static void put_anomalies(struct console_format *c, uint32_t anomalies, struct buf *out)
{
    for (unsigned i = 0; i < HTTP_ANOMALY_COUNT; i++) {
        if (!(anomalies >> i & 1))
            continue;
        console_put_star(c, out);
        console_put_style(out, c->colour, STYLE_YELLOW);
        buf_putf(out, "%s", http_anomaly_text((enum http_anomaly_place)i));
        console_put_style(out, c->colour, STYLE_NONE);
        buf_putf(out, ": %s\n", http_anomaly_sentence((enum http_anomaly_place)i));
    }
}

static void put_method_meaning(struct console_format *c, const struct flow *f, struct buf *out)
{
    const struct head *head = flow_message_head(&f->request);
    const struct http_method *method = head ? http_method_find(head->method) : NULL;

    if (!method)
        return;
    console_put_star(c, out);
    buf_putf(out, "%s (%s, %s): %s\n", method->name, method->safe ? "safe" : "not safe",
             method->idempotent ? "idempotent" : "not idempotent", method->meaning);
}

static void put_status_meaning(struct console_format *c, const struct flow *f, struct buf *out)
{
    const struct http_status *status = http_status_find(f->status);

    if (f->status == 0)
        return;
    console_put_star(c, out);
    if (status)
        buf_putf(out, "%u %s (%s): %s\n", status->code, status->phrase,
                 http_status_class(f->status), status->meaning);
    else
        buf_putf(out, "%u is no registered status (%s)\n", f->status, http_status_class(f->status));
}

static void put_end(struct console_format *c, const struct flow *f, struct buf *out)
{
    if (f->body_not_captured) {
        console_put_star(c, out);
        buf_put_text(out, "the body was not kept: the log was full\n");
    }
    if (!f->reason)
        return;
    console_put_star(c, out);
    console_put_style(out, c->colour && f->error, STYLE_RED);
    text_put_terminal(out, bytes_of(f->reason));
    console_put_style(out, c->colour && f->error, STYLE_NONE);
    if (f->sentence) { /* what peers said may stand in it */
        buf_clear(&c->raw);
        redact_put_body(&c->redactor, BYTES(""), bytes_of(f->sentence), &c->raw);
        buf_put_text(out, ": ");
        text_put_terminal(out, buf_bytes(&c->raw));
    }
    buf_put_byte(out, '\n');
}

static void put_tunnel(struct console_format *c, const struct flow *f, struct buf *out)
{
    if (f->kind != FLOW_TUNNEL)
        return;
    console_put_star(c, out);
    size_put(out, f->tunnel_up_bytes);
    buf_put_text(out, " up, ");
    size_put(out, f->tunnel_down_bytes);
    buf_put_text(out, " down\n");
}

void console_put_flow_facts(struct console_format *c, const struct flow *f, struct buf *out)
{
    put_tunnel(c, f, out);
    put_rules(c, f, out);
    put_anomalies(c, f->anomalies, out);
    put_method_meaning(c, f, out);
    put_status_meaning(c, f, out);
    put_timings(c, &f->timings, out);
    put_end(c, f, out);
}
