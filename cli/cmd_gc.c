/* weir gc: removes flows that are too old or too many, in a file of nobody's, or by asking
 * the weir that writes to it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/sizes.h"
#include "base/text.h"
#include "cli/instance.h"
#include "cli/launch.h"
#include "cli/reply.h"
#include "tls/digest.h"

enum {
    GC_TEXT_BYTES = 64 * 1024,
    ASK_MS = 100, /* between two looks at a running weir */
    ASK_MOST_MS = 120 * 1000,
};

struct gc {
    const struct cli *cli;
    char path[PATHS_TEXT];
    bool dry_run, checked, sound;
    int64_t removed, flows, bytes_before, bytes_after;
};

/* ---- what was done ---- */

static void put_json(const struct gc *g, struct buf *out)
{
    buf_put_text(out, "{\"path\":");
    text_put_json(out, bytes_of(g->path));
    buf_putf(out,
             ",\"dry_run\":%s,\"removed\":%lld,\"flows\":%lld,\"bytes_before\":%lld,"
             "\"bytes_after\":%lld",
             g->dry_run ? "true" : "false", (long long)g->removed, (long long)g->flows,
             (long long)g->bytes_before, (long long)g->bytes_after);
    if (g->checked)
        buf_putf(out, ",\"sound\":%s", g->sound ? "true" : "false");
    buf_put_text(out, "}\n");
}

static void put_flows(struct buf *out, int64_t flows)
{
    buf_putf(out, "%lld flow%s", (long long)flows, flows == 1 ? "" : "s");
}

static void put_shown(const struct gc *g, struct buf *out)
{
    int64_t freed = g->bytes_before > g->bytes_after ? g->bytes_before - g->bytes_after : 0;

    text_put_terminal(out, bytes_of(g->path));
    buf_put_text(out, g->dry_run ? "\nwould remove " : "\nremoved  ");
    put_flows(out, g->removed);
    buf_put_text(out, g->dry_run ? ", about " : ", ");
    size_put(out, freed);
    buf_put_text(out, g->dry_run ? "\nwould leave  " : " given back\nleft     ");
    put_flows(out, g->flows);
    buf_put_text(out, ", ");
    size_put(out, g->bytes_after);
    buf_put_byte(out, '\n');
    if (g->checked && g->sound)
        buf_put_text(out, "the whole file is sound\n");
}

static int gc_print(const struct gc *g)
{
    struct buf out;
    int code;

    buf_init(&out, GC_TEXT_BYTES);
    if (options_has(&g->cli->options, OPTION_JSON))
        put_json(g, &out);
    else
        put_shown(g, &out);
    code = cli_print(g->cli, &out);
    buf_release(&out);
    return !code && g->checked && !g->sound ? CODE_FAILED : code;
}

/* ---- by the weir that runs ---- */

static int ask_store(const struct gc *g, const char *socket, struct control_reply *ret_reply)
{
    return instance_ask(g->cli, socket, "GET", "/v1/status", ret_reply);
}

/* Until it says that it has done so once more than before. */
static int wait_tidied(struct gc *g, const char *socket, int64_t before)
{
    int64_t removed = g->removed;
    const struct timespec pause = {.tv_nsec = ASK_MS * 1000000L};

    for (int waited_ms = 0; waited_ms < ASK_MOST_MS; waited_ms += ASK_MS) {
        struct control_reply reply;
        const json_t *store;
        int code = ask_store(g, socket, &reply);
        bool done;

        if (code)
            return code;
        store = json_object_get(reply.body, "store");
        done = reply_number(store, "tidied") > before;
        g->removed = reply_number(store, "removed") - removed;
        g->flows = reply_number(store, "flows");
        g->bytes_after = reply_number(store, "bytes");
        json_decref(reply.body);
        if (done)
            return CODE_OK;
        nanosleep(&pause, NULL);
    }
    cli_error(g->cli, "weir has too much to do to tidy up now; it goes on in idle moments");
    return CODE_FAILED;
}

static int gc_running(struct gc *g, const char *socket, const json_t *store)
{
    struct control_reply reply;
    int64_t before = reply_number(store, "tidied");
    int code;

    if (g->dry_run || g->checked) {
        cli_error(g->cli, "a weir is writing to %s", g->path);
        cli_hint(g->cli, "stop it for --dry-run and --integrity; it removes old flows by itself");
        return CODE_FAILED;
    }
    g->removed = reply_number(store, "removed");
    g->bytes_before = reply_number(store, "bytes");
    code = instance_ask(g->cli, socket, "POST", "/v1/gc", &reply);
    if (code)
        return code;
    json_decref(reply.body);
    code = wait_tidied(g, socket, before);
    return code ? code : gc_print(g);
}

/* *ret_done: a running weir has the store that is meant. */
static int gc_instance(struct gc *g, bool *ret_done)
{
    char socket[CONTROL_PATH_TEXT];
    struct control_reply reply;
    const char *path;
    const json_t *store;
    int code = instance_find(g->cli, true, socket);

    if (code == CODE_NO_WEIR && !options_has(&g->cli->options, OPTION_INSTANCE))
        return CODE_OK;
    if (!code)
        code = ask_store(g, socket, &reply);
    if (code)
        return code;
    store = json_object_get(reply.body, "store");
    path = reply_text(store, "path");
    if (path[0] && strlen(path) < sizeof(g->path)) {
        memcpy(g->path, path, strlen(path) + 1);
        code = gc_running(g, socket, store);
        *ret_done = true;
    }
    json_decref(reply.body);
    return code;
}

/* ---- by ourselves ---- */

static int64_t now_us(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static enum status gc_plan(struct gc *g, struct store *s)
{
    struct keep_plan plan = {0};
    enum status st = store_keep_plan(s, now_us(), &plan);

    g->removed = (int64_t)plan.flows;
    g->flows -= g->removed;
    g->bytes_after = g->bytes_before - (int64_t)plan.bytes;
    return st;
}

static enum status gc_tidy(struct gc *g, struct store *s, const struct store_facts *facts)
{
    enum status st = STATUS_OK;
    bool more = true;

    store_keep_tight(s, true);
    while (!st && more)
        st = store_keep(s, now_us(), &more);
    if (!st)
        st = store_shrink(s);
    g->removed = (int64_t)atomic_load(&facts->removed);
    g->flows = (int64_t)atomic_load(&facts->flows);
    g->bytes_after = (int64_t)atomic_load(&facts->bytes);
    return st;
}

static int gc_opened(struct gc *g, struct store *s, const struct store_facts *facts)
{
    const char *notice = store_notice(s);
    enum status st = STATUS_OK;

    if (notice[0])
        cli_say(g->cli, "%s", notice);
    g->flows = (int64_t)atomic_load(&facts->flows);
    g->bytes_before = (int64_t)atomic_load(&facts->bytes);
    if (g->checked) {
        st = store_check(s);
        g->sound = !st;
        if (st)
            cli_error(g->cli, "%s", store_error(s));
        if (st == STATUS_BAD_INPUT)
            return CODE_FAILED;
    }
    if (!st)
        st = g->dry_run ? gc_plan(g, s) : gc_tidy(g, s, facts);
    if (!st)
        return gc_print(g);
    cli_error(g->cli, "%s", store_error(s));
    return CODE_FAILED;
}

static int gc_file(struct gc *g, const struct keep *keep)
{
    const struct store_settings settings = {
        .path = g->path, .digest = digest_sha256, .keep = *keep};
    struct store_facts facts = {0};
    struct store *s = NULL;
    char error[STORE_ERROR_TEXT];
    enum status st;
    int code;

    if (!path_is_file(g->path)) {
        cli_error(g->cli, "%s: there is no such store of flows", g->path);
        cli_hint(g->cli, "to record flows: weir run");
        return CODE_FAILED;
    }
    st = store_open(&settings, &facts, error, &s);
    if (st) {
        cli_error(g->cli, "%s", error);
        if (st == STATUS_EXISTS)
            cli_hint(g->cli, "without --store, 'weir gc' asks the weir that runs");
        return CODE_FAILED;
    }
    code = gc_opened(g, s, &facts);
    store_close(s);
    return code;
}

/* The file that `weir run` would take. */
static int gc_path(struct gc *g, const struct config *c)
{
    const char *given = options_value(&g->cli->options, OPTION_STORE);
    struct bytes said = given ? bytes_of(given) : c->values.store;
    enum status st;

    if (given || !bytes_equal(said, BYTES("sqlite")))
        st = path_absolute(given ? NULL : c->folder, said, g->path);
    else
        st = paths_store(g->path);
    if (!given && bytes_equal(said, BYTES("off"))) {
        cli_error(g->cli, "logs.store is off; --store FILE names a store");
        return CODE_FAILED;
    }
    if (!st)
        return CODE_OK;
    cli_error(g->cli, "there is no path to a store: %s", status_sentence(st));
    return CODE_FAILED;
}

static int gc_by_ourselves(struct gc *g)
{
    struct config *c = calloc(1, sizeof(*c));
    struct rule_state *state = NULL;
    int code = CODE_FAILED;

    if (!c || rule_state_new(&state)) {
        cli_error(g->cli, "out of memory");
    } else {
        code = launch_config(g->cli, c, state);
        if (!code)
            code = gc_path(g, c);
        if (!code)
            code = gc_file(g, &c->keep);
        config_release(c);
    }
    rule_state_free(state);
    free(c);
    return code;
}

int command_gc(const struct cli *cli)
{
    const struct options *o = &cli->options;
    struct gc g = {
        .cli = cli,
        .dry_run = options_has(o, OPTION_DRY_RUN),
        .checked = options_has(o, OPTION_INTEGRITY),
    };
    bool done = false;
    int code = CODE_OK;

    if (o->operand_count)
        return cli_usage(cli, "'weir gc' takes no operand: '%.60s'", o->operands[0]);
    if (!options_has(o, OPTION_STORE))
        code = gc_instance(&g, &done);
    return code || done ? code : gc_by_ourselves(&g);
}
