#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/status.h"

static void has_a_sentence_for_every_status(void **state)
{
    static const enum status all[] = {
#define STATUS(name, value, sentence) STATUS_##name,
#include "base/status.def"
#undef STATUS
    };

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        assert_true(strlen(status_sentence(all[i])) > 3);
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(all[i], all[j]);
            assert_string_not_equal(status_sentence(all[i]), status_sentence(all[j]));
        }
    }
}

static void success_is_zero_progress_above_failure_below(void **state)
{
    (void)state;
    assert_int_equal(STATUS_OK, 0);
    assert_true(STATUS_NEED_MORE > 0 && STATUS_END > 0);
    assert_true(STATUS_NO_MEMORY < 0 && STATUS_LIMIT < 0 && STATUS_UNSUPPORTED < 0);
}

static void answers_for_a_number_that_is_no_status(void **state)
{
    (void)state;
    assert_string_equal(status_sentence((enum status)99), "an unknown status");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_a_sentence_for_every_status),
        cmocka_unit_test(success_is_zero_progress_above_failure_below),
        cmocka_unit_test(answers_for_a_number_that_is_no_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
