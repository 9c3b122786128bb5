#include "cli/faults.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/records.h"
#include "logs/journal_file.h"
#include "rules/fault_journal.h"
#include "rules/when.h"

struct faults {
    struct when_tap tap;
    struct journal *journal;     /* NULL: none is written */
    struct fault_replay *replay; /* NULL: nothing is repeated */
};

static bool on_decision(void *self, const struct when_decision *d)
{
    const struct faults *f = self;
    bool fires = f->replay ? fault_replay_fires(f->replay, d) : d->fires;
    struct buf line;

    if (!f->journal || d->when->count == 0)
        return fires;
    buf_init(&line, FAULT_LINE_BYTES);
    if (fault_journal_put(d, fires, &line))
        journal_put(f->journal, BYTES("{\"lost\":1}\n"));
    else
        journal_put(f->journal, buf_bytes(&line));
    buf_release(&line);
    return fires;
}

/* ---- reading a journal ------------------------------------------------------------- */

struct reading {
    const struct cli *cli;
    const char *path;
    struct records records;
    struct fault_replay *replay;
    uint64_t lost; /* decisions that the journal lacks */
};

static struct bytes text_of(const json_t *object, const char *key)
{
    const json_t *text = json_object_get(object, key);

    return bytes_make(json_string_value(text), json_string_length(text));
}

static int refuse(const struct reading *r, const char *why)
{
    cli_error(r->cli, "%s:%llu: %s", r->path, (unsigned long long)r->records.number, why);
    return CODE_CONFIG;
}

static int add(struct reading *r, const struct fault_record *record, const char *at)
{
    enum status st = fault_replay_add(r->replay, record);

    if (st == STATUS_NOT_FOUND) {
        cli_error(r->cli, "%s:%llu: there is no rule '%.*s' (%s when it was recorded)", r->path,
                  (unsigned long long)r->records.number,
                  (int)(record->rule.len < 200 ? record->rule.len : 200),
                  (const char *)record->rule.ptr, at ? at : "?");
        return CODE_CONFIG;
    }
    if (st == STATUS_LIMIT) {
        cli_error(r->cli, "%s: a recording has at most %d decisions", r->path, FAULT_DECISIONS);
        return CODE_CONFIG;
    }
    return st ? refuse(r, status_sentence(st)) : CODE_OK;
}

static int read_line(struct reading *r, const json_t *line)
{
    const json_t *n = json_object_get(line, "n"), *fired = json_object_get(line, "fired");
    struct fault_record record = {
        .rule = text_of(line, "rule"), .key = text_of(line, "key"), .fired = json_is_true(fired)};

    if (json_is_integer(json_object_get(line, "lost"))) {
        r->lost += (uint64_t)json_integer_value(json_object_get(line, "lost"));
        return CODE_OK;
    }
    if (!record.key.ptr) {
        record.key = text_of(line, "key_hash");
        record.hashed = record.key.ptr;
    }
    if (!record.rule.ptr || !json_is_integer(n) || json_integer_value(n) < 1 ||
        !json_is_boolean(fired))
        return refuse(r, "this is not a line of a fault journal");
    record.n = (uint64_t)json_integer_value(n);
    return add(r, &record, json_string_value(json_object_get(line, "at")));
}

static int read_lines(struct reading *r)
{
    struct bytes item;
    int code = CODE_OK;
    enum status st = STATUS_OK;

    while (!code && !(st = records_next(&r->records, &item))) {
        json_error_t error;
        json_t *line = json_loadb((const char *)item.ptr, item.len, JSON_ALLOW_NUL, &error);

        code = line ? read_line(r, line) : refuse(r, "this is not JSON");
        json_decref(line);
    }
    if (code || st == STATUS_END)
        return code;
    return refuse(r, status_sentence(st));
}

static int read_journal(const struct cli *cli, const char *path, struct fault_replay *replay)
{
    struct reading r = {.cli = cli, .path = path, .replay = replay};
    int code;

    if (records_open(&r.records, path, RECORDS_LINES)) {
        cli_error(cli, "cannot read %s: %s", path, strerror(errno));
        return CODE_FAILED;
    }
    code = read_lines(&r);
    records_close(&r.records);
    if (!code && r.lost)
        cli_say(cli, "%s lacks %llu decisions: there the rules decide by themselves", path,
                (unsigned long long)r.lost);
    return code;
}

static int start_replay(const struct cli *cli, const struct ruleset *rules, const char *path,
                        struct faults *f)
{
    if (!rules) {
        cli_error(cli, "there are no rules to repeat %s with", path);
        return CODE_CONFIG;
    }
    if (fault_replay_new(rules, &f->replay)) {
        cli_error(cli, "%s", status_sentence(STATUS_NO_MEMORY));
        return CODE_FAILED;
    }
    return read_journal(cli, path, f->replay);
}

static int start_journal(const struct cli *cli, const char *path, struct faults *f)
{
    char error[JOURNAL_ERROR_TEXT];

    if (journal_open(path, error, &f->journal) == STATUS_OK)
        return CODE_OK;
    cli_error(cli, "%s", error);
    return CODE_FAILED;
}

int faults_start(const struct cli *cli, struct rule_state *state, const struct ruleset *rules,
                 struct faults **ret_faults)
{
    const char *journal = options_value(&cli->options, OPTION_FAULT_JOURNAL);
    const char *replay = options_value(&cli->options, OPTION_REPLAY_FAULTS);
    struct faults *f;
    int code = CODE_OK;

    if (!journal && !replay)
        return CODE_OK;
    f = calloc(1, sizeof(*f));
    if (!f) {
        cli_error(cli, "%s", status_sentence(STATUS_NO_MEMORY));
        return CODE_FAILED;
    }
    f->tap = (struct when_tap){on_decision, f};
    if (replay) /* before the journal is emptied: it may be the same file */
        code = start_replay(cli, rules, replay, f);
    if (!code && journal)
        code = start_journal(cli, journal, f);
    if (code) {
        faults_stop(cli, f);
        return code;
    }
    rule_state_tap(state, &f->tap);
    *ret_faults = f;
    return CODE_OK;
}

void faults_stop(const struct cli *cli, struct faults *f)
{
    uint64_t lost;

    if (!f)
        return;
    lost = journal_close(f->journal);
    if (lost)
        cli_say(cli, "%llu decisions are missing in the fault journal", (unsigned long long)lost);
    fault_replay_free(f->replay);
    free(f);
}
