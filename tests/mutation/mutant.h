/* mutant: a client's bytes and an origin's answer, made from a seed: good exchanges,
 * changed in one to three places of those on which readers of HTTP/1 disagree, with a
 * canary, a second request, behind or inside the first. The same seed makes the same
 * mutant. */
#ifndef WEIR_TESTS_MUTATION_MUTANT_H
#define WEIR_TESTS_MUTATION_MUTANT_H

#include "base/bytes.h"

enum {
    MUTANT_BYTES = 32 * 1024, /* of a client, or of an answer */
    MUTANT_STORY_BYTES = 1024,
};

enum mutant_way {
    MUTANT_PLAIN,   /* absolute-form to the proxy's port */
    MUTANT_CONNECT, /* origin-form within a CONNECT to a.test:80 */
    MUTANT_VIA,     /* the first, and on to another proxy */
};

struct mutant {
    uint64_t seed;
    enum mutant_way way;
    bool lenient;        /* http.lenient holds for a.test */
    bool client_eof;     /* the client closes its half behind its bytes */
    bool early;          /* the origin answers when it has the head */
    const char *rules;   /* YAML; NULL: none */
    bool late;           /* kernels take bytes late, and in parts */
    bool answer_mutated; /* it was the answer that was changed, not the requests */
    bool answer_eof;     /* the origin closes behind its first answer */
    size_t piece;        /* bytes of the client in one read; 0: all */
    size_t answer_piece; /* the same of the first answer */
    uint8_t client[MUTANT_BYTES];
    size_t client_len;
    uint8_t answer[MUTANT_BYTES]; /* to the first request that is sent on */
    size_t answer_len;
    char story[MUTANT_STORY_BYTES]; /* what was done, in words */
};

void mutant_make(uint64_t seed, struct mutant *m);

#endif
