/* template_part: how a compiled template looks inside. */
#ifndef WEIR_RULES_TEMPLATE_PART_H
#define WEIR_RULES_TEMPLATE_PART_H

#include "rules/template.h"

enum template_part_kind {
    TEMPLATE_LITERAL,
    TEMPLATE_VARIABLE, /* within $json(…) */
    TEMPLATE_CAPTURE,
    TEMPLATE_SOURCED,
    TEMPLATE_RANDOM,
};

struct template_part;

/* A row of template_sources.def. value(): a slice of the request, or of `scratch`,
 * to which it was written. */
struct template_source {
    const char *word;
    bool named;
    bool sent;
    unsigned needs; /* of NEEDS_* */
    struct bytes (*value)(const struct template_part *part, struct firing *f, struct buf *scratch);
};

struct template_part {
    enum template_part_kind kind;
    bool first;        /* nothing stands before it */
    bool in_query;     /* a '?' stands before it */
    bool json;         /* $json(…): a JSON value, or a JSON string of it */
    struct bytes text; /* LITERAL, VARIABLE; SOURCED: the name */
    int capture;
    const struct template_source *source;
    int64_t low, high; /* RANDOM */
};

struct template
{
    enum template_use use;
    uint32_t count;
    const struct template_part *parts;
};

/* All rows. */
extern const struct template_source template_sources[];
extern const size_t template_source_count;

/* Bytes that no URL may hold are encoded; "%XX" stays. `more` lists others to keep. */
void url_put_legal(struct buf *out, struct bytes in, const char *more);

#endif
