#include "logs/deadline.h"

enum { NS_PER_MS = 1000 * 1000, NS_PER_S = 1000 * NS_PER_MS, MS_PER_S = 1000 };

struct timespec deadline_in(int64_t ms)
{
    struct timespec at = {0};

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(ms / MS_PER_S);
    at.tv_nsec += (long)(ms % MS_PER_S) * NS_PER_MS;
    if (at.tv_nsec >= NS_PER_S) {
        at.tv_nsec -= NS_PER_S;
        at.tv_sec++;
    }
    return at;
}

enum status deadline_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    int failed;

    if (pthread_condattr_init(&attr))
        return STATUS_NO_MEMORY;
    failed = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) || pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
    return failed ? STATUS_NO_MEMORY : STATUS_OK;
}
