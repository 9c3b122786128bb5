#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "logs/filter_impl.h"

enum { TEXT_BYTES = 16 * 1024 };

static enum status parse(const char *text, struct filter_fault *fault)
{
    struct filter *f = NULL;
    enum status st = filter_parse(bytes_of(text), INT64_C(1700000000000000), &f, fault);

    filter_free(f);
    return st;
}

/* The fault underlines `part` of the source and says `sentence`. */
static void refuses_by(const char *text, const char *part, const char *sentence)
{
    struct filter_fault fault = {0};
    enum status st = parse(text, &fault);
    const char *place = strstr(text, part);

    if (st != STATUS_BAD_INPUT)
        fail_msg("%s: status %d", text, st);
    if (!strstr(fault.text, sentence))
        fail_msg("%s: \"%s\", not \"%s\"", text, fault.text, sentence);
    if (fault.at != (size_t)(place - text) || fault.len != strlen(part))
        fail_msg("%s: at %zu for %zu, not at %zu for %zu", text, fault.at, fault.len,
                 (size_t)(place - text), strlen(part));
}

static void accepts(const char *text)
{
    struct filter_fault fault = {0};

    if (parse(text, &fault))
        fail_msg("%s: %s", text, fault.text);
}

static void an_unknown_key_is_told_its_neighbour(void **state)
{
    (void)state;
    refuses_by("a stauts:500", "stauts", "no such key 'stauts'; did you mean 'status'?");
    refuses_by("stat:500", "stat", "no such key 'stat'; did you mean 'status'?");
    refuses_by("-metod:GET", "metod", "did you mean 'method'?");
    refuses_by("foobarbaz:x", "foobarbaz", "put the word in quotes");
}

static void what_looks_like_a_url_is_searched_for(void **state)
{
    (void)state;
    accepts("http://x");
    accepts("localhost:8080");
    accepts("localhost:8080/path");
    accepts("api.test:x");
    accepts("/a:b");
    accepts(":8080");
    accepts("\"stauts:500\"");
    accepts("a>b");
    accepts("a=b");
}

static void values_that_cannot_be_are_refused(void **state)
{
    (void)state;
    refuses_by("x status:50x", "50x", "write 404, 5xx");
    refuses_by("status:600-500", "600-500", "no value of status");
    refuses_by("status:404,5x", "5x", "no value of status");
    refuses_by("status:5", "5", "no value of status");
    refuses_by("status:1000", "1000", "no value of status");
    refuses_by("size:lots", "lots", "write 10k");
    refuses_by("larger-than:>1", ">1", "write a size");
    refuses_by("duration:1s", "1s", "nothing lasts exactly so long");
    refuses_by("duration:>1", ">1", "write >1s");
    refuses_by("port:http", "http", "write a number");
    refuses_by("port:>99999999999999999999", ">99999999999999999999", "write a number");
    refuses_by("version:3", "3", "write 1.0, 1.1 or 2");
    refuses_by("host:a.test:80", "a.test:80", "port:8080");
    refuses_by("host:localhost:", "localhost:", "port:8080");
    refuses_by("host:a.*", "a.*", ".shop.test");
    refuses_by("header:\"a b\"", "\"a b\"", "write a name");
    refuses_by("header:=b", "=b", "write a name");
    refuses_by("anomaly:bare_ls", "bare_ls", "did you mean 'bare_lf'?");
    refuses_by("is:inyected", "inyected", "did you mean 'injected'?");
    refuses_by("is:slow", "slow", "weir help filters");
    refuses_by("kind:https", "https", "did you mean 'http'?");
    refuses_by("id:abc", "abc", "four letters");
    refuses_by("since:yesterday", "yesterday", "write 10m");
    refuses_by("since:2026-02-30", "2026-02-30", "write 10m");
}

static void a_key_wants_a_value_right_after_it(void **state)
{
    (void)state;
    refuses_by("a status:", "status:", "as in status:404,5xx");
    refuses_by("status: 404", "status:", "right after it");
    refuses_by("status:404,", "status:404,", "wants a value");
    refuses_by("status:,404", "status:", "wants a value");
    refuses_by("body:\"\"", "body:\"\"", "wants a value");
    refuses_by("a \"\"", "\"\"", "nothing in these quotes");
}

static void what_is_opened_must_be_closed(void **state)
{
    (void)state;
    refuses_by("a \"b c", "\"b c", "never closed");
    refuses_by("body:\"b\\\"", "\"b\\\"", "never closed");
    refuses_by("a (b", "(", "never closed");
    refuses_by("a) b", ")", "nothing is open");
    refuses_by("a ()", "()", "nothing between");
    refuses_by("a ( )", "( )", "nothing between");
    accepts("path:/f(x)");
    accepts("(path:/f(x))");
}

static void operators_stand_between_terms(void **state)
{
    (void)state;
    refuses_by("OR a", "OR", "'OR' wants a term before it");
    refuses_by("(AND a)", "AND", "'AND' wants a term before it");
    refuses_by("a OR", "OR", "'OR' wants a term after it");
    refuses_by("a OR OR b", "OR", "'OR' wants a term after it");
    refuses_by("(a |)", "|", "'|' wants a term after it");
    refuses_by("a NOT", "NOT", "'NOT' wants a term after it");
    refuses_by("a -", "-", "right before");
    refuses_by("a ! b", "!", "right before");
    refuses_by("a or b", "or", "write OR in capitals");
    refuses_by("a and b", "and", "write AND in capitals");
    refuses_by("not b", "not", "write NOT in capitals");
    accepts("a \"or\" b");
    accepts("order android nothing");
}

static void mitmproxys_operators_are_told_in_our_words(void **state)
{
    (void)state;
    refuses_by("~c 404", "~c", "here write status:404");
    refuses_by("a & ~bs oops", "~bs", "here write response-body:oops");
    accepts("~home");
}

static void caps_hold(void **state)
{
    struct filter_fault fault = {0};
    struct filter *f = NULL;
    char text[TEXT_BYTES];
    size_t len;

    (void)state;
    memset(text, 'a', sizeof(text));
    assert_int_equal(filter_parse(bytes_make(text, FILTER_TEXT_BYTES), 0, &f, &fault), STATUS_OK);
    filter_free(f);
    assert_int_equal(filter_parse(bytes_make(text, FILTER_TEXT_BYTES + 1), 0, &f, &fault),
                     STATUS_LIMIT);
    assert_non_null(strstr(fault.text, "4096 bytes"));
    for (len = 0; len < 2 * (FILTER_TERMS + 1); len += 2)
        memcpy(text + len, "a ", 2);
    assert_int_equal(filter_parse(bytes_make(text, len - 2), 0, &f, &fault), STATUS_OK);
    assert_int_equal(f->term_count, FILTER_TERMS);
    filter_free(f);
    assert_int_equal(filter_parse(bytes_make(text, len), 0, &f, &fault), STATUS_LIMIT);
    assert_int_equal(fault.at, 2 * FILTER_TERMS);
    memset(text, '(', FILTER_DEPTH + 1);
    memcpy(text + FILTER_DEPTH + 1, "a", 2);
    assert_int_equal(filter_parse(bytes_of(text), 0, &f, &fault), STATUS_LIMIT);
    assert_int_equal(fault.at, FILTER_DEPTH);
    text[FILTER_DEPTH] = 'a';
    memset(text + FILTER_DEPTH + 1, ')', FILTER_DEPTH);
    assert_int_equal(filter_parse(bytes_make(text, 2 * FILTER_DEPTH + 1), 0, &f, &fault),
                     STATUS_OK);
    filter_free(f);
}

static void a_list_has_a_cap(void **state)
{
    struct filter_fault fault = {0};
    char text[TEXT_BYTES] = "tag:a";

    (void)state;
    for (int i = 1; i < FILTER_VALUES; i++)
        strcat(text, ",a");
    assert_int_equal(parse(text, &fault), STATUS_OK);
    strcat(text, ",a");
    assert_int_equal(parse(text, &fault), STATUS_LIMIT);
    assert_non_null(strstr(fault.text, "64 values"));
}

static void a_fault_is_shown_with_a_caret(void **state)
{
    const char *text = "h\xc3\xb6he stauts:500";
    struct filter_fault fault = {0};
    struct buf out;

    (void)state;
    assert_int_equal(parse(text, &fault), STATUS_BAD_INPUT);
    buf_init(&out, TEXT_BYTES);
    filter_put_fault(&fault, bytes_of(text), false, &out);
    assert_string_equal(buf_text(&out), "error: no such key 'stauts'; did you mean 'status'?\n"
                                        " --> filter:1:6\n"
                                        "1 | h\xc3\xb6he stauts:500\n"
                                        "  |      ^^^^^^\n");
    buf_clear(&out);
    assert_int_equal(parse("is:\x1b[2J", &fault), STATUS_BAD_INPUT);
    filter_put_fault(&fault, BYTES("is:\x1b[2J"), true, &out);
    assert_null(strstr(buf_text(&out), "\x1b[2J"));
    buf_release(&out);
}

static void the_source_is_kept(void **state)
{
    struct filter_fault fault;
    struct filter *f = NULL;

    (void)state;
    assert_int_equal(filter_parse(BYTES("Status:5XX  Login"), 0, &f, &fault), STATUS_OK);
    assert_true(bytes_equal(filter_text(f), BYTES("Status:5XX  Login")));
    filter_free(f);
    filter_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_key_is_told_its_neighbour),
        cmocka_unit_test(what_looks_like_a_url_is_searched_for),
        cmocka_unit_test(values_that_cannot_be_are_refused),
        cmocka_unit_test(a_key_wants_a_value_right_after_it),
        cmocka_unit_test(what_is_opened_must_be_closed),
        cmocka_unit_test(operators_stand_between_terms),
        cmocka_unit_test(mitmproxys_operators_are_told_in_our_words),
        cmocka_unit_test(caps_hold),
        cmocka_unit_test(a_list_has_a_cap),
        cmocka_unit_test(a_fault_is_shown_with_a_caret),
        cmocka_unit_test(the_source_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
