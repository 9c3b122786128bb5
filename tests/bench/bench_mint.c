/* bench_mint: what a leaf costs, in microseconds: minted, with names mirrored, and
 * taken from the cache; and what a CA costs. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tls/ca.h"

enum { NOW = 1790000000, ROUNDS = 2000, REPEATS = 7 };

struct bench {
    struct ca *ca;
    const struct cert_names *mirror;
    unsigned host;
};

static void require(enum status st)
{
    if (st) {
        fprintf(stderr, "bench_mint: %s\n", status_sentence(st));
        exit(1);
    }
}

static int64_t cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* The best of some runs, which is the one least disturbed. */
static void measure(const char *name, void (*round)(struct bench *b), struct bench *b, int rounds)
{
    int64_t best = INT64_MAX;

    for (int repeat = 0; repeat < REPEATS; repeat++) {
        int64_t start = cpu_ns(), took;

        for (int i = 0; i < rounds; i++)
            round(b);
        took = cpu_ns() - start;
        best = took < best ? took : best;
    }
    printf("%-44s %8.2f us\n", name, (double)best / rounds / 1000);
}

static void get(struct bench *b, const char *host)
{
    struct leaf_request request = {.host = bytes_of(host), .mirror = b->mirror, .now = NOW};
    struct leaf *leaf;

    require(ca_leaf(b->ca, &request, &leaf));
    leaf_unref(leaf);
}

static void mint(struct bench *b)
{
    char host[48];

    snprintf(host, sizeof(host), "host-%u.example.test", b->host++);
    get(b, host);
}

static void take_from_cache(struct bench *b)
{
    get(b, "always.example.test");
}

static void make_ca(struct bench *b)
{
    struct ca *ca;

    (void)b;
    require(ca_generate("bench", NOW, &ca));
    ca_free(ca);
}

int main(void)
{
    static char text[LEAF_NAMES][32];
    static struct bytes items[LEAF_NAMES];
    struct cert_names mirror = {.count = 20, .items = items, .hash = 2};
    struct bench b = {.host = 0};

    for (int i = 0; i < LEAF_NAMES; i++) {
        snprintf(text[i], sizeof(text[i]), "name-%d.origin.test", i);
        items[i] = bytes_of(text[i]);
    }
    require(ca_generate("bench", NOW, &b.ca));
    measure("mint a leaf", mint, &b, ROUNDS);
    b.mirror = &mirror;
    measure("mint a leaf with 20 names mirrored", mint, &b, ROUNDS);
    mirror.count = LEAF_NAMES;
    mirror.hash = 4;
    measure("mint a leaf with 100 names mirrored", mint, &b, ROUNDS / 4);
    b.mirror = NULL;
    measure("take a leaf from the cache", take_from_cache, &b, ROUNDS * 10);
    measure("make a CA", make_ca, &b, ROUNDS / 20);
    ca_free(b.ca);
    return 0;
}
