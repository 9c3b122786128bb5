#include "cli/archive.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/instance.h"
#include "cli/paths.h"
#include "cli/reply.h"

enum { JOINED_BYTES = 2 * FILTER_TEXT_BYTES, US_PER_S = 1000 * 1000 };

/* ---- the store ---- */

/* Of the weir that runs. STATUS_OK leaves *ret_path empty when none runs. */
static int ask_instance(const struct cli *cli, char ret_path[static PATHS_TEXT])
{
    char socket[CONTROL_PATH_TEXT];
    struct control_reply reply;
    const char *path;
    int code = instance_find(cli, true, socket);

    ret_path[0] = '\0';
    if (code == CODE_NO_WEIR && !options_has(&cli->options, OPTION_INSTANCE))
        return CODE_OK;
    if (!code)
        code = instance_ask(cli, socket, "GET", "/v1/status", &reply);
    if (code)
        return code;
    path = reply_text(json_object_get(reply.body, "store"), "path");
    if (!path[0]) {
        cli_error(cli, "the weir that runs keeps no flows");
        cli_hint(cli, "--store FILE reads those that another one kept");
        code = CODE_NO_MATCH;
    } else if (strlen(path) >= PATHS_TEXT) {
        cli_error(cli, "the path of its store is too long");
        code = CODE_FAILED;
    } else {
        memcpy(ret_path, path, strlen(path) + 1);
    }
    json_decref(reply.body);
    return code;
}

static int open_at(const struct cli *cli, const char *path, struct query **ret_query)
{
    char error[QUERY_ERROR_TEXT] = "";
    struct stat info;
    enum status st;

    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        cli_error(cli, "%s: this is a folder, no store of flows", path);
        return CODE_FAILED;
    }
    st = query_open(path, error, ret_query);
    if (!st)
        return CODE_OK;
    cli_error(cli, "%s", error[0] ? error : status_sentence(st));
    if (st == STATUS_NOT_FOUND)
        cli_hint(cli, "to record flows: weir run");
    return CODE_FAILED;
}

int archive_open(const struct cli *cli, struct query **ret_query)
{
    const char *given = options_value(&cli->options, OPTION_STORE);
    char path[PATHS_TEXT];
    int code;

    if (given)
        return open_at(cli, given, ret_query);
    code = ask_instance(cli, path);
    if (code)
        return code;
    if (!path[0] && paths_store(path)) {
        cli_error(cli, "there is no home folder to look for flows in");
        return CODE_FAILED;
    }
    return open_at(cli, path, ret_query);
}

/* ---- the filter ---- */

static void join(const struct cli *cli, int first, const char *since, struct buf *out)
{
    const struct options *o = &cli->options;
    bool wrap = since && first < o->operand_count;

    if (since)
        buf_putf(out, "since:%s%s", since, wrap ? " (" : "");
    for (int i = first; i < o->operand_count; i++) {
        if (i > first)
            buf_put_byte(out, ' ');
        buf_put_text(out, o->operands[i]);
    }
    if (wrap)
        buf_put_byte(out, ')');
}

static int64_t now_us(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

static int refuse(const struct cli *cli, const struct filter_fault *fault, struct bytes text)
{
    struct buf shown;

    buf_init(&shown, SIZE_MAX / 2);
    filter_put_fault(fault, text, cli->colour_err, &shown);
    if (buf_status(&shown))
        cli_error(cli, "%s", fault->text);
    else
        fwrite(shown.ptr, 1, shown.len, stderr);
    buf_release(&shown);
    cli_hint(cli, "try: weir help filters");
    return CODE_USAGE;
}

int archive_filter(const struct cli *cli, int first_operand, struct filter **ret_filter)
{
    struct filter_fault fault = {0};
    struct buf text;
    enum status st;
    int code = CODE_OK;

    buf_init(&text, JOINED_BYTES);
    join(cli, first_operand, options_value(&cli->options, OPTION_SINCE), &text);
    st = buf_status(&text);
    if (!st)
        st = filter_parse(buf_bytes(&text), now_us(), ret_filter, &fault);
    if (st == STATUS_BAD_INPUT || (st == STATUS_LIMIT && fault.text[0])) {
        code = refuse(cli, &fault, buf_bytes(&text));
    } else if (st) {
        cli_error(cli, "%s", status_sentence(st));
        code = st == STATUS_LIMIT ? CODE_USAGE : CODE_FAILED;
    }
    buf_release(&text);
    return code;
}

/* ---- one flow ---- */

int archive_find(const struct cli *cli, struct query *q, const char *name, struct flow **ret_flow)
{
    enum status st = query_find(q, bytes_of(name), ret_flow);

    switch (st) {
    case STATUS_OK:
        return CODE_OK;
    case STATUS_NOT_FOUND:
        cli_error(cli, "there is no flow '%.60s'", name);
        cli_hint(cli, "weir log lists them");
        return CODE_NO_MATCH;
    case STATUS_EXISTS:
        cli_error(cli, "several flows begin with '%.60s'", name);
        return CODE_NO_MATCH;
    case STATUS_BAD_INPUT:
        return cli_usage(cli,
                         "'%.60s' names no flow: a flow is its number, @1 for the newest, or the "
                         "first letters of its id",
                         name);
    default:
        cli_error(cli, "%s", query_error(q));
        return CODE_FAILED;
    }
}
