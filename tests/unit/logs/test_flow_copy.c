#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logs/flow_copy.h"
#include "make_flow.h"

/* Something in all parts that are copied. */
static struct flow *full_flow(void)
{
    struct flow *f = make_http_flow("POST", "/a?b", 200, "text/plain");
    struct head *interim = make_head(f, HTTP_RESPONSE, "Link: </x>\n");
    struct fields *trailers = arena_alloc(&f->arena, sizeof(*trailers));
    struct flow_tag *tag = arena_alloc(&f->arena, sizeof(*tag));

    interim->status = 103;
    f->interim = arena_alloc(&f->arena, sizeof(*f->interim));
    *f->interim = (struct flow_interim){.head = interim, .injected = true};
    make_fields(&f->arena, trailers, "X-Sum: 1\n");
    f->response.trailers = trailers;
    *tag = (struct flow_tag){.text = "slow"};
    f->tags = tag;
    make_rule(f, "proxy.yaml:3 one", "status 200 → 503");
    make_rule(f, "proxy.yaml:9 two", NULL);
    make_body(f, &f->response, BYTES("hello"));
    f->client_tls = (struct flow_tls){.version = 0x304,
                                      .version_text = "TLSv1.3",
                                      .cipher = "TLS_AES_128_GCM_SHA256",
                                      .sni = BYTES("api.test"),
                                      .ja4 = BYTES("t13d")};
    return f;
}

/* The record is overwritten and freed: a copy that shared something would not live. */
static void lives_without_the_record_it_was_made_of(void **state)
{
    struct flow *f = full_flow(), *copy;
    struct arena a;

    (void)state;
    arena_init(&a, MAKE_FLOW_BYTES);
    copy = flow_copy(f, &a);
    assert_non_null(copy);
    free_flow(f);
    assert_string_equal(copy->id, "01J0000000000000000000000A");
    assert_true(bytes_equal(copy->host, BYTES("api.test")));
    assert_true(bytes_equal(copy->request.received->method, BYTES("POST")));
    assert_ptr_equal(copy->request.sent, copy->request.received);
    assert_int_equal(copy->response.received->fields.count, 1);
    assert_true(bytes_equal(copy->response.trailers->items[0].value, BYTES("1")));
    assert_int_equal(copy->interim->head->status, 103);
    assert_true(copy->interim->injected);
    assert_string_equal(copy->rules->note, "status 200 → 503");
    assert_string_equal(copy->rules->next->label, "proxy.yaml:9 two");
    assert_null(copy->rules->next->note);
    assert_null(copy->rules->next->next);
    assert_string_equal(copy->tags->text, "slow");
    assert_string_equal(copy->client_tls.version_text, "TLSv1.3");
    assert_true(bytes_equal(copy->client_tls.ja4, BYTES("t13d")));
    free_flow(copy);
}

static void has_the_size_of_the_content_but_none_of_it(void **state)
{
    struct flow *f = full_flow(), *copy;
    struct arena a;

    (void)state;
    arena_init(&a, MAKE_FLOW_BYTES);
    copy = flow_copy(f, &a);
    assert_non_null(copy);
    assert_int_equal(copy->response.body.wire_bytes, 5);
    assert_int_equal(copy->response.body.captured_bytes, 0);
    assert_int_equal(copy->response.body.count, 0);
    free_flow(copy);
    free_flow(f);
}

/* With every amount of room from none to enough. */
static void gives_up_when_there_is_no_room(void **state)
{
    struct flow *f = full_flow(), *copy = NULL;
    size_t failures = 0;

    (void)state;
    for (size_t max = 0; !copy; max += 512) {
        struct arena a;

        arena_init(&a, max);
        copy = flow_copy(f, &a);
        if (copy)
            break;
        arena_release(&a);
        failures++;
    }
    assert_true(failures > 0);
    free_flow(copy);
    free_flow(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lives_without_the_record_it_was_made_of),
        cmocka_unit_test(has_the_size_of_the_content_but_none_of_it),
        cmocka_unit_test(gives_up_when_there_is_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
