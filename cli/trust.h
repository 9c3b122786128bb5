/* trust: puts weir's CA into trust stores and takes it out again. What is in a store
 * is recognised by the certificate itself, or by the fingerprint in the name that weir
 * gives it. */
#ifndef WEIR_CLI_TRUST_H
#define WEIR_CLI_TRUST_H

#include "cli/paths.h"
#include "cli/tool.h"
#include "tls/ca.h"

enum {
    TRUST_MARK_TEXT = 17, /* the first 16 digits of the fingerprint, and a NUL */
    TRUST_STORES = 64,    /* NSS databases */
};

/* Databases of NSS as certutil names them: "sql:/home/…". */
struct nss_list {
    char names[TRUST_STORES][PATHS_TEXT];
    uint32_t count;
};

struct trust {
    struct tool tool;
    char ca_path[PATHS_TEXT];   /* the certificate; "" when only `mark` is known */
    struct buf body;            /* its base64 without white space */
    char mark[TRUST_MARK_TEXT]; /* lower-case digits; fewer when they were given */
    struct nss_list nss;
    uint32_t done, failed; /* changes made, and not */
};

/* The system's own store. */
void trust_system_add(struct trust *t);
void trust_system_remove(struct trust *t);
/* Firefox, Chromium and what else keeps certificates by NSS. */
void trust_nss_add(struct trust *t);
void trust_nss_remove(struct trust *t);

/* ---- questions; nothing is changed or said ---- */

/* The CA at `path` is what `t` is about from here on. STATUS of reading it. */
MUST_USE enum status trust_about(struct trust *t, const struct ca *ca, const char *path);
/* Does a file hold the certificate, however its lines are broken? */
bool trust_file_holds(const struct trust *t, const char *path);
/* The system's store: false when it does not have it; *ret_known false: it has none that
 * weir knows. */
bool trust_system_has(const struct trust *t, bool *ret_known);
/* Fills t->nss. False: there are databases, or browsers that have one, and no certutil to
 * ask them. */
bool trust_nss_list(struct trust *t);
bool trust_nss_has(const struct trust *t, const char *database);

#endif
