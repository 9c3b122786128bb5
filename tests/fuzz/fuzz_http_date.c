/* Dates of HTTP: any bytes are taken or refused, and what is taken lies between the years
 * 1601 and 9999. */
#include <stdlib.h>

#include "http/http_date.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const int64_t least = INT64_C(-11644473600000000), most = INT64_C(253402387200000000);
    int64_t us = 0;

    if (http_date_parse(bytes_make(data, len), &us) == STATUS_OK && (us < least || us > most))
        abort();
    return 0;
}
