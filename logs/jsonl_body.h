/* jsonl_body: the members of a message in jsonl_format.h that tell of its body.
 * Inner header of logs/. */
#ifndef WEIR_LOGS_JSONL_BODY_H
#define WEIR_LOGS_JSONL_BODY_H

#include "logs/json_put.h"
#include "logs/jsonl_format.h"

/* ,"body_bytes":… and so on. `content` false: only the numbers. */
void jsonl_put_body(struct jsonl_format *j, const struct flow_message *m, bool content,
                    struct json_put *p);

#endif
