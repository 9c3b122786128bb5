#include "cli/instance.h"

#include <stdio.h>
#include <string.h>

#include "cli/paths.h"

static void find_all(struct control_instances *found)
{
    char folder[PATHS_TEXT];

    found->count = 0;
    for (int i = 0; paths_runtime_at(i, folder) == STATUS_OK; i++)
        control_find(folder, found);
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* "8080" is 8080.sock. */
static int choose(const struct cli *cli, const struct control_instances *found, const char *wanted)
{
    char name[32];

    snprintf(name, sizeof(name), "%.20s.sock", wanted);
    for (uint32_t i = 0; i < found->count; i++)
        if (strcmp(name_of(found->paths[i]), name) == 0)
            return (int)i;
    cli_error(cli, "no weir runs on port %.20s", wanted);
    return -1;
}

static int refuse_several(const struct cli *cli, const struct control_instances *found)
{
    int code = cli_usage(cli, "several run; name one by --instance PORT");

    for (uint32_t i = 0; i < found->count; i++) {
        const char *name = name_of(found->paths[i]);

        cli_hint(cli, "%.*s  %s", (int)strcspn(name, "."), name, found->paths[i]);
    }
    return code;
}

int instance_find(const struct cli *cli, bool quiet, char ret_path[static CONTROL_PATH_TEXT])
{
    const char *wanted = options_value(&cli->options, OPTION_INSTANCE);
    struct control_instances found;
    int i = 0;

    if (wanted && strchr(wanted, '/')) {
        if (strlen(wanted) >= CONTROL_PATH_TEXT)
            return cli_usage(cli, "the path of that socket is too long");
        memcpy(ret_path, wanted, strlen(wanted) + 1);
        return CODE_OK;
    }
    find_all(&found);
    if (found.count == 0) {
        if (!quiet)
            cli_error(cli, "no weir runs");
        if (!quiet)
            cli_hint(cli, "to start one: weir run");
        return CODE_NO_WEIR;
    }
    if (!wanted && found.count > 1)
        return refuse_several(cli, &found);
    if (wanted)
        i = choose(cli, &found, wanted);
    if (i < 0)
        return CODE_NO_WEIR;
    memcpy(ret_path, found.paths[i], CONTROL_PATH_TEXT);
    return CODE_OK;
}

int instance_ask(const struct cli *cli, const char *path, const char *method, const char *target,
                 struct control_reply *ret_reply)
{
    const struct control_call call = {.method = method, .target = target};

    return instance_call(cli, path, &call, ret_reply);
}

int instance_call(const struct cli *cli, const char *path, const struct control_call *call,
                  struct control_reply *ret_reply)
{
    char error[CONTROL_ERROR_TEXT];
    enum status st = control_call(path, call, error, ret_reply);

    if (!st)
        return CODE_OK;
    cli_error(cli, "%s", error);
    return st == STATUS_NOT_FOUND ? CODE_NO_WEIR : CODE_FAILED;
}
