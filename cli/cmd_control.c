/* The commands that ask a running weir: status, reload, stop. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sizes.h"
#include "base/text.h"
#include "cli/instance.h"
#include "cli/reply.h"
#include "cli/verdicts.h"

enum {
    STATUS_TEXT_BYTES = 1024 * 1024,
    STOP_WAIT_MS = 20 * 1000, /* a drain, and the log's end */
};

static int refuse_operands(const struct cli *cli)
{
    if (cli->options.operand_count == 0)
        return CODE_OK;
    return cli_usage(cli, "'weir %s' takes no operand: '%.60s'",
                     command_rows[cli->options.command].name, cli->options.operands[0]);
}

/* ---- status ---- */

static void put_count(struct buf *out, const json_t *traffic, const char *key, const char *label)
{
    buf_putf(out, "%s%lld %s", out->len && out->ptr[out->len - 1] == ' ' ? "" : ", ",
             (long long)reply_number(traffic, key), label);
}

static void put_traffic(struct buf *out, const json_t *body)
{
    const json_t *traffic = json_object_get(body, "traffic");

    buf_put_text(out, "now       ");
    put_count(out, traffic, "clients", "clients");
    put_count(out, traffic, "exchanges_open", "exchanges");
    put_count(out, traffic, "upstreams", "server connections");
    buf_put_text(out, "\nso far    ");
    put_count(out, traffic, "exchanges", "exchanges");
    put_count(out, traffic, "injected", "answered by rules");
    put_count(out, traffic, "tunnels", "tunnels");
    put_count(out, traffic, "refused", "refused");
    put_count(out, traffic, "errors", "errors");
    buf_put_text(out, "\nbytes     ");
    size_put(out, reply_number(traffic, "bytes_up"));
    buf_put_text(out, " up, ");
    size_put(out, reply_number(traffic, "bytes_down"));
    buf_put_text(out, " down\n");
}

static void put_log(struct buf *out, const json_t *body)
{
    const json_t *log = json_object_get(body, "log");

    if (!json_is_object(log)) {
        buf_put_text(out, "log       off\n");
        return;
    }
    buf_put_text(out, "log       ");
    put_count(out, log, "flows", "flows");
    if (reply_number(log, "dropped_flows") || reply_number(log, "dropped_bodies")) {
        put_count(out, log, "dropped_flows", "dropped");
        put_count(out, log, "dropped_bodies", "without their body");
    }
    if (reply_number(log, "sink_failures"))
        put_count(out, log, "sink_failures", "could not be written");
    buf_put_byte(out, '\n');
}

/* Whoever runs dry of disk is to see at once what is missing. */
static void put_store(struct buf *out, const json_t *body)
{
    const json_t *store = json_object_get(body, "store");

    if (!json_is_object(store)) {
        buf_put_text(out, "store     off\n");
        return;
    }
    buf_put_text(out, "store     ");
    text_put_terminal(out, bytes_of(reply_text(store, "path")));
    buf_put_text(out, "\n          ");
    put_count(out, store, "flows", "flows");
    buf_put_text(out, ", ");
    size_put(out, reply_number(store, "bytes"));
    if (reply_number(store, "lost_flows"))
        put_count(out, store, "lost_flows", "could not be kept");
    if (reply_number(store, "lost_bodies"))
        put_count(out, store, "lost_bodies", "bodies could not be kept");
    buf_put_byte(out, '\n');
}

static void put_status(struct buf *out, const json_t *body)
{
    const json_t *listen = json_object_get(body, "listen");
    size_t i;
    json_t *url;

    buf_putf(out, "weir %s, process %lld, up ", reply_text(body, "version"),
             (long long)reply_number(body, "pid"));
    duration_put(out, reply_number(body, "uptime_ms") * 1000);
    buf_put_text(out, json_is_true(json_object_get(body, "stopping")) ? ", stopping\n" : "\n");
    buf_put_text(out, "listens   ");
    json_array_foreach(listen, i, url) buf_putf(out, "%s%s", i ? "  " : "", json_string_value(url));
    buf_put_text(out, "\nconfig    ");
    text_put_terminal(
        out, bytes_of(reply_text(body, "config")[0] ? reply_text(body, "config") : "none"));
    buf_putf(out, " (%lld rule%s)\nca        ", (long long)reply_number(body, "rules"),
             reply_number(body, "rules") == 1 ? "" : "s");
    text_put_terminal(out, bytes_of(reply_text(body, "ca")));
    buf_put_byte(out, '\n');
    put_traffic(out, body);
    put_log(out, body);
    put_store(out, body);
}

int command_status(const struct cli *cli)
{
    char path[CONTROL_PATH_TEXT];
    struct control_reply reply;
    struct buf out;
    int code = refuse_operands(cli);

    if (!code)
        code = instance_find(cli, false, path);
    if (!code)
        code = instance_ask(cli, path, "GET", "/v1/status", &reply);
    if (code)
        return code;
    buf_init(&out, STATUS_TEXT_BYTES);
    if (options_has(&cli->options, OPTION_JSON)) {
        code = reply_print(cli, reply.body);
    } else {
        put_status(&out, reply.body);
        code = cli_print(cli, &out);
    }
    buf_release(&out);
    json_decref(reply.body);
    return code;
}

/* ---- reload ---- */

int command_reload(const struct cli *cli)
{
    char path[CONTROL_PATH_TEXT];
    struct control_reply reply;
    int code = refuse_operands(cli);

    if (!code)
        code = instance_find(cli, false, path);
    if (!code)
        code = instance_ask(cli, path, "POST", "/v1/reload", &reply);
    if (code)
        return code;
    if (options_has(&cli->options, OPTION_JSON))
        code = reply_print(cli, reply.body);
    else
        cli_put_shown(reply_text(reply.body, reply.status == 200 ? "report" : "diagnostics"));
    if (!code && reply.status != 200)
        code = CODE_CONFIG;
    json_decref(reply.body);
    return code;
}

/* ---- stop ---- */

/* A descriptor tells of the end even when the parent has not yet asked for it. */
static bool wait_for_end(pid_t pid)
{
    struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    int ready;

    if (end.fd < 0) /* it has gone, or this kernel is older than Linux 5.3 */
        return errno == ESRCH || errno == ENOSYS;
    ready = poll(&end, 1, STOP_WAIT_MS);
    close(end.fd);
    return ready == 1;
}

/* ---- what is expected of the traffic of the one that stops ---- */

static int write_junit(const struct cli *cli, const char *path, const json_t *body)
{
    return verdicts_write(cli, path, bytes_of(reply_text(body, "junit")));
}

static int write_verdicts(const struct cli *cli, const char *path, const json_t *body)
{
    char *text = json_dumps(json_object_get(body, "verdicts"), JSON_INDENT(2));
    int code = CODE_FAILED;

    if (text)
        code = verdicts_write(cli, path, bytes_of(text));
    else
        cli_error(cli, "out of memory");
    free(text);
    return code;
}

/* CODE_OK without expectations; but a report that was asked for has to be there. */
static int report_verdicts(const struct cli *cli, const json_t *body)
{
    const char *junit = options_value(&cli->options, OPTION_JUNIT);
    const char *report = options_value(&cli->options, OPTION_REPORT);
    const char *outcome = reply_text(body, "outcome");
    int code = CODE_OK;

    if (!outcome[0] && (junit || report)) {
        cli_error(cli, "the weir that has stopped had no expectations to report of");
        return CODE_FAILED;
    }
    if (!outcome[0])
        return CODE_OK;
    if (!options_has(&cli->options, OPTION_JSON))
        cli_put_shown(reply_text(body, "report"));
    if (junit)
        code = write_junit(cli, junit, body);
    if (!code && report)
        code = write_verdicts(cli, report, body);
    return strcmp(outcome, "passed") == 0 ? code : CODE_NO_MATCH;
}

static int end_of(const struct cli *cli, pid_t pid, const json_t *body)
{
    int code = options_has(&cli->options, OPTION_JSON) ? reply_print(cli, body) : CODE_OK;

    if (!code && !wait_for_end(pid)) {
        cli_error(cli, "process %ld is still finishing what runs", (long)pid);
        code = CODE_FAILED;
    }
    return code ? code : report_verdicts(cli, body);
}

int command_stop(const struct cli *cli)
{
    char path[CONTROL_PATH_TEXT];
    struct control_reply status, reply;
    int code = refuse_operands(cli);
    pid_t pid;

    if (!code)
        code = instance_find(cli, false, path);
    if (!code)
        code = instance_ask(cli, path, "GET", "/v1/status", &status);
    if (code)
        return code;
    pid = (pid_t)reply_number(status.body, "pid");
    json_decref(status.body);
    code = instance_ask(cli, path, "POST", "/v1/stop", &reply);
    if (code)
        return code;
    code = end_of(cli, pid, reply.body);
    json_decref(reply.body);
    return code;
}
