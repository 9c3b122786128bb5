#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check_against.h"
#include "cli/cli.h"
#include "cli/config.h"

enum { REPORT_BYTES = 16 * 1024 * 1024 };

static int read_format(const struct cli *cli, enum diag_format *ret_format)
{
    static const char *const words[] = {
        [DIAG_PRETTY] = "pretty", [DIAG_SHORT] = "short", [DIAG_JSON] = "json"};
    const char *given = options_value(&cli->options, OPTION_ERROR_FORMAT);

    *ret_format = DIAG_PRETTY;
    for (size_t i = 0; given && i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(given, words[i]) != 0)
            continue;
        *ret_format = (enum diag_format)i;
        return CODE_OK;
    }
    return given ? cli_usage(cli, "--error-format is pretty, short or json") : CODE_OK;
}

static int report(const struct cli *cli, const struct config *c, enum status st,
                  enum diag_format format)
{
    bool data = format != DIAG_PRETTY;
    struct buf out;
    int code = st ? CODE_CONFIG : CODE_OK;

    buf_init(&out, REPORT_BYTES);
    diags_put(&c->diags, format, data ? cli->colour_out : cli->colour_err, &out);
    if (data && cli_print(cli, &out))
        code = CODE_FAILED;
    else if (!data)
        fputs(buf_text(&out), stderr);
    buf_release(&out);
    if (st && c->diags.errors == 0) {
        cli_error(cli, "cannot read the configuration: %s", status_sentence(st));
    } else if (!st && !data) {
        cli_say(cli, "%s is good: %zu rule%s%s", c->shown, config_rule_count(c),
                config_rule_count(c) == 1 ? "" : "s",
                c->path[0] ? "" : " (there is no file: weir runs with its defaults)");
    }
    return code;
}

int command_check(const struct cli *cli)
{
    struct options o = cli->options;
    struct config *c = malloc(sizeof(*c));
    struct rule_state *state = NULL;
    const char *against = options_value(&o, OPTION_AGAINST);
    enum diag_format format;
    int code = read_format(cli, &format);

    if (!code && !against && options_has(&o, OPTION_JSON))
        code = cli_usage(cli, "--json goes with --against; problems have --error-format=json");
    if (!code)
        code = cli_name_file(cli, &o);
    if (!code && (!c || rule_state_new(&state))) {
        cli_error(cli, "out of memory");
        code = CODE_FAILED;
    }
    if (!code) {
        enum status st = config_load(c, &o, state);

        code = report(cli, c, st, format);
        if (!code && against)
            code = check_against(cli, c, state, against);
        config_release(c);
    }
    rule_state_free(state);
    free(c);
    return code;
}
