#include <stdlib.h>

#include "cli/config_show.h"
#include "cli/launch.h"
#include "cli/redaction.h"

enum { SHOWN_BYTES = 64 * 1024 * 1024 };

static int put_config(const struct cli *cli, const struct config *c)
{
    bool json = options_has(&cli->options, OPTION_JSON);
    struct buf out;
    enum status st;
    int code = CODE_FAILED;

    buf_init(&out, SHOWN_BYTES);
    st = json ? node_put_json(c->root, &out) : node_put_yaml(c->root, &out);
    if (json)
        buf_put_byte(&out, '\n');
    if (st)
        cli_error(cli, "cannot print the configuration: %s", status_sentence(st));
    else
        code = cli_print(cli, &out);
    buf_release(&out);
    return code;
}

static int show(const struct cli *cli, struct config *c)
{
    struct redactor redactor;
    enum status st;
    int code = redaction_make(cli, c, &redactor);

    if (code)
        return code;
    st = config_show(c, &redactor);
    redaction_release(&redactor);
    if (!st)
        return put_config(cli, c);
    cli_error(cli, "cannot print the configuration: %s", status_sentence(st));
    return CODE_FAILED;
}

int command_config(const struct cli *cli)
{
    struct cli named = *cli;
    struct config *c = calloc(1, sizeof(*c));
    struct rule_state *state = NULL;
    int code = cli_name_file(cli, &named.options);

    if (!code && (!c || rule_state_new(&state))) {
        cli_error(cli, "out of memory");
        code = CODE_FAILED;
    }
    if (!code) {
        code = launch_config(&named, c, state);
        if (!code)
            code = show(cli, c);
        config_release(c);
    }
    rule_state_free(state);
    free(c);
    return code;
}
