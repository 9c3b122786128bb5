/* Leaves with a fault: what a client that checks them says. */
#include <openssl/x509v3.h>

#include "tls_pair.h"

enum { NOW = 1790000000 }; /* 2026-09-21 */

static int begin(void **state)
{
    struct ca *ca = NULL;

    assert_int_equal(ca_generate("faults", NOW - 60 * (int64_t)PAIR_DAY, &ca), STATUS_OK);
    *state = ca;
    return 0;
}

static int end(void **state)
{
    ca_free(*state);
    return 0;
}

static struct leaf *faulty(struct ca *ca, enum leaf_fault fault, int64_t now)
{
    struct leaf_request request = {.host = BYTES("a.test"), .now = now, .fault = fault};
    struct leaf *leaf = NULL;

    assert_int_equal(ca_leaf(ca, &request, &leaf), STATUS_OK);
    return leaf;
}

/* Strictly, at `now`: the error, or 0. */
static int verify(const struct ca *ca, struct leaf *leaf, int64_t now)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509_VERIFY_PARAM *param;
    int error;

    assert_true(X509_STORE_add_cert(store, ca->cert));
    assert_true(X509_STORE_CTX_init(ctx, store, leaf->cert, leaf->chain));
    param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_time(param, (time_t)now);
    X509_VERIFY_PARAM_set1_host(param, "a.test", 0);
    error = X509_verify_cert(ctx) == 1 ? 0 : X509_STORE_CTX_get_error(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return error;
}

static const struct {
    enum leaf_fault fault;
    int error;
} faults[] = {
    {LEAF_SOUND, 0},
    {LEAF_EXPIRED, X509_V_ERR_CERT_HAS_EXPIRED},
    {LEAF_NOT_YET, X509_V_ERR_CERT_NOT_YET_VALID},
    {LEAF_WRONG_HOST, X509_V_ERR_HOSTNAME_MISMATCH},
    {LEAF_SELF_SIGNED, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
    {LEAF_UNTRUSTED, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
};
enum { FAULTS = sizeof(faults) / sizeof(faults[0]) };

static void has_that_fault_and_no_other(void **state)
{
    for (size_t i = 0; i < FAULTS; i++) {
        struct leaf *leaf = faulty(*state, faults[i].fault, NOW);

        assert_int_equal(verify(*state, leaf, NOW), faults[i].error);
        leaf_unref(leaf);
    }
}

static void has_dates_a_day_off_at_least(void **state)
{
    struct leaf *expired = faulty(*state, LEAF_EXPIRED, NOW);
    struct leaf *early = faulty(*state, LEAF_NOT_YET, NOW);

    assert_int_equal(verify(*state, expired, NOW - LEAF_FAULT_SECONDS + 1),
                     X509_V_ERR_CERT_HAS_EXPIRED);
    assert_int_equal(verify(*state, expired, NOW - LEAF_FAULT_SECONDS - 1), 0);
    assert_int_equal(verify(*state, early, NOW + LEAF_FAULT_SECONDS),
                     X509_V_ERR_CERT_NOT_YET_VALID);
    assert_int_equal(verify(*state, early, NOW + 3 * LEAF_FAULT_SECONDS), 0);
    leaf_unref(expired);
    leaf_unref(early);
}

static void is_kept_apart_from_sound_ones_and_from_each_other(void **state)
{
    for (size_t i = 0; i < FAULTS; i++) {
        struct leaf *leaf = faulty(*state, faults[i].fault, NOW);
        struct leaf *again = faulty(*state, faults[i].fault, NOW + 60);

        assert_ptr_equal(leaf, again);
        for (size_t j = 0; j < i; j++) {
            struct leaf *other = faulty(*state, faults[j].fault, NOW);

            assert_ptr_not_equal(leaf, other);
            leaf_unref(other);
        }
        leaf_unref(leaf);
        leaf_unref(again);
    }
}

/* An early leaf is made anew before its time comes. */
static void keeps_its_fault_as_time_goes_by(void **state)
{
    for (size_t i = 0; i < FAULTS; i++) {
        for (int day = 0; day < 40; day++) {
            int64_t now = NOW + day * (int64_t)PAIR_DAY;
            struct leaf *leaf = faulty(*state, faults[i].fault, now);

            assert_int_equal(verify(*state, leaf, now), faults[i].error);
            leaf_unref(leaf);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(has_that_fault_and_no_other, begin, end),
        cmocka_unit_test_setup_teardown(has_dates_a_day_off_at_least, begin, end),
        cmocka_unit_test_setup_teardown(is_kept_apart_from_sound_ones_and_from_each_other, begin,
                                        end),
        cmocka_unit_test_setup_teardown(keeps_its_fault_as_time_goes_by, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
