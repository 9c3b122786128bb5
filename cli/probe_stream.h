/* probe_stream: a blocking connection, with TLS or without. Of one thread. */
#ifndef WEIR_CLI_PROBE_STREAM_H
#define WEIR_CLI_PROBE_STREAM_H

#include "base/buf.h"
#include "tls/tlsio.h"

struct probe_stream {
    int fd; /* owned */
    struct chunk_pool pool;
    struct tlsio *tls; /* NULL: in the clear */
};

/* Takes the descriptor over; sets its time limits. */
void probe_stream_init(struct probe_stream *s, int fd);
void probe_stream_close(struct probe_stream *s);
/* TLS from here on, as who connects. STATUS_TLS: tlsio_error() says why; IO (errno). */
MUST_USE enum status probe_stream_connect(struct probe_stream *s, struct tls_shared *shared,
                                          const struct tls_target *target);
/* The same as who is connected to. */
MUST_USE enum status probe_stream_accept(struct probe_stream *s, struct tls_shared *shared,
                                         struct leaf *leaf);
MUST_USE enum status probe_stream_write(struct probe_stream *s, struct bytes text);
/* Appends what comes next. END: nothing more does; IO (errno: EAGAIN for too long). */
MUST_USE enum status probe_stream_read(struct probe_stream *s, struct buf *out);
/* Reads through the empty line after a head. */
MUST_USE enum status probe_stream_read_head(struct probe_stream *s, struct buf *out);

#endif
