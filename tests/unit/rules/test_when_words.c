/* A compiled `when` in the words of the language. */
#include "rules/when.h"
#include "rules/when_tap.h"

#include "rules_world.h"

struct seen {
    struct buf words;
    uint64_t n;
    bool said; /* by the rule */
    bool answer;
};

static bool on_decision(void *self, const struct when_decision *d)
{
    struct seen *seen = self;

    buf_clear(&seen->words);
    when_put_words(d->when, &seen->words);
    seen->n = d->n;
    seen->said = d->fires;
    return seen->answer;
}

static struct seen seen;
static const struct when_tap tap = {on_decision, &seen};

static int begin(void **state)
{
    int code = world_begin(state);
    struct world *w = *state;

    seen = (struct seen){.answer = true};
    buf_init(&seen.words, 4096);
    rule_state_tap(w->counters, &tap);
    return code;
}

static int end(void **state)
{
    buf_release(&seen.words);
    return world_end(state);
}

static void says(struct world *w, const char *when, const char *words)
{
    char yaml[512];

    snprintf(yaml, sizeof(yaml),
             "defaults: { seed: 3 }\nrules:\n  - { match: a.test, when: %s, then: pass }\n", when);
    world_load(w, yaml);
    (void)ask(w, "GET http://a.test/");
    assert_string_equal(buf_text(&seen.words), words);
}

static void says_each_schedule_as_it_is_written(void **state)
{
    struct world *w = *state;

    says(w, "once", "first 1");
    says(w, "first 2 per client", "first 2 per client");
    says(w, "after 3 per header x-a", "after 3 per header x-a");
    says(w, "every 3rd after 5", "every 3rd after 5");
    says(w, "every 11th", "every 11th");
    says(w, "every 22nd", "every 22nd");
    says(w, "0.5% seed 7", "0.5% seed 7");
    says(w, "10%", "10% seed 3");
    says(w, "between 22:00 and 6:30", "between 22:00 and 06:30");
    says(w, "[first 3, 50% seed 1]", "first 3, 50% seed 1");
}

static void says_always_without_when(void **state)
{
    struct world *w = *state;

    world_rule(w, "{ match: a.test, then: pass }");
    (void)ask(w, "GET http://a.test/");
    assert_string_equal(buf_text(&seen.words), "always");
}

static void leaves_the_last_word_to_who_listens(void **state)
{
    struct world *w = *state;

    world_rule(w, "{ match: a.test, when: first 1, then: pass }");
    seen.answer = false;
    assert_string_equal(pattern_of(w, "GET http://a.test/", 2), "..");
    assert_int_equal(seen.n, 2);
    assert_false(seen.said);
    seen.answer = true;
    assert_string_equal(pattern_of(w, "GET http://a.test/", 2), "FF");
    rule_state_tap(w->counters, NULL);
    assert_false(fires(w, "GET http://a.test/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(says_each_schedule_as_it_is_written, begin, end),
        cmocka_unit_test_setup_teardown(says_always_without_when, begin, end),
        cmocka_unit_test_setup_teardown(leaves_the_last_word_to_who_listens, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
