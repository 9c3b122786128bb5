#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/archive.h"
#include "cli/export.h"
#include "cli/paths.h"
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

/* ---- where it goes ------------------------------------------------------------------- */

/* A file is written beside its place, and put there when it is whole. */
struct place {
    const char *target;    /* NULL: standard output */
    char path[PATHS_TEXT]; /* what is written */
    bool beside;           /* to be renamed to the target */
    int fd;
    uint64_t bytes;
};

static int place_open(const struct cli *cli, struct place *p)
{
    struct stat info;
    int len;

    if (!p->target) {
        p->fd = STDOUT_FILENO;
        return CODE_OK;
    }
    p->beside = stat(p->target, &info) || S_ISREG(info.st_mode);
    len = snprintf(p->path, sizeof(p->path), p->beside ? "%s.part" : "%s", p->target);
    if (len < 0 || (size_t)len >= sizeof(p->path))
        return cli_usage(cli, "the path of the file is too long");
    p->fd = open(p->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
    if (p->fd >= 0)
        return CODE_OK;
    cli_error(cli, "cannot write %s: %s", p->target, strerror(errno));
    return CODE_FAILED;
}

static bool place_write(struct place *p, struct bytes text)
{
    while (text.len) {
        ssize_t n = write(p->fd, text.ptr, text.len);

        if (n < 0 && errno != EINTR)
            return false;
        text = bytes_from(text, n > 0 ? (size_t)n : 0);
        p->bytes += n > 0 ? (uint64_t)n : 0;
    }
    return true;
}

static int place_close(const struct cli *cli, struct place *p, int code)
{
    if (!p->target || p->fd < 0)
        return code;
    if (close(p->fd) && !code) {
        cli_error(cli, "cannot write %s: %s", p->target, strerror(errno));
        code = CODE_FAILED;
    }
    if (!p->beside)
        return code;
    if (!code && rename(p->path, p->target) == 0)
        return code;
    if (!code) {
        cli_error(cli, "cannot write %s: %s", p->target, strerror(errno));
        code = CODE_FAILED;
    }
    unlink(p->path);
    return code;
}

/* ---- the work ------------------------------------------------------------------------ */

struct work {
    const struct cli *cli;
    const struct export_format *format;
    void *self;
    struct export export;
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
    if (errno == EPIPE && !w->place.target)
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

static int do_export(struct work *w)
{
    enum status st;
    int code = place_open(w->cli, &w->place);

    if (code)
        return code;
    look_ahead(w);
    progress_begin(&w->progress, "export", "flows", w->last);
    st = w->format->begin(w->self, &w->export);
    code = st ? fail(w, "export", status_sentence(st)) : take_flows(w);
    if (!code) {
        st = w->format->end(w->self, &w->export);
        code = st ? fail(w, "export", status_sentence(st)) : write_out(w, 0);
    }
    progress_clear(&w->progress);
    return place_close(w->cli, &w->place, code);
}

static int report(const struct work *w)
{
    bool json = options_has(&w->cli->options, OPTION_JSON);
    struct buf out;
    int code = CODE_OK;

    if (!json && !w->place.target)
        return CODE_OK;
    buf_init(&out, REPORT_BYTES);
    if (json) {
        buf_putf(&out,
                 "{\"format\":\"%s\",\"flows\":%llu,\"bytes\":%llu,\"file\":", w->format->name,
                 (unsigned long long)w->export.flows, (unsigned long long)w->place.bytes);
        text_put_json(&out, bytes_of(w->place.target));
        buf_put_text(&out, "}\n");
        code = cli_print(w->cli, &out);
    } else {
        cli_say(w->cli, "exported %llu flow%s to %s", (unsigned long long)w->export.flows,
                w->export.flows == 1 ? "" : "s", w->place.target);
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
    w->place.target = target && strcmp(target, "-") != 0 ? target : NULL;
    if (w->format && options_has(&w->cli->options, OPTION_JSON) && !w->place.target)
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
    struct work w = {.cli = cli, .export = {.cli = cli}, .place = {.fd = -1}};
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
    if (w.self)
        w.format->close(w.self);
    query_close(w.query);
    filter_free(w.filter);
    redaction_release(&w.export.redactor);
    buf_release(&w.export.out);
    return code;
}
