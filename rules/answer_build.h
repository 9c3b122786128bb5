/* answer_build: an answer while it is compiled. */
#ifndef WEIR_RULES_ANSWER_BUILD_H
#define WEIR_RULES_ANSWER_BUILD_H

#include "rules/answer.h"

/* `respond` as it was written; NULL: not written. */
struct answer_form {
    const struct node *status, *reason, *headers, *trailers;
    const struct node *text, *json, *file, *html, *problem;
    const struct node *location, *to, *retry_after, *challenge, *allow;
    bool raw, early, force;
};

struct answer_builder {
    struct rule_compiler *c;
    const struct node *at; /* what stands for the whole answer in diagnostics */
    const struct answer_form *form;
    bool no_location; /* `to: none` */
    bool has_type;    /* Content-Type was written */
    struct answer_plan plan;
    struct answer_field fields[ANSWER_FIELDS];
};

MUST_USE enum status answer_add(struct answer_builder *b, struct bytes name,
                                const struct template *value);
/* A value of ours; static. */
MUST_USE enum status answer_add_text(struct answer_builder *b, struct bytes name,
                                     const char *value);
bool answer_has(const struct answer_builder *b, struct bytes name);
/* An error about the whole answer. Always STATUS_BAD_CONFIG. */
enum status answer_error(struct answer_builder *b, const char *message);

/* answer_body.c: the body that the form names, if any. */
MUST_USE enum status answer_body_parse(struct answer_builder *b);
/* answer_needs.c: what the status implies, added or refused; and the body that
 * explains an error when none was written. */
MUST_USE enum status answer_needs(struct answer_builder *b);

#endif
