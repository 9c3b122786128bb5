/* Patterns are bounded in time, and found where a plain search would find them. */
#include "rules/compiler.h"
#include "rules/pattern.h"

#include "rules_world.h"

struct patterns {
    struct arena arena;
    struct diags diags;
    struct pattern_set *set;
    struct rule_compiler c;
    struct bytes captures[RULE_CAPTURES];
};

static int patterns_begin(void **state)
{
    struct patterns *p = calloc(1, sizeof(*p));

    assert_non_null(p);
    arena_init(&p->arena, 1024 * 1024);
    diags_init(&p->diags);
    assert_int_equal(pattern_set_new(&p->set), STATUS_OK);
    p->c = (struct rule_compiler){
        .reader = {.arena = &p->arena, .diags = &p->diags}, .arena = &p->arena, .patterns = p->set};
    *state = p;
    return 0;
}

static int patterns_end(void **state)
{
    struct patterns *p = *state;

    pattern_set_free(p->set);
    diags_release(&p->diags);
    arena_release(&p->arena);
    free(p);
    return 0;
}

static const struct pattern *compiled(struct patterns *p, const char *pattern)
{
    const struct node node = {.kind = NODE_SCALAR, .text = bytes_of(pattern)};
    const struct rule_text text = {.node = &node, .all = bytes_of(pattern)};
    const struct pattern *out = NULL;

    assert_int_equal(pattern_parse(&p->c, &text, text.all, &out), STATUS_OK);
    return out;
}

static enum pattern_found found(struct patterns *p, const struct pattern *pattern,
                                struct bytes subject)
{
    struct pattern_desk *desk = pattern_desk_take(p->set, NULL, 0);
    enum pattern_found f;

    assert_non_null(desk);
    f = pattern_find(p->set, pattern, desk, subject, p->captures);
    pattern_desk_return(p->set, desk);
    return f;
}

static void search_everywhere(struct patterns *p, const char *text)
{
    const struct pattern *pattern = compiled(p, text);
    char subject[400];

    for (size_t at = 0; at + 7 <= sizeof(subject); at++) {
        memset(subject, 'x', sizeof(subject));
        memcpy(subject + at, "aneedle", 7);
        assert_int_equal(found(p, pattern, bytes_make(subject, at + 7)), PATTERN_YES);
        assert_int_equal(found(p, pattern, bytes_make(subject, at + 6)), PATTERN_NO);
    }
}

static void finds_a_match_at_every_place_of_a_subject(void **state)
{
    search_everywhere(*state, "[ab]needle$");
    search_everywhere(*state, "(*NO_JIT)[ab]needle$");
}

static void search_among_euros(struct patterns *p, const char *text)
{
    const struct pattern *pattern = compiled(p, text);
    char subject[3 * 100 + 1];

    for (size_t shift = 0; shift < 3; shift++) {
        memset(subject, 'x', sizeof(subject));
        for (size_t i = 0; i < 99; i++)
            memcpy(subject + shift + 3 * i, "\xe2\x82\xac", 3);
        subject[shift + 3 * 99] = '7';
        assert_int_equal(found(p, pattern, bytes_make(subject, shift + 3 * 99 + 1)), PATTERN_YES);
        assert_int_equal(found(p, pattern, bytes_make(subject, shift + 3 * 99)), PATTERN_NO);
    }
}

static void steps_over_characters_not_into_them(void **state)
{
    search_among_euros(*state, "\xe2\x82\xac\\d");
    search_among_euros(*state, "(*NO_JIT)\xe2\x82\xac\\d");
}

static void takes_subjects_that_are_not_utf8(void **state)
{
    struct patterns *p = *state;

    assert_int_equal(found(p, compiled(p, "b+"),
                           BYTES("\xff\xfe\xe2\x82"
                                 "bb\x80")),
                     PATTERN_YES);
    assert_int_equal(found(p, compiled(p, "^.*$"), BYTES("\xff")), PATTERN_NO);
}

static void finds_nothing_as_such(void **state)
{
    struct patterns *p = *state;

    assert_int_equal(found(p, compiled(p, "^$"), bytes_make(NULL, 0)), PATTERN_YES);
    assert_int_equal(found(p, compiled(p, "x*"), BYTES("aaa")), PATTERN_YES);
}

static void captures_by_name(void **state)
{
    struct patterns *p = *state;
    const struct pattern *pattern = compiled(p, "(?<a>\\d+)-(x)(?<b>y)?");

    assert_true(pattern_captures(pattern));
    assert_int_equal(found(p, pattern, BYTES("no 12-x")), PATTERN_YES);
    assert_true(bytes_equal(p->captures[0], BYTES("12")));
    assert_int_equal(p->captures[1].len, 0);
    assert_false(pattern_captures(compiled(p, "(x)")));
}

/* Without a bound this one takes longer than the age of the universe. */
static void gives_up_a_pattern_that_explodes(void **state)
{
    struct patterns *p = *state;
    uint64_t before = pattern_set_gave_up(p->set);
    char subject[5000];

    memset(subject, 'a', sizeof(subject));
    assert_int_equal(found(p, compiled(p, "(a+|a*)+[bc]"), bytes_make(subject, sizeof(subject))),
                     PATTERN_GAVE_UP);
    assert_int_equal(pattern_set_gave_up(p->set), before + 1);
    assert_int_equal(
        found(p, compiled(p, "(*NO_JIT)(a+|a*)+[bc]"), bytes_make(subject, sizeof(subject))),
        PATTERN_GAVE_UP);
}

static void is_not_ended_by_honest_work(void **state)
{
    struct patterns *p = *state;
    char subject[4000];

    memset(subject, 'a', sizeof(subject));
    memcpy(subject, "id=42;", 6);
    assert_int_equal(found(p, compiled(p, "id=(?<id>\\d+).*a.*a"), bytes_make(subject, 4000)),
                     PATTERN_YES);
    assert_int_equal(found(p, compiled(p, ".*id=[0-9].*;"), bytes_make(subject, 4000)),
                     PATTERN_YES);
    assert_int_equal(found(p, compiled(p, ".*[x-z]"), bytes_make(subject, 4000)), PATTERN_NO);
}

/* A clock that goes on by 1 ms at each look. */
static int64_t ticking(void)
{
    static int64_t now_us;

    return now_us += 1000;
}

static void gives_up_when_the_time_is_over(void **state)
{
    struct patterns *p = *state;
    struct pattern_desk *desk = pattern_desk_take(p->set, ticking, 20 * 1000);
    const struct pattern *pattern = compiled(p, "[a-c]+d[0-9]");
    char subject[8000];

    assert_non_null(desk);
    memset(subject, 'a', sizeof(subject));
    subject[639] = subject[sizeof(subject) - 1] = 'd';
    assert_int_equal(pattern_find(p->set, pattern, desk, bytes_make(subject, 640), p->captures),
                     PATTERN_NO);
    assert_int_equal(
        pattern_find(p->set, pattern, desk, bytes_make(subject, sizeof(subject)), p->captures),
        PATTERN_GAVE_UP);
    assert_true(desk->over);
    assert_int_equal(pattern_find(p->set, pattern, desk, BYTES("ad1"), p->captures),
                     PATTERN_GAVE_UP);
    pattern_desk_return(p->set, desk);
    desk = pattern_desk_take(p->set, ticking, 20 * 1000);
    assert_int_equal(pattern_find(p->set, pattern, desk, BYTES("ad1"), p->captures), PATTERN_YES);
    pattern_desk_return(p->set, desk);
}

static void notes_a_pattern_that_gave_up(void **state)
{
    struct world *w;
    char request[4200] = "GET http://a.test/";

    assert_int_equal(world_begin((void **)&w), 0);
    (void)state;
    memset(request + strlen(request), 'a', 4000);
    world_load(w, "rules:\n  - { match: { path: '~(a+|a*)+[bc]' }, then: 404 }\n"
                  "  - { match: a.test, then: pass }\n");
    expect(w, request, "note rule_skipped: its pattern took too long on this request\nforward\n");
    world_end((void **)&w);
}

static void knows_a_text_that_every_match_holds(void **state)
{
    static const struct {
        const char *pattern, *literal;
    } rows[] = {
        {"abc", "abc"},
        {"^/v1/items/\\d+$", "/v1/items/"},
        {"a\\.b\\/c", "a.b/c"},
        {"abcd?ef", "abc"},
        {"abc*", "ab"},
        {"abc+de", "abc"},
        {"abc{0,3}xyzw}", "xyzw}"},
        {"ab|cd", ""},
        {"(ab|cd)efg", "efg"},
        {"(?:abcdef)?x", "x"},
        {"(?i)abc", ""},
        {"x(?i:abc)", ""},
        {"(?<name>long)y", "y"},
        {"(?=long)y", "y"},
        {"(?<!long)yz", "yz"},
        {"[abc]def", "def"},
        {"[]abc]de", "de"},
        {"[^]abc]de", "de"},
        {"[[:alpha:]]def", ""},
        {"[a\\]b]cd", "cd"},
        {"\\Qa.b\\E", ""},
        {"\\bfoo\\b", "foo"},
        {"\\x41bc", ""},
        {"a.bb.c", "bb"},
        {"(*UTF)abc", ""},
        {"(?#abc)d", ""},
        {"(?x) a b", ""},
        {"ab\xc3\xa4?c", "ab"},
        {"a(b", "a"},
        {"a)b", ""},
    };
    uint8_t out[PATTERN_LITERAL];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len = pattern_literal(bytes_of(rows[i].pattern), out);

        if (!bytes_equal(bytes_make(out, len), bytes_of(rows[i].literal)))
            print_message("%s: '%.*s'\n", rows[i].pattern, (int)len, (const char *)out);
        assert_true(bytes_equal(bytes_make(out, len), bytes_of(rows[i].literal)));
    }
}

static void keeps_the_beginning_of_a_long_literal(void **state)
{
    uint8_t out[PATTERN_LITERAL];
    const char *pattern = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz?";

    (void)state;
    assert_int_equal(pattern_literal(bytes_of(pattern), out), PATTERN_LITERAL);
    assert_memory_equal(out, pattern, PATTERN_LITERAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, patterns_begin, patterns_end)
        TEST(finds_a_match_at_every_place_of_a_subject),
        TEST(steps_over_characters_not_into_them),
        TEST(takes_subjects_that_are_not_utf8),
        TEST(finds_nothing_as_such),
        TEST(captures_by_name),
        TEST(gives_up_a_pattern_that_explodes),
        TEST(is_not_ended_by_honest_work),
        TEST(gives_up_when_the_time_is_over),
        TEST(notes_a_pattern_that_gave_up),
        TEST(knows_a_text_that_every_match_holds),
        TEST(keeps_the_beginning_of_a_long_literal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
