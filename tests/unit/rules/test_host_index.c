/* The index gives every rule that matches, in file order, and few that do not. */
#include "rules/host_index.h"

#include "rules_world.h"

static void asks_rules_of_many_lists_in_file_order(void **state)
{
    struct world *w = *state;

    world_load(w, "rules:\n"
                  "  - { match: /a/b, then: { set: { request.header.r: 0 } } }\n"
                  "  - { match: .test, then: { set: { request.header.r: 1 } } }\n"
                  "  - { match: x.a.test/a/*, then: { set: { request.header.r: 2 } } }\n"
                  "  - { match: { host: ~a }, then: { set: { request.header.r: 3 } } }\n"
                  "  - { match: '*.a.test/**', then: { set: { request.header.r: 4 } } }\n"
                  "  - { match: { host: [x.a.test, .a.test, .test], path: [/a/b, /a/**] },\n"
                  "      then: { set: { request.header.r: 5 } } }\n"
                  "  - { match: x.a.test/a/b/, then: { set: { request.header.r: 6 } } }\n"
                  "  - { match: .a.test/a/<x>, then: { set: { request.header.r: 7 } } }\n");
    expect(w, "GET http://x.a.test/%61/b",
           "set request.header.r: 0\nset request.header.r: 1\nset request.header.r: 2\n"
           "set request.header.r: 3\nset request.header.r: 4\nset request.header.r: 5\n"
           "set request.header.r: 7\n");
    expect(w, "GET http://b.test/a/b",
           "set request.header.r: 0\nset request.header.r: 1\nset request.header.r: 5\n");
}

static void finds_paths_deeper_than_it_looks(void **state)
{
    struct world *w = *state;

    world_load(w, "rules:\n"
                  "  - { match: /1/2/3/4/5/6/7/8/9/10, then: pass }\n"
                  "  - { match: /1/2/3/4/5/6/7/8, then: pass }\n"
                  "  - { match: /1/2/3/4/5/6/7/8x/*, then: pass }\n"
                  "  - { match: //, then: pass }\n");
    assert_true(fires(w, "GET http://a.test/1/2/3/4/5/6/7/8/9/10"));
    assert_true(fires(w, "GET http://a.test/1/2/3/4/5/6/7/8"));
    assert_true(fires(w, "GET http://a.test/1/2/3/4/5/6/7/8x/"));
    assert_true(fires(w, "GET http://a.test//"));
    assert_false(fires(w, "GET http://a.test/1/2/3/4/5/6/7/8/9"));
    assert_false(fires(w, "GET http://a.test/"));
}

static void asks_all_rules_when_a_host_touches_too_many_lists(void **state)
{
    struct world *w = *state;
    struct buf yaml, host, request;

    buf_init(&yaml, 1024 * 1024);
    buf_init(&host, HOST_BYTES);
    buf_init(&request, 1024);
    buf_put_text(&yaml, "rules:\n");
    for (int i = 0; i < 100; i++) {
        buf_putf(&yaml, "  - match: .%stest\n    then: { set: { request.header.r: %d } }\n",
                 buf_text(&host), i);
        buf_put_text(&host, "a.");
    }
    world_load(w, buf_text(&yaml));
    buf_putf(&request, "GET http://%stest/", buf_text(&host));
    expect_part(w, buf_text(&request), "set request.header.r: 0\nset request.header.r: 1\n");
    expect_part(w, buf_text(&request), "set request.header.r: 99\n");
    buf_release(&yaml);
    buf_release(&host);
    buf_release(&request);
}

/* Ten thousand rules: what is asked for one request are the few that may match. */
static void leaves_few_rules_of_many(void **state)
{
    struct world *w = *state;
    struct buf yaml;
    struct match matches[3] = {0};
    struct index_source sources[3];
    const struct host_index *index = NULL;
    struct index_walk walk;

    buf_init(&yaml, 4 * 1024 * 1024);
    buf_put_text(&yaml, "rules:\n");
    for (int i = 0; i < 10000; i++)
        buf_putf(&yaml, "  - { match: GET host%d.test/v%d/x, then: 404 }\n", i % 100, i);
    world_load(w, buf_text(&yaml));
    assert_true(fires(w, "GET http://host7.test/v107/x"));
    assert_false(fires(w, "GET http://host7.test/v108/x"));
    buf_release(&yaml);
    for (uint32_t i = 0; i < 3; i++)
        sources[i] = (struct index_source){i, &matches[i]};
    assert_int_equal(host_index_new(&w->exchange, sources, 3, true, &index), STATUS_OK);
    index_walk_init(&walk, index, BYTES("a.test"), BYTES("/"));
    assert_int_equal(walk.count, 1);
    assert_int_equal(index_walk_next(&walk, 0), 0);
    assert_int_equal(index_walk_next(&walk, 2), 2);
    assert_int_equal(index_walk_next(&walk, 3), UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
        TEST(asks_rules_of_many_lists_in_file_order),
        TEST(finds_paths_deeper_than_it_looks),
        TEST(asks_all_rules_when_a_host_touches_too_many_lists),
        TEST(leaves_few_rules_of_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
