/* pcapng: HTTP exchanges as packets that Wireshark opens (draft-ietf-opsawg-pcapng), with
 * Ethernet, IP and TCP made up around them: HTTP/1.1 in the clear, whatever it was on the
 * wire. A connection of an HTTP/1 client to one origin is one TCP stream; an exchange of
 * HTTP/2 has a stream of its own. All servers are on port 80, or Wireshark would not take
 * what it finds for HTTP. Where a body was not kept whole, its Content-Length is that of
 * what was kept, and the packet's comment says so.
 * Formats only: the caller writes what it was given. Memory does not grow with the flows. */
#ifndef WEIR_LOGS_PCAPNG_H
#define WEIR_LOGS_PCAPNG_H

#include "logs/flow.h"
#include "logs/redact.h"

enum {
    PCAPNG_STREAMS = 1024,                 /* held open at a time; more end one of them */
    PCAPNG_SECRETS_BYTES = 1024 * 1024,    /* of key log lines in one block */
    PCAPNG_FLOW_BYTES = 512 * 1024 * 1024, /* of the packets of one flow */
};

struct pcapng; /* opaque */

/* `redactor` is borrowed. NULL when out of memory. */
struct pcapng *pcapng_new(const struct redactor *redactor);
void pcapng_free(struct pcapng *p); /* NULL is fine */
/* All of these append to `out`; what they return is its status. Begin comes first;
 * `program` wrote it: "weir 0.1.0". */
MUST_USE enum status pcapng_begin(struct pcapng *p, const char *program, struct buf *out);
/* Whole lines of a SSLKEYLOGFILE, at most PCAPNG_SECRETS_BYTES (LIMIT): a Decryption
 * Secrets Block. */
MUST_USE enum status pcapng_secrets(struct pcapng *p, struct bytes lines, struct buf *out);
/* NOT_FOUND: it is no HTTP exchange. */
MUST_USE enum status pcapng_flow(struct pcapng *p, const struct flow *f, struct buf *out);
/* Ends the streams that are open. */
MUST_USE enum status pcapng_end(struct pcapng *p, struct buf *out);

#endif
