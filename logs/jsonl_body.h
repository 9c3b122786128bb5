/* jsonl_body: the members of a message in jsonl_format.h that tell of its body, and what is
 * shown of a body anywhere in JSON. Inner header of logs/. */
#ifndef WEIR_LOGS_JSONL_BODY_H
#define WEIR_LOGS_JSONL_BODY_H

#include "logs/json_put.h"
#include "logs/jsonl_format.h"

/* What is shown of a body. */
struct jsonl_body {
    struct bytes content;  /* decoded and redacted; in the flow or in scratch */
    int64_t content_bytes; /* of the whole content, not redacted; -1: not known */
    bool coded;            /* it could not be decoded: what the wire had */
    bool cut;              /* some of it is missing */
    bool text;             /* UTF-8 */
};

/* Looks at content of which something was captured. */
void jsonl_body_look(struct jsonl_format *j, const struct flow_message *m,
                     struct jsonl_body *ret_body);
/* ,"body_bytes":… and so on. `content` false: only the numbers. */
void jsonl_put_body(struct jsonl_format *j, const struct flow_message *m, bool content,
                    struct json_put *p);

#endif
