#include "cli/redaction.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "logs/redact_own.h"
#include "rules/compiler.h"

enum { PATTERNS_BYTES = 1024 * 1024, DIAG_BYTES = 1024 * 1024 };

/* What a user names and wants found. Immutable once it is made, but for the desks of the
 * patterns, which see to themselves. */
struct redaction {
    struct redact_own own; /* the first: a redactor knows no more of it */
    struct pattern_set *set;
    const struct pattern *patterns[REDACT_OWN_PATTERNS];
    struct arena arena; /* of the patterns */
    bool lent;          /* by a configuration, which frees it */
};

/* ---- searching ---- */

static int64_t tick_us(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void *on_begin(void *self)
{
    struct redaction *d = self;

    return pattern_desk_take(d->set, tick_us, REDACTION_PATTERN_MS * 1000);
}

static enum redact_found on_find(void *self, void *desk, uint32_t pattern, struct bytes text,
                                 struct redact_span *span)
{
    struct redaction *d = self;
    struct pattern_span found = {span->start, span->end};

    switch (pattern_find_span(d->set, d->patterns[pattern], desk, text, &found)) {
    case PATTERN_NO:
        return REDACT_NOTHING;
    case PATTERN_YES:
        *span = (struct redact_span){found.start, found.end};
        return REDACT_FOUND;
    case PATTERN_GAVE_UP:
    case PATTERN_NO_MEMORY:
        break;
    }
    return REDACT_GAVE_UP;
}

static void on_end(void *self, void *desk)
{
    struct redaction *d = self;

    pattern_desk_return(d->set, desk);
}

/* ---- from the configuration ---- */

static enum status names_join(struct config *c, const struct config_texts *texts,
                              struct redact_own *own,
                              enum status (*add)(struct redact_own *own, struct bytes name))
{
    enum status all = STATUS_OK;

    for (uint32_t i = 0; i < texts->count; i++) {
        enum status st = add(own, texts->items[i]);

        if (st == STATUS_LIMIT)
            node_error(&c->diags, texts->nodes[i], "there are more than %d names",
                       (int)REDACT_OWN_NAMES);
        else if (st)
            node_error(&c->diags, texts->nodes[i],
                       "a name has from two to %d letters and digits; other signs do not count",
                       (int)REDACT_NAME_BYTES);
        all = status_worse(all, st ? STATUS_BAD_CONFIG : STATUS_OK);
        if (st == STATUS_LIMIT)
            break;
    }
    return all;
}

static enum status pattern_join(struct config *c, struct redaction *d, const struct node *n)
{
    struct rule_compiler *compiler = calloc(1, sizeof(*compiler));
    struct rule_text text = {0};
    enum status st;

    if (!compiler)
        return STATUS_NO_MEMORY;
    compiler->reader = c->reader;
    compiler->arena = &d->arena;
    compiler->patterns = d->set;
    st = compiler_text(compiler, n, &text);
    if (!st)
        st = pattern_parse(compiler, &text, text.all, &d->patterns[d->own.search.patterns]);
    if (!st)
        d->own.search.patterns++;
    free(compiler);
    return st;
}

static enum status patterns_join(struct config *c, struct redaction *d)
{
    const struct config_texts *texts = &c->values.redact.patterns;
    enum status all = STATUS_OK;

    if (texts->count > REDACT_OWN_PATTERNS) {
        node_error(&c->diags, texts->nodes[REDACT_OWN_PATTERNS], "there are more than %d patterns",
                   (int)REDACT_OWN_PATTERNS);
        return STATUS_BAD_CONFIG;
    }
    for (uint32_t i = 0; i < texts->count; i++)
        all = status_worse(all, pattern_join(c, d, texts->nodes[i]));
    return all;
}

static enum status redaction_fill(struct config *c, struct redaction *d)
{
    const struct config_redact *said = &c->values.redact;
    enum status st = pattern_set_new(&d->set);

    if (st)
        return st;
    d->own.search =
        (struct redact_search){.self = d, .begin = on_begin, .find = on_find, .end = on_end};
    st = status_worse(st, names_join(c, &said->names, &d->own, redact_own_add));
    st = status_worse(st, names_join(c, &said->allow, &d->own, redact_own_allow));
    return status_worse(st, patterns_join(c, d));
}

enum status redaction_join(struct config *c)
{
    struct redaction *d;
    enum status st;

    if (c->values.redact.unclear)
        return STATUS_OK; /* it has been told */
    d = calloc(1, sizeof(*d));
    if (!d)
        return STATUS_NO_MEMORY;
    d->lent = true;
    arena_init(&d->arena, PATTERNS_BYTES);
    st = redaction_fill(c, d);
    if (st)
        redaction_free(d);
    else
        c->redaction = d;
    return st;
}

void redaction_free(struct redaction *d)
{
    if (!d)
        return;
    pattern_set_free(d->set);
    arena_release(&d->arena);
    free(d);
}

/* ---- for a command ---- */

static bool is_empty(const struct redact_own *own)
{
    return own->name_count == 0 && own->allowed_count == 0 && own->search.patterns == 0;
}

static int is_wanted(const struct cli *cli, const struct config *c, bool *ret_on)
{
    const char *given = options_value(&cli->options, OPTION_REDACT);
    bool none = given && strcmp(given, "none") == 0;

    if (given && !none && strcmp(given, "default") != 0)
        return cli_usage(cli, "--redact is default or none");
    *ret_on = given ? !none : c->values.redact.word == REDACT_DEFAULT;
    return CODE_OK;
}

static int make(const struct cli *cli, const struct config *c, bool on,
                struct redactor *ret_redactor)
{
    struct redactor r = {.on = on};

    if (r.on && getrandom(r.key, sizeof(r.key), 0) != (ssize_t)sizeof(r.key)) {
        cli_error(cli, "this system gives no random numbers, which redaction needs");
        return CODE_FAILED;
    }
    if (r.on && c->redaction && !is_empty(&c->redaction->own))
        r.own = &c->redaction->own;
    *ret_redactor = r;
    return CODE_OK;
}

/* Who cannot know what a user takes for a secret shows nothing. */
static int refuse(const struct cli *cli, const struct config *c)
{
    struct buf text;

    buf_init(&text, DIAG_BYTES);
    diags_put(&c->diags, DIAG_PRETTY, cli->colour_err, &text);
    fputs(buf_text(&text), stderr);
    buf_release(&text);
    cli_error(cli, "%s does not say what secrets there are", c->shown);
    cli_hint(cli, "mend it; or show all, with --redact=none");
    return CODE_CONFIG;
}

static int make_of_user(const struct cli *cli, struct config *c, struct redactor *ret_redactor)
{
    struct rule_state *state = NULL;
    bool on = false;
    int code;

    if (rule_state_new(&state)) {
        cli_error(cli, "out of memory");
        return CODE_FAILED;
    }
    /* rules that are wrong do not matter here */
    (void)!config_load(c, &cli->options, state);
    code = is_wanted(cli, c, &on);
    if (!code && on && !c->redaction)
        code = refuse(cli, c);
    if (!code)
        code = make(cli, c, on, ret_redactor);
    if (!code && ret_redactor->own) {
        c->redaction->lent = false;
        c->redaction = NULL;
    }
    config_release(c);
    rule_state_free(state);
    return code;
}

int redaction_make(const struct cli *cli, const struct config *c, struct redactor *ret_redactor)
{
    struct config *own;
    bool on = false;
    int code;

    if (c) {
        code = is_wanted(cli, c, &on);
        return code ? code : make(cli, c, on, ret_redactor);
    }
    own = calloc(1, sizeof(*own));
    if (!own) {
        cli_error(cli, "out of memory");
        return CODE_FAILED;
    }
    code = make_of_user(cli, own, ret_redactor);
    free(own);
    return code;
}

int redaction_make_stored(const struct cli *cli, const struct config *c,
                          const struct redactor *shown, struct redactor *ret_redactor)
{
    if (c->values.redact.store && !shown->on)
        return make(cli, c, true, ret_redactor);
    *ret_redactor = c->values.redact.store ? *shown : (struct redactor){0};
    return CODE_OK;
}

void redaction_release(struct redactor *redactor)
{
    const struct redaction *d = (const struct redaction *)redactor->own;
    uint64_t gave_up = d ? pattern_set_gave_up(d->set) : 0;

    if (gave_up)
        fprintf(stderr,
                "weir: %" PRIu64 " texts were redacted whole: a pattern of logs.redact took too "
                "long for them\n",
                gave_up);
    if (d && !d->lent)
        redaction_free((struct redaction *)(uintptr_t)d);
    *redactor = (struct redactor){0};
}
