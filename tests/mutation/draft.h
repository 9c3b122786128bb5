/* draft: a message in parts that can be changed one by one, and the random numbers by
 * which they are. */
#ifndef WEIR_TESTS_MUTATION_DRAFT_H
#define WEIR_TESTS_MUTATION_DRAFT_H

#include "mutant.h"

enum { DRAFT_TEXT_BYTES = 512, DRAFT_LINES = 24, DRAFT_CHUNKS = 6, DRAFT_TRAILERS = 4 };

struct rng {
    uint64_t state;
};
uint64_t rng_next(struct rng *r);
/* Below `n`. */
size_t rng_below(struct rng *r, size_t n);
/* True once in `n`. */
bool rng_once_in(struct rng *r, size_t n);
#define RNG_PICK(r, list) ((list)[rng_below((r), sizeof(list) / sizeof((list)[0]))])

/* Bytes, NUL among them. What does not fit is cut off. */
struct text {
    uint8_t ptr[DRAFT_TEXT_BYTES];
    size_t len;
};
void text_set(struct text *t, const char *c_string);
void text_set_bytes(struct text *t, struct bytes in);
void text_insert(struct text *t, size_t at, struct bytes in);
void text_remove(struct text *t, size_t at, size_t len);
__attribute__((format(printf, 2, 3))) void text_setf(struct text *t, const char *format, ...);

struct line {
    struct text text, end;
};
struct draft_chunk {
    struct text size, size_end, data, data_end;
};
struct draft {
    bool response;
    struct line lines[DRAFT_LINES]; /* the first is the start line */
    size_t count;
    struct text head_end;
    bool chunked;
    struct text content;                     /* unless chunked */
    struct draft_chunk chunks[DRAFT_CHUNKS]; /* the last one of size 0 among them */
    size_t chunk_count;
    struct line trailers[DRAFT_TRAILERS];
    size_t trailer_count;
    struct text trailer_end;
};

void draft_start(struct draft *d, bool response, const char *start_line);
/* A line at that place, or at the end. */
struct line *draft_add_line(struct draft *d, size_t at, const char *text);
/* Content-Length and the content. */
void draft_content(struct draft *d, const char *content);
/* Transfer-Encoding, and one chunk; more by draft_add_chunk(). */
void draft_chunked(struct draft *d, const char *content);
void draft_add_chunk(struct draft *d, const char *content);
void draft_add_trailer(struct draft *d, const char *line);
/* The place of the first field of that name; 0: none. */
size_t draft_find(const struct draft *d, const char *name);
/* How long its content is, whatever its fields say. */
size_t draft_content_len(const struct draft *d);
/* Appends it to `into`, MUTANT_BYTES at most. */
void draft_write(const struct draft *d, uint8_t *into, size_t *len);

/* mutations.c: changes something, and says so in `story`. */
void draft_mutate(struct draft *d, struct rng *r, char *story);
__attribute__((format(printf, 2, 3))) void story_add(char *story, const char *format, ...);

#endif
