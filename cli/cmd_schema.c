#include <stdlib.h>

#include "cli/cli.h"
#include "cli/schema_build.h"

enum { SCHEMA_BYTES = 16 * 1024 * 1024 };

int command_schema(const struct cli *cli)
{
    enum status st = STATUS_NO_MEMORY;
    json_t *schema;
    struct buf out;
    char *text;
    int code;

    if (cli->options.operand_count)
        return cli_usage(cli, "'weir schema' takes no operand: '%.60s'", cli->options.operands[0]);
    schema = schema_build(&st);
    text = schema ? json_dumps(schema, JSON_INDENT(2)) : NULL;
    json_decref(schema);
    if (!text) {
        cli_error(cli, "cannot make the schema: %s", status_sentence(st));
        return CODE_FAILED;
    }
    buf_init(&out, SCHEMA_BYTES);
    buf_put_text(&out, text);
    buf_put_byte(&out, '\n');
    free(text);
    code = cli_print(cli, &out);
    buf_release(&out);
    return code;
}
