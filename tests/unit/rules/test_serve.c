/* `serve`: a folder's files, and nothing else. */
#include <sys/stat.h>
#include <unistd.h>

#include "rules_world.h"

enum { PATH_BYTES = 512, BIG_BYTES = RULE_BODY_BYTES + 1 };

static char root[] = "/tmp/weir-serve-XXXXXX";

static void write_file(const char *name, const char *text)
{
    char path[PATH_BYTES];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", root, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void in_root(const char *name, int (*make)(const char *path, mode_t mode))
{
    char path[PATH_BYTES];

    snprintf(path, sizeof(path), "%s/%s", root, name);
    assert_int_equal(make(path, 0700), 0);
}

static int folder_begin(void **state)
{
    char link[PATH_BYTES];

    (void)state;
    assert_non_null(mkdtemp(root));
    in_root("site", mkdir);
    in_root("site/css", mkdir);
    write_file("outside", "outside");
    write_file("site/index.html", "home");
    write_file("site/css/a.css", "body");
    write_file("site/.hidden", "hidden");
    in_root("site/pipe", mkfifo);
    snprintf(link, sizeof(link), "%s/site/link", root);
    assert_int_equal(symlink("../outside", link), 0);
    return 0;
}

static int folder_end(void **state)
{
    static const char *const names[] = {"outside",      "site/index.html", "site/css/a.css",
                                        "site/.hidden", "site/pipe",       "site/link"};
    static const char *const folders[] = {"site/css", "site", ""};
    char path[PATH_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", root, names[i]);
        unlink(path);
    }
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", root, folders[i]);
        rmdir(path);
    }
    return 0;
}

static void load_site(struct world *w, const char *serve)
{
    char rule[1024];

    w->folder = root;
    snprintf(rule, sizeof(rule), "{ match: '/s/<rest*>', then: { serve: %s } }", serve);
    world_rule(w, rule);
}

static void finds_files_beneath_the_folder(void **state)
{
    struct world *w = *state;

    load_site(w, "site/$(rest)");
    expect_part(w, "GET http://a.test/s/css/a.css", "answer 200 OK\n");
    expect_part(w, "GET http://a.test/s/css/a.css", "Content-Type: text/css; charset=utf-8\n");
    expect_part(w, "GET http://a.test/s/css//./a.css", "\n\nbody\n");
    expect_part(w, "GET http://a.test/s/", "\n\nhome\n");
    load_site(w, "site/css/a.$(rest)");
    expect_part(w, "GET http://a.test/s/css", "\n\nbody\n");
    load_site(w, "{ from: site/css/$(rest), index: a.css }");
    expect_part(w, "GET http://a.test/s/", "\n\nbody\n");
    world_rule(w, "{ match: a.test, then: { serve: site } }");
    assert_true(ruleset_answers_host(w->rules, BYTES("http"), BYTES("a.test"), 80));
}

static void finds_nothing_else(void **state)
{
    static const char *const paths[] = {"../outside",
                                        "%2e%2e/outside",
                                        "css/../../outside",
                                        "..%2foutside",
                                        "css/..%2F..%2Foutside",
                                        "link",
                                        ".hidden",
                                        "pipe",
                                        "css",
                                        "index.html%00",
                                        "css/a.css/",
                                        "index.html/",
                                        "none"};
    struct world *w = *state;
    char request[256];

    load_site(w, "site/$(rest)");
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        snprintf(request, sizeof(request), "GET http://a.test/s/%s", paths[i]);
        expect_part(w, request, "answer 404");
    }
}

static void a_file_is_served_whatever_the_path(void **state)
{
    struct world *w = *state;

    load_site(w, "site/css/a.css");
    expect_part(w, "GET http://a.test/s/any/../thing", "\n\nbody\n");
    expect_part(w, "PUT http://a.test/s/", "answer 405");
    expect_part(w, "PUT http://a.test/s/", "Allow: GET, HEAD\n");
}

static void keeps_what_it_read_until_it_is_loaded_again(void **state)
{
    struct world *w = *state;

    load_site(w, "site/$(rest)");
    write_file("site/index.html", "changed");
    expect_part(w, "GET http://a.test/s/", "\n\nhome\n");
    load_site(w, "site/$(rest)");
    expect_part(w, "GET http://a.test/s/", "\n\nchanged\n");
    write_file("site/index.html", "home");
}

static void refuses_a_file_that_is_too_large(void **state)
{
    struct world *w = *state;
    char path[PATH_BYTES];

    write_file("site/css/a.css", "body");
    snprintf(path, sizeof(path), "%s/site/css/a.css", root);
    assert_int_equal(truncate(path, BIG_BYTES), 0);
    w->folder = root;
    assert_int_equal(world_try(w, "rules: [{ match: a.test, then: { serve: site } }]"),
                     STATUS_BAD_CONFIG);
    assert_non_null(strstr(buf_text(&w->diag_text), "holds a file of more than 8 MiB"));
    write_file("site/css/a.css", "body");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
        TEST(finds_files_beneath_the_folder),     TEST(finds_nothing_else),
        TEST(a_file_is_served_whatever_the_path), TEST(keeps_what_it_read_until_it_is_loaded_again),
        TEST(refuses_a_file_that_is_too_large),
    };

    return cmocka_run_group_tests(tests, folder_begin, folder_end);
}
