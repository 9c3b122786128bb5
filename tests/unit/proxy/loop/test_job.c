#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netdb.h>
#include <string.h>

#include "proxy/loop/job.h"

enum { MANY = 40 };

/* A resolver's answer: '4' and '6' in its order; the port tells which one it is. */
static uint32_t interleave(const char *families, uint32_t max, struct sockaddr_storage *ret)
{
    static struct sockaddr_storage addresses[MANY];
    static struct addrinfo infos[MANY];
    size_t count = strlen(families);

    for (size_t i = 0; i < count; i++) {
        struct sockaddr_in *in = (struct sockaddr_in *)&addresses[i];

        memset(&addresses[i], 0, sizeof(addresses[i]));
        in->sin_family = families[i] == '4' ? AF_INET : AF_INET6;
        in->sin_port = (in_port_t)(i + 1);
        infos[i] = (struct addrinfo){
            .ai_family = in->sin_family,
            .ai_addr = (struct sockaddr *)&addresses[i],
            .ai_addrlen = families[i] == '4' ? sizeof(*in) : sizeof(struct sockaddr_in6),
            .ai_next = i + 1 < count ? &infos[i + 1] : NULL,
        };
    }
    return addresses_interleave(count ? infos : NULL, ret, max);
}

static void check(const char *families, const char *wanted)
{
    struct sockaddr_storage got[MANY];
    uint32_t count = interleave(families, MANY, got);

    assert_int_equal(count, strlen(wanted));
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(((struct sockaddr_in *)&got[i])->sin_port, wanted[i] - '0');
}

/* RFC 8305 §4: the resolver's first family first, then in turn. */
static void takes_turns_between_the_families(void **state)
{
    (void)state;
    check("666444", "142536");
    check("444666", "142536");
    check("644", "123");
    check("4666", "1234");
    check("64444", "12345");
    check("66", "12");
    check("4", "1");
    check("", "");
}

static void gives_no_more_than_asked_for(void **state)
{
    struct sockaddr_storage got[MANY];

    (void)state;
    assert_int_equal(interleave("66664444", 3, got), 3);
    assert_int_equal(interleave("66664444", 0, got), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_turns_between_the_families),
        cmocka_unit_test(gives_no_more_than_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
