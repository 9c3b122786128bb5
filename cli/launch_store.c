/* Which store flows are kept in. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/launch.h"
#include "cli/redaction.h"
#include "tls/digest.h"

enum { NAME_TEXT = 32 };

static void on_say(void *self, const char *text)
{
    const struct launch *l = self;

    cli_say(l->cli, "%s", text);
}

/* A file that somebody named: it is taken, or weir does not run. */
static int named_store(struct launch *l, const char *folder, struct bytes name)
{
    if (!path_absolute(folder, name, l->store_path)) {
        l->store.store.path = l->store_path;
        return CODE_OK;
    }
    cli_error(l->cli, "the path of the store is too long");
    return CODE_CONFIG;
}

/* flows.db of the state folder, or flows-<port>.db while another weir writes to that. */
static int usual_store(struct launch *l)
{
    char folder[PATHS_TEXT], name[NAME_TEXT];

    snprintf(name, sizeof(name), "flows-%u.db", endpoint_port(&l->listen[0]));
    if (paths_state(folder)) {
        cli_say(l->cli, "flows are not kept: there is no folder for them: %s", strerror(errno));
        return CODE_OK;
    }
    if (path_join(folder, "flows.db", l->store_path) ||
        path_join(folder, name, l->other_store_path)) {
        cli_say(l->cli, "flows are not kept: the path of their folder is too long");
        return CODE_OK;
    }
    l->store.store.path = l->store_path;
    l->store.store.own_place = true;
    l->store.other_path = l->other_store_path;
    l->store.optional = true;
    return CODE_OK;
}

int launch_store(struct launch *l, const struct launch_plan *plan)
{
    const char *given = options_value(&l->cli->options, OPTION_STORE);
    struct bytes said = l->config.values.store;
    int code;

    l->store = (struct sink_store_settings){
        .store = {.digest = digest_sha256, .keep = l->config.keep},
        .facts = &l->store_facts,
        .say = on_say,
        .self = l,
    };
    code = redaction_make_stored(l->cli, &l->config, &l->redactor, &l->store.redactor);
    if (code)
        return code;
    if (given && strcmp(given, "off") != 0)
        return named_store(l, NULL, bytes_of(given));
    if (given || !plan->keeps_flows || bytes_equal(said, BYTES("off")))
        return CODE_OK;
    if (bytes_equal(said, BYTES("sqlite")))
        return usual_store(l);
    return named_store(l, l->config.folder, said);
}
