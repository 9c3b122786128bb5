/* Globs of paths, hosts and values: the corners, and that hostile texts cost no more. */
#include "rules/compiler.h"
#include "rules/glob.h"

#include "rules_world.h"

struct globs {
    struct arena arena;
    struct diags diags;
    struct rule_compiler c;
    struct bytes captures[RULE_CAPTURES];
};

static int globs_begin(void **state)
{
    struct globs *g = calloc(1, sizeof(*g));

    assert_non_null(g);
    arena_init(&g->arena, 16 * 1024 * 1024);
    diags_init(&g->diags);
    g->c = (struct rule_compiler){.reader = {.arena = &g->arena, .diags = &g->diags},
                                  .arena = &g->arena};
    *state = g;
    return 0;
}

static int globs_end(void **state)
{
    struct globs *g = *state;

    diags_release(&g->diags);
    arena_release(&g->arena);
    free(g);
    return 0;
}

static const struct glob *compiled(struct globs *g, enum glob_kind kind, const char *pattern)
{
    const struct node node = {.kind = NODE_SCALAR, .text = bytes_of(pattern)};
    const struct rule_text text = {.node = &node, .all = bytes_of(pattern)};
    const struct glob *out = NULL;

    g->c.capture_count = 0;
    assert_int_equal(glob_parse(&g->c, &text, text.all, kind, &out), STATUS_OK);
    return out;
}

static bool takes(struct globs *g, const char *pattern, const char *text)
{
    return glob_match(compiled(g, GLOB_PATH, pattern), bytes_of(text), g->captures);
}

static bool captured(struct globs *g, int i, const char *text)
{
    return bytes_equal(g->captures[i], bytes_of(text));
}

static void captures_the_shortest_run_that_lets_the_rest_match(void **state)
{
    struct globs *g = *state;

    assert_true(takes(g, "/<a>-<b>", "/x-y-z"));
    assert_true(captured(g, 0, "x") && captured(g, 1, "y-z"));
    assert_true(takes(g, "/**/<a>/end/<rest*>", "/p/q/end/end/r/s"));
    assert_true(captured(g, 0, "q") && captured(g, 1, "end/r/s"));
    assert_true(takes(g, "/<a>.<b>.js", "/x.y.z.js"));
    assert_true(captured(g, 0, "x") && captured(g, 1, "y.z"));
}

static void wants_at_least_one_byte_for_a_name(void **state)
{
    struct globs *g = *state;

    assert_false(takes(g, "/<a>", "/"));
    assert_true(takes(g, "/<a>", "/%2F"));
    assert_false(takes(g, "/<a>/", "//"));
    assert_false(takes(g, "/x<a>y", "/xy"));
    assert_true(takes(g, "/x*y", "/xy"));
    assert_true(takes(g, "/x/<rest*>", "/x/"));
    assert_true(captured(g, 0, ""));
    assert_false(takes(g, "/x/<rest*>", "/x"));
}

static void goes_back_to_the_last_wildcard_that_can_grow(void **state)
{
    struct globs *g = *state;

    assert_true(takes(g, "/**/a/*/b", "/a/x/c/a/y/b"));
    assert_true(takes(g, "/**a*b/c", "/a/aab/ab/aXb/c"));
    assert_false(takes(g, "/**a*b/c", "/a/aab/ab/aXb/d"));
    assert_true(takes(g, "/**ab*cd**ef", "/xabcabxxcdyyefzzef"));
    assert_false(takes(g, "/**ab*cd**ef", "/xabc/abxx/cdyyef"));
    assert_true(takes(g, "/**x*y", "/x/x/xy"));
    assert_true(takes(g, "/**a*/b*/c", "/a/a1/b2/c"));
    assert_true(takes(g, "/**a*x/y*z", "/a/aaxx/ya/ax/yz"));
    assert_true(takes(g, "/**", "/"));
}

/* The same by states: bit i says that the pattern's first i bytes may be behind us. */
static uint32_t with_empty_stars(const char *pattern, uint32_t states)
{
    for (unsigned i = 0; pattern[i]; i++) {
        if (pattern[i] == '*' && states & 1U << i)
            states |= 1U << (i + 1);
    }
    return states;
}

static bool by_states(const char *pattern, const char *text)
{
    uint32_t states = with_empty_stars(pattern, 1);

    for (; *text; text++) {
        uint32_t next = 0;

        for (unsigned i = 0; pattern[i]; i++) {
            bool across =
                pattern[i] == '*' && (pattern[i + 1] == '*' || (i && pattern[i - 1] == '*'));

            if (!(states & 1U << i))
                continue;
            if (pattern[i] == *text)
                next |= 1U << (i + 1);
            if (pattern[i] == '*' && (across || *text != '/'))
                next |= 1U << i;
        }
        states = with_empty_stars(pattern, next);
    }
    return states & 1U << strlen(pattern);
}

/* All texts of up to seven letters of a small alphabet. */
static void agrees_with_a_plain_search(void **state)
{
    static const char *const patterns[] = {
        "/**a*b",   "/*a**b",     "/**a*/b",   "/a**a*a",   "/**ab*ab",  "/*/**/*b",
        "/**a/*/b", "/**a*b**b",  "/*a*b*a",   "/**/*a*b",  "/**ba*a/b", "/a*b**/a",
        "/**a*/*b", "/**a*b/a*b", "/**/a*b/b", "/**aa*b*a", "/*ab*b",    "/**a**b*b"};
    static const char letters[] = "ab/";
    struct globs *g = *state;
    char text[9] = "/";

    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        const struct glob *glob = compiled(g, GLOB_PATH, patterns[i]);

        for (unsigned n = 0; n < 3 * 3 * 3 * 3 * 3 * 3 * 3; n++) {
            unsigned rest = n;

            for (int at = 1; at < 8; at++, rest /= 3)
                text[at] = letters[rest % 3];
            for (size_t len = 1; len <= 8; len++) {
                struct bytes cut = bytes_make(text, len);
                char copy[9] = "";

                memcpy(copy, text, len);
                if (glob_match(glob, cut, g->captures) != by_states(patterns[i], copy)) {
                    print_message("%s on %s\n", patterns[i], copy);
                    fail();
                }
            }
        }
    }
}

static void takes_long_hostile_texts(void **state)
{
    struct globs *g = *state;
    size_t len = 1024 * 1024;
    char *text = malloc(len);

    assert_non_null(text);
    memset(text, 'a', len);
    text[0] = '/';
    assert_false(
        glob_match(compiled(g, GLOB_PATH, "/**a*a*a*a*b"), bytes_make(text, len), g->captures));
    assert_false(
        glob_match(compiled(g, GLOB_PATH, "/**aaaa*b**c"), bytes_make(text, len), g->captures));
    for (size_t i = 0; i < len; i += 2)
        text[i] = '/';
    assert_false(
        glob_match(compiled(g, GLOB_PATH, "/**a/*/*/*/*b"), bytes_make(text, len), g->captures));
    free(text);
}

static void keeps_host_stars_within_a_label(void **state)
{
    struct globs *g = *state;
    const struct glob *glob = compiled(g, GLOB_HOST, "API-*.<region>.test");

    assert_true(glob_match(glob, BYTES("api-1.eu.test"), g->captures));
    assert_true(captured(g, 0, "eu"));
    assert_false(glob_match(glob, BYTES("api-1.x.eu.test"), g->captures));
    assert_false(glob_match(glob, BYTES("api-1..test"), g->captures));
}

static void tells_prefix_and_suffix(void **state)
{
    struct globs *g = *state;

    assert_true(glob_literal(compiled(g, GLOB_PATH, "/a")));
    assert_false(glob_literal(compiled(g, GLOB_PATH, "/a*")));
    assert_true(bytes_equal(glob_prefix(compiled(g, GLOB_PATH, "/a/b*c")), BYTES("/a/b")));
    assert_true(bytes_equal(glob_suffix(compiled(g, GLOB_HOST, "*.b.test")), BYTES(".b.test")));
    assert_int_equal(glob_suffix(compiled(g, GLOB_HOST, "b.*")).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, globs_begin, globs_end)
        TEST(captures_the_shortest_run_that_lets_the_rest_match),
        TEST(wants_at_least_one_byte_for_a_name),
        TEST(goes_back_to_the_last_wildcard_that_can_grow),
        TEST(agrees_with_a_plain_search),
        TEST(takes_long_hostile_texts),
        TEST(keeps_host_stars_within_a_label),
        TEST(tells_prefix_and_suffix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
