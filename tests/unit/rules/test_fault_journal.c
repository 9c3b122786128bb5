/* Decisions as lines, and their repetition. */
#include "rules/fault_journal.h"

#include "rules/when.h"

#include "rules_world.h"

/* Writes all lines, and decides as `replay` says, if there is one. */
struct recorder {
    struct buf lines;
    struct fault_replay *replay;
    char fired[64]; /* 'F' or '.' for each decision */
    size_t count;
};

static bool on_decision(void *self, const struct when_decision *d)
{
    struct recorder *r = self;
    bool fires = r->replay ? fault_replay_fires(r->replay, d) : d->fires;

    assert_int_equal(fault_journal_put(d, fires, &r->lines), STATUS_OK);
    assert_true(r->count + 1 < sizeof(r->fired));
    r->fired[r->count++] = fires ? 'F' : '.';
    return fires;
}

static struct recorder recorder;
static const struct when_tap tap = {on_decision, &recorder};

static int begin(void **state)
{
    int code = world_begin(state);
    struct world *w = *state;

    recorder = (struct recorder){0};
    buf_init(&recorder.lines, 1024 * 1024);
    rule_state_tap(w->counters, &tap);
    return code;
}

static int end(void **state)
{
    buf_release(&recorder.lines);
    fault_replay_free(recorder.replay);
    return world_end(state);
}

static void writes_a_decision_as_a_line(void **state)
{
    struct world *w = *state;

    world_load(w, "rules:\n  - { name: a, match: a.test, when: first 1 per client, then: 404 }\n");
    (void)ask(w, "GET http://a.test/x?secret=1");
    assert_string_equal(buf_text(&recorder.lines),
                        "{\"rule\":\"a\",\"at\":\"proxy.yaml:2 a\",\"per\":\"client\","
                        "\"key\":\"192.0.2.1\",\"n\":1,\"fired\":true,"
                        "\"request\":\"GET http://a.test/x\"}\n");
}

static void keeps_values_of_headers_and_cookies_to_itself(void **state)
{
    struct world *w = *state;

    world_load(w,
               "rules:\n  - { match: a.test, when: first 1 per header authorization, then: 404 }\n"
               "  - { match: a.test, when: first 1 per cookie id, then: 404 }\n");
    (void)ask(w, "GET http://a.test/\nAuthorization: hunter2");
    (void)ask(w, "GET http://a.test/\nAuthorization: hunter2\nCookie: id=hunter2");
    assert_null(strstr(buf_text(&recorder.lines), "hunter2"));
    assert_non_null(strstr(buf_text(&recorder.lines), "\"key_hash\":\""));
}

static struct fault_record record(const char *rule, const char *key, uint64_t n, bool fired)
{
    return (struct fault_record){
        .rule = bytes_of(rule), .key = bytes_of(key), .n = n, .fired = fired};
}

static void add(const char *rule, const char *key, uint64_t n, bool fired)
{
    struct fault_record r = record(rule, key, n, fired);

    assert_int_equal(fault_replay_add(recorder.replay, &r), STATUS_OK);
}

static void repeats_what_was_recorded_and_then_asks_the_rule(void **state)
{
    struct world *w = *state;

    world_load(w, "rules:\n  - { name: a, match: a.test, when: first 1, then: pass }\n"
                  "  - { name: b, match: b.test, when: every 2nd, then: pass }\n");
    assert_int_equal(fault_replay_new(w->rules, &recorder.replay), STATUS_OK);
    for (uint64_t n = 1; n <= 4; n++)
        add("a", NULL, n, n > 2);
    assert_string_equal(pattern_of(w, "GET http://a.test/", 6), "..FF..");
    assert_string_equal(pattern_of(w, "GET http://b.test/", 4), ".F.F");
}

static void tells_keys_apart(void **state)
{
    struct world *w = *state;

    world_load(w, "rules:\n  - { name: a, match: a.test, when: after 9 per client, then: pass }\n");
    assert_int_equal(fault_replay_new(w->rules, &recorder.replay), STATUS_OK);
    add("a", "joe", 2, true);
    add("a", NULL, 1, true);
    assert_false(fires(w, "GET http://a.test/"));
    assert_false(fires(w, "GET http://a.test/"));
    w->client = "joe";
    assert_false(fires(w, "GET http://a.test/"));
    assert_true(fires(w, "GET http://a.test/"));
}

static void repeats_keys_that_only_their_hash_tells(void **state)
{
    struct world *w = *state;
    struct bytes lines, line, hash;
    struct fault_record r;

    world_load(w, "rules:\n  - { name: a, match: a.test, when: once per cookie id, then: pass }\n");
    assert_true(fires(w, "GET http://a.test/\nCookie: id=joe"));
    lines = buf_bytes(&recorder.lines);
    line = bytes_from(lines, (size_t)bytes_search(lines, BYTES("key_hash\":\"")) + 11);
    hash = bytes_until(line, 32);
    assert_int_equal(fault_replay_new(w->rules, &recorder.replay), STATUS_OK);
    r = (struct fault_record){
        .rule = BYTES("a"), .key = hash, .hashed = true, .n = 2, .fired = true};
    assert_int_equal(fault_replay_add(recorder.replay, &r), STATUS_OK);
    r.hashed = false; /* a key that reads like the hash of another */
    r.n = 3;
    assert_int_equal(fault_replay_add(recorder.replay, &r), STATUS_OK);
    assert_true(fires(w, "GET http://a.test/\nCookie: id=joe"));
    assert_false(fires(w, "GET http://a.test/\nCookie: id=joe"));
}

static void refuses_rules_that_are_not_there(void **state)
{
    struct world *w = *state;
    struct fault_record r = record("b", NULL, 1, true);

    world_load(w, "rules:\n  - { name: a, match: a.test, when: once, then: pass }\n");
    assert_int_equal(fault_replay_new(w->rules, &recorder.replay), STATUS_OK);
    assert_int_equal(fault_replay_add(recorder.replay, &r), STATUS_NOT_FOUND);
}

static void keeps_many_decisions(void **state)
{
    enum { MANY = 20000 };
    struct world *w = *state;
    struct when_decision d = {.rule = BYTES("a"), .when = &(struct when){0}};

    world_load(w, "rules:\n  - { name: a, match: a.test, when: once, then: pass }\n");
    assert_int_equal(fault_replay_new(w->rules, &recorder.replay), STATUS_OK);
    for (uint64_t n = 1; n <= MANY; n++)
        add("a", NULL, n, n % 3 == 0);
    for (d.n = 1; d.n <= MANY; d.n++) {
        d.fires = d.n % 3 != 0;
        assert_int_equal(fault_replay_fires(recorder.replay, &d), d.n % 3 == 0);
    }
    d.fires = true;
    assert_true(fault_replay_fires(recorder.replay, &d));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_a_decision_as_a_line, begin, end),
        cmocka_unit_test_setup_teardown(keeps_values_of_headers_and_cookies_to_itself, begin, end),
        cmocka_unit_test_setup_teardown(repeats_what_was_recorded_and_then_asks_the_rule, begin,
                                        end),
        cmocka_unit_test_setup_teardown(tells_keys_apart, begin, end),
        cmocka_unit_test_setup_teardown(repeats_keys_that_only_their_hash_tells, begin, end),
        cmocka_unit_test_setup_teardown(refuses_rules_that_are_not_there, begin, end),
        cmocka_unit_test_setup_teardown(keeps_many_decisions, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
