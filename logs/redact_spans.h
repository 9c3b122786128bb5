/* redact_spans: secrets that are found by their place in a text. Each finder tells of
 * its next one; those that overlap go as one. */
#ifndef WEIR_LOGS_REDACT_SPANS_H
#define WEIR_LOGS_REDACT_SPANS_H

#include "logs/redact.h"

enum {
    REDACT_PSEUDONYM_BYTES = 17, /* "REDACTED:1a2b3c4d" */
    REDACT_FINDERS = 32,
};

/* In bytes of the text. */
struct redact_span {
    size_t start, end;
};

enum redact_found {
    REDACT_NOTHING,
    REDACT_FOUND,
    REDACT_GAVE_UP, /* it took too long, or there was no memory: the text goes as a whole */
};

struct redact_finder {
    /* The next secret, whose end is behind span->end. A secret that is empty is none. */
    enum redact_found (*find)(void *self, struct bytes text, struct redact_span *span);
    void *self;
    bool over;               /* for redact_spans */
    struct redact_span next; /* for redact_spans */
};

/* What `out` has from `from` on, searched by all finders and written anew if any of them
 * found something: true then. A pseudonym is never cut in two. */
bool redact_spans(const struct redactor *r, struct redact_finder *finders, size_t count,
                  struct buf *out, size_t from);

#endif
