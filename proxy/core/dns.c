#include "proxy/core/dns.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/core/engine_impl.h"

enum { DNS_BUCKETS = DNS_HOSTS / 4 };

struct dns_entry {
    struct dns_entry *next_in_bucket;
    struct dns_entry *older, *newer;
    uint32_t job; /* not 0: it is being looked up */
    int64_t until_us;
    const char *error;
    uint32_t count;
    struct sockaddr_storage addresses[DNS_ADDRESSES];
    struct dns_waiter *first, *last;
    char host[]; /* with its NUL */
};

enum status dns_init(struct dns *d, struct engine *e)
{
    *d = (struct dns){.engine = e, .next_job = 1};
    d->table = calloc(DNS_BUCKETS, sizeof(struct dns_entry *));
    return d->table ? STATUS_OK : STATUS_NO_MEMORY;
}

void dns_release(struct dns *d)
{
    struct dns_entry *entry = d->oldest;

    while (entry) {
        struct dns_entry *newer = entry->newer;

        free(entry);
        entry = newer;
    }
    free(d->table);
    *d = (struct dns){0};
}

static struct dns_entry **dns_bucket(struct dns *d, struct bytes host)
{
    return &d->table[bytes_hash(host, d->engine->env.seed) % DNS_BUCKETS];
}

static struct dns_entry *dns_find(struct dns *d, struct bytes host)
{
    struct dns_entry *entry = *dns_bucket(d, host);

    while (entry && !bytes_equal(bytes_of(entry->host), host))
        entry = entry->next_in_bucket;
    return entry;
}

static void dns_unlink(struct dns *d, struct dns_entry *entry)
{
    struct dns_entry **at = dns_bucket(d, bytes_of(entry->host));

    while (*at != entry)
        at = &(*at)->next_in_bucket;
    *at = entry->next_in_bucket;
    if (entry->older)
        entry->older->newer = entry->newer;
    else
        d->oldest = entry->newer;
    if (entry->newer)
        entry->newer->older = entry->older;
    else
        d->newest = entry->older;
    d->count--;
}

static struct dns_entry *dns_add(struct dns *d, struct bytes host)
{
    struct dns_entry *entry;
    struct dns_entry **bucket;

    /* An entry that is being looked up has waiters: it stays. */
    for (entry = d->oldest; entry && d->count >= DNS_HOSTS;) {
        struct dns_entry *newer = entry->newer;

        if (!entry->job) {
            dns_unlink(d, entry);
            free(entry);
        }
        entry = newer;
    }
    if (d->count >= DNS_HOSTS)
        return NULL;
    entry = calloc(1, sizeof(*entry) + host.len + 1);
    if (!entry)
        return NULL;
    memcpy(entry->host, host.ptr, host.len);
    bucket = dns_bucket(d, host);
    entry->next_in_bucket = *bucket;
    *bucket = entry;
    entry->older = d->newest;
    if (d->newest)
        d->newest->newer = entry;
    else
        d->oldest = entry;
    d->newest = entry;
    d->count++;
    return entry;
}

static void dns_wait(struct dns_entry *entry, struct dns_waiter *w)
{
    w->entry = entry;
    w->next = NULL;
    w->prev = entry->last;
    if (entry->last)
        entry->last->next = w;
    else
        entry->first = w;
    entry->last = w;
}

static void dns_take_out(struct dns_entry *entry, struct dns_waiter *w)
{
    if (w->prev)
        w->prev->next = w->next;
    else
        entry->first = w->next;
    if (w->next)
        w->next->prev = w->prev;
    else
        entry->last = w->prev;
    w->entry = NULL;
    w->next = w->prev = NULL;
}

void dns_leave(struct dns *d, struct dns_waiter *w)
{
    struct dns_entry *entry = w->entry;
    enum status st = STATUS_OK;

    if (!entry)
        return;
    dns_take_out(entry, w);
    if (!entry->first)
        st = engine_command(d->engine,
                            (struct command){.kind = COMMAND_UNRESOLVE, .job = entry->job});
    (void)st; /* without memory it is looked up all the same */
}

static enum status dns_start(struct dns *d, struct dns_entry *entry)
{
    entry->job = d->next_job++;
    if (!d->next_job)
        d->next_job = 1;
    return engine_command(
        d->engine,
        (struct command){.kind = COMMAND_RESOLVE, .job = entry->job, .host = entry->host});
}

enum status dns_ask(struct dns *d, struct bytes host, struct dns_waiter *w,
                    struct dns_answer *ret_answer)
{
    struct dns_entry *entry = dns_find(d, host);
    enum status st;

    if (entry && !entry->job && entry->until_us > d->engine->now_us) {
        *ret_answer = (struct dns_answer){entry->addresses, entry->count, entry->error};
        return STATUS_OK;
    }
    if (!entry)
        entry = dns_add(d, host);
    if (!entry)
        return STATUS_NO_MEMORY;
    if (!entry->job) {
        st = dns_start(d, entry);
        if (st) {
            entry->job = 0;
            return st;
        }
    }
    dns_wait(entry, w);
    return STATUS_NEED_MORE;
}

/* It was not begun, for nobody waited; somebody may do so now. */
static bool dns_begin_again(struct dns *d, struct dns_entry *entry)
{
    if (!entry->first) {
        dns_unlink(d, entry);
        free(entry);
        return true;
    }
    if (!dns_start(d, entry))
        return true;
    entry->job = 0;
    return false;
}

void dns_resolved(struct dns *d, uint32_t job, const struct sockaddr_storage *addresses,
                  size_t count, const char *error)
{
    struct dns_entry *entry = d->newest;
    struct dns_answer answer;

    while (entry && entry->job != job)
        entry = entry->older;
    if (!entry)
        return;
    entry->job = 0;
    if (!count && !error && dns_begin_again(d, entry))
        return;
    entry->count = count < DNS_ADDRESSES ? (uint32_t)count : DNS_ADDRESSES;
    if (entry->count)
        memcpy(entry->addresses, addresses, entry->count * sizeof(*addresses));
    entry->error = entry->count ? NULL : error;
    entry->until_us = d->engine->now_us + (entry->count ? DNS_TTL_US : DNS_FAILURE_TTL_US);
    answer = (struct dns_answer){entry->addresses, entry->count, entry->error};
    while (entry->first) {
        struct dns_waiter *w = entry->first;

        dns_take_out(entry, w);
        w->on_answer(w->self, &answer);
    }
}
