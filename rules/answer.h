/* answer: a response that a rule makes, correct by RFC 9110 unless it is `raw`.
 * A plan is what the rule wrote with what its status implies; answer_make()
 * fills it in for one request. */
#ifndef WEIR_RULES_ANSWER_H
#define WEIR_RULES_ANSWER_H

#include "rules/template.h"

enum { ANSWER_FIELDS = 128, ANSWER_TRAILERS = 32 };

struct answer_field {
    struct bytes name;
    const struct template *value;
};

struct answer_plan {
    uint16_t status;
    bool raw;              /* what was written, nothing more */
    bool framed;           /* it says itself how long it is */
    bool early;            /* see struct answer */
    bool force;            /* 304 to every request */
    bool default_allow;    /* 405 that names no methods: the common ones but the request's */
    bool has_allow_origin; /* written by the rule: nothing is reflected */
    bool has_date, has_etag;
    const struct template *reason; /* NULL: the registered one */
    const struct template *body;   /* NULL: none */
    struct bytes media_type;       /* Content-Type to be added; len 0: none */
    uint32_t count;
    struct answer_field *fields; /* ANSWER_FIELDS of them while it is compiled */
    uint32_t trailer_count;
    struct answer_field *trailers;
};

/* In the exchange's arena. STATUS_REFUSED after a NOTE when a value cannot be sent;
 * STATUS_NO_MEMORY. */
MUST_USE enum status answer_new(const struct answer_plan *p, struct firing *f,
                                struct answer **ret_answer);
/* Appends the ANSWER effect. STATUS_END; STATUS_REFUSED after a NOTE when a value
 * cannot be sent; STATUS_NO_MEMORY. */
MUST_USE enum status answer_make(const struct answer_plan *p, struct firing *f);
/* Would it be right for this request? A 304 answers conditional ones only
 * (RFC 9110 §15.4.5). */
bool answer_applies(const struct answer_plan *p, const struct head *request);

/* answer_parse.c. `n` is a status, or the map of `respond`. */
MUST_USE enum status answer_parse(struct rule_compiler *c, const struct node *n,
                                  struct answer_plan *ret);
/* `n` is a status 1xx, or the map of `info`: an interim response, with nothing but what is
 * written (RFC 9110 §15.2). */
MUST_USE enum status answer_parse_info(struct rule_compiler *c, const struct node *n,
                                       struct answer_plan *ret);
/* A plain answer of that status, with what it needs; refused at `n` when it needs
 * what only the rule's author knows. */
MUST_USE enum status answer_of_status(struct rule_compiler *c, const struct node *n, int64_t status,
                                      struct answer_plan *ret);
/* `n` is a URL, or the map of `redirect`. */
MUST_USE enum status answer_parse_redirect(struct rule_compiler *c, const struct node *n,
                                           struct answer_plan *ret);

#endif
