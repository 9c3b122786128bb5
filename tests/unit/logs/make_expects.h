/* make_expects: expectations from the YAML that people write, for tests. */
#ifndef TESTS_MAKE_EXPECTS_H
#define TESTS_MAKE_EXPECTS_H

#include <stdlib.h>

#include "logs/expect.h"

enum { MAKE_EXPECTS_BYTES = 4 * 1024 * 1024 };

/* What reading them gave. To be released by free_expects(). */
struct made_expects {
    struct expects expects;
    struct arena arena;
    struct diags diags;
    struct source source;
    enum status status;
};

#define MAKE_NOW INT64_C(1700000000000000)

static inline void make_expects(struct made_expects *m, const char *yaml)
{
    struct config_reader reader = {.arena = &m->arena, .diags = &m->diags};
    struct node *root = NULL;

    arena_init(&m->arena, MAKE_EXPECTS_BYTES);
    diags_init(&m->diags);
    expects_init(&m->expects);
    m->source = (struct source){.name = "proxy.yaml", .text = bytes_of(yaml)};
    m->status = node_parse(&m->arena, &m->source, &m->diags, &root);
    if (!m->status)
        m->status = expects_read(&m->expects, &reader, root, MAKE_NOW);
}

static inline void free_expects(struct made_expects *m)
{
    expects_release(&m->expects);
    diags_release(&m->diags);
    arena_release(&m->arena);
}

#endif
