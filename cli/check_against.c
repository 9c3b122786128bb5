#include "cli/check_against.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "cli/recorded.h"
#include "cli/records.h"
#include "cli/redaction.h"
#include "cli/trial_input.h"
#include "cli/trial_put.h"
#include "rules/when_tap.h"

enum {
    RECORD_ARENA_BYTES = 512 * 1024 * 1024, /* of one record and its trial */
    OUT_BYTES = 64 * 1024 * 1024,
    TARGET_BYTES = 1024 * 1024, /* longer ones are not shown */
    SHOWN = 20,                 /* requests that no rule took, and rules that took none */
};

struct against {
    const struct cli *cli;
    const struct config *config;
    struct redactor redactor;
    const char *path;
    enum records_kind kind;
    struct records records;
    struct arena arena; /* of one record */
    uint64_t requests, skipped, untaken;
    bool taken;       /* the request at hand matched a rule */
    struct buf first; /* the first requests that no rule took */
};

static bool on_decision(void *self, const struct when_decision *d)
{
    struct against *a = self;

    a->taken = true;
    return d->fires;
}

static int refuse(const struct against *a, const char *why)
{
    cli_error(a->cli, "%s: %s %llu: %s", a->path, a->kind == RECORDS_HAR ? "entry" : "line",
              (unsigned long long)a->records.number, why);
    return CODE_CONFIG;
}

static void note_untaken(struct against *a, const struct trial_input *in)
{
    struct buf target;

    if (a->untaken++ >= SHOWN)
        return;
    buf_init(&target, TARGET_BYTES);
    redact_put_url(&a->redactor, in->request.target, &target);
    buf_putf(&a->first, "  %s %llu: ", a->kind == RECORDS_HAR ? "entry" : "line",
             (unsigned long long)a->records.number);
    text_put_terminal(&a->first, in->request.method);
    buf_put_byte(&a->first, ' ');
    text_put_terminal(&a->first, buf_bytes(&target));
    buf_put_byte(&a->first, '\n');
    buf_release(&target);
}

static int try_record(struct against *a, const struct trial_input *in)
{
    struct trial_case one = trial_input_case(in, a->config->rules);
    struct trial trial;

    a->taken = false;
    a->requests++;
    one.seed = a->records.number;
    if (trial_run(&one, &a->arena, &trial))
        return refuse(a, status_sentence(STATUS_NO_MEMORY));
    if (!a->taken)
        note_untaken(a, in);
    return CODE_OK;
}

static int take_record(struct against *a, struct bytes json)
{
    struct trial_input in;
    const char *fault = "";
    enum status st;

    arena_reset(&a->arena);
    trial_input_init(&in, &a->arena);
    if (a->kind == RECORDS_HAR)
        st = recorded_read_har(json, &in, &fault);
    else
        st = recorded_read_line(json, &in, &fault);
    if (st == STATUS_END)
        a->skipped++;
    if (st == STATUS_END)
        return CODE_OK;
    if (st)
        return refuse(a, st == STATUS_BAD_INPUT ? fault : status_sentence(st));
    return try_record(a, &in);
}

static int take_records(struct against *a)
{
    struct bytes json;
    enum status st = STATUS_OK;
    int code = CODE_OK;

    while (!code && !(st = records_next(&a->records, &json)))
        code = take_record(a, json);
    if (code || st == STATUS_END)
        return code;
    if (st == STATUS_IO)
        return refuse(a, strerror(errno));
    if (st == STATUS_BAD_INPUT)
        return refuse(a, "this is no whole HAR: log.entries is missing, or does not end");
    return refuse(a, st == STATUS_LIMIT ? "it is larger than 64 MiB" : status_sentence(st));
}

static void put_never(const struct ruleset *rules, struct buf *out)
{
    size_t never = 0, count = ruleset_count(rules);

    for (size_t i = 0; i < count; i++) {
        struct rule_info info;

        ruleset_info(rules, i, &info);
        if (info.matched || !info.on)
            continue;
        if (never == 0)
            buf_put_text(out, "never hit:\n");
        if (never++ >= SHOWN)
            continue;
        buf_put_text(out, "  ");
        text_put_terminal(out, bytes_of(info.label));
        buf_put_byte(out, '\n');
    }
    if (never > SHOWN)
        buf_putf(out, "  and %zu rules more\n", never - SHOWN);
}

static void put_json(const struct against *a, struct buf *out)
{
    buf_putf(out, "{\"requests\":%llu,\"no_requests\":%llu,\"untaken\":%llu,",
             (unsigned long long)a->requests, (unsigned long long)a->skipped,
             (unsigned long long)a->untaken);
    trial_put_totals_json(out, a->config->rules);
    buf_put_text(out, "}\n");
}

static void put_text(const struct against *a, struct buf *out)
{
    buf_putf(out, "%llu request%s", (unsigned long long)a->requests, a->requests == 1 ? "" : "s");
    if (a->skipped)
        buf_putf(out, " (and %llu records that are none)", (unsigned long long)a->skipped);
    buf_put_byte(out, '\n');
    trial_put_totals(out, a->config->rules, SIZE_MAX);
    put_never(a->config->rules, out);
    if (a->untaken)
        buf_putf(out, "taken by no rule: %llu\n", (unsigned long long)a->untaken);
    buf_put(out, buf_bytes(&a->first));
    if (a->untaken > SHOWN)
        buf_putf(out, "  and %llu more\n", (unsigned long long)(a->untaken - SHOWN));
}

static int report(const struct against *a)
{
    struct buf out;
    int code;

    buf_init(&out, OUT_BYTES);
    if (options_has(&a->cli->options, OPTION_JSON))
        put_json(a, &out);
    else
        put_text(a, &out);
    code = cli_print(a->cli, &out);
    buf_release(&out);
    return code;
}

int check_against(const struct cli *cli, const struct config *c, struct rule_state *state,
                  const char *path)
{
    struct against a = {.cli = cli, .config = c, .path = path};
    const struct when_tap tap = {on_decision, &a};
    struct bytes name = bytes_of(path);
    int code;

    if (!c->rules) {
        cli_error(cli, "there are no rules: name a configuration");
        return CODE_CONFIG;
    }
    code = redaction_make(cli, c, &a.redactor);
    if (code)
        return code;
    if (bytes_ends_with(name, BYTES(".jsonl")) || bytes_ends_with(name, BYTES(".ndjson")))
        a.kind = RECORDS_LINES;
    else
        a.kind = RECORDS_HAR;
    arena_init(&a.arena, RECORD_ARENA_BYTES);
    buf_init(&a.first, OUT_BYTES);
    rule_state_tap(state, &tap);
    if (records_open(&a.records, path, a.kind)) {
        cli_error(cli, "cannot read %s: %s", path, strerror(errno));
        code = CODE_FAILED;
    } else {
        code = take_records(&a);
        if (!code)
            code = report(&a);
    }
    records_close(&a.records);
    rule_state_tap(state, NULL);
    arena_release(&a.arena);
    buf_release(&a.first);
    redaction_release(&a.redactor);
    return code;
}
