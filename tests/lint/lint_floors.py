"""Each floor keeps to itself: third-party headers, sockets, clocks, threads and files."""

import re
import sys

import source_tree as tree

THIRD_PARTY = {
    "yaml.h": ["config"],
    "openssl/": ["tls"],
    "pcre2.h": ["rules"],
    "uv.h": ["proxy/loop", "cli"],
    "zlib.h": ["http"],
    "brotli/": ["http"],
    "zstd.h": ["http", "logs"],  # content codings; bodies at rest
    "nghttp2/": ["http"],
    "jansson.h": ["logs", "proxy/loop", "cli"],
    "sqlite3.h": ["logs"],
    "cmocka.h": [],
}

# These floors work on bytes alone.
QUIET = {"base", "config", "http", "tls", "rules", "proxy/core", "inspector"}
QUIET_HEADERS = {
    "pthread.h": {"tls", "rules"},  # for a mutex around what loops share
    "threads.h": set(),
    "netdb.h": set(),
    "poll.h": set(),
    "sys/epoll.h": set(),
    "sys/eventfd.h": set(),
    "sys/select.h": set(),
    "sys/timerfd.h": set(),
    "sys/wait.h": set(),
    "semaphore.h": set(),
}
QUIET_CALLS = {
    "a socket": "socket socketpair connect bind listen accept accept4 send sendto sendmsg "
    "recv recvfrom recvmsg shutdown setsockopt getsockopt getaddrinfo getnameinfo poll "
    "select epoll_wait",
    "a clock": "clock_gettime gettimeofday time clock nanosleep sleep usleep timespec_get",
    "a thread": "pthread_create thrd_create fork vfork execv execve execvp posix_spawn popen",
}
FILE_CALLS = "fopen freopen fdopen open openat creat mkstemp opendir"
FILE_NAMES = re.compile(r"(_file|/sink_\w+|/query\w*)\.c$")
FREE_WITH_FILES = {"cli", "proxy/loop"}
BANNED_CALLS = "strcpy strcat sprintf vsprintf gets strtok alloca atoi atol system"

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)', re.MULTILINE)


def calls(code, words):
    """Calls of these functions by their bare names: not members, not parts of names."""
    pattern = r"(?<![\w.>])(%s)\s*\(" % "|".join(words.split())
    for match in re.finditer(pattern, code):
        yield match.group(1), tree.line_of(code, match.start())


def check_includes(path, floor, text):
    for match in INCLUDE.finditer(text):
        where = "%s:%d" % (path, tree.line_of(text, match.start()))
        name = match.group(2)
        if "../" in name:
            yield '%s: includes "%s" by way of ..' % (where, name)
        if not floor:
            continue
        for header, homes in THIRD_PARTY.items():
            if (name == header or header.endswith("/") and name.startswith(header)) and (
                floor not in homes
            ):
                yield "%s: <%s> does not belong in %s/" % (where, name, floor)
        if floor in QUIET and floor not in QUIET_HEADERS.get(name, {floor}):
            yield "%s: %s/ must not include <%s>" % (where, floor, name)


def check_calls(path, floor, code):
    if floor in QUIET:
        for kind, words in QUIET_CALLS.items():
            for name, line in calls(code, words):
                yield "%s:%d: %s() touches %s, %s/ must not" % (path, line, name, kind, floor)
    if floor not in FREE_WITH_FILES and not FILE_NAMES.search(path):
        for name, line in calls(code, FILE_CALLS):
            yield "%s:%d: %s() opens a file, only *_file.c may" % (path, line, name)
    for name, line in calls(code, BANNED_CALLS):
        yield "%s:%d: %s() is not used in this house" % (path, line, name)


def main():
    root = tree.parse_root()
    problems = []
    for path in tree.files(root, (".c", ".h")):
        floor = tree.floor_of(path)
        text = tree.read(root, path)
        problems += check_includes(path, floor, tree.without_comments(text))
        if floor:
            problems += check_calls(path, floor, tree.code_only(text))
    return tree.report(problems)


if __name__ == "__main__":
    sys.exit(main())
