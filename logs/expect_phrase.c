#include "logs/expect_phrase.h"

/* A phrase that is taken word by word. */
struct phrase {
    struct bytes rest;
    struct bytes word; /* the next one; empty at the end */
};

static void phrase_next(struct phrase *p)
{
    size_t len = 0;

    while (p->rest.len && (p->rest.ptr[0] == ' ' || p->rest.ptr[0] == '\t' ||
                           p->rest.ptr[0] == '\n' || p->rest.ptr[0] == ','))
        p->rest = bytes_from(p->rest, 1);
    while (len < p->rest.len && p->rest.ptr[len] != ' ' && p->rest.ptr[len] != '\t' &&
           p->rest.ptr[len] != '\n' && p->rest.ptr[len] != ',')
        len++;
    p->word = bytes_until(p->rest, len);
    p->rest = bytes_from(p->rest, len);
}

static struct phrase phrase_of(struct bytes text)
{
    struct phrase p = {.rest = text};

    phrase_next(&p);
    return p;
}

static bool phrase_takes(struct phrase *p, struct bytes word)
{
    if (!bytes_equal_icase(p->word, word))
        return false;
    phrase_next(p);
    return true;
}

static bool phrase_number(struct phrase *p, uint64_t *ret_number)
{
    if (bytes_to_u64(p->word, EXPECT_NUMBER_MAX, ret_number))
        return false;
    phrase_next(p);
    return true;
}

static bool count_between(struct phrase *p, struct expect_count *c)
{
    return phrase_number(p, &c->min) && phrase_takes(p, BYTES("and")) &&
           phrase_number(p, &c->max) && c->min <= c->max;
}

static bool count_exactly(struct phrase *p, struct expect_count *c)
{
    if (!phrase_number(p, &c->min))
        return false;
    c->max = c->min;
    return true;
}

static bool count_in_words(struct phrase *p, struct expect_count *c)
{
    static const struct bytes words[] = {BYTES_INIT("never"), BYTES_INIT("once"),
                                         BYTES_INIT("twice")};

    for (uint64_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!phrase_takes(p, words[i]))
            continue;
        c->min = c->max = i;
        return true;
    }
    return false;
}

/* *ret_said: a count stood there, or something that began like one. */
static bool phrase_count(struct phrase *p, struct expect_count *c, bool *ret_said)
{
    bool good;

    *ret_said = true;
    *c = (struct expect_count){0, EXPECT_NO_MAX};
    if (count_in_words(p, c))
        return true;
    if (phrase_takes(p, BYTES("between"))) {
        good = count_between(p, c);
    } else if (phrase_takes(p, BYTES("exactly"))) {
        good = count_exactly(p, c);
    } else if (phrase_takes(p, BYTES("at"))) {
        if (phrase_takes(p, BYTES("least")))
            good = phrase_number(p, &c->min);
        else
            good = phrase_takes(p, BYTES("most")) && phrase_number(p, &c->max);
    } else {
        *ret_said = good = count_exactly(p, c);
    }
    if (good && !phrase_takes(p, BYTES("times")))
        (void)phrase_takes(p, BYTES("time"));
    return good;
}

enum status expect_count_parse(struct bytes text, struct expect_count *ret_count)
{
    struct phrase p = phrase_of(text);
    struct expect_count count;
    bool said;

    if (!phrase_count(&p, &count, &said) || p.word.len)
        return STATUS_BAD_INPUT;
    *ret_count = count;
    return STATUS_OK;
}

static bool retries_manner(struct phrase *p, struct expect_retries *r)
{
    if (phrase_takes(p, BYTES("with"))) {
        if (phrase_takes(p, BYTES("backoff")))
            return r->backoff = true;
        return r->jitter = phrase_takes(p, BYTES("jitter"));
    }
    if (phrase_takes(p, BYTES("obeying")))
        return r->retry_after = phrase_takes(p, BYTES("retry-after"));
    return r->safely = phrase_takes(p, BYTES("safely"));
}

enum status expect_retries_parse(struct bytes text, struct expect_retries *ret_retries)
{
    struct phrase p = phrase_of(text);
    struct expect_retries r = {0};

    if (!p.word.len || (!phrase_count(&p, &r.count, &r.counted) && r.counted))
        return STATUS_BAD_INPUT;
    if (!r.counted)
        r.count = (struct expect_count){0, EXPECT_NO_MAX};
    while (p.word.len) {
        (void)phrase_takes(&p, BYTES("and"));
        if (!retries_manner(&p, &r))
            return STATUS_BAD_INPUT;
    }
    *ret_retries = r;
    return STATUS_OK;
}

enum status expect_status_parse(struct bytes text, struct expect_status *ret_status)
{
    uint64_t from, to;

    if (text.len == 3 && text.ptr[0] >= '1' && text.ptr[0] <= '9' &&
        bytes_equal_icase(bytes_from(text, 1), BYTES("xx"))) {
        from = (uint64_t)(text.ptr[0] - '0') * 100;
        to = from + 99;
    } else if (text.len == 7 && text.ptr[3] == '-') {
        if (bytes_to_u64(bytes_until(text, 3), 999, &from) ||
            bytes_to_u64(bytes_from(text, 4), 999, &to))
            return STATUS_BAD_INPUT;
    } else {
        if (text.len != 3 || bytes_to_u64(text, 999, &from))
            return STATUS_BAD_INPUT;
        to = from;
    }
    if (from < 100 || from > to)
        return STATUS_BAD_INPUT;
    *ret_status = (struct expect_status){(uint16_t)from, (uint16_t)to};
    return STATUS_OK;
}
