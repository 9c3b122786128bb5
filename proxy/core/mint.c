#include "proxy/core/mint.h"

#include <stdlib.h>

#include "proxy/core/engine_impl.h"
#include "proxy/core/session.h"

enum { MINT_ARENA_BYTES = 64 * 1024 };

struct mint {
    struct mint *next;       /* in the engine's list */
    struct session *session; /* NULL: nobody waits any more */
    struct ca *ca;
    uint32_t job;
    struct arena arena; /* of the request's bytes */
    struct leaf_request request;
    struct cert_names names;
    struct leaf *leaf;
};

static void mint_free(struct mint *m)
{
    leaf_unref(m->leaf);
    arena_release(&m->arena);
    free(m);
}

static enum status mint_copy(struct mint *m, const struct leaf_request *request)
{
    const struct cert_names *names = request->mirror;

    m->request = *request;
    m->request.host = arena_copy(&m->arena, request->host);
    if (!m->request.host.ptr)
        return STATUS_NO_MEMORY;
    if (!names)
        return STATUS_OK;
    m->names.count = names->count;
    m->names.hash = names->hash;
    m->names.items = arena_alloc(&m->arena, (names->count + 1) * sizeof(struct bytes));
    for (uint32_t i = 0; m->names.items && i < names->count; i++) {
        m->names.items[i] = arena_copy(&m->arena, names->items[i]);
        if (!m->names.items[i].ptr)
            return STATUS_NO_MEMORY;
    }
    m->request.mirror = &m->names;
    return m->names.items ? STATUS_OK : STATUS_NO_MEMORY;
}

/* On a thread of the loop's pool. A failure shows again when the session asks. */
static void mint_run(void *argument)
{
    struct mint *m = argument;

    if (ca_leaf(m->ca, &m->request, &m->leaf))
        m->leaf = NULL;
}

struct mint *mint_start(struct session *s, const struct leaf_request *request)
{
    struct engine *e = s->engine;
    struct mint *m = calloc(1, sizeof(*m));
    struct command c = {.kind = COMMAND_JOB, .run = mint_run, .argument = m};

    if (!m)
        return NULL;
    m->session = s;
    m->ca = e->env.ca;
    m->job = c.job = ++e->jobs;
    arena_init(&m->arena, MINT_ARENA_BYTES);
    if (mint_copy(m, request) || engine_command(e, c)) {
        mint_free(m);
        return NULL;
    }
    m->next = e->mints;
    e->mints = m;
    return m;
}

void mint_leave(struct mint *m)
{
    if (m)
        m->session = NULL;
}

void mint_done(struct engine *e, uint32_t job)
{
    struct mint **at = &e->mints;
    struct mint *m;

    while (*at && (*at)->job != job)
        at = &(*at)->next;
    m = *at;
    if (!m)
        return;
    *at = m->next;
    if (m->session) {
        m->session->mint = NULL;
        session_accept_tls(m->session);
    }
    mint_free(m);
}

void mint_free_all(struct engine *e)
{
    while (e->mints) {
        struct mint *m = e->mints;

        e->mints = m->next;
        mint_free(m);
    }
}
