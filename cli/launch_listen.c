/* The addresses to listen on, and who is in the way. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/launch.h"
#include "proxy/loop/endpoint.h"

enum {
    PROC_TEXT = 300,
    LINE_TEXT = 512,
    PROC_WORDS = 10, /* of a line of /proc/net/tcp that are looked at */
    PROC_STATE = 3,  /* which of them */
    PROC_INODE = 9,
    PROC_LISTENS = 0x0A, /* TCP_LISTEN */
};

static int wanted_addresses(const struct launch *l, const struct launch_plan *plan,
                            struct sockaddr_storage *ret_want, uint32_t *ret_count)
{
    const char *given;
    uint32_t count = 0;
    int at = 0;

    if (plan->listen_any_port) {
        *ret_count = 1;
        return endpoint_parse(BYTES("127.0.0.1:0"), &ret_want[0]) ? CODE_FAILED : CODE_OK;
    }
    while ((given = options_next(&l->cli->options, OPTION_LISTEN, &at))) {
        if (count == LISTENERS)
            return cli_usage(l->cli, "weir listens on at most %d addresses", LISTENERS);
        if (endpoint_parse(bytes_of(given), &ret_want[count++]))
            return cli_usage(l->cli,
                             "'%.60s' is no address to listen on: write 127.0.0.1:8080 or "
                             "[::1]:8080",
                             given);
    }
    if (count == 0) {
        count = l->config.listen_count;
        memcpy(ret_want, l->config.listen, count * sizeof(*ret_want));
    }
    *ret_count = count;
    return CODE_OK;
}

/* Who can reach the proxy can use it, and reads what it passes. */
static int check_remote(const struct launch *l, const struct sockaddr_storage *want, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        char text[ENDPOINT_TEXT];

        if (endpoint_is_loopback(&want[i]))
            continue;
        endpoint_text(&want[i], text);
        if (!options_has(&l->cli->options, OPTION_ALLOW_REMOTE))
            return cli_usage(l->cli,
                             "%s can be reached from other machines: that takes "
                             "--allow-remote, and auth in the configuration",
                             text);
        if (l->settings.auth.len == 0) {
            cli_error(l->cli, "--allow-remote takes a password too");
            cli_hint(l->cli, "put `auth: user:password` into the configuration, or use "
                             "--set 'auth=user:$(env.WEIR_PASSWORD)'");
            return CODE_CONFIG;
        }
    }
    return CODE_OK;
}

/* ---- who is in the way ---- */

/* A line of /proc/net/tcp: the inode, if it is a socket listening on that port. */
static uint64_t inode_of_line(char *line, uint16_t port)
{
    char *words[PROC_WORDS] = {NULL}, *rest = NULL;
    uint64_t local = 0, state = 0, inode = 0;
    char *colon;

    for (int i = 0; i < PROC_WORDS; i++)
        words[i] = strtok_r(i ? NULL : line, " \n", &rest);
    colon = words[1] ? strchr(words[1], ':') : NULL;
    if (!colon || !words[PROC_INODE] || bytes_hex_to_u64(bytes_of(colon + 1), &local) ||
        bytes_hex_to_u64(bytes_of(words[PROC_STATE]), &state) ||
        bytes_to_u64(bytes_of(words[PROC_INODE]), UINT64_MAX, &inode))
        return 0;
    return local == port && state == PROC_LISTENS ? inode : 0;
}

/* Of any address; 0: unknown. */
static uint64_t listening_inode(const char *table, uint16_t port)
{
    FILE *f = fopen(table, "re");
    char line[LINE_TEXT];
    uint64_t found = 0;

    while (f && !found && fgets(line, sizeof(line), f))
        found = inode_of_line(line, port);
    if (f)
        fclose(f);
    return found;
}

static bool holds_inode(const char *pid, uint64_t inode)
{
    char folder[PROC_TEXT], wanted[PROC_TEXT];
    DIR *dir;
    struct dirent *entry;
    bool found = false;

    snprintf(wanted, sizeof(wanted), "socket:[%" PRIu64 "]", inode);
    snprintf(folder, sizeof(folder), "/proc/%.20s/fd", pid);
    dir = opendir(folder);
    while (dir && !found && (entry = readdir(dir))) {
        char target[PROC_TEXT];
        ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

        if (len <= 0)
            continue;
        target[len] = '\0';
        found = strcmp(target, wanted) == 0;
    }
    if (dir)
        closedir(dir);
    return found;
}

static void read_comm(const char *pid, char comm[static LAUNCH_OWNER_TEXT])
{
    char path[PROC_TEXT];
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
    f = fopen(path, "re");
    if (!f || !fgets(comm, LAUNCH_OWNER_TEXT, f))
        memcpy(comm, "?", sizeof("?"));
    comm[strcspn(comm, "\n")] = '\0';
    if (f)
        fclose(f);
}

/* Only processes that we may look into are found. */
bool launch_port_owner(uint16_t port, char *ret_pid, char *ret_comm)
{
    uint64_t inode = listening_inode("/proc/net/tcp", port);
    DIR *dir;
    struct dirent *entry;
    bool found = false;

    if (!inode)
        inode = listening_inode("/proc/net/tcp6", port);
    if (!inode)
        return false;
    dir = opendir("/proc");
    while (dir && !found && (entry = readdir(dir))) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !holds_inode(entry->d_name, inode))
            continue;
        snprintf(ret_pid, LAUNCH_OWNER_TEXT, "%.20s", entry->d_name);
        read_comm(entry->d_name, ret_comm);
        found = true;
    }
    if (dir)
        closedir(dir);
    return found;
}

void launch_explain_port(const struct cli *cli, const struct sockaddr_storage *address)
{
    uint16_t port = endpoint_port(address);
    char pid[LAUNCH_OWNER_TEXT], comm[LAUNCH_OWNER_TEXT];

    if (!launch_port_owner(port, pid, comm)) {
        cli_hint(cli, "another program listens there, of another user perhaps");
    } else if (strcmp(comm, "weir") == 0) {
        cli_hint(cli, "a weir runs there already (process %s); to end it: weir stop --instance %u",
                 pid, port);
    } else {
        cli_hint(cli, "'%s' (process %s) listens there", comm, pid);
    }
    cli_hint(cli, "to take another port: weir run --listen 127.0.0.1:%u",
             port < 65535 ? port + 1 : 0);
}

static int explain_fault(const struct launch *l, const struct sockaddr_storage *want,
                         const struct listen_fault *fault)
{
    char text[ENDPOINT_TEXT];

    endpoint_text(&want[fault->at], text);
    if (fault->error == EADDRINUSE) {
        cli_error(l->cli, "%s is in use", text);
        launch_explain_port(l->cli, &want[fault->at]);
        return CODE_FAILED;
    }
    cli_error(l->cli, "cannot listen on %s: %s", text, strerror(fault->error));
    if (fault->error == EACCES)
        cli_hint(l->cli, "ports below 1024 are for root; take a higher one");
    else if (fault->error == EADDRNOTAVAIL)
        cli_hint(l->cli, "this machine has no such address");
    return CODE_FAILED;
}

int launch_listen(struct launch *l, const struct launch_plan *plan)
{
    struct sockaddr_storage want[LISTENERS] = {0};
    struct listen_fault fault;
    uint32_t count = 0;
    int code = wanted_addresses(l, plan, want, &count);

    if (!code)
        code = check_remote(l, want, count);
    if (code)
        return code;
    if (listeners_open(want, count, &l->listeners, &fault))
        return explain_fault(l, want, &fault);
    l->listen_count = l->listeners.count;
    memcpy(l->listen, l->listeners.addresses, sizeof(l->listen));
    if (own_addresses(l->listeners.addresses, l->listeners.count, l->settings.own, OWN_ADDRESSES,
                      &l->settings.own_count)) {
        cli_error(l->cli, "this machine has too many addresses to listen on all of them");
        return CODE_FAILED;
    }
    return CODE_OK;
}
