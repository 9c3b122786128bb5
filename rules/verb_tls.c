#include "rules/conn_fault.h"
#include "rules/verb.h"

static enum status tls_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    return fault_parse(c, "tls", n, args);
}

const struct verb verb_tls = {
    .name = "tls",
    .help =
        "break the TLS that the client opens: close, stall, alert N, expired, not_yet, wrong_host, "
        "self_signed, untrusted, no_alpn, max 1.2",
    .example = "expired",
    .traits = VERB_AT_HELLO,
    .args_size = sizeof(struct fault_args),
    .parse = tls_parse,
    .apply = fault_apply,
};
