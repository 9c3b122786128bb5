#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "config/schema.h"

enum { ARENA_BYTES = 1024 * 1024, OUT_BYTES = 64 * 1024 };

struct inner {
    int64_t wait_us, room_bytes;
};

struct outer {
    bool verify;
    int64_t count, left, any;
    struct bytes name;
    int dial;
    struct config_texts hosts;
    struct inner inner;
    uint32_t custom_calls;
};

struct fixture {
    struct arena arena;
    struct diags diags;
    struct source source;
    struct buf out;
    struct config_reader reader;
};

static const char *environment(const char *name)
{
    static const char *const pairs[][2] = {
        {"HOME", "/root"}, {"EMPTY", ""}, {"NEST", "$(inner)"}, {"PORT", "8080"}};

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (strcmp(name, pairs[i][0]) == 0)
            return pairs[i][1];
    }
    return NULL;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (!f)
        return -1;
    arena_init(&f->arena, ARENA_BYTES);
    diags_init(&f->diags);
    buf_init(&f->out, OUT_BYTES);
    f->reader =
        (struct config_reader){.arena = &f->arena, .diags = &f->diags, .getenv = environment};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    buf_release(&f->out);
    diags_release(&f->diags);
    arena_release(&f->arena);
    free(f);
    return 0;
}

static struct node *parsed(struct fixture *f, const char *text)
{
    struct node *root = NULL;

    f->source = (struct source){.name = "f", .text = bytes_of(text)};
    assert_int_equal(node_parse(&f->arena, &f->source, &f->diags, &root), STATUS_OK);
    return root;
}

/* What was said since the last look. */
static void check_said(struct fixture *f, const char *expected)
{
    buf_clear(&f->out);
    diags_put(&f->diags, DIAG_SHORT, false, &f->out);
    assert_string_equal(buf_text(&f->out), expected);
    diags_release(&f->diags);
}

static enum status parse_custom(const struct config_reader *r, const struct node *n, void *field)
{
    uint32_t *calls = field;

    (void)r;
    *calls += n->kind == NODE_MAP ? 100 : 1;
    return STATUS_OK;
}

static const struct config_key inner_keys[] = {
    {.name = "wait",
     .type = CONFIG_DURATION,
     .offset = offsetof(struct inner, wait_us),
     .fallback = "30s",
     .min = 1000,
     .max = 60000000},
    {.name = "room",
     .type = CONFIG_SIZE,
     .offset = offsetof(struct inner, room_bytes),
     .fallback = "64KiB",
     .max = 1048576},
};
static const struct config_section inner_section = {"inner", inner_keys, 2};

static const char *const dial_words[] = {"eager", "lazy", NULL};

static const struct config_key outer_keys[] = {
    {.name = "verify",
     .type = CONFIG_BOOL,
     .offset = offsetof(struct outer, verify),
     .fallback = "on"},
    {.name = "count",
     .type = CONFIG_INT,
     .offset = offsetof(struct outer, count),
     .fallback = "4",
     .min = 1,
     .max = 9},
    {.name = "left", .type = CONFIG_INT, .offset = offsetof(struct outer, left)},
    {.name = "any", .type = CONFIG_INT, .offset = offsetof(struct outer, any), .fallback = "-1"},
    {.name = "name", .type = CONFIG_TEXT, .offset = offsetof(struct outer, name), .fallback = ""},
    {.name = "dial",
     .type = CONFIG_WORD,
     .offset = offsetof(struct outer, dial),
     .words = dial_words,
     .fallback = "lazy"},
    {.name = "hosts",
     .type = CONFIG_TEXTS,
     .offset = offsetof(struct outer, hosts),
     .fallback = "all"},
    {.name = "inner",
     .type = CONFIG_SECTION,
     .offset = offsetof(struct outer, inner),
     .section = &inner_section},
    {.name = "custom",
     .type = CONFIG_CUSTOM,
     .offset = offsetof(struct outer, custom_calls),
     .parse = parse_custom,
     .fallback = "x"},
    {.name = "later", .type = CONFIG_LATER, .fallback = "ignored"},
};
static const struct config_section outer_section = {"", outer_keys,
                                                    sizeof(outer_keys) / sizeof(outer_keys[0])};

static void sets_every_default(void **state)
{
    struct fixture *f = *state;
    struct outer o = {.left = 55};

    assert_int_equal(config_read(&f->reader, &outer_section, NULL, &o), STATUS_OK);
    assert_true(o.verify);
    assert_int_equal(o.count, 4);
    assert_int_equal(o.left, 55);
    assert_int_equal(o.any, -1);
    assert_int_equal(o.name.len, 0);
    assert_string_equal((const char *)o.name.ptr, "");
    assert_int_equal(o.dial, 1);
    assert_int_equal(o.hosts.count, 1);
    assert_int_equal(o.inner.wait_us, 30000000);
    assert_int_equal(o.inner.room_bytes, 65536);
    assert_int_equal(o.custom_calls, 1);
    assert_int_equal(f->diags.errors, 0);
}

static void reads_every_type(void **state)
{
    struct fixture *f = *state;
    struct outer o = {0};
    const struct node *root =
        parsed(f, "verify: no\ncount: 9\nleft: 3\nany: -9223372036854775807\nname: $(env.HOME)\n"
                  "dial: eager\nhosts: [a, b]\ninner: { wait: 1s }\ncustom: { a: b }\n");

    assert_int_equal(config_read(&f->reader, &outer_section, root, &o), STATUS_OK);
    assert_false(o.verify);
    assert_int_equal(o.count, 9);
    assert_int_equal(o.left, 3);
    assert_int_equal(o.any, -INT64_MAX);
    assert_string_equal((const char *)o.name.ptr, "/root");
    assert_int_equal(o.dial, 0);
    assert_int_equal(o.hosts.count, 2);
    assert_int_equal(o.inner.wait_us, 1000000);
    assert_int_equal(o.inner.room_bytes, 65536); /* the default of what is not there */
    assert_int_equal(o.custom_calls, 101);
}

static void reports_all_that_is_wrong_at_once(void **state)
{
    struct fixture *f = *state;
    struct outer o = {0};
    const struct node *root =
        parsed(f, "verfiy: no\ncount: 10\nname: \"a\\0\"\ndial: x\nhosts: [a, \"\\0\"]\n"
                  "inner: { wait: 2m, room: 2MiB, later: 1 }\nlater: 1\n");

    assert_int_equal(config_read(&f->reader, &outer_section, root, &o), STATUS_BAD_CONFIG);
    check_said(f, "f:1:1: error: unknown key 'verfiy', did you mean 'verify'?\n"
                  "f:2:8: error: 10 is out of range: from 1 to 9\n"
                  "f:3:7: error: this text holds a NUL\n"
                  "f:4:7: error: unknown word 'x'; known here: eager, lazy\n"
                  "f:5:12: error: this text holds a NUL\n"
                  "f:6:16: error: 2m is out of range: from 1 ms to 1 m 0 s\n"
                  "f:6:26: error: 2MiB is out of range: from 0 B to 1.0 MiB\n"
                  "f:6:32: error: unknown key 'later'; known here: wait, room\n"
                  "f:7:1: error: 'later' is not in this version\n");
    assert_int_equal(o.count, 4); /* what is wrong leaves the default */
}

static void refuses_a_section_that_is_no_map(void **state)
{
    struct fixture *f = *state;
    struct outer o = {0};

    assert_int_equal(config_read(&f->reader, &outer_section, parsed(f, "[a]"), &o),
                     STATUS_BAD_CONFIG);
    check_said(f, "f:1:1: error: this file wants keys and values ('key: value')\n");
    assert_int_equal(config_read(&f->reader, &outer_section, parsed(f, "inner: [a]"), &o),
                     STATUS_BAD_CONFIG);
    check_said(f, "f:1:8: error: 'inner' wants keys and values ('key: value')\n");
    assert_int_equal(config_read(&f->reader, &outer_section, parsed(f, "inner:"), &o),
                     STATUS_BAD_CONFIG);
    check_said(f, "f:1:1: error: 'inner' has no value\n");
    assert_int_equal(config_read(&f->reader, &outer_section, parsed(f, "inner: {}"), &o),
                     STATUS_OK);
}

static void answers_no_memory_when_the_arena_is_full(void **state)
{
    struct fixture *f = *state;
    struct outer o = {0};
    struct arena small;

    arena_init(&small, 100);
    f->reader.arena = &small;
    assert_int_equal(config_read(&f->reader, &outer_section, NULL, &o), STATUS_NO_MEMORY);
    arena_release(&small);
}
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sets_every_default),
        TEST(reads_every_type),
        TEST(reports_all_that_is_wrong_at_once),
        TEST(refuses_a_section_that_is_no_map),
        TEST(answers_no_memory_when_the_arena_is_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
