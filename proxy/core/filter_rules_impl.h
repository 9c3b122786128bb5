/* filter_rules_impl: what the files of filter_rules share. For them only. */
#ifndef WEIR_PROXY_CORE_FILTER_RULES_IMPL_H
#define WEIR_PROXY_CORE_FILTER_RULES_IMPL_H

#include "proxy/core/content.h"
#include "proxy/core/exchange.h"
#include "proxy/core/filter_rules.h"
#include "proxy/core/flow_tap.h"
#include "proxy/core/gather.h"
#include "proxy/core/rule_job.h"
#include "rules/head_edit.h"

enum { RESPONSE_EDITS = 64, TRAILER_EDITS = 32 };

enum rules_state {
    RULES_WAIT_REQUEST,          /* for the request's head */
    RULES_WAIT_REQUEST_JOB,      /* for the rules, which are asked off the loop */
    RULES_WAIT_REQUEST_CONTENT,  /* all of it, for the rules to look at */
    RULES_WAIT_REQUEST_DELAY,    /* the request is held */
    RULES_WAIT_GATHER,           /* the same, until others have come */
    RULES_WAIT_REQUEST_BODY,     /* it is read, to be answered then */
    RULES_WAIT_ANSWER_DELAY,     /* the answer is held */
    RULES_WAIT_RESPONSE,         /* the request has gone on */
    RULES_WAIT_RESPONSE_CONTENT, /* all of it, for the rules to look at or to change */
    RULES_WAIT_RESPONSE_JOB,     /* for the rules, or for edits of the content, off the loop */
    RULES_WAIT_RESPONSE_DELAY,   /* the response is held */
    RULES_DONE_WITH,             /* nothing more to do but pass, or drop content */
};

/* Edits of one message's trailer section. */
struct trailer_edits {
    const struct effect *items[TRAILER_EDITS];
    uint32_t count;
    bool made;
};

struct filter_rules {
    struct filter filter;
    enum rules_state state;
    struct rule_run *run;
    enum rule_need need;
    struct timer timer;
    int64_t request_delay_us, response_delay_us;
    const struct answer *answer;
    const struct abort *abort;
    const struct effect *gather; /* NULL: no others are waited for */
    bool gathered;               /* they are, or were */
    struct gather_wait gather_wait;
    /* of the response, whoever makes it; in the order of the rules */
    const struct effect *edits[RESPONSE_EDITS];
    uint32_t edit_count, body_edits; /* the latter are among them */
    struct trailer_edits request_trailers, response_trailers;
    struct body_draft draft;     /* of the content that goes to the client */
    struct rule_job *edits_made; /* what became of its edits; NULL: not made yet */
    struct rule_job *done;       /* all jobs that came back: what they made is in use */
    size_t read_bytes;           /* of the request's body, thrown away */
    struct content request, response;
};

/* filter_rules_take.c: notes an effect down, or does it at once. */
void rules_take(struct filter_rules *r, const struct effect *effect);
/* Notes the edits of contents as `edited` says (NULL: `fault` is why none was made), and
 * makes those of the head, all in their order. */
void rules_edit_response(struct filter_rules *r, struct head *head, const struct edited *edited,
                         const char *fault);
/* On the loop: a job has ended. */
void rules_job_done(struct filter_rules *r, struct rule_job *j);
/* Emits an event of `way`, with the trailers edited. */
void rules_emit(struct filter_rules *r, enum http_side way, const struct message_event *ev);

#endif
