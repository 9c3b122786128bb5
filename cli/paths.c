#include "cli/paths.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_MODE = 0700 };

enum status path_join(const char *folder, const char *name, char *ret_path)
{
    char path[PATHS_TEXT];
    int len = snprintf(path, sizeof(path), "%s/%s", folder, name);

    if (len < 0 || (size_t)len >= sizeof(path))
        return STATUS_LIMIT;
    memcpy(ret_path, path, (size_t)len + 1);
    return STATUS_OK;
}

enum status path_absolute(const char *folder, struct bytes path, char *ret_path)
{
    char cwd[PATHS_TEXT], name[PATHS_TEXT];

    if (path.len >= sizeof(name))
        return STATUS_LIMIT;
    memcpy(name, path.ptr, path.len);
    name[path.len] = '\0';
    if (name[0] == '/') {
        memcpy(ret_path, name, path.len + 1);
        return STATUS_OK;
    }
    if (!folder && !getcwd(cwd, sizeof(cwd)))
        return STATUS_IO;
    return path_join(folder ? folder : cwd, name, ret_path);
}

bool path_is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool path_is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool path_has_program(const char *name)
{
    struct bytes list = bytes_of(getenv("PATH"));

    while (list.len) {
        ptrdiff_t end = bytes_find(list, ':');
        struct bytes folder = end < 0 ? list : bytes_until(list, (size_t)end);
        char path[PATHS_TEXT];
        int len = snprintf(path, sizeof(path), "%.*s/%s", (int)folder.len, folder.ptr, name);

        if (len > 0 && (size_t)len < sizeof(path) && access(path, X_OK) == 0)
            return true;
        list = bytes_from(list, folder.len + 1);
    }
    return false;
}

static const char *home(void)
{
    const char *path = getenv("HOME");
    const struct passwd *user;

    if (path && path[0] == '/')
        return path;
    user = getpwuid(getuid());
    return user ? user->pw_dir : NULL;
}

enum status paths_home(const char *name, char *ret_path)
{
    const char *folder = home();

    return folder ? path_join(folder, name, ret_path) : STATUS_NOT_FOUND;
}

/* Relative paths in these variables are to be ignored, the specification says. */
static enum status xdg(const char *variable, const char *otherwise, const char *name,
                       char *ret_path)
{
    const char *folder = getenv(variable);
    char below[PATHS_TEXT];

    if (folder && folder[0] == '/')
        return path_join(folder, name, ret_path);
    if (!otherwise || path_join(otherwise, name, below))
        return STATUS_NOT_FOUND;
    return paths_home(below, ret_path);
}

/* Makes a folder and those above it. */
static enum status folder_make(const char *path)
{
    char part[PATHS_TEXT];
    size_t len = strlen(path);

    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, FOLDER_MODE) && errno != EEXIST)
            return STATUS_IO;
    }
    return STATUS_OK;
}

enum status paths_config(char *ret_path)
{
    char path[PATHS_TEXT];

    if (path_is_file("proxy.yaml"))
        return path_absolute(NULL, BYTES("proxy.yaml"), ret_path);
    if (xdg("XDG_CONFIG_HOME", ".config", "weir/proxy.yaml", path) == STATUS_OK &&
        path_is_file(path))
        return path_absolute(NULL, bytes_of(path), ret_path);
    if (path_is_file("/etc/weir/proxy.yaml"))
        return path_absolute(NULL, BYTES("/etc/weir/proxy.yaml"), ret_path);
    return STATUS_NOT_FOUND;
}

static enum status data_folder(const char *name, char *ret_path)
{
    char path[PATHS_TEXT];
    enum status st = xdg("XDG_DATA_HOME", ".local/share", name, path);

    if (!st)
        st = folder_make(path);
    if (!st)
        memcpy(ret_path, path, strlen(path) + 1);
    return st;
}

enum status paths_data(char *ret_path)
{
    return data_folder("weir", ret_path);
}

enum status paths_env_files(char *ret_path)
{
    return data_folder("weir/env", ret_path);
}

enum status paths_runtime_at(int i, char *ret_path)
{
    char first[PATHS_TEXT];
    bool has_runtime = xdg("XDG_RUNTIME_DIR", NULL, "weir", first) == STATUS_OK;

    if (i == 0 && has_runtime) {
        memcpy(ret_path, first, strlen(first) + 1);
        return STATUS_OK;
    }
    if (i > (has_runtime ? 1 : 0))
        return STATUS_END;
    return xdg("XDG_STATE_HOME", ".local/state", "weir", ret_path);
}

enum status paths_runtime(char *ret_path)
{
    char path[PATHS_TEXT];
    enum status st = paths_runtime_at(0, path);

    if (!st)
        st = folder_make(path);
    if (st) /* a runtime folder may be gone, as after `su` */
        st = paths_runtime_at(1, path);
    if (!st)
        st = folder_make(path);
    if (!st)
        memcpy(ret_path, path, strlen(path) + 1);
    return st == STATUS_END ? STATUS_IO : st;
}

enum status paths_state(char *ret_path)
{
    char path[PATHS_TEXT];
    enum status st = xdg("XDG_STATE_HOME", ".local/state", "weir", path);

    if (!st)
        st = folder_make(path);
    if (!st)
        memcpy(ret_path, path, strlen(path) + 1);
    return st;
}

enum status paths_store(char *ret_path)
{
    return xdg("XDG_STATE_HOME", ".local/state", "weir/flows.db", ret_path);
}

enum status paths_temporary(char *ret_path)
{
    const char *folder = getenv("TMPDIR");
    char path[PATHS_TEXT];
    enum status st = path_join(folder && folder[0] == '/' ? folder : "/tmp", "weir-XXXXXX", path);

    if (st)
        return st;
    if (!mkdtemp(path))
        return STATUS_IO;
    memcpy(ret_path, path, strlen(path) + 1);
    return STATUS_OK;
}
