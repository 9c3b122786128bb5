/* copy_as: a flow's request as a command or program that sends it again. One row in
 * copy_forms.def and one file for each form. What is printed is safe for any shell: no
 * byte of the request can act there. docs/copy_replay.md says what each form cannot
 * express; it is said above the command too. */
#ifndef WEIR_LOGS_COPY_AS_H
#define WEIR_LOGS_COPY_AS_H

#include "logs/flow.h"
#include "logs/redact.h"

enum {
    COPY_AS_BYTES = 512 * 1024 * 1024, /* of one command: a binary body takes four times its size */
    COPY_NOTES_BYTES = 4096,
};

struct copy_request; /* opaque: copy_form.h */

struct copy_form {
    const char *name; /* the word of --copy-as */
    const char *help;
    const char *comment; /* what begins a comment; NULL: it has none */
    enum status (*put)(struct copy_request *r, struct buf *out);
};

#define COPY_FORM(name) extern const struct copy_form copy_form_##name;
#include "logs/copy_forms.def"
#undef COPY_FORM
/* NULL when there is none of that name. */
const struct copy_form *copy_form_find(const char *name);
/* "curl, httpie, …" for messages. */
void copy_form_put_names(struct buf *out);

/* Appends the request as the client sent it, and above it, as comments, what is to be
 * known of it: that its body is not whole, that secrets were taken out. In a form without
 * comments these go to `notes` (COPY_NOTES_BYTES), a line each.
 * NOT_FOUND: the flow has no request (a tunnel); LIMIT; NO_MEMORY. */
MUST_USE enum status copy_as_put(const struct copy_form *form, const struct redactor *redactor,
                                 const struct flow *f, struct buf *out, struct buf *notes);

#endif
