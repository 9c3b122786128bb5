/* weir diff FLOW FLOW: what is different between two recorded flows, or between what came
 * and what went on of one. Exit code 0: nothing, 4: something, 1: they cannot be compared. */
#include <unistd.h>

#include "cli/archive.h"
#include "cli/redaction.h"
#include "cli/terminal.h"
#include "logs/diff.h"
#include "logs/flow_make.h"

static int check_operands(const struct cli *cli)
{
    bool one = options_has(&cli->options, OPTION_RECEIVED_SENT);

    if (cli->options.operand_count == (one ? 1 : 2))
        return CODE_OK;
    if (one)
        return cli_usage(cli, "--received-sent looks at one flow");
    return cli_usage(cli, "'weir diff' wants two flows, or one with --received-sent");
}

/* 4 is kept for flows that were compared. */
static int find(const struct cli *cli, struct query *q, const char *name, struct flow **ret_flow)
{
    int code = archive_find(cli, q, name, ret_flow);

    return code == CODE_NO_MATCH ? CODE_FAILED : code;
}

static int print(const struct cli *cli, const struct diff *d, const struct diff_ask *ask)
{
    struct diff_style style = {.colour = cli->colour_out, .utf8 = terminal_utf8(STDOUT_FILENO)};
    struct buf out;
    int code;

    buf_init(&out, SIZE_MAX / 2);
    if (options_has(&cli->options, OPTION_JSON))
        diff_put_json(d, ask, &out);
    else
        diff_put_text(d, ask, &style, &out);
    code = cli_print(cli, &out);
    buf_release(&out);
    if (code)
        return code;
    return diff_equal(d) ? CODE_OK : CODE_NO_MATCH;
}

static int compare(const struct cli *cli, struct diff_ask *ask)
{
    bool request = options_has(&cli->options, OPTION_REQUEST);
    bool response = options_has(&cli->options, OPTION_RESPONSE);
    struct diff diff;
    enum status st;
    int code = redaction_make(cli, NULL, &ask->redactor);

    if (code)
        return code;
    ask->request = request || !response;
    ask->response = response || !request;
    ask->bodies = ask->a != ask->b || !ask->b_sent;
    st = diff_flows(ask, &diff);
    if (st) {
        cli_error(cli, "%s", status_sentence(st));
        code = CODE_FAILED;
    } else {
        code = print(cli, &diff, ask);
        diff_release(&diff);
    }
    redaction_release(&ask->redactor);
    return code;
}

int command_diff(const struct cli *cli)
{
    char *const *names = cli->options.operands;
    struct flow *a = NULL, *b = NULL;
    struct query *q = NULL;
    int code = check_operands(cli);

    if (!code)
        code = archive_open(cli, &q);
    if (!code)
        code = find(cli, q, names[0], &a);
    if (!code && names[1])
        code = find(cli, q, names[1], &b);
    if (!code)
        code = compare(cli, &(struct diff_ask){.a = a, .b = b ? b : a, .b_sent = !b});
    flow_free(b);
    flow_free(a);
    query_close(q);
    return code;
}
