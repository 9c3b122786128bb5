#include "cli/rules_test.h"

#include <stdlib.h>
#include <string.h>

#include "cli/rules_test_impl.h"

enum {
    CALLS = 1000 * 1000,
    CALL_BYTES = 256 * 1024 * 1024, /* of one call's arena */
    OUT_PRINT_BYTES = 64 * 1024,    /* it is printed from here on */
    TOTALS = 100,                   /* rules in the table */
};

static bool on_decision(void *self, const struct when_decision *d)
{
    struct rules_test *t = self;
    struct decision *kept = arena_alloc(&t->call_arena, sizeof(*kept));

    if (!kept) {
        t->out_of_memory = true;
        return d->fires;
    }
    *kept = (struct decision){
        .label = d->label, .when = d->when, .per = &d->when->per, .n = d->n, .fires = d->fires};
    if (d->key.text.ptr)
        kept->key = arena_copy(&t->call_arena, d->key.text);
    t->out_of_memory |= d->key.text.len && !kept->key.ptr;
    *t->decisions_end = kept;
    t->decisions_end = &kept->next;
    return d->fires;
}

/* ---- the command line -------------------------------------------------------- */

static int out_of_memory(const struct rules_test *t)
{
    cli_error(t->cli, "%s", status_sentence(STATUS_NO_MEMORY));
    return CODE_FAILED;
}

/* "Name: value" */
static int read_field(struct rules_test *t, const char *given, struct head *head)
{
    struct bytes all = bytes_of(given);
    ptrdiff_t colon = bytes_find(all, ':');
    enum status st = STATUS_BAD_INPUT;

    if (colon > 0)
        st = trial_input_field(&t->input, head, bytes_until(all, (size_t)colon),
                               bytes_trim(bytes_from(all, (size_t)colon + 1)));
    if (st == STATUS_NO_MEMORY)
        return out_of_memory(t);
    return st ? cli_usage(t->cli, "a header is 'Name: value'; this is '%.60s'", given) : CODE_OK;
}

static int read_fields(struct rules_test *t, enum option option, struct head *head)
{
    const char *given;
    int at = 0, code = CODE_OK;

    while (!code && (given = options_next(&t->cli->options, option, &at)))
        code = read_field(t, given, head);
    return code;
}

/* TEXT, or @FILE */
static int read_content(struct rules_test *t, enum option option, struct buf *into,
                        struct rule_body *body)
{
    const char *given = options_value(&t->cli->options, option);
    enum status st = STATUS_OK;

    if (!given)
        return CODE_OK;
    if (given[0] == '@')
        st = file_read(given + 1, into);
    else
        buf_put_text(into, given);
    if (!st)
        st = buf_status(into);
    if (st) {
        cli_error(t->cli, "cannot read %.200s: %s", given[0] == '@' ? given + 1 : "the body",
                  status_sentence(st));
        return CODE_USAGE;
    }
    if (into->len)
        body->content = buf_bytes(into);
    return CODE_OK;
}

/* "23:30" */
static int read_time(struct rules_test *t)
{
    const char *given = options_value(&t->cli->options, OPTION_AT);
    struct bytes all = bytes_of(given);
    uint64_t hour = 0, minute = 0;

    if (!given)
        return CODE_OK;
    if (all.len != 5 || all.ptr[2] != ':' || bytes_to_u64(bytes_until(all, 2), 23, &hour) ||
        bytes_to_u64(bytes_from(all, 3), 59, &minute))
        return cli_usage(t->cli, "--at wants a time of day, as 23:30");
    t->input.view.minute = (unsigned)(hour * 60 + minute);
    return CODE_OK;
}

static int read_response(struct rules_test *t)
{
    const struct options *o = &t->cli->options;
    const char *given = options_value(o, OPTION_STATUS);
    bool any =
        given || options_has(o, OPTION_RESPONSE_HEADER) || options_has(o, OPTION_RESPONSE_BODY);
    uint64_t status = 200;
    int code;

    if (!any)
        return CODE_OK;
    if (given && (bytes_to_u64(bytes_of(given), 599, &status) || status < 200))
        return cli_usage(t->cli, "--status is from 200 to 599");
    trial_input_status(&t->input, (uint16_t)status);
    code = read_fields(t, OPTION_RESPONSE_HEADER, &t->input.response);
    return code ? code
                : read_content(t, OPTION_RESPONSE_BODY, &t->response_data, &t->input.response_body);
}

static int read_request(struct rules_test *t)
{
    const struct options *o = &t->cli->options;
    const char *client = options_value(o, OPTION_CLIENT);
    enum status st;
    int code;

    if (o->operand_count != 3)
        return cli_usage(t->cli, "'weir rules test' wants METHOD and URL");
    st = trial_input_url(&t->input, bytes_of(o->operands[1]), bytes_of(o->operands[2]));
    if (st == STATUS_NO_MEMORY)
        return out_of_memory(t);
    if (st)
        return cli_usage(t->cli, "'%.20s %.60s' is not a method and an http URL", o->operands[1],
                         o->operands[2]);
    if (client)
        t->input.view.client = t->input.view.address = bytes_of(client);
    code = read_fields(t, OPTION_HEADER, &t->input.request);
    if (!code)
        code = read_content(t, OPTION_DATA, &t->data, &t->input.request_body);
    return code ? code : read_time(t);
}

static int read_command_line(struct rules_test *t)
{
    const struct options *o = &t->cli->options;
    const char *count = options_value(o, OPTION_CALLS);
    int code;

    t->calls = 1;
    t->json = options_has(o, OPTION_JSON);
    t->verbose = options_has(o, OPTION_VERBOSE);
    if (count && (bytes_to_u64(bytes_of(count), CALLS, &t->calls) || t->calls == 0))
        return cli_usage(t->cli, "--count is from 1 to %d", CALLS);
    code = read_request(t);
    if (!code)
        code = read_response(t);
    if (!code && trial_input_finish(&t->input))
        code = out_of_memory(t);
    return code;
}

/* ---- the calls ----------------------------------------------------------------------- */

static enum status call(struct rules_test *t, uint64_t number)
{
    struct trial_case in = trial_input_case(&t->input, t->config.rules);
    struct trial trial;
    bool fired = false;
    enum status st;

    arena_reset(&t->call_arena);
    t->decisions = NULL;
    t->decisions_end = &t->decisions;
    in.seed = number;
    st = trial_run(&in, &t->call_arena, &trial);
    if (st || t->out_of_memory)
        return st ? st : STATUS_NO_MEMORY;
    for (const struct decision *d = t->decisions; d; d = d->next)
        fired |= d->fires;
    t->calls_fired += fired;
    st = rules_test_put(t, &in, &trial, number);
    return st ? st : buf_status(&t->out);
}

static int print(struct rules_test *t)
{
    int code = cli_print(t->cli, &t->out);

    buf_clear(&t->out);
    return code;
}

static void put_summary(struct rules_test *t)
{
    if (t->json) {
        buf_putf(&t->out, "{\"calls\":%llu,\"calls_fired\":%llu,", (unsigned long long)t->calls,
                 (unsigned long long)t->calls_fired);
        trial_put_totals_json(&t->out, t->config.rules);
        buf_put_text(&t->out, "}\n");
        return;
    }
    buf_putf(&t->out, "\n%llu of %llu calls had a rule that fired\n",
             (unsigned long long)t->calls_fired, (unsigned long long)t->calls);
    trial_put_totals(&t->out, t->config.rules, TOTALS);
}

static int run_calls(struct rules_test *t)
{
    int code = CODE_OK;

    rule_state_tap(t->state, &t->tap);
    for (uint64_t n = 1; n <= t->calls && !code; n++) {
        if (call(t, n))
            return out_of_memory(t);
        if (t->out.len >= OUT_PRINT_BYTES)
            code = print(t);
    }
    if (!code && t->calls > 1)
        put_summary(t);
    if (!code)
        code = print(t);
    if (!code && !t->calls_fired)
        code = CODE_NO_MATCH;
    return code;
}

static int without_rules(const struct rules_test *t)
{
    cli_error(t->cli, "there is no configuration: -c names one");
    return CODE_CONFIG;
}

int rules_test(const struct cli *cli)
{
    struct rules_test *t = calloc(1, sizeof(*t));
    int code;

    if (!t || rule_state_new(&t->state)) {
        cli_error(cli, "%s", status_sentence(STATUS_NO_MEMORY));
        free(t);
        return CODE_FAILED;
    }
    t->cli = cli;
    t->tap = (struct when_tap){on_decision, t};
    arena_init(&t->input_arena, CALL_BYTES);
    arena_init(&t->call_arena, CALL_BYTES);
    buf_init(&t->data, RULE_BODY_BYTES);
    buf_init(&t->response_data, RULE_BODY_BYTES);
    buf_init(&t->out, RULES_TEST_OUT_BYTES);
    trial_input_init(&t->input, &t->input_arena);
    code = read_command_line(t);
    if (!code) {
        code = launch_config(cli, &t->config, t->state);
        if (!code)
            code = t->config.rules ? run_calls(t) : without_rules(t);
        config_release(&t->config);
    }
    rule_state_free(t->state);
    arena_release(&t->input_arena);
    arena_release(&t->call_arena);
    buf_release(&t->data);
    buf_release(&t->response_data);
    buf_release(&t->out);
    free(t);
    return code;
}
