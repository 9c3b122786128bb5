#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/launch.h"

enum { READY_BYTES = 64 * 1024, REPORT_BYTES = 4 * 1024 * 1024 };

static int check_later(const struct cli *cli)
{
    const char *inspector = options_value(&cli->options, OPTION_INSPECTOR);

    if (inspector && strcmp(inspector, "off") != 0)
        return cli_usage(cli, "'--inspector %.60s' is not in this version; only off is", inspector);
    if (cli->options.operand_count)
        return cli_usage(cli, "'weir run' takes no operand: '%.60s'", cli->options.operands[0]);
    return CODE_OK;
}

/* Each exchange takes two descriptors. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void put_rule_count(struct buf *out, size_t count)
{
    buf_putf(out, "%zu rule%s", count, count == 1 ? "" : "s");
}

static void on_ready(void *self, struct fleet *f)
{
    struct launch *l = self;
    struct buf line;
    char text[ENDPOINT_TEXT];

    (void)f;
    buf_init(&line, READY_BYTES);
    buf_put_text(&line, "ready");
    for (uint32_t i = 0; i < l->listen_count; i++) {
        endpoint_text(&l->listen[i], text);
        buf_putf(&line, " http://%s", text);
    }
    buf_put_text(&line, "  ca ");
    text_put_terminal(&line, bytes_of(l->ca_path));
    buf_put_text(&line, "  config ");
    text_put_terminal(&line, bytes_of(l->config.shown));
    buf_put_text(&line, " (");
    put_rule_count(&line, atomic_load(&l->rule_count));
    buf_put_text(&line, ")\n");
    fputs(buf_text(&line), stderr);
    buf_release(&line);
}

static void on_say(void *self, const char *text)
{
    const struct launch *l = self;
    size_t len = strlen(text);

    while (len && text[len - 1] == '\n')
        len--;
    cli_say(l->cli, "%.*s", (int)len, text);
}

static void put_report(const struct launch *l, const struct config *c, struct buf *out)
{
    buf_put_text(out, "reloaded: ");
    put_rule_count(out, config_rule_count(c));
    buf_putf(out, " (before: %zu) of %s\n", atomic_load(&l->rule_count), c->shown);
    if (config_fixed_hash(c) != l->fixed_hash)
        buf_put_text(out, "other sections changed too: they are taken at the next start\n");
}

/* Keeps what was looked at; without memory for that, the next look reads all again. */
static void watch_places(struct launch *l, const struct includes *read)
{
    arena_release(&l->watched_arena);
    if (includes_copy(&l->watched_arena, read, &l->watched))
        l->watched = (struct includes){.path = ""};
}

/* The file that was found at the start is the one that is read again. */
static struct options reload_options(const struct launch *l)
{
    struct options o = l->cli->options;

    if (l->config.path[0] && !options_has(&o, OPTION_CONFIG) && o.use_count < OPTION_USES) {
        o.uses[o.use_count].option = OPTION_CONFIG;
        o.uses[o.use_count++].value = l->config.path;
    }
    return o;
}

/* On a thread of the pool. The new configuration is read whole, so that all that is
 * wrong in it is told; only its rules are kept. */
static void on_reload(void *self, struct fleet_reload *ret_reload)
{
    struct launch *l = self;
    struct options options = reload_options(l);
    struct config c;

    if (ret_reload->only_if_changed && !includes_changed(&l->watched)) {
        ret_reload->unchanged = true;
        includes_put_folders(&l->watched, &ret_reload->folders);
        return;
    }
    if (config_load(&c, &options, l->state)) {
        buf_put_text(&ret_reload->text,
                     "the configuration has a problem; the rules stay as they were\n");
        diags_put(&c.diags, DIAG_PRETTY, false, &ret_reload->text);
    } else {
        put_report(l, &c, &ret_reload->text);
        diags_put(&c.diags, DIAG_PRETTY, false, &ret_reload->text); /* warnings */
        atomic_store(&l->rule_count, config_rule_count(&c));
        ret_reload->rules = c.rules;
        c.rules = NULL;
    }
    watch_places(l, &c.includes);
    includes_put_folders(&c.includes, &ret_reload->folders);
    config_release(&c);
}

static bool control_path(const struct launch *l, char ret_path[static PATHS_TEXT])
{
    char folder[PATHS_TEXT], name[32];

    snprintf(name, sizeof(name), "%u.sock", endpoint_port(&l->listen[0]));
    if (paths_runtime(folder) == STATUS_OK && path_join(folder, name, ret_path) == STATUS_OK)
        return true;
    cli_say(l->cli, "there is no folder for the control socket: status, reload and stop will not "
                    "find this weir");
    return false;
}

/* What a stop is answered. */
static void on_stopped(void *self, struct buf *out)
{
    struct launch *l = self;

    verdicts_finish(&l->verdicts);
    verdicts_put_answer(&l->verdicts, out);
}

static bool watch_wanted(struct launch *l)
{
    if (!options_has(&l->cli->options, OPTION_WATCH))
        return false;
    if (!l->config.path[0])
        cli_say(l->cli, "there is no configuration to watch");
    watch_places(l, &l->config.includes);
    return l->config.path[0];
}

int command_run(const struct cli *cli)
{
    const struct launch_plan plan = {
        .on_full = LOG_DROP, .console_fd = STDOUT_FILENO, .keeps_flows = true};
    struct fleet_env env = {.on_ready = on_ready, .say = on_say, .reload = on_reload};
    struct launch l;
    char path[PATHS_TEXT];
    int code = check_later(cli);

    if (code)
        return code;
    raise_descriptor_limit();
    code = launch_begin(&l, cli, &plan);
    if (!code) {
        if (strcmp(l.config.path, "/dev/stdin") == 0) /* it can be read only once */
            env.reload = NULL;
        env.watch = env.reload && watch_wanted(&l);
        env.control_path = control_path(&l, path) ? path : NULL;
        env.stopped = l.verdicts.verdict ? on_stopped : NULL;
        env.self = &l;
        code = verdicts_report(&l.verdicts, launch_run(&l, &env));
    }
    launch_end(&l, code);
    return code;
}
