/* retry_audit: how clients ask again after a fault that a rule injected: how often, with
 * what pauses, whether they heed Retry-After, and whether they repeat what may not be
 * repeated (RFC 9110 §9.2.2, §10.2.3). Fed with flows in the order of their ends, of
 * running traffic or of a store; judges when all have come. Of one thread.
 *
 * The same request is one of the same client address and user, with the same method, URL
 * and body. It is a retry when it starts within RETRY_WINDOW_US after the end of one that
 * failed and that no other has followed. What a rule sent by itself (duplicates) is nobody's retry.
 */
#ifndef WEIR_LOGS_RETRY_AUDIT_H
#define WEIR_LOGS_RETRY_AUDIT_H

#include "logs/flow.h"
#include "logs/redact.h"

enum {
    RETRY_KEYS = 4096,     /* requests with faults that are followed */
    RETRY_ATTEMPTS = 64,   /* of one of them that are kept */
    RETRY_RECENT = 64,     /* attempts remembered for a fault that is told after them */
    RETRY_EPISODES = 1024, /* in the result */
    RETRY_PAUSES = 16,     /* shown of each */
    RETRY_URL_BYTES = 256, /* shown; with the NUL */
    RETRY_METHOD_BYTES = 24,
};
#define RETRY_WINDOW_US (INT64_C(120) * 1000000) /* and besides what Retry-After asks for */

/* What was injected. */
enum retry_fault {
    RETRY_FAULT_NONE,
    RETRY_FAULT_STATUS,     /* an error status in the origin's place */
    RETRY_FAULT_ABORT,      /* the exchange was cut off */
    RETRY_FAULT_CONNECTION, /* name lookup, connection or TLS failed */
    RETRY_FAULT_DELAY,      /* so long a delay that the client left */
};

enum retry_answer { RETRY_UNKNOWN, RETRY_NO, RETRY_YES };

/* A fault, and what the client made of it until the request went well or was given up. */
struct retry_episode {
    char method[RETRY_METHOD_BYTES], url[RETRY_URL_BYTES]; /* redacted; cut */
    char id[FLOW_ID_TEXT];                                 /* of the flow with the fault */
    int64_t started_us;
    enum retry_fault fault;
    uint16_t status;                 /* of the fault; 0: none */
    uint32_t faults;                 /* injected in all, the first one with */
    uint32_t retries;                /* how often it was asked again */
    int64_t pauses_us[RETRY_PAUSES]; /* from the end of one to the start of the next */
    uint32_t pause_count;
    enum retry_answer backoff; /* do the pauses grow? Not known of fewer than two */
    enum retry_answer obeyed;  /* Retry-After; not known where none was sent or nothing came */
    bool idempotent;           /* by its method */
    bool same_key;             /* all carry the same Idempotency-Key */
    bool recovered;            /* the last one went well */
    uint16_t last_status;
    uint64_t marks; /* all that retry_audit_flow() was told for its faults */
};

/* Repeated though its method is not idempotent, and without an Idempotency-Key. */
bool retry_unsafe(const struct retry_episode *e);

struct retry_audit; /* opaque */

/* `redactor` is copied. NULL when out of memory. */
struct retry_audit *retry_audit_new(const struct redactor *redactor);
void retry_audit_free(struct retry_audit *a); /* NULL is fine */
/* `marks`: bits of the caller's own, kept for the faults. NO_MEMORY: it was not seen, and
 * the audit is cut. */
MUST_USE enum status retry_audit_flow(struct retry_audit *a, const struct flow *f, uint64_t marks);
/* When all have come; once. NO_MEMORY: there are no episodes. */
MUST_USE enum status retry_audit_finish(struct retry_audit *a);
/* After that: the episodes, in the order of their starts. */
uint32_t retry_audit_count(const struct retry_audit *a);
const struct retry_episode *retry_audit_at(const struct retry_audit *a, uint32_t i);
/* More came than could be followed. */
bool retry_audit_cut(const struct retry_audit *a);
/* Do the first pauses of the episodes with these marks (0: all) differ by more than a
 * tenth? Not known of fewer than two. */
enum retry_answer retry_audit_jitter(const struct retry_audit *a, uint64_t marks);

enum retry_fault retry_fault_of(const struct flow *f);
const char *retry_fault_text(enum retry_fault fault);    /* "status" "abort" … */
const char *retry_answer_text(enum retry_answer answer); /* "yes" "no" "unknown" */

#endif
