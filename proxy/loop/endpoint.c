#include "proxy/loop/endpoint.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

static struct sockaddr_in *as_v4(struct sockaddr_storage *a)
{
    return (struct sockaddr_in *)a;
}

static struct sockaddr_in6 *as_v6(struct sockaddr_storage *a)
{
    return (struct sockaddr_in6 *)a;
}

static const struct sockaddr_in *as_v4_const(const struct sockaddr_storage *a)
{
    return (const struct sockaddr_in *)a;
}

static const struct sockaddr_in6 *as_v6_const(const struct sockaddr_storage *a)
{
    return (const struct sockaddr_in6 *)a;
}

socklen_t endpoint_len(const struct sockaddr_storage *a)
{
    return a->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

uint16_t endpoint_port(const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET)
        return ntohs(as_v4_const(a)->sin_port);
    if (a->ss_family == AF_INET6)
        return ntohs(as_v6_const(a)->sin6_port);
    return 0;
}

void endpoint_set_port(struct sockaddr_storage *a, uint16_t port)
{
    if (a->ss_family == AF_INET)
        as_v4(a)->sin_port = htons(port);
    else if (a->ss_family == AF_INET6)
        as_v6(a)->sin6_port = htons(port);
}

bool endpoint_is_loopback(const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET)
        return ntohl(as_v4_const(a)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return a->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&as_v6_const(a)->sin6_addr);
}

void endpoint_unpace(int fd, const struct sockaddr_storage *own)
{
    if (endpoint_is_loopback(own))
        setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", strlen("reno"));
}

bool endpoint_is_wildcard(const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET)
        return as_v4_const(a)->sin_addr.s_addr == htonl(INADDR_ANY);
    return a->ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&as_v6_const(a)->sin6_addr);
}

void endpoint_text(const struct sockaddr_storage *a, char text[static ENDPOINT_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "?";

    if (a->ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &as_v6_const(a)->sin6_addr, host, sizeof(host));
        snprintf(text, ENDPOINT_TEXT, "[%s]:%u", host, endpoint_port(a));
        return;
    }
    if (a->ss_family == AF_INET)
        inet_ntop(AF_INET, &as_v4_const(a)->sin_addr, host, sizeof(host));
    snprintf(text, ENDPOINT_TEXT, "%s:%u", host, endpoint_port(a));
}

/* The host of a listen address, without its port and brackets. */
static enum status host_parse(struct bytes host, bool bracketed, struct sockaddr_storage *ret)
{
    struct sockaddr_storage a = {.ss_family = bracketed ? AF_INET6 : AF_INET};
    char text[INET6_ADDRSTRLEN];

    if (!bracketed && bytes_equal_icase(host, BYTES("localhost")))
        host = BYTES("127.0.0.1");
    if (host.len == 0 || host.len >= sizeof(text))
        return STATUS_BAD_INPUT;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    if (inet_pton(a.ss_family, text,
                  bracketed ? (void *)&as_v6(&a)->sin6_addr : (void *)&as_v4(&a)->sin_addr) != 1)
        return STATUS_BAD_INPUT;
    *ret = a;
    return STATUS_OK;
}

enum status endpoint_parse(struct bytes text, struct sockaddr_storage *ret_address)
{
    struct bytes host = BYTES("127.0.0.1"), port = text;
    struct sockaddr_storage a;
    bool bracketed = false;
    ptrdiff_t at;
    uint64_t number;
    enum status st;

    if (bytes_starts_with(text, BYTES("["))) {
        at = bytes_search(text, BYTES("]:"));
        if (at < 0)
            return STATUS_BAD_INPUT;
        bracketed = true;
        host = bytes_until(bytes_from(text, 1), (size_t)at - 1);
        port = bytes_from(text, (size_t)at + 2);
    } else if ((at = bytes_find(text, ':')) >= 0) {
        host = bytes_until(text, (size_t)at);
        port = bytes_from(text, (size_t)at + 1);
    }
    st = bytes_to_u64(port, UINT16_MAX, &number);
    if (st)
        return STATUS_BAD_INPUT;
    st = host_parse(host, bracketed, &a);
    if (st)
        return st;
    endpoint_set_port(&a, (uint16_t)number);
    *ret_address = a;
    return STATUS_OK;
}

static struct bytes endpoint_host(const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET)
        return bytes_make(&as_v4_const(a)->sin_addr, sizeof(struct in_addr));
    return bytes_make(&as_v6_const(a)->sin6_addr, sizeof(struct in6_addr));
}

static bool endpoint_same(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    return a->ss_family == b->ss_family && endpoint_port(a) == endpoint_port(b) &&
           bytes_equal(endpoint_host(a), endpoint_host(b));
}

struct own_list {
    struct sockaddr_storage *items;
    uint32_t count, max;
};

static enum status own_add(struct own_list *l, const struct sockaddr_storage *a)
{
    for (uint32_t i = 0; i < l->count; i++)
        if (endpoint_same(&l->items[i], a))
            return STATUS_OK;
    if (l->count == l->max)
        return STATUS_LIMIT;
    l->items[l->count++] = *a;
    return STATUS_OK;
}

static enum status own_add_wildcard(struct own_list *l, sa_family_t family, uint16_t port)
{
    struct sockaddr_storage any = {.ss_family = family};

    endpoint_set_port(&any, port);
    return own_add(l, &any);
}

/* A listener on :: takes IPv4 too, see listeners_open(). */
static bool wildcard_takes(const struct sockaddr_storage *wildcard, sa_family_t family)
{
    return family == AF_INET || (family == AF_INET6 && wildcard->ss_family == AF_INET6);
}

static enum status own_add_interfaces(struct own_list *l, const struct sockaddr_storage *wildcard)
{
    struct ifaddrs *all;
    enum status st = STATUS_OK;

    if (getifaddrs(&all))
        return STATUS_IO;
    for (struct ifaddrs *i = all; i && !st; i = i->ifa_next) {
        struct sockaddr_storage a = {0};

        if (!i->ifa_addr || !wildcard_takes(wildcard, i->ifa_addr->sa_family))
            continue;
        a.ss_family = i->ifa_addr->sa_family;
        memcpy(&a, i->ifa_addr, endpoint_len(&a));
        endpoint_set_port(&a, endpoint_port(wildcard));
        st = own_add(l, &a);
    }
    freeifaddrs(all);
    return st;
}

enum status own_addresses(const struct sockaddr_storage *listen, uint32_t count,
                          struct sockaddr_storage *ret_own, uint32_t max, uint32_t *ret_count)
{
    struct own_list l = {.items = ret_own, .max = max};

    for (uint32_t i = 0; i < count; i++) {
        const struct sockaddr_storage *a = &listen[i];
        enum status st = own_add(&l, a);

        if (!st && endpoint_is_wildcard(a))
            st = own_add_interfaces(&l, a);
        if (!st && (endpoint_is_wildcard(a) || endpoint_is_loopback(a)))
            st = own_add_wildcard(&l, AF_INET, endpoint_port(a));
        if (!st && (endpoint_is_wildcard(a) || endpoint_is_loopback(a)))
            st = own_add_wildcard(&l, AF_INET6, endpoint_port(a));
        if (st)
            return st;
    }
    *ret_count = l.count;
    return STATUS_OK;
}
