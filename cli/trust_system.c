/* The system's store: a folder for further roots, and a command that takes them over. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "cli/trust.h"

enum { ANCHOR_BYTES = 1024 * 1024, ALIAS_TEXT = 280 };

/* The first one that is there counts. */
static const struct system_store {
    const char *folder, *suffix;
    const char *update[4], *forget[4]; /* after one was added; after one was removed */
} system_stores[] = {
    {"/etc/pki/ca-trust/source/anchors",
     "pem",
     {"update-ca-trust", "extract"},
     {"update-ca-trust", "extract"}},
    {"/usr/local/share/ca-certificates",
     "crt",
     {"update-ca-certificates"},
     {"update-ca-certificates", "-f"}},
    {"/etc/ca-certificates/trust-source/anchors",
     "crt",
     {"trust", "extract-compat"},
     {"trust", "extract-compat"}},
    {"/usr/share/pki/trust/anchors",
     "pem",
     {"update-ca-certificates"},
     {"update-ca-certificates", "-f"}},
};

static const struct system_store *find_store(void)
{
    for (size_t i = 0; i < sizeof(system_stores) / sizeof(system_stores[0]); i++)
        if (path_is_folder(system_stores[i].folder))
            return &system_stores[i];
    return NULL;
}

static void put_without_space(struct buf *out, struct bytes in)
{
    for (size_t i = 0; i < in.len; i++)
        if (in.ptr[i] > ' ')
            buf_put_byte(out, in.ptr[i]);
}

bool trust_file_holds(const struct trust *t, const char *path)
{
    struct buf file, packed;
    bool holds = false;

    buf_init(&file, ANCHOR_BYTES);
    buf_init(&packed, ANCHOR_BYTES);
    if (file_read(path, &file) == STATUS_OK) {
        put_without_space(&packed, buf_bytes(&file));
        holds = bytes_search(buf_bytes(&packed), buf_bytes(&t->body)) >= 0;
    }
    buf_release(&file);
    buf_release(&packed);
    return holds;
}

static bool is_ours(const struct trust *t, const char *name, const char *path)
{
    char start[TRUST_MARK_TEXT + sizeof("weir-")];

    if (t->body.len)
        return trust_file_holds(t, path);
    snprintf(start, sizeof(start), "weir-%s", t->mark);
    return bytes_starts_with(bytes_of(name), bytes_of(start));
}

static void take_over(struct trust *t, const char *const *command)
{
    if (tool_run(&t->tool, true, command)) {
        cli_error(t->tool.cli, "%s failed", command[0]);
        t->failed++;
    } else {
        t->done++;
    }
}

void trust_system_add(struct trust *t)
{
    const struct system_store *store = find_store();
    char name[64], path[PATHS_TEXT];
    const char *install[] = {"install", "-m", "0644", t->ca_path, path, NULL};

    if (!store) {
        cli_say(t->tool.cli, "this system's store is not known; the certificate is %s", t->ca_path);
        return;
    }
    snprintf(name, sizeof(name), "weir-%s.%s", t->mark, store->suffix);
    if (path_join(store->folder, name, path))
        return;
    if (trust_file_holds(t, path) && !t->tool.dry) {
        cli_say(t->tool.cli, "the system trusts it already (%s)", path);
        return;
    }
    if (tool_run(&t->tool, true, install)) {
        cli_error(t->tool.cli, "cannot write to %s", store->folder);
        t->failed++;
        return;
    }
    take_over(t, store->update);
}

/* Debian copies roots into Java's store too, and leaves them there. */
static void forget_java(struct trust *t, const char *file)
{
    static const char store[] = "/etc/ssl/certs/java/cacerts";
    char alias[ALIAS_TEXT];
    const char *list[] = {"keytool",  "-list",  "-keystore", store, "-storepass",
                          "changeit", "-alias", alias,       NULL};
    const char *delete[] = {"keytool",    "-delete",  "-noprompt", "-keystore", store,
                            "-storepass", "changeit", "-alias",    alias,       NULL};
    struct buf ignored;
    enum status there;

    if (!path_is_file(store) || !path_has_program("keytool"))
        return;
    snprintf(alias, sizeof(alias), "debian:%.*s.pem", (int)strcspn(file, "."), file);
    buf_init(&ignored, ANCHOR_BYTES);
    there = tool_ask(list, &ignored);
    buf_release(&ignored);
    if (there == STATUS_OK && tool_run(&t->tool, true, delete))
        t->failed++;
}

bool trust_system_has(const struct trust *t, bool *ret_known)
{
    const struct system_store *store = find_store();
    char name[64], path[PATHS_TEXT];

    *ret_known = store;
    if (!store)
        return false;
    snprintf(name, sizeof(name), "weir-%s.%s", t->mark, store->suffix);
    return path_join(store->folder, name, path) == STATUS_OK && trust_file_holds(t, path);
}

void trust_system_remove(struct trust *t)
{
    const struct system_store *store = find_store();
    DIR *dir = store ? opendir(store->folder) : NULL;
    struct dirent *entry;
    uint32_t removed = 0;

    while (dir && (entry = readdir(dir))) {
        char path[PATHS_TEXT];
        const char *remove[] = {"rm", "-f", path, NULL};

        if (path_join(store->folder, entry->d_name, path) || !path_is_file(path) ||
            !is_ours(t, entry->d_name, path))
            continue;
        if (tool_run(&t->tool, true, remove)) {
            cli_error(t->tool.cli, "cannot remove %s", path);
            t->failed++;
            continue;
        }
        forget_java(t, entry->d_name);
        removed++;
    }
    if (dir)
        closedir(dir);
    if (removed)
        take_over(t, store->forget);
}
