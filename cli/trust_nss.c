/* Databases of NSS: Firefox has one in each profile, Chromium one for each user. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "cli/trust.h"

enum { LIST_BYTES = 1024 * 1024, NICKNAME_TEXT = 64 };

/* Below the home folder, unless they start at the root. */
static const char *const databases[] = {
    ".pki/nssdb",
    "snap/chromium/current/.pki/nssdb",
    "/etc/pki/nssdb",
};
/* Folders of profiles. */
static const char *const profiles[] = {
    ".mozilla/firefox",
    "snap/firefox/common/.mozilla/firefox",
};
static const char *const chromiums[] = {
    "chromium",       "chromium-browser", "google-chrome", "google-chrome-stable",
    "microsoft-edge", "brave-browser",
};

static enum status resolve(const char *name, char *ret_path)
{
    if (name[0] == '/')
        return path_absolute(NULL, bytes_of(name), ret_path);
    return paths_home(name, ret_path);
}

static void add_database(struct nss_list *l, const char *folder)
{
    static const struct {
        const char *file, *prefix;
    } kinds[] = {{"cert9.db", "sql:"}, {"cert8.db", "dbm:"}};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && l->count < TRUST_STORES; i++) {
        char file[PATHS_TEXT];
        int len;

        if (path_join(folder, kinds[i].file, file) || !path_is_file(file))
            continue;
        len = snprintf(l->names[l->count], PATHS_TEXT, "%s%s", kinds[i].prefix, folder);
        if (len > 0 && len < PATHS_TEXT)
            l->count++;
        return;
    }
}

static void add_profiles(struct nss_list *l, const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        char path[PATHS_TEXT];

        if (entry->d_name[0] != '.' && path_join(folder, entry->d_name, path) == STATUS_OK)
            add_database(l, path);
    }
    if (dir)
        closedir(dir);
}

static void find_databases(struct nss_list *l)
{
    char path[PATHS_TEXT];

    l->count = 0;
    for (size_t i = 0; i < sizeof(databases) / sizeof(databases[0]); i++)
        if (resolve(databases[i], path) == STATUS_OK)
            add_database(l, path);
    for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++)
        if (resolve(profiles[i], path) == STATUS_OK)
            add_profiles(l, path);
}

static bool has_chromium(void)
{
    for (size_t i = 0; i < sizeof(chromiums) / sizeof(chromiums[0]); i++)
        if (path_has_program(chromiums[i]))
            return true;
    return false;
}

/* Chromium makes its database when it first runs; ours may come before that. */
static void make_database(struct trust *t, struct nss_list *l)
{
    char folder[PATHS_TEXT], name[PATHS_TEXT];
    const char *mkdir[] = {"mkdir", "-p", "-m", "0700", folder, NULL};
    const char *create[] = {"certutil", "-N", "--empty-password", "-d", name, NULL};
    int len;

    if (!has_chromium() || paths_home(databases[0], folder))
        return;
    len = snprintf(name, sizeof(name), "sql:%s", folder);
    if (len < 0 || (size_t)len >= sizeof(name))
        return;
    for (uint32_t i = 0; i < l->count; i++)
        if (strcmp(l->names[i], name) == 0)
            return;
    if (l->count == TRUST_STORES || tool_run(&t->tool, false, mkdir) ||
        tool_run(&t->tool, false, create)) {
        t->failed++;
        return;
    }
    memcpy(l->names[l->count++], name, (size_t)len + 1);
}

static bool lacks_certutil(struct trust *t, const struct nss_list *l)
{
    if (path_has_program("certutil"))
        return false;
    if (l->count || has_chromium()) {
        cli_error(t->tool.cli, "certutil is missing, so that Firefox and Chromium cannot be told");
        cli_hint(t->tool.cli, "install it: apt install libnss3-tools, or dnf install nss-tools");
        t->failed++;
    }
    return true;
}

/* The system's own database is root's. */
static bool needs_root(const char *database)
{
    return strncmp(database, "sql:/etc/", strlen("sql:/etc/")) == 0;
}

bool trust_nss_has(const struct trust *t, const char *database)
{
    char nickname[NICKNAME_TEXT];
    const char *verify[] = {"certutil", "-V", "-d", database, "-u", "L", "-n", nickname, NULL};
    struct buf ignored;
    bool trusted;

    snprintf(nickname, sizeof(nickname), "weir CA %s", t->mark);
    buf_init(&ignored, LIST_BYTES);
    trusted = tool_ask(verify, &ignored) == STATUS_OK;
    buf_release(&ignored);
    return trusted;
}

bool trust_nss_list(struct trust *t)
{
    find_databases(&t->nss);
    return path_has_program("certutil") || !(t->nss.count || has_chromium());
}

static void add_to(struct trust *t, const char *database)
{
    char nickname[NICKNAME_TEXT];
    const char *add[] = {"certutil", "-A",     "-d", database,   "-t", "C,,",
                         "-n",       nickname, "-i", t->ca_path, NULL};

    if (!t->tool.dry && trust_nss_has(t, database))
        return;
    snprintf(nickname, sizeof(nickname), "weir CA %s", t->mark);
    if (tool_run(&t->tool, needs_root(database), add)) {
        cli_error(t->tool.cli, "certutil could not add to %s", database);
        t->failed++;
    } else {
        t->done++;
    }
}

void trust_nss_add(struct trust *t)
{
    struct nss_list *l = &t->nss;

    find_databases(l);
    if (lacks_certutil(t, l))
        return;
    make_database(t, l);
    for (uint32_t i = 0; i < l->count; i++)
        add_to(t, l->names[i]);
}

/* The nickname that starts with ours in a line of certutil's list. */
static bool take_nickname(const struct trust *t, struct bytes line, char nickname[NICKNAME_TEXT])
{
    char start[NICKNAME_TEXT];
    size_t len;

    snprintf(start, sizeof(start), "weir CA %s", t->mark);
    if (!bytes_starts_with(line, bytes_of(start)))
        return false;
    len = strlen("weir CA ") + TRUST_MARK_TEXT - 1;
    if (line.len < len)
        return false;
    memcpy(nickname, line.ptr, len);
    nickname[len] = '\0';
    return true;
}

static void remove_from(struct trust *t, const char *database)
{
    char nickname[NICKNAME_TEXT];
    const char *list[] = {"certutil", "-L", "-d", database, NULL};
    const char *delete[] = {"certutil", "-D", "-d", database, "-n", nickname, NULL};
    struct buf all;
    struct bytes rest;

    buf_init(&all, LIST_BYTES);
    if (tool_ask(list, &all))
        buf_clear(&all);
    rest = buf_bytes(&all);
    while (rest.len) {
        ptrdiff_t end = bytes_find(rest, '\n');
        struct bytes line = end < 0 ? rest : bytes_until(rest, (size_t)end);

        rest = bytes_from(rest, line.len + 1);
        if (!take_nickname(t, line, nickname))
            continue;
        if (tool_run(&t->tool, needs_root(database), delete))
            t->failed++;
        else
            t->done++;
    }
    buf_release(&all);
}

void trust_nss_remove(struct trust *t)
{
    struct nss_list *l = &t->nss;

    find_databases(l);
    if (lacks_certutil(t, l))
        return;
    for (uint32_t i = 0; i < l->count; i++)
        remove_from(t, l->names[i]);
}
