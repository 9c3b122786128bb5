/* recorded: a request with its response as a HAR (1.2) or weir's own JSON Lines have it,
 * as a trial's input. */
#ifndef WEIR_CLI_RECORDED_H
#define WEIR_CLI_RECORDED_H

#include "base/bytes.h"

struct trial_input;

/* One record's JSON; what is made of it lives in the input's arena. END: it is no request
 * (a tunnel, a gap); BAD_INPUT, with *ret_fault saying what is wrong; NO_MEMORY. */
MUST_USE enum status recorded_read_har(struct bytes json, struct trial_input *in,
                                       const char **ret_fault);
MUST_USE enum status recorded_read_line(struct bytes json, struct trial_input *in,
                                        const char **ret_fault);

#endif
