/* weir stats [FILTER…]: counts over recorded flows. */
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cli/archive.h"
#include "cli/progress.h"
#include "cli/redaction.h"
#include "cli/terminal.h"
#include "logs/flow_make.h"
#include "logs/stats.h"

enum { GROUPS_SHOWN = 20, KEYS_BYTES = 4096 };

static int print_keys(const struct cli *cli)
{
    struct buf out;
    int code;

    buf_init(&out, KEYS_BYTES);
    for (int i = 0; i < STATS_BY_COUNT; i++)
        buf_putf(&out, "%-12s%s\n", stats_by_name((enum stats_by)i),
                 stats_by_help((enum stats_by)i));
    code = cli_print(cli, &out);
    buf_release(&out);
    return code;
}

static int read_by(const struct cli *cli, enum stats_by *ret_by)
{
    const char *word = options_value(&cli->options, OPTION_BY), *near = NULL;

    *ret_by = STATS_BY_HOST;
    if (!word || stats_by_find(bytes_of(word), ret_by, &near))
        return CODE_OK;
    if (near)
        return cli_usage(cli, "flows are not grouped by '%.60s'; did you mean '%s'?", word, near);
    return cli_usage(cli, "flows are not grouped by '%.60s'; --by help lists the keys", word);
}

static int read_groups(const struct cli *cli, uint64_t *ret_groups)
{
    const char *word = options_value(&cli->options, OPTION_NUMBER);

    *ret_groups = GROUPS_SHOWN;
    if (word && bytes_to_u64(bytes_of(word), UINT32_MAX, ret_groups))
        return cli_usage(cli, "'%.60s' is no number of groups", word);
    if (*ret_groups == 0)
        *ret_groups = UINT64_MAX;
    return CODE_OK;
}

/* All of them, one after the other. */
static int gather(const struct cli *cli, struct query *q, const struct filter *filter,
                  struct stats *s)
{
    struct query_ask ask = {.filter = filter};
    struct progress progress;
    struct flow *f = NULL;
    enum status st = query_begin(q, &ask);

    progress_begin(&progress, "stats", "flows", 0);
    while (!st && !(st = query_next(q, &f))) {
        stats_add(s, f);
        flow_free(f);
        progress_set(&progress, s->all.flows, s->all.flows);
    }
    progress_clear(&progress);
    query_end(q);
    if (st == STATUS_END)
        return CODE_OK;
    cli_error(cli, "%s", query_error(q));
    return CODE_FAILED;
}

static int print(const struct cli *cli, struct stats *s, const struct stats_style *style)
{
    bool json = options_has(&cli->options, OPTION_JSON);
    struct buf out;
    int code;

    stats_sort(s);
    buf_init(&out, SIZE_MAX / 2);
    if (json)
        stats_put_json(s, style, &out);
    else if (s->all.flows)
        stats_put_text(s, style, &out);
    code = cli_print(cli, &out);
    buf_release(&out);
    if (code || s->all.flows)
        return code;
    if (!json)
        cli_say(cli, "no flow matches");
    return CODE_NO_MATCH;
}

static int count(const struct cli *cli, enum stats_by by, const struct stats_style *style)
{
    uint8_t key[SIP_HASH_KEY_BYTES] = {0};
    struct filter *filter = NULL;
    struct query *q = NULL;
    struct stats s;
    int code;

    if (getrandom(key, sizeof(key), 0) < 0 || stats_init(&s, by, key)) {
        cli_error(cli, "%s", status_sentence(STATUS_NO_MEMORY));
        return CODE_FAILED;
    }
    code = archive_filter(cli, 0, &filter);
    if (!code)
        code = archive_open(cli, &q);
    if (!code)
        code = gather(cli, q, filter, &s);
    if (!code)
        code = print(cli, &s, style);
    query_close(q);
    filter_free(filter);
    stats_release(&s);
    return code;
}

int command_stats(const struct cli *cli)
{
    const char *word = options_value(&cli->options, OPTION_BY);
    struct stats_style style = {
        .colour = cli->colour_out,
        .utf8 = terminal_utf8(STDOUT_FILENO),
        .columns = terminal_columns(STDOUT_FILENO),
    };
    enum stats_by by;
    int code;

    if (word && strcmp(word, "help") == 0)
        return print_keys(cli);
    code = read_by(cli, &by);
    if (!code)
        code = read_groups(cli, &style.groups);
    if (!code)
        code = redaction_make(cli, NULL, &style.redactor);
    if (code)
        return code;
    code = count(cli, by, &style);
    redaction_release(&style.redactor);
    return code;
}
