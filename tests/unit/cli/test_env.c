#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/env.h"

enum { MEMORY_BYTES = 1024 * 1024, TEXT_BYTES = 1024 * 1024 };

static const char PEM[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

static const char *nothing(const char *name)
{
    (void)name;
    return NULL;
}

static const char *some_options(const char *name)
{
    return strcmp(name, "NODE_OPTIONS") == 0 ? "--trace-warnings" : NULL;
}

static const struct env_files some_files = {
    .folder = "/t", .ca = "/t/it's.pem", .bundle = "/t/b.pem", .wgetrc = "/t/w"};

static struct bytes value_of(const struct env *env, const char *name)
{
    for (uint32_t i = 0; i < env->count; i++)
        if (strcmp(env->items[i].name, name) == 0)
            return env->items[i].value;
    fail_msg("there is no %s", name);
    return BYTES("");
}

static bool has(const struct env *env, const char *name)
{
    for (uint32_t i = 0; i < env->count; i++)
        if (strcmp(env->items[i].name, name) == 0)
            return true;
    return false;
}

static void expect(const struct env *env, const char *name, const char *value)
{
    struct bytes got = value_of(env, name);

    assert_int_equal(got.len, strlen(value));
    assert_memory_equal(got.ptr, value, got.len);
}

static void variables_name_the_proxy_and_the_files(void **state)
{
    struct arena memory;
    struct env env;

    (void)state;
    arena_init(&memory, MEMORY_BYTES);
    assert_int_equal(env_make(&env, &memory, &some_files, BYTES("http://127.0.0.1:1"), nothing),
                     STATUS_OK);
    expect(&env, "HTTP_PROXY", "http://127.0.0.1:1");
    expect(&env, "https_proxy", "http://127.0.0.1:1");
    expect(&env, "NO_PROXY", "");
    expect(&env, "NODE_EXTRA_CA_CERTS", "/t/it's.pem");
    expect(&env, "SSL_CERT_FILE", "/t/b.pem");
    expect(&env, "GIT_SSL_CAINFO", "/t/b.pem");
    expect(&env, "WGETRC", "/t/w");
    expect(&env, "NODE_USE_ENV_PROXY", "1");
    expect(&env, "WEIR_ACTIVE", "1");
    assert_false(has(&env, "NODE_OPTIONS"));
    arena_release(&memory);
}

static void node_options_are_kept_and_added_to(void **state)
{
    struct env_files files = some_files;
    struct arena memory;
    struct env env;

    (void)state;
    arena_init(&memory, MEMORY_BYTES);
    memcpy(files.hook, "/a \"b\\/h.js", sizeof("/a \"b\\/h.js"));
    assert_int_equal(env_make(&env, &memory, &files, BYTES("u"), some_options), STATUS_OK);
    expect(&env, "NODE_OPTIONS", "--trace-warnings --require \"/a \\\"b\\\\/h.js\"");
    arena_release(&memory);
}

static void shells_get_their_own_quotes(void **state)
{
    static const struct {
        const char *shell, *line;
    } cases[] = {
        {"sh", "export NODE_EXTRA_CA_CERTS='/t/it'\\''s.pem'\n"},
        {"sh", "export NO_PROXY=''\n"},
        {"fish", "set -gx NODE_EXTRA_CA_CERTS '/t/it\\'s.pem'\n"},
        {"pwsh", "${env:NODE_EXTRA_CA_CERTS} = '/t/it''s.pem'\n"},
        {"docker", "HTTP_PROXY=http://me:pw@host.docker.internal:80\n"},
        {"docker", "NODE_EXTRA_CA_CERTS=/t/it's.pem\n"},
        {"json", "\"NODE_EXTRA_CA_CERTS\": \"/t/it's.pem\""},
        {"json", "\"NO_PROXY\": \"\""},
    };
    struct arena memory;
    struct env env;

    (void)state;
    arena_init(&memory, MEMORY_BYTES);
    assert_int_equal(
        env_make(&env, &memory, &some_files, BYTES("http://me:pw@127.0.0.1:80"), nothing),
        STATUS_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum env_shell shell;
        struct buf out;

        buf_init(&out, TEXT_BYTES);
        assert_int_equal(env_shell_find(cases[i].shell, &shell), STATUS_OK);
        env_put(&env, shell, &out);
        if (!strstr(buf_text(&out), cases[i].line))
            fail_msg("%s is not in:\n%s", cases[i].line, buf_text(&out));
        buf_release(&out);
    }
    arena_release(&memory);
}

static void there_is_no_other_shell(void **state)
{
    enum env_shell shell;

    (void)state;
    assert_int_equal(env_shell_find("tcsh", &shell), STATUS_BAD_INPUT);
}

static void the_proxy_url_encodes_the_password(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, TEXT_BYTES);
    env_put_proxy_url(BYTES("me:p@ss:w/rd"), "127.0.0.1:8080", &out);
    assert_string_equal(buf_text(&out), "http://me:p%40ss%3Aw%2Frd@127.0.0.1:8080");
    buf_clear(&out);
    env_put_proxy_url(BYTES(""), "[::1]:8080", &out);
    assert_string_equal(buf_text(&out), "http://[::1]:8080");
    buf_release(&out);
}

static void read_text(const char *path, struct buf *out)
{
    buf_clear(out);
    assert_int_equal(file_read(path, out), STATUS_OK);
}

static void files_hold_the_ca_and_go_away_again(void **state)
{
    char folder[] = "/tmp/weir-test-XXXXXX", system[] = "/tmp/weir-test-XXXXXX";
    struct env_files *f = malloc(sizeof(*f));
    struct buf text;
    int fd = mkstemp(system);

    (void)state;
    assert_non_null(f);
    assert_non_null(mkdtemp(folder));
    assert_int_equal(write(fd, "system roots", 12), 12);
    close(fd);
    setenv("SSL_CERT_FILE", system, 1);
    buf_init(&text, TEXT_BYTES);
    assert_int_equal(env_files_write(f, folder, bytes_of(PEM), true), STATUS_OK);
    read_text(f->ca, &text);
    assert_string_equal(buf_text(&text), PEM);
    read_text(f->bundle, &text);
    assert_non_null(strstr(buf_text(&text), "system roots"));
    assert_non_null(strstr(buf_text(&text), PEM));
    read_text(f->wgetrc, &text);
    assert_non_null(strstr(buf_text(&text), f->bundle));
    read_text(f->hook, &text);
    assert_non_null(strstr(buf_text(&text), "createConnection"));
    env_files_remove(f);
    assert_int_equal(access(folder, F_OK), -1);
    unsetenv("SSL_CERT_FILE");
    unlink(system);
    buf_release(&text);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_name_the_proxy_and_the_files),
        cmocka_unit_test(node_options_are_kept_and_added_to),
        cmocka_unit_test(shells_get_their_own_quotes),
        cmocka_unit_test(there_is_no_other_shell),
        cmocka_unit_test(the_proxy_url_encodes_the_password),
        cmocka_unit_test(files_hold_the_ca_and_go_away_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
