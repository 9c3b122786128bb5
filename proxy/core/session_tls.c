/* TLS that weir ends itself: which certificate is shown, after what is known of the
 * origin; and what is left of a client that does not take it. */
#include <stdio.h>
#include <string.h>

#include "http/url.h"
#include "proxy/core/dial_fault.h"
#include "proxy/core/flow_tap.h"
#include "proxy/core/mint.h"
#include "proxy/core/session.h"
#include "proxy/core/upstream.h"

static const struct bytes alpn_http11 = BYTES_INIT("\x08http/1.1");

enum { REJECTION_TEXT = 512, MICROS = 1000000 };

static struct bytes session_tls_host(const struct session *s)
{
    return s->sni.len ? s->sni : s->target.host;
}

/* A name that is no host name is as good as none. */
static void session_take_sni(struct session *s)
{
    struct buf host;

    buf_init(&host, HOST_BYTES + 3);
    if (s->hello.sni.len && host_normalise(s->hello.sni, &host) == STATUS_OK)
        s->sni = arena_copy(&s->arena, buf_bytes(&host));
    buf_release(&host);
    if (s->hello.alpn.len)
        s->alpn = arena_copy(&s->arena, s->hello.alpn);
}

static uint64_t rejection_key(const struct session *s)
{
    return bytes_hash(session_tls_host(s), bytes_hash(bytes_of(s->client_host), 1));
}

static bool session_was_rejected(const struct session *s)
{
    uint64_t key = rejection_key(s);

    return s->engine->settings->tls.reject_passthrough &&
           s->engine->rejected[key % REJECTED_HOSTS] == key;
}

/* Is this TLS to be opened at all? */
static bool session_decrypts(const struct session *s)
{
    const struct settings *settings = s->engine->settings;
    struct bytes host = session_tls_host(s);

    if (settings->tls.decrypt_none || host_list_has(&settings->tls.passthrough, host) ||
        session_was_rejected(s))
        return false;
    if (settings->tls.decrypt.count && !host_list_has(&settings->tls.decrypt, host))
        return false;
    /* A client that speaks no protocol of ours would only be broken. */
    return !s->hello.alpn.len || alpn_list_has(s->hello.alpn, BYTES("http/1.1"));
}

void session_start_tls(struct session *s)
{
    struct engine *e = s->engine;
    struct arena scratch;
    struct route route;
    enum status st = STATUS_OK;

    session_take_sni(s);
    if (!session_decrypts(s)) {
        session_tunnel(s);
        return;
    }
    if (session_hello_broken(s))
        return;
    /* What rules do to the dial is for the exchange to meet, and a faulty certificate is
     * not worth one. */
    if (e->settings->tls.dial_lazy || s->leaf_fault || dial_fault_may_be(s) ||
        (e->rules &&
         ruleset_answers_host(e->rules, BYTES("https"), s->target.host, s->target.port))) {
        session_accept_tls(s);
        return;
    }
    arena_init(&scratch, SESSION_ARENA_BYTES);
    if (route_make(e, &scratch, ROUTE_HTTPS, &s->target, s->sni, &route) == STATUS_OK)
        st = facts_ask(&e->facts, &route, &s->facts_waiter);
    arena_release(&scratch);
    if (st == STATUS_NEED_MORE)
        session_wait(s, SESSION_WAIT_FACTS, FACTS_WAIT_US);
    else
        session_accept_tls(s);
}

/* NEED_MORE: it is being made off the loop. */
static enum status session_leaf(struct session *s, struct leaf **ret_leaf)
{
    struct engine *e = s->engine;
    struct arena scratch;
    struct route route;
    struct leaf_request req = {.host = session_tls_host(s),
                               .now = e->wall_us / MICROS,
                               .fault = s->leaf_fault,
                               .only_cached =
                                   ca_is_slow(e->env.ca) && s->state != SESSION_WAIT_LEAF};
    enum status st;

    arena_init(&scratch, SESSION_ARENA_BYTES);
    if (route_make(e, &scratch, ROUTE_HTTPS, &s->target, s->sni, &route) == STATUS_OK)
        req.mirror = facts_names(&e->facts, &route);
    arena_release(&scratch);
    st = ca_leaf(e->env.ca, &req, ret_leaf);
    if (st == STATUS_BAD_INPUT && s->sni.len) {
        req.host = s->target.host;
        st = ca_leaf(e->env.ca, &req, ret_leaf);
    }
    if (st != STATUS_NOT_FOUND)
        return st;
    req.only_cached = false;
    s->mint = mint_start(s, &req);
    return s->mint ? STATUS_NEED_MORE : STATUS_NO_MEMORY;
}

void session_accept_tls(struct session *s)
{
    struct engine *e = s->engine;
    uint8_t binding[TLS_BINDING_BYTES];
    struct leaf *leaf = NULL;
    struct tlsio *tls = NULL;
    enum status st = session_leaf(s, &leaf);

    if (st == STATUS_NEED_MORE) {
        session_wait(s, SESSION_WAIT_LEAF, e->settings->timeouts.tls);
        return;
    }
    if (!st)
        st = session_tls_binding(s, session_tls_host(s), binding);
    if (!st)
        st = tlsio_accept(e->env.tls, e->env.pool, leaf, s->no_alpn ? BYTES("") : alpn_http11,
                          binding, &tls);
    leaf_unref(leaf);
    if (!st && s->tls_1_2)
        st = tlsio_cap_version(tls);
    if (st) {
        tlsio_free(tls);
        session_handshake_broke(s, st == STATUS_BAD_INPUT
                                       ? "no certificate can be made for the host"
                                       : status_sentence(st));
        return;
    }
    wire_start_tls(s->wire, tls);
    session_wait(s, SESSION_WAIT_HANDSHAKE, e->settings->timeouts.tls);
    if (wire_unread(s->wire, buf_bytes(&s->peek)))
        session_end(s, true);
    buf_release(&s->peek);
    buf_release(&s->hello_scratch);
}

void session_handshake_ended(struct session *s, enum status st)
{
    if (st) {
        session_handshake_broke(s, tlsio_error(s->wire->tls));
        return;
    }
    session_wait(s, SESSION_WAIT_INNER, s->engine->settings->timeouts.client_idle);
    wire_read(s->wire, true);
}

void session_handshake_broke(struct session *s, const char *detail)
{
    char sentence[REJECTION_TEXT];
    struct bytes host = session_tls_host(s);
    const struct tlsio *tls = s->wire->tls;
    uint64_t key = rejection_key(s);

    if (session_fault_took(s, true)) {
        session_finish(s);
        return;
    }
    if (tls && tlsio_refused_by_peer(tls)) {
        const char *alert = tlsio_facts(tls).alert_text;

        (void)snprintf(sentence, sizeof(sentence),
                       "The client rejected weir's certificate for %.*s (%s). Let it trust the CA "
                       "(weir trust, or weir ca export), or list the host under tls.passthrough.",
                       (int)host.len, (const char *)host.ptr, alert ? alert : "alert");
        s->engine->rejected[key % REJECTED_HOSTS] = key;
        session_note_refusal(s, CLOSE_CLIENT_REJECTED_CA, sentence);
    } else {
        (void)snprintf(sentence, sizeof(sentence),
                       "The TLS handshake with the client failed for %.*s: %s.", (int)host.len,
                       (const char *)host.ptr, detail);
        session_note_refusal(s, CLOSE_CLIENT_TLS_FAILED, sentence);
    }
    session_finish(s);
}
