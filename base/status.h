/* status: what a function of weir answers. 0 is success, above 0 is progress
 * that needs the caller to do something, below 0 is failure. The rows stand in
 * status.def. Outputs named ret_ are untouched on failure unless said otherwise. */
#ifndef WEIR_BASE_STATUS_H
#define WEIR_BASE_STATUS_H

enum status {
#define STATUS(name, value, sentence) STATUS_##name = (value),
#include "base/status.def"
#undef STATUS
};

/* The result must be looked at. */
#define MUST_USE __attribute__((warn_unused_result))

/* A sentence for people; static storage. */
const char *status_sentence(enum status st);

#endif
