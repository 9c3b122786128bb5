#include "rules/dice.h"

#include "base/sip_hash.h"

int64_t dice_draw(struct dice *d, int64_t low, int64_t high)
{
    uint64_t range = (uint64_t)high - (uint64_t)low; /* one less than the count */
    uint64_t drawn = sip_hash_u64(d->seed, ++d->draws);

    return (int64_t)((uint64_t)low + (range == UINT64_MAX ? drawn : drawn % (range + 1)));
}
