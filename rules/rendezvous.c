#include "rules/rendezvous.h"

#include <stddef.h>

void rendezvous_init(struct rendezvous *r)
{
    *r = (struct rendezvous){0};
    pthread_mutex_init(&r->lock, NULL);
}

void rendezvous_release(struct rendezvous *r)
{
    pthread_mutex_destroy(&r->lock);
}

/* Those called stay linked with each other: that is their order. */
static void guests_call(struct rendezvous *r, bool early)
{
    for (struct guest *g = r->first; g; g = g->next) {
        g->called = true;
        g->early = early;
    }
    r->first = r->last = NULL;
    r->count = 0;
}

static void guest_unlink(struct guest *g)
{
    struct rendezvous *r = g->at;

    if (g->prev)
        g->prev->next = g->next;
    else if (!g->called)
        r->first = g->next;
    if (g->next)
        g->next->prev = g->prev;
    else if (!g->called)
        r->last = g->prev;
    if (!g->called)
        r->count--;
    g->at = NULL;
}

bool rendezvous_join(struct rendezvous *r, struct guest *g, uint32_t count, bool reverse)
{
    bool complete;

    pthread_mutex_lock(&r->lock);
    *g = (struct guest){.at = r, .prev = r->last, .reverse = reverse};
    if (r->last)
        r->last->next = g;
    else
        r->first = g;
    r->last = g;
    complete = ++r->count >= count;
    if (complete)
        guests_call(r, false);
    pthread_mutex_unlock(&r->lock);
    return complete;
}

void rendezvous_call(struct guest *g)
{
    struct rendezvous *r = g->at;

    pthread_mutex_lock(&r->lock);
    if (!g->called)
        guests_call(r, true);
    pthread_mutex_unlock(&r->lock);
}

bool rendezvous_may_go(const struct guest *g)
{
    struct rendezvous *r = g->at;
    bool may;

    pthread_mutex_lock(&r->lock);
    may = g->called && !(g->reverse && g->next);
    pthread_mutex_unlock(&r->lock);
    return may;
}

bool rendezvous_leave(struct guest *g)
{
    struct rendezvous *r = g->at;
    bool others;

    if (!r)
        return false;
    pthread_mutex_lock(&r->lock);
    others = g->called && g->reverse && !g->next && g->prev;
    guest_unlink(g);
    pthread_mutex_unlock(&r->lock);
    return others;
}
