#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <unistd.h>

#include "proxy/loop/acceptor.h"
#include "proxy/loop/endpoint.h"

static struct sockaddr_storage at(const char *text)
{
    struct sockaddr_storage a;

    assert_int_equal(endpoint_parse(bytes_of(text), &a), STATUS_OK);
    return a;
}

static int reach(const struct sockaddr_storage *a)
{
    int fd = socket(a->ss_family, SOCK_STREAM, 0);
    int result = connect(fd, (const struct sockaddr *)a, endpoint_len(a));

    close(fd);
    return result;
}

static void port_0_becomes_the_real_one(void **state)
{
    struct sockaddr_storage want = at("127.0.0.1:0");
    struct listeners l;
    struct listen_fault fault;

    (void)state;
    assert_int_equal(listeners_open(&want, 1, &l, &fault), STATUS_OK);
    assert_int_equal(l.count, 1);
    assert_int_not_equal(endpoint_port(&l.addresses[0]), 0);
    assert_int_equal(reach(&l.addresses[0]), 0);
    listeners_close(&l);
    assert_int_equal(reach(&l.addresses[0]), -1);
}

static void a_port_in_use_fails_and_leaves_nothing_open(void **state)
{
    struct sockaddr_storage want[2] = {at("127.0.0.1:0"), at("127.0.0.1:0")};
    struct listeners first, second = {.count = 99};
    struct listen_fault fault;

    (void)state;
    assert_int_equal(listeners_open(want, 1, &first, &fault), STATUS_OK);
    want[1] = first.addresses[0];
    assert_int_equal(listeners_open(want, 2, &second, &fault), STATUS_IO);
    assert_int_equal(fault.at, 1);
    assert_int_equal(fault.error, EADDRINUSE);
    assert_int_equal(second.count, 99);
    listeners_close(&first);
}

static void listens_on_several_at_once(void **state)
{
    struct sockaddr_storage want[3] = {at("127.0.0.1:0"), at("127.0.0.1:0"), at("127.0.0.1:0")};
    struct listeners l;
    struct listen_fault fault;

    (void)state;
    assert_int_equal(listeners_open(want, 3, &l, &fault), STATUS_OK);
    for (uint32_t i = 0; i < l.count; i++)
        assert_int_equal(reach(&l.addresses[i]), 0);
    listeners_close(&l);
}

static void refuses_too_many(void **state)
{
    struct sockaddr_storage want[LISTENERS + 1];
    struct listeners l;
    struct listen_fault fault;

    (void)state;
    for (int i = 0; i <= LISTENERS; i++)
        want[i] = at("127.0.0.1:0");
    assert_int_equal(listeners_open(want, LISTENERS + 1, &l, &fault), STATUS_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(port_0_becomes_the_real_one),
        cmocka_unit_test(a_port_in_use_fails_and_leaves_nothing_open),
        cmocka_unit_test(listens_on_several_at_once),
        cmocka_unit_test(refuses_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
