#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "cli/env.h"
#include "cli/launch.h"

enum {
    EXEC_MEMORY_BYTES = 64 * 1024 * 1024,
    EXEC_PEM_BYTES = 1024 * 1024,
    EXEC_URL_BYTES = 4096,
    EXEC_DRAIN_US = 1000 * 1000, /* for what the command has left open */
};

/* One command and the proxy that lives as long as it does. */
struct execution {
    struct launch launch;
    struct arena memory;
    struct env_files files; /* folder "": not there */
    struct env env;
    struct fleet *fleet;
    uv_process_t child;
    bool running, ran, ended;
    int code; /* of the command, when it has ended */
};

static const char *environment(const char *name)
{
    return getenv(name);
}

static bool is_ours(const struct env *env, const char *assignment)
{
    size_t len = strcspn(assignment, "=");

    for (uint32_t i = 0; i < env->count; i++)
        if (strlen(env->items[i].name) == len && strncmp(env->items[i].name, assignment, len) == 0)
            return true;
    return false;
}

/* The present environment with our variables in place of those of the same name. */
static char **make_environment(struct execution *x)
{
    size_t before = 0, count = 0;
    char **all;

    while (environ[before])
        before++;
    all = arena_alloc(&x->memory, (before + x->env.count + 1) * sizeof(*all));
    for (size_t i = 0; all && i < before; i++)
        if (!is_ours(&x->env, environ[i]))
            all[count++] = environ[i];
    for (uint32_t i = 0; all && i < x->env.count; i++) {
        const struct env_variable *v = &x->env.items[i];

        all[count] = arena_printf(&x->memory, "%s=%.*s", v->name, (int)v->value.len, v->value.ptr);
        if (!all[count++])
            return NULL;
    }
    return all;
}

static int prepare(struct execution *x)
{
    const struct cli *cli = x->launch.cli;
    char folder[PATHS_TEXT], address[ENDPOINT_TEXT];
    struct buf pem, url;
    enum status st;

    buf_init(&pem, EXEC_PEM_BYTES);
    buf_init(&url, EXEC_URL_BYTES);
    endpoint_text(&x->launch.listen[0], address);
    env_put_proxy_url(x->launch.settings.auth, address, &url);
    st = ca_cert_pem(x->launch.ca, &pem);
    if (!st)
        st = paths_temporary(folder);
    if (!st)
        st = env_files_write(&x->files, folder, buf_bytes(&pem),
                             !options_has(&cli->options, OPTION_NO_HOOKS));
    if (!st)
        st = env_make(&x->env, &x->memory, &x->files, buf_bytes(&url), environment);
    buf_release(&pem);
    buf_release(&url);
    if (!st)
        return CODE_OK;
    cli_error(cli, "cannot write the files that the variables name: %s",
              st == STATUS_IO ? strerror(errno) : status_sentence(st));
    return CODE_FAILED;
}

/* ---- while it runs ---- */

static void on_exit_of_child(uv_process_t *child, int64_t status, int signal_number)
{
    struct execution *x = child->data;

    x->running = false;
    x->ended = true;
    x->code = signal_number ? CODE_SIGNAL + signal_number : (int)status;
    uv_close((uv_handle_t *)child, NULL);
    fleet_stop(x->fleet, EXEC_DRAIN_US);
}

static int explain_spawn(const struct execution *x, int error)
{
    const struct cli *cli = x->launch.cli;

    cli_error(cli, "cannot run '%s': %s", cli->options.operands[0], uv_strerror(error));
    return error == UV_ENOENT ? CODE_NOT_FOUND : CODE_CANNOT_EXECUTE;
}

/* libuv wants them writable, though it does not write. */
static char **arguments(struct execution *x)
{
    const struct options *o = &x->launch.cli->options;
    size_t bytes = ((size_t)o->operand_count + 1) * sizeof(char *);
    char **copy = arena_alloc(&x->memory, bytes);

    if (copy)
        memcpy(copy, o->operands, bytes);
    return copy;
}

static void on_ready(void *self, struct fleet *f)
{
    struct execution *x = self;
    uv_stdio_container_t stdio[] = {
        {.flags = UV_INHERIT_FD, .data.fd = STDIN_FILENO},
        {.flags = UV_INHERIT_FD, .data.fd = STDOUT_FILENO},
        {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
    };
    const uv_process_options_t options = {
        .exit_cb = on_exit_of_child,
        .file = x->launch.cli->options.operands[0],
        .args = arguments(x),
        .env = make_environment(x),
        .stdio = stdio,
        .stdio_count = 3,
    };
    int error =
        options.env && options.args ? uv_spawn(fleet_uv(f), &x->child, &options) : UV_ENOMEM;

    x->fleet = f;
    x->child.data = x;
    x->running = x->ran = error == 0;
    if (!error)
        return;
    x->ended = true;
    x->code = explain_spawn(x, error);
    if (options.env && options.args)
        uv_close((uv_handle_t *)&x->child, NULL);
    fleet_stop(f, 0);
}

/* What is typed at a terminal goes to the command without our help: forwarded, it
 * would come twice. */
static bool comes_from_terminal(void)
{
    int tty = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
    bool foreground = tty >= 0 && tcgetpgrp(tty) == getpgrp();

    if (tty >= 0)
        close(tty);
    return foreground;
}

static bool on_signal(void *self, struct fleet *f, int number)
{
    struct execution *x = self;

    (void)f;
    if (x->running && !(number == SIGINT && comes_from_terminal()))
        uv_process_kill(&x->child, number);
    return x->running;
}

static void on_say(void *self, const char *text)
{
    const struct execution *x = self;

    cli_say(x->launch.cli, "%s", text);
}

int command_exec(const struct cli *cli)
{
    const struct launch_plan plan = {
        .on_full = LOG_WAIT, .console_fd = STDERR_FILENO, .listen_any_port = true};
    struct execution *x;
    int code;

    if (cli->options.operand_count == 0)
        return cli_usage(cli, "'weir exec' wants a command: weir exec -- CMD");
    x = calloc(1, sizeof(*x));
    if (!x) {
        cli_error(cli, "out of memory");
        return CODE_FAILED;
    }
    arena_init(&x->memory, EXEC_MEMORY_BYTES);
    code = launch_begin(&x->launch, cli, &plan);
    if (!code)
        code = prepare(x);
    if (!code) {
        struct fleet_env env = {
            .on_ready = on_ready, .say = on_say, .on_signal = on_signal, .self = x};

        code = launch_run(&x->launch, &env);
        if (x->ended)
            code = x->code;
        if (x->ended && x->ran)
            code = verdicts_report(&x->launch.verdicts, code);
    }
    env_files_remove(&x->files);
    launch_end(&x->launch, code);
    arena_release(&x->memory);
    free(x);
    return code;
}
