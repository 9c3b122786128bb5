#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logs/redact_names.h"

static const struct {
    const char *name;
    unsigned where;
} rows[] = {
#define REDACTION(name, where) {name, where},
#include "logs/redactions.def"
#undef REDACTION
};

static void finds_every_row_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(redact_name_maybe(NULL, bytes_of(rows[i].name)));
        assert_int_equal(redact_name_find(NULL, bytes_of(rows[i].name)), rows[i].where);
    }
}

/* The lists that the table is made of, as their authors spell the names. */
static void knows_the_lists_of_others(void **state)
{
    static const char *const names[] = {
        "Authorization",
        "auth",
        "SAMLRequest",
        "SAMLResponse",
        "access_token",
        "id_token",
        "refresh_token",
        "token",
        "client_id",
        "client_secret",
        "code",
        "code_challenge",
        "code_verifier",
        "challenge",
        "assertion",
        "authenticity_token",
        "password",
        "email",
        "state",
        "appID",
        "facetID",
        "fcParams",
        "serverData",
        "shdf",
        "usg",
        "vses2",
        "x-client-data",
        "Cookie",
        "Set-Cookie",
        "X-Amz-Signature",
        "X-Amz-Credential",
        "X-Amz-Security-Token",
        "AWSAccessKeyId",
        "Signature",
        "sig",
        "X-Goog-Signature",
        "Proxy-Authorization",
        "X-Api-Key",
        "X-CSRF-Token",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_true(redact_name_find(NULL, bytes_of(names[i])) & REDACT_PARAM);
}

static void knows_a_name_in_every_spelling(void **state)
{
    static const char *const names[] = {
        "access_token",   "ACCESS-TOKEN",     "accessToken",
        "access%5ftoken", "acc%65ss_toke%6E", "access_token[]",
        "access.token",   "_access_token_",   "user[access_token]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_not_equal(redact_name_find(NULL, bytes_of(names[i])), 0);
}

static void knows_some_names_by_their_end(void **state)
{
    (void)state;
    assert_int_not_equal(redact_name_find(NULL, BYTES("user_password")), 0);
    assert_int_not_equal(redact_name_find(NULL, BYTES("X-Gitlab-Token")), 0);
    assert_int_not_equal(redact_name_find(NULL, BYTES("stripeSecretKey")), 0);
    assert_int_not_equal(
        redact_name_find(NULL, BYTES("a_very_long_name_of_more_than_fifty_letters_in_all_"
                                     "that_ends_in_a_new_password")),
        0);
    assert_int_equal(redact_name_find(NULL, BYTES("statecode")), 0); /* "code" is no such end */
    assert_int_equal(redact_name_find(NULL, BYTES("estate")), 0);
}

static void knows_nothing_of_others(void **state)
{
    static const char *const names[] = {
        "",
        "a",
        "-",
        "%",
        "%4",
        "host",
        "accept",
        "content-type",
        "tokens_used",
        "passwords",
        "user-agent",
        "if-none-match",
        "secretary",
        "codec",
        "unicode",
        "x-request-id",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(redact_name_find(NULL, bytes_of(names[i])), 0);
}

static void rules_most_names_out_at_once(void **state)
{
    static const char *const names[] = {
        "host", "accept",       "accept-language", "sec-fetch-mode", "upgrade-insecure-requests",
        "dnt",  "x-request-id", "user-agent",
    };
    size_t ruled_out = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        ruled_out += !redact_name_maybe(NULL, bytes_of(names[i]));
    assert_true(ruled_out >= sizeof(names) / sizeof(names[0]) / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_row_of_the_table),
        cmocka_unit_test(knows_the_lists_of_others),
        cmocka_unit_test(knows_a_name_in_every_spelling),
        cmocka_unit_test(knows_some_names_by_their_end),
        cmocka_unit_test(knows_nothing_of_others),
        cmocka_unit_test(rules_most_names_out_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
