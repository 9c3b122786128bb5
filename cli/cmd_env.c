#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/env.h"
#include "cli/instance.h"
#include "cli/launch.h"
#include "proxy/loop/endpoint.h"

enum { ENV_TEXT_BYTES = 4 * 1024 * 1024, PEM_BYTES = 1024 * 1024, URL_BYTES = 4096 };

/* Which proxy the variables shall name. */
struct env_target {
    char address[ENDPOINT_TEXT];
    char config[PATHS_TEXT]; /* of the weir that runs; "" when none does */
    struct buf pem;
    struct buf url;
};

static enum status copy_text(char *to, size_t cap, const char *from)
{
    size_t len = strlen(from);

    if (len >= cap)
        return STATUS_LIMIT;
    memcpy(to, from, len + 1);
    return STATUS_OK;
}

/* Asks the weir that runs where it listens and what its CA is. */
static int target_of_running(const struct cli *cli, const char *path, struct env_target *t)
{
    static const char scheme[] = "http://";
    struct control_reply reply;
    const char *url, *ca, *config;
    int code = instance_ask(cli, path, "GET", "/v1/status", &reply);

    if (code)
        return code;
    url = json_string_value(json_array_get(json_object_get(reply.body, "listen"), 0));
    ca = json_string_value(json_object_get(reply.body, "ca"));
    config = json_string_value(json_object_get(reply.body, "config"));
    if (!url || strncmp(url, scheme, strlen(scheme)) != 0 ||
        copy_text(t->address, sizeof(t->address), url + strlen(scheme)) ||
        copy_text(t->config, sizeof(t->config), config ? config : "") || !ca ||
        file_read(ca, &t->pem)) {
        cli_error(cli, "the weir that runs does not say what is needed");
        code = CODE_FAILED;
    }
    json_decref(reply.body);
    return code;
}

static int target_of_config(const struct cli *cli, const struct config *c, struct env_target *t)
{
    char path[PATHS_TEXT];
    struct ca *ca;
    int code = launch_ca(cli, c, &ca, path);

    if (code)
        return code;
    if (endpoint_port(&c->listen[0]) == 0) {
        cli_error(cli, "the port is chosen when weir runs, and none does");
        code = CODE_FAILED;
    } else if (ca_cert_pem(ca, &t->pem)) {
        cli_error(cli, "out of memory");
        code = CODE_FAILED;
    }
    endpoint_text(&c->listen[0], t->address);
    ca_free(ca);
    return code;
}

static const char *environment(const char *name)
{
    return getenv(name);
}

static int print_env(const struct cli *cli, const struct env_target *t, enum env_shell shell)
{
    bool hooks = !options_has(&cli->options, OPTION_NO_HOOKS);
    char folder[PATHS_TEXT];
    struct env_files files;
    struct env env;
    struct arena memory;
    struct buf out;
    int code = CODE_FAILED;

    arena_init(&memory, ENV_TEXT_BYTES);
    buf_init(&out, ENV_TEXT_BYTES);
    if (paths_env_files(folder) || env_files_write(&files, folder, buf_bytes(&t->pem), hooks)) {
        cli_error(cli, "cannot write the files that the variables name: %s", strerror(errno));
    } else if (env_make(&env, &memory, &files, buf_bytes(&t->url), environment)) {
        cli_error(cli, "out of memory");
    } else {
        env_put(&env, shell, &out);
        code = cli_print(cli, &out);
    }
    buf_release(&out);
    arena_release(&memory);
    return code;
}

/* The password of clients stands in the configuration only: that of the weir that runs,
 * when none is named. */
static int load_config(const struct cli *cli, const struct env_target *t, struct config *c,
                       struct rule_state *state)
{
    struct cli with = *cli;
    struct options *o = &with.options;

    if (t->config[0] && !options_has(o, OPTION_CONFIG) && o->use_count < OPTION_USES) {
        o->uses[o->use_count].option = OPTION_CONFIG;
        o->uses[o->use_count++].value = t->config;
    }
    return launch_config(&with, c, state);
}

static int find_target(const struct cli *cli, struct config *c, struct rule_state *state,
                       struct env_target *t)
{
    char path[CONTROL_PATH_TEXT];
    bool asked = options_has(&cli->options, OPTION_INSTANCE);
    int found = instance_find(cli, !asked, path);
    int code = CODE_OK;

    if (found == CODE_OK)
        code = target_of_running(cli, path, t);
    else if (asked || found != CODE_NO_WEIR)
        return found;
    if (!code)
        code = load_config(cli, t, c, state);
    if (!code && found != CODE_OK)
        code = target_of_config(cli, c, t);
    if (!code)
        env_put_proxy_url(c->settings.auth, t->address, &t->url);
    return code;
}

int command_env(const struct cli *cli)
{
    const char *name = options_value(&cli->options, OPTION_SHELL);
    struct env_target t = {.address = ""};
    struct config *c = calloc(1, sizeof(*c));
    struct rule_state *state = NULL;
    enum env_shell shell = ENV_SH;
    int code = CODE_FAILED;

    buf_init(&t.pem, PEM_BYTES);
    buf_init(&t.url, URL_BYTES);
    if (!c || rule_state_new(&state))
        cli_error(cli, "out of memory");
    else if (cli->options.operand_count)
        code = cli_usage(cli, "'weir env' takes no operand; a command is run by weir exec");
    else if (name && env_shell_find(name, &shell))
        code = cli_usage(cli, "--shell is sh, fish, pwsh, docker or json");
    else
        code = find_target(cli, c, state, &t);
    if (!code)
        code = print_env(cli, &t, shell);
    if (c)
        config_release(c);
    rule_state_free(state);
    free(c);
    buf_release(&t.pem);
    buf_release(&t.url);
    return code;
}
