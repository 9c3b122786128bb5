/* Heads of messages whose content is another one now. */
#include "rules/refit.h"

#include "rules_world.h"

static struct head head_of(struct world *w, const char *text)
{
    struct head head;

    w->response = text;
    world_response(w, &head);
    return head;
}

static bool has(const struct head *head, const char *name)
{
    return fields_find_name(&head->fields, bytes_of(name), 0) >= 0;
}

static void frames_by_length_unless_trailers_follow(void **state)
{
    struct head head = {0};

    (void)state;
    refit_frame(&head, 7, false);
    assert_int_equal(head.framing, HTTP_LENGTH);
    assert_int_equal(head.length, 7);
    refit_frame(&head, 7, true);
    assert_int_equal(head.framing, HTTP_CHUNKED);
    assert_int_equal(head.length, -1);
}

static void forgets_what_the_old_content_was(void **state)
{
    struct world *w = *state;
    struct head head = head_of(w, "200 OK\nContent-Encoding: gzip\nETag: \"1\"\nContent-MD5: x\n"
                                  "Last-Modified: x\nX-A: b");
    struct head received = head;

    assert_int_equal(head_fork(&w->exchange, &received, &head), STATUS_OK);
    assert_int_equal(refit_response(&w->exchange, &head, &received), STATUS_OK);
    assert_false(has(&head, "content-encoding"));
    assert_false(has(&head, "etag"));
    assert_false(has(&head, "content-md5"));
    assert_false(has(&head, "last-modified"));
    assert_true(has(&head, "x-a"));
    assert_true(bytes_equal(fields_value(&head.fields, BYTES("cache-control")), BYTES("no-store")));
    assert_true(has(&received, "etag"));
}

static void leaves_to_caches_what_a_rule_allows_them(void **state)
{
    struct world *w = *state;
    struct head received = head_of(w, "200 OK\nCache-Control: private");
    struct head head = head_of(w, "200 OK\nCache-Control: max-age=5");

    assert_int_equal(refit_response(&w->exchange, &head, &received), STATUS_OK);
    assert_true(
        bytes_equal(fields_value(&head.fields, BYTES("cache-control")), BYTES("max-age=5")));
}

static void names_contents_that_are_not_looked_at(void **state)
{
    struct world *w = *state;
    struct head head = head_of(w, "200 OK\nContent-Type: text/event-stream; charset=utf-8");

    assert_non_null(refit_fault(&head));
    head = head_of(w, "206 Partial Content");
    assert_non_null(refit_fault(&head));
    head = head_of(w, "101 Switching Protocols");
    assert_non_null(refit_fault(&head));
    head = head_of(w, "200 OK\nContent-Type: text/html");
    assert_null(refit_fault(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_by_length_unless_trailers_follow),
        cmocka_unit_test_setup_teardown(forgets_what_the_old_content_was, world_begin, world_end),
        cmocka_unit_test_setup_teardown(leaves_to_caches_what_a_rule_allows_them, world_begin,
                                        world_end),
        cmocka_unit_test_setup_teardown(names_contents_that_are_not_looked_at, world_begin,
                                        world_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
