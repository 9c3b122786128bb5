/* siphash: SipHash-2-4 (Aumasson, Bernstein 2012), a keyed hash: without the key
 * nobody can tell which of some guesses a hash belongs to. */
#ifndef WEIR_LOGS_SIPHASH_H
#define WEIR_LOGS_SIPHASH_H

#include "base/bytes.h"

enum { SIPHASH_KEY_BYTES = 16 };

uint64_t siphash(const uint8_t key[static SIPHASH_KEY_BYTES], struct bytes in);

#endif
