/* content: one message held whole for the rules: its events as they came, and its
 * content decoded. What is held is credited to its sender at once, and counts against
 * COLLECT_BYTES and COLLECT_TOTAL_BYTES until what goes on was taken by the far side. */
#ifndef WEIR_PROXY_CORE_CONTENT_H
#define WEIR_PROXY_CORE_CONTENT_H

#include "proxy/core/event_hold.h"
#include "rules/ruleset.h"

struct content {
    struct filter *filter; /* whose it is */
    enum http_side way;
    struct event_hold hold;
    size_t prepaid; /* credited, but not yet taken by the far side */
    bool ready;     /* `body` is filled */
    struct buf wire, decoded;
    size_t kept; /* bytes of these */
    struct rule_body body;
};

void content_init(struct content *c, struct filter *filter, enum http_side way);
void content_release(struct content *c);
/* Holds an event without credit: the sender stops by itself. */
MUST_USE enum status content_hold(struct content *c, const struct message_event *ev);
/* What is held by now is collected: credited; ready if it is all. */
MUST_USE enum status content_begin(struct content *c);
/* Holds it and credits it; the last one, or one too many, makes the content ready. */
MUST_USE enum status content_collect(struct content *c, const struct message_event *ev);
/* No rule will look at it any more. */
void content_forget(struct content *c);
/* Ready without being collected: for this reason it cannot be had. */
void content_refuse(struct content *c, const char *fault);
/* Ready, as there is no content. */
void content_none(struct content *c);
/* So much that went on was taken: credits what was not credited before. */
void content_taken(struct content *c, size_t bytes);
/* Drops what is held; it counts as taken. Answers how much it was. */
size_t content_drop(struct content *c);
/* Puts `changed` in the place of what is held: goes on when the hold is emitted. */
MUST_USE enum status content_replace(struct content *c, struct bytes changed);

#endif
