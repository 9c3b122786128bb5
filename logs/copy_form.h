/* copy_form: what the forms of copy_as.h are given. Inner header of logs/. */
#ifndef WEIR_LOGS_COPY_FORM_H
#define WEIR_LOGS_COPY_FORM_H

#include "logs/copy_as.h"

enum {
    COPY_ARGUMENT_BYTES = 64 * 1024, /* longer texts are no argument: Linux allows 128 KiB */
};

/* A request as it is to be sent again; all of it redacted if that was asked for. */
struct copy_request {
    struct bytes method, url;
    struct bytes target; /* the URL's path and query; "*" */
    /* Without what frames the message, belongs to one connection, or says what the URL
     * says: Host is here only if it differs. */
    struct fields fields;
    struct bytes body;
    bool has_body;     /* an empty one, too */
    bool upgrade;      /* it asks for another protocol */
    struct buf *notes; /* lines for who reads it */
    struct arena *arena;
};

/* A sentence above the command, static or made of numbers: nothing of the network. */
void copy_note(struct copy_request *r, const char *sentence);
bool copy_has(const struct copy_request *r, enum field_id id);
/* For forms that take one line of a name. False: an earlier line has that name. Else
 * `out`, emptied, has the values of all its lines, joined (RFC 9110 §5.3). */
bool copy_join(const struct copy_request *r, uint32_t at, struct buf *out);
/* For forms that tidy a URL by themselves, what will differ is noted, and `out` gets it with
 * all bytes but printable ASCII encoded. */
void copy_put_url_ascii(struct copy_request *r, struct buf *out);

/* copy_shell.c: words that sh, dash, bash, zsh and fish (3.4) take alike. */
/* Could be read on a terminal, and survives being pasted there. */
bool copy_is_plain(struct bytes in);
/* One word; '…' or, where it is not plain, "$(printf '…')". Has no NUL and no line feed at
 * its end in the second case. */
void copy_put_word(struct buf *out, struct bytes in);
/* The same for a word made of two parts. */
void copy_put_words(struct buf *out, struct arena *a, const char *before, struct bytes in);
/* "printf '…'": a command that prints the bytes, whatever they are. */
void copy_put_printf(struct buf *out, struct bytes in);

#endif
