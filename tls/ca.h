/* ca: weir's own certificate authority and the leaves it signs. The key never
 * leaves this folder. Thread safe: one struct ca serves all loops. */
#ifndef WEIR_TLS_CA_H
#define WEIR_TLS_CA_H

#include "base/buf.h"

enum {
    CA_DAYS = 3650,
    LEAF_DAYS = 30,
    LEAF_BACKDATE_SECONDS = 24 * 3600,
    LEAF_RENEW_SECONDS = 24 * 3600, /* re-minted when less than this is left */
    LEAF_CACHE = 4096,              /* leaves kept; the least recently used goes */
    LEAF_NAMES = 100,               /* subject alternative names in one leaf */
    CA_ERROR_TEXT = 512,
    LEAF_FAULT_SECONDS = 24 * 3600, /* how far the dates of a faulty leaf are off, at least */
};

struct ca;   /* opaque; counted: ca_free() gives a reference back */
struct leaf; /* opaque; counted; a certificate with the process's leaf key */

/* Makes a new P-256 CA. Its subject is "weir CA <host> <date>"-like: `label` is
 * put into the common name. `now` is seconds since 1970. */
MUST_USE enum status ca_generate(const char *label, int64_t now, struct ca **ret_ca);
/* From PEM: a certificate (CA:TRUE) and its private key (any type OpenSSL reads).
 * On failure `error` (CA_ERROR_TEXT bytes) says what is wrong. */
MUST_USE enum status ca_from_pem(struct bytes cert_pem, struct bytes key_pem, char *error,
                                 struct ca **ret_ca);
void ca_ref(struct ca *ca);
void ca_free(struct ca *ca); /* NULL is fine; the last wipes the key */
/* Append PEM. */
MUST_USE enum status ca_cert_pem(const struct ca *ca, struct buf *out);
MUST_USE enum status ca_key_pem(const struct ca *ca, struct buf *out); /* for ca_file.c only */
/* SHA-256 of the certificate, as lower-case hex with colons. */
MUST_USE enum status ca_fingerprint(const struct ca *ca, struct buf *out);
/* "subject", "not before", … lines for `weir ca show`. */
MUST_USE enum status ca_describe(const struct ca *ca, struct buf *out);
/* Signing takes over a millisecond (an RSA key): mint in a JOB. */
bool ca_is_slow(const struct ca *ca);

/* What is wrong with a leaf, for tests of clients; all else about it is as it should be.
 * WRONG_HOST is for LEAF_WRONG_NAME alone; SELF_SIGNED is signed by the key of the leaf;
 * UNTRUSTED by an authority made for that leaf, whose key is thrown away. */
enum leaf_fault {
    LEAF_SOUND,
    LEAF_EXPIRED,
    LEAF_NOT_YET,
    LEAF_WRONG_HOST,
    LEAF_SELF_SIGNED,
    LEAF_UNTRUSTED,
};
#define LEAF_WRONG_NAME "wrong-host.invalid" /* RFC 6761 §6.4: no host has it */

/* What to mint for. `host` is validated: a DNS name (A-labels), IPv4 or IPv6
 * literal; it always is a SAN. `mirror` gives further names, taken from the
 * origin's certificate: only DNS names and addresses that are valid, at most
 * LEAF_NAMES. */
struct leaf_request {
    struct bytes host;
    const struct cert_names *mirror; /* or NULL */
    int64_t now;                     /* seconds since 1970 */
    bool only_cached;                /* NOT_FOUND instead of minting */
    enum leaf_fault fault;           /* such leaves are kept apart from the sound ones */
};

/* From the cache, or minted: at most about 100 µs under a P-256 CA. With one
 * reference. STATUS_BAD_INPUT: the host is not a name to mint for. */
MUST_USE enum status ca_leaf(struct ca *ca, const struct leaf_request *req, struct leaf **ret_leaf);
void leaf_ref(struct leaf *l);
void leaf_unref(struct leaf *l);
/* PEM of leaf and CA, for tests and for people. */
MUST_USE enum status leaf_pem(const struct leaf *l, struct buf *out);

/* Subject alternative names of an origin's certificate, apart from OpenSSL.
 * Owned by who made it. */
struct cert_names {
    uint32_t count;
    struct bytes *items; /* DNS names (may start "*.") and address literals */
    uint64_t hash;       /* over all names: part of the leaf cache's key */
    struct buf memory;
};
void cert_names_release(struct cert_names *n);

/* ca_file.c: the store on disk. `folder` (made 0700 if it is not there) holds
 * ca.pem (0644) and ca.key (0600), each put there whole or not at all, and never
 * over another. Opens what is there, else makes one (a lock, ca.lock, against two
 * starting at once). Refuses a key that group or others may read, a symbolic
 * link, another owner, half a CA and an expired one, and says what to do.
 * `error`: CA_ERROR_TEXT bytes. */
MUST_USE enum status ca_open(const char *folder, const char *label, int64_t now, char *error,
                             struct ca **ret_ca, bool *ret_made);
/* A CA of one's own, with the same demands. NOT_FOUND: no such file. */
MUST_USE enum status ca_open_files(const char *cert_path, const char *key_path, int64_t now,
                                   char *error, struct ca **ret_ca);

#endif
