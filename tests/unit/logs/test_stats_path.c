#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "logs/stats.h"

static void folds(const char *path, const char *expected)
{
    struct buf out;

    buf_init(&out, 4096);
    stats_fold_path(bytes_of(path), &out);
    if (strcmp(buf_text(&out), expected) != 0)
        fail_msg("%s: %s, not %s", path, buf_text(&out), expected);
    buf_release(&out);
}

static void what_differs_from_one_to_the_next_is_folded(void **state)
{
    (void)state;
    folds("/users/42/orders/7?x=1", "/users/{id}/orders/{id}");
    folds("/o/550e8400-e29b-41d4-a716-446655440000", "/o/{id}");
    folds("/o/01ARZ3NDEKTSV4RRFFQ69G5FAV/x", "/o/{id}/x");
    folds("/commit/1f3870be274f6c49b3e31a0c6728957f", "/commit/{id}");
    folds("/commit/1f3870be", "/commit/{id}");
    folds("/day/2026-11-23/", "/day/{date}/");
    folds("/t/eyJhbGciOiJIUzI1NiIsInR5cCI6", "/t/{id}");
}

static void words_stay(void **state)
{
    static const char *const paths[] = {"",
                                        "/",
                                        "/v1/users",
                                        "//a//",
                                        "/api/v2beta1",
                                        "/decade",
                                        "/facade/deadbeef",
                                        "/a-long-name-of-a-page-2",
                                        "/app.3f2a9c1b.js",
                                        "/2026-11",
                                        NULL};

    (void)state;
    for (const char *const *p = paths; *p; p++)
        folds(*p, *p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_differs_from_one_to_the_next_is_folded),
        cmocka_unit_test(words_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
