#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/archive.h"
#include "cli/export.h"
#include "cli/place.h"
#include "cli/progress.h"
#include "cli/redaction.h"
#include "logs/flow_make.h"

enum { FORMAT_NAMES_BYTES = 1024, REPORT_BYTES = 16 * 1024 };

static const struct export_format *const formats[] = {
#define EXPORT(name) &export_##name,
#include "cli/export_formats.def"
#undef EXPORT
};

enum { FORMAT_COUNT = sizeof(formats) / sizeof(formats[0]) };

const struct export_format *export_format_find(const char *name)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    }
    return NULL;
}

void export_format_names(struct buf *out)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        buf_putf(out, "%s%s", i ? ", " : "", formats[i]->name);
}

/* ---- the work ------------------------------------------------------------------------ */

struct work {
    const struct cli *cli;
    const struct export_format *format;
    void *self;
    struct export export;
    const char *target; /* NULL: standard output */
    struct place place;
    struct query *query;
    struct filter *filter;
    struct progress progress;
    uint64_t first, last; /* numbers of flows */
};

static int fail(const struct work *w, const char *what, const char *why)
{
    cli_error(w->cli, "cannot %s: %s", what, why);
    return CODE_FAILED;
}

static int write_out(struct work *w, size_t least)
{
    struct buf *out = &w->export.out;
    bool ok;

    if (out->len <= least)
        return CODE_OK;
    ok = place_write(&w->place, buf_bytes(out));
    buf_clear(out);
    if (ok)
        return CODE_OK;
    if (errno == EPIPE && !w->target)
        return CODE_FAILED; /* who reads it has had enough */
    return fail(w, "write", strerror(errno));
}

/* The newest flow's number: only the progress bar wants it. */
static void look_ahead(struct work *w)
{
    const struct query_ask ask = {.newest_first = true, .limit = 1};
    struct flow *f = NULL;

    if (query_begin(w->query, &ask) == STATUS_OK && query_next(w->query, &f) == STATUS_OK)
        w->last = f->number;
    flow_free(f);
    query_end(w->query);
}

static int take_flow(struct work *w, const struct flow *f)
{
    enum status st = w->format->flow(w->self, &w->export, f);

    if (st && st != STATUS_END)
        return fail(w, "export a flow", status_sentence(st));
    w->export.flows += st == STATUS_OK;
    if (!w->first)
        w->first = f->number;
    w->progress.total = w->last >= w->first ? w->last - w->first + 1 : 0;
    progress_set(&w->progress, f->number - w->first + 1, w->export.flows);
    return write_out(w, EXPORT_BATCH_BYTES);
}

static int take_flows(struct work *w)
{
    const struct query_ask ask = {.filter = w->filter, .bodies = true};
    enum status st = query_begin(w->query, &ask);
    int code = CODE_OK;

    while (!st && !code) {
        struct flow *f = NULL;

        st = query_next(w->query, &f);
        if (!st)
            code = take_flow(w, f);
        flow_free(f);
    }
    query_end(w->query);
    if (code || st == STATUS_END)
        return code;
    return fail(w, "read flows", query_error(w->query));
}

static int explain_place(const struct work *w, enum status st)
{
    cli_error(w->cli, "cannot write %s: %s", w->target,
              st == STATUS_IO ? strerror(errno) : status_sentence(st));
    return CODE_FAILED;
}

static int do_export(struct work *w)
{
    enum status st = place_open(&w->place, w->target);
    int code;

    if (st)
        return explain_place(w, st);
    look_ahead(w);
    progress_begin(&w->progress, "export", "flows", w->last);
    st = w->format->begin(w->self, &w->export);
    code = st ? fail(w, "export", status_sentence(st)) : take_flows(w);
    if (!code) {
        st = w->format->end(w->self, &w->export);
        code = st ? fail(w, "export", status_sentence(st)) : write_out(w, 0);
    }
    progress_clear(&w->progress);
    st = place_close(&w->place, code == CODE_OK);
    return st ? explain_place(w, st) : code;
}

static int report(const struct work *w)
{
    bool json = options_has(&w->cli->options, OPTION_JSON);
    struct buf out;
    int code = CODE_OK;

    if (!json && !w->target)
        return CODE_OK;
    buf_init(&out, REPORT_BYTES);
    if (json) {
        buf_putf(&out,
                 "{\"format\":\"%s\",\"flows\":%llu,\"bytes\":%llu,\"file\":", w->format->name,
                 (unsigned long long)w->export.flows, (unsigned long long)w->place.bytes);
        text_put_json(&out, bytes_of(w->target));
        buf_put_text(&out, "}\n");
        code = cli_print(w->cli, &out);
    } else {
        cli_say(w->cli, "exported %llu flow%s to %s", (unsigned long long)w->export.flows,
                w->export.flows == 1 ? "" : "s", w->target);
    }
    buf_release(&out);
    return code;
}

static int choose(struct work *w)
{
    bool rules = options_has(&w->cli->options, OPTION_RULES);
    const char *name = rules ? "rules" : options_value(&w->cli->options, OPTION_FORMAT);
    const char *target = options_value(&w->cli->options, OPTION_OUTPUT);
    struct buf names;
    int code;

    w->format = name ? export_format_find(name) : formats[0];
    w->target = target && strcmp(target, "-") != 0 ? target : NULL;
    if (w->format && options_has(&w->cli->options, OPTION_JSON) && !w->target)
        return cli_usage(w->cli, "--json reports on an export to a file: name it by -o FILE");
    if (w->format)
        return CODE_OK;
    buf_init(&names, FORMAT_NAMES_BYTES);
    export_format_names(&names);
    code = cli_usage(w->cli, "--format is one of %s", buf_text(&names));
    buf_release(&names);
    return code;
}

int command_export(const struct cli *cli)
{
    struct work w = {.cli = cli, .export = {.cli = cli}};
    int code = choose(&w);

    if (code)
        return code;
    buf_init(&w.export.out, EXPORT_TEXT_BYTES);
    code = redaction_make(cli, NULL, &w.export.redactor);
    if (!code)
        code = archive_filter(cli, 0, &w.filter);
    if (!code)
        code = archive_open(cli, &w.query);
    if (!code) {
        w.self = w.format->open(&w.export);
        code = w.self ? do_export(&w) : CODE_FAILED;
    }
    if (!code)
        code = report(&w);
    if (!code && !w.export.flows)
        code = CODE_NO_MATCH;
    if (w.self)
        w.format->close(w.self);
    query_close(w.query);
    filter_free(w.filter);
    redaction_release(&w.export.redactor);
    buf_release(&w.export.out);
    return code;
}
