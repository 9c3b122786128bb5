#include "rules/explain_words.h"

#include "http/json.h"
#include "http/url.h"
#include "rules/cookie.h"

enum {
    SHOWN_BYTES = 80, /* of a value */
    SHOWN_CHOICES = 4,
};

static void put_shown(struct buf *out, struct bytes value)
{
    buf_put(out, bytes_until(value, SHOWN_BYTES));
    buf_put_text(out, value.len > SHOWN_BYTES ? "…" : "");
}

/* ---- what the request has ---------------------------------------------------- */

/* Each appends what there is; false, and nothing appended: there is none. */
static bool put_method(const struct match_test *t, const struct match_run *run, struct buf *out)
{
    (void)t;
    buf_put(out, run->view->request->method);
    return true;
}

static bool put_scheme(const struct match_test *t, const struct match_run *run, struct buf *out)
{
    (void)t;
    buf_put(out, run->view->scheme);
    return run->view->scheme.len;
}

static bool put_host(const struct match_test *t, const struct match_run *run, struct buf *out)
{
    (void)t;
    put_shown(out, run->view->host);
    return true;
}

static bool put_port(const struct match_test *t, const struct match_run *run, struct buf *out)
{
    (void)t;
    buf_put_u64(out, run->view->port);
    return true;
}

static bool put_path(const struct match_test *t, const struct match_run *run, struct buf *out)
{
    (void)t;
    put_shown(out, run->path);
    return run->path.len;
}

static bool put_url(const struct match_test *t, const struct match_run *run, struct buf *out)
{
    (void)t;
    buf_put(out, run->view->scheme);
    buf_put_text(out, "://");
    put_shown(out, run->view->host);
    put_shown(out, run->view->request->path);
    return true;
}

static bool put_parameter(const struct match_test *t, const struct match_run *run, struct buf *out)
{
    struct bytes query = run->query, name, value;

    while (url_query_next(&query, &name, &value)) {
        if (!bytes_equal(name, t->name))
            continue;
        put_shown(out, value);
        return true;
    }
    return false;
}

static bool put_header(const struct match_test *t, const struct match_run *run, struct buf *out)
{
    const struct head *head = t->response ? run->view->response : run->view->request;
    struct bytes value = fields_value(&head->fields, t->name);

    put_shown(out, value);
    return value.ptr;
}

static bool put_cookie(const struct match_test *t, const struct match_run *run, struct buf *out)
{
    struct bytes value = cookie_value(&run->view->request->fields, t->name);

    put_shown(out, value);
    return value.ptr;
}

static bool put_client(const struct match_test *t, const struct match_run *run, struct buf *out)
{
    (void)t;
    put_shown(out, run->view->client);
    return true;
}

static bool put_version(const struct match_test *t, const struct match_run *run, struct buf *out)
{
    unsigned version = (unsigned)run->view->request->version;

    (void)t;
    if (version == HTTP_2)
        buf_put_text(out, "HTTP/2");
    else
        buf_putf(out, "HTTP/%u.%u", version / 10, version % 10);
    return true;
}

static bool put_tls(const struct match_test *t, const struct match_run *run, struct buf *out)
{
    (void)t;
    if (run->view->tls)
        buf_put(out, run->view->tls->version);
    return run->view->tls;
}

static bool put_sni(const struct match_test *t, const struct match_run *run, struct buf *out)
{
    (void)t;
    if (run->view->tls)
        put_shown(out, run->view->tls->sni);
    return run->view->tls && run->view->tls->sni.len;
}

static bool put_ja4(const struct match_test *t, const struct match_run *run, struct buf *out)
{
    (void)t;
    if (run->view->tls)
        put_shown(out, run->view->tls->ja4);
    return run->view->tls && run->view->tls->ja4.len;
}

static bool put_alpn(const struct match_test *t, const struct match_run *run, struct buf *out)
{
    struct bytes rest = run->view->tls ? run->view->tls->alpn : bytes_make(NULL, 0);
    bool any = rest.len;

    (void)t;
    while (rest.len) {
        size_t len = rest.ptr[0];

        put_shown(out, bytes_until(bytes_from(rest, 1), len));
        rest = bytes_from(rest, 1 + len);
        buf_put_text(out, rest.len ? " " : "");
    }
    return any;
}

static bool put_status(const struct match_test *t, const struct match_run *run, struct buf *out)
{
    (void)t;
    buf_put_u64(out, run->view->response->status);
    return true;
}

static bool put_type(const struct match_test *t, const struct match_run *run, struct buf *out)
{
    struct bytes type = fields_value(&run->view->response->fields, field_name(FIELD_CONTENT_TYPE));

    (void)t;
    put_shown(out, type);
    return type.len;
}

static bool put_duration(const struct match_test *t, const struct match_run *run, struct buf *out)
{
    (void)t;
    buf_putf(out, "%.1f ms", (double)run->view->response_us / 1000.0);
    return true;
}

static bool put_size(const struct match_test *t, const struct match_run *run, struct buf *out)
{
    const struct head *response = run->view->response;
    int64_t bytes = response->framing == HTTP_LENGTH ? response->length : 0;

    (void)t;
    if (response->framing != HTTP_LENGTH && run->view->response_body)
        bytes = run->view->response_body->wire_bytes;
    buf_putf(out, "%lld bytes", (long long)bytes);
    return true;
}

static bool put_body(const struct match_test *t, const struct match_run *run, struct buf *out)
{
    const struct rule_body *body = t->response ? run->view->response_body : run->view->request_body;

    if (!body || body->content.len == 0)
        return false;
    buf_putf(out, "%zu bytes: ", body->content.len);
    put_shown(out, body->content);
    return true;
}

static bool put_value(const struct match_test *t, const struct match_run *run, struct buf *out)
{
    const struct rule_body *body = t->response ? run->view->response_body : run->view->request_body;
    struct json_fault fault;
    struct bytes value;

    if (!body || body->content.len == 0)
        return false;
    if (json_check(body->content, &fault)) {
        buf_put_text(out, "in no JSON");
        return true;
    }
    if (json_find(body->content, &t->path, &value))
        return false;
    put_shown(out, value);
    return true;
}

static const struct word_row {
    bool (*holds)(const struct match_test *t, struct match_run *run);
    const char *key;
    bool (*put)(const struct match_test *t, const struct match_run *run, struct buf *out);
} rows[] = {
    {test_method, "method", put_method},
    {test_scheme, "scheme", put_scheme},
    {test_host, "host", put_host},
    {test_port, "port", put_port},
    {test_path, "path", put_path},
    {test_url, "the URL", put_url},
    {test_query_as_sent, "parameter", put_parameter},
    {test_query_decoded, "parameter", put_parameter},
    {test_header, "header", put_header},
    {test_cookie, "cookie", put_cookie},
    {test_client, "client", put_client},
    {test_version, "version", put_version},
    {test_tls, "tls", put_tls},
    {test_tls_version, "tls.version", put_tls},
    {test_tls_sni, "tls.sni", put_sni},
    {test_tls_alpn, "tls.alpn", put_alpn},
    {test_tls_ja4, "tls.ja4", put_ja4},
    {test_status, "status", put_status},
    {test_type, "type", put_type},
    {test_duration, "duration", put_duration},
    {test_size, "size", put_size},
    {test_body, "body", put_body},
    {test_json, "json", put_value},
};

/* NULL: a test without words of its own. */
static const struct word_row *row_of(const struct match_test *t)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].holds == t->holds)
            return &rows[i];
    }
    return NULL;
}

/* ---- what the rule wants ------------------------------------------------------ */

static void put_range(const struct choice *c, struct buf *out)
{
    buf_put_u64(out, c->range.low);
    if (c->range.high != c->range.low)
        buf_putf(out, " to %u", (unsigned)c->range.high);
}

static void put_span(const struct match_test *t, const struct choice *c, struct buf *out)
{
    bool time = t->holds == test_duration;
    int64_t unit = time ? 1000 : 1;

    if (c->span.high == INT64_MAX)
        buf_putf(out, "at least %lld", (long long)(c->span.low / unit));
    else if (c->span.low == c->span.high)
        buf_putf(out, "%lld", (long long)(c->span.low / unit));
    else
        buf_putf(out, "%lld to %lld", (long long)(c->span.low / unit),
                 (long long)(c->span.high / unit));
    buf_put_text(out, time ? " ms" : " bytes");
}

static void put_choice(const struct match_test *t, const struct choice *c, struct buf *out)
{
    switch (c->kind) {
    case CHOICE_TEXT:
    case CHOICE_JSON:
        put_shown(out, c->text);
        break;
    case CHOICE_GLOB:
        put_shown(out, c->glob->text);
        break;
    case CHOICE_BELOW:
        buf_put_byte(out, '.');
        put_shown(out, c->text);
        break;
    case CHOICE_RANGE:
        put_range(c, out);
        break;
    case CHOICE_NETWORK:
        buf_putf(out, "an address of its network");
        break;
    case CHOICE_PATTERN:
        buf_put_byte(out, '~');
        put_shown(out, pattern_text(c->pattern));
        break;
    case CHOICE_SPAN:
        put_span(t, c, out);
        break;
    case CHOICE_PRESENT:
        buf_put_text(out, t->holds == test_tls ? "yes" : "present");
        break;
    case CHOICE_ABSENT:
        buf_put_text(out, t->holds == test_tls ? "no" : "absent");
        break;
    }
}

static void put_choices(const struct match_test *t, struct buf *out)
{
    for (uint32_t i = 0; i < t->count && i < SHOWN_CHOICES; i++) {
        buf_put_text(out, i ? " or " : "");
        put_choice(t, &t->choices[i], out);
    }
    if (t->count > SHOWN_CHOICES)
        buf_putf(out, " or %u more", (unsigned)(t->count - SHOWN_CHOICES));
}

/* ---- sentences ----------------------------------------------------------------- */

static void put_bits(const char *const *names, uint32_t bits, struct buf *out)
{
    const char *between = "";

    for (uint32_t i = 0; names[i]; i++) {
        if (!(bits & UINT32_C(1) << i))
            continue;
        buf_put_text(out, between);
        buf_put_text(out, names[i]);
        between = " or ";
    }
}

static void put_method_gate(const struct match_gate *g, const struct match_run *run,
                            struct buf *out)
{
    static const char *const names[] = {"GET",   "POST",           "HEAD",    "PUT",
                                        "PATCH", "DELETE",         "OPTIONS", "TRACE",
                                        "QUERY", "another method", NULL};

    if (run->method == METHOD_PREFLIGHT) {
        buf_put_text(out, "it is a CORS preflight, which only a rule that names OPTIONS takes");
        return;
    }
    buf_put_text(out, "method is ");
    buf_put(out, run->view->request->method);
    if (run->method == METHOD_CONNECT) {
        buf_put_text(out, ", which only a rule that names it takes");
        return;
    }
    buf_put_text(out, ", wanted ");
    put_bits(names, g->methods, out);
}

void explain_put_gate(const struct match_gate *g, const struct match_run *run, struct buf *out)
{
    static const char *const schemes[] = {"http", "https", "ws", "wss", NULL};

    if (!(g->methods & run->method)) {
        put_method_gate(g, run, out);
    } else if (!(g->schemes & run->schemes)) {
        buf_put_text(out, "scheme is ");
        buf_put(out, run->view->scheme);
        buf_put_text(out, ", wanted ");
        put_bits(schemes, g->schemes, out);
    } else if (g->port && g->port != run->view->port) {
        buf_putf(out, "port is %u, wanted %u", (unsigned)run->view->port, (unsigned)g->port);
    } else {
        buf_put_text(out, "the request has no path");
    }
}

/* Of what: a field, a parameter, a value in JSON. */
static void put_name(const struct match_test *t, struct buf *out)
{
    if (t->holds != test_json) {
        buf_put_text(out, t->name.len ? " " : "");
        put_shown(out, t->name);
        return;
    }
    for (size_t i = 0; i < t->path.count; i++) {
        buf_put_text(out, i ? "." : " ");
        put_shown(out, t->path.steps[i].name);
    }
}

void explain_put_test(const struct match_test *t, struct match_run *run, struct buf *out)
{
    const struct word_row *row = row_of(t);
    bool held = t->holds(t, run);

    if (t->holds == test_gate && !held) {
        explain_put_gate(t->gate, run, out);
        return;
    }
    if (!row) {
        buf_put_text(out, "one of its conditions does not hold");
        return;
    }
    buf_put_text(out, row->key);
    put_name(t, out);
    buf_put_text(out, " is ");
    if (!row->put(t, run, out))
        buf_put_text(out, t->holds == test_tls ? "no" : "absent");
    buf_put_text(out, held ? ", which its `not` excludes: " : ", wanted ");
    put_choices(t, out);
}
