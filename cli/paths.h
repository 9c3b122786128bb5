/* paths: where weir's files are (XDG Base Directory Specification). Texts are
 * written into `ret_path` (PATHS_TEXT bytes). Folders are made when asked for, 0700. */
#ifndef WEIR_CLI_PATHS_H
#define WEIR_CLI_PATHS_H

#include "base/bytes.h"

enum {
    PATHS_TEXT = 4096,
    PATHS_FILE_BYTES = 16 * 1024 * 1024, /* the longest file read or copied whole */
};

/* The configuration that is taken when none is named: ./proxy.yaml, weir/proxy.yaml
 * of the user, then of /etc. STATUS_NOT_FOUND when there is none. */
MUST_USE enum status paths_config(char *ret_path);
/* The CA and what goes with it. STATUS_IO (errno): it cannot be made. */
MUST_USE enum status paths_data(char *ret_path);
/* A folder in it for what `weir env` names. */
MUST_USE enum status paths_env_files(char *ret_path);
/* Where the control sockets are: below XDG_RUNTIME_DIR, else in the state folder. */
MUST_USE enum status paths_runtime(char *ret_path);
/* As paths_runtime(), but makes nothing: for who looks for sockets. The i-th folder;
 * STATUS_END: there are no more. */
MUST_USE enum status paths_runtime_at(int i, char *ret_path);
/* Where the stores of flows are. STATUS_IO (errno): it cannot be made. */
MUST_USE enum status paths_state(char *ret_path);
/* The store of flows: weir/flows.db of the state folder. Makes nothing. STATUS_NOT_FOUND
 * without a home. */
MUST_USE enum status paths_store(char *ret_path);
/* `name` below the user's home; STATUS_NOT_FOUND without a home. */
MUST_USE enum status paths_home(const char *name, char *ret_path);
/* A folder of our own below TMPDIR, 0700. */
MUST_USE enum status paths_temporary(char *ret_path);

/* "folder/name"; STATUS_LIMIT. */
MUST_USE enum status path_join(const char *folder, const char *name, char *ret_path);
/* Absolute; relative ones start at `folder`, or at the working directory (NULL). */
MUST_USE enum status path_absolute(const char *folder, struct bytes path, char *ret_path);
bool path_is_file(const char *path);
bool path_is_folder(const char *path);
/* Is a program of that name in PATH? */
bool path_has_program(const char *name);

struct buf;
/* Appends the whole file. STATUS_NOT_FOUND, STATUS_IO (errno), STATUS_LIMIT. */
MUST_USE enum status file_read(const char *path, struct buf *out);
/* Replaces the file at once, by renaming; it has exactly that mode. STATUS_IO (errno). */
MUST_USE enum status file_write(const char *path, unsigned mode, struct bytes content);

#endif
