#include "cli/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/paths.h"

enum { LINE_BYTES = 64 * 1024, PIPE_BYTES = 4096 };

static void print_command(const struct tool *t, const char *const *argv)
{
    struct buf line;

    buf_init(&line, LINE_BYTES);
    for (; *argv; argv++) {
        text_put_shell(&line, bytes_of(*argv));
        if (argv[1])
            buf_put_byte(&line, ' ');
    }
    if (t->dry)
        printf("%s\n", buf_text(&line));
    else
        fprintf(stderr, "  $ %s\n", buf_text(&line));
    fflush(stdout);
    buf_release(&line);
}

static enum status wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return STATUS_IO;
    if (WIFEXITED(status) && WEXITSTATUS(status) == CODE_NOT_FOUND)
        return STATUS_NOT_FOUND;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? STATUS_OK : STATUS_REFUSED;
}

static enum status spawn(const char *const *argv, const posix_spawn_file_actions_t *actions,
                         pid_t *ret_pid)
{
    char *copy[TOOL_ARGUMENTS + 2];
    size_t count = 0;
    int error;

    for (; argv[count] && count < TOOL_ARGUMENTS + 1; count++)
        memcpy(&copy[count], &argv[count], sizeof(copy[count])); /* they are not written to */
    copy[count] = NULL;
    if (!copy[0])
        return STATUS_BAD_INPUT;
    error = posix_spawnp(ret_pid, copy[0], actions, NULL, copy, environ);
    if (error)
        return error == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    return STATUS_OK;
}

enum status tool_run(const struct tool *t, bool root, const char *const *argv)
{
    const char *with_sudo[TOOL_ARGUMENTS + 2] = {"sudo"};
    const char *const *all = argv;
    pid_t pid;
    enum status st;

    if (root && geteuid() != 0) {
        for (size_t i = 0; argv[i] && i < TOOL_ARGUMENTS; i++)
            with_sudo[i + 1] = argv[i];
        all = with_sudo;
    }
    print_command(t, all);
    if (t->dry)
        return STATUS_OK;
    st = spawn(all, NULL, &pid);
    return st ? st : wait_for(pid);
}

static void read_all(int fd, struct buf *out)
{
    for (;;) {
        uint8_t part[PIPE_BYTES];
        ssize_t n = read(fd, part, sizeof(part));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        buf_put(out, bytes_make(part, (size_t)n));
    }
}

enum status tool_ask(const char *const *argv, struct buf *out)
{
    posix_spawn_file_actions_t actions;
    enum status st;
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC))
        return STATUS_IO;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    st = spawn(argv, &actions, &pid);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (!st) {
        read_all(ends[0], out);
        st = wait_for(pid);
    }
    close(ends[0]);
    return st;
}
