/* sizes: durations and byte sizes as people write them, both ways. */
#ifndef WEIR_BASE_SIZES_H
#define WEIR_BASE_SIZES_H

#include "base/buf.h"

/* "250us" "200ms" "5s" "2m" "1h" "7d", decimals allowed ("1.5s", at most nine),
 * "0" too. In µs, rounded up. STATUS_BAD_INPUT or STATUS_LIMIT, as below. */
MUST_USE enum status duration_parse(struct bytes in, int64_t *ret_us);
/* "10" (bytes) "10k" "64KiB" "1.5MB" "2GiB" "10kB"; KiB = 1024, kB and k = 1000;
 * a trailing B alone is bytes. Case counts. */
MUST_USE enum status size_parse(struct bytes in, int64_t *ret_bytes);
/* "64KiB/s" "100kB/s" "2Mbit/s": a size, or a number of bits with k, M or G (1000 each), for
 * each second; in bytes, rounded down. STATUS_BAD_INPUT or STATUS_LIMIT. */
MUST_USE enum status rate_parse(struct bytes in, int64_t *ret_bytes_s);
/* "840 µs", "12 ms", "1.2 s", "3 m 20 s"; never over 9 columns; "-" below 0.
 * Both writers cut, they do not round. */
void duration_put(struct buf *out, int64_t us);
/* "512 B", "1.2 KiB", "4.0 GiB"; "-" below 0. */
void size_put(struct buf *out, int64_t bytes);

#endif
