#include "proxy/loop/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/* Freed by on_folder_closed(). */
struct folder {
    uv_fs_event_t event;
    struct watch *watch;
};

struct watch {
    struct watch_env env;
    uv_timer_t quiet;
    bool waiting; /* something changed at: */
    uint64_t first_ms;
    struct buf folders; /* as set */
    struct folder *items[WATCH_FOLDERS];
    uint32_t count;
    uint32_t handles; /* not yet closed */
};

static void on_quiet(uv_timer_t *timer)
{
    struct watch *w = timer->data;

    w->waiting = false;
    w->env.on_change(w->env.self);
}

/* What it was does not matter: the files themselves are looked at. */
static void on_event(uv_fs_event_t *event, const char *name, int events, int error)
{
    struct folder *folder = event->data;
    struct watch *w = folder->watch;
    uint64_t now = uv_now(w->env.uv), wait = WATCH_QUIET_MS;

    (void)name;
    (void)events;
    (void)error;
    if (!w->waiting)
        w->first_ms = now;
    w->waiting = true;
    if (now + wait > w->first_ms + WATCH_MOST_MS)
        wait = now < w->first_ms + WATCH_MOST_MS ? w->first_ms + WATCH_MOST_MS - now : 0;
    uv_timer_start(&w->quiet, on_quiet, wait, 0);
}

static void on_folder_closed(uv_handle_t *handle)
{
    struct folder *folder = handle->data;

    folder->watch->handles--;
    free(folder);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct watch *w = handle->data;

    w->handles--;
}

static void folders_close(struct folder *const *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        uv_close((uv_handle_t *)&items[i]->event, on_folder_closed);
}

enum status watch_new(const struct watch_env *env, struct watch **ret_watch)
{
    struct watch *w = calloc(1, sizeof(*w));

    if (!w)
        return STATUS_NO_MEMORY;
    w->env = *env;
    buf_init(&w->folders, SIZE_MAX / 2);
    uv_timer_init(env->uv, &w->quiet);
    w->quiet.data = w;
    w->handles = 1;
    *ret_watch = w;
    return STATUS_OK;
}

static enum status folder_open(struct watch *w, const char *path, char *error)
{
    struct folder *folder = calloc(1, sizeof(*folder));
    int failure;

    if (!folder)
        return STATUS_NO_MEMORY;
    folder->watch = w;
    uv_fs_event_init(w->env.uv, &folder->event);
    folder->event.data = folder;
    w->handles++;
    failure = uv_fs_event_start(&folder->event, on_event, path, 0);
    w->items[w->count++] = folder;
    if (!failure)
        return STATUS_OK;
    if (!error[0])
        snprintf(error, WATCH_ERROR_TEXT, "cannot watch %.300s: %s", path, uv_strerror(failure));
    return STATUS_IO;
}

/* The new ones are watched before the old ones end, so that nothing is missed between. */
enum status watch_set(struct watch *w, struct bytes folders, char *error, bool *ret_new)
{
    struct folder *old[WATCH_FOLDERS];
    uint32_t old_count = w->count;
    enum status all = STATUS_OK;

    error[0] = '\0';
    memcpy(old, w->items, old_count * sizeof(struct folder *));
    w->count = 0;
    *ret_new = !bytes_equal(buf_bytes(&w->folders), folders);
    buf_clear(&w->folders);
    buf_put(&w->folders, folders);
    while (folders.len && w->count < WATCH_FOLDERS) {
        const char *path = (const char *)folders.ptr;
        enum status st = folder_open(w, path, error);

        if (st)
            all = st;
        folders = bytes_from(folders, strlen(path) + 1);
    }
    folders_close(old, old_count);
    return all;
}

void watch_free(struct watch *w)
{
    if (!w)
        return;
    folders_close(w->items, w->count);
    uv_close((uv_handle_t *)&w->quiet, on_timer_closed);
    while (w->handles)
        uv_run(w->env.uv, UV_RUN_NOWAIT);
    buf_release(&w->folders);
    free(w);
}
