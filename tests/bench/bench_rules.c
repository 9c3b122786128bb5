/* bench_rules: what the rules cost a request, in nanoseconds: one that none of
 * 10,000 mixed rules matches, one that the last of them answers, and the same with
 * few rules.
 * bench_rules [WORD]: only the rows whose name holds the word. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rules_text.h"

enum {
    ROUNDS = 20 * 1000,
    REPEATS = 7,
    TREE_BYTES = 512 * 1024 * 1024,
    EXCHANGE_BYTES = 1024 * 1024,
    YAML_BYTES = 16 * 1024 * 1024,
};

struct bench {
    struct arena config, exchange;
    struct rule_state *counters;
    struct ruleset *rules;
    const char *word;
    uint64_t seen; /* so that nothing is optimised away */
};

static void require(enum status st)
{
    if (st) {
        fprintf(stderr, "bench_rules: %s\n", status_sentence(st));
        exit(1);
    }
}

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Of ten kinds, as people write them: most name a host. */
static void put_rule(struct buf *yaml, int i)
{
    switch (i % 10) {
    case 0:
        buf_putf(yaml, "  - { match: GET api%d.shop.test/v1/items/<id>, then: 404 }\n", i);
        break;
    case 1:
        buf_putf(yaml, "  - { match: .team%d.test, then: { delay: 1ms } }\n", i);
        break;
    case 2:
        buf_putf(yaml, "  - { match: POST shop.test/orders/%d/*, then: 503 }\n", i);
        break;
    case 3:
        buf_putf(yaml, "  - { match: /health%d, then: { respond: { text: ok } } }\n", i);
        break;
    case 4:
        buf_putf(
            yaml,
            "  - { match: { host: shop.test, path: /a/%d, header: { x-a: b } }, then: pass }\n", i);
        break;
    case 5:
        buf_putf(yaml, "  - { match: 'img-*.cdn%d.test/**.png', then: { abort: reset } }\n", i);
        break;
    case 6:
        buf_putf(yaml, "  - { match: https://pay%d.test:8443, when: 10%%, then: block }\n", i);
        break;
    case 7:
        buf_putf(yaml, "  - { match: 'shop.test/s%d?q=<q>', then: { redirect: '/$(q)' } }\n", i);
        break;
    case 8:
        buf_putf(yaml, "  - { match: { url: api%d.test, path: '~^/v\\d+/x' }, then: 500 }\n", i);
        break;
    default:
        buf_putf(yaml, "  - { match: GET|PUT docs.test/%d/**/end, then: 404 }\n", i);
        break;
    }
}

static void load(struct bench *b, int rules, const char *more)
{
    struct source source = {.name = "bench"};
    struct node *root = NULL;
    struct diags diags;
    struct config_reader r = {.arena = &b->config, .diags = &diags};
    struct buf yaml;
    int64_t start;

    buf_init(&yaml, YAML_BYTES);
    diags_init(&diags);
    buf_put_text(&yaml, "rules:\n");
    for (int i = 0; i < rules; i++)
        put_rule(&yaml, i);
    buf_put_text(&yaml, more);
    source.text = buf_bytes(&yaml);
    arena_release(&b->config);
    ruleset_unref(b->rules);
    b->rules = NULL;
    start = now_ns();
    require(node_parse(&b->config, &source, &diags, &root));
    require(ruleset_compile(&r, root, ".", b->counters, &b->rules));
    printf("%-40s %8.1f ms\n", "  (loading them)", (double)(now_ns() - start) / 1e6);
    diags_release(&diags);
    buf_release(&yaml);
}

static void run(struct bench *b, const char *name, const char *text)
{
    struct rules_request request;
    double best = 1e18;

    if (b->word && !strstr(name, b->word))
        return;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        int64_t start = now_ns();

        for (int i = 0; i < ROUNDS; i++) {
            struct effects effects = {0};
            enum rule_need need = RULES_DONE;
            struct rule_run *rule_run;

            if (i % 100 == 0) {
                arena_reset(&b->exchange);
                require(rules_text_request(&b->exchange, bytes_of(text), &request));
            }
            rule_run = rule_run_new(&b->exchange, b->rules, 1);
            require(rule_run ? STATUS_OK : STATUS_NO_MEMORY);
            require(rules_step(rule_run, &request.view, &effects, &need));
            b->seen += effects.count + need;
        }
        if ((double)(now_ns() - start) / ROUNDS < best)
            best = (double)(now_ns() - start) / ROUNDS;
    }
    printf("%-40s %8.0f ns\n", name, best);
}

#define FIELDS "\nUser-Agent: bench\nAccept: */*\nAccept-Encoding: gzip\nCookie: a=b; c=d\nX-B: c"

int main(int argc, char **argv)
{
    struct bench b = {.word = argc > 1 ? argv[1] : NULL};

    arena_init(&b.config, TREE_BYTES);
    arena_init(&b.exchange, EXCHANGE_BYTES);
    require(rule_state_new(&b.counters));
    load(&b, 3, "");
    run(&b, "3 rules, none matches", "GET https://www.other.test/path/to/it?x=y" FIELDS);
    load(&b, 10000, "  - { name: last, match: last.test/x/<id>, then: { respond: 404 } }\n");
    run(&b, "10,000 rules, host without rules", "GET https://www.other.test/path/to/it" FIELDS);
    run(&b, "10,000 rules, busy host, none matches", "GET https://shop.test/path/to/it?x=y" FIELDS);
    run(&b, "10,000 rules, a pattern that does not", "GET https://api18.test/path/to/it" FIELDS);
    run(&b, "10,000 rules, the last one answers", "GET https://last.test/x/7" FIELDS);
    ruleset_unref(b.rules);
    rule_state_free(b.counters);
    arena_release(&b.config);
    arena_release(&b.exchange);
    return b.seen ? 0 : 1;
}
