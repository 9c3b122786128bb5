#include "cli/redaction.h"

#include <string.h>
#include <sys/random.h>

static int is_wanted(const struct cli *cli, const struct config *c, bool *ret_on)
{
    const char *given = options_value(&cli->options, OPTION_REDACT);
    bool none = given && strcmp(given, "none") == 0;

    if (given && !none && strcmp(given, "default") != 0)
        return cli_usage(cli, "--redact is default or none");
    *ret_on = given ? !none : !c || c->values.redact == REDACT_DEFAULT;
    return CODE_OK;
}

int redaction_make(const struct cli *cli, const struct config *c, struct redactor *ret_redactor)
{
    struct redactor r = {0};
    int code = is_wanted(cli, c, &r.on);

    if (code)
        return code;
    if (r.on && getrandom(r.key, sizeof(r.key), 0) != (ssize_t)sizeof(r.key)) {
        cli_error(cli, "this system gives no random numbers, which redaction needs");
        return CODE_FAILED;
    }
    *ret_redactor = r;
    return CODE_OK;
}

void redaction_release(struct redactor *redactor)
{
    *redactor = (struct redactor){0};
}
