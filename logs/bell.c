#include "logs/bell.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum status bell_init(struct bell *b)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (fd < 0)
        return STATUS_IO;
    b->fd = fd;
    atomic_init(&b->state, BELL_AWAKE);
    return STATUS_OK;
}

void bell_release(struct bell *b)
{
    close(b->fd);
    b->fd = -1;
}

/* Only the one who finds the waiter away rings. */
static void bell_strike(struct bell *b)
{
    /* Writing fails only when the count is at its top: then it rings already. */
    if (atomic_exchange(&b->state, BELL_AWAKE) != BELL_AWAKE)
        (void)eventfd_write(b->fd, 1);
}

void bell_ring(struct bell *b)
{
    if (atomic_load(&b->state) == BELL_SLEEPING)
        bell_strike(b);
}

void bell_ring_urgent(struct bell *b)
{
    if (atomic_load(&b->state) != BELL_AWAKE)
        bell_strike(b);
}

static void bell_poll(struct bell *b, int timeout_ms)
{
    struct pollfd wait = {.fd = b->fd, .events = POLLIN};
    eventfd_t count;

    /* A signal ends it early, which does no harm: the waiter looks for work. */
    if (poll(&wait, 1, timeout_ms) > 0)
        (void)eventfd_read(b->fd, &count);
}

void bell_nap(struct bell *b, int ms)
{
    atomic_store(&b->state, BELL_NAPPING);
    bell_poll(b, ms);
    bell_wake(b);
}

void bell_doze(struct bell *b)
{
    atomic_store(&b->state, BELL_SLEEPING);
}

void bell_sleep(struct bell *b, int timeout_ms)
{
    bell_poll(b, timeout_ms);
}

void bell_wake(struct bell *b)
{
    atomic_store(&b->state, BELL_AWAKE);
}
