/* Sessions of origins, kept for resumption. Each is used once (RFC 8446 appendix
 * C.4: a ticket used twice lets an onlooker link two connections). */
#include <openssl/rand.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tls/lru.h"
#include "tls/tls_internal.h"

struct tls_sessions {
    struct lru *lru;
    atomic_uint turn; /* chooses the slot for the next one put */
};

enum { SLOT_KEY_BYTES = TLS_HASH_BYTES + 1 };

static void keep_session(void *value)
{
    SSL_SESSION_up_ref(value);
}

static void drop_session(void *value)
{
    SSL_SESSION_free(value);
}

enum status tls_sessions_new(struct tls_sessions **ret_sessions)
{
    static const struct lru_values values = {keep_session, drop_session};
    struct tls_sessions *s = calloc(1, sizeof(*s));
    uint64_t seed;
    enum status st;

    if (!s)
        return STATUS_NO_MEMORY;
    st = RAND_bytes((unsigned char *)&seed, sizeof(seed)) == 1 ? STATUS_OK : STATUS_NO_MEMORY;
    if (!st)
        st = lru_new(TLS_SESSIONS, seed, values, &s->lru);
    if (st) {
        free(s);
        return st;
    }
    atomic_init(&s->turn, 0);
    *ret_sessions = s;
    return STATUS_OK;
}

void tls_sessions_free(struct tls_sessions *s)
{
    if (!s)
        return;
    lru_free(s->lru);
    free(s);
}

/* One target has a few slots, so that dials at the same time each find a session,
 * and none can push out those of all others. */
static struct bytes slot_key(uint8_t memory[SLOT_KEY_BYTES], const uint8_t key[TLS_HASH_BYTES],
                             unsigned slot)
{
    memcpy(memory, key, TLS_HASH_BYTES);
    memory[TLS_HASH_BYTES] = (uint8_t)(slot % TLS_SESSIONS_A_TARGET);
    return bytes_make(memory, SLOT_KEY_BYTES);
}

void tls_sessions_put(struct tls_sessions *s, const uint8_t key[TLS_HASH_BYTES],
                      SSL_SESSION *session)
{
    unsigned slot = atomic_fetch_add_explicit(&s->turn, 1, memory_order_relaxed);
    uint8_t memory[SLOT_KEY_BYTES];
    enum status st;

    if (i2d_SSL_SESSION(session, NULL) > TLS_SESSION_BYTES) {
        SSL_SESSION_free(session);
        return;
    }
    st = lru_put(s->lru, slot_key(memory, key, slot), session);
    (void)st; /* without memory the next handshake is a full one */
}

SSL_SESSION *tls_sessions_take(struct tls_sessions *s, const uint8_t key[TLS_HASH_BYTES])
{
    for (unsigned slot = 0; slot < TLS_SESSIONS_A_TARGET; slot++) {
        uint8_t memory[SLOT_KEY_BYTES];
        SSL_SESSION *session = lru_take(s->lru, slot_key(memory, key, slot));

        if (session && SSL_SESSION_is_resumable(session))
            return session;
        SSL_SESSION_free(session);
    }
    return NULL;
}
