#include "fleet_fixture.h"

/* ---- an origin ---- */

struct origin {
    int fd;
    struct sockaddr_storage address;
    pthread_t thread;
    _Atomic int requests;
};

struct served {
    int fd;
    struct origin *origin;
};

/* One connection: answers "origin" to every head, until the client closes. */
static void *origin_serve(void *argument)
{
    struct served *served = argument;
    char text[4096];

    while (read_until(served->fd, "\r\n\r\n", text, sizeof(text))) {
        if (!strstr(text, "\r\n\r\n"))
            break;
        atomic_fetch_add(&served->origin->requests, 1); /* before anybody has the answer */
        if (!send_text(served->fd, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\norigin"))
            break;
    }
    close(served->fd);
    free(served);
    return NULL;
}

static void *origin_run(void *self)
{
    struct origin *o = self;
    int fd;

    while ((fd = accept(o->fd, NULL, NULL)) >= 0) {
        struct served *served = malloc(sizeof(*served));
        pthread_attr_t detached;
        pthread_t thread;

        be_patient(fd);
        served->fd = fd;
        served->origin = o;
        pthread_attr_init(&detached);
        pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
        pthread_create(&thread, &detached, origin_serve, served);
        pthread_attr_destroy(&detached);
    }
    return NULL;
}

static void origin_start(struct origin *o)
{
    socklen_t len = sizeof(o->address);
    struct sockaddr_storage want;

    memset(o, 0, sizeof(*o));
    assert_int_equal(endpoint_parse(BYTES("127.0.0.1:0"), &want), STATUS_OK);
    o->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(o->fd, (struct sockaddr *)&want, endpoint_len(&want)), 0);
    assert_int_equal(listen(o->fd, 64), 0);
    assert_int_equal(getsockname(o->fd, (struct sockaddr *)&o->address, &len), 0);
    pthread_create(&o->thread, NULL, origin_run, o);
}

static void origin_stop(struct origin *o)
{
    shutdown(o->fd, SHUT_RDWR);
    pthread_join(o->thread, NULL);
    close(o->fd);
}

enum { CLIENTS = 8, REQUESTS = 60, ANSWER_BYTES = 4096 };

/* ---- one client that asks many times ---- */

struct client {
    const struct fixture *fixture;
    const struct origin *origin;
    bool reconnects;
    int good, asked;
};

static void *client_run(void *self)
{
    struct client *c = self;
    char request[256], answer[ANSWER_BYTES];
    int fd = -1;

    snprintf(request, sizeof(request),
             "GET http://127.0.0.1:%u/ HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n",
             endpoint_port(&c->origin->address), endpoint_port(&c->origin->address));
    for (c->asked = 0; c->asked < REQUESTS; c->asked++) {
        if (fd < 0)
            fd = dial(&c->fixture->address);
        if (!send_text(fd, request))
            break;
        read_until(fd, "\r\n\r\norigin", answer, sizeof(answer));
        c->good += strncmp(answer, "HTTP/1.1 200 OK\r\n", 17) == 0;
        if (c->reconnects) {
            close(fd);
            fd = -1;
        }
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

static void carry_load(uint32_t workers)
{
    struct fixture *f = fixture_start(workers, NULL);
    struct client clients[CLIENTS];
    pthread_t threads[CLIENTS];
    struct origin o;

    origin_start(&o);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){.fixture = f, .origin = &o, .reconnects = i % 2 == 0};
        assert_int_equal(pthread_create(&threads[i], NULL, client_run, &clients[i]), 0);
    }
    for (int i = 0; i < 10; i++) { /* rules are swapped under load */
        json_decref(fixture_ask(f, "POST", "/v1/reload", 200));
        json_decref(fixture_ask(f, "GET", "/v1/status", 200));
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(clients[i].good, REQUESTS);
    }
    assert_int_equal(atomic_load(&o.requests), CLIENTS * REQUESTS);
    assert_int_equal(fixture_stop(f), 0);
    origin_stop(&o);
}

static void carries_load_on_the_main_thread(void **state)
{
    (void)state;
    carry_load(1);
}

static void carries_load_on_two_workers(void **state)
{
    (void)state;
    carry_load(2);
}

/* ---- who gets what ---- */

static int64_t clients_of(struct fixture *f, size_t loop)
{
    json_t *body = fixture_ask(f, "GET", "/v1/status", 200);
    int64_t clients = json_integer_value(json_array_get(json_object_get(body, "loops"), loop));

    json_decref(body);
    return clients;
}

static void gives_connections_to_the_loop_with_the_fewest(void **state)
{
    enum { MANY = 20 };
    struct fixture *f = fixture_start(2, NULL);
    int fds[MANY];
    char answer[ANSWER_BYTES];

    (void)state;
    for (int i = 0; i < MANY; i++) {
        fds[i] = dial(&f->address);
        assert_true(
            send_text(fds[i], "GET http://rule.test/x HTTP/1.1\r\nHost: rule.test\r\n\r\n"));
        read_until(fds[i], "old", answer, sizeof(answer));
        assert_non_null(strstr(answer, "200 OK"));
    }
    assert_int_equal(clients_of(f, 0), MANY / 2);
    assert_int_equal(clients_of(f, 1), MANY / 2);
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    assert_int_equal(fixture_stop(f), 0);
}

/* ---- reload ---- */

static void ask_rule(const struct fixture *f, const char *wanted)
{
    int fd = dial(&f->address);
    char answer[ANSWER_BYTES];

    assert_true(send_text(fd, "GET http://rule.test/x HTTP/1.1\r\nHost: rule.test\r\n\r\n"));
    read_until(fd, wanted, answer, sizeof(answer));
    assert_non_null(strstr(answer, wanted));
    close(fd);
}

static void a_reload_swaps_the_rules_of_every_loop(void **state)
{
    struct fixture *f = fixture_start(3, NULL);
    json_t *body;

    (void)state;
    for (int i = 0; i < 6; i++)
        ask_rule(f, "old");
    body = fixture_ask(f, "POST", "/v1/reload", 200);
    assert_true(json_is_true(json_object_get(body, "ok")));
    assert_string_equal(json_string_value(json_object_get(body, "report")), "one rule\n");
    json_decref(body);
    for (int i = 0; i < 6; i++)
        ask_rule(f, "new");
    assert_int_equal(fixture_stop(f), 0);
}

static void a_bad_reload_keeps_the_rules_and_says_why(void **state)
{
    struct fixture *f = fixture_start(2, NULL);
    json_t *body;

    (void)state;
    atomic_store(&f->bad_reload, true);
    body = fixture_ask(f, "POST", "/v1/reload", 422);
    assert_true(json_is_false(json_object_get(body, "ok")));
    assert_string_equal(json_string_value(json_object_get(body, "diagnostics")),
                        "rule 3 is wrong\n");
    json_decref(body);
    ask_rule(f, "old");
    assert_int_equal(fixture_stop(f), 0);
}

/* ---- limits ---- */

static void limit_connections(struct fixture *f)
{
    f->settings.connections = 2;
}

static bool is_answered(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 300) == 1;
}

/* Those that are there go on; the next one waits until one of them goes. */
static void keeps_connections_over_the_limit_waiting(void **state)
{
    static const char request[] = "GET http://rule.test/x HTTP/1.1\r\nHost: rule.test\r\n\r\n";
    struct fixture *f = fixture_start(2, limit_connections);
    char answer[ANSWER_BYTES];
    int fds[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        fds[i] = dial(&f->address);
        assert_true(send_text(fds[i], request));
        if (i < 2)
            assert_true(read_until(fds[i], "old", answer, sizeof(answer)) > 0);
    }
    assert_false(is_answered(fds[2]));
    assert_true(send_text(fds[0], request));
    assert_true(read_until(fds[0], "old", answer, sizeof(answer)) > 0);
    close(fds[0]);
    read_until(fds[2], "old", answer, sizeof(answer));
    assert_non_null(strstr(answer, "200 OK"));
    close(fds[1]);
    close(fds[2]);
    assert_int_equal(fixture_stop(f), 0);
}

/* ---- the end ---- */

static void a_stop_lets_an_open_exchange_finish(void **state)
{
    struct fixture *f = fixture_start(2, NULL);
    char request[256], answer[ANSWER_BYTES];
    struct origin o;
    int fd;

    (void)state;
    origin_start(&o);
    fd = dial(&f->address);
    snprintf(request, sizeof(request),
             "POST http://127.0.0.1:%u/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n\r\n12",
             endpoint_port(&o.address));
    assert_true(send_text(fd, request));
    while (atomic_load(&o.requests) == 0) /* the origin has its head */
        usleep(1000);
    json_decref(fixture_ask(f, "POST", "/v1/stop", 200));
    assert_true(send_text(fd, "34"));
    read_until(fd, "origin", answer, sizeof(answer));
    assert_non_null(strstr(answer, "200 OK"));
    close(fd);
    assert_int_equal(fixture_join(f), 0);
    origin_stop(&o);
}

enum { TOLD_BYTES = 4 * 1024 * 1024 }; /* more than a socket takes at once */

static void tell_much(void *self, struct buf *out)
{
    uint8_t *room;

    (void)self;
    buf_put_text(out, "{\"told\":\"");
    room = buf_room(out, TOLD_BYTES);
    assert_non_null(room);
    memset(room, 'x', TOLD_BYTES);
    buf_added(out, TOLD_BYTES);
    buf_put_text(out, "\"}");
}

static void tell_of_the_end(struct fixture *f)
{
    f->env.stopped = tell_much;
}

static void tell_nothing(void *self, struct buf *out)
{
    (void)self;
    out->status = STATUS_NO_MEMORY;
}

static void fail_to_tell(struct fixture *f)
{
    f->env.stopped = tell_nothing;
}

static void a_stop_is_answered_whole_when_all_is_over(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 2; workers++) {
        struct fixture *f = fixture_start(workers, tell_of_the_end);
        json_t *body = fixture_ask(f, "POST", "/v1/stop", 200);

        assert_true(json_is_true(json_object_get(body, "ok")));
        assert_int_equal(json_string_length(json_object_get(body, "told")), TOLD_BYTES);
        json_decref(body);
        assert_int_equal(fixture_join(f), 0);
    }
}

static void a_stop_that_cannot_tell_says_so(void **state)
{
    struct fixture *f = fixture_start(1, fail_to_tell);

    (void)state;
    json_decref(fixture_ask(f, "POST", "/v1/stop", 500));
    assert_int_equal(fixture_join(f), 0);
}

static void refuses_new_connections_while_it_drains(void **state)
{
    struct fixture *f = fixture_start(1, NULL);
    struct sockaddr_storage address = f->address;

    (void)state;
    assert_int_equal(fixture_stop(f), 0);
    assert_int_equal(dial(&address), -1);
}

static void block_control(struct fixture *f)
{
    FILE *file = fopen(f->control, "w");

    assert_non_null(file);
    fclose(file);
}

static void says_why_it_cannot_start(void **state)
{
    struct fixture *f = fixture_start(2, block_control);

    (void)state;
    assert_non_null(strstr(f->error, "/c.sock"));
    unlink(f->control); /* a file that is not ours is left alone */
    assert_int_equal(fixture_join(f), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_load_on_the_main_thread),
        cmocka_unit_test(carries_load_on_two_workers),
        cmocka_unit_test(gives_connections_to_the_loop_with_the_fewest),
        cmocka_unit_test(a_reload_swaps_the_rules_of_every_loop),
        cmocka_unit_test(a_bad_reload_keeps_the_rules_and_says_why),
        cmocka_unit_test(keeps_connections_over_the_limit_waiting),
        cmocka_unit_test(a_stop_lets_an_open_exchange_finish),
        cmocka_unit_test(a_stop_is_answered_whole_when_all_is_over),
        cmocka_unit_test(a_stop_that_cannot_tell_says_so),
        cmocka_unit_test(refuses_new_connections_while_it_drains),
        cmocka_unit_test(says_why_it_cannot_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
