/* expect_impl: what expect.c and expect_read.c share. */
#ifndef WEIR_LOGS_EXPECT_IMPL_H
#define WEIR_LOGS_EXPECT_IMPL_H

#include "logs/expect.h"

/* Room for one more: LIMIT, NO_MEMORY. */
MUST_USE enum status expects_room(struct expects *e);
/* Frees its filters. */
void expect_drop(struct expect *x);

#endif
