#include "proxy/core/close_reason.h"

static const struct close_reason_row rows[CLOSE_REASONS] = {
#define CLOSE_REASON(name, text, error, status, sentence) {text, sentence, error, status},
#include "proxy/core/close_reasons.def"
#undef CLOSE_REASON
};

const struct close_reason_row *close_reason_row(enum close_reason reason)
{
    return &rows[reason < CLOSE_REASONS ? reason : CLOSE_NO_MEMORY];
}
