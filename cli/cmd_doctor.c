#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/doctor.h"
#include "cli/instance.h"
#include "cli/reply.h"

enum { LINE_BYTES = 64 * 1024, TITLE_COLUMNS = 15, TEXT_LONGEST = 8 * 1024 };

static const struct doctor_row rows[] = {
#define CHECK(name, title) {#name, title},
#include "cli/doctor_checks.def"
#undef CHECK
};

static void (*const checks[])(struct doctor *d) = {
#define CHECK(name, title) doctor_##name,
#include "cli/doctor_checks.def"
#undef CHECK
};

enum { CHECKS = sizeof(rows) / sizeof(rows[0]) };

static const struct {
    const char *mark, *style, *word;
} states[] = {
    [DOCTOR_OK] = {"✓", "\033[32m", "ok"},
    [DOCTOR_REMARK] = {"!", "\033[33m", "remark"},
    [DOCTOR_BROKEN] = {"✗", "\033[31m", "broken"},
};

static const char *keep_text(struct doctor *d, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static const char *keep_text(struct doctor *d, const char *format, va_list args)
{
    char text[TEXT_LONGEST];
    const char *kept;

    vsnprintf(text, sizeof(text), format, args);
    kept = arena_text(&d->memory, bytes_of(text));
    return kept ? kept : status_sentence(STATUS_NO_MEMORY);
}

void doctor_say(struct doctor *d, enum doctor_state state, const char *format, ...)
{
    const char *text;
    va_list args;

    va_start(args, format);
    text = keep_text(d, format, args);
    va_end(args);
    if (d->count < DOCTOR_FINDINGS)
        d->findings[d->count++] = (struct doctor_finding){d->row, state, text, NULL};
}

void doctor_advise(struct doctor *d, const char *format, ...)
{
    const char *text;
    va_list args;

    va_start(args, format);
    text = keep_text(d, format, args);
    va_end(args);
    if (d->count > 0 && d->count < DOCTOR_FINDINGS)
        d->findings[d->count - 1].advice = text;
}

/* ---- showing ---- */

/* Each check has its title once. Names of files and variables may come from anybody. */
static void put_finding(const struct doctor *d, const struct doctor_finding *f, bool first,
                        struct buf *out)
{
    bool colour = d->cli->colour_out;

    buf_putf(out, "%s%s%s %-*s", colour ? states[f->state].style : "", states[f->state].mark,
             colour ? "\033[0m" : "", TITLE_COLUMNS, first ? f->row->title : "");
    text_put_terminal(out, bytes_of(f->text));
    buf_put_byte(out, '\n');
    if (!f->advice)
        return;
    buf_putf(out, "  %*s", TITLE_COLUMNS, "");
    text_put_terminal(out, bytes_of(f->advice));
    buf_put_byte(out, '\n');
}

/* As they are found: the last check takes a while. */
static int print_findings(const struct doctor *d, uint32_t from)
{
    struct buf out;
    int code;

    buf_init(&out, DOCTOR_BYTES);
    for (uint32_t i = from; i < d->count; i++)
        put_finding(d, &d->findings[i], i == from, &out);
    code = cli_print(d->cli, &out);
    buf_release(&out);
    return code;
}

static uint32_t count_of(const struct doctor *d, enum doctor_state state)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < d->count; i++)
        count += d->findings[i].state == state;
    return count;
}

static int print_json(const struct doctor *d)
{
    struct buf out;
    int code;

    buf_init(&out, DOCTOR_BYTES);
    buf_putf(&out, "{\"ok\":%s,\"broken\":%u,\"remarks\":%u,\"checks\":[",
             count_of(d, DOCTOR_BROKEN) ? "false" : "true", (unsigned)count_of(d, DOCTOR_BROKEN),
             (unsigned)count_of(d, DOCTOR_REMARK));
    for (uint32_t i = 0; i < d->count; i++) {
        const struct doctor_finding *f = &d->findings[i];

        buf_putf(&out, "%s{\"check\":\"%s\",\"state\":\"%s\",\"text\":", i ? "," : "", f->row->name,
                 states[f->state].word);
        text_put_json(&out, bytes_of(f->text));
        buf_put_text(&out, ",\"advice\":");
        if (f->advice)
            text_put_json(&out, bytes_of(f->advice));
        else
            buf_put_text(&out, "null");
        buf_put_byte(&out, '}');
    }
    buf_put_text(&out, "]}\n");
    code = cli_print(d->cli, &out);
    buf_release(&out);
    return code;
}

static int print_summary(const struct doctor *d)
{
    uint32_t broken = count_of(d, DOCTOR_BROKEN), remarks = count_of(d, DOCTOR_REMARK);
    struct buf out;
    int code;

    buf_init(&out, LINE_BYTES);
    if (broken)
        buf_putf(&out, "\n%u broken, %u to look at\n", (unsigned)broken, (unsigned)remarks);
    else if (remarks)
        buf_putf(&out, "\nnothing is broken, %u to look at\n", (unsigned)remarks);
    else
        buf_put_text(&out, "\nall is well\n");
    code = cli_print(d->cli, &out);
    buf_release(&out);
    return code;
}

/* ---- the checks ---- */

/* The weir that runs, if one does: where it listens and what its CA is. */
static int find_running(struct doctor *d)
{
    static const char scheme[] = "http://";
    char path[CONTROL_PATH_TEXT];
    struct control_reply reply;
    const char *url;
    int code = instance_find(d->cli, !options_has(&d->cli->options, OPTION_INSTANCE), path);

    if (code == CODE_NO_WEIR && !options_has(&d->cli->options, OPTION_INSTANCE))
        return CODE_OK;
    if (!code)
        code = instance_ask(d->cli, path, "GET", "/v1/status", &reply);
    if (code)
        return code;
    url = json_string_value(json_array_get(json_object_get(reply.body, "listen"), 0));
    if (url && strncmp(url, scheme, strlen(scheme)) == 0)
        url += strlen(scheme);
    d->running = url && endpoint_parse(bytes_of(url), &d->address) == STATUS_OK;
    snprintf(d->running_ca, sizeof(d->running_ca), "%s", reply_text(reply.body, "ca"));
    json_decref(reply.body);
    return CODE_OK;
}

static int run_checks(struct doctor *d)
{
    bool json = options_has(&d->cli->options, OPTION_JSON);
    int code = CODE_OK;

    for (size_t i = 0; !code && i < CHECKS; i++) {
        uint32_t from = d->count;

        d->row = &rows[i];
        checks[i](d);
        if (!json)
            code = print_findings(d, from);
    }
    if (!code)
        code = json ? print_json(d) : print_summary(d);
    if (!code && count_of(d, DOCTOR_BROKEN))
        code = CODE_FAILED;
    return code;
}

int command_doctor(const struct cli *cli)
{
    struct doctor *d;
    int code;

    if (cli->options.operand_count)
        return cli_usage(cli, "'weir doctor' takes no operand: '%.60s'", cli->options.operands[0]);
    d = calloc(1, sizeof(*d));
    if (!d || rule_state_new(&d->rules)) {
        free(d);
        cli_error(cli, "out of memory");
        return CODE_FAILED;
    }
    d->cli = cli;
    d->trust.tool.cli = cli;
    arena_init(&d->memory, DOCTOR_BYTES);
    buf_init(&d->trust.body, DOCTOR_BYTES);
    code = find_running(d);
    if (!code)
        code = run_checks(d);
    ca_free(d->ca);
    config_release(&d->config);
    rule_state_free(d->rules);
    buf_release(&d->trust.body);
    arena_release(&d->memory);
    free(d);
    return code;
}
