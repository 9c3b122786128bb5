#include <string.h>

#include "cli/cli.h"
#include "cli/completion.h"

static const struct {
    const char *name;
    void (*put)(struct buf *out);
} shells[] = {
    {"bash", completion_put_bash},
    {"zsh", completion_put_zsh},
    {"fish", completion_put_fish},
};

static int print_script(const struct cli *cli, void (*put)(struct buf *out))
{
    struct buf out;
    int code;

    buf_init(&out, COMPLETION_BYTES);
    put(&out);
    code = cli_print(cli, &out);
    buf_release(&out);
    return code;
}

int command_completion(const struct cli *cli)
{
    const struct options *o = &cli->options;

    if (o->operand_count != 1)
        return cli_usage(cli, "'weir completion' takes one shell: bash, zsh or fish");
    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
        if (strcmp(o->operands[0], shells[i].name) == 0)
            return print_script(cli, shells[i].put);
    }
    return cli_usage(cli, "there is no completion for '%.60s': bash, zsh or fish", o->operands[0]);
}
