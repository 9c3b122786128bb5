/* serve_file: what `serve` sends, read whole when the rules are loaded: one file, or all
 * files of a folder. No request ever leads to the file system, so none leads out of the
 * folder. */
#ifndef WEIR_RULES_SERVE_FILE_H
#define WEIR_RULES_SERVE_FILE_H

#include "rules/compiler.h"

enum {
    SERVE_FILES = 10 * 1000,        /* of one folder */
    SERVE_DEPTH = 16,               /* folders in each other */
    SERVE_BYTES = 64 * 1024 * 1024, /* of one folder's files in all; of each RULE_BODY_BYTES */
};

struct served_file {
    struct bytes path; /* beneath the folder, as "css/a.css"; of a single file empty */
    struct bytes content;
    int64_t modified_us; /* since 1970 */
};

struct served {
    bool folder;
    uint32_t count;
    struct served_file *files; /* sorted by path */
};

/* `root` is the part of `text` that names it; relative names start at the compiler's
 * folder. Links, what is no regular file, and names that start with a dot are left out.
 * What is wrong is a diagnostic at `root`. The bytes live in the ruleset. */
MUST_USE enum status serve_file_load(struct rule_compiler *c, const struct rule_text *text,
                                     struct bytes root, struct served *ret_served);
/* NULL when there is none. */
const struct served_file *served_find(const struct served *s, struct bytes path);

#endif
