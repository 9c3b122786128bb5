#include "proxy/loop/job.h"

#include <stdlib.h>
#include <string.h>

struct job {
    union {
        uv_req_t any;
        uv_getaddrinfo_t lookup;
        uv_work_t work;
    } request;
    struct driver *driver; /* NULL: abandoned */
    uint32_t number;
    bool unwanted;               /* ended by job_cancel() */
    void (*run)(void *argument); /* NULL: a lookup */
    void *argument;
    struct job *next, **link; /* in the driver's list */
};

static struct job *job_new(struct driver *d, uint32_t number)
{
    struct job *j = calloc(1, sizeof(*j));

    if (!j)
        return NULL;
    j->driver = d;
    j->number = number;
    j->next = d->jobs;
    j->link = &d->jobs;
    if (j->next)
        j->next->link = &j->next;
    d->jobs = j;
    return j;
}

static void job_free(struct job *j)
{
    if (j->driver) {
        *j->link = j->next;
        if (j->next)
            j->next->link = j->link;
    }
    free(j);
}

void job_cancel(struct driver *d, uint32_t number)
{
    struct job *j = d->jobs;

    while (j && (j->run || j->number != number))
        j = j->next;
    if (j && uv_cancel(&j->request.any) == 0)
        j->unwanted = true;
}

void job_cancel_all(struct driver *d)
{
    for (struct job *j = d->jobs; j; j = j->next)
        if (!j->run)
            uv_cancel(&j->request.any);
}

void job_abandon_all(struct driver *d)
{
    for (struct job *j = d->jobs; j; j = j->next)
        j->driver = NULL;
    d->jobs = NULL;
}

/* ---- lookups ---- */

static const char *lookup_error_text(int error)
{
    switch (error) {
    case UV_EAI_NONAME:
    case UV_EAI_NODATA:
    case UV_EAI_ADDRFAMILY:
        return "no such host";
    case UV_EAI_AGAIN:
        return "the name servers do not answer";
    case UV_EAI_MEMORY:
    case UV_ENOMEM:
        return "out of memory";
    case UV_EAI_CANCELED:
    case UV_ECANCELED:
        return "cancelled";
    default:
        return "the name lookup failed";
    }
}

static const struct addrinfo *next_of(const struct addrinfo *a, int family)
{
    while (a && a->ai_family != family)
        a = a->ai_next;
    return a;
}

uint32_t addresses_interleave(const struct addrinfo *all, struct sockaddr_storage *ret_addresses,
                              uint32_t max)
{
    int family = all && all->ai_family == AF_INET ? AF_INET : AF_INET6;
    const struct addrinfo *mine = next_of(all, family);
    const struct addrinfo *other = next_of(all, family == AF_INET ? AF_INET6 : AF_INET);
    uint32_t count = 0;

    while ((mine || other) && count < max) {
        const struct addrinfo *a = mine;

        mine = other;
        other = a ? next_of(a->ai_next, a->ai_family) : NULL;
        if (!a || a->ai_addrlen > sizeof(*ret_addresses))
            continue;
        memset(&ret_addresses[count], 0, sizeof(*ret_addresses));
        memcpy(&ret_addresses[count++], a->ai_addr, a->ai_addrlen);
    }
    return count;
}

static void on_lookup(uv_getaddrinfo_t *request, int error, struct addrinfo *all)
{
    struct job *j = request->data;
    struct sockaddr_storage addresses[DNS_ADDRESSES];
    struct event ev = {.kind = EVENT_RESOLVED, .job = j->number, .addresses = addresses};
    struct driver *d = j->driver;

    if (!error)
        ev.count = addresses_interleave(all, addresses, DNS_ADDRESSES);
    if (ev.count == 0 && !j->unwanted)
        ev.error = lookup_error_text(error ? error : UV_EAI_NODATA);
    uv_freeaddrinfo(all);
    job_free(j);
    if (d)
        driver_pump(d, &ev);
}

void job_resolve(struct driver *d, uint32_t number, const char *host)
{
    static const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct event failed = {.kind = EVENT_RESOLVED, .job = number};
    struct job *j = job_new(d, number);
    int error = UV_ENOMEM;

    if (j) {
        j->request.lookup.data = j;
        error = uv_getaddrinfo(d->uv, &j->request.lookup, on_lookup, host, NULL, &hints);
    }
    if (!error)
        return;
    if (j)
        job_free(j);
    failed.error = lookup_error_text(error);
    driver_early(d, &failed);
}

/* ---- work ---- */

static void on_work(uv_work_t *request)
{
    struct job *j = request->data;

    j->run(j->argument);
}

static void on_worked(uv_work_t *request, int error)
{
    struct job *j = request->data;
    struct driver *d = j->driver;
    struct event ev = {.kind = EVENT_JOB_DONE, .job = j->number};

    (void)error; /* work is never cancelled */
    d->works--;
    job_free(j);
    driver_pump(d, &ev);
}

/* Without memory it is done here and now: late is better than never. */
void job_run(struct driver *d, uint32_t number, void (*run)(void *argument), void *argument)
{
    struct event done = {.kind = EVENT_JOB_DONE, .job = number};
    struct job *j = job_new(d, number);

    if (j) {
        j->request.work.data = j;
        j->run = run;
        j->argument = argument;
        d->works++;
        if (uv_queue_work(d->uv, &j->request.work, on_work, on_worked) == 0)
            return;
        d->works--;
        job_free(j);
    }
    run(argument);
    driver_early(d, &done);
}
