/* What rules do to the TLS that a client opens: broken off after its ClientHello, shown a
 * certificate with a fault, or held to less than weir could do. */
#include <stdio.h>

#include "proxy/core/dial_fault.h"
#include "proxy/core/session.h"

enum { OUTCOME_TEXT = 96, FAULT_SENTENCE = 512, ALERT_BYTES = 7 };

void session_note_rule(struct session *s, const char *label, const char *note)
{
    struct session_note *n = arena_alloc(&s->arena, sizeof(*n));
    struct session_note **at = &s->notes;

    if (!n)
        return;
    n->label = arena_text(&s->arena, bytes_of(label));
    n->note = arena_text(&s->arena, bytes_of(note));
    if (!n->label)
        return;
    while (*at)
        at = &(*at)->next;
    *at = n;
}

/* ---- broken off --------------------------------------------------------- */

static void session_tell_break(struct session *s, const char *note)
{
    char sentence[FAULT_SENTENCE];

    s->faulted = true;
    (void)snprintf(sentence, sizeof(sentence),
                   "A rule broke the TLS that the client began for %.*s (%s).",
                   (int)s->target.host.len, (const char *)s->target.host.ptr, note);
    session_note_refusal(s, CLOSE_ABORTED_BY_RULE, sentence);
}

/* In the clear, in place of a ServerHello (RFC 8446 §5.1, §6). */
static enum status session_send_alert(struct session *s, uint8_t alert)
{
    const uint8_t record[ALERT_BYTES] = {21, 3, 3, 0, 2, 2, alert};

    return slice_queue_put(s->wire->out, s->engine->env.pool, bytes_make(record, sizeof(record)));
}

static void session_break_off(struct session *s, const struct conn_fault *fault)
{
    char note[FAULT_NOTE_BYTES];

    conn_fault_note(fault, note);
    session_tell_break(s, note);
    if (fault->kind == FAULT_TLS_STALL)
        session_wait(s, SESSION_HANG, SESSION_HANG_US);
    else if (fault->kind == FAULT_TLS_ALERT && session_send_alert(s, fault->alert))
        session_end(s, true);
    else
        session_finish(s);
}

/* ---- taking what the rules say ------------------------------------------ */

/* Of two faulty certificates the first one is shown. */
static void session_take_leaf(struct session *s, enum leaf_fault fault)
{
    if (!s->leaf_fault)
        s->leaf_fault = fault;
    s->faulted = true;
}

/* True: it breaks the handshake off. */
static bool session_take_fault(struct session *s, const struct conn_fault *fault)
{
    switch (fault->kind) {
    case FAULT_TLS_CLOSE:
    case FAULT_TLS_STALL:
    case FAULT_TLS_ALERT:
        return true;
    case FAULT_TLS_EXPIRED:
        session_take_leaf(s, LEAF_EXPIRED);
        break;
    case FAULT_TLS_NOT_YET:
        session_take_leaf(s, LEAF_NOT_YET);
        break;
    case FAULT_TLS_WRONG_HOST:
        session_take_leaf(s, LEAF_WRONG_HOST);
        break;
    case FAULT_TLS_SELF_SIGNED:
        session_take_leaf(s, LEAF_SELF_SIGNED);
        break;
    case FAULT_TLS_UNTRUSTED:
        session_take_leaf(s, LEAF_UNTRUSTED);
        break;
    case FAULT_TLS_NO_ALPN:
        s->no_alpn = true;
        break;
    case FAULT_TLS_MAX_1_2:
        s->tls_1_2 = true;
        break;
    case FAULT_DNS_FAIL: /* of the dial: not asked here */
    case FAULT_DNS_DELAY:
    case FAULT_CONNECT_REFUSE:
    case FAULT_CONNECT_DELAY:
    case FAULT_CONNECT_HANG:
    case CONN_FAULTS:
        break;
    }
    return false;
}

bool session_hello_broken(struct session *s)
{
    const struct ruleset *rules = s->engine->rules;
    const struct conn_fault *end = NULL;
    struct effects effects = {0};
    char note[FAULT_NOTE_BYTES];
    struct conn_view view;

    if (!ruleset_acts(rules, RULES_AT_HELLO))
        return false;
    conn_view_make(s, &s->target, BYTES("https"), &view);
    if (rules_connect(rules, RULES_AT_HELLO, &view.rules, &s->arena, &effects)) {
        session_note_refusal(s, CLOSE_NO_MEMORY, NULL);
        session_end(s, true);
        return true;
    }
    for (uint32_t i = 0; i < effects.count && !end; i++) {
        const struct effect *e = &effects.items[i];

        conn_fault_note(&e->fault, note);
        session_note_rule(s, e->rule, note);
        if (session_take_fault(s, &e->fault))
            end = &e->fault;
    }
    if (end)
        session_break_off(s, end);
    return end;
}

/* ---- what came of it ---------------------------------------------------- */

/* "it refused it (unknown_ca)" */
static void session_put_outcome(const struct session *s, bool in_handshake,
                                char ret_text[OUTCOME_TEXT])
{
    const struct tlsio *tls = s->wire->tls;
    const char *alert = tls ? tlsio_facts(tls).alert_text : NULL;
    const char *outcome = "it left without a request";

    if (tls && tlsio_refused_by_peer(tls))
        outcome = "it refused it";
    else if (in_handshake)
        outcome = "the handshake failed";
    if (alert)
        (void)snprintf(ret_text, OUTCOME_TEXT, "%s (%s)", outcome, alert);
    else
        (void)snprintf(ret_text, OUTCOME_TEXT, "%s", outcome);
}

bool session_fault_took(struct session *s, bool in_handshake)
{
    const struct tlsio *tls = s->wire->tls;
    bool refused = tls && tlsio_refused_by_peer(tls);
    bool limited = in_handshake && !refused && (s->no_alpn || s->tls_1_2);
    char sentence[FAULT_SENTENCE], outcome[OUTCOME_TEXT];

    if (!s->leaf_fault && !limited)
        return false;
    s->faulted = true;
    session_put_outcome(s, in_handshake, outcome);
    (void)snprintf(sentence, sizeof(sentence), "A rule %s for %.*s, and %s.",
                   s->leaf_fault ? "showed the client a faulty certificate"
                                 : "held the client's TLS to less than it could be",
                   (int)s->target.host.len, (const char *)s->target.host.ptr, outcome);
    session_note_refusal(s, CLOSE_ABORTED_BY_RULE, sentence);
    return true;
}

enum status session_tls_binding(const struct session *s, struct bytes host,
                                uint8_t ret_binding[TLS_BINDING_BYTES])
{
    const uint8_t faults[] = {(uint8_t)s->leaf_fault, s->no_alpn, s->tls_1_2};
    bool sound = !s->leaf_fault && !s->no_alpn && !s->tls_1_2;

    /* A session resumed would show no certificate, so the sound and the faulty are apart. */
    return tls_binding(host, s->target.port,
                       sound ? BYTES("client") : bytes_make(faults, sizeof(faults)), ret_binding);
}
