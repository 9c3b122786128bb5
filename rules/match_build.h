/* match_build: a match while it is compiled. */
#ifndef WEIR_RULES_MATCH_BUILD_H
#define WEIR_RULES_MATCH_BUILD_H

#include "rules/match.h"

struct match_builder {
    struct rule_compiler *c;
    uint32_t methods; /* of all keys so far that name methods */
    bool method_given;
    uint8_t schemes;
    uint16_t port; /* one port, tested at the gate; 0: none */
    uint32_t count;
    struct match_test tests[MATCH_TESTS];
};

/* The choices of one test while they are collected. */
struct choices {
    uint32_t count;
    struct choice items[MATCH_CHOICES];
};

/* At `text`'s node when there are too many. */
MUST_USE enum status choice_add(struct match_builder *b, const struct rule_text *text,
                                struct choices *choices, struct choice choice);
/* A test of these choices; does nothing when there are none. */
MUST_USE enum status test_add(struct match_builder *b, const struct rule_text *text,
                              struct match_test test, const struct choices *choices);

/* Parts that both forms have. `in` is a slice of text->all. */
MUST_USE enum status method_names_parse(struct match_builder *b, const struct rule_text *text,
                                        struct bytes in, struct choices *ret_choices);
/* Both forms end with this: what the methods collected mean. */
MUST_USE enum status methods_add(struct match_builder *b, const struct rule_text *text,
                                 const struct choices *choices);
MUST_USE enum status scheme_parse(struct match_builder *b, const struct rule_text *text,
                                  struct bytes in, uint8_t *ret_bits);
MUST_USE enum status host_parse(struct match_builder *b, const struct rule_text *text,
                                struct bytes in, struct choices *choices);
MUST_USE enum status port_parse(struct match_builder *b, const struct rule_text *text,
                                struct bytes in, uint16_t *ret_port);
MUST_USE enum status path_parse(struct match_builder *b, const struct rule_text *text,
                                struct bytes in, struct choices *choices);

/* match_short.c: the short form. */
MUST_USE enum status match_short_parse(struct match_builder *b, const struct node *n);
/* match_keys.c: the map form. */
MUST_USE enum status match_map_parse(struct match_builder *b, const struct node *map);

#endif
