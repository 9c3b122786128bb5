/* config: proxy.yaml with --set, read into what the engine and the rest are told.
 * All texts live in its arena, or in the ruleset. */
#ifndef WEIR_CLI_CONFIG_H
#define WEIR_CLI_CONFIG_H

#include "cli/options.h"
#include "cli/paths.h"
#include "config/include.h"
#include "config/schema.h"
#include "logs/expect.h"
#include "logs/store.h"
#include "proxy/core/settings.h"
#include "proxy/loop/acceptor.h"

enum {
    CONFIG_ARENA_BYTES = 256 * 1024 * 1024,
    CLIENT_CERTS = 1024, /* of tls.client_certs */
};

struct redaction;

enum console_word { CONSOLE_PRETTY, CONSOLE_OFF };
enum redact_word { REDACT_DEFAULT, REDACT_NONE };
enum on_full_word { ON_FULL_UNSAID = -1, ON_FULL_DROP, ON_FULL_WAIT };

/* logs.redact; names and patterns as they are written. */
struct config_redact {
    int word; /* enum redact_word */
    bool store;
    bool unclear; /* it was wrong */
    struct config_texts names, allow, patterns;
};

/* What the sections say, as read by config_sections.c. */
struct config_values {
    struct settings settings; /* what needs no further reading */
    int64_t version, head, fields, request_line;
    struct config_texts listen, decrypt, passthrough, no_verify, lenient;
    struct bytes auth, upstream_ca, ca_cert, ca_key, jsonl, har, store;
    int64_t keep_age_us, keep_bytes;
    const struct node *client_certs, *via, *map, *defaults, *keep_classes, *expect, *unused;
    int on_reject, min_version, dial, http2, console, on_full;
    struct config_redact redact;
};

struct config {
    struct arena arena;
    struct diags diags;
    struct config_reader reader;
    char path[PATHS_TEXT];   /* absolute; "" when there is no file */
    char folder[PATHS_TEXT]; /* where relative names in it start */
    const char *shown;       /* the file's name for people; "none" */
    struct node *root;       /* NULL: an empty one, or none; with what it includes */
    struct includes includes;
    struct config_values values;
    struct settings settings; /* complete but for .own and .on_full */
    struct sockaddr_storage listen[LISTENERS];
    uint32_t listen_count;
    struct tls_identity *identities[CLIENT_CERTS]; /* owned */
    uint32_t identity_count;
    struct keep keep;            /* its filters are owned */
    struct ruleset *rules;       /* a reference; NULL when there is no file */
    struct redaction *redaction; /* owned (redaction.h); NULL: what it says is not known */
    struct expects expects;
};

/* Reads what -c, or the search for a file, and --set say. STATUS_BAD_CONFIG, with all
 * that is wrong in `diags`; the rest is filled as far as it goes. To be released in
 * any case. */
MUST_USE enum status config_load(struct config *c, const struct options *o,
                                 struct rule_state *state);
void config_release(struct config *c);
size_t config_rule_count(const struct config *c);
/* A hash over what a reload cannot change. */
uint64_t config_fixed_hash(const struct config *c);

/* config_sections.c */
extern const struct config_section *const config_root;
MUST_USE enum status config_read_values(const struct config_reader *r, const struct node *root,
                                        struct config_values *ret_values);
/* config_join.c: from values to settings. STATUS_BAD_CONFIG, with diagnostics. */
MUST_USE enum status config_join(struct config *c);
/* config_upstream.c, config_certs.c, config_keep.c: parts of it. */
MUST_USE enum status config_join_upstream(struct config *c);
MUST_USE enum status config_join_certs(struct config *c);
MUST_USE enum status config_join_keep(struct config *c);
void config_release_keep(struct config *c);

#endif
