/* bytes: a borrowed run of bytes. It owns nothing and is not NUL-terminated. */
#ifndef WEIR_BASE_BYTES_H
#define WEIR_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct bytes {
    const uint8_t *ptr; /* NULL only if len is 0 */
    size_t len;
};

#define BYTES(literal) ((struct bytes){(const uint8_t *)("" literal), sizeof(literal) - 1})
/* For static initialisers, where a compound literal is no constant. */
#define BYTES_INIT(literal)                                                                        \
    {                                                                                              \
        (const uint8_t *)("" literal), sizeof(literal) - 1                                         \
    }

/* The bytes of a C string, without its NUL; NULL gives no bytes. */
struct bytes bytes_of(const char *text);
struct bytes bytes_make(const void *ptr, size_t len);

bool bytes_equal(struct bytes a, struct bytes b);
/* ASCII case-insensitive; other bytes compare as they are. */
bool bytes_equal_icase(struct bytes a, struct bytes b);
bool bytes_starts_with(struct bytes all, struct bytes start);
bool bytes_ends_with(struct bytes all, struct bytes end);
/* Index of the first `byte`, or -1. */
ptrdiff_t bytes_find(struct bytes in, uint8_t byte);
/* Index of the first place where `needle` stands, or -1; an empty needle is at 0. */
ptrdiff_t bytes_search(struct bytes in, struct bytes needle);
/* Both clamp to what there is. */
struct bytes bytes_from(struct bytes in, size_t at);
struct bytes bytes_until(struct bytes in, size_t len);
/* Without spaces and tabs at both ends (OWS of RFC 9110 §5.6.3). */
struct bytes bytes_trim(struct bytes in);
/* Takes the next element of a comma-separated list (RFC 9110 §5.6.1) off *list,
 * trimmed; quoted strings are kept whole; false when none is left. Empty
 * elements are skipped. */
bool bytes_next_listed(struct bytes *list, struct bytes *ret_element);

uint8_t byte_lower(uint8_t c);

/* Decimal digits only, no sign, no space, at least one digit.
 * STATUS_BAD_INPUT, or STATUS_LIMIT when the value passes `max`. */
MUST_USE enum status bytes_to_u64(struct bytes in, uint64_t max, uint64_t *ret_value);
/* Hexadecimal digits of any case; at most 16. */
MUST_USE enum status bytes_hex_to_u64(struct bytes in, uint64_t *ret_value);

/* FNV-1a, 64 bits; for tables whose keys do not come from an enemy, or which
 * are bounded in size. */
uint64_t bytes_hash(struct bytes in, uint64_t seed);

#endif
