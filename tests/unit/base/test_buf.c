#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void grows_as_bytes_are_put(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100000);
    for (int i = 0; i < 1000; i++) {
        buf_put(&b, BYTES("ab"));
        buf_put_byte(&b, 'c');
        buf_put_text(&b, "de");
    }
    assert_int_equal(buf_status(&b), STATUS_OK);
    assert_int_equal(buf_bytes(&b).len, 5000);
    assert_memory_equal(buf_bytes(&b).ptr + 4990, "abcdeabcde", 10);
    buf_release(&b);
}

static void breaks_at_its_cap_and_keeps_what_it_had(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 4);
    buf_put_text(&b, "abc");
    buf_put_text(&b, "de");
    assert_int_equal(buf_status(&b), STATUS_LIMIT);
    buf_put_text(&b, "f"); /* would fit, but it is broken */
    assert_int_equal(buf_bytes(&b).len, 3);
    assert_memory_equal(buf_bytes(&b).ptr, "abc", 3);
    assert_string_equal(buf_text(&b), "");
    assert_null(buf_room(&b, 0));
    buf_clear(&b);
    buf_put_text(&b, "wxyz");
    assert_int_equal(buf_status(&b), STATUS_OK);
    assert_string_equal(buf_text(&b), "wxyz");
    buf_release(&b);
}

static void holds_exactly_its_cap_and_a_nul_behind(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 200);
    for (int i = 0; i < 200; i++)
        buf_put_byte(&b, 'x');
    assert_int_equal(buf_status(&b), STATUS_OK);
    assert_int_equal(strlen(buf_text(&b)), 200);
    buf_put_byte(&b, 'x');
    assert_int_equal(buf_status(&b), STATUS_LIMIT);
    buf_release(&b);
}

static void refuses_sizes_that_cannot_be(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, SIZE_MAX);
    buf_put_text(&b, "abc");
    assert_null(buf_room(&b, SIZE_MAX));
    assert_int_equal(buf_status(&b), STATUS_LIMIT);
    buf_clear(&b);
    buf_put_text(&b, "abc");
    assert_null(buf_room(&b, SIZE_MAX - 3));
    assert_int_equal(buf_status(&b), STATUS_NO_MEMORY);
    assert_int_equal(buf_bytes(&b).len, 3);
    buf_release(&b);
}

static void prints_numbers_and_formats(void **state)
{
    struct buf b;
    char wide[300];

    (void)state;
    memset(wide, 'w', sizeof(wide) - 1);
    wide[sizeof(wide) - 1] = '\0';
    buf_init(&b, 1000);
    buf_put_u64(&b, 0);
    buf_put_byte(&b, ' ');
    buf_put_u64(&b, UINT64_MAX);
    buf_putf(&b, " %d-%s", 7, "seven");
    buf_putf(&b, "%s", "");
    assert_string_equal(buf_text(&b), "0 18446744073709551615 7-seven");
    buf_clear(&b);
    buf_putf(&b, "%s", wide); /* does not fit at first */
    assert_string_equal(buf_text(&b), wide);
    buf_release(&b);
}

static void a_format_over_the_cap_leaves_nothing(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 5);
    buf_putf(&b, "%s", "ab");
    buf_putf(&b, "%s", "cdef");
    assert_int_equal(buf_status(&b), STATUS_LIMIT);
    assert_int_equal(buf_bytes(&b).len, 2);
    buf_clear(&b);
    buf_putf(&b, "%s", "abcde");
    assert_string_equal(buf_text(&b), "abcde");
    buf_release(&b);
}

static void room_is_written_by_the_caller(void **state)
{
    struct buf b;
    uint8_t *room;

    (void)state;
    buf_init(&b, 100);
    room = buf_room(&b, 10);
    assert_non_null(room);
    memcpy(room, "0123456789", 10);
    buf_added(&b, 4);
    assert_string_equal(buf_text(&b), "0123");
    buf_added(&b, SIZE_MAX); /* never past what was allocated */
    assert_true(b.len <= b.cap);
    buf_release(&b);
}

static void drops_from_the_front(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    buf_drop_front(&b, 3);
    buf_put_text(&b, "abcdef");
    buf_drop_front(&b, 0);
    buf_drop_front(&b, 2);
    assert_string_equal(buf_text(&b), "cdef");
    buf_drop_front(&b, 99);
    assert_string_equal(buf_text(&b), "");
    buf_put_text(&b, "x");
    assert_string_equal(buf_text(&b), "x");
    buf_release(&b);
}

static void may_be_used_again_after_release(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 2);
    buf_put_text(&b, "abc");
    buf_release(&b);
    buf_release(&b);
    assert_int_equal(buf_bytes(&b).len, 0);
    buf_put_text(&b, "ab");
    assert_string_equal(buf_text(&b), "ab");
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_as_bytes_are_put),
        cmocka_unit_test(breaks_at_its_cap_and_keeps_what_it_had),
        cmocka_unit_test(holds_exactly_its_cap_and_a_nul_behind),
        cmocka_unit_test(refuses_sizes_that_cannot_be),
        cmocka_unit_test(prints_numbers_and_formats),
        cmocka_unit_test(a_format_over_the_cap_leaves_nothing),
        cmocka_unit_test(room_is_written_by_the_caller),
        cmocka_unit_test(drops_from_the_front),
        cmocka_unit_test(may_be_used_again_after_release),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
