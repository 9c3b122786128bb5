#include "scarce_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_ALLOCATIONS = 20000 };

static struct {
    bool armed, failed;
    enum scarcity how;
    size_t at, seen;
} scarce;

/* The linker's names for the C library's functions, and for those in their place.
 * NOLINTBEGIN(bugprone-reserved-identifier) */
void *__real_malloc(size_t len);
void *__real_calloc(size_t count, size_t len);
void *__real_realloc(void *old, size_t len);
void *__real_aligned_alloc(size_t align, size_t len);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__wrap_realloc(void *old, size_t len);
void *__wrap_aligned_alloc(size_t align, size_t len);
char *__wrap_strdup(const char *text);

static bool fails(void)
{
    bool now;

    if (!scarce.armed)
        return false;
    scarce.seen++;
    now = scarce.how == SCARCE_ONCE ? scarce.seen == scarce.at : scarce.seen >= scarce.at;
    scarce.failed |= now;
    return now;
}

void *__wrap_malloc(size_t len)
{
    return fails() ? NULL : __real_malloc(len);
}

void *__wrap_calloc(size_t count, size_t len)
{
    return fails() ? NULL : __real_calloc(count, len);
}

void *__wrap_realloc(void *old, size_t len)
{
    return fails() ? NULL : __real_realloc(old, len);
}

void *__wrap_aligned_alloc(size_t align, size_t len)
{
    return fails() ? NULL : __real_aligned_alloc(align, len);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

/* NOLINTEND(bugprone-reserved-identifier) */

void scarce_arm(bool on)
{
    scarce.armed = on;
}

bool scarce_failed(void)
{
    return scarce.failed;
}

static void play_all(void (*scenario)(void), enum scarcity how)
{
    size_t at = 0;

    do {
        scarce.how = how;
        scarce.at = ++at;
        scarce.seen = 0;
        scarce.failed = false;
        assert_true(at < MAX_ALLOCATIONS);
        scenario();
        assert_false(scarce.armed);
    } while (scarce.failed);
    assert_true(at > 1); /* else it tested nothing */
}

void scarce_play(void (*scenario)(void))
{
    play_all(scenario, SCARCE_ONCE);
    play_all(scenario, SCARCE_FROM_THEN_ON);
}
