/* scarce_memory: makes one allocation of weir's own code fail, or all from one on,
 * and does so for every one that a scenario makes. */
#ifndef WEIR_TESTS_SCARCE_MEMORY_H
#define WEIR_TESTS_SCARCE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

enum scarcity { SCARCE_ONCE, SCARCE_FROM_THEN_ON };

/* Only while it is on are allocations counted and made to fail. */
void scarce_arm(bool on);
/* Did one fail since the scenario began? */
bool scarce_failed(void);
/* Plays a scenario with its first allocation failing, its second, … until none
 * fails any more; in both ways. It must arm by itself, and check what must hold even
 * then. */
void scarce_play(void (*scenario)(void));

#endif
