#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/paths.h"
#include "cli/progress.h"
#include "cli/records.h"
#include "logs/flow_read.h"
#include "logs/query.h"
#include "logs/store.h"
#include "tls/digest.h"

enum {
    BATCH_FLOWS = 1000,
    TOLD = 20, /* bad records of a file that are told one by one */
    REPORT_BYTES = 4096,
};

/* The store that flows go to, and how many did. */
struct import {
    const struct cli *cli;
    struct store *store;
    struct query *query; /* the same store, to see what is there */
    struct store_facts facts;
    char path[PATHS_TEXT];
    char waiting[BATCH_FLOWS][FLOW_ID_TEXT]; /* ids put into the store and not yet to be seen */
    size_t waiting_count;
    uint64_t imported, there, not_http, bad;
    uint64_t file_bytes; /* of all files so far */
    struct progress progress;
};

/* One file while it is read. */
struct reading {
    struct import *import;
    const char *path, *shown;
    struct records records;
    uint64_t bad;
};

/* ---- the store ----------------------------------------------------------------------- */

static int explain_store(const struct import *im, enum status st, const char *error)
{
    cli_error(im->cli, "%s", error[0] ? error : status_sentence(st));
    if (st == STATUS_EXISTS)
        cli_hint(im->cli,
                 "stop it first (weir stop), or import into a file of its own: --store FILE");
    return CODE_FAILED;
}

static int open_store(struct import *im)
{
    const char *given = options_value(&im->cli->options, OPTION_STORE);
    struct store_settings settings = {
        .path = im->path, .own_place = !given, .digest = digest_sha256};
    char error[STORE_ERROR_TEXT] = "";
    char folder[PATHS_TEXT];
    enum status st;

    if (given && path_absolute(NULL, bytes_of(given), im->path))
        return cli_usage(im->cli, "the path of the store is too long");
    if (!given && (paths_state(folder) || path_join(folder, "flows.db", im->path))) {
        cli_error(im->cli, "there is no folder for the store: %s", strerror(errno));
        return CODE_FAILED;
    }
    st = store_open(&settings, &im->facts, error, &im->store);
    if (st)
        return explain_store(im, st, error);
    if (store_notice(im->store)[0])
        cli_say(im->cli, "%s", store_notice(im->store));
    st = query_open(im->path, error, &im->query);
    return st ? explain_store(im, st, error) : CODE_OK;
}

static int commit(struct import *im)
{
    enum status st = store_commit(im->store);

    im->waiting_count = 0;
    if (!st)
        return CODE_OK;
    progress_clear(&im->progress);
    cli_error(im->cli, "cannot write to %s: %s", im->path, store_error(im->store));
    return CODE_FAILED;
}

static bool is_there(struct import *im, const struct flow *f)
{
    struct flow *found = NULL;
    enum status st;

    for (size_t i = 0; i < im->waiting_count; i++) {
        if (memcmp(im->waiting[i], f->id, FLOW_ID_TEXT) == 0)
            return true;
    }
    st = query_find(im->query, bytes_of(f->id), &found);
    flow_free(found);
    return st == STATUS_OK || st == STATUS_EXISTS;
}

static int keep_flow(struct import *im, const struct flow *f)
{
    enum status st;
    int code = CODE_OK;

    if (is_there(im, f)) {
        im->there++;
        return CODE_OK;
    }
    st = store_put(im->store, f);
    if (st == STATUS_LIMIT) { /* too much waits */
        code = commit(im);
        if (!code)
            st = store_put(im->store, f);
    }
    if (code)
        return code;
    if (st) {
        progress_clear(&im->progress);
        cli_error(im->cli, "cannot keep a flow: %s", status_sentence(st));
        return CODE_FAILED;
    }
    memcpy(im->waiting[im->waiting_count++], f->id, FLOW_ID_TEXT);
    im->imported++;
    return im->waiting_count == BATCH_FLOWS || store_full(im->store) ? commit(im) : CODE_OK;
}

/* ---- files --------------------------------------------------------------------------- */

static void tell(struct reading *r, const char *why)
{
    struct import *im = r->import;

    im->bad++;
    if (r->bad++ >= TOLD)
        return;
    progress_clear(&im->progress);
    cli_error(im->cli, "%s:%llu: %s", r->shown, (unsigned long long)r->records.number, why);
}

static int take_record(struct reading *r, struct bytes json)
{
    struct import *im = r->import;
    struct flow *f = NULL;
    const char *fault = "";
    enum status st;
    int code = CODE_OK;

    if (r->records.kind == RECORDS_HAR)
        st = flow_read_har(json, r->records.number, &f, &fault);
    else
        st = flow_read_jsonl(json, r->records.number, &f, &fault);
    if (!st)
        code = keep_flow(im, f);
    else if (st == STATUS_END)
        im->not_http++;
    else
        tell(r, st == STATUS_BAD_INPUT ? fault : status_sentence(st));
    flow_free(f);
    progress_set(&im->progress, im->file_bytes + r->records.bytes, im->imported);
    return code;
}

static int take_records(struct reading *r)
{
    int code = CODE_OK;

    while (!code) {
        struct bytes json;
        enum status st = records_next(&r->records, &json);

        switch (st) {
        case STATUS_OK:
            code = take_record(r, json);
            break;
        case STATUS_END:
            return code;
        case STATUS_LIMIT:
            tell(r, "it is larger than 64 MiB");
            break;
        case STATUS_BAD_INPUT:
            tell(r, "this is no whole HAR: log.entries is missing, or does not end");
            return code;
        default:
            tell(r, st == STATUS_IO ? strerror(errno) : status_sentence(st));
            return CODE_FAILED;
        }
    }
    return code;
}

static int import_file(struct import *im, const char *path)
{
    struct reading r = {
        .import = im, .path = path, .shown = strcmp(path, "-") == 0 ? "standard input" : path};
    int code;

    if (records_open(&r.records, path, RECORDS_EITHER)) {
        progress_clear(&im->progress);
        cli_error(im->cli, "cannot read %s: %s", r.shown, strerror(errno));
        im->bad++;
        code = CODE_OK; /* the other files may be there */
    } else {
        code = take_records(&r);
    }
    im->file_bytes += r.records.bytes;
    records_close(&r.records);
    if (r.bad > TOLD)
        cli_error(im->cli, "%s: and %llu more", r.shown, (unsigned long long)(r.bad - TOLD));
    return code;
}

/* Bytes of all files; 0 when one of them has no length. */
static uint64_t total_bytes(const struct options *o)
{
    uint64_t total = 0;

    for (int i = 0; i < o->operand_count; i++) {
        struct stat info;

        if (strcmp(o->operands[i], "-") == 0 || stat(o->operands[i], &info) ||
            !S_ISREG(info.st_mode))
            return 0;
        total += (uint64_t)info.st_size;
    }
    return total;
}

static int import_files(struct import *im)
{
    const struct options *o = &im->cli->options;
    int code = CODE_OK;

    progress_begin(&im->progress, "import", "flows", total_bytes(o));
    for (int i = 0; i < o->operand_count && !code; i++)
        code = import_file(im, o->operands[i]);
    if (!code)
        code = commit(im);
    progress_clear(&im->progress);
    return code;
}

/* ---- the report ---------------------------------------------------------------------- */

static void put_json(const struct import *im, struct buf *out)
{
    buf_putf(out, "{\"imported\":%llu,\"there_already\":%llu,\"not_http\":%llu,\"bad\":%llu,",
             (unsigned long long)im->imported, (unsigned long long)im->there,
             (unsigned long long)im->not_http, (unsigned long long)im->bad);
    buf_put_text(out, "\"store\":");
    text_put_json(out, bytes_of(im->path));
    buf_put_text(out, "}\n");
}

static void put_more(struct buf *out, uint64_t count, const char *what)
{
    if (count)
        buf_putf(out, ", %llu %s", (unsigned long long)count, what);
}

static int report(const struct import *im)
{
    struct buf out;
    int code = CODE_OK;

    buf_init(&out, REPORT_BYTES + PATHS_TEXT);
    if (options_has(&im->cli->options, OPTION_JSON)) {
        put_json(im, &out);
        code = cli_print(im->cli, &out);
    } else {
        buf_putf(&out, "imported %llu flow%s", (unsigned long long)im->imported,
                 im->imported == 1 ? "" : "s");
        put_more(&out, im->there, "were there already");
        put_more(&out, im->not_http, "records are not of HTTP");
        put_more(&out, im->bad, "could not be read");
        cli_say(im->cli, "%s", buf_text(&out));
    }
    buf_release(&out);
    return code;
}

int command_import(const struct cli *cli)
{
    struct import *im;
    int code;

    if (cli->options.operand_count == 0)
        return cli_usage(cli, "'weir import' wants a file, or - for standard input");
    im = calloc(1, sizeof(*im));
    if (!im) {
        cli_error(cli, "%s", status_sentence(STATUS_NO_MEMORY));
        return CODE_FAILED;
    }
    im->cli = cli;
    code = open_store(im);
    if (!code)
        code = import_files(im);
    if (!code)
        code = report(im);
    if (!code && im->bad)
        code = CODE_FAILED;
    query_close(im->query);
    store_close(im->store);
    free(im);
    return code;
}
