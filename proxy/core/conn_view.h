/* conn_view: what rules that act on connections get to see of a session. */
#ifndef WEIR_PROXY_CORE_CONN_VIEW_H
#define WEIR_PROXY_CORE_CONN_VIEW_H

#include "proxy/core/route.h"
#include "rules/connection_pass.h"

struct session;

enum { FAULT_NOTE_BYTES = 96 };

struct conn_view {
    struct rule_tls tls;
    struct rule_view rules; /* may point to `tls`, so the struct must not be moved */
};

/* What is known of the client alone, of the time and the loop; it points into the session. */
struct rule_view conn_view_base(const struct session *s);
/* Of a connection to `target`, whose bytes and the session's are borrowed. */
void conn_view_make(const struct session *s, const struct target *target, struct bytes scheme,
                    struct conn_view *ret_view);
/* What a rule did, for the flow: "look-up held 200.0 ms". */
void conn_fault_note(const struct conn_fault *fault, char ret_note[FAULT_NOTE_BYTES]);

#endif
