#include "rules/match.h"

#include <string.h>

#include "http/url.h"
#include "rules/cookie.h"
#include "rules/template_part.h"

uint32_t method_bit(struct bytes name)
{
    static const char *const names[MATCH_METHODS] = {"GET",    "POST",    "HEAD",  "PUT",  "PATCH",
                                                     "DELETE", "OPTIONS", "TRACE", "QUERY"};

    if (bytes_equal(name, BYTES("CONNECT")))
        return METHOD_CONNECT;
    for (uint32_t i = 0; i < MATCH_METHODS; i++) {
        if (bytes_equal(name, bytes_of(names[i])))
            return UINT32_C(1) << i;
    }
    return METHOD_OTHER;
}

/* Fetch: a CORS preflight is an OPTIONS request with these two fields. */
static bool is_preflight(const struct head *request)
{
    return http_method_is(request, "OPTIONS") &&
           fields_find(&request->fields, FIELD_ORIGIN, 0) >= 0 &&
           fields_find(&request->fields, FIELD_ACCESS_CONTROL_REQUEST_METHOD, 0) >= 0;
}

static uint8_t scheme_bits(const struct rule_view *view)
{
    bool ws = view->request->upgrade &&
              fields_list_has(&view->request->fields, FIELD_UPGRADE, BYTES("websocket"));

    if (bytes_equal(view->scheme, BYTES("http")))
        return ws ? SCHEME_HTTP | SCHEME_WS : SCHEME_HTTP;
    if (bytes_equal(view->scheme, BYTES("https")))
        return ws ? SCHEME_HTTPS | SCHEME_WSS : SCHEME_HTTPS;
    return SCHEME_ALL; /* CONNECT: not known yet */
}

void match_run_init(struct match_run *run, const struct rule_view *view, struct arena *arena,
                    struct pattern_set *patterns)
{
    struct bytes target = view->request->path;
    ptrdiff_t query = bytes_find(target, '?');

    run->view = view;
    run->arena = arena;
    run->patterns = patterns;
    run->desk = NULL;
    run->json[0] = run->json[1] = 0;
    run->path = query < 0 ? target : bytes_until(target, (size_t)query);
    run->query = query < 0 ? bytes_make(NULL, 0) : bytes_from(target, (size_t)query + 1);
    if (!bytes_starts_with(run->path, BYTES("/"))) /* CONNECT, OPTIONS * */
        run->path = bytes_make(NULL, 0);
    run->method =
        is_preflight(view->request) ? METHOD_PREFLIGHT : method_bit(view->request->method);
    run->schemes = scheme_bits(view);
    run->gave_up = false;
    run->needs = 0;
    run->fault = NULL;
    run->status = STATUS_OK;
}

void match_run_release(struct match_run *run)
{
    pattern_desk_return(run->patterns, run->desk);
    run->desk = NULL;
}

int64_t rule_pattern_us(const struct rule_view *view)
{
    if (view->on_loop)
        return RULE_LOOP_US;
    return view->pattern_us > 0 ? view->pattern_us : RULE_PATTERN_US;
}

bool match_desk(struct match_run *run)
{
    if (!run->desk)
        run->desk =
            pattern_desk_take(run->patterns, run->view->tick_us, rule_pattern_us(run->view));
    if (run->desk)
        run->desk->brief = run->view->on_loop;
    else
        run->status = STATUS_NO_MEMORY;
    return run->desk;
}

/* `made`: the subject is a text of the desk, which does not last; captures of it
 * are copied to the exchange's arena. */
static bool pattern_holds(const struct pattern *p, struct match_run *run, struct bytes subject,
                          bool made)
{
    struct bytes kept;

    if (!match_desk(run))
        return false;
    switch (pattern_find(run->patterns, p, run->desk, subject, run->captures)) {
    case PATTERN_NO:
        return false;
    case PATTERN_YES:
        break;
    case PATTERN_GAVE_UP:
        if (run->view->on_loop && run->desk->over)
            run->needs |= NEEDS_TIME;
        run->gave_up = true;
        return false;
    case PATTERN_NO_MEMORY:
        run->status = STATUS_NO_MEMORY;
        return false;
    }
    if (!made || !pattern_captures(p))
        return true;
    kept = arena_copy(run->arena, subject);
    if (kept.ptr && pattern_find(run->patterns, p, run->desk, kept, run->captures) == PATTERN_YES)
        return true;
    run->status = STATUS_NO_MEMORY;
    return false;
}

static bool choice_holds(const struct choice *choice, struct match_run *run, struct bytes subject,
                         bool made)
{
    switch (choice->kind) {
    case CHOICE_TEXT:
        return bytes_equal(choice->text, subject);
    case CHOICE_GLOB:
        return glob_match(choice->glob, subject, run->captures);
    case CHOICE_BELOW:
        return bytes_ends_with(subject, choice->text) &&
               (subject.len == choice->text.len ||
                subject.ptr[subject.len - choice->text.len - 1] == '.');
    case CHOICE_PATTERN:
        return pattern_holds(choice->pattern, run, subject, made);
    case CHOICE_PRESENT:
        return true;
    case CHOICE_RANGE:   /* see test_port() */
    case CHOICE_NETWORK: /* see test_client() */
    case CHOICE_SPAN:    /* see test_size() */
    case CHOICE_JSON:    /* see test_json() */
    case CHOICE_ABSENT:  /* see test_header() */
        return false;
    }
    return false;
}

bool match_choices_hold(const struct match_test *t, struct match_run *run, struct bytes subject,
                        bool made)
{
    for (uint32_t i = 0; i < t->count; i++) {
        if (choice_holds(&t->choices[i], run, subject, made))
            return true;
    }
    return false;
}

bool match_accepts_absence(const struct match_test *t)
{
    for (uint32_t i = 0; i < t->count; i++) {
        if (t->choices[i].kind == CHOICE_ABSENT)
            return true;
    }
    return false;
}

bool test_method(const struct match_test *t, struct match_run *run)
{
    return match_choices_hold(t, run, run->view->request->method, false);
}

bool test_scheme(const struct match_test *t, struct match_run *run)
{
    return match_choices_hold(t, run, run->view->scheme, false);
}

bool test_host(const struct match_test *t, struct match_run *run)
{
    return match_choices_hold(t, run, run->view->host, false);
}

bool test_port(const struct match_test *t, struct match_run *run)
{
    uint16_t port = run->view->port;

    for (uint32_t i = 0; i < t->count; i++) {
        const struct choice *choice = &t->choices[i];

        if (choice->kind == CHOICE_RANGE && port >= choice->range.low && port <= choice->range.high)
            return true;
        if (choice->kind == CHOICE_PATTERN && match_desk(run)) {
            struct buf *text = &run->desk->text;

            buf_clear(text);
            buf_put_u64(text, port);
            if (pattern_holds(choice->pattern, run, buf_bytes(text), true))
                return true;
        }
    }
    return false;
}

bool test_path(const struct match_test *t, struct match_run *run)
{
    return run->path.len && match_choices_hold(t, run, run->path, false);
}

/* The desk's copy of the URL without the port, made once a request. */
bool test_url(const struct match_test *t, struct match_run *run)
{
    const struct rule_view *view = run->view;
    bool v6 = bytes_find(view->host, ':') >= 0;
    struct buf *url;

    if (!match_desk(run))
        return false;
    url = &run->desk->url;
    if (url->len == 0) {
        buf_put(url, view->scheme);
        buf_put_text(url, v6 ? "://[" : "://");
        buf_put(url, view->host);
        buf_put_text(url, v6 ? "]" : "");
        if (run->path.len)
            buf_put(url, view->request->path);
    }
    if (buf_status(url) == STATUS_NO_MEMORY)
        run->status = STATUS_NO_MEMORY;
    return !buf_status(url) && match_choices_hold(t, run, buf_bytes(url), true);
}

/* Is the parameter's name, as it was sent, this canonical one? */
static bool name_is(struct bytes sent, struct bytes canonical)
{
    size_t at = 0, i = 0;

    while (at < sent.len) {
        struct url_unit unit = url_unit_read(sent, at);

        if (canonical.len - i < unit.len || memcmp(canonical.ptr + i, unit.bytes, unit.len) != 0)
            return false;
        at += unit.raw;
        i += unit.len;
    }
    return i == canonical.len;
}

bool test_query_as_sent(const struct match_test *t, struct match_run *run)
{
    struct bytes query = run->query, name, value;

    while (url_query_next(&query, &name, &value)) {
        if (name_is(name, t->name) && match_choices_hold(t, run, value, false))
            return true;
    }
    return false;
}

static bool needs_decoding(struct bytes in)
{
    return bytes_find(in, '%') >= 0 || bytes_find(in, '+') >= 0;
}

/* `in` decoded, on the desk when it has to change; *ret_made tells. */
static bool decoded(struct match_run *run, struct bytes in, struct bytes *ret_out, bool *ret_made)
{
    *ret_made = needs_decoding(in);
    *ret_out = in;
    if (!*ret_made)
        return true;
    if (!match_desk(run))
        return false;
    buf_clear(&run->desk->text);
    percent_decode(in, true, &run->desk->text);
    if (buf_status(&run->desk->text) == STATUS_NO_MEMORY)
        run->status = STATUS_NO_MEMORY;
    *ret_out = buf_bytes(&run->desk->text);
    return !buf_status(&run->desk->text);
}

bool test_query_decoded(const struct match_test *t, struct match_run *run)
{
    struct bytes query = run->query, name, value, text;
    bool found = false, made;

    while (url_query_next(&query, &name, &value)) {
        if (!decoded(run, name, &text, &made) || !bytes_equal(text, t->name))
            continue;
        found = true;
        if (decoded(run, value, &text, &made) && match_choices_hold(t, run, text, made))
            return true;
    }
    return !found && match_accepts_absence(t);
}

bool test_header(const struct match_test *t, struct match_run *run)
{
    const struct head *head = match_head(t, run);
    const struct fields *fields = head ? &head->fields : NULL;
    int at = fields ? fields_find_name(fields, t->name, 0) : -1;

    if (!fields)
        return false;
    if (at < 0)
        return match_accepts_absence(t);
    for (; at >= 0; at = fields_find_name(fields, t->name, (uint32_t)at + 1)) {
        if (match_choices_hold(t, run, fields->items[at].value, false))
            return true;
    }
    return false;
}

bool test_cookie(const struct match_test *t, struct match_run *run)
{
    struct cookie_walk walk = cookie_walk_of(&run->view->request->fields);
    struct bytes name, value;
    bool found = false;

    while (cookie_walk_next(&walk, &name, &value)) {
        if (!bytes_equal(name, t->name))
            continue;
        found = true;
        if (match_choices_hold(t, run, value, false))
            return true;
    }
    return !found && match_accepts_absence(t);
}

bool test_client(const struct match_test *t, struct match_run *run)
{
    for (uint32_t i = 0; i < t->count; i++) {
        const struct choice *choice = &t->choices[i];

        if (choice->kind == CHOICE_NETWORK) {
            if (network_has(choice->network, run->view->address))
                return true;
        } else if (choice_holds(choice, run, run->view->client, false)) {
            return true;
        }
    }
    return false;
}

static struct bytes version_text(enum http_version version)
{
    switch (version) {
    case HTTP_1_0:
        return BYTES("HTTP/1.0");
    case HTTP_1_1:
        return BYTES("HTTP/1.1");
    case HTTP_2:
        return BYTES("HTTP/2");
    }
    return BYTES("");
}

bool test_version(const struct match_test *t, struct match_run *run)
{
    return match_choices_hold(t, run, version_text(run->view->request->version), false);
}

bool test_tls(const struct match_test *t, struct match_run *run)
{
    return (run->view->tls != NULL) == (t->choices[0].kind == CHOICE_PRESENT);
}

bool test_tls_version(const struct match_test *t, struct match_run *run)
{
    return run->view->tls && match_choices_hold(t, run, run->view->tls->version, false);
}

bool test_tls_sni(const struct match_test *t, struct match_run *run)
{
    return run->view->tls && match_choices_hold(t, run, run->view->tls->sni, false);
}

bool test_tls_ja4(const struct match_test *t, struct match_run *run)
{
    return run->view->tls && match_choices_hold(t, run, run->view->tls->ja4, false);
}

/* The list is as on the wire: each name with its length before it. */
bool test_tls_alpn(const struct match_test *t, struct match_run *run)
{
    struct bytes rest = run->view->tls ? run->view->tls->alpn : bytes_make(NULL, 0);

    if (rest.len == 0)
        return run->view->tls && match_accepts_absence(t);
    while (rest.len) {
        size_t len = rest.ptr[0];

        if (match_choices_hold(t, run, bytes_until(bytes_from(rest, 1), len), false))
            return true;
        rest = bytes_from(rest, 1 + len);
    }
    return false;
}

bool test_gate(const struct match_test *t, struct match_run *run)
{
    return match_gate_passes(t->gate, run);
}

bool test_forget(const struct match_test *t, struct match_run *run)
{
    for (uint32_t i = 0; i < RULE_CAPTURES; i++) {
        if (t->forgets & UINT32_C(1) << i)
            run->captures[i] = BYTES("");
    }
    return true;
}

bool match_holds_by(const struct match *m, struct match_run *run,
                    const struct match_test **ret_last)
{
    uint32_t at = m->count ? 0 : MATCH_YES;

    run->gave_up = false;
    run->needs = 0;
    run->fault = NULL;
    *ret_last = NULL;
    for (uint32_t i = 0; i < m->captures; i++)
        run->captures[i] = BYTES("");
    while (at < m->count) {
        const struct match_test *t = &m->tests[at];

        *ret_last = t;
        at = t->holds(t, run) ? t->yes : t->no;
        if (run->needs || run->fault)
            return false;
    }
    return at == MATCH_YES && !run->status;
}

bool match_holds(const struct match *m, struct match_run *run)
{
    const struct match_test *last;

    return match_holds_by(m, run, &last);
}

bool match_host_may_hold(const struct match *m, struct bytes host)
{
    struct match_run run = {0};

    if (!m->host)
        return true;
    for (uint32_t i = 0; i < m->host->count; i++) {
        const struct choice *choice = &m->host->choices[i];

        if (choice->kind == CHOICE_PATTERN || choice_holds(choice, &run, host, false))
            return true;
    }
    return false;
}
