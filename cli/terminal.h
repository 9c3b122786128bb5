/* terminal: what may be shown on a stream. */
#ifndef WEIR_CLI_TERMINAL_H
#define WEIR_CLI_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

/* `when` is --color ("auto", "always", "never", NULL: auto), which wins; then
 * NO_COLOR, then FORCE_COLOR and CLICOLOR_FORCE, then whether it is a terminal that
 * knows colours. */
bool terminal_colour(const char *when, int fd);
/* May it be written to in UTF-8? What is no terminal may; of one the locale tells. */
bool terminal_utf8(int fd);
/* 0 when it is no terminal. */
uint32_t terminal_columns(int fd);

#endif
