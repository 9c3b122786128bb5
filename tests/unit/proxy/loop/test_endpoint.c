#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/loop/endpoint.h"

enum { OWN = 64 };

static struct sockaddr_storage parsed(const char *text)
{
    struct sockaddr_storage a;

    assert_int_equal(endpoint_parse(bytes_of(text), &a), STATUS_OK);
    return a;
}

static void shows_what_it_parsed(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"127.0.0.1:8080", "127.0.0.1:8080"},
        {"[::1]:8080", "[::1]:8080"},
        {"0.0.0.0:1", "0.0.0.0:1"},
        {"[::]:65535", "[::]:65535"},
        {"localhost:80", "127.0.0.1:80"},
        {"LOCALHOST:80", "127.0.0.1:80"},
        {"8080", "127.0.0.1:8080"},
        {"127.0.0.1:0", "127.0.0.1:0"},
        {"[2001:DB8::0:1]:443", "[2001:db8::1]:443"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sockaddr_storage a = parsed(cases[i].in);
        char text[ENDPOINT_TEXT];

        endpoint_text(&a, text);
        assert_string_equal(text, cases[i].out);
    }
}

static void refuses_what_is_no_listen_address(void **state)
{
    static const char *const cases[] = {
        "",
        ":8080",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "::1:8080",
        "[::1]",
        "[::1]8080",
        "[127.0.0.1]:1",
        "example.com:80",
        "*:8080",
        "127.1:8080",
        "127.0.0.1:80 ",
        "127.0.0.1:+80",
        "http://127.0.0.1:80",
        "[fe80::1%1]:80",
    };
    struct sockaddr_storage a;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(endpoint_parse(bytes_of(cases[i]), &a), STATUS_BAD_INPUT);
}

static void knows_loopback_and_wildcards(void **state)
{
    struct sockaddr_storage a;

    (void)state;
    a = parsed("127.9.9.9:1");
    assert_true(endpoint_is_loopback(&a));
    a = parsed("[::1]:1");
    assert_true(endpoint_is_loopback(&a));
    a = parsed("10.0.0.1:1");
    assert_false(endpoint_is_loopback(&a));
    a = parsed("0.0.0.0:1");
    assert_false(endpoint_is_loopback(&a));
    assert_true(endpoint_is_wildcard(&a));
    a = parsed("[::]:1");
    assert_true(endpoint_is_wildcard(&a));
    assert_false(endpoint_is_loopback(&a));
}

static bool holds(const struct sockaddr_storage *own, uint32_t count, const char *text)
{
    for (uint32_t i = 0; i < count; i++) {
        char shown[ENDPOINT_TEXT];

        endpoint_text(&own[i], shown);
        if (bytes_equal(bytes_of(shown), bytes_of(text)))
            return true;
    }
    return false;
}

/* The kernel takes a connection to 0.0.0.0 for one to this machine. */
static void loopback_is_reached_by_the_wildcard_too(void **state)
{
    struct sockaddr_storage listen = parsed("127.0.0.1:8080"), own[OWN];
    uint32_t count;

    (void)state;
    assert_int_equal(own_addresses(&listen, 1, own, OWN, &count), STATUS_OK);
    assert_int_equal(count, 3);
    assert_true(holds(own, count, "127.0.0.1:8080"));
    assert_true(holds(own, count, "0.0.0.0:8080"));
    assert_true(holds(own, count, "[::]:8080"));
}

static void a_wildcard_is_every_address_of_the_machine(void **state)
{
    struct sockaddr_storage listen = parsed("0.0.0.0:8080"), own[OWN];
    uint32_t count;

    (void)state;
    assert_int_equal(own_addresses(&listen, 1, own, OWN, &count), STATUS_OK);
    assert_true(holds(own, count, "127.0.0.1:8080"));
    assert_true(holds(own, count, "0.0.0.0:8080"));
    assert_false(holds(own, count, "[::1]:8080"));
}

static void several_listeners_share_no_row(void **state)
{
    struct sockaddr_storage listen[] = {parsed("127.0.0.1:1"), parsed("127.0.0.1:1"),
                                        parsed("127.0.0.1:2")};
    struct sockaddr_storage own[OWN];
    uint32_t count;

    (void)state;
    assert_int_equal(own_addresses(listen, 3, own, OWN, &count), STATUS_OK);
    assert_int_equal(count, 6);
}

static void says_when_there_is_no_room(void **state)
{
    struct sockaddr_storage listen = parsed("127.0.0.1:8080"), own[2];
    uint32_t count = 77;

    (void)state;
    assert_int_equal(own_addresses(&listen, 1, own, 2, &count), STATUS_LIMIT);
    assert_int_equal(count, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_what_it_parsed),
        cmocka_unit_test(refuses_what_is_no_listen_address),
        cmocka_unit_test(knows_loopback_and_wildcards),
        cmocka_unit_test(loopback_is_reached_by_the_wildcard_too),
        cmocka_unit_test(a_wildcard_is_every_address_of_the_machine),
        cmocka_unit_test(several_listeners_share_no_row),
        cmocka_unit_test(says_when_there_is_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
