/* address: socket addresses as text and back, and which of them are our own. */
#ifndef WEIR_PROXY_CORE_ADDRESS_H
#define WEIR_PROXY_CORE_ADDRESS_H

#include "proxy/core/settings.h"

/* "127.0.0.1:51234", "[::1]:443". */
enum { ADDRESS_TEXT = 64 };
void address_text(const struct sockaddr_storage *a, char ret_text[ADDRESS_TEXT]);
uint16_t address_port(const struct sockaddr_storage *a);
void address_set_port(struct sockaddr_storage *a, uint16_t port);
/* A literal IPv4 or IPv6 address; STATUS_BAD_INPUT when it is none. */
MUST_USE enum status address_parse(struct bytes host, uint16_t port,
                                   struct sockaddr_storage *ret_address);
/* Is it one of our own listeners (mapped addresses looked through)? */
bool address_is_own(const struct settings *s, const struct sockaddr_storage *a);
/* The same host and port (mapped addresses looked through). */
bool address_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b);

#endif
