/* bench_json: what changes of JSON in place cost: of a usual body of 2 KiB, and of one
 * of 8 MiB made to hurt.
 * bench_json [WORD]: only the rows whose name holds the word. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/json.h"
#include "http/json_edit.h"
#include "http/json_patch.h"

enum {
    REPEATS = 5,
    SMALL_ITEMS = 20,
    SMALL_ROUNDS = 2000,
    VAST_BYTES = 8 * 1024 * 1024,
    VAST_OPS = 100,
    OUT_BYTES = 64 * 1024 * 1024,
};

struct bench {
    struct bytes text;
    struct bytes merge;
    struct json_ops ops;
    struct json_path path;
    struct buf out;
    const char *word;
    uint64_t seen; /* so that nothing is optimised away */
};

static void require(enum status st)
{
    if (st) {
        fprintf(stderr, "bench_json: %s\n", status_sentence(st));
        exit(1);
    }
}

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* The best of some runs, which is the one least disturbed. */
static void measure(const char *name, void (*round)(struct bench *b), struct bench *b, int rounds)
{
    int64_t best = INT64_MAX;

    if (strstr(name, b->word) == NULL)
        return;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        int64_t start = now_ns(), took;

        for (int i = 0; i < rounds; i++)
            round(b);
        took = now_ns() - start;
        best = took < best ? took : best;
    }
    printf("%-44s %12.1f us\n", name, (double)best / rounds / 1000);
}

static void round_check(struct bench *b)
{
    struct json_fault fault;

    require(json_check(b->text, &fault));
}

static void round_find(struct bench *b)
{
    struct bytes value;

    require(json_find(b->text, &b->path, &value));
    b->seen += value.len;
}

static void round_set(struct bench *b)
{
    buf_clear(&b->out);
    require(json_set(b->text, &b->path, BYTES("\"new\""), &b->out));
    b->seen += b->out.len;
}

static void round_merge(struct bench *b)
{
    buf_clear(&b->out);
    require(json_merge(b->text, b->merge, &b->out));
    b->seen += b->out.len;
}

static void round_patch(struct bench *b)
{
    struct json_patch_fault fault;

    buf_clear(&b->out);
    require(json_patch(b->text, &b->ops, &b->out, &fault));
    b->seen += b->out.len;
}

static void put_small(struct buf *out)
{
    buf_put_text(out, "{\n  \"items\": [");
    for (unsigned i = 0; i < SMALL_ITEMS; i++)
        buf_putf(out,
                 "%s\n    { \"sku\": \"sku-%u\", \"name\": \"An article of \\\"ours\\\"\", "
                 "\"price\": %u.50, \"tags\": [\"a\", \"b\"] }",
                 i ? "," : "", i, i);
    buf_put_text(out, "\n  ],\n  \"total\": 7,\n  \"user\": { \"id\": 1 }\n}\n");
}

/* Members of the names that the patch has, over and over. */
static void put_vast(struct buf *out)
{
    buf_put_text(out, "{\"items\":[{\"sku\":1}]");
    for (unsigned i = 0; out->len < VAST_BYTES; i++)
        buf_putf(out, ",\"n%u\":{\"a\":1}", i % VAST_OPS);
    buf_put_byte(out, '}');
}

static void put_vast_merge(struct buf *out)
{
    buf_put_byte(out, '{');
    for (unsigned i = 0; i < VAST_OPS; i++)
        buf_putf(out, "%s\"n%u\":%s", i ? "," : "", i, i % 2 ? "null" : "{\"a\":2}");
    buf_put_byte(out, '}');
}

static void read_ops(struct bench *b, struct arena *arena, unsigned count)
{
    struct json_patch_fault fault;
    const char *sentence;
    struct buf text;

    buf_init(&text, OUT_BYTES);
    for (unsigned i = 0; i < count; i++)
        buf_putf(&text, "%s{\"op\":\"add\",\"path\":\"/items/0/n%u\",\"value\":1}", i ? "," : "[",
                 i);
    buf_put_byte(&text, ']');
    require(json_ops_parse(arena, buf_bytes(&text), &b->ops, &fault));
    require(json_path_dotted(arena, BYTES("items.0.sku"), &b->path, &sentence));
    buf_release(&text);
}

int main(int argc, char **argv)
{
    struct bench b = {.word = argc > 1 ? argv[1] : ""};
    struct buf small, vast, merge;
    struct arena arena;

    arena_init(&arena, OUT_BYTES);
    buf_init(&b.out, OUT_BYTES);
    buf_init(&small, OUT_BYTES);
    buf_init(&vast, OUT_BYTES);
    buf_init(&merge, OUT_BYTES);
    put_small(&small);
    b.text = buf_bytes(&small);
    b.merge = BYTES("{\"total\":8,\"user\":{\"id\":null,\"name\":\"joe\"},\"new\":true}");
    read_ops(&b, &arena, 3);
    measure("2 KiB: is it valid?", round_check, &b, SMALL_ROUNDS);
    measure("2 KiB: find items.0.sku", round_find, &b, SMALL_ROUNDS);
    measure("2 KiB: set it", round_set, &b, SMALL_ROUNDS);
    measure("2 KiB: merge four names", round_merge, &b, SMALL_ROUNDS);
    measure("2 KiB: patch by three operations", round_patch, &b, SMALL_ROUNDS);
    put_vast(&vast);
    put_vast_merge(&merge);
    b.text = buf_bytes(&vast);
    b.merge = buf_bytes(&merge);
    read_ops(&b, &arena, VAST_OPS);
    measure("8 MiB: is it valid?", round_check, &b, 1);
    measure("8 MiB: find items.0.sku", round_find, &b, 1);
    measure("8 MiB: merge 100 names, each there often", round_merge, &b, 1);
    measure("8 MiB: patch by 100 operations", round_patch, &b, 1);
    buf_release(&small);
    buf_release(&vast);
    buf_release(&merge);
    buf_release(&b.out);
    arena_release(&arena);
    return b.seen == 0;
}
