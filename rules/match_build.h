/* match_build: a match while it is compiled. */
#ifndef WEIR_RULES_MATCH_BUILD_H
#define WEIR_RULES_MATCH_BUILD_H

#include "rules/match.h"

/* Tests that belong together; jumps among them count from the first one, and
 * MATCH_YES and MATCH_NO lead out. */
struct match_block {
    struct match_test *tests;
    uint32_t count;
    int cost;
};

/* A match, or a part of one below `any` or `not`: blocks that must all hold. */
struct match_builder {
    struct rule_compiler *c;
    unsigned depth;   /* below how many `all`, `any` and `not` */
    uint32_t methods; /* of all keys so far that name methods */
    bool method_given;
    uint8_t schemes;
    uint16_t port;                        /* one port, tested at the gate; 0: none */
    const struct match_test *host, *path; /* that an `any` in it implies; NULL: none */
    uint32_t count;
    struct match_block blocks[MATCH_TESTS];
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

/* Keeps the blocks sorted by cost. */
MUST_USE enum status block_add(struct match_builder *b, const struct node *n,
                               struct match_block block);
/* Appends `block` to `to`, which has room; what leads out of it leads to `yes` and `no`. */
void block_put(struct match_block *to, const struct match_block *block, uint16_t yes, uint16_t no);
/* All blocks of `b` as one: each holds, or all fails. */
MUST_USE enum status blocks_join(struct match_builder *b, const struct node *n,
                                 struct match_block *ret_block);
/* The first test of that kind that must hold, or what an `any` implies, or NULL. */
const struct match_test *builder_host(const struct match_builder *b);
const struct match_test *builder_path(const struct match_builder *b);

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

/* The value of `match`, or of one element of `all`, `any` and `not`. */
MUST_USE enum status match_form_parse(struct match_builder *b, const struct node *n);
/* match_any.c: the combinators. */
MUST_USE enum status match_all_parse(struct match_builder *b, const struct node *n);
MUST_USE enum status match_any_parse(struct match_builder *b, const struct node *n);
MUST_USE enum status match_not_parse(struct match_builder *b, const struct node *n);
/* match_response.c: what comes back. */
MUST_USE enum status match_response_parse(struct match_builder *b, const struct node *n);
/* match_keys.c: bodies, and a map from field names to what their values must be. */
MUST_USE enum status match_names(struct match_builder *b, const struct node *map,
                                 struct match_test test);
MUST_USE enum status match_body(struct match_builder *b, const struct node *n, bool response);
MUST_USE enum status match_body_parse(struct match_builder *b, const struct node *n);
/* match_json.c */
MUST_USE enum status match_json(struct match_builder *b, const struct node *n, bool response);
MUST_USE enum status match_json_parse(struct match_builder *b, const struct node *n);
/* match_peer.c: who asks, and over what. */
MUST_USE enum status match_client_parse(struct match_builder *b, const struct node *n);
MUST_USE enum status match_version_parse(struct match_builder *b, const struct node *n);
MUST_USE enum status match_tls_parse(struct match_builder *b, const struct node *n);

/* What a key does with one of its values that is not a ~pattern. match_keys.c */
struct value_reader {
    struct match_builder *b;
    enum status (*read)(const struct value_reader *r, const struct rule_text *text,
                        struct choices *choices);
    bool takes_null; /* a plain null is a value there */
};
/* One value, or a list of which any must hold, as a test. */
MUST_USE enum status values_test(const struct value_reader *r, const struct node *n,
                                 struct match_test test);
/* A text as it is, or present, or absent. */
MUST_USE enum status value_read_text(const struct value_reader *r, const struct rule_text *text,
                                     struct choices *choices);
MUST_USE enum status value_read_host(const struct value_reader *r, const struct rule_text *text,
                                     struct choices *choices);
/* match_short.c: the short form. */
MUST_USE enum status match_short_parse(struct match_builder *b, const struct node *n);
/* match_keys.c: the map form. */
MUST_USE enum status match_map_parse(struct match_builder *b, const struct node *map);

#endif
