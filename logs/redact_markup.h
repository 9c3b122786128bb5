/* redact_markup: secrets of XML and HTML, by the names of elements and attributes
 * ("<password>x</password>", "<a token='x'>"), and of what an attribute names ("<input
 * name='csrf_token' value='x'>"). It is no parser: it reads any text. */
#ifndef WEIR_LOGS_REDACT_MARKUP_H
#define WEIR_LOGS_REDACT_MARKUP_H

#include "logs/redact_spans.h"

struct redact_markup {
    const struct redactor *redactor;
    size_t at;
    bool in_tag;                /* `at` is behind a tag's name, or behind an attribute */
    bool named;                 /* that tag has an attribute that names a secret */
    bool opens;                 /* its content is secret: up to the end of its element */
    struct redact_span tag;     /* its name */
    struct redact_span element; /* name of the element whose content is secret; empty: none */
    bool leaf;                  /* only the text up to the next tag is */
};

/* A finder of redact_spans. */
enum redact_found redact_markup_find(void *self, struct bytes text, struct redact_span *span);

#endif
