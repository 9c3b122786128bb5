/* console_text: pieces of a terminal's line. Bytes from the network are escaped on
 * their way in (text_put_terminal), so that whatever is measured and cut here is
 * printable UTF-8. Inner header of logs/. */
#ifndef WEIR_LOGS_CONSOLE_TEXT_H
#define WEIR_LOGS_CONSOLE_TEXT_H

#include "base/buf.h"

/* Colours stand beside words, never for them. */
enum console_style {
    STYLE_NONE,
    STYLE_DIM,
    STYLE_BOLD,
    STYLE_RED,
    STYLE_GREEN,
    STYLE_YELLOW,
    STYLE_BLUE,
    STYLE_MAGENTA,
    STYLE_CYAN,
};

/* Columns that the text takes. */
size_t console_columns(struct bytes text);
/* At most so many columns: the middle, or the end, gives way to "…". */
void console_put_middle_cut(struct buf *out, struct bytes text, size_t columns);
void console_put_end_cut(struct buf *out, struct bytes text, size_t columns);
void console_put_spaces(struct buf *out, size_t count);
/* Fills up with spaces behind, or in front, to so many columns. */
void console_put_left(struct buf *out, struct bytes text, size_t columns);
void console_put_right(struct buf *out, struct bytes text, size_t columns);
/* Nothing when `colour` is false. */
void console_put_style(struct buf *out, bool colour, enum console_style style);

#endif
