/* replay_put: what came of a request that was sent again, as text and as JSON. */
#ifndef WEIR_CLI_REPLAY_PUT_H
#define WEIR_CLI_REPLAY_PUT_H

#include "cli/replay_client.h"
#include "logs/flow.h"
#include "logs/redact.h"

struct replay_result {
    const struct flow *flow;
    const struct replay_answer *answer; /* NULL: it was not sent */
    const char *refusal;                /* why; NULL with no answer: a dry run */
    const struct redactor *redactor;
};

/* A line: "12  GET https://a.test/  200 → 503  12 ms → 34 ms". */
void replay_put_line(const struct replay_result *r, bool colour, struct buf *out);
/* A line of JSON with the members id, number, method, url, was, now, error. */
void replay_put_json(const struct replay_result *r, struct buf *out);

#endif
