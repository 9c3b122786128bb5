#include "logs/keylog.h"

enum status keylog_init(struct keylog *k)
{
    if (pthread_mutex_init(&k->lock, NULL))
        return STATUS_NO_MEMORY;
    buf_init(&k->waiting, KEYLOG_BYTES);
    buf_init(&k->writing, KEYLOG_BYTES);
    k->fd = -1;
    atomic_init(&k->pending, false);
    return STATUS_OK;
}

void keylog_release(struct keylog *k)
{
    keylog_write(k);
    if (k->fd >= 0)
        keylog_file_close(k->fd);
    buf_release(&k->waiting);
    buf_release(&k->writing);
    pthread_mutex_destroy(&k->lock);
}

enum status keylog_open(struct keylog *k, const char *path)
{
    enum status st;
    int fd;

    st = keylog_file_open(path, &fd);
    if (st)
        return st;
    pthread_mutex_lock(&k->lock);
    if (k->fd >= 0)
        st = STATUS_EXISTS;
    else
        k->fd = fd;
    pthread_mutex_unlock(&k->lock);
    if (st)
        keylog_file_close(fd);
    return st;
}

bool keylog_add(struct keylog *k, struct bytes line)
{
    bool added = false;

    pthread_mutex_lock(&k->lock);
    if (k->fd >= 0 && line.len < k->waiting.max - k->waiting.len) {
        size_t before = k->waiting.len;

        buf_put(&k->waiting, line);
        buf_put_byte(&k->waiting, '\n');
        added = !buf_status(&k->waiting);
        if (!added) { /* no half lines; and the next one may find memory */
            k->waiting.len = before;
            k->waiting.status = STATUS_OK;
        }
        atomic_store(&k->pending, true);
    }
    pthread_mutex_unlock(&k->lock);
    return added;
}

bool keylog_pending(const struct keylog *k)
{
    return atomic_load(&k->pending);
}

void keylog_write(struct keylog *k)
{
    struct buf full;
    int fd;

    if (!atomic_exchange(&k->pending, false))
        return;
    pthread_mutex_lock(&k->lock);
    fd = k->fd;
    full = k->waiting;
    k->waiting = k->writing;
    pthread_mutex_unlock(&k->lock);
    keylog_file_write(fd, buf_bytes(&full));
    buf_clear(&full);
    k->writing = full;
}
