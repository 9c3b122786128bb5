#include "http/h1_scan.h"

#include "http/message.h"

/* One row for each 16 bytes; from 0x80 on all are 0. */
const uint8_t http_token_table[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* controls */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* controls */
    0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 0, /*  !"#$%&'()*+,-./ */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, /* 0123456789:;<=>? */
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* @ABCDEFGHIJKLMNO */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, /* PQRSTUVWXYZ[\]^_ */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* `abcdefghijklmno */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0, /* pqrstuvwxyz{|}~ and DEL */
};

bool http_token_valid(struct bytes in)
{
    if (in.len == 0)
        return false;
    return h1_scan_token(in.ptr, in.ptr + in.len) == in.ptr + in.len;
}

bool http_value_valid(struct bytes in)
{
    if (in.len == 0)
        return true;
    return h1_scan_value(in.ptr, in.ptr + in.len) == in.ptr + in.len;
}
