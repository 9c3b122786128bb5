/* expect: what is expected of traffic: the `expect` section of a configuration, and
 * --fail-if. verdict.h judges by it. docs/verdicts.md is the manual. */
#ifndef WEIR_LOGS_EXPECT_H
#define WEIR_LOGS_EXPECT_H

#include "config/schema.h"
#include "logs/expect_phrase.h"
#include "logs/filter.h"

enum {
    EXPECTS = 256,                   /* expectations */
    EXPECT_STATUSES = 16,            /* codes and ranges of one */
    EXPECT_STEPS = 32,               /* filters of one `in order` */
    EXPECT_RETRIED = 32,             /* expectations with `retried` */
    EXPECT_BYTES = 16 * 1024 * 1024, /* of all their texts */
};

/* What an expectation may ask for; each is judged by itself. */
enum expect_check {
    EXPECT_COUNT,   /* so many flows match */
    EXPECT_STATUS,  /* all have one of these statuses */
    EXPECT_OK,      /* all have a status below 400, or none has */
    EXPECT_UNDER,   /* all took less time, injected delays apart */
    EXPECT_ORDER,   /* the filters match one after the other */
    EXPECT_RETRIES, /* clients ask again in that manner */
    EXPECT_CHECKS
};

struct expect {
    struct bytes name;    /* shown; never empty */
    const char *file;     /* where it is defined: "proxy.yaml", "--fail-if" */
    uint32_t line;        /* 0: no file */
    struct filter *match; /* owned; takes all flows where nothing is said */
    unsigned checks;      /* bits: 1 << enum expect_check */
    struct expect_count count;
    struct expect_status statuses[EXPECT_STATUSES];
    uint32_t status_count;
    bool ok;
    int64_t under_us;
    struct filter *steps[EXPECT_STEPS]; /* owned */
    uint32_t step_count;
    struct expect_retries retries;
    uint32_t retried; /* which one of those with `retried`: from 0 */
};

struct expects {
    struct arena arena;   /* of their texts */
    struct expect *items; /* owned */
    uint32_t count, cap, retried;
};

void expects_init(struct expects *e);
void expects_release(struct expects *e);
/* Adds those of the section. `now_us` (since 1970) is for filter_parse(). STATUS_BAD_CONFIG
 * with diagnostics, when any is wrong; NO_MEMORY. What cannot be met, or is never looked
 * at, is a warning. */
MUST_USE enum status expects_read(struct expects *e, const struct config_reader *r,
                                  const struct node *list, int64_t now_us);
/* Adds "no flow matches `filter`", which is taken over on OK; `file` is borrowed.
 * LIMIT, NO_MEMORY. */
MUST_USE enum status expects_add_never(struct expects *e, struct filter *filter, const char *file);
/* Does the filter ask for the kind itself? All others see requests only, neither tunnels
 * nor refused connections. */
bool expect_names_kind(const struct filter *f);
/* The status is one of those. */
bool expect_takes_status(const struct expect *e, uint16_t status);

/* The keys of one expectation, for who describes the language. */
extern const struct config_section *const expect_section;

#endif
