/* flow_tap: writes what passes an exchange down in its flow record. It only looks.
 * The memory is the flow's own arena; captured content counts against the log's
 * budget, and is given up first. */
#ifndef WEIR_PROXY_CORE_FLOW_TAP_H
#define WEIR_PROXY_CORE_FLOW_TAP_H

#include "proxy/core/engine_impl.h"

struct session;
struct upstream;

/* A new flow in an arena of its own; NULL when out of memory. */
struct flow *flow_new(struct engine *e, enum flow_kind kind);
/* A copy of it so far, in an arena of its own; NULL when out of memory. */
struct flow *flow_show(struct engine *e, const struct flow *f);
/* What the session knows: client, user, TLS. */
void flow_note_session(struct flow *f, const struct session *s);
/* What the upstream connection is: address, TLS, reuse. */
void flow_note_upstream(struct flow *f, const struct upstream *up);
void flow_note_content(struct engine *e, struct flow *f, struct flow_message *m, struct slice data);
/* A word of a rule, once. */
void flow_note_tag(struct flow *f, struct bytes text);
void flow_note_rule(struct flow *f, const char *label, const char *note);
/* `injected`: a rule made it. */
void flow_note_interim(struct flow *f, const struct head *head, bool injected);
/* How it ended; `sentence` NULL: the reason's own. */
void flow_note_end(struct flow *f, enum close_reason reason, const char *sentence);
/* Drops captured slices; the arena is the caller's to give back. */
void flow_drop_content(struct engine *e, struct flow *f);

#endif
