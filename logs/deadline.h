/* deadline: a point of the monotonic clock to wait for. */
#ifndef WEIR_LOGS_DEADLINE_H
#define WEIR_LOGS_DEADLINE_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#include "base/status.h"

struct timespec deadline_in(int64_t ms);
/* A condition whose timed waits take such a deadline. STATUS_NO_MEMORY. */
MUST_USE enum status deadline_cond_init(pthread_cond_t *cond);

#endif
