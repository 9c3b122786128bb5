#include "cli/reply.h"

#include <stdlib.h>

#include "proxy/loop/control_client.h"

enum { PRINT_BYTES = CONTROL_REPLY_BYTES * 2 };

const char *reply_text(const json_t *body, const char *key)
{
    const char *text = json_string_value(json_object_get(body, key));

    return text ? text : "";
}

int64_t reply_number(const json_t *body, const char *key)
{
    return json_integer_value(json_object_get(body, key));
}

int reply_print(const struct cli *cli, const json_t *body)
{
    char *text = json_dumps(body, JSON_INDENT(2));
    struct buf out;
    int code;

    buf_init(&out, PRINT_BYTES);
    buf_put_text(&out, text ? text : "{}");
    buf_put_byte(&out, '\n');
    code = cli_print(cli, &out);
    buf_release(&out);
    free(text);
    return code;
}
