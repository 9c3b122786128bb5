/* rule_job: rules at work off the loop: where a search or a content would hold the loop
 * for too long. While a job is outside, its exchange is kept, even when it is over. */
#ifndef WEIR_PROXY_CORE_RULE_JOB_H
#define WEIR_PROXY_CORE_RULE_JOB_H

#include "proxy/core/engine.h"
#include "proxy/core/grave.h"
#include "rules/body_edit.h"

struct exchange;
struct filter_rules;

enum { RULE_JOB_BYTES = 32 * 1024 * 1024 }; /* of a job's arena */

/* What became of an edit of a content. */
struct edited {
    const char *note; /* NULL: none was made */
    bool changed;
};

struct rule_job {
    struct rule_job *next;      /* in the engine's list, then in the filter's */
    struct filter_rules *rules; /* whose it is */
    struct ruleset *set;        /* a reference */
    struct arena arena;         /* of all that follows */
    uint32_t number;
    /* a step */
    struct rule_run *run;
    struct rule_view view;
    struct rule_tls tls;
    struct effects effects;
    enum rule_need need;
    enum status status;
    /* or edits, of `count` */
    const struct effect *const *edits;
    uint32_t count;
    struct bytes content;
    struct body_draft *draft;
    struct edited *edited;
    struct grave grave;
};

/* Makes the edits of contents among `edits`, one after the other; what it says of them
 * lives in `arena`. STATUS_NO_MEMORY. */
MUST_USE enum status rule_edits_make(struct rule_job *j);

/* A job that is not started yet; NULL when out of memory. */
struct rule_job *rule_job_new(struct filter_rules *r);
/* Nothing was started. */
void rule_job_free(struct rule_job *j);
/* A step: `view` is copied, with what belongs to the session. rules_job_done() is called
 * in the end, on the loop, but not when the exchange was over before. NO_MEMORY: nothing
 * was started. */
MUST_USE enum status rule_job_step(struct rule_job *j, struct rule_run *run,
                                   const struct rule_view *view);
/* The same for the job's edits, which are filled in. */
MUST_USE enum status rule_job_edits(struct rule_job *j);
/* Of no more use: its memory goes when this event is done. */
void rule_job_retire(struct rule_job *j);
/* EVENT_JOB_DONE; false: it is no such job. */
bool rule_job_done(struct engine *e, uint32_t number);
/* All of them, when the engine ends; no job may be outside any more. */
void rule_job_free_all(struct engine *e);

#endif
