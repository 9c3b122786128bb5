/* flow_pack_impl: the form of packed flows. Inner header of flow_pack.c and flow_unpack.c.
 *
 * Numbers are little-endian in groups of seven bits, the top bit saying that more follow
 * (LEB128); signed ones are folded first, 0 -1 1 -2 … A run of bytes is its length and
 * itself; a text is a run with its NUL, and of no text an empty run. A list is its count
 * and its items.
 *
 *   version kind flags id loop sequence started client user upstream
 *   client_connection upstream_connection scheme host port
 *   [client tls] [upstream tls] request response interim timings anomalies
 *   rules tags messages keep duplicate_of status reason sentence
 *   tunnel_up tunnel_down
 *
 * A head is written beside another one, its base, from which it takes what is alike: that
 * sent on is nearly that received. Numbers of enumerations (anomalies, framing, …) are
 * never given a new meaning, since files hold them; names of fields get their numbers
 * when they are read. */
#ifndef WEIR_LOGS_FLOW_PACK_IMPL_H
#define WEIR_LOGS_FLOW_PACK_IMPL_H

enum { FLOW_PACK_VERSION = 1 };

enum flow_pack_flag {
    PACK_CLIENT_REUSED = 1,
    PACK_UPSTREAM_REUSED = 2,
    PACK_CLIENT_TLS = 4,
    PACK_UPSTREAM_TLS = 8,
    PACK_INJECTED = 16,
    PACK_ERROR = 32,
    PACK_LIVE = 64,
    PACK_BODY_NOT_CAPTURED = 128,
    PACK_FLAGS = 256, /* none from here on */
};

enum flow_pack_tls_flag { PACK_TLS_RESUMED = 1, PACK_TLS_VERIFIED = 2, PACK_TLS_FLAGS = 4 };

enum flow_pack_message_flag {
    PACK_RECEIVED = 1,
    PACK_SENT = 2,
    PACK_SENT_IS_RECEIVED = 4,
    PACK_TRAILERS = 8,
    PACK_BODY_DECODED = 16,
    PACK_BODY_CUT = 32,
    PACK_CONTENT_BYTES = 64, /* the length of the content was told */
    PACK_MESSAGE_FLAGS = 128,
};

enum flow_pack_head_flag {
    PACK_KEEP_ALIVE = 1,
    PACK_EXPECT_CONTINUE = 2,
    PACK_UPGRADE = 4,
    PACK_START_OF_BASE = 8, /* method, target and its parts, status and reason are the base's */
    PACK_HEAD_FLAGS = 16,
};

enum flow_pack_field_flag {
    PACK_NEVER_INDEX = 1,
    PACK_IN_LINE = 2, /* the line has the name at its start, and the value */
    PACK_FIELD_FLAGS = 4,
};

enum flow_pack_socket_flag { PACK_FROM_CLIENT = 1, PACK_SOCKET_FLAGS = 2 };

#endif
