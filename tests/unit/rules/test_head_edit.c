/* What edits do to a head: what is named changes, every other byte stays. */
#include "rules/head_edit.h"

#include "rules/replacement.h"
#include "rules_world.h"

/* The head after one edit, as "METHOD path" and its fields, one a line. */
static const char *edited(struct world *w, const char *request, struct head_edit edit)
{
    struct head *head = &w->request.head;
    struct buf note;

    arena_reset(&w->exchange);
    assert_int_equal(rules_text_request(&w->exchange, bytes_of(request), &w->request), STATUS_OK);
    buf_init(&note, EDIT_NOTE_BYTES);
    assert_int_equal(head_edit_apply(&w->exchange, &edit, head, &note), STATUS_OK);
    buf_release(&note);
    buf_clear(&w->out);
    rules_text_put(&w->out, "", head->method, " ");
    rules_text_put(&w->out, "", head->path, "\n");
    for (uint32_t i = 0; i < head->fields.count; i++) {
        rules_text_put(&w->out, "", head->fields.items[i].name, ": ");
        rules_text_put(&w->out, "", head->fields.items[i].value, "\n");
    }
    return buf_text(&w->out);
}

static struct head_edit edit_of(enum edit_part part, enum edit_op op, const char *name,
                                const char *value)
{
    return (struct head_edit){
        .part = part, .op = op, .name = bytes_of(name), .value = bytes_of(value)};
}

static const char *query(struct world *w, const char *path, enum edit_op op, const char *name,
                         const char *value)
{
    char request[512];

    snprintf(request, sizeof(request), "GET http://a.test%s", path);
    return edited(w, request, edit_of(EDIT_QUERY, op, name, value));
}

/* What the flow is told of an edit. */
static const char *note_of(struct world *w, const char *request, struct head_edit edit)
{
    struct buf note;

    arena_reset(&w->exchange);
    assert_int_equal(rules_text_request(&w->exchange, bytes_of(request), &w->request), STATUS_OK);
    buf_init(&note, EDIT_NOTE_BYTES);
    assert_int_equal(head_edit_apply(&w->exchange, &edit, &w->request.head, &note), STATUS_OK);
    buf_clear(&w->out);
    buf_put(&w->out, buf_bytes(&note));
    buf_release(&note);
    return buf_text(&w->out);
}

static void tells_no_secret_of_what_it_changed(void **state)
{
    static const char request[] =
        "GET http://a.test/\nAuthorization: Bearer s3\nCookie: id=s3\nX: a";
    static const enum edit_op ops[] = {EDIT_SET, EDIT_APPEND, EDIT_REMOVE};
    struct world *w = *state;

    assert_string_equal(note_of(w, request, edit_of(EDIT_HEADER, EDIT_SET, "x", "b")), "x: a → b");
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        assert_null(
            strstr(note_of(w, request, edit_of(EDIT_HEADER, ops[i], "authorization", "s3")), "s3"));
        assert_null(strstr(note_of(w, request, edit_of(EDIT_COOKIE, ops[i], "id", "s3")), "s3"));
    }
    assert_string_equal(note_of(w, request, edit_of(EDIT_COOKIE, EDIT_SET, "id", "b")),
                        "cookie id: (secret) → (secret)");
}

static void sets_a_parameter_and_leaves_the_others(void **state)
{
    struct world *w = *state;

    assert_string_equal(query(w, "/p%2f?a=1&b=%41+&&c", EDIT_SET, "b", "2"),
                        "GET /p%2f?a=1&b=2&&c\n");
    assert_string_equal(query(w, "/?%62=1&x=2&b=3", EDIT_SET, "b", "4"), "GET /?%62=4&x=2\n");
    assert_string_equal(query(w, "/?a=1", EDIT_SET, "b c", "2"), "GET /?a=1&b%20c=2\n");
    assert_string_equal(query(w, "/", EDIT_SET, "b", "2"), "GET /?b=2\n");
    assert_string_equal(query(w, "/?", EDIT_SET, "b", ""), "GET /?&b=\n");
    assert_string_equal(query(w, "/?b", EDIT_SET, "b", "2"), "GET /?b=2\n");
    assert_string_equal(query(w, "/?&b=1&", EDIT_SET, "b", "2"), "GET /?&b=2&\n");
}

static void appends_and_removes_parameters(void **state)
{
    struct world *w = *state;

    assert_string_equal(query(w, "/?b=1&a", EDIT_APPEND, "b", "2"), "GET /?b=1&a&b=2\n");
    assert_string_equal(query(w, "/", EDIT_APPEND, "b", "2"), "GET /?b=2\n");
    assert_string_equal(query(w, "/?b=1&a=%20&b=2", EDIT_REMOVE, "b", ""), "GET /?a=%20\n");
    assert_string_equal(query(w, "/?b=1", EDIT_REMOVE, "b", ""), "GET /\n");
    assert_string_equal(query(w, "/?a&c", EDIT_REMOVE, "b", ""), "GET /?a&c\n");
    assert_string_equal(query(w, "/?", EDIT_REMOVE, "b", ""), "GET /?\n");
}

static void edits_the_cookies_of_a_request(void **state)
{
    static const char request[] = "GET http://a.test/\nX: y\nCookie: a=1; b=2;c=3\nCookie: b=4";
    static const char bare[] = "GET http://a.test/";
    struct world *w = *state;

    assert_string_equal(edited(w, request, edit_of(EDIT_COOKIE, EDIT_SET, "b", "9")),
                        "GET /\nX: y\nCookie: a=1; b=9;c=3\n");
    assert_string_equal(edited(w, request, edit_of(EDIT_COOKIE, EDIT_SET, "d", "9")),
                        "GET /\nX: y\nCookie: a=1; b=2;c=3; d=9\nCookie: b=4\n");
    assert_string_equal(edited(w, request, edit_of(EDIT_COOKIE, EDIT_APPEND, "b", "9")),
                        "GET /\nX: y\nCookie: a=1; b=2;c=3; b=9\nCookie: b=4\n");
    assert_string_equal(edited(w, request, edit_of(EDIT_COOKIE, EDIT_REMOVE, "b", "")),
                        "GET /\nX: y\nCookie: a=1;c=3\n");
    assert_string_equal(edited(w, request, edit_of(EDIT_COOKIE, EDIT_REMOVE, "a", "")),
                        "GET /\nX: y\nCookie: b=2;c=3\nCookie: b=4\n");
    assert_string_equal(edited(w, bare, edit_of(EDIT_COOKIE, EDIT_SET, "b", "9")),
                        "GET /\nCookie: b=9\n");
    assert_string_equal(edited(w, bare, edit_of(EDIT_COOKIE, EDIT_REMOVE, "b", "")), "GET /\n");
}

static const char *set_cookie(struct world *w, enum edit_op op, const char *value)
{
    struct head_edit edit = edit_of(EDIT_COOKIE, op, "b", value);

    edit.side = HTTP_RESPONSE;
    return edited(w,
                  "GET http://a.test/\nSet-Cookie: a=1; Path=/\nset-cookie: b=2; HttpOnly\n"
                  "Set-Cookie: b=3",
                  edit);
}

static void edits_the_cookies_of_a_response(void **state)
{
    struct world *w = *state;

    assert_string_equal(set_cookie(w, EDIT_SET, "9"),
                        "GET /\nSet-Cookie: a=1; Path=/\nset-cookie: b=9; HttpOnly\n");
    assert_string_equal(set_cookie(w, EDIT_SET, "9; Secure"),
                        "GET /\nSet-Cookie: a=1; Path=/\nset-cookie: b=9; Secure\n");
    assert_string_equal(set_cookie(w, EDIT_REMOVE, ""), "GET /\nSet-Cookie: a=1; Path=/\n");
    assert_string_equal(set_cookie(w, EDIT_APPEND, "9; Secure"),
                        "GET /\nSet-Cookie: a=1; Path=/\nset-cookie: b=2; HttpOnly\n"
                        "Set-Cookie: b=3\nSet-Cookie: b=9; Secure\n");
}

static const char *replaced(struct world *w, const char *request, enum edit_part part,
                            const char *find)
{
    static const char with[] = "<>";
    struct replacement r = {.find = bytes_of(find), .with = bytes_of(with)};
    struct head_edit edit = edit_of(part, EDIT_REPLACE, "b", "");

    edit.replacement = &r;
    return edited(w, request, edit);
}

static void replaces_every_place_in_every_value_of_that_name(void **state)
{
    static const char request[] = "GET http://a.test/?b=xax&c=x&b=x\nb: xx\nc: x\nb: y x";
    struct world *w = *state;

    assert_string_equal(replaced(w, request, EDIT_HEADER, "x"),
                        "GET /?b=xax&c=x&b=x\nb: <><>\nc: x\nb: y <>\n");
    assert_string_equal(replaced(w, request, EDIT_QUERY, "x"),
                        "GET /?b=<>a<>&c=x&b=<>\nb: xx\nc: x\nb: y x\n");
    assert_string_equal(replaced(w, "GET http://a.test/\nCookie: b=axa; c=x", EDIT_COOKIE, "x"),
                        "GET /\nCookie: b=a<>a; c=x\n");
    assert_string_equal(replaced(w, request, EDIT_HEADER, "z"),
                        "GET /?b=xax&c=x&b=x\nb: xx\nc: x\nb: y x\n");
}

static void changes_the_first_line(void **state)
{
    struct world *w = *state;

    assert_string_equal(
        edited(w, "GET http://a.test/x?a=%41", edit_of(EDIT_PATH, EDIT_SET, "", "/y%20")),
        "GET /y%20?a=%41\n");
    assert_string_equal(
        edited(w, "GET http://a.test/x?a", edit_of(EDIT_PATH_QUERY, EDIT_SET, "", "/y?b")),
        "GET /y?b\n");
    assert_string_equal(edited(w, "GET http://a.test/", edit_of(EDIT_METHOD, EDIT_SET, "", "PUT")),
                        "PUT /\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
        TEST(tells_no_secret_of_what_it_changed),
        TEST(sets_a_parameter_and_leaves_the_others),
        TEST(appends_and_removes_parameters),
        TEST(edits_the_cookies_of_a_request),
        TEST(edits_the_cookies_of_a_response),
        TEST(replaces_every_place_in_every_value_of_that_name),
        TEST(changes_the_first_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
