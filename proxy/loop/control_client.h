/* control_client: asks a running weir by its control socket; blocking. For the
 * command line. */
#ifndef WEIR_PROXY_LOOP_CONTROL_CLIENT_H
#define WEIR_PROXY_LOOP_CONTROL_CLIENT_H

#include <jansson.h>

#include "base/buf.h"
#include "proxy/loop/control.h"

enum {
    CONTROL_PATH_TEXT = 108, /* sun_path, with its NUL */
    CONTROL_INSTANCES = 64,  /* looked for in one folder */
    CONTROL_REPLY_BYTES = 8 * 1024 * 1024,
    CONTROL_REPLY_SECONDS = 120, /* a reload of many rules takes its time */
};

struct control_reply {
    unsigned status;
    json_t *body; /* owned by who asked; NULL when there was none */
};

struct control_call {
    const char *method, *target;
    const json_t *body; /* borrowed; NULL: none */
};

/* STATUS_NOT_FOUND: nobody listens there; STATUS_IO,
 * STATUS_BAD_MESSAGE: with `error` (CONTROL_ERROR_TEXT bytes) saying why. */
MUST_USE enum status control_call(const char *path, const struct control_call *call, char *error,
                                  struct control_reply *ret_reply);
/* The same, without a body. */
MUST_USE enum status control_ask(const char *path, const char *method, const char *target,
                                 char *error, struct control_reply *ret_reply);

/* The sockets in a folder on which somebody listens. */
struct control_instances {
    char paths[CONTROL_INSTANCES][CONTROL_PATH_TEXT];
    uint32_t count;
};
/* Adds those of `folder`; one that is not there adds none. */
void control_find(const char *folder, struct control_instances *found);

#endif
