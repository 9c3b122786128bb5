/* flow_read_impl: what both forms of flow_read.h share. Inner header of flow_read*.c. */
#ifndef WEIR_LOGS_FLOW_READ_IMPL_H
#define WEIR_LOGS_FLOW_READ_IMPL_H

#include <jansson.h>

#include "logs/flow_read.h"

/* One record while it is read. */
struct flow_read {
    struct flow *f;
    const json_t *root;
    const char *fault;
    bool no_memory; /* something could not be copied: the record is not to be used */
};

/* BAD_INPUT. */
enum status flow_read_refuse(struct flow_read *r, const char *fault);
void *flow_read_alloc(struct flow_read *r, size_t len); /* in the flow's arena */
/* A string's bytes, as a copy; ptr NULL when there is none. */
struct bytes flow_read_text(struct flow_read *r, const json_t *text);
struct bytes flow_read_text_at(struct flow_read *r, const json_t *object, const char *key);
/* The same with a NUL; NULL when there is none. */
const char *flow_read_word_at(struct flow_read *r, const json_t *object, const char *key);
/* A whole number within [-1, 2^53], as JSON's readers agree on (RFC 8259 §6); -1 when
 * there is none. */
int64_t flow_read_number_at(const json_t *object, const char *key);
/* The same for what cannot be negative. */
uint64_t flow_read_count_at(const json_t *object, const char *key);
/* ISO 8601 with a zone, to µs since 1970, up to the end of the year 9999; 0 when it is no
 * such text. */
int64_t flow_read_time(const json_t *text);
/* A string of base64 as bytes; false: it is none. */
bool flow_read_base64(struct flow_read *r, const json_t *text, struct bytes *ret_data);

/* Adds a field, if it can be one. One with line feeds is several, as browsers write them. */
void flow_read_field(struct flow_read *r, struct fields *fields, struct bytes name,
                     struct bytes value);
/* [[name, value]]; BAD_INPUT: there are too many. */
MUST_USE enum status flow_read_pairs(struct flow_read *r, const json_t *list,
                                     struct fields *fields);

/* http or https, which stand for ws and wss too; else empty. */
struct bytes flow_read_scheme(struct bytes scheme);
/* The host goes into the flow as weir writes it. BAD_INPUT and others: it is none. */
MUST_USE enum status flow_read_host(struct flow_read *r, struct bytes text);
/* Scheme, host and port of a URL go into the flow; *ret_target is the path and the query.
 * BAD_INPUT. */
MUST_USE enum status flow_read_url(struct flow_read *r, struct bytes text,
                                   struct bytes *ret_target);

/* The start of a response, as one of its two sides has it. */
struct flow_read_line {
    uint16_t status;
    struct bytes reason;
    enum http_version version;
};
/* A reason phrase; empty when it cannot be one. */
struct bytes flow_read_reason(struct flow_read *r, const json_t *object, const char *key);
enum http_version flow_read_version(struct bytes text);
/* { status_code, reason, version } */
struct flow_read_line flow_read_line(struct flow_read *r, const json_t *object);

/* A request as its line had it; `url` is the whole of it. */
struct flow_read_asked {
    struct bytes method, target, url;
};
/* A request's head, yet without fields; the path is the target's, or else the URL's.
 * BAD_INPUT. */
MUST_USE enum status flow_read_request(struct flow_read *r, const struct flow_read_asked *asked,
                                       struct head **ret_head);
/* Both sides of a message of which the fields that came, and how its start looked on either
 * side, are known. `sent`: the fields that went out, NULL: the same. */
void flow_read_sides(struct flow_read *r, struct flow_message *m, const struct head *received,
                     const json_t *sent);
void flow_read_response(struct flow_read *r, const struct flow_read_line *shown,
                        const json_t *received, const struct fields *fields, const json_t *sent);

/* How a form writes a status line and fields. */
struct flow_read_words {
    struct flow_read_line (*line)(struct flow_read *r, const json_t *object);
    enum status (*fields)(struct flow_read *r, const json_t *list, struct fields *fields);
};
/* A list of interim responses, in those words; BAD_INPUT, NO_MEMORY. */
MUST_USE enum status flow_read_interim(struct flow_read *r, const json_t *list,
                                       const struct flow_read_words *words);

/* A body, and what `facts` say of it (captured_bytes, content_bytes, body_coded, body_cut).
 * `content` has ptr NULL when it is not there. */
void flow_read_body(struct flow_read *r, struct flow_message *m, const json_t *facts,
                    struct bytes content);
/* Puts how the body is framed into the heads, once all of it is known. */
void flow_read_frame(struct flow_message *m);

/* All of jsonl_facts.h, and id, loop, sequence and kind, of an object that has it.
 * BAD_INPUT. */
MUST_USE enum status flow_read_facts(struct flow_read *r, const json_t *object);
enum flow_kind flow_read_kind(const json_t *object);
/* Makes an id of the record where it has none. */
void flow_read_id(struct flow *f, struct bytes json, uint64_t number);

/* Reads one form into r->f. */
typedef enum status flow_read_form(struct flow_read *r);
MUST_USE enum status flow_read_record(struct bytes json, uint64_t number, flow_read_form *form,
                                      struct flow **ret_flow, const char **ret_fault);

#endif
