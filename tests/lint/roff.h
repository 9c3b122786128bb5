/* roff: manual pages in the man(7) macros, which man-db and mandoc read. Text is escaped:
 * nothing in it is a request, an escape or a special character. */
#ifndef WEIR_TESTS_ROFF_H
#define WEIR_TESTS_ROFF_H

#include "base/buf.h"

/* "weir-run(1)" and so on: the head of a page, with its NAME section. */
void roff_begin(struct buf *out, const char *name, int section, const char *what);
void roff_section(struct buf *out, const char *title);
void roff_subsection(struct buf *out, const char *title);
/* Text; `x` in it is set bold, "-" stays a minus. */
void roff_put(struct buf *out, const char *text);
/* The same, and the end of a line. */
void roff_line(struct buf *out, const char *text);
/* A paragraph of it; line feeds within are spaces. */
void roff_paragraph(struct buf *out, const char *text);
/* A term, bold, and an argument behind it in italics (NULL: none); text follows. */
void roff_term(struct buf *out, const char *term, const char *argument);
/* Lines as they are, indented. */
void roff_example(struct buf *out, const char *lines);
/* "see also": a page, and whether another one follows. */
void roff_page(struct buf *out, const char *name, int section, bool more);

#endif
