/* Sends recorded requests again, and shows each answer beside the recorded one. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/archive.h"
#include "cli/copy.h"
#include "cli/progress.h"
#include "cli/redaction.h"
#include "cli/replay_change.h"
#include "cli/replay_client.h"
#include "cli/replay_proxy.h"
#include "cli/replay_put.h"
#include "cli/replay_request.h"
#include "logs/flow_make.h"

enum { TIMES = 1000 * 1000, CONCURRENCY_DEFAULT = 1, LINE_BYTES = 256 * 1024 };

/* A recorded request that is under way, so many times. */
struct replay_flow {
    struct flow *flow;
    uint32_t refs;
};

struct replay {
    const struct cli *cli;
    uint64_t times, concurrency;
    bool json, dry;
    const struct copy_form *form; /* of a dry run; NULL: a line each */
    struct redactor redactor;
    struct replay_changes changes;
    struct replay_proxy proxy;
    struct replay_client client;
    struct query *query;
    struct filter *filter;
    struct flow *named; /* the one flow that was asked for; NULL: those of the filter */
    struct buf line;
    struct progress progress; /* while the lines go elsewhere than to the terminal */
    bool progress_shown;
    uint64_t answered;
    uint64_t flows, sent, failed, refused, differ;
};

/* ---- what is printed --------------------------------------------------------------------------
 */

static void print_result(struct replay *r, const struct flow *f, const struct replay_answer *answer,
                         const char *refusal)
{
    const struct replay_result result = {
        .flow = f, .answer = answer, .refusal = refusal, .redactor = &r->redactor};

    buf_clear(&r->line);
    if (r->json)
        replay_put_json(&result, &r->line);
    else
        replay_put_line(&result, r->cli->colour_out, &r->line);
    (void)cli_print(r->cli, &r->line);
}

static void on_answer(void *self, void *request, const struct replay_answer *answer)
{
    struct replay *r = self;
    struct replay_flow *rf = request;

    if (answer->error[0])
        r->failed++;
    else if (answer->status != rf->flow->status)
        r->differ++;
    print_result(r, rf->flow, answer, NULL);
    r->answered++;
    if (r->progress_shown)
        progress_set(&r->progress, r->answered, r->answered);
    if (--rf->refs)
        return;
    flow_free(rf->flow);
    free(rf);
}

static void print_summary(const struct replay *r)
{
    if (r->json || r->dry || r->flows == 0)
        return;
    cli_say(r->cli, "%llu sent, %llu answered otherwise than recorded, %llu failed, %llu not sent",
            (unsigned long long)r->sent, (unsigned long long)r->differ,
            (unsigned long long)r->failed, (unsigned long long)r->refused);
}

/* ---- sending
 * ------------------------------------------------------------------------------------- */

static int send_times(struct replay *r, struct replay_flow *rf,
                      const struct replay_request *request)
{
    for (uint64_t i = 0; i < r->times; i++) {
        enum status st;

        while (r->client.active >= r->concurrency)
            replay_client_wait(&r->client);
        rf->refs++;
        st = replay_client_send(&r->client, &request->head, request->body, rf);
        if (!st) {
            r->sent++;
            continue;
        }
        rf->refs--;
        r->refused++;
        print_result(r, rf->flow, NULL,
                     st == STATUS_BAD_INPUT ? "it cannot be written as HTTP/1.1"
                                            : status_sentence(st));
        if (st != STATUS_BAD_INPUT)
            return CODE_FAILED;
        break;
    }
    return CODE_OK;
}

static int show_dry(struct replay *r, const struct flow *f)
{
    if (r->form)
        return copy_print(r->cli, r->form, &r->redactor, f);
    print_result(r, f, NULL, NULL);
    return CODE_OK;
}

static int make_and_send(struct replay *r, struct replay_flow *rf)
{
    struct replay_request request;
    const char *refusal = NULL;
    enum status st =
        replay_request_make(rf->flow, buf_bytes(&r->proxy.authorization), &request, &refusal);
    int code = CODE_OK;

    if (st == STATUS_REFUSED) {
        r->refused++;
        print_result(r, rf->flow, NULL, refusal);
    } else if (st) {
        cli_error(r->cli, "%s", status_sentence(st));
        code = CODE_FAILED;
    } else if (r->dry) {
        code = show_dry(r, rf->flow);
    } else {
        code = send_times(r, rf, &request);
    }
    replay_request_release(&request);
    return code;
}

/* Takes the flow over. */
static int replay_one(struct replay *r, struct flow *f)
{
    struct replay_flow *rf = calloc(1, sizeof(*rf));
    enum status st = rf ? replay_changes_apply(&r->changes, f) : STATUS_NO_MEMORY;
    int code = CODE_FAILED;

    if (!rf || (st && st != STATUS_NOT_FOUND)) {
        cli_error(r->cli, "%s", status_sentence(st));
        flow_free(f);
        free(rf);
        return CODE_FAILED;
    }
    r->flows++;
    *rf = (struct replay_flow){.flow = f, .refs = 1}; /* ours, while it is sent */
    code = make_and_send(r, rf);
    if (--rf->refs == 0) {
        flow_free(f);
        free(rf);
    }
    return code;
}

/* What is sent is recorded as well, in the same store as a rule: such flows come after
 * this number, or they would be sent again for ever. */
static enum status last_number(struct replay *r, uint64_t *ret_number)
{
    const struct query_ask ask = {.newest_first = true, .limit = 1};
    struct flow *f = NULL;
    enum status st = query_begin(r->query, &ask);

    if (!st)
        st = query_next(r->query, &f);
    query_end(r->query);
    if (st == STATUS_OK)
        *ret_number = f->number;
    flow_free(f);
    return st == STATUS_END ? STATUS_OK : st;
}

static int replay_filtered(struct replay *r)
{
    struct query_ask ask = {.filter = r->filter, .bodies = true};
    uint64_t last = 0;
    struct flow *f;
    enum status st = last_number(r, &last);
    int code = CODE_OK;

    ask.before = last + 1;
    if (!st)
        st = query_begin(r->query, &ask);

    while (!st && !code) {
        st = query_next(r->query, &f);
        if (!st)
            code = replay_one(r, f);
    }
    if (st && st != STATUS_END) {
        cli_error(r->cli, "%s", query_error(r->query));
        code = CODE_FAILED;
    }
    query_end(r->query);
    return code;
}

static int replay_all(struct replay *r)
{
    struct flow *named = r->named;
    int code;

    r->named = NULL;
    r->progress_shown = !r->dry && !isatty(STDOUT_FILENO);
    if (r->progress_shown)
        progress_begin(&r->progress, "replay", "requests", named ? r->times : 0);
    code = named ? replay_one(r, named) : replay_filtered(r);
    while (!r->dry && r->client.active)
        replay_client_wait(&r->client);
    if (r->progress_shown)
        progress_clear(&r->progress);
    print_summary(r);
    if (!code && r->flows == 0) {
        cli_error(r->cli, "no recorded flow fits");
        return CODE_NO_MATCH;
    }
    return !code && (r->failed || r->refused) ? CODE_FAILED : code;
}

/* ---- the command line
 * ------------------------------------------------------------------------------ */

static int read_number(const struct cli *cli, enum option id, uint64_t most, uint64_t *value)
{
    const char *text = options_value(&cli->options, id);

    if (!text || (bytes_to_u64(bytes_of(text), most, value) == STATUS_OK && *value > 0))
        return CODE_OK;
    return cli_usage(cli, "--%s is a number from 1 to %llu", option_rows[id].name,
                     (unsigned long long)most);
}

static int read_options(struct replay *r)
{
    const struct cli *cli = r->cli;
    const char *form = options_value(&cli->options, OPTION_COPY_AS), *text;
    char error[REPLAY_ERROR_TEXT];
    int at = 0;
    int code = read_number(cli, OPTION_TIMES, TIMES, &r->times);

    if (!code)
        code = read_number(cli, OPTION_CONCURRENCY, REPLAY_CONCURRENCY, &r->concurrency);
    if (!code)
        code = redaction_make(cli, NULL, &r->redactor);
    r->json = options_has(&cli->options, OPTION_JSON);
    r->dry = options_has(&cli->options, OPTION_DRY_RUN);
    if (!code && form && !r->dry)
        return cli_usage(cli, "--copy-as goes with --dry-run");
    if (!code && form)
        code = copy_form_named(cli, form, &r->form);
    while (!code && (text = options_next(&cli->options, OPTION_CHANGE, &at)))
        if (replay_changes_add(&r->changes, text, error))
            code = cli_usage(cli, "%s", error);
    if (!code && cli->options.operand_count == 0)
        code = cli_usage(cli, "which flows? A number, @1 for the newest, or a filter");
    return code;
}

/* One operand may be the name of a flow; all others are a filter. */
static int choose(struct replay *r)
{
    const struct options *o = &r->cli->options;
    const char *name = o->operands[0];
    bool certain = name[0] == '@' || (name[0] >= '0' && name[0] <= '9');
    int code = archive_open(r->cli, &r->query);

    if (code)
        return code;
    if (o->operand_count == 1 && certain)
        return archive_find(r->cli, r->query, name, &r->named);
    if (o->operand_count == 1 && query_find(r->query, bytes_of(name), &r->named) == STATUS_OK)
        return CODE_OK;
    return archive_filter(r->cli, 0, &r->filter);
}

static int run(struct replay *r)
{
    int code;

    if (r->dry)
        return replay_all(r);
    code = replay_proxy_find(r->cli, &r->proxy);
    if (code)
        return code;
    if (replay_client_init(&r->client, &r->proxy.address)) {
        cli_error(r->cli, "cannot make a loop of events");
        return CODE_FAILED;
    }
    r->client.on_answer = on_answer;
    r->client.self = r;
    code = replay_all(r);
    replay_client_release(&r->client);
    return code;
}

int command_replay(const struct cli *cli)
{
    struct replay r = {.cli = cli, .times = 1, .concurrency = CONCURRENCY_DEFAULT};
    int code;

    replay_changes_init(&r.changes);
    buf_init(&r.line, LINE_BYTES);
    buf_init(&r.proxy.authorization, REPLAY_AUTHORIZATION_BYTES);
    code = read_options(&r);
    if (!code)
        code = choose(&r);
    if (!code)
        code = run(&r);
    flow_free(r.named);
    filter_free(r.filter);
    query_close(r.query);
    replay_proxy_release(&r.proxy);
    replay_changes_release(&r.changes);
    redaction_release(&r.redactor);
    buf_release(&r.line);
    return code;
}
