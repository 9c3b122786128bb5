#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "logs/sql_filter.h"

/* What a filter becomes, with the index of table 3 or without one. */
static void assert_where(const char *text, int64_t index, const char *expected)
{
    struct filter_fault fault = {0};
    struct filter *f = NULL;
    struct sql_filter s;

    assert_int_equal(filter_parse(bytes_of(text), 0, &f, &fault), STATUS_OK);
    assert_int_equal(sql_filter_make(f, index, &s), STATUS_OK);
    assert_string_equal(s.where, expected);
    sql_filter_release(&s);
    filter_free(f);
}

static void asks_the_narrow_table(void **state)
{
    (void)state;
    assert_where("", SQL_FILTER_NO_INDEX, "1");
    assert_where("host:api.test status:5xx", SQL_FILTER_NO_INDEX,
                 "host=?10 COLLATE NOCASE AND status BETWEEN ?11 AND ?12");
    assert_where("is:injected OR kind:tunnel", SQL_FILTER_NO_INDEX, "kind=1 OR injected");
    assert_where("is:error (is:injected OR is:ok)", SQL_FILTER_NO_INDEX,
                 "error AND (injected OR status BETWEEN 1 AND 399)");
    assert_where("-is:ok", SQL_FILTER_NO_INDEX, "(status BETWEEN 1 AND 399) IS NOT TRUE");
}

static void asks_the_index_for_three_letters_and_more(void **state)
{
    (void)state;
    assert_where("body:abc", SQL_FILTER_NO_INDEX, "1");
    assert_where("body:ab", 3, "1");
    assert_where("body:abc", 3,
                 "number IN (SELECT rowid FROM fts_3 WHERE fts_3 MATCH ?10 AND rowid BETWEEN ?1 "
                 "AND ?2)");
    assert_where("login", 3,
                 "(number IN (SELECT rowid FROM fts_3 WHERE fts_3 MATCH ?11 AND rowid BETWEEN ?1 "
                 "AND ?2) AND flow_url(kind,scheme,host,port,path,?10))");
    assert_where("header:x-a", 3,
                 "number IN (SELECT rowid FROM fts_3 WHERE fts_3 MATCH ?10 AND rowid BETWEEN ?1 "
                 "AND ?2)");
}

static void leaves_out_what_it_cannot_tell(void **state)
{
    (void)state;
    assert_where("upstream:9443 is:ok", SQL_FILTER_NO_INDEX, "status BETWEEN 1 AND 399");
    assert_where("upstream:9443 OR is:ok", SQL_FILTER_NO_INDEX, "1");
    assert_where("-method:GET", SQL_FILTER_NO_INDEX, "1");
    assert_where("-body:abc", 3, "1");
}

static void writes_no_value_into_the_text(void **state)
{
    struct filter_fault fault = {0};
    struct filter *f = NULL;
    struct sql_filter s;

    (void)state;
    assert_int_equal(
        filter_parse(BYTES("host:x';--.test \"a'b\" tag:t' body:\"q\\\"'z\" rule:r' id:01J0"), 0,
                     &f, &fault),
        STATUS_OK);
    assert_int_equal(sql_filter_make(f, 0, &s), STATUS_OK);
    assert_null(strstr(s.where, "'"));
    assert_null(strstr(s.where, "\""));
    sql_filter_release(&s);
    filter_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_the_narrow_table),
        cmocka_unit_test(asks_the_index_for_three_letters_and_more),
        cmocka_unit_test(leaves_out_what_it_cannot_tell),
        cmocka_unit_test(writes_no_value_into_the_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
