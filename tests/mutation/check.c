/* The oracle. What came from the client, what the log tells, what the origins saw and
 * answered, and what the client got are read by the suite's own reader and held against
 * each other. */
#include <stdio.h>
#include <string.h>

#include "world.h"

enum { NEVER_LEFT = -1 };

/* What the client was told about a flow. */
struct told {
    bool there, cut; /* an answer came; its end did not */
    bool close;      /* it said that the connection ends */
    unsigned status;
    size_t body_len;
    uint64_t body_hash;
    struct bytes answer_for; /* X-For, of an origin's answer */
};

struct trial {
    struct world *w;
    struct told told[WORLD_FLOWS];
    struct read_message asked[WORLD_REQUESTS]; /* as the origins read it */
    int request[WORLD_FLOWS];                  /* of a flow that was sent on, among those */
};

static bool says(const struct noted *f, const char *reason)
{
    return strcmp(f->reason, reason) == 0;
}

static unsigned lenience(const struct world *w)
{
    return w->mutant->lenient ? READ_CONTROLS : READ_STRICT;
}

/* ---- what the origins saw ----------------------------------------------- */

static bool check_sent_on(struct trial *t)
{
    struct world *w = t->w;

    for (int i = 0; i < w->asked_count; i++) {
        const struct asked *a = &w->asked[i];
        enum reading st =
            read_request(world_out(w, a->wire), a->begin, READ_STRICT | lenience(w), &t->asked[i]);

        if (w->origins[a->wire].raw)
            w->asked[i].whole = st == READING_GOOD;
        if ((st == READING_GOOD) != a->whole)
            return complain(w, "request %d: what was read before is read otherwise now", i);
    }
    for (int i = U1; i < PLAYBOOK_WIRES && w->stage.peers[i].number; i++) {
        static struct read_message m;
        const struct origin *o = &w->origins[i];
        struct bytes out = world_out(w, i);

        if (o->raw || o->at == out.len)
            continue;
        if (read_request(out, o->at, READ_STRICT | lenience(w), &m) == READING_BAD)
            return complain(w, "U%d got no message of one meaning: %s", i - U1 + 1, m.why);
        if (!m.head_whole)
            return complain(w, "U%d got half a head", i - U1 + 1);
    }
    return true;
}

/* The address that a request for `host` must go to, as far as it is known. */
static const char *address_for(const struct world *w, struct bytes host)
{
    if (w->mutant->way == MUTANT_VIA)
        return "192.0.2.9:3128";
    if (w->mutant->way == MUTANT_CONNECT || read_same(host, "a.test") ||
        read_same(host, "a.test:80"))
        return "192.0.2.1:80";
    return read_same(host, "canary.test") ? "192.0.2.2:80" : NULL;
}

/* ---- what the client got ------------------------------------------------ */

static bool check_told_body(struct trial *t, int i, const struct read_message *m)
{
    struct world *w = t->w;
    const struct noted *f = w->flows[i];
    bool rst = w->stage.peers[C1].rst;

    if (m->framing == READ_UNTIL_CLOSE && (!f->received || f->version != HTTP_1_0))
        return complain(w, "flow %d: a close-delimited answer to HTTP/1.1", i);
    if (m->framing == READ_UNTIL_CLOSE && f->error && f->answer_sent && !rst)
        return complain(w, "flow %d: a cut answer looks whole", i);
    if (f->received && !bytes_equal(f->method, BYTES("HEAD")) && !t->told[i].cut &&
        m->status != 101 && (!f->answered || f->answer_status == m->status) &&
        ((int64_t)m->body_len != f->response_bytes || m->body_hash != f->response_hash))
        return complain(w, "flow %d: %zu bytes of content went to the client, %lld are logged", i,
                        m->body_len, (long long)f->response_bytes);
    if (f->answer_sent && read_fields_hash(m) != f->answer_fields_hash)
        return complain(w, "flow %d: other fields went to the client than are logged", i);
    return true;
}

/* The answer to a flow, its interim ones before it. */
static bool check_told(struct trial *t, int i, size_t *at)
{
    static struct read_message m;
    struct world *w = t->w;
    const struct noted *f = w->flows[i];
    const struct read_asked asked = {.head = bytes_equal(f->method, BYTES("HEAD")),
                                     .upgrade = f->status == 101};
    const struct bytes *answer_for;
    bool eof = w->client_ended && !w->stage.peers[C1].rst;
    unsigned interims = 0;
    enum reading st;

    do {
        st = read_response(world_out(w, C1), *at, READ_STRICT | lenience(w), &asked, eof, &m);
        if (st == READING_BAD)
            return complain(w, "the client got no message of one meaning: %s", m.why);
        *at = st ? world_out(w, C1).len : m.end;
        interims += m.status / 100 == 1 && m.status != 101;
    } while (!st && m.status / 100 == 1 && m.status != 101);
    if (st && f->answered && f->error && w->stage.peers[C1].rst && !m.head_whole)
        return true; /* what was on its way is lost by the RST that tells of the error */
    if (st && (!m.head_whole || !f->error || !w->client_ended))
        return complain(w, "flow %d: its answer ends in the midst of it", i);
    if (m.status != f->status)
        return complain(w, "flow %d: status %u went out, %u is logged", i, m.status, f->status);
    if (interims > f->interims || (f->version != HTTP_1_0 && interims < f->interims && f->received))
        return complain(w, "flow %d: %u interim answers, %u logged", i, interims, f->interims);
    answer_for = read_value(&m, "x-for");
    t->told[i] = (struct told){.there = true,
                               .cut = st != READING_GOOD,
                               .close = m.close || m.status == 101 || st,
                               .status = m.status,
                               .body_len = m.body_len,
                               .body_hash = m.body_hash};
    if (answer_for)
        t->told[i].answer_for = *answer_for;
    return check_told_body(t, i, &m);
}

/* Of an exchange that had no answer interim ones may have gone out. */
static void skip_interim(struct trial *t, int i, size_t *at)
{
    static const struct read_asked asked;
    static struct read_message m;
    struct world *w = t->w;

    for (unsigned left = w->flows[i]->interims; left; left--) {
        if (read_response(world_out(w, C1), *at, READ_STRICT | lenience(w), &asked, false, &m) ||
            m.status / 100 != 1)
            return;
        *at = m.end;
    }
}

static bool check_client(struct trial *t)
{
    struct world *w = t->w;
    size_t at = w->client_from;

    for (int i = 0; i < w->flow_count; i++) {
        if (!w->flows[i]->status) {
            skip_interim(t, i, &at);
            continue;
        }
        if (!check_told(t, i, &at))
            return false;
        if (w->flows[i]->status == 101)
            return true;
    }
    if (at < world_out(w, C1).len)
        return complain(w, "the client got bytes that nobody logged");
    return true;
}

/* ---- what came from the client ------------------------------------------ */

/* Is the end of the connection known, by what the client was told last? */
static bool check_ended(struct trial *t, int last, const char *what)
{
    struct world *w = t->w;
    bool told = last >= 0 && t->told[last].there;

    if (!w->client_ended)
        return complain(w, "%s, and the connection goes on", what);
    if (told && !t->told[last].close)
        return complain(w, "%s, and nobody told the client that the connection ends", what);
    return true;
}

/* The path that an origin is asked for (RFC 9112 §3.2.1, §3.2.4). */
static bool same_path(const struct read_message *m, struct bytes path)
{
    bool options = bytes_equal(m->method, BYTES("OPTIONS"));

    if (!m->path.len)
        return bytes_equal(path, options && m->scheme.len ? BYTES("*") : BYTES("/"));
    if (m->path.ptr[0] == '?')
        return path.len == m->path.len + 1 && path.ptr[0] == '/' &&
               bytes_equal(bytes_from(path, 1), m->path);
    return bytes_equal(path, m->path);
}

/* Of what an origin read: its own path within an absolute target. */
static bool same_asked_path(const struct read_message *m, const struct read_message *asked)
{
    bool star = bytes_equal(m->method, BYTES("OPTIONS")) && !asked->path.len;

    return same_path(m, star ? BYTES("*") : asked->path);
}

/* `m` is what came, flow `i` tells of it, an origin was asked `k`. */
static bool check_request_sent(struct trial *t, const struct read_message *m, int i, int k)
{
    struct world *w = t->w;
    const struct noted *f = w->flows[i];
    const struct asked *a = &w->asked[k];
    const struct read_message *out = &t->asked[k];
    const char *address = address_for(w, m->host);
    struct bytes host = m->host.len ? m->host : BYTES("a.test");

    if (!bytes_equal(out->method, m->method) || !same_asked_path(m, out))
        return complain(w, "flow %d: another method or target was sent on", i);
    if (!bytes_equal_icase(out->host, w->mutant->way == MUTANT_VIA ? out->host : host))
        return complain(w, "flow %d: another Host was sent on", i);
    if (address && strcmp(address, w->origins[a->wire].address) != 0)
        return complain(w, "flow %d: it went to %s", i, w->origins[a->wire].address);
    if (read_fields_hash(out) != f->sent_fields_hash)
        return complain(w, "flow %d: other fields were sent on than are logged", i);
    if (a->whole && (out->body_len != m->body_len || out->body_hash != m->body_hash))
        return complain(w, "flow %d: %zu bytes of content came, %zu were sent on", i, m->body_len,
                        out->body_len);
    if (out->body_len > m->body_len)
        return complain(w, "flow %d: more content was sent on than came", i);
    return true;
}

/* RFC 9110 §7.6.2: nobody passes it on. */
static bool ends_here(const struct read_message *m)
{
    if (!bytes_equal(m->method, BYTES("OPTIONS")) && !bytes_equal(m->method, BYTES("TRACE")))
        return false;
    for (size_t i = 0; i < m->count; i++) {
        if (read_same(m->fields[i].name, "max-forwards"))
            return bytes_equal(m->fields[i].value, BYTES("0"));
    }
    return false;
}

static bool goes_on(const struct world *w, const struct read_message *m)
{
    bool absolute = read_same(m->scheme, "http");

    if (bytes_equal(m->method, BYTES("CONNECT")) || m->odd || ends_here(m))
        return false;
    if (w->mutant->way == MUTANT_CONNECT)
        return !m->scheme.len || absolute || read_same(m->scheme, "https");
    return absolute && address_for(w, m->host);
}

/* A message of one meaning that weir took for one. */
static bool check_taken(struct trial *t, const struct read_message *m, int i, int k)
{
    struct world *w = t->w;
    const struct noted *f = w->flows[i];
    bool strict_host =
        w->mutant->way != MUTANT_CONNECT && !bytes_starts_with(m->host, BYTES("a.test"));

    if (!bytes_equal(f->method, m->method) || !bytes_equal(f->target, m->target) ||
        !same_path(m, f->path))
        return complain(w, "flow %d: another method or target is logged", i);
    if (!f->sent)
        return !goes_on(w, m) ||
               complain(w, "flow %d: a good request was not sent on (%s)", i, f->reason);
    if (m->untidy_head && strict_host && !bytes_starts_with(f->host, BYTES("a.test")))
        return complain(w, "flow %d: an untidy request of a host that is not lenient", i);
    if (k == NEVER_LEFT)
        return true;
    if (!w->asked[k].whole && !w->asked[k].early && !f->error)
        return complain(w, "flow %d: half of it was sent on", i);
    if (w->asked[k].whole && f->status != 101 &&
        (f->request_bytes != (int64_t)m->body_len || f->request_hash != m->body_hash))
        return complain(w, "flow %d: %zu bytes of content came, %lld are logged", i, m->body_len,
                        (long long)f->request_bytes);
    return check_request_sent(t, m, i, k);
}

/* Do the lines end among which something bad was found? weir may wait for that. */
static bool lines_end(struct bytes in, const struct read_message *m)
{
    struct bytes rest = bytes_from(in, m->stopped > 1 ? m->stopped - 2 : 0);

    return !m->in_lines || bytes_search(rest, BYTES("\n\r\n")) >= 0 ||
           bytes_search(rest, BYTES("\n\n")) >= 0;
}

/* A message that has no meaning, or no end. */
static bool check_not_taken(struct trial *t, enum reading st, const struct read_message *m, int i)
{
    struct world *w = t->w;
    const struct noted *f = i < w->flow_count ? w->flows[i] : NULL;
    bool left = f && f->sent && t->request[i] != NEVER_LEFT;
    const struct asked *a = left ? &w->asked[t->request[i]] : NULL;

    if (a && a->whole)
        return complain(w, "flow %d was sent on: %s", i,
                        st == READING_BAD ? m->why : "it has no end");
    if (i + 1 < w->flow_count)
        return complain(w, "flow %d: behind what is %s", i + 1,
                        st == READING_BAD ? m->why : "not whole");
    if (st == READING_SHORT || !lines_end(bytes_make(w->mutant->client, w->client_fed), m))
        return true;
    if (f && !f->error)
        return w->mutant->early ? check_ended(t, i, m->why)
                                : complain(w, "flow %d was not refused: %s", i, m->why);
    if (a && !a->early && f->status && f->status < 400)
        return complain(w, "flow %d was answered %u: %s", i, f->status, m->why);
    return check_ended(t, f ? i : i - 1, m->why);
}

/* What comes behind 101 is no HTTP; `from` in what came from the client. */
static bool check_raw(struct trial *t, int i, size_t from)
{
    struct world *w = t->w;
    const struct asked *a = &w->asked[t->request[i]];
    struct bytes rest = bytes_from(bytes_make(w->mutant->client, w->client_fed), from);
    struct bytes out = bytes_from(world_out(w, a->wire), t->asked[t->request[i]].end);

    if (a->whole && !bytes_starts_with(rest, out))
        return complain(w, "other bytes behind the switch of protocols");
    return true;
}

static bool check_input(struct trial *t)
{
    static struct read_message m;
    struct world *w = t->w;
    struct bytes in = bytes_make(w->mutant->client, w->client_fed);
    unsigned rules =
        READ_RECEIVED | (w->mutant->lenient ? (unsigned)READ_UNTIDY | READ_CONTROLS : 0u);
    size_t at = 0;

    for (int i = 0; at < in.len; i++) {
        enum reading st = read_request(in, at, rules, &m);
        const struct noted *f = i < w->flow_count ? w->flows[i] : NULL;

        if (f && !f->received && says(f, "client_closed"))
            f = NULL;
        if (st)
            return check_not_taken(t, st, &m, i);
        if (!f)
            return check_ended(t, i - 1, "a request was not answered");
        if (!f->received)
            return m.odd ? check_ended(t, i, "an odd request was refused")
                         : complain(w, "flow %d: a good request was refused", i);
        if (!check_taken(t, &m, i, t->request[i]))
            return false;
        at = m.end;
        if (f->status == 101)
            return check_raw(t, i, at);
    }
    return true;
}

/* ---- what the origins answered ------------------------------------------ */

static bool check_answer_passed(struct trial *t, int i, const struct read_message *m,
                                const struct asked *a)
{
    struct world *w = t->w;
    const struct noted *f = w->flows[i];
    const struct told *told = &t->told[i];
    const struct bytes *answer_for = read_value(m, "x-for");
    bool lost = m->outer && f->version == HTTP_1_0;

    if (lost || (m->odd && f->status == 502))
        return true;
    if (!f->answered || f->answer_status != m->status || (f->error && m->status != 101))
        return complain(w, "flow %d: the answer %u was not passed on (%s)", i, m->status,
                        f->reason);
    if (!told->there || told->cut || told->status != m->status)
        return complain(w, "flow %d: the client was not told of %u", i, m->status);
    if (m->status != 101 && (told->body_len != m->body_len || told->body_hash != m->body_hash))
        return complain(w, "flow %d: %zu bytes of content were answered, %zu passed on", i,
                        m->body_len, told->body_len);
    if (answer_for && !bytes_equal(*answer_for, told->answer_for))
        return complain(w, "flow %d: it got the answer of another", i);
    if (a != w->asked && !answer_for)
        return complain(w, "flow %d: its answer was not read as it was made", i);
    return true;
}

static bool check_answer_refused(struct trial *t, int i, const struct read_message *m)
{
    struct world *w = t->w;
    const struct noted *f = w->flows[i];

    if (!f->error)
        return complain(w, "flow %d: passed on, although %s", i, m->why ? m->why : "it has no end");
    if (f->answered && !m->head_whole)
        return complain(w, "flow %d: taken for a head, although %s", i, m->why ? m->why : "cut");
    if (!f->answered && f->status != 502 && f->status)
        return complain(w, "flow %d: status %u for what is no answer", i, f->status);
    if (f->answered && t->told[i].there && !t->told[i].cut && f->status != 502 &&
        f->version != HTTP_1_0)
        return complain(w, "flow %d: an answer that was cut looks whole", i);
    return true;
}

/* Has another request come on that wire? */
static bool is_reused(const struct world *w, int k)
{
    for (int i = k + 1; i < w->asked_count; i++) {
        if (w->asked[i].wire == w->asked[k].wire)
            return true;
    }
    return false;
}

/* Flow `i` is of the request `k`. */
static bool check_answer(struct trial *t, int i, int k)
{
    static struct read_message m;
    struct world *w = t->w;
    const struct asked *a = &w->asked[k];
    const struct read_message *request = &t->asked[k];
    const struct read_asked to = {.head = bytes_equal(request->method, BYTES("HEAD")),
                                  .upgrade = request->upgrade};
    struct bytes in = bytes_make(a->answer, a->answer_fed);
    bool eof = a->eof && a->answer_fed == a->answer_len;
    unsigned rules = READ_RECEIVED | READ_UNTIDY | lenience(w);
    enum reading st;
    size_t at = 0;

    do {
        st = read_response(in, at, rules, &to, eof, &m);
        at = m.end;
    } while (!st && m.status / 100 == 1 && m.status != 101);
    if ((st || m.close || at < in.len) && m.status != 101 && is_reused(w, k))
        return complain(w, "request %d: its connection was used again", k);
    if (!a->answered || (a->early && !a->whole && st))
        return w->flows[i]->error || complain(w, "flow %d: it has no end, and no error", i);
    if (st)
        return check_answer_refused(t, i, &m);
    return a->early && w->flows[i]->error ? true : check_answer_passed(t, i, &m, a);
}

static bool check_answers(struct trial *t)
{
    for (int i = 0; i < t->w->flow_count; i++) {
        if (t->w->flows[i]->sent && t->request[i] != NEVER_LEFT &&
            !check_answer(t, i, t->request[i]))
            return false;
    }
    return true;
}

/* Of an exchange that failed at once nothing may have left. */
static bool never_left(const struct trial *t, int i, int k)
{
    const struct noted *f = t->w->flows[i];
    const struct read_message *m = &t->asked[k];
    bool star = bytes_equal(f->path, BYTES("*"));

    if (k == t->w->asked_count)
        return f->error;
    return f->error && (!bytes_equal(m->method, f->method) ||
                        !bytes_ends_with(m->target, star ? m->target : f->path));
}

static bool was_retried(const struct trial *t, int i, int k)
{
    const struct read_message *m = &t->asked[k];

    return k + 1 < t->w->asked_count && t->w->asked[k].lost &&
           (!t->w->flows[i]->error ||
            (bytes_equal(m[0].method, m[1].method) && bytes_equal(m[0].target, m[1].target)));
}

/* Which flow is of which request: both came one after the other. What an origin was
 * asked when it had given up the connection weir may ask once more. */
static bool match_requests(struct trial *t)
{
    struct world *w = t->w;
    int k = 0;

    for (int i = 0; i < w->flow_count; i++) {
        if (says(w->flows[i], "no_memory"))
            return complain(w, "flow %d: there is memory, says who gives it", i);
        if (!w->flows[i]->sent)
            continue;
        if (was_retried(t, i, k))
            k++;
        t->request[i] = NEVER_LEFT;
        if (never_left(t, i, k))
            continue;
        if (k >= w->asked_count)
            return complain(w, "flow %d: it was sent on, says the log; no origin saw it", i);
        t->request[i] = k++;
    }
    if (k < w->asked_count)
        return complain(w, "an origin saw %d requests, the log tells of %d", w->asked_count, k);
    return true;
}

/* ---- all ---------------------------------------------------------------- */

static bool is_relayed(const struct world *w)
{
    return w->flow_count && w->flows[0]->kind == FLOW_TUNNEL;
}

/* Not HTTP for weir: as it came, to where the CONNECT leads. */
static bool check_relayed(struct world *w)
{
    struct bytes came = bytes_make(w->mutant->client, w->client_fed);

    if (w->mutant->way != MUTANT_CONNECT || w->flow_count > 1)
        return complain(w, "a tunnel nobody asked for");
    if (w->stage.peers[U1].number && !bytes_starts_with(came, world_out(w, U1)))
        return complain(w, "a tunnel changed what it carries");
    return true;
}

bool world_check(struct world *w)
{
    static struct trial t;

    memset(t.told, 0, sizeof(t.told));
    t.w = w;
    if (w->complaint[0])
        return false;
    if (is_relayed(w))
        return check_relayed(w);
    if (!check_sent_on(&t) || !match_requests(&t) || !check_client(&t))
        return false;
    /* What rules make of a message is not what came; it is well framed all the same. */
    return w->mutant->rules || (check_answers(&t) && check_input(&t));
}
