/* template: a text of `then` with captures, request parts, $(uuid), $(now) and
 * $(random A to B) in it. Values are encoded for where they land. */
#ifndef WEIR_RULES_TEMPLATE_H
#define WEIR_RULES_TEMPLATE_H

#include "rules/compiler.h"
#include "rules/firing.h"

enum { TEMPLATE_PARTS = 256 };

/* Where the text lands:
 * TEXT    as it is
 * HEADER  as it is; CR, LF, NUL or another control makes template_render() fail
 * HTML    escaped for text and quoted attributes
 * JSON    escaped for the inside of a JSON string
 * URL     what was sent in a URL (captures, request.path, request.url) keeps its
 *         encoding, and only bytes that no URL may hold are encoded; after a '?' of
 *         the template it is encoded as one query value. All other values are
 *         encoded whole, unless the template starts with them.
 * QUERY   the value of one parameter: captures keep their encoding, all else is
 *         encoded. */
enum template_use {
    TEMPLATE_TEXT,
    TEMPLATE_HEADER,
    TEMPLATE_HTML,
    TEMPLATE_JSON,
    TEMPLATE_URL,
    TEMPLATE_QUERY,
};

struct template;

/* Unknown names are errors at their place. */
MUST_USE enum status template_parse(struct rule_compiler *c, const struct rule_text *text,
                                    enum template_use use, const struct template **ret_template);
/* The same of a scalar node. */
MUST_USE enum status template_parse_node(struct rule_compiler *c, const struct node *n,
                                         enum template_use use,
                                         const struct template **ret_template);
/* A template of this text as it is, which must live as long as the ruleset. */
MUST_USE enum status template_literal(struct rule_compiler *c, struct bytes text,
                                      enum template_use use, const struct template **ret_template);
/* The bytes live in the ruleset or in the exchange's arena. STATUS_REFUSED when a
 * header value would hold what it must not, STATUS_LIMIT over RULE_BODY_BYTES (or
 * HTTP_HEAD_BYTES for HEADER, URL and QUERY), STATUS_NO_MEMORY. */
MUST_USE enum status template_render(const struct template *t, struct firing *f,
                                     struct bytes *ret_text);
/* The text, when there is nothing to fill in; else ptr NULL. */
struct bytes template_fixed(const struct template *t);

#endif
