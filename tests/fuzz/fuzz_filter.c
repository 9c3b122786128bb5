/* Filters: any text is parsed or refused with a place within it; what is parsed answers
 * for a flow, turned round answers the other way, and the program in postfix order agrees
 * with the jumps. The text of the filter is also the flow's URL, header and body. */
#include <stdlib.h>
#include <string.h>

#include "logs/filter_impl.h"
#include "logs/flow_make.h"

#include "fuzz.h"

enum { SHOWN_BYTES = 64 * 1024 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct head *head_make(struct flow *f, struct bytes text)
{
    struct head *head = arena_alloc(&f->arena, sizeof(*head));

    require(head != NULL);
    head->version = HTTP_1_1;
    head->method = BYTES("GET");
    head->path = text;
    head->status = 200;
    require(!fields_append(&f->arena, &head->fields, BYTES("Cookie"), text));
    require(!fields_append(&f->arena, &head->fields, BYTES("Content-Type"), text));
    return head;
}

static struct flow *flow_of(struct bytes text)
{
    struct flow *f = flow_make(FLOW_HTTP);

    require(f != NULL);
    f->scheme = BYTES("http");
    f->host = text;
    f->port = 80;
    f->status = 200;
    f->started_us = 1;
    f->request.received = f->request.sent = head_make(f, text);
    f->response.received = f->response.sent = head_make(f, text);
    require(!flow_make_content(f, &f->response, text));
    return f;
}

static bool program_holds(const struct filter *f, const struct flow *flow,
                          struct filter_scratch *scratch)
{
    bool stack[FILTER_TERMS];
    size_t count = 0;

    for (uint32_t i = 0; i < f->item_count; i++) {
        if (f->items[i].op == FILTER_OP_TERM) {
            struct filter_term term = f->terms[f->items[i].term];
            struct filter one = {.terms = &term, .term_count = 1};

            term.if_true = FILTER_TAKES;
            term.if_false = FILTER_LEAVES;
            require(count < FILTER_TERMS);
            stack[count++] = filter_match(&one, flow, scratch);
            continue;
        }
        require(count >= 2);
        count--;
        if (f->items[i].op == FILTER_OP_AND)
            stack[count - 1] = stack[count - 1] && stack[count];
        else
            stack[count - 1] = stack[count - 1] || stack[count];
    }
    require(count == (f->term_count > 0));
    return count ? stack[0] : true;
}

static void check_turned(struct bytes in, const struct flow *flow, bool expected,
                         struct filter_scratch *scratch)
{
    struct filter_fault fault;
    struct filter *f = NULL;
    struct buf text;

    buf_init(&text, FILTER_TEXT_BYTES);
    buf_put_text(&text, "NOT (");
    buf_put(&text, in);
    buf_put_text(&text, ")");
    if (!buf_status(&text) && !filter_parse(buf_bytes(&text), 1, &f, &fault)) {
        require(f->term_count == 0 || filter_match(f, flow, scratch) != expected);
        filter_free(f);
    }
    buf_release(&text);
}

static void check_fault(const struct filter_fault *fault, struct bytes in)
{
    struct buf shown;

    require(fault->at <= in.len && fault->len >= 1);
    require(fault->text[0] && memchr(fault->text, '\0', sizeof(fault->text)));
    buf_init(&shown, SHOWN_BYTES);
    filter_put_fault(fault, in, true, &shown);
    require(buf_status(&shown) == STATUS_OK);
    buf_release(&shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes in = bytes_make(data, len);
    struct filter_fault fault = {0};
    struct filter_scratch scratch;
    struct filter *f = NULL;
    struct flow *flow;
    bool taken;

    if (filter_parse(in, 1, &f, &fault)) {
        check_fault(&fault, in);
        return 0;
    }
    flow = flow_of(in);
    filter_scratch_init(&scratch);
    taken = filter_match(f, flow, &scratch);
    require(taken == program_holds(f, flow, &scratch));
    check_turned(in, flow, taken, &scratch);
    filter_scratch_release(&scratch);
    flow_free(flow);
    filter_free(f);
    return 0;
}
