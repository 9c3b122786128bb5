#include "cli/recorded.h"

#include "cli/trial_input.h"
#include "logs/flow_read.h"

enum { US_PER_MINUTE = 60 * 1000 * 1000, MINUTES_OF_DAY = 24 * 60, URL_BYTES = 1024 * 1024 };

/* ptr NULL: out of memory. */
static struct bytes copy(struct trial_input *in, struct bytes text)
{
    return text.len ? arena_copy(in->arena, text) : BYTES("");
}

static enum status take_url(struct trial_input *in, const struct flow *f)
{
    struct bytes method = copy(in, f->request.received->method), url;
    struct buf text;
    enum status st;

    buf_init(&text, URL_BYTES);
    flow_put_url(f, &text);
    st = buf_status(&text);
    url = copy(in, buf_bytes(&text));
    buf_release(&text);
    if (st || !method.ptr || !url.ptr)
        return st ? st : STATUS_NO_MEMORY;
    return trial_input_url(in, method, url);
}

static enum status take_fields(struct trial_input *in, const struct head *from, struct head *head)
{
    enum status st = STATUS_OK;

    for (uint32_t i = 0; !st && i < from->fields.count; i++) {
        struct bytes name = copy(in, from->fields.items[i].name);
        struct bytes value = copy(in, from->fields.items[i].value);

        st = name.ptr && value.ptr ? trial_input_field(in, head, name, value) : STATUS_NO_MEMORY;
        if (st == STATUS_BAD_INPUT)
            st = STATUS_OK;
    }
    return st;
}

static enum status take_content(struct trial_input *in, const struct flow_message *m,
                                struct rule_body *body)
{
    struct bytes content;
    struct buf decoded;
    enum status st;

    if (m->body.cut) {
        body->fault = "the content was not recorded whole";
        return STATUS_OK;
    }
    buf_init(&decoded, RULE_BODY_BYTES);
    st = flow_content_view(m, &decoded, &content);
    if (st == STATUS_LIMIT || content.len > RULE_BODY_BYTES)
        body->fault = "the content is larger than 8 MiB";
    else if (st && st != STATUS_NO_MEMORY)
        body->fault = "the content could not be decoded";
    if (!st && !body->fault)
        body->content = copy(in, content);
    buf_release(&decoded);
    return st == STATUS_NO_MEMORY || !body->content.ptr ? STATUS_NO_MEMORY : STATUS_OK;
}

/* What a rule had answered says nothing of the origin. */
static enum status take_response(struct trial_input *in, const struct flow *f)
{
    const struct head *head = f->response.received;
    enum status st;

    if (!head || head->status < 200 || head->status > 599)
        return STATUS_OK;
    trial_input_status(in, head->status);
    st = take_fields(in, head, &in->response);
    return st ? st : take_content(in, &f->response, &in->response_body);
}

static enum status take_flow(struct trial_input *in, const struct flow *f, const char **ret_fault)
{
    enum status st;

    if (f->kind != FLOW_HTTP || !f->request.received)
        return STATUS_END;
    st = take_url(in, f);
    if (st == STATUS_BAD_INPUT)
        *ret_fault = "its url is not one of http or https";
    if (!st)
        st = take_fields(in, f->request.received, &in->request);
    if (!st)
        st = take_content(in, &f->request, &in->request_body);
    if (!st && f->user.len)
        in->view.client = copy(in, f->user);
    if (f->started_us)
        in->view.minute = (unsigned)(f->started_us / US_PER_MINUTE % MINUTES_OF_DAY);
    if (f->timings.wait > 0)
        in->view.response_us = f->timings.wait;
    if (!st)
        st = take_response(in, f);
    return st ? st : trial_input_finish(in);
}

typedef enum status read_function(struct bytes json, uint64_t number, struct flow **ret_flow,
                                  const char **ret_fault);

static enum status take_record(struct bytes json, read_function *read, struct trial_input *in,
                               const char **ret_fault)
{
    struct flow *f = NULL;
    enum status st = read(json, 0, &f, ret_fault);

    if (!st)
        st = take_flow(in, f, ret_fault);
    flow_free(f);
    return st;
}

enum status recorded_read_har(struct bytes json, struct trial_input *in, const char **ret_fault)
{
    return take_record(json, flow_read_har, in, ret_fault);
}

enum status recorded_read_line(struct bytes json, struct trial_input *in, const char **ret_fault)
{
    return take_record(json, flow_read_jsonl, in, ret_fault);
}
