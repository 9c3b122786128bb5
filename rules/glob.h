/* glob: the patterns of `match` for paths, hosts and query values, compiled, and
 * matched without backtracking that grows faster than the text times the
 * pattern, whatever the peer sends.
 *
 *   path   `*` within a segment, a final "/" + `*` everything below, `**` across,
 *          <id> one segment or a part of it, not empty, <rest*> the rest
 *   host   `*` within a label, <id> as in a path
 *   value  `*` anything, <x> anything, kept
 *
 * Paths and values compare with %XX of unreserved characters decoded (RFC 3986
 * §6.2.2.2), other %XX in upper case, and bytes that no URL may hold encoded;
 * captures are slices of the text as it was sent. */
#ifndef WEIR_RULES_GLOB_H
#define WEIR_RULES_GLOB_H

#include "base/bytes.h"

enum {
    GLOB_PIECES = 80,
    GLOB_BYTES = 4096, /* of a pattern's text */
};

enum glob_kind { GLOB_PATH, GLOB_HOST, GLOB_VALUE };

enum glob_piece_kind {
    GLOB_TEXT,
    GLOB_WITHIN, /* any bytes but the separator */
    GLOB_NAME,   /* the same, at least one */
    GLOB_ACROSS, /* any bytes */
};

struct glob_piece {
    enum glob_piece_kind kind;
    int capture;       /* index, or -1 */
    struct bytes text; /* of TEXT, canonical */
};

struct glob {
    enum glob_kind kind;
    uint32_t count;
    const struct glob_piece *pieces;
    struct bytes text; /* as written */
};

struct rule_compiler;
struct rule_text;

/* Compiles `in`, a part of `text`; what is wrong with it is a diagnostic there. */
MUST_USE enum status glob_parse(struct rule_compiler *c, const struct rule_text *text,
                                struct bytes in, enum glob_kind kind, const struct glob **ret_glob);
/* On success writes the captures; else they may be changed too. */
bool glob_match(const struct glob *g, struct bytes in, struct bytes *captures);
/* Is it one text without wildcards? */
bool glob_literal(const struct glob *g);
/* What every match starts with; may be empty. Canonical. */
struct bytes glob_prefix(const struct glob *g);
/* The last piece's text, what every match ends with; may be empty. */
struct bytes glob_suffix(const struct glob *g);

/* One unit of a path as it was sent, at in.ptr[at]: its canonical bytes, one or
 * three, and how many bytes of `in` it took. */
struct url_unit {
    uint8_t bytes[3];
    uint8_t len;
    uint8_t raw;
};
struct url_unit url_unit_read(struct bytes in, size_t at);

#endif
