/* text: making bytes from the network safe for where they are shown. All
 * functions append to a buf, whose status tells of a failure. */
#ifndef WEIR_BASE_TEXT_H
#define WEIR_BASE_TEXT_H

#include "base/buf.h"

/* One code point off the front of `in`; its length in bytes, or 0 when the
 * bytes are not UTF-8 (overlong, surrogate, over U+10FFFF) or none is there. */
size_t utf8_decode(struct bytes in, uint32_t *ret_code_point);
bool utf8_valid(struct bytes in);
/* Columns of a terminal that a code point takes: 0, 1 or 2. */
int utf8_width(uint32_t code_point);

/* For a terminal, on one line: C0, DEL, C1, bidirectional controls, line and
 * paragraph separators and invalid UTF-8 become \n \r \t \e \xNN or \u{NNNN};
 * a backslash stays as it is. */
void text_put_terminal(struct buf *out, struct bytes in);
/* The same, but line feeds and tabs pass: for bodies. */
void text_put_terminal_lines(struct buf *out, struct bytes in);
/* A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD, one for
 * each. What a terminal must not see is escaped too, as \uNNNN. */
void text_put_json(struct buf *out, struct bytes in);
/* For HTML text and quoted attributes; controls become U+FFFD. */
void text_put_html(struct buf *out, struct bytes in);
/* One word for a POSIX shell, in single quotes when it needs them. It is for a
 * script, not for a terminal: bytes stay as they are; a NUL is left out. */
void text_put_shell(struct buf *out, struct bytes in);
void text_put_base64(struct buf *out, struct bytes in);
/* RFC 4648 §4: padding required, spare bits zero. STATUS_BAD_INPUT, or the
 * status of `out`; adds nothing on failure. */
MUST_USE enum status text_base64_decode(struct buf *out, struct bytes in);
void text_put_hex(struct buf *out, struct bytes in);

/* The word of `words` nearest to `word` by edit distance, for "did you mean";
 * NULL when none is near (distance over a third of the length, at least 1). Case
 * does not count, two letters swapped count as one step. */
const char *text_nearest(struct bytes word, const char *const *words, size_t count);

#endif
