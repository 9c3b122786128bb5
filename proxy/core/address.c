#include "proxy/core/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

void address_text(const struct sockaddr_storage *a, char ret_text[ADDRESS_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "?";

    if (a->ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const void *)a;

        (void)inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host));
        (void)snprintf(ret_text, ADDRESS_TEXT, "[%s]:%u", host, (unsigned)ntohs(six->sin6_port));
    } else {
        const struct sockaddr_in *four = (const void *)a;

        (void)inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host));
        (void)snprintf(ret_text, ADDRESS_TEXT, "%s:%u", host, (unsigned)ntohs(four->sin_port));
    }
}

uint16_t address_port(const struct sockaddr_storage *a)
{
    return ntohs(a->ss_family == AF_INET6
                     ? ((const struct sockaddr_in6 *)(const void *)a)->sin6_port
                     : ((const struct sockaddr_in *)(const void *)a)->sin_port);
}

void address_set_port(struct sockaddr_storage *a, uint16_t port)
{
    if (a->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)(void *)a)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)(void *)a)->sin_port = htons(port);
}

enum status address_parse(struct bytes host, uint16_t port, struct sockaddr_storage *ret_address)
{
    char text[INET6_ADDRSTRLEN];
    struct sockaddr_storage a;
    struct sockaddr_in *four = (void *)&a;
    struct sockaddr_in6 *six = (void *)&a;

    if (!host.len || host.len >= sizeof(text))
        return STATUS_BAD_INPUT;
    memcpy(text, host.ptr, host.len);
    text[host.len] = 0;
    memset(&a, 0, sizeof(a));
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1)
        a.ss_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1)
        a.ss_family = AF_INET6;
    else
        return STATUS_BAD_INPUT;
    address_set_port(&a, port);
    *ret_address = a;
    return STATUS_OK;
}

/* The IPv4 address in host order, of an IPv4 or a mapped IPv6 address. */
static bool address_four(const struct sockaddr_storage *a, uint32_t *ret_four)
{
    const struct sockaddr_in6 *six = (const void *)a;
    uint32_t four;

    if (a->ss_family == AF_INET) {
        *ret_four = ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr);
        return true;
    }
    if (!IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
        return false;
    memcpy(&four, &six->sin6_addr.s6_addr[12], sizeof(four));
    *ret_four = ntohl(four);
    return true;
}

enum { LOOPBACK_NET = 127 };

static bool address_is_unspecified(const struct sockaddr_storage *a)
{
    uint32_t four;

    if (address_four(a, &four))
        return four == 0;
    return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr);
}

static bool address_is_loopback(const struct sockaddr_storage *a)
{
    uint32_t four;

    if (address_four(a, &four))
        return four >> 24 == LOOPBACK_NET;
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr);
}

static bool address_same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    uint32_t four_a, four_b;
    bool is_a = address_four(a, &four_a);
    bool is_b = address_four(b, &four_b);

    if (is_a != is_b)
        return false;
    if (is_a)
        return four_a == four_b;
    return memcmp(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr,
                  &((const struct sockaddr_in6 *)(const void *)b)->sin6_addr,
                  sizeof(struct in6_addr)) == 0;
}

bool address_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    return address_port(a) == address_port(b) && address_same_host(a, b);
}

/* A kernel connects the unspecified address to loopback, and a listener on the
 * unspecified address takes all of loopback; that one's other addresses are listed
 * here one by one. */
bool address_is_own(const struct settings *s, const struct sockaddr_storage *a)
{
    for (uint32_t i = 0; i < s->own_count; i++) {
        const struct sockaddr_storage *own = &s->own[i];

        if (address_port(own) != address_port(a))
            continue;
        if (address_same_host(own, a) || (address_is_unspecified(a) && address_is_loopback(own)) ||
            (address_is_unspecified(own) && address_is_loopback(a)))
            return true;
    }
    return false;
}
