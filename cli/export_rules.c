/* `weir export --rules`. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/export.h"
#include "cli/paths.h"
#include "cli/stub_rules.h"

#define BODIES_SUFFIX "-bodies"

struct export_rules {
    const struct cli *cli;
    const char *path; /* NULL: standard output */
    bool done;
    char folder[PATHS_TEXT], shown_folder[PATHS_TEXT];
    struct stub_rules rules;
};

/* "stubs.yaml" has its bodies in "stubs-bodies", which is the name that the rules call it
 * by: they start at the file's own folder. */
static int name_default_folder(struct export_rules *x)
{
    const char *path = x->path ? x->path : "rules.yaml";
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    int stem = dot && dot != name ? (int)(dot - name) : (int)strlen(name);
    int folder = (int)(name - path);

    if (snprintf(x->folder, sizeof(x->folder), "%.*s%.*s" BODIES_SUFFIX, folder, path, stem, name) <
            (int)sizeof(x->folder) &&
        snprintf(x->shown_folder, sizeof(x->shown_folder), "%.*s" BODIES_SUFFIX, stem, name) <
            (int)sizeof(x->shown_folder))
        return CODE_OK;
    return cli_usage(x->cli, "that path is too long");
}

/* One that was given is called by its whole path. */
static int name_folder(struct export_rules *x)
{
    const char *given = options_value(&x->cli->options, OPTION_BODIES);

    if (!given)
        return name_default_folder(x);
    if (path_absolute(NULL, bytes_of(given), x->folder))
        return cli_usage(x->cli, "that path is too long");
    memcpy(x->shown_folder, x->folder, sizeof(x->folder));
    return CODE_OK;
}

static void tell_left_out(const struct export_rules *x, uint64_t count, const char *what)
{
    if (count)
        cli_hint(x->cli, "%llu %s", (unsigned long long)count, what);
}

static void tell(const struct export_rules *x)
{
    const struct stub_counts *c = &x->rules.counts;

    cli_say(x->cli, "%u rules from %llu flows, %llu bodies in files", x->rules.count,
            (unsigned long long)c->flows, (unsigned long long)c->files);
    tell_left_out(x, c->unanswered, "flows left out: there was no whole answer");
    tell_left_out(x, c->cut, "flows left out: the body was not kept whole");
    tell_left_out(x, c->large, "flows left out: the body is larger than rules take");
    tell_left_out(x, c->odd, "flows left out: rules cannot say their method, target or status");
    tell_left_out(x, c->overflow, "flows left out: there are too many URLs");
    tell_left_out(x, c->steps_lost, "answers left out: one URL had more than 64 different ones");
    tell_left_out(x, c->fields_lost, "header lines left out: rules cannot say them");
    tell_left_out(x, c->sealed,
                  "bodies only as far as they can be decoded; --redact=none has them whole");
    if (c->redacted)
        cli_hint(x->cli, "secrets are replaced by pseudonyms; --redact=none keeps them");
}

static void *rules_open(struct export *e)
{
    const char *path = options_value(&e->cli->options, OPTION_OUTPUT);
    struct export_rules *x = calloc(1, sizeof(*x));
    struct stub_settings settings = {.redactor = &e->redactor};

    if (!x) {
        cli_error(e->cli, "%s", status_sentence(STATUS_NO_MEMORY));
        return NULL;
    }
    x->cli = e->cli;
    x->path = path && strcmp(path, "-") != 0 ? path : NULL;
    settings.folder = x->folder;
    settings.shown_folder = x->shown_folder;
    if (name_folder(x)) {
        free(x);
        return NULL;
    }
    if (stub_rules_init(&x->rules, &settings) == STATUS_OK)
        return x;
    cli_error(e->cli, "%s", status_sentence(STATUS_NO_MEMORY));
    free(x);
    return NULL;
}

static enum status rules_begin(void *self, struct export *e)
{
    (void)self;
    (void)e;
    return STATUS_OK;
}

static enum status rules_flow(void *self, struct export *e, const struct flow *f)
{
    struct export_rules *x = self;
    uint64_t before = x->rules.counts.flows;
    enum status st = stub_rules_add(&x->rules, f);

    if (st == STATUS_IO)
        cli_error(e->cli, "cannot write into '%s': %s", x->folder, strerror(errno));
    if (st == STATUS_LIMIT)
        cli_error(e->cli, "these are too many rules for one file; take fewer flows");
    return !st && x->rules.counts.flows == before ? STATUS_END : st;
}

static enum status rules_end(void *self, struct export *e)
{
    struct export_rules *x = self;
    enum status st;

    if (x->rules.count == 0) {
        cli_error(e->cli, "no recorded flow fits that could become a rule");
        return STATUS_NOT_FOUND;
    }
    st = stub_rules_put(&x->rules, &e->out);
    x->done = !st;
    return st;
}

static void rules_close(void *self)
{
    struct export_rules *x = self;

    if (x->done)
        tell(x);
    stub_rules_release(&x->rules);
    free(x);
}

const struct export_format export_rules = {
    .name = "rules",
    .help = "rules that answer as was recorded, for weir run",
    .open = rules_open,
    .begin = rules_begin,
    .flow = rules_flow,
    .end = rules_end,
    .close = rules_close,
};
