/* weir log: recorded flows, the newest last. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/archive.h"
#include "cli/log_format.h"
#include "logs/flow_make.h"

enum {
    DEFAULT_FLOWS = 50,
    FLOWS_MOST = 10 * 1000 * 1000, /* of -n; their numbers are held in memory */
    FIRST_NUMBERS = 64,
    FOLLOW_MS = 100, /* between two looks for new flows */
};

struct log_run {
    const struct cli *cli;
    struct query *query;
    struct filter *filter;
    struct log_writer writer;
    uint64_t last; /* flows up to this number have been looked at */
};

/* The last flows, the newest first. */
struct numbers {
    uint64_t *items; /* owned */
    size_t count, cap;
};

static int refuse_query(const struct log_run *r, enum status st)
{
    cli_error(r->cli, "%s", st == STATUS_NO_MEMORY ? status_sentence(st) : query_error(r->query));
    return CODE_FAILED;
}

/* All that match, as they come. */
static int write_all(struct log_run *r, uint64_t after)
{
    const struct query_ask ask = {
        .filter = r->filter, .after = after, .bodies = r->writer.format->bodies};
    enum status st = query_begin(r->query, &ask);
    struct flow *f;
    int code = CODE_OK;

    while (!st && !code) {
        st = query_next(r->query, &f);
        if (st)
            break;
        code = log_writer_flow(&r->writer, f);
        flow_free(f);
    }
    r->last = query_newest(r->query);
    query_end(r->query);
    return code || st == STATUS_END ? code : refuse_query(r, st);
}

static enum status add_number(struct numbers *n, uint64_t number)
{
    if (n->count == n->cap) {
        size_t cap = n->cap ? n->cap * 2 : FIRST_NUMBERS;
        uint64_t *items = realloc(n->items, cap * sizeof(*items));

        if (!items)
            return STATUS_NO_MEMORY;
        n->items = items;
        n->cap = cap;
    }
    n->items[n->count++] = number;
    return STATUS_OK;
}

static int find_last(struct log_run *r, uint64_t limit, struct numbers *n)
{
    const struct query_ask ask = {.filter = r->filter, .limit = limit, .newest_first = true};
    enum status st = query_begin(r->query, &ask);
    struct flow *f;

    while (!st) {
        st = query_next(r->query, &f);
        if (st)
            break;
        st = add_number(n, f->number);
        flow_free(f);
    }
    r->last = query_newest(r->query);
    query_end(r->query);
    return st == STATUS_END ? CODE_OK : refuse_query(r, st);
}

/* The last `limit` that match, the oldest of them first: found from the end, by number, and
 * read again from the front, so that few are held at a time. */
static int write_last(struct log_run *r, uint64_t limit)
{
    struct numbers n = {0};
    struct flow *f = NULL;
    int code = find_last(r, limit, &n);

    for (size_t i = n.count; i > 0 && !code; i--) {
        enum status st = query_load(r->query, n.items[i - 1], r->writer.format->bodies, &f);

        if (st == STATUS_NOT_FOUND)
            continue; /* retention was quicker */
        code = st ? refuse_query(r, st) : log_writer_flow(&r->writer, f);
        if (!st)
            flow_free(f);
    }
    free(n.items);
    return code;
}

/* ---- following ---- */

/* False: Ctrl-C, or nobody reads any more. */
static bool wait_a_little(const sigset_t *signals)
{
    const struct timespec wait = {.tv_nsec = FOLLOW_MS * 1000 * 1000L};
    struct pollfd reader = {.fd = STDOUT_FILENO};

    if (sigtimedwait(signals, NULL, &wait) > 0)
        return false;
    return poll(&reader, 1, 0) <= 0 || !(reader.revents & (POLLERR | POLLHUP | POLLNVAL));
}

static int follow(struct log_run *r)
{
    sigset_t signals;
    int code = log_writer_flush(&r->writer, false);

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    while (!code && wait_a_little(&signals)) {
        code = write_all(r, r->last);
        if (!code)
            code = log_writer_flush(&r->writer, false);
    }
    return code;
}

/* ---- the command ---- */

static int flow_limit(const struct cli *cli, uint64_t *ret_limit)
{
    const char *said = options_value(&cli->options, OPTION_NUMBER);

    *ret_limit = DEFAULT_FLOWS;
    if (said && bytes_to_u64(bytes_of(said), FLOWS_MOST, ret_limit))
        return cli_usage(cli, "-n is a number of flows up to %d; 0 is all", FLOWS_MOST);
    return CODE_OK;
}

static int write_flows(struct log_run *r, uint64_t limit)
{
    int code = limit ? write_last(r, limit) : write_all(r, 0);

    if (!code && options_has(&r->cli->options, OPTION_FOLLOW))
        return follow(r);
    if (!code)
        code = log_writer_flush(&r->writer, true);
    if (code || r->writer.count)
        return code;
    if (r->writer.format == &log_format_table)
        cli_say(r->cli, query_newest(r->query) ? "no flow matches" : "no flow is recorded yet");
    return CODE_NO_MATCH;
}

static int print_help(const struct cli *cli, void (*put)(struct buf *out))
{
    struct buf out;
    int code;

    buf_init(&out, LOG_OUT_BYTES);
    put(&out);
    code = cli_print(cli, &out);
    buf_release(&out);
    return code;
}

static bool says_help(const struct cli *cli, enum option option)
{
    const char *said = options_value(&cli->options, option);

    return said && strcmp(said, "help") == 0;
}

/* With the format and the limit known. */
static int run_log(struct log_run *r, const struct log_format *format, uint64_t limit)
{
    int code = archive_filter(r->cli, 0, &r->filter);

    if (code)
        return code;
    code = archive_open(r->cli, &r->query);
    if (!code)
        code = log_writer_init(&r->writer, r->cli, format);
    if (!code) {
        code = write_flows(r, limit);
        log_writer_release(&r->writer);
    }
    query_close(r->query);
    filter_free(r->filter);
    return code;
}

int command_log(const struct cli *cli)
{
    struct log_run run = {.cli = cli};
    const struct log_format *format = NULL;
    uint64_t limit = 0;
    int code;

    if (says_help(cli, OPTION_FORMAT))
        return print_help(cli, log_format_put_help);
    if (says_help(cli, OPTION_COLUMNS))
        return print_help(cli, flow_table_put_help);
    code = log_format_choose(cli, &format);
    if (!code)
        code = flow_limit(cli, &limit);
    if (!code && format->whole && options_has(&cli->options, OPTION_FOLLOW))
        code = cli_usage(cli, "%s has an end, so it cannot go with -f; jsonl can", format->name);
    return code ? code : run_log(&run, format, limit);
}
