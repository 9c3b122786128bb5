/* A fleet with real sockets on threads of its own, and an origin for it. */
#ifndef WEIR_TESTS_FLEET_FIXTURE_H
#define WEIR_TESTS_FLEET_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "proxy/loop/control_client.h"
#include "proxy/loop/fleet.h"

enum {
    FIXTURE_TEXT = 128,
    FIXTURE_PATIENCE_SECONDS = 60, /* of every socket, so that no test hangs */
    FIXTURE_SEED = 7,
    FIXTURE_SAID_BYTES = 4096,
    FIXTURE_ARENA_BYTES = 1024 * 1024,
};

struct fixture {
    struct settings settings;
    struct listeners listeners;
    struct sockaddr_storage address; /* of the proxy */
    struct ca *ca;
    struct tls_shared *tls;
    struct rule_state *state;
    char folder[FIXTURE_TEXT], control[FIXTURE_TEXT * 2];
    struct fleet_env env;
    struct ruleset *rules;
    pthread_t thread;
    sem_t ready;
    int status;
    bool hangs;
    char error[FLEET_ERROR_TEXT];
    char said[FIXTURE_SAID_BYTES];
    _Atomic int reloads;     /* calls of the callback */
    _Atomic bool bad_reload; /* let the next ones fail */
};

/* An answer by a rule: no origin is needed for it. */
static struct ruleset *fixture_rules(struct fixture *f, const char *yaml)
{
    struct arena arena;
    struct diags diags;
    struct source source = {.name = "test.yaml", .text = bytes_of(yaml)};
    struct node *root = NULL;
    struct ruleset *rules = NULL;
    struct config_reader r = {.arena = &arena, .diags = &diags};

    arena_init(&arena, FIXTURE_ARENA_BYTES);
    diags_init(&diags);
    assert_int_equal(node_parse(&arena, &source, &diags, &root), STATUS_OK);
    assert_int_equal(ruleset_compile(&r, root, "/", f->state, &rules), STATUS_OK);
    diags_release(&diags);
    arena_release(&arena);
    return rules;
}

static void fixture_on_ready(void *self, struct fleet *fleet)
{
    struct fixture *f = self;

    (void)fleet;
    sem_post(&f->ready);
}

static void fixture_on_say(void *self, const char *text)
{
    struct fixture *f = self;
    size_t len = strlen(f->said);

    snprintf(f->said + len, sizeof(f->said) - len, "%s\n", text);
}

static void fixture_on_reload(void *self, struct fleet_reload *ret_reload)
{
    struct fixture *f = self;

    atomic_fetch_add(&f->reloads, 1);
    if (atomic_load(&f->bad_reload)) {
        buf_put_text(&ret_reload->text, "rule 3 is wrong\n");
        return;
    }
    buf_put_text(&ret_reload->text, "one rule\n");
    ret_reload->rules = fixture_rules(
        f, "rules: [{ name: b, match: rule.test/x, then: { respond: { text: new } } }]");
}

static void *fixture_run(void *self)
{
    struct fixture *f = self;

    f->status = fleet_run(&f->env, f->rules, f->error, &f->hangs);
    if (f->error[0])
        sem_post(&f->ready);
    return NULL;
}

/* `change` may set env and settings before the start; NULL is fine. */
static struct fixture *fixture_start(uint32_t workers, void (*change)(struct fixture *f))
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct sockaddr_storage want;
    struct listen_fault fault;
    char error[TLS_ERROR_TEXT];

    assert_non_null(f);
    snprintf(f->folder, sizeof(f->folder), "%s", "/tmp/weir-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->control, sizeof(f->control), "%s/c.sock", f->folder);
    f->settings.limits = (struct codec_limits){.head_bytes = HTTP_HEAD_BYTES,
                                               .fields = HTTP_FIELDS,
                                               .request_line_bytes = HTTP_REQUEST_LINE_BYTES};
    assert_int_equal(rule_state_new(&f->state), STATUS_OK);
    f->rules = fixture_rules(
        f, "rules: [{ name: a, match: rule.test/x, then: { respond: { text: old } } }]");
    assert_int_equal(endpoint_parse(BYTES("127.0.0.1:0"), &want), STATUS_OK);
    assert_int_equal(listeners_open(&want, 1, &f->listeners, &fault), STATUS_OK);
    f->address = f->listeners.addresses[0];
    assert_int_equal(
        own_addresses(&f->address, 1, f->settings.own, OWN_ADDRESSES, &f->settings.own_count),
        STATUS_OK);
    assert_int_equal(ca_generate("test", time(NULL), &f->ca), STATUS_OK);
    assert_int_equal(tls_shared_new(&(struct tls_settings){.min_version = 0x0303}, error, &f->tls),
                     STATUS_OK);
    f->env = (struct fleet_env){
        .settings = &f->settings,
        .listeners = &f->listeners,
        .workers = workers,
        .ca = f->ca,
        .tls = f->tls,
        .seed = FIXTURE_SEED,
        .control_path = f->control,
        .facts = {.version = "1.2.3", .config = "/a/proxy.yaml", .ca = "/a/ca.pem"},
        .on_ready = fixture_on_ready,
        .reload = fixture_on_reload,
        .say = fixture_on_say,
        .self = f,
    };
    if (change)
        change(f);
    sem_init(&f->ready, 0, 0);
    assert_int_equal(pthread_create(&f->thread, NULL, fixture_run, f), 0);
    while (sem_wait(&f->ready) && errno == EINTR)
        continue;
    return f;
}

/* Waits for its end; its exit status. */
static int fixture_join(struct fixture *f)
{
    int status;

    pthread_join(f->thread, NULL);
    status = f->status;
    ruleset_unref(f->rules);
    rule_state_free(f->state);
    tls_shared_free(f->tls);
    ca_free(f->ca);
    sem_destroy(&f->ready);
    assert_int_equal(rmdir(f->folder), 0); /* it has removed its socket */
    free(f);
    return status;
}

static json_t *fixture_ask(struct fixture *f, const char *method, const char *target,
                           unsigned wanted)
{
    struct control_reply reply;
    char error[CONTROL_ERROR_TEXT];

    assert_int_equal(control_ask(f->control, method, target, error, &reply), STATUS_OK);
    assert_int_equal(reply.status, wanted);
    return reply.body;
}

static int fixture_stop(struct fixture *f)
{
    json_decref(fixture_ask(f, "POST", "/v1/stop", 200));
    return fixture_join(f);
}

/* ---- sockets ---- */

static void be_patient(int fd)
{
    const struct timeval patience = {.tv_sec = FIXTURE_PATIENCE_SECONDS};

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

static int dial(const struct sockaddr_storage *to)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    be_patient(fd);
    if (connect(fd, (const struct sockaddr *)to, endpoint_len(to)) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool send_text(int fd, const char *text)
{
    size_t len = strlen(text);

    return send(fd, text, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* Reads until `end` has come, or the peer has closed, or there is no room. */
static size_t read_until(int fd, const char *end, char *text, size_t cap)
{
    size_t len = 0;

    text[0] = '\0';
    while (len + 1 < cap && !(end && strstr(text, end))) {
        ssize_t n = recv(fd, text + len, cap - len - 1, 0);

        if (n <= 0)
            break;
        len += (size_t)n;
        text[len] = '\0';
    }
    return len;
}

#endif
