/* Where flows go: the sinks that the command line and the configuration name. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/launch.h"
#include "cli/redaction.h"
#include "cli/terminal.h"

enum { LOG_ERROR_TEXT = 256 };

static void add_sink(struct log_settings *s, const char *name, struct sink_settings settings,
                     bool stalls)
{
    s->sinks[s->sink_count].sink = sink_find(name);
    s->sinks[s->sink_count].settings = settings;
    s->sinks[s->sink_count++].stalls = stalls;
}

static bool wants_live(const struct log_settings *s)
{
    for (uint32_t i = 0; i < s->sink_count; i++) {
        if (sink_is_live(s->sinks[i].sink))
            return true;
    }
    return false;
}

/* What is not a plain file may stop reading. */
static bool may_stall(const char *path)
{
    struct stat st;

    return strcmp(path, "-") == 0 || (stat(path, &st) == 0 && !S_ISREG(st.st_mode));
}

/* What an option names, or else a key of the configuration; NULL: it is off. */
static const char *file_target(const struct launch *l, enum option option, struct bytes said,
                               char path[static PATHS_TEXT])
{
    const char *given = options_value(&l->cli->options, option);

    if (given)
        return strcmp(given, "off") == 0 ? NULL : given;
    if (bytes_equal(said, BYTES("off")))
        return NULL;
    if (bytes_equal(said, BYTES("-")))
        return "-";
    return path_absolute(l->config.folder, said, path) ? NULL : path;
}

/* On unless said otherwise, or where the JSON Lines have the terminal. */
static int console_wanted(const struct launch *l, const char *jsonl, bool *ret_wanted)
{
    const char *given = options_value(&l->cli->options, OPTION_CONSOLE);

    if (given && strcmp(given, "pretty") != 0 && strcmp(given, "off") != 0)
        return cli_usage(l->cli, "--console is pretty or off");
    if (given)
        *ret_wanted = strcmp(given, "pretty") == 0;
    else
        *ret_wanted =
            l->config.values.console == CONSOLE_PRETTY && !(jsonl && strcmp(jsonl, "-") == 0);
    return CODE_OK;
}

static int open_keylog(struct launch *l, const char *path)
{
    if (logs_keylog_open(l->logs, path)) {
        cli_error(l->cli, "cannot write TLS keys to %s (SSLKEYLOGFILE)", path);
        return CODE_FAILED;
    }
    cli_say(l->cli, "TLS keys are written to %s (SSLKEYLOGFILE)", path);
    return CODE_OK;
}

/* Where flows go, when each target is known; NULL: not there. */
struct log_targets {
    bool console;
    const char *jsonl, *har;
};

static void add_sinks(struct launch *l, const struct log_targets *t, int console_fd,
                      struct log_settings *s)
{
    struct sink_settings sink = {.fd = -1, .redactor = l->redactor};

    if (t->console) {
        struct sink_settings c = sink;

        c.fd = console_fd;
        c.verbose = options_count(&l->cli->options, OPTION_VERBOSE);
        c.colour = terminal_colour(options_value(&l->cli->options, OPTION_COLOR), c.fd);
        c.columns = terminal_columns(c.fd);
        add_sink(s, "console", c, true);
    }
    if (t->jsonl) {
        sink.target = t->jsonl;
        add_sink(s, "jsonl", sink, may_stall(t->jsonl));
    }
    if (t->har) {
        sink.target = t->har;
        add_sink(s, "har", sink, false);
    }
    if (l->store.store.path) {
        sink.context = &l->store;
        add_sink(s, "store", sink, false);
    }
    if (l->verdicts.verdict) {
        sink.context = l->verdicts.verdict;
        add_sink(s, "verdict", sink, false);
    }
}

int launch_log(struct launch *l, const struct launch_plan *plan)
{
    const char *keylog = getenv("SSLKEYLOGFILE");
    struct log_settings s = {.ports = l->workers};
    char jsonl_path[PATHS_TEXT], har_path[PATHS_TEXT], error[LOG_ERROR_TEXT] = "";
    struct log_targets targets = {
        .jsonl = file_target(l, OPTION_JSONL, l->config.values.jsonl, jsonl_path),
        .har = file_target(l, OPTION_HAR, l->config.values.har, har_path),
    };
    int code = console_wanted(l, targets.jsonl, &targets.console);

    if (code || plan->quiet)
        return code;
    code = redaction_make(l->cli, &l->config, &l->redactor);
    if (!code)
        code = launch_store(l, plan);
    if (code)
        return code;
    code = verdicts_begin(&l->verdicts, l->cli, &l->config.expects, &l->redactor);
    if (code)
        return code;
    l->settings.on_full = plan->on_full;
    if (l->config.values.on_full != ON_FULL_UNSAID)
        l->settings.on_full = l->config.values.on_full == ON_FULL_WAIT ? LOG_WAIT : LOG_DROP;
    if (l->verdicts.verdict) /* a verdict over a gap would be none */
        l->settings.on_full = LOG_WAIT;
    s.on_full = l->settings.on_full;
    add_sinks(l, &targets, plan->console_fd, &s);
    l->settings.capture = s.sink_count > 0;
    l->settings.live = wants_live(&s);
    if (!s.sink_count && !(keylog && keylog[0]))
        return CODE_OK;
    if (logs_start(&s, error, &l->logs)) {
        cli_error(l->cli, "%s", error[0] ? error : "cannot start the log");
        return CODE_FAILED;
    }
    return keylog && keylog[0] ? open_keylog(l, keylog) : CODE_OK;
}
