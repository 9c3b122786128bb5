/* conn_fault: the value of the verbs tls, dns and connect: a word of conn_faults.def, with
 * some of them a value behind it; in map form { word: value }. */
#ifndef WEIR_RULES_CONN_FAULT_H
#define WEIR_RULES_CONN_FAULT_H

#include "rules/delay_parse.h"
#include "rules/firing.h"

struct fault_args {
    enum conn_fault_kind kind;
    uint8_t alert;
    struct delay_range held;
};

/* `verb` is the verb's name in the table. BAD_CONFIG with a diagnostic. */
MUST_USE enum status fault_parse(struct rule_compiler *c, const char *verb, const struct node *n,
                                 struct fault_args *args);
/* verb.apply of all three. */
enum status fault_apply(const void *args, struct firing *f);

#endif
