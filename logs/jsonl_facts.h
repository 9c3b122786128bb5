/* jsonl_facts: parts of the record of jsonl_format.h that a HAR's `_weir` has, too, in the
 * same words. Inner header of logs/. */
#ifndef WEIR_LOGS_JSONL_FACTS_H
#define WEIR_LOGS_JSONL_FACTS_H

#include "logs/json_put.h"
#include "logs/jsonl_format.h"

enum { JSONL_OPCODE_TEXT = 1 }; /* of a message of a WebSocket (RFC 6455 §5.2) */

/* A word of ours, or null. */
void jsonl_put_word(struct json_put *p, const char *word);
void jsonl_put_text_or_null(struct json_put *p, struct bytes text);
/* µs since 1970, as "2024-01-02T03:04:05.000006Z". */
void jsonl_put_time(struct jsonl_format *j, int64_t us, struct json_put *p);
/* [[name, value]], redacted. */
void jsonl_put_fields(struct jsonl_format *j, const struct fields *fields, struct json_put *p);
/* What a message of text says, redacted; in the flow or in scratch. */
struct bytes jsonl_message_text(struct jsonl_format *j, struct bytes data);
/* "status_code":…,"ok":… */
void jsonl_put_status(uint16_t status, struct json_put *p);
/* The same with reason and version. */
void jsonl_put_status_line(const struct head *head, struct json_put *p);

/* All that follow start with a comma. */
void jsonl_put_trailers(struct jsonl_format *j, const struct fields *trailers, struct json_put *p);
/* headers_sent, where other fields went out than came in. */
void jsonl_put_sent(struct jsonl_format *j, const struct flow_message *m, struct json_put *p);
/* client, upstream */
void jsonl_put_peers(const struct flow *f, struct json_put *p);
/* scheme, host, port */
void jsonl_put_place(const struct flow *f, struct json_put *p);
/* duplicate_of, timings_us, elapsed_us, injected, rules, tags, anomalies, reason, error,
 * body_not_captured, tunnel */
void jsonl_put_facts(struct jsonl_format *j, const struct flow *f, struct json_put *p);

#endif
