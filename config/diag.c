#include "config/diag.h"

#include <stdio.h>
#include <string.h>

enum {
    DIAGS_BYTES = 256 * 1024, /* of the arena: more than DIAGS of the longest texts need */
};

static const char ellipsis[] = "\xe2\x80\xa6";

void diags_init(struct diags *d)
{
    *d = (struct diags){0};
    arena_init(&d->arena, DIAGS_BYTES);
}

void diags_release(struct diags *d)
{
    arena_release(&d->arena);
    diags_init(d);
}

/* Warnings leave room for errors. */
bool diags_full(const struct diags *d, enum diag_level level)
{
    return d->kept >= (level == DIAG_ERROR ? DIAGS : DIAGS / 2);
}

static bool is_continuation(char c)
{
    return ((uint8_t)c & 0xc0) == 0x80;
}

/* Ends a text that was cut at `cap` with "…", between two code points. */
static void text_cut(char *text, size_t cap)
{
    size_t at = cap - sizeof(ellipsis);

    while (at > 0 && is_continuation(text[at]))
        at--;
    memcpy(text + at, ellipsis, sizeof(ellipsis));
}

/* NULL when there is no memory. */
static struct diag *diag_keep(struct diags *d, const char *text)
{
    struct diag *diag = arena_alloc(&d->arena, sizeof(*diag));

    if (!diag)
        return NULL;
    diag->text = arena_text(&d->arena, bytes_of(text));
    if (!diag->text)
        return NULL;
    if (d->last)
        d->last->next = diag;
    else
        d->first = diag;
    d->last = diag;
    d->kept++;
    return diag;
}

void diag_vadd(struct diags *d, enum diag_level level, const struct source *source, struct mark at,
               uint32_t width, const char *format, va_list args)
{
    char text[DIAG_TEXT_BYTES];
    struct diag *diag = NULL;
    int len;

    if (level == DIAG_ERROR)
        d->errors++;
    else if (level == DIAG_WARNING)
        d->warnings++;
    if (!diags_full(d, level)) {
        len = vsnprintf(text, sizeof(text), format, args);
        if (len < 0)
            text[0] = '\0';
        if (len >= (int)sizeof(text))
            text_cut(text, sizeof(text));
        diag = diag_keep(d, text);
    }
    if (!diag) {
        d->dropped++;
        return;
    }
    diag->level = level;
    diag->source = source;
    diag->at = at;
    diag->width = width ? width : 1;
}

void diag_add(struct diags *d, enum diag_level level, const struct source *source, struct mark at,
              uint32_t width, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    diag_vadd(d, level, source, at, width, format, args);
    va_end(args);
}

void diags_move(struct diags *to, struct diags *from)
{
    uint32_t errors = to->errors + from->errors, warnings = to->warnings + from->warnings;

    for (const struct diag *diag = from->first; diag; diag = diag->next)
        diag_add(to, diag->level, diag->source, diag->at, diag->width, "%s", diag->text);
    to->errors = errors;
    to->warnings = warnings;
    to->dropped += from->dropped;
    diags_release(from);
}

struct excerpt excerpt(struct bytes in)
{
    struct excerpt e = {{0}};
    size_t len = 0, points = 0;

    for (size_t i = 0; i < in.len; i++) {
        bool starts = !is_continuation((char)in.ptr[i]);

        if (len + sizeof(ellipsis) + 1 >= sizeof(e.text) ||
            (starts && ++points > EXCERPT_CODE_POINTS)) {
            memcpy(e.text + len, ellipsis, sizeof(ellipsis));
            break;
        }
        if (in.ptr[i] == 0)
            e.text[len++] = '\\';
        e.text[len++] = (char)(in.ptr[i] ? in.ptr[i] : '0');
    }
    return e;
}
