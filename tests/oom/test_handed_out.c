/* What becomes of recorded flows, without memory: commands, packets, rules, requests that
 * are sent again. Each says that there was none; nothing is left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/replay_change.h"
#include "cli/replay_request.h"
#include "cli/stub_rules.h"
#include "logs/copy_as.h"
#include "logs/pcapng.h"
#include "make_flow.h"
#include "scarce_memory.h"

enum { OUT_BYTES = 1024 * 1024 };

static const struct redactor redacts = {.on = true, .key = "0123456789abcdef"};

/* Redaction does without memory by taking out more; all else says that there was none. */
static void expect_told(enum status st)
{
    if (st)
        assert_true(st == STATUS_NO_MEMORY && scarce_failed());
}

static struct flow *a_flow(void)
{
    struct flow *f = make_http_flow("POST", "/login?token=secret&a=b", 200, "application/json");

    make_body(f, &f->request, BYTES("{\"password\": \"secret\"}\x01"));
    make_body(f, &f->response, BYTES("{\"password\": \"secret\", \"a\": [1, 2]}"));
    return f;
}

static void copy_in(const char *form)
{
    struct flow *f = a_flow();
    struct buf out, notes;
    enum status st;

    buf_init(&out, OUT_BYTES);
    buf_init(&notes, COPY_NOTES_BYTES);
    scarce_arm(true);
    st = copy_as_put(copy_form_find(form), &redacts, f, &out, &notes);
    scarce_arm(false);
    expect_told(st);
    assert_int_equal(bytes_search(buf_bytes(&out), BYTES("secret\"")), -1);
    buf_release(&out);
    buf_release(&notes);
    free_flow(f);
}

static void a_curl_command(void)
{
    copy_in("curl");
}

static void an_httpie_command(void)
{
    copy_in("httpie");
}

static void a_wget_command(void)
{
    copy_in("wget");
}

static void a_fetch(void)
{
    copy_in("fetch");
}

static void a_python_program(void)
{
    copy_in("python");
}

static void a_raw_request(void)
{
    copy_in("raw");
}

static void some_packets(void)
{
    struct flow *f = a_flow();
    struct pcapng *p;
    struct buf out;
    enum status st = STATUS_NO_MEMORY;

    buf_init(&out, OUT_BYTES);
    scarce_arm(true);
    p = pcapng_new(&redacts);
    if (p)
        st = pcapng_begin(p, "weir", &out);
    if (!st)
        st = pcapng_secrets(p, BYTES("a b c\n"), &out);
    if (!st)
        st = pcapng_flow(p, f, &out);
    if (!st)
        st = pcapng_end(p, &out);
    scarce_arm(false);
    if (!scarce_failed())
        assert_int_equal(st, STATUS_OK);
    assert_int_equal(bytes_search(buf_bytes(&out), BYTES("secret")), -1);
    pcapng_free(p);
    buf_release(&out);
    free_flow(f);
}

static void some_rules(void)
{
    const struct stub_settings settings = {
        .redactor = &redacts, .folder = "/nowhere", .shown_folder = "bodies"};
    static struct stub_rules rules;
    struct flow *f = a_flow();
    struct buf out;
    enum status st;

    buf_init(&out, OUT_BYTES);
    scarce_arm(true);
    st = stub_rules_init(&rules, &settings);
    if (!st) {
        st = stub_rules_add(&rules, f);
        if (!st)
            st = stub_rules_put(&rules, &out);
        stub_rules_release(&rules);
    }
    scarce_arm(false);
    expect_told(st);
    assert_int_equal(bytes_search(buf_bytes(&out), BYTES("secret")), -1);
    buf_release(&out);
    free_flow(f);
}

static void a_request_that_is_changed(void)
{
    static struct replay_changes changes;
    struct flow *f = a_flow();
    struct replay_request request;
    const char *refusal = NULL;
    char error[REPLAY_ERROR_TEXT];
    enum status st;

    replay_changes_init(&changes);
    assert_int_equal(replay_changes_add(&changes, "url=http://b.test/x?y", error), STATUS_OK);
    assert_int_equal(replay_changes_add(&changes, "header.x-a=1", error), STATUS_OK);
    scarce_arm(true);
    st = replay_changes_apply(&changes, f);
    if (!st) {
        st = replay_request_make(f, BYTES(""), &request, &refusal);
        replay_request_release(&request);
    }
    scarce_arm(false);
    assert_int_equal(st, scarce_failed() ? STATUS_NO_MEMORY : STATUS_OK);
    replay_changes_release(&changes);
    free_flow(f);
}

static void copies_or_says_that_it_cannot(void **state)
{
    (void)state;
    scarce_play(a_curl_command);
    scarce_play(an_httpie_command);
    scarce_play(a_wget_command);
    scarce_play(a_fetch);
    scarce_play(a_python_program);
    scarce_play(a_raw_request);
}

static void exports_or_says_that_it_cannot(void **state)
{
    (void)state;
    scarce_play(some_packets);
    scarce_play(some_rules);
}

static void replays_or_says_that_it_cannot(void **state)
{
    (void)state;
    scarce_play(a_request_that_is_changed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_or_says_that_it_cannot),
        cmocka_unit_test(exports_or_says_that_it_cannot),
        cmocka_unit_test(replays_or_says_that_it_cannot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
