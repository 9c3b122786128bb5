#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/message.h"

enum { ARENA_BYTES = 64 * 1024 };

static const char text[] = "GET http://a.test/x?y HTTP/1.1\r\nHost: a.test\r\nX : made\r\n";

/* A head as the parser makes it: slices into `bytes`, one value from elsewhere. */
static struct head sample_head(const char *bytes, struct field *fields)
{
    const uint8_t *p = (const uint8_t *)bytes;

    fields[0] = (struct field){.name = bytes_make(p + 32, 4),
                               .value = bytes_make(p + 38, 6),
                               .line = bytes_make(p + 32, 12),
                               .id = FIELD_HOST};
    fields[1] = (struct field){.name = bytes_make(p + 46, 1), .value = BYTES("made")};
    return (struct head){
        .side = HTTP_REQUEST,
        .version = HTTP_1_1,
        .length = -1,
        .method = bytes_make(p, 3),
        .target = bytes_make(p + 4, 17),
        .scheme = bytes_make(p + 4, 4),
        .authority = bytes_make(p + 11, 6),
        .path = bytes_make(p + 17, 4),
        .fields = {fields, 2, 2},
    };
}

static bool inside(struct bytes part, const void *whole, size_t len)
{
    const uint8_t *start = whole;

    return part.ptr >= start && part.ptr < start + len;
}

static void assert_same(struct bytes got, struct bytes expected)
{
    assert_int_equal(got.len, expected.len);
    if (got.len > 0)
        assert_memory_equal(got.ptr, expected.ptr, got.len);
}

static void copies_a_head_so_that_nothing_is_shared(void **state)
{
    char bytes[sizeof(text)];
    struct field fields[2];
    struct head from, copy;
    struct arena a;
    (void)state;

    memcpy(bytes, text, sizeof(text));
    from = sample_head(bytes, fields);
    arena_init(&a, ARENA_BYTES);
    assert_int_equal(head_copy(&a, &from, &copy), STATUS_OK);
    memset(bytes, '!', sizeof(bytes));
    memset(fields, 0, sizeof(fields));
    assert_same(copy.method, BYTES("GET"));
    assert_same(copy.target, BYTES("http://a.test/x?y"));
    assert_same(copy.scheme, BYTES("http"));
    assert_same(copy.authority, BYTES("a.test"));
    assert_same(copy.path, BYTES("/x?y"));
    assert_int_equal(copy.fields.count, 2);
    assert_same(copy.fields.items[0].name, BYTES("Host"));
    assert_same(copy.fields.items[0].value, BYTES("a.test"));
    assert_same(copy.fields.items[0].line, BYTES("Host: a.test"));
    assert_int_equal(copy.fields.items[0].id, FIELD_HOST);
    assert_same(copy.fields.items[1].name, BYTES("X"));
    assert_same(copy.fields.items[1].value, BYTES("made"));
    assert_int_equal(copy.fields.items[1].line.len, 0);
    arena_release(&a);
}

static void copies_what_lies_within_the_target_or_a_line_only_once(void **state)
{
    struct field fields[2];
    struct head from = sample_head(text, fields), copy;
    struct arena a;
    (void)state;

    arena_init(&a, ARENA_BYTES);
    assert_int_equal(head_copy(&a, &from, &copy), STATUS_OK);
    assert_true(inside(copy.scheme, copy.target.ptr, copy.target.len));
    assert_true(inside(copy.path, copy.target.ptr, copy.target.len));
    assert_true(inside(copy.fields.items[0].value, copy.fields.items[0].line.ptr,
                       copy.fields.items[0].line.len));
    arena_release(&a);
}

static void copies_a_head_of_nothing(void **state)
{
    struct head from = {.side = HTTP_RESPONSE, .status = 200}, copy;
    struct arena a;
    (void)state;

    arena_init(&a, ARENA_BYTES);
    assert_int_equal(head_copy(&a, &from, &copy), STATUS_OK);
    assert_int_equal(copy.status, 200);
    assert_int_equal(copy.fields.count, 0);
    assert_null(copy.target.ptr);
    arena_release(&a);
}

static void leaves_the_copy_alone_when_there_is_no_room(void **state)
{
    struct field fields[2];
    struct head from = sample_head(text, fields), copy = {.status = 77};
    struct arena a;
    (void)state;

    arena_init(&a, 64);
    assert_int_equal(head_copy(&a, &from, &copy), STATUS_NO_MEMORY);
    assert_int_equal(head_fork(&a, &from, &copy), STATUS_NO_MEMORY);
    assert_int_equal(copy.status, 77);
    arena_release(&a);
}

static void forks_a_head_so_that_its_list_is_edited_apart(void **state)
{
    struct field fields[2];
    struct head from = sample_head(text, fields), fork;
    struct arena a;
    (void)state;

    arena_init(&a, ARENA_BYTES);
    assert_int_equal(head_fork(&a, &from, &fork), STATUS_OK);
    fields_remove(&fork.fields, BYTES("host"));
    assert_int_equal(fields_append(&a, &fork.fields, BYTES("Y"), BYTES("1")), STATUS_OK);
    assert_int_equal(from.fields.count, 2);
    assert_int_equal(from.fields.items[0].id, FIELD_HOST);
    assert_ptr_equal(fork.path.ptr, from.path.ptr);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_a_head_so_that_nothing_is_shared),
        cmocka_unit_test(copies_what_lies_within_the_target_or_a_line_only_once),
        cmocka_unit_test(copies_a_head_of_nothing),
        cmocka_unit_test(leaves_the_copy_alone_when_there_is_no_room),
        cmocka_unit_test(forks_a_head_so_that_its_list_is_edited_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
