/* env: the variables that send programs through weir, and the files they name. */
#ifndef WEIR_CLI_ENV_H
#define WEIR_CLI_ENV_H

#include "base/arena.h"
#include "base/buf.h"
#include "cli/paths.h"

enum {
    ENV_VARIABLES = 64,
    ENV_VALUE_BYTES = 64 * 1024,
};

/* Where the files are: in a folder of the user's (`env`), or a temporary one (`exec`). */
struct env_files {
    char folder[PATHS_TEXT];
    char ca[PATHS_TEXT], bundle[PATHS_TEXT], wgetrc[PATHS_TEXT];
    char hook[PATHS_TEXT]; /* "" without hooks */
};

/* Writes them into `folder`. `pem` is weir's certificate. STATUS_IO (errno). */
MUST_USE enum status env_files_write(struct env_files *f, const char *folder, struct bytes pem,
                                     bool hooks);
/* Removes them and the folder. */
void env_files_remove(const struct env_files *f);

struct env_variable {
    const char *name;
    struct bytes value;
};
/* Texts live in `memory`. */
struct env {
    struct env_variable items[ENV_VARIABLES];
    uint32_t count;
    struct arena *memory;
};

/* "http://[user:password@]127.0.0.1:8080"; `auth` is "user:password" or empty. */
void env_put_proxy_url(struct bytes auth, const char *address, struct buf *out);
/* `getenv_old`: what is set now, to be kept where variables are lists (NODE_OPTIONS). */
MUST_USE enum status env_make(struct env *env, struct arena *memory, const struct env_files *f,
                              struct bytes proxy_url, const char *(*getenv_old)(const char *name));

enum env_shell { ENV_SH, ENV_FISH, ENV_PWSH, ENV_DOCKER, ENV_JSON };
/* STATUS_BAD_INPUT: there is no such shell. */
MUST_USE enum status env_shell_find(const char *name, enum env_shell *ret_shell);
/* As commands or lines of that shell. */
void env_put(const struct env *env, enum env_shell shell, struct buf *out);

#endif
