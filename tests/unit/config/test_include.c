#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/include.h"

enum { ARENA_BYTES = 128 * 1024 * 1024, OUT_BYTES = 64 * 1024, PATH_TEXT = 256, FILES = 32 };

struct fixture {
    struct arena arena;
    struct diags diags;
    struct config_reader reader;
    struct includes in;
    struct node *root;
    char folder[PATH_TEXT];
    char files[FILES][PATH_TEXT];
    int file_count;
    struct buf out;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (!f)
        return -1;
    arena_init(&f->arena, ARENA_BYTES);
    diags_init(&f->diags);
    buf_init(&f->out, OUT_BYTES);
    f->reader = (struct config_reader){.arena = &f->arena, .diags = &f->diags};
    strcpy(f->folder, "/tmp/weir-[include]-XXXXXX"); /* the folder itself is no pattern */
    *state = f;
    return mkdtemp(f->folder) ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char path[PATH_TEXT];

    for (int i = 0; i < f->file_count; i++)
        unlink(f->files[i]);
    snprintf(path, sizeof(path), "%.200s/d", f->folder);
    rmdir(path);
    rmdir(f->folder);
    buf_release(&f->out);
    diags_release(&f->diags);
    arena_release(&f->arena);
    free(f);
    return 0;
}

/* "d" is the only folder that a test needs. */
static void put(struct fixture *f, const char *name, const char *text)
{
    char *path = f->files[f->file_count++];
    char folder[PATH_TEXT];
    FILE *file;

    snprintf(folder, sizeof(folder), "%.200s/d", f->folder);
    mkdir(folder, 0700);
    snprintf(path, PATH_TEXT, "%.200s/%.40s", f->folder, name);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    fclose(file);
}

static enum status join(struct fixture *f, const char *text)
{
    char path[PATH_TEXT];

    put(f, "main.yaml", text);
    snprintf(path, sizeof(path), "%.200s/main.yaml", f->folder);
    assert_int_equal(node_load(&f->arena, path, "main.yaml", &f->diags, &f->root), STATUS_OK);
    f->in = (struct includes){.path = path, .folder = f->folder, .shown = "main.yaml"};
    f->reader.vars = node_find(f->root, "vars");
    return include_join(&f->reader, f->root, &f->in);
}

static const char *shown(struct fixture *f)
{
    buf_clear(&f->out);
    diags_put(&f->diags, DIAG_SHORT, false, &f->out);
    return buf_text(&f->out);
}

/* The rules are texts here: nobody judges them. */
static void expect_rules(struct fixture *f, const char *wanted)
{
    const struct node *rules = node_find(f->root, "rules");
    uint32_t count = 0;

    buf_clear(&f->out);
    for (const struct node *n = rules->first; n; n = n->next, count++)
        buf_putf(&f->out, "%s%.*s", count ? " " : "", (int)n->text.len, n->text.ptr);
    assert_string_equal(buf_text(&f->out), wanted);
    assert_int_equal(rules->count, count);
}

static void joins_rules_behind_those_of_the_file_that_names_them(void **state)
{
    struct fixture *f = *state;

    put(f, "d/b.yaml", "rules: [b1]\ninclude: ../c.yaml\n");
    put(f, "d/a.yaml", "rules: [a1, a2]\n");
    put(f, "d/.hidden.yaml", "rules: [never]\n");
    put(f, "c.yaml", "rules: [c1]\n");
    put(f, "e.yaml", "rules: [e1]\n");
    assert_int_equal(join(f, "include: [d/*.yaml, e.yaml]\nrules: [m1]\n"), STATUS_OK);
    expect_rules(f, "m1 a1 a2 b1 c1 e1");
}

static void sorts_the_files_of_a_pattern_by_their_bytes(void **state)
{
    struct fixture *f = *state;

    put(f, "d/a.yaml", "rules: [a]\n");
    put(f, "d/B.yaml", "rules: [B]\n");
    put(f, "d/10.yaml", "rules: [ten]\n");
    put(f, "d/9.yaml", "rules: [nine]\n");
    put(f, "d/\xc3\xa4.yaml", "rules: [umlaut]\n");
    assert_int_equal(join(f, "include: d/*.yaml\n"), STATUS_OK);
    expect_rules(f, "ten nine B a umlaut");
}

static void names_the_file_and_its_folder_in_what_it_joins(void **state)
{
    struct fixture *f = *state;
    char folder[PATH_TEXT];
    const struct node *rule;

    put(f, "d/a.yaml", "\nrules:\n  - x\n");
    assert_int_equal(join(f, "include: d/a.yaml\n"), STATUS_OK);
    rule = node_find(f->root, "rules")->first;
    snprintf(folder, sizeof(folder), "%.200s/d", f->folder);
    assert_string_equal(rule->source->name, "d/a.yaml");
    assert_string_equal(rule->source->folder, folder);
    assert_int_equal(rule->at.line, 3);
}

static void reads_a_file_once(void **state)
{
    struct fixture *f = *state;

    put(f, "d/a.yaml", "rules: [a]\nvars: { x: 1 }\n");
    put(f, "d/b.yaml", "rules: [b]\ninclude: [a.yaml]\n");
    assert_int_equal(join(f, "include: [d/b.yaml, d/*.yaml, d/a.yaml]\n"), STATUS_OK);
    expect_rules(f, "b a");
}

static void joins_vars_and_groups(void **state)
{
    struct fixture *f = *state;

    put(f, "d/a.yaml", "vars: { x: 1, y: 2 }\ngroups: { g: {} }\n");
    put(f, "d/b.yaml", "vars: { z: 3 }\n");
    assert_int_equal(join(f, "vars: { w: 0 }\ninclude: d/*.yaml\n"), STATUS_OK);
    assert_int_equal(node_find(f->root, "vars")->count, 4);
    assert_non_null(node_find(node_find(f->root, "vars"), "z"));
    assert_non_null(node_find(node_find(f->root, "groups"), "g"));
}

static void replaces_variables_in_names(void **state)
{
    struct fixture *f = *state;

    put(f, "d/a.yaml", "rules: [a]\n");
    assert_int_equal(join(f, "vars: { where: d }\ninclude: $(where)/a.yaml\n"), STATUS_OK);
    expect_rules(f, "a");
}

static void tells_both_places_of_what_is_defined_twice(void **state)
{
    struct fixture *f = *state;

    put(f, "d/a.yaml", "vars:\n  wait: 1s\ngroups: { g: {} }\n");
    put(f, "d/b.yaml", "groups: { g: {} }\n");
    assert_int_equal(join(f, "vars: { wait: 2s }\ninclude: d/*.yaml\n"), STATUS_BAD_CONFIG);
    assert_string_equal(
        shown(f), "d/a.yaml:2:3: error: the variable 'wait' is defined twice, first at "
                  "main.yaml:1:9\n"
                  "d/b.yaml:1:11: error: the group 'g' is defined twice, first at d/a.yaml:3:11\n");
    assert_false(f->in.incomplete);
}

static void lets_a_setting_win(void **state)
{
    struct fixture *f = *state;
    struct node *root = NULL, *wait;

    put(f, "d/a.yaml", "vars: { wait: 1s, other: x }\n");
    assert_int_equal(node_set(&f->arena, &root, "vars.wait", "9s", &f->diags), STATUS_OK);
    assert_int_equal(node_set(&f->arena, &root, "include", "d/a.yaml", &f->diags), STATUS_OK);
    f->in = (struct includes){.path = "", .folder = f->folder, .shown = "none"};
    assert_int_equal(include_join(&f->reader, root, &f->in), STATUS_OK);
    wait = node_find(node_find(root, "vars"), "wait");
    assert_true(bytes_equal(wait->text, BYTES("9s")));
    assert_int_equal(node_find(root, "vars")->count, 2);
}

static void refuses_a_file_that_is_missing(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(join(f, "include: [gone.yaml, d]\n"), STATUS_BAD_CONFIG);
    assert_string_equal(shown(f), "main.yaml:1:11: error: cannot read 'gone.yaml': No such file or "
                                  "directory\n"
                                  "main.yaml:1:22: error: cannot read 'd': Is a directory\n");
    assert_true(f->in.incomplete);
}

static void warns_of_a_pattern_without_a_file(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(join(f, "include: [nowhere/*.yaml]\n"), STATUS_OK);
    assert_string_equal(shown(f), "main.yaml:1:11: warning: no file matches this pattern\n");
}

static void refuses_a_circle(void **state)
{
    struct fixture *f = *state;

    put(f, "d/a.yaml", "include: b.yaml\n");
    put(f, "d/b.yaml", "include: [../main.yaml, a.yaml, b.yaml]\n");
    assert_int_equal(join(f, "include: d/a.yaml\n"), STATUS_BAD_CONFIG);
    assert_int_equal(f->diags.errors, 3);
    assert_non_null(
        strstr(shown(f), "d/b.yaml:1:11: error: 'd/../main.yaml' includes what led here"));
}

static void refuses_a_pattern_that_matches_its_own_file(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(join(f, "include: ./*.yaml\n"), STATUS_BAD_CONFIG);
    assert_non_null(strstr(shown(f), "circle"));
}

static void refuses_files_that_are_too_deep(void **state)
{
    struct fixture *f = *state;
    char name[PATH_TEXT], text[PATH_TEXT];

    for (int i = 0; i < INCLUDE_DEPTH; i++) {
        snprintf(name, sizeof(name), "d/%d.yaml", i);
        snprintf(text, sizeof(text), "include: %d.yaml\n", i + 1);
        put(f, name, text);
    }
    assert_int_equal(join(f, "include: d/0.yaml\n"), STATUS_BAD_CONFIG);
    assert_string_equal(shown(f), "d/7.yaml:1:1: error: files are included more than 7 deep\n");
}

static void refuses_other_sections_and_wrong_kinds(void **state)
{
    struct fixture *f = *state;

    put(f, "d/a.yaml", "listen: 127.0.0.1:1\nrule: []\nrules: {}\nvars:\n");
    put(f, "d/b.yaml", "- x\n");
    put(f, "d/c.yaml", "");
    assert_int_equal(join(f, "include: d/*.yaml\n"), STATUS_BAD_CONFIG);
    assert_string_equal(
        shown(f),
        "d/a.yaml:1:1: error: 'listen' cannot stand in an included file: it holds rules, groups, "
        "vars and include\n"
        "d/a.yaml:2:1: error: unknown key 'rule', did you mean 'rules'?\n"
        "d/a.yaml:3:8: error: 'rules' wants a list\n"
        "d/a.yaml:4:1: error: 'vars' has no value\n"
        "d/b.yaml:1:1: error: an included file wants keys and values ('rules: …')\n");
}

static void reports_what_is_wrong_with_the_yaml_of_a_file(void **state)
{
    struct fixture *f = *state;

    put(f, "d/a.yaml", "rules: [a\n");
    put(f, "d/b.yaml", "rules: [b]\n");
    assert_int_equal(join(f, "include: d/*.yaml\n"), STATUS_BAD_CONFIG);
    assert_true(f->in.incomplete);
    assert_non_null(strstr(shown(f), "d/a.yaml:1:"));
    expect_rules(f, "b");
}

static void tells_what_it_looked_at(void **state)
{
    struct fixture *f = *state;
    const struct include_place *place;

    put(f, "d/a.yaml", "rules: [a]\n");
    assert_int_equal(join(f, "include: d/*.yaml\n"), STATUS_OK);
    place = f->in.first;
    assert_true(place->is_pattern);
    assert_non_null(strstr(place->path, "\\[include]"));
    place = place->next;
    assert_false(place->is_pattern);
    assert_string_equal(place->path, f->files[0]);
    assert_null(place->next);
}

static void refuses_names_that_are_none(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(join(f, "include: ['', \"a\\0b\"]\n"), STATUS_BAD_CONFIG);
    assert_int_equal(f->diags.errors, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(joins_rules_behind_those_of_the_file_that_names_them),
        TEST(sorts_the_files_of_a_pattern_by_their_bytes),
        TEST(names_the_file_and_its_folder_in_what_it_joins),
        TEST(reads_a_file_once),
        TEST(joins_vars_and_groups),
        TEST(replaces_variables_in_names),
        TEST(tells_both_places_of_what_is_defined_twice),
        TEST(lets_a_setting_win),
        TEST(refuses_a_file_that_is_missing),
        TEST(warns_of_a_pattern_without_a_file),
        TEST(refuses_a_circle),
        TEST(refuses_a_pattern_that_matches_its_own_file),
        TEST(refuses_files_that_are_too_deep),
        TEST(refuses_other_sections_and_wrong_kinds),
        TEST(reports_what_is_wrong_with_the_yaml_of_a_file),
        TEST(tells_what_it_looked_at),
        TEST(refuses_names_that_are_none),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
