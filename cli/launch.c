#include "cli/launch.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "cli/redaction.h"

enum { DIAG_BYTES = 4 * 1024 * 1024, HOST_TEXT = 65 };

int launch_config(const struct cli *cli, struct config *c, struct rule_state *state)
{
    enum status st = config_load(c, &cli->options, state);
    struct buf text;

    buf_init(&text, DIAG_BYTES);
    diags_put(&c->diags, DIAG_PRETTY, cli->colour_err, &text);
    fputs(buf_text(&text), stderr);
    buf_release(&text);
    if (!st)
        return CODE_OK;
    if (c->diags.errors == 0)
        cli_error(cli, "cannot read the configuration: %s", status_sentence(st));
    return st == STATUS_NO_MEMORY ? CODE_FAILED : CODE_CONFIG;
}

/* ---- the CA ---- */

static int open_own_ca(const struct cli *cli, const char *cert, const char *key, struct ca **ret_ca)
{
    char error[CA_ERROR_TEXT];

    if (ca_open_files(cert, key, time(NULL), error, ret_ca) == STATUS_OK)
        return CODE_OK;
    cli_error(cli, "%s", error);
    return CODE_CONFIG;
}

static int open_default_ca(const struct cli *cli, struct ca **ret_ca, char *ret_path)
{
    char folder[PATHS_TEXT], host[HOST_TEXT] = "", error[CA_ERROR_TEXT];
    bool made;

    if (paths_data(folder) || path_join(folder, "ca.pem", ret_path)) {
        cli_error(cli, "there is no folder for the CA: %s", strerror(errno));
        return CODE_FAILED;
    }
    gethostname(host, sizeof(host) - 1);
    if (ca_open(folder, host, time(NULL), error, ret_ca, &made)) {
        cli_error(cli, "%s", error);
        return CODE_FAILED;
    }
    if (made)
        cli_say(cli, "made a CA of this installation's own: %s", ret_path);
    return CODE_OK;
}

int launch_ca_named(const struct cli *cli, const struct config *c, char *ret_cert, char *ret_key)
{
    const char *cert = options_value(&cli->options, OPTION_CA);
    const char *key = options_value(&cli->options, OPTION_CA_KEY);
    const char *folder = NULL;

    ret_cert[0] = '\0';
    if (!cert != !key)
        return cli_usage(cli, "--ca and --ca-key go together");
    if (!cert && c->values.ca_cert.len) {
        cert = (const char *)c->values.ca_cert.ptr;
        key = (const char *)c->values.ca_key.ptr;
        folder = c->folder;
    }
    if (cert && (path_absolute(folder, bytes_of(cert), ret_cert) ||
                 path_absolute(folder, bytes_of(key), ret_key))) {
        cli_error(cli, "the path of the CA is too long");
        return CODE_CONFIG;
    }
    return CODE_OK;
}

int launch_ca(const struct cli *cli, const struct config *c, struct ca **ret_ca, char *ret_path)
{
    char key[PATHS_TEXT];
    int code = launch_ca_named(cli, c, ret_path, key);

    if (code)
        return code;
    return ret_path[0] ? open_own_ca(cli, ret_path, key, ret_ca)
                       : open_default_ca(cli, ret_ca, ret_path);
}

int launch_ca_only(const struct cli *cli, struct ca **ret_ca, char *ret_path)
{
    struct config *c = calloc(1, sizeof(*c));
    struct rule_state *state = NULL;
    int code = CODE_FAILED;

    if (!c || rule_state_new(&state)) {
        cli_error(cli, "out of memory");
    } else {
        code = launch_config(cli, c, state);
        if (!code)
            code = launch_ca(cli, c, ret_ca, ret_path);
        config_release(c);
    }
    rule_state_free(state);
    free(c);
    return code;
}

/* ---- TLS ---- */

/* Roots to trust besides the system's: of the configuration and the command line. */
static int read_upstream_ca(struct launch *l, struct buf *pem)
{
    const char *given = options_value(&l->cli->options, OPTION_UPSTREAM_CA);
    struct bytes names[] = {l->config.values.upstream_ca, bytes_of(given)};
    const char *const folders[] = {l->config.folder, NULL};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[PATHS_TEXT];

        if (names[i].len == 0)
            continue;
        if (path_absolute(folders[i], names[i], path) || file_read(path, pem)) {
            cli_error(l->cli, "cannot read %.*s: %s", (int)names[i].len, names[i].ptr,
                      strerror(errno));
            return CODE_CONFIG;
        }
        buf_put_byte(pem, '\n');
    }
    return CODE_OK;
}

static int launch_tls(struct launch *l)
{
    char error[TLS_ERROR_TEXT];
    struct buf pem;
    struct tls_settings settings = {
        .min_version = l->config.values.min_version == 1 ? 0x0304 : 0x0303,
        .on_keylog = l->logs ? logs_keylog : NULL,
        .keylog_self = l->logs,
    };
    int code;

    buf_init(&pem, PATHS_FILE_BYTES * 4);
    code = read_upstream_ca(l, &pem);
    settings.upstream_ca_pem = buf_bytes(&pem);
    if (!code && tls_shared_new(&settings, error, &l->tls)) {
        cli_error(l->cli, "%s", error);
        code = CODE_CONFIG;
    }
    buf_release(&pem);
    return code;
}

/* ---- all of it ---- */

/* --workers, or a thread for each processor. */
static int launch_workers(struct launch *l)
{
    const char *given = options_value(&l->cli->options, OPTION_WORKERS);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t count = cores > 0 ? (uint64_t)cores : 1;

    if (count > FLEET_WORKERS)
        count = FLEET_WORKERS;
    if (given && (bytes_to_u64(bytes_of(given), FLEET_WORKERS, &count) || count == 0))
        return cli_usage(l->cli, "--workers wants a number from 1 to %d", FLEET_WORKERS);
    l->workers = (uint32_t)count;
    return CODE_OK;
}

int launch_begin(struct launch *l, const struct cli *cli, const struct launch_plan *plan)
{
    int code;

    memset(l, 0, sizeof(*l));
    l->cli = cli;
    arena_init(&l->watched_arena, CONFIG_ARENA_BYTES);
    if (rule_state_new(&l->state)) {
        cli_error(cli, "out of memory");
        return CODE_FAILED;
    }
    code = launch_config(cli, &l->config, l->state);
    if (code)
        return code;
    l->settings = l->config.settings;
    l->fixed_hash = config_fixed_hash(&l->config);
    atomic_store(&l->rule_count, config_rule_count(&l->config));
    code = launch_workers(l);
    if (!code)
        code = faults_start(cli, l->state, l->config.rules, &l->faults);
    if (!code)
        code = launch_listen(l, plan);
    if (!code)
        code = launch_ca(cli, &l->config, &l->ca, l->ca_path);
    if (!code)
        code = launch_log(l, plan);
    if (!code)
        code = launch_tls(l);
    return code;
}

int launch_run(struct launch *l, struct fleet_env *env)
{
    char error[FLEET_ERROR_TEXT];
    int code;

    env->settings = &l->settings;
    env->listeners = &l->listeners;
    env->ca = l->ca;
    env->tls = l->tls;
    env->logs = l->logs;
    env->workers = l->workers;
    env->facts = (struct fleet_facts){
        .version = WEIR_VERSION,
        .config = l->config.path[0] ? l->config.path : NULL,
        .ca = l->ca_path,
        .store = l->store.store.path,
        .store_facts = &l->store_facts,
    };
    if (getrandom(&env->seed, sizeof(env->seed), 0) != sizeof(env->seed))
        env->seed = (uint64_t)time(NULL);
    code = fleet_run(env, l->config.rules, error, &l->hangs);
    if (error[0])
        cli_error(l->cli, "%s", error);
    return code;
}

void launch_end(struct launch *l, int code)
{
    faults_stop(l->cli, l->faults);
    if (l->hangs) {
        fflush(NULL);
        _exit(code);
    }
    listeners_close(&l->listeners);
    tls_shared_free(l->tls);
    if (l->logs)
        logs_free(l->logs);
    redaction_release(l->redactor.on ? &l->redactor : &l->store.redactor);
    ca_free(l->ca);
    verdicts_release(&l->verdicts);
    config_release(&l->config);
    rule_state_free(l->state);
    arena_release(&l->watched_arena);
}
