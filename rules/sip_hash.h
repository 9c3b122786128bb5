/* sip_hash: SipHash-2-4 (Aumasson, Bernstein 2012) with the key (key, 0). The
 * same on every machine, so that what is drawn by it repeats; hard to collide
 * on purpose when the key is unknown. */
#ifndef WEIR_RULES_SIP_HASH_H
#define WEIR_RULES_SIP_HASH_H

#include "base/bytes.h"

uint64_t sip_hash(uint64_t key, struct bytes in);
/* Of the eight bytes of `value`, the lowest first. */
uint64_t sip_hash_u64(uint64_t key, uint64_t value);

#endif
