#include "fleet_fixture.h"

#include "proxy/loop/unix_socket.h"

enum { ANSWER_BYTES = 16 * 1024 };

static int open_control(const struct fixture *f)
{
    int fd;

    assert_int_equal(unix_connect(f->control, &fd), STATUS_OK);
    be_patient(fd);
    return fd;
}

/* Sends `text` and reads to the end of the connection. */
static void tell(const struct fixture *f, const char *text, char *answer, size_t cap)
{
    int fd = open_control(f);

    assert_true(send_text(fd, text));
    shutdown(fd, SHUT_WR);
    read_until(fd, NULL, answer, cap);
    close(fd);
}

static void status_tells_what_runs(void **state)
{
    struct fixture *f = fixture_start(2, NULL);
    json_t *body = fixture_ask(f, "GET", "/v1/status", 200);
    char url[FIXTURE_TEXT], address[ENDPOINT_TEXT];

    (void)state;
    endpoint_text(&f->address, address);
    snprintf(url, sizeof(url), "http://%s", address);
    assert_string_equal(json_string_value(json_object_get(body, "version")), "1.2.3");
    assert_int_equal(json_integer_value(json_object_get(body, "pid")), getpid());
    assert_int_equal(json_integer_value(json_object_get(body, "rules")), 1);
    assert_int_equal(json_array_size(json_object_get(body, "loops")), 2);
    assert_string_equal(json_string_value(json_object_get(body, "config")), "/a/proxy.yaml");
    assert_string_equal(json_string_value(json_array_get(json_object_get(body, "listen"), 0)), url);
    assert_true(json_is_object(json_object_get(body, "traffic")));
    assert_true(json_is_null(json_object_get(body, "log")));
    json_decref(body);
    assert_int_equal(fixture_stop(f), 0);
}

static void status_counts_over_all_loops(void **state)
{
    struct fixture *f = fixture_start(3, NULL);
    char answer[ANSWER_BYTES];
    json_t *body, *traffic;
    int fds[6];

    (void)state;
    for (int i = 0; i < 6; i++) {
        fds[i] = dial(&f->address);
        assert_true(
            send_text(fds[i], "GET http://rule.test/x HTTP/1.1\r\nHost: rule.test\r\n\r\n"));
        read_until(fds[i], "old", answer, sizeof(answer));
    }
    body = fixture_ask(f, "GET", "/v1/status", 200);
    traffic = json_object_get(body, "traffic");
    assert_int_equal(json_integer_value(json_object_get(traffic, "clients")), 6);
    assert_int_equal(json_integer_value(json_object_get(traffic, "exchanges")), 6);
    assert_int_equal(json_integer_value(json_object_get(traffic, "injected")), 6);
    json_decref(body);
    for (int i = 0; i < 6; i++)
        close(fds[i]);
    assert_int_equal(fixture_stop(f), 0);
}

static void unknown_targets_and_methods_are_told_apart(void **state)
{
    struct fixture *f = fixture_start(1, NULL);

    (void)state;
    json_decref(fixture_ask(f, "GET", "/v1/nothing", 404));
    json_decref(fixture_ask(f, "GET", "/v1/stop", 405));
    json_decref(fixture_ask(f, "POST", "/v1/status", 405));
    assert_int_equal(fixture_stop(f), 0);
}

static void answers_pipelined_requests_in_order(void **state)
{
    struct fixture *f = fixture_start(2, NULL);
    char answer[ANSWER_BYTES];
    const char *first, *second, *third;
    int fd = open_control(f);

    (void)state;
    assert_true(send_text(fd, "GET /v1/status HTTP/1.1\r\nHost: weir\r\n\r\n"
                              "GET /v1/nothing HTTP/1.1\r\nHost: weir\r\n\r\n"
                              "POST /v1/reload HTTP/1.1\r\nHost: weir\r\nContent-Length: 2\r\n"
                              "Connection: close\r\n\r\n{}"));
    read_until(fd, NULL, answer, sizeof(answer));
    close(fd);
    first = strstr(answer, "HTTP/1.1 200 OK");
    assert_non_null(first);
    second = strstr(first + 1, "HTTP/1.1 404 Not Found");
    assert_non_null(second);
    third = strstr(second + 1, "HTTP/1.1 200 OK");
    assert_non_null(third);
    assert_non_null(strstr(third, "one rule"));
    assert_int_equal(fixture_stop(f), 0);
}

static void reloads_that_come_together_are_all_answered(void **state)
{
    enum { ASKERS = 5 };
    struct fixture *f = fixture_start(2, NULL);
    char answer[ANSWER_BYTES];
    int fds[ASKERS];

    (void)state;
    for (int i = 0; i < ASKERS; i++) {
        fds[i] = open_control(f);
        assert_true(send_text(fds[i], "POST /v1/reload HTTP/1.1\r\nHost: weir\r\n\r\n"));
    }
    for (int i = 0; i < ASKERS; i++) {
        read_until(fds[i], "one rule", answer, sizeof(answer));
        assert_non_null(strstr(answer, "one rule"));
        close(fds[i]);
    }
    assert_in_range(atomic_load(&f->reloads), 1, ASKERS);
    assert_int_equal(fixture_stop(f), 0);
}

static void an_asker_that_has_gone_harms_nobody(void **state)
{
    struct fixture *f = fixture_start(2, NULL);

    (void)state;
    for (int i = 0; i < 20; i++) {
        int fd = open_control(f);

        assert_true(send_text(fd, "POST /v1/reload HTTP/1.1\r\nHost: weir\r\n\r\n"));
        close(fd);
        fd = open_control(f);
        assert_true(send_text(fd, "GET /v1/status HTTP/1.1\r\nHost: weir\r\n\r\n"));
        close(fd);
    }
    assert_int_equal(fixture_stop(f), 0);
}

static void a_broken_request_ends_only_its_connection(void **state)
{
    static const char *const cases[] = {
        "GET /v1/status\r\n\r\n",
        "GET /v1/status HTTP/1.1\r\nHost: weir\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "\x16\x03\x01\x02\x00",
        "",
    };
    struct fixture *f = fixture_start(1, NULL);
    char answer[ANSWER_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tell(f, cases[i], answer, sizeof(answer));
        assert_null(strstr(answer, "200 OK"));
    }
    json_decref(fixture_ask(f, "GET", "/v1/status", 200));
    assert_int_equal(fixture_stop(f), 0);
}

static void a_body_that_is_too_large_is_refused(void **state)
{
    static const char head[] =
        "POST /v1/reload HTTP/1.1\r\nHost: weir\r\nContent-Length: %d\r\n\r\n";
    struct fixture *f = fixture_start(1, NULL);
    size_t len = CONTROL_BODY_BYTES + 1;
    char text[FIXTURE_TEXT], answer[ANSWER_BYTES];
    char *body = malloc(len + 1);
    int fd = open_control(f);

    (void)state;
    assert_non_null(body);
    memset(body, ' ', len);
    body[len] = '\0';
    snprintf(text, sizeof(text), head, (int)len);
    assert_true(send_text(fd, text));
    assert_true(send_text(fd, body));
    read_until(fd, "too large", answer, sizeof(answer));
    assert_non_null(strstr(answer, "HTTP/1.1 413 "));
    assert_int_equal(atomic_load(&f->reloads), 0);
    free(body);
    close(fd);
    assert_int_equal(fixture_stop(f), 0);
}

static void further_connections_wait_for_their_place(void **state)
{
    struct fixture *f = fixture_start(1, NULL);
    int fds[CONTROL_CONNECTIONS + 1];
    char answer[ANSWER_BYTES];
    struct pollfd last;

    (void)state;
    for (int i = 0; i <= CONTROL_CONNECTIONS; i++)
        fds[i] = open_control(f);
    assert_true(send_text(fds[CONTROL_CONNECTIONS], "GET /v1/status HTTP/1.1\r\nHost: w\r\n\r\n"));
    last = (struct pollfd){.fd = fds[CONTROL_CONNECTIONS], .events = POLLIN};
    assert_int_equal(poll(&last, 1, 200), 0);
    close(fds[0]);
    read_until(fds[CONTROL_CONNECTIONS], "1.2.3", answer, sizeof(answer));
    assert_non_null(strstr(answer, "200 OK"));
    for (int i = 1; i <= CONTROL_CONNECTIONS; i++)
        close(fds[i]);
    assert_int_equal(fixture_stop(f), 0);
}

static void instances_are_found_by_their_sockets(void **state)
{
    struct fixture *f = fixture_start(1, NULL);
    struct control_instances found = {.count = 0};
    char dead[FIXTURE_TEXT + 16];
    int fd;

    (void)state;
    snprintf(dead, sizeof(dead), "%s/dead.sock", f->folder);
    assert_int_equal(unix_listen(dead, &fd), STATUS_OK);
    close(fd);
    control_find("/nowhere/at/all", &found);
    assert_int_equal(found.count, 0);
    control_find(f->folder, &found);
    assert_int_equal(found.count, 1);
    assert_string_equal(found.paths[0], f->control);
    unlink(dead);
    assert_int_equal(fixture_stop(f), 0);
}

static void says_when_nobody_answers(void **state)
{
    struct control_reply reply;
    char error[CONTROL_ERROR_TEXT];

    (void)state;
    assert_int_equal(control_ask("/nowhere.sock", "GET", "/v1/status", error, &reply),
                     STATUS_NOT_FOUND);
    assert_non_null(strstr(error, "/nowhere.sock"));
}

/* The answer to {"names": [word]}. */
static json_t *switch_word(struct fixture *f, const char *target, const char *word, unsigned wanted)
{
    struct control_call call = {.method = "POST", .target = target};
    json_t *body = json_pack("{s:[s]}", "names", word);
    struct control_reply reply;
    char error[CONTROL_ERROR_TEXT];

    call.body = body;
    assert_int_equal(control_call(f->control, &call, error, &reply), STATUS_OK);
    json_decref(body);
    assert_int_equal(reply.status, wanted);
    return reply.body;
}

static void rules_are_listed_and_switched(void **state)
{
    struct fixture *f = fixture_start(2, NULL);
    json_t *list, *rule, *answer;

    (void)state;
    answer = switch_word(f, "/v1/rules/off", "a", 200);
    assert_int_equal(json_array_size(json_object_get(answer, "changed")), 1);
    json_decref(answer);
    answer = switch_word(f, "/v1/rules/off", "test.yaml:1", 200);
    assert_int_equal(json_array_size(json_object_get(answer, "changed")), 0);
    assert_int_equal(json_integer_value(json_object_get(answer, "meant")), 1);
    json_decref(answer);
    assert_string_equal(f->said, "switched off: test.yaml:1 a\n");
    list = fixture_ask(f, "GET", "/v1/rules", 200);
    assert_int_equal(json_integer_value(json_object_get(list, "count")), 1);
    rule = json_array_get(json_object_get(list, "rules"), 0);
    assert_string_equal(json_string_value(json_object_get(rule, "name")), "a");
    assert_true(json_is_false(json_object_get(rule, "on")));
    assert_true(json_is_true(json_object_get(rule, "on_in_file")));
    json_decref(list);
    list = fixture_ask(f, "GET", "/v1/rules?from=1", 200);
    assert_int_equal(json_array_size(json_object_get(list, "rules")), 0);
    json_decref(list);
    assert_int_equal(fixture_stop(f), 0);
}

static void a_switch_of_nothing_known_is_refused(void **state)
{
    struct fixture *f = fixture_start(1, NULL);
    json_t *answer = switch_word(f, "/v1/rules/off", "test.yml:1", 404);

    (void)state;
    assert_string_equal(
        json_string_value(json_object_get(answer, "error")),
        "no rule, group or place is called 'test.yml:1', did you mean 'test.yaml:1'?");
    json_decref(answer);
    json_decref(fixture_ask(f, "POST", "/v1/rules/on", 400));
    json_decref(fixture_ask(f, "GET", "/v1/rules?page=2", 400));
    json_decref(fixture_ask(f, "GET", "/v1/rules/on", 405));
    assert_string_equal(f->said, "");
    assert_int_equal(fixture_stop(f), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_listed_and_switched),
        cmocka_unit_test(a_switch_of_nothing_known_is_refused),
        cmocka_unit_test(status_tells_what_runs),
        cmocka_unit_test(status_counts_over_all_loops),
        cmocka_unit_test(unknown_targets_and_methods_are_told_apart),
        cmocka_unit_test(answers_pipelined_requests_in_order),
        cmocka_unit_test(reloads_that_come_together_are_all_answered),
        cmocka_unit_test(an_asker_that_has_gone_harms_nobody),
        cmocka_unit_test(a_broken_request_ends_only_its_connection),
        cmocka_unit_test(a_body_that_is_too_large_is_refused),
        cmocka_unit_test(further_connections_wait_for_their_place),
        cmocka_unit_test(instances_are_found_by_their_sockets),
        cmocka_unit_test(says_when_nobody_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
