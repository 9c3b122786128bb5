#include "rules/effect_words.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/sizes.h"

static const char *const sentences[] = {
#define EFFECT(name, sentence) [EFFECT_##name] = sentence,
#include "rules/effects.def"
#undef EFFECT
};
enum { KINDS = sizeof(sentences) / sizeof(sentences[0]) };

static void say_answer(const struct effect *e, char *out)
{
    (void)snprintf(out, EFFECT_WORDS_BYTES, "answered %u", (unsigned)e->answer->head.status);
}

static void say_forward(const struct effect *e, char *out)
{
    (void)e;
    (void)snprintf(out, EFFECT_WORDS_BYTES, "passed");
}

static void say_target(const struct effect *e, char *out)
{
    const struct rule_target *t = &e->target;

    (void)snprintf(out, EFFECT_WORDS_BYTES, "sent to %.*s://%.*s:%u", (int)t->scheme.len,
                   (const char *)t->scheme.ptr, (int)t->host.len, (const char *)t->host.ptr,
                   (unsigned)t->port);
}

static void say_abort(const struct effect *e, char *out)
{
    static const char *const words[] = {
        "connection closed",      "connection reset", "left hanging",
        "closed behind its head", "sent a bad chunk", "sent garbage",
    };

    (void)snprintf(out, EFFECT_WORDS_BYTES, "%s", words[e->abort.kind]);
}

static void say_delay(const struct effect *e, char *out)
{
    (void)snprintf(out, EFFECT_WORDS_BYTES, "%s held %.1f ms",
                   e->delay.side == HTTP_REQUEST ? "request" : "response",
                   (double)e->delay.us / 1000.0);
}

static void say_tag(const struct effect *e, char *out)
{
    (void)snprintf(out, EFFECT_WORDS_BYTES, "tagged %.*s", (int)e->tag.len,
                   (const char *)e->tag.ptr);
}

static void say_keep(const struct effect *e, char *out)
{
    static const char *const words[] = {"recorded whole", "recorded without bodies",
                                        "not recorded"};

    (void)snprintf(out, EFFECT_WORDS_BYTES, "%s", words[e->keep]);
}

static void say_note(const struct effect *e, char *out)
{
    (void)snprintf(out, EFFECT_WORDS_BYTES, "%s", e->note);
}

static void say_chunks(const struct effect *e, char *out)
{
    (void)e;
    (void)snprintf(out, EFFECT_WORDS_BYTES, "each piece of the response held");
}

/* What was made in a buffer, which it releases. */
static void say_made(struct buf *made, char *out)
{
    (void)snprintf(out, EFFECT_WORDS_BYTES, "%s", buf_text(made));
    buf_release(made);
}

static void say_throttle(const struct effect *e, char *out)
{
    struct buf words;

    buf_init(&words, EFFECT_WORDS_BYTES);
    buf_put_text(&words, e->throttle.side == HTTP_REQUEST ? "request at " : "response at ");
    size_put(&words, e->throttle.bytes_s);
    buf_put_text(&words, "/s");
    say_made(&words, out);
}

static void say_dribble(const struct effect *e, char *out)
{
    struct buf words;

    buf_init(&words, EFFECT_WORDS_BYTES);
    buf_put_text(&words, e->dribble.head ? "head and body by " : "body by ");
    size_put(&words, e->dribble.bytes);
    buf_put_text(&words, " every ");
    duration_put(&words, e->dribble.every_us);
    say_made(&words, out);
}

static void say_cut(const struct effect *e, char *out)
{
    struct buf words;

    buf_init(&words, EFFECT_WORDS_BYTES);
    buf_put_text(&words, "cut after ");
    size_put(&words, e->cut_bytes);
    say_made(&words, out);
}

static void say_stall(const struct effect *e, char *out)
{
    struct buf words;

    buf_init(&words, EFFECT_WORDS_BYTES);
    buf_put_text(&words, "stalled ");
    buf_put_text(&words, e->stall.after_bytes == STALL_HEAD ? "before the head" : "after ");
    if (e->stall.after_bytes != STALL_HEAD)
        size_put(&words, e->stall.after_bytes);
    buf_put_text(&words, e->stall.us ? " for " : "");
    if (e->stall.us)
        duration_put(&words, e->stall.us);
    say_made(&words, out);
}

static void say_info(const struct effect *e, char *out)
{
    (void)snprintf(out, EFFECT_WORDS_BYTES, "sent %u before the answer", (unsigned)e->info->status);
}

static void say_gather(const struct effect *e, char *out)
{
    (void)snprintf(out, EFFECT_WORDS_BYTES, "held until %u have come%s", (unsigned)e->gather.count,
                   e->gather.reverse ? ", the last one first" : "");
}

/* A kind that is not here says no more than its row in effects.def. */
static void (*const words[KINDS])(const struct effect *e, char *out) = {
    [EFFECT_ANSWER] = say_answer,     [EFFECT_FORWARD] = say_forward, [EFFECT_TARGET] = say_target,
    [EFFECT_ABORT] = say_abort,       [EFFECT_DELAY] = say_delay,     [EFFECT_TAG] = say_tag,
    [EFFECT_LOG] = say_keep,          [EFFECT_NOTE] = say_note,       [EFFECT_CHUNKS] = say_chunks,
    [EFFECT_THROTTLE] = say_throttle, [EFFECT_DRIBBLE] = say_dribble, [EFFECT_CUT] = say_cut,
    [EFFECT_STALL] = say_stall,       [EFFECT_INFO] = say_info,       [EFFECT_GATHER] = say_gather,
};

void effect_words(const struct effect *e, char ret_text[static EFFECT_WORDS_BYTES])
{
    if (words[e->kind])
        words[e->kind](e, ret_text);
    else
        (void)snprintf(ret_text, EFFECT_WORDS_BYTES, "%s", sentences[e->kind]);
}
