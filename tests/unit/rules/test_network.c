/* Addresses and networks of `match: { client: … }`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/network.h"

static bool has(const char *network, const char *address)
{
    struct network n;

    assert_int_equal(network_parse(bytes_of(network), &n), STATUS_OK);
    return network_has(&n, bytes_of(address));
}

static void an_address_is_only_itself(void **state)
{
    (void)state;
    assert_true(has("192.0.2.1", "192.0.2.1"));
    assert_false(has("192.0.2.1", "192.0.2.2"));
    assert_true(has("2001:DB8::0", "2001:db8::"));
    assert_false(has("::1", "::2"));
    assert_false(has("::1", "eve"));
}

static void a_network_is_as_wide_as_its_prefix(void **state)
{
    (void)state;
    assert_true(has("10.0.0.0/8", "10.255.255.255"));
    assert_false(has("10.0.0.0/8", "11.0.0.0"));
    assert_true(has("10.1.2.128/25", "10.1.2.129"));
    assert_false(has("10.1.2.128/25", "10.1.2.127"));
    assert_true(has("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(has("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(has("0.0.0.0/0", "1.2.3.4"));
    assert_false(has("0.0.0.0/0", "2001:db8::1"));
    assert_true(has("::/0", "1.2.3.4"));
}

static void an_address_mapped_into_ipv6_is_the_same(void **state)
{
    (void)state;
    assert_true(has("10.0.0.0/8", "::ffff:10.1.2.3"));
    assert_true(has("::ffff:10.0.0.0/104", "10.1.2.3"));
}

static void refuses_what_is_no_network(void **state)
{
    static const char *const wrong[] = {"", "eve", "1.2.3", "1.2.3.4.5", "a.test/8", "[::1]"};
    static const char *const wide[] = {"1.2.3.4/33", "1.2.3.4/", "1.2.3.4/-1", "::1/129", "::/8x"};
    struct network n;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(network_parse(bytes_of(wrong[i]), &n), STATUS_BAD_INPUT);
    for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
        assert_int_equal(network_parse(bytes_of(wide[i]), &n), STATUS_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_only_itself),
        cmocka_unit_test(a_network_is_as_wide_as_its_prefix),
        cmocka_unit_test(an_address_mapped_into_ipv6_is_the_same),
        cmocka_unit_test(refuses_what_is_no_network),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
