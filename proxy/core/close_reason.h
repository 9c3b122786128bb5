/* close_reason: how things end. Rows: close_reasons.def. */
#ifndef WEIR_PROXY_CORE_CLOSE_REASON_H
#define WEIR_PROXY_CORE_CLOSE_REASON_H

#include <stdbool.h>
#include <stdint.h>

enum close_reason {
#define CLOSE_REASON(name, text, error, status, sentence) CLOSE_##name,
#include "proxy/core/close_reasons.def"
#undef CLOSE_REASON
    CLOSE_REASONS
};

struct close_reason_row {
    const char *text, *sentence;
    bool error;
    uint16_t status;
};
/* Static. */
const struct close_reason_row *close_reason_row(enum close_reason reason);

#endif
