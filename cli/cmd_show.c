/* weir show: one recorded flow. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/archive.h"
#include "cli/copy.h"
#include "cli/redaction.h"
#include "cli/terminal.h"
#include "http/coding.h"
#include "logs/flow_make.h"
#include "logs/flow_raw.h"
#include "logs/media.h"
#include "logs/show.h"

enum { SHOW_OUT_BYTES = 512 * 1024 * 1024 };

/* What it takes to show one. */
struct show {
    const struct cli *cli;
    const struct flow *flow;
    struct redactor redactor;
    struct buf out;
    unsigned parts; /* enum show_part */
};

static bool is_asked(const struct show *s, enum option option)
{
    return options_has(&s->cli->options, option);
}

/* ---- the body alone ---- */

static void say_what_is_missing(const struct show *s, const struct flow_message *m,
                                enum status decoding)
{
    if (m->body.wire_bytes > 0 && m->body.captured_bytes <= 0)
        cli_say(s->cli, "this body was not kept");
    else if (flow_body_cut(&m->body))
        cli_say(s->cli, "%" PRId64 " of its %" PRId64 " bytes were kept", m->body.captured_bytes,
                m->body.wire_bytes);
    if (decoding)
        cli_say(s->cli, "not wholly decoded: %s", status_sentence(decoding));
}

/* Text without its secrets; other content as it is. */
static void put_body(struct show *s, const struct flow_message *m)
{
    struct buf decoded, clean;
    struct bytes content;
    enum status st;

    buf_init(&decoded, CODING_OUT_BYTES);
    buf_init(&clean, SHOW_OUT_BYTES);
    st = flow_content_view(m, &decoded, &content);
    say_what_is_missing(s, m, st);
    redact_put_body(&s->redactor, flow_content_type(m), content, &clean);
    if (buf_status(&clean))
        s->out.status = buf_status(&clean);
    else if (isatty(STDOUT_FILENO))
        text_put_terminal_lines(&s->out, buf_bytes(&clean));
    else
        buf_put(&s->out, buf_bytes(&clean));
    buf_release(&decoded);
    buf_release(&clean);
}

/* ---- the messages as bytes ---- */

static void put_raw(struct show *s, enum http_side side)
{
    struct buf raw;
    const char *whose = side == HTTP_REQUEST ? "request" : "response";
    struct flow_cleaned cleaned = {0};
    enum status st;

    buf_init(&raw, SHOW_OUT_BYTES);
    st = flow_put_raw(&s->redactor, s->flow, side, &raw, &cleaned);
    if (st)
        s->out.status = st;
    else if (isatty(STDOUT_FILENO))
        text_put_terminal_lines(&s->out, buf_bytes(&raw));
    else
        buf_put(&s->out, buf_bytes(&raw));
    if (cleaned.left)
        cli_say(s->cli, "the %s's body is shown as far as it can be decoded", whose);
    else if (cleaned.changed && cleaned.decoded)
        cli_say(s->cli, "the %s's body is shown decoded: secrets were taken out of it", whose);
    buf_release(&raw);
}

/* ---- for people ---- */

static void put_story(struct show *s)
{
    const struct sink_settings settings = {
        .redactor = s->redactor,
        .verbose = 2,
        .colour = s->cli->colour_out,
        .columns = terminal_columns(STDOUT_FILENO),
    };
    struct console_format c;

    console_format_init(&c, &settings);
    if (!is_asked(s, OPTION_TIMING))
        show_put_story(&c, s->flow, s->parts, &s->out);
    if (is_asked(s, OPTION_TIMING) || is_asked(s, OPTION_VERBOSE))
        show_put_timing(&c, s->flow, &s->out);
    console_format_release(&c);
}

static void put_json(struct show *s)
{
    struct jsonl_format j;
    enum status st;

    jsonl_format_init(&j, &s->redactor);
    st = show_put_json(&j, s->flow, &s->out);
    if (st)
        s->out.status = st;
    jsonl_format_release(&j);
}

static void put_flow(struct show *s)
{
    if (is_asked(s, OPTION_JSON)) {
        put_json(s);
    } else if (is_asked(s, OPTION_BODY)) {
        put_body(s, s->parts == SHOW_REQUEST ? &s->flow->request : &s->flow->response);
    } else if (is_asked(s, OPTION_RAW)) {
        if (s->parts & SHOW_REQUEST)
            put_raw(s, HTTP_REQUEST);
        if (s->parts & SHOW_RESPONSE)
            put_raw(s, HTTP_RESPONSE);
    } else {
        put_story(s);
    }
}

/* ---- the command ---- */

/* What contradicts itself. */
static int check_options(const struct cli *cli)
{
    static const enum option alone[] = {OPTION_JSON, OPTION_BODY, OPTION_RAW, OPTION_TIMING,
                                        OPTION_COPY_AS};
    const char *first = NULL;

    if (cli->options.operand_count > 1)
        return cli_usage(cli, "one flow at a time");
    for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++) {
        const char *name = option_rows[alone[i]].name;

        if (!options_has(&cli->options, alone[i]))
            continue;
        if (first)
            return cli_usage(cli, "--%s and --%s do not go together", first, name);
        first = name;
    }
    return CODE_OK;
}

static unsigned wanted_parts(const struct cli *cli)
{
    unsigned parts = (options_has(&cli->options, OPTION_REQUEST) ? SHOW_REQUEST : 0U) |
                     (options_has(&cli->options, OPTION_RESPONSE) ? SHOW_RESPONSE : 0U);

    return parts ? parts : SHOW_REQUEST | SHOW_RESPONSE;
}

static int copy_flow(const struct cli *cli, const struct flow *f)
{
    const struct copy_form *form;
    struct redactor redactor;
    int code = copy_form_named(cli, options_value(&cli->options, OPTION_COPY_AS), &form);

    if (!code)
        code = redaction_make(cli, NULL, &redactor);
    if (code)
        return code;
    code = copy_print(cli, form, &redactor, f);
    redaction_release(&redactor);
    return code;
}

static int show_flow(const struct cli *cli, const struct flow *f)
{
    struct show s = {.cli = cli, .flow = f, .parts = wanted_parts(cli)};
    int code;

    if (options_has(&cli->options, OPTION_COPY_AS))
        return copy_flow(cli, f);
    code = redaction_make(cli, NULL, &s.redactor);
    if (code)
        return code;
    buf_init(&s.out, SHOW_OUT_BYTES);
    put_flow(&s);
    code = cli_print(cli, &s.out);
    buf_release(&s.out);
    redaction_release(&s.redactor);
    return code;
}

int command_show(const struct cli *cli)
{
    const char *name = cli->options.operand_count ? cli->options.operands[0] : "@1";
    struct query *q = NULL;
    struct flow *f = NULL;
    int code = check_options(cli);

    if (!code)
        code = archive_open(cli, &q);
    if (!code)
        code = archive_find(cli, q, name, &f);
    if (!code)
        code = show_flow(cli, f);
    flow_free(f);
    query_close(q);
    return code;
}
