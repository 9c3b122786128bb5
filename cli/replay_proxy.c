#include "cli/replay_proxy.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/instance.h"
#include "cli/launch.h"
#include "cli/reply.h"
#include "proxy/loop/endpoint.h"

void replay_proxy_release(struct replay_proxy *p)
{
    buf_release(&p->authorization);
}

/* "http://127.0.0.1:8080", as the status has it. */
static int take_listen(const struct cli *cli, const json_t *status, struct replay_proxy *p)
{
    const char *url = json_string_value(json_array_get(json_object_get(status, "listen"), 0));
    static const char scheme[] = "http://";

    if (url && strncmp(url, scheme, strlen(scheme)) == 0 &&
        endpoint_parse(bytes_of(url + strlen(scheme)), &p->address) == STATUS_OK)
        return CODE_OK;
    cli_error(cli, "the weir that runs does not say where it listens");
    return CODE_FAILED;
}

/* RFC 7617 §2 */
static int take_auth(const struct cli *cli, const struct config *c, struct replay_proxy *p)
{
    if (c->settings.auth.len == 0)
        return CODE_OK;
    buf_put_text(&p->authorization, "Basic ");
    text_put_base64(&p->authorization, c->settings.auth);
    if (buf_status(&p->authorization) == STATUS_OK)
        return CODE_OK;
    cli_error(cli, "the password of `auth` is too long");
    return CODE_FAILED;
}

static int load_auth(const struct cli *cli, const char *path, struct replay_proxy *p)
{
    struct cli with = *cli;
    struct options *o = &with.options;
    struct config *c = calloc(1, sizeof(*c));
    struct rule_state *state = NULL;
    int code = CODE_FAILED;

    if (!options_has(o, OPTION_CONFIG) && o->use_count < OPTION_USES) {
        o->uses[o->use_count].option = OPTION_CONFIG;
        o->uses[o->use_count++].value = path;
    }
    if (!c || rule_state_new(&state))
        cli_error(cli, "out of memory");
    else
        code = launch_config(&with, c, state);
    if (!code)
        code = take_auth(cli, c, p);
    if (c)
        config_release(c);
    rule_state_free(state);
    free(c);
    return code;
}

static int find_running(const struct cli *cli, struct replay_proxy *p)
{
    char path[CONTROL_PATH_TEXT];
    struct control_reply reply;
    const char *config;
    int code = instance_find(cli, false, path);

    if (!code)
        code = instance_ask(cli, path, "GET", "/v1/status", &reply);
    if (code)
        return code;
    code = take_listen(cli, reply.body, p);
    config = reply_text(reply.body, "config");
    if (!code && (config[0] || options_has(&cli->options, OPTION_CONFIG)))
        code = load_auth(cli, config, p);
    json_decref(reply.body);
    return code;
}

int replay_proxy_find(const struct cli *cli, struct replay_proxy *p)
{
    const char *given = options_value(&cli->options, OPTION_PROXY);

    *p = (struct replay_proxy){.address = {0}};
    buf_init(&p->authorization, REPLAY_AUTHORIZATION_BYTES);
    if (!given)
        return find_running(cli, p);
    if (endpoint_parse(bytes_of(given), &p->address) || endpoint_port(&p->address) == 0)
        return cli_usage(cli, "--proxy is an address and port, as 127.0.0.1:8080");
    return options_has(&cli->options, OPTION_CONFIG) ? load_auth(cli, NULL, p) : CODE_OK;
}
