/* sip_hash: SipHash-2-4 (Aumasson, Bernstein 2012), a keyed hash: without the key nobody
 * can tell which of some guesses a hash belongs to, or make two texts collide on purpose.
 * The same on every machine, so that what is drawn by it repeats. */
#ifndef WEIR_BASE_SIP_HASH_H
#define WEIR_BASE_SIP_HASH_H

#include "base/bytes.h"

enum { SIP_HASH_KEY_BYTES = 16 };

uint64_t sip_hash_keyed(const uint8_t key[static SIP_HASH_KEY_BYTES], struct bytes in);
/* With the key (key, 0). */
uint64_t sip_hash(uint64_t key, struct bytes in);
/* Of the eight bytes of `value`, the lowest first. */
uint64_t sip_hash_u64(uint64_t key, uint64_t value);

#endif
