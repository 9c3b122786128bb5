/* The files that the variables of env.h name. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/env.h"
#include "cli/node_hook.h"

enum { PUBLIC_MODE = 0644, PRIVATE_MODE = 0600 };

/* Where distributions keep their roots in one file. */
static const char *const system_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
};

/* What SSL_CERT_FILE says is what programs trust now. */
static const char *system_bundle(void)
{
    const char *said = getenv("SSL_CERT_FILE");

    if (said && path_is_file(said))
        return said;
    for (size_t i = 0; i < sizeof(system_bundles) / sizeof(system_bundles[0]); i++)
        if (path_is_file(system_bundles[i]))
            return system_bundles[i];
    return NULL;
}

static enum status write_bundle(const struct env_files *f, struct bytes pem)
{
    const char *system = system_bundle();
    struct buf all;
    enum status st = STATUS_OK;

    buf_init(&all, PATHS_FILE_BYTES * 2);
    if (system)
        st = file_read(system, &all);
    if (st == STATUS_NOT_FOUND)
        st = STATUS_OK;
    if (!st && (all.len == 0 || bytes_search(buf_bytes(&all), pem) < 0)) {
        buf_put_byte(&all, '\n');
        buf_put(&all, pem);
    }
    if (!st)
        st = buf_status(&all);
    if (!st)
        st = file_write(f->bundle, PUBLIC_MODE, buf_bytes(&all));
    buf_release(&all);
    return st;
}

/* WGETRC stands in for ~/.wgetrc, so that one is taken over. */
static enum status write_wgetrc(const struct env_files *f)
{
    const char *said = getenv("WGETRC");
    char own[PATHS_TEXT];
    struct buf text;
    enum status st = STATUS_NOT_FOUND;

    buf_init(&text, PATHS_FILE_BYTES * 2);
    if (said && strcmp(said, f->wgetrc) != 0)
        st = file_read(said, &text);
    else if (!said && paths_home(".wgetrc", own) == STATUS_OK)
        st = file_read(own, &text);
    if (st)
        buf_clear(&text);
    buf_putf(&text, "\nca_certificate = %s\nuse_proxy = on\nno_proxy =\n", f->bundle);
    st = buf_status(&text);
    if (!st)
        st = file_write(f->wgetrc, PRIVATE_MODE, buf_bytes(&text));
    buf_release(&text);
    return st;
}

enum status env_files_write(struct env_files *f, const char *folder, struct bytes pem, bool hooks)
{
    enum status st;

    memset(f, 0, sizeof(*f));
    st = path_join(folder, "", f->folder);
    if (!st)
        st = path_join(folder, "weir-ca.pem", f->ca);
    if (!st)
        st = path_join(folder, "bundle.pem", f->bundle);
    if (!st)
        st = path_join(folder, "wgetrc", f->wgetrc);
    if (!st && hooks)
        st = path_join(folder, "node-hook.js", f->hook);
    if (!st)
        st = file_write(f->ca, PUBLIC_MODE, pem);
    if (!st)
        st = write_bundle(f, pem);
    if (!st)
        st = write_wgetrc(f);
    if (!st && hooks)
        st = file_write(f->hook, PUBLIC_MODE, node_hook());
    return st;
}

void env_files_remove(const struct env_files *f)
{
    const char *const files[] = {f->ca, f->bundle, f->wgetrc, f->hook};

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (files[i][0])
            unlink(files[i]);
    if (f->folder[0])
        rmdir(f->folder);
}
