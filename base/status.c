#include "base/status.h"

const char *status_sentence(enum status st)
{
    switch (st) {
#define STATUS(name, value, sentence)                                                              \
    case STATUS_##name:                                                                            \
        return sentence;
#include "base/status.def"
#undef STATUS
    }
    return "an unknown status";
}
