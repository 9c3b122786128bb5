/* fuzz_h1: what the targets of HTTP/1 share. A message cut in two, or into
 * bytes, must give the same events as the whole, and what is sent on must mean
 * the same; what passed without a fault must be good for a strict reader. */
#ifndef WEIR_TESTS_FUZZ_FUZZ_H1_H
#define WEIR_TESTS_FUZZ_FUZZ_H1_H

#include "h1_player.h"

enum { FUZZ_BYTEWISE = 1024 }; /* longer inputs are only cut in two */

static inline void fuzz_show(const char *what, struct bytes text)
{
    fprintf(stderr, "%s:\n%.*s\n", what, (int)text.len, (const char *)text.ptr);
}

static inline void fuzz_require_same(struct bytes a, struct bytes b, const char *what)
{
    if (bytes_equal(a, b))
        return;
    fuzz_show("whole", a);
    fuzz_show("cut", b);
    player_require(false, what);
}

static inline void fuzz_cut(const struct player_setup *setup, struct bytes in, size_t first,
                            size_t piece, struct buf *ret_text, struct buf *ret_meaning)
{
    struct player p;

    player_init(&p, setup);
    player_play(&p, in, first, piece);
    buf_put(ret_text, buf_bytes(&p.text));
    player_read_again(setup, buf_bytes(&p.out), ret_meaning);
    player_release(&p);
}

static inline void fuzz_compare(const struct player_setup *setup, struct bytes in, size_t first,
                                size_t piece, const struct buf *text, const struct buf *meaning)
{
    struct buf cut_text, cut_meaning;

    buf_init(&cut_text, PLAYER_TEXT_BYTES);
    buf_init(&cut_meaning, PLAYER_TEXT_BYTES);
    fuzz_cut(setup, in, first, piece, &cut_text, &cut_meaning);
    fuzz_require_same(buf_bytes(text), buf_bytes(&cut_text), "the events depend on the cut");
    fuzz_require_same(buf_bytes(meaning), buf_bytes(&cut_meaning), "what is sent on does");
    buf_release(&cut_text);
    buf_release(&cut_meaning);
}

/* Does the text of a strict reader tell of nothing bad? A request of HTTP/1.0 may
 * lack the Host that only the proxy can put in. */
static inline bool fuzz_must_be_good(const struct player_setup *setup, struct bytes text)
{
    return !setup->limits.lenient && bytes_search(text, BYTES("FAULT")) < 0 &&
           bytes_search(text, BYTES("NOT SENT")) < 0 && bytes_search(text, BYTES("HTTP/1.0")) < 0;
}

static inline void fuzz_play(const struct player_setup *setup, struct bytes in, size_t cut)
{
    struct buf text, meaning;

    buf_init(&text, PLAYER_TEXT_BYTES);
    buf_init(&meaning, PLAYER_TEXT_BYTES);
    fuzz_cut(setup, in, in.len + 1, in.len + 1, &text, &meaning);
    if (fuzz_must_be_good(setup, buf_bytes(&text)) &&
        bytes_search(buf_bytes(&meaning), BYTES("FAULT")) >= 0) {
        fuzz_show("events", buf_bytes(&text));
        fuzz_show("read again", buf_bytes(&meaning));
        player_require(false, "what was sent on is bad");
    }
    if (in.len > 1)
        fuzz_compare(setup, in, 1 + cut % (in.len - 1), in.len, &text, &meaning);
    if (in.len <= FUZZ_BYTEWISE)
        fuzz_compare(setup, in, 1, 1, &text, &meaning);
    buf_release(&text);
    buf_release(&meaning);
}

static inline struct codec_limits fuzz_limits(bool lenient, bool small)
{
    struct codec_limits limits = *player_usual_limits();

    if (small)
        limits = (struct codec_limits){.head_bytes = 200, .fields = 5, .request_line_bytes = 80};
    limits.lenient = lenient;
    return limits;
}

#endif
