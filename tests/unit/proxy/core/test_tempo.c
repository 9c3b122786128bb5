#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/core/tempo.h"

enum { MS = 1000, START_US = 1000 * MS, ARENA_BYTES = 64 * 1024 };

/* Lets all go that may, at that time; how much it was. */
static size_t take(struct tempo *t, int64_t now_us, int64_t *ret_due_us)
{
    size_t all = 0, room;

    while ((room = tempo_room(t, now_us, ret_due_us)) > 0) {
        tempo_spend(t, now_us, room);
        all += room;
    }
    return all;
}

/* With timers that are late by up to `late_us`. */
static void assert_keeps_its_rate(int64_t bytes_s, int64_t late_us)
{
    struct tempo t = {0};
    int64_t now_us = START_US, due_us = 0, sent = 0;

    tempo_throttle(&t, &(struct throttle){HTTP_RESPONSE, bytes_s});
    tempo_begin(&t, now_us);
    for (int i = 0; now_us < START_US + 1000 * MS; i++) {
        sent += (int64_t)take(&t, now_us, &due_us);
        assert_true(due_us > now_us);
        now_us = due_us + late_us * (i % 7) / 6;
    }
    assert_in_range(sent, bytes_s * 95 / 100, bytes_s * 105 / 100);
}

static void keeps_a_rate_however_late_its_timers_are(void **state)
{
    static const int64_t rates[] = {100,   1000,      4096,
                                    65536, 999999937, INT64_C(10) * 1024 * 1024 * 1024};

    (void)state;
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        assert_keeps_its_rate(rates[i], 0);
        assert_keeps_its_rate(rates[i], 1 * MS);
        assert_keeps_its_rate(rates[i], 15 * MS);
    }
}

static void catches_up_only_so_far(void **state)
{
    struct tempo t = {0};
    int64_t due_us;

    (void)state;
    tempo_throttle(&t, &(struct throttle){HTTP_RESPONSE, 1000});
    tempo_begin(&t, START_US);
    assert_int_equal(take(&t, START_US, &due_us), 20);
    assert_int_equal(due_us, START_US + 20 * MS);
    assert_int_equal(take(&t, START_US + 60 * 1000 * MS, &due_us),
                     (TEMPO_LATE_US + TEMPO_TICK_US) / MS);
    tempo_begin(&t, START_US + 120 * 1000 * MS);
    assert_int_equal(take(&t, START_US + 120 * 1000 * MS, &due_us), 20);
}

static void joins_what_comes_beyond_so_many_pieces(void **state)
{
    static const struct delay_range range = {.low_us = MS, .high_us = MS};
    struct chunk_delay delay = {.range = &range, .dice = {.seed = 7}};
    struct tempo t = {0};
    struct arena a;
    int64_t now_us = START_US, due_us = 0;
    size_t pieces = 0, bytes = 0, last = 0;

    (void)state;
    arena_init(&a, ARENA_BYTES);
    assert_int_equal(tempo_delay_pieces(&t, &a, &delay), STATUS_OK);
    for (int i = 0; i < TEMPO_PIECES + 10; i++)
        tempo_add(&t, START_US + i, 2);
    for (now_us = START_US; bytes < 2 * (TEMPO_PIECES + 10); now_us += MS) {
        last = take(&t, now_us, &due_us);
        pieces += last > 0;
        bytes += last;
    }
    assert_int_equal(pieces, TEMPO_PIECES);
    assert_int_equal(last, 2 * 11);
    for (int i = 1; i < TEMPO_DELAYS; i++)
        assert_int_equal(tempo_delay_pieces(&t, &a, &delay), STATUS_OK);
    assert_int_equal(tempo_delay_pieces(&t, &a, &delay), STATUS_LIMIT);
    arena_release(&a);
}

static void has_no_limit_of_its_own(void **state)
{
    struct tempo t = {0};
    int64_t due_us;

    (void)state;
    assert_true(tempo_room(&t, START_US, &due_us) == SIZE_MAX);
    assert_true(tempo_head_room(&t, START_US, &due_us) == SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_a_rate_however_late_its_timers_are),
        cmocka_unit_test(catches_up_only_so_far),
        cmocka_unit_test(joins_what_comes_beyond_so_many_pieces),
        cmocka_unit_test(has_no_limit_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
