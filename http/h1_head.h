/* h1_head: request and status lines, and what the fields of a head say about
 * its framing, its target and its connection. RFC 9112 §2–6; the refusals are
 * weir's own table (docs/ARCHITECTURE.md). */
#ifndef WEIR_HTTP_H1_HEAD_H
#define WEIR_HTTP_H1_HEAD_H

#include "http/h1_reader.h"

enum {
    HTTP_EMPTY_LINES = 4,         /* passed over before a request line */
    HTTP_CONNECTION_OPTIONS = 64, /* in all Connection fields of a head */
};

/* What a response answers. */
struct h1_asked {
    bool head, connect, upgrade;
};

/* Parses a head at the start of r's bytes into r->scratch->head; r->at is then
 * behind it. `asked` is NULL for a request.
 * STATUS_NEED_MORE  it is not whole; nothing but the start line was judged
 * STATUS_BAD_MESSAGE, STATUS_LIMIT  refused, see r->fault
 * Answers the same for a head that comes whole as for one that comes in parts:
 * a bad start line once that line is there, all else once the head is. */
enum status h1_head_parse(struct h1_reader *r, const struct h1_asked *asked);
/* Judges the start line alone; STATUS_NEED_MORE when it is not whole. */
enum status h1_start_line_parse(struct h1_reader *r);

/* h1_framing.c: what the fields of a parsed head say. */
enum status h1_judge_request(struct h1_reader *r);
enum status h1_judge_response(struct h1_reader *r, const struct h1_asked *asked);
/* h1_target.c: form, scheme, authority and path of a request target. */
enum status h1_judge_target(struct h1_reader *r);
/* Host against the target (RFC 9112 §3.2). */
enum status h1_judge_host(struct h1_reader *r);

enum h1_codings {
    H1_CODINGS_CHUNKED, /* chunked and nothing else */
    H1_CODINGS_OUTER,   /* others we know, then chunked */
    H1_CODINGS_UNKNOWN, /* one we do not know, then chunked */
    H1_CODINGS_BAD,     /* does not end in exactly one chunked */
};
/* Of all Transfer-Encoding lines together (RFC 9112 §6.1, §7). */
enum h1_codings h1_codings_of(const struct fields *f);

#endif
