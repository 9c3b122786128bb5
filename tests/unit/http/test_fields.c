#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/message.h"

enum { ARENA_BYTES = 64 * 1024, NAME_BYTES = 64 };

static const char *const names[FIELD_COUNT] = {
#define FIELD(id, name, rules) [FIELD_##id] = name,
#include "http/fields.def"
#undef FIELD
};

struct list {
    struct arena a;
    struct fields f;
};

/* "Name: value" lines, as if they had been read. */
static void list_init(struct list *l, const char *const *lines, size_t count)
{
    arena_init(&l->a, ARENA_BYTES);
    l->f = (struct fields){NULL, 0, 0};
    for (size_t i = 0; i < count; i++) {
        struct bytes line = bytes_of(lines[i]);
        ptrdiff_t colon = bytes_find(line, ':');

        assert_int_equal(fields_append(&l->a, &l->f, bytes_until(line, (size_t)colon),
                                       bytes_trim(bytes_from(line, (size_t)colon + 1))),
                         STATUS_OK);
        l->f.items[i].line = line;
    }
}

#define LIST(l, ...)                                                                               \
    list_init(l, (const char *const[]){__VA_ARGS__},                                               \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* The list as "Name: value" lines; a line that stands as it came has a '=' before it. */
static void assert_list(struct list *l, const char *expected)
{
    struct bytes left = bytes_of(expected);

    for (uint32_t i = 0; i < l->f.count; i++) {
        const struct field *f = &l->f.items[i];
        char *line =
            arena_printf(&l->a, "%s%.*s: %.*s\n", f->line.len > 0 ? "=" : "", (int)f->name.len,
                         (const char *)f->name.ptr, (int)f->value.len, (const char *)f->value.ptr);

        assert_non_null(line);
        if (!bytes_starts_with(left, bytes_of(line)))
            fail_msg("got %s where this is due:\n%.*s", line, (int)left.len,
                     (const char *)left.ptr);
        left = bytes_from(left, strlen(line));
    }
    assert_int_equal(left.len, 0);
    arena_release(&l->a);
}

static void finds_every_field_of_the_table_in_any_case(void **state)
{
    (void)state;

    for (int id = FIELD_OTHER + 1; id < FIELD_COUNT; id++) {
        uint8_t name[NAME_BYTES];
        size_t len = strlen(names[id]);

        memcpy(name, names[id], len);
        assert_int_equal(field_id_of(bytes_make(name, len)), id);
        for (size_t i = 0; i < len; i++)
            name[i] = (uint8_t)(names[id][i] >= 'a' && names[id][i] <= 'z' ? names[id][i] - 32
                                                                           : names[id][i]);
        assert_int_equal(field_id_of(bytes_make(name, len)), id);
        for (size_t i = 0; i < len; i++)
            name[i] = byte_lower(name[i]);
        assert_int_equal(field_id_of(bytes_make(name, len)), id);
        assert_true(bytes_equal(field_name((enum field_id)id), bytes_of(names[id])));
    }
}

/* One byte off, at each place, with each byte. */
static void finds_nothing_for_names_that_are_only_near(void **state)
{
    (void)state;

    for (int id = FIELD_OTHER + 1; id < FIELD_COUNT; id++) {
        size_t len = strlen(names[id]);

        for (size_t at = 0; at < len; at++) {
            uint8_t name[NAME_BYTES];

            memcpy(name, names[id], len);
            for (int c = 0; c < 256; c++) {
                name[at] = (uint8_t)c;
                if (byte_lower((uint8_t)c) == byte_lower((uint8_t)names[id][at]))
                    assert_int_equal(field_id_of(bytes_make(name, len)), id);
                else
                    assert_int_not_equal(field_id_of(bytes_make(name, len)), id);
            }
        }
        assert_int_not_equal(field_id_of(bytes_make(names[id], len - 1)), id);
    }
    assert_int_equal(field_id_of(BYTES("")), FIELD_OTHER);
    assert_int_equal(field_id_of(BYTES("X-Request-Id")), FIELD_OTHER);
}

static void knows_the_rules_of_a_field(void **state)
{
    (void)state;

    assert_int_equal(field_rules(FIELD_OTHER), FIELD_RULE_NONE);
    assert_true(field_rules(FIELD_CONNECTION) & FIELD_RULE_HOP);
    assert_true(field_rules(FIELD_TRANSFER_ENCODING) & FIELD_RULE_FRAMING);
    assert_true(field_rules(FIELD_COOKIE) & FIELD_RULE_SECRET);
    assert_false(field_rules(FIELD_ETAG) & FIELD_RULE_NO_TRAILER);
    assert_int_equal(field_rules(FIELD_COUNT), FIELD_RULE_NONE);
}

static void finds_fields_by_id_and_by_name(void **state)
{
    struct list l;
    (void)state;

    LIST(&l, "A: 1", "Host: h", "a: 2", "b: 3");
    assert_int_equal(fields_find(&l.f, FIELD_HOST, 0), 1);
    assert_int_equal(fields_find(&l.f, FIELD_HOST, 2), -1);
    assert_int_equal(fields_find_name(&l.f, BYTES("A"), 0), 0);
    assert_int_equal(fields_find_name(&l.f, BYTES("A"), 1), 2);
    assert_int_equal(fields_find_name(&l.f, BYTES("HOST"), 0), 1);
    assert_int_equal(fields_find_name(&l.f, BYTES("c"), 0), -1);
    assert_true(bytes_equal(fields_value(&l.f, BYTES("B")), BYTES("3")));
    assert_null(fields_value(&l.f, BYTES("c")).ptr);
    arena_release(&l.a);
}

static void sets_the_first_line_in_its_place_and_drops_the_others(void **state)
{
    struct list l;
    (void)state;

    LIST(&l, "A: 1", "x-b: 2", "X-B: 3", "C: 4", "X-b: 5");
    assert_int_equal(fields_set(&l.a, &l.f, BYTES("X-B"), BYTES("new")), STATUS_OK);
    assert_list(&l, "=A: 1\nx-b: new\n=C: 4\n");
}

static void sets_what_is_not_there_at_the_end(void **state)
{
    struct list l;
    (void)state;

    LIST(&l, "A: 1");
    assert_int_equal(fields_set(&l.a, &l.f, BYTES("B"), BYTES("2")), STATUS_OK);
    assert_list(&l, "=A: 1\nB: 2\n");
}

static void appends_beyond_the_room_it_has(void **state)
{
    struct list l = {.f = {NULL, 0, 0}};
    (void)state;

    arena_init(&l.a, ARENA_BYTES);
    for (int i = 0; i < 100; i++)
        assert_int_equal(fields_append(&l.a, &l.f, BYTES("A"), BYTES("1")), STATUS_OK);
    assert_int_equal(l.f.count, 100);
    assert_true(bytes_equal(l.f.items[99].name, BYTES("A")));
    arena_release(&l.a);
}

static void leaves_the_list_alone_when_there_is_no_room(void **state)
{
    struct list l = {.f = {NULL, 0, 0}};
    (void)state;

    arena_init(&l.a, 16);
    assert_int_equal(fields_append(&l.a, &l.f, BYTES("A"), BYTES("1")), STATUS_NO_MEMORY);
    assert_int_equal(l.f.count, 0);
    arena_release(&l.a);
}

static void removes_every_line_of_a_name(void **state)
{
    struct list l;
    (void)state;

    LIST(&l, "A: 1", "Host: h", "a: 2", "B: 3");
    fields_remove(&l.f, BYTES("a"));
    fields_remove(&l.f, BYTES("HOST"));
    fields_remove(&l.f, BYTES("none"));
    assert_list(&l, "=B: 3\n");
}

static void removes_one_line(void **state)
{
    struct list l;
    (void)state;

    LIST(&l, "A: 1", "B: 2", "C: 3");
    fields_remove_at(&l.f, 1);
    fields_remove_at(&l.f, 2);
    assert_list(&l, "=A: 1\n=C: 3\n");
}

static void looks_into_lists_over_all_lines(void **state)
{
    struct list l;
    (void)state;

    LIST(&l, "Connection: a, , B", "X: c", "connection: D");
    assert_true(fields_list_has(&l.f, FIELD_CONNECTION, BYTES("b")));
    assert_true(fields_list_has(&l.f, FIELD_CONNECTION, BYTES("d")));
    assert_false(fields_list_has(&l.f, FIELD_CONNECTION, BYTES("c")));
    assert_false(fields_list_has(&l.f, FIELD_TE, BYTES("a")));
    arena_release(&l.a);
}

/* RFC 9110 §7.6.1 */
static void strips_what_may_not_pass_a_proxy(void **state)
{
    struct list l;
    (void)state;

    LIST(&l, "X-One: 1", "Connection: x-one, close", "Keep-Alive: 5", "Proxy-Connection: close",
         "Proxy-Authorization: Basic x", "Proxy-Authenticate: Basic", "TE: gzip", "Upgrade: a",
         "HTTP2-Settings: x", "Transfer-Encoding: chunked", "Trailer: X", "Accept: b");
    assert_int_equal(fields_strip_hop(&l.a, &l.f, false), STATUS_OK);
    assert_list(&l, "=Transfer-Encoding: chunked\n=Trailer: X\n=Accept: b\n");
}

static void never_strips_what_frames_or_routes(void **state)
{
    struct list l;
    (void)state;

    LIST(&l, "Connection: host, content-length", "Host: h", "Content-Length: 1");
    assert_int_equal(fields_strip_hop(&l.a, &l.f, false), STATUS_OK);
    assert_list(&l, "=Host: h\n=Content-Length: 1\n");
}

static void keeps_te_trailers_with_the_option_that_names_it(void **state)
{
    struct list l;
    (void)state;

    LIST(&l, "TE: trailers, gzip;q=1", "Connection: close, te", "TE: trailers");
    assert_int_equal(fields_strip_hop(&l.a, &l.f, false), STATUS_OK);
    assert_list(&l, "TE: trailers\nConnection: te\n");
}

static void keeps_upgrade_when_asked_to(void **state)
{
    struct list l;
    (void)state;

    LIST(&l, "Upgrade: websocket", "Connection: Upgrade", "A: 1");
    assert_int_equal(fields_strip_hop(&l.a, &l.f, true), STATUS_OK);
    assert_list(&l, "=Upgrade: websocket\n=Connection: Upgrade\n=A: 1\n");
}

static void keeps_both_te_and_upgrade(void **state)
{
    struct list l;
    (void)state;

    LIST(&l, "Connection: keep-alive, upgrade, TE", "Upgrade: websocket", "TE: trailers");
    assert_int_equal(fields_strip_hop(&l.a, &l.f, true), STATUS_OK);
    assert_list(&l, "Connection: TE, upgrade\n=Upgrade: websocket\n=TE: trailers\n");
}

static void drops_an_upgrade_to_h2c_or_one_not_named(void **state)
{
    struct list l;
    (void)state;

    LIST(&l, "Connection: Upgrade", "Upgrade: h2c");
    assert_false(fields_want_upgrade(&l.f));
    assert_int_equal(fields_strip_hop(&l.a, &l.f, true), STATUS_OK);
    assert_list(&l, "");
    LIST(&l, "Upgrade: websocket");
    assert_false(fields_want_upgrade(&l.f));
    assert_int_equal(fields_strip_hop(&l.a, &l.f, true), STATUS_OK);
    assert_list(&l, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_field_of_the_table_in_any_case),
        cmocka_unit_test(finds_nothing_for_names_that_are_only_near),
        cmocka_unit_test(knows_the_rules_of_a_field),
        cmocka_unit_test(finds_fields_by_id_and_by_name),
        cmocka_unit_test(sets_the_first_line_in_its_place_and_drops_the_others),
        cmocka_unit_test(sets_what_is_not_there_at_the_end),
        cmocka_unit_test(appends_beyond_the_room_it_has),
        cmocka_unit_test(leaves_the_list_alone_when_there_is_no_room),
        cmocka_unit_test(removes_every_line_of_a_name),
        cmocka_unit_test(removes_one_line),
        cmocka_unit_test(looks_into_lists_over_all_lines),
        cmocka_unit_test(strips_what_may_not_pass_a_proxy),
        cmocka_unit_test(never_strips_what_frames_or_routes),
        cmocka_unit_test(keeps_te_trailers_with_the_option_that_names_it),
        cmocka_unit_test(keeps_upgrade_when_asked_to),
        cmocka_unit_test(keeps_both_te_and_upgrade),
        cmocka_unit_test(drops_an_upgrade_to_h2c_or_one_not_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
