#include "logs/filter_impl.h"

#include <string.h>

#include "base/text.h"
#include "config/diag.h"
#include "http/coding.h"

enum { SCRATCH_TEXT_BYTES = 256 * 1024 }; /* of a URL */

void filter_free(struct filter *f)
{
    struct arena arena;

    if (!f)
        return;
    arena = f->arena;
    arena_release(&arena);
}

struct bytes filter_text(const struct filter *f)
{
    return f->text;
}

void filter_scratch_init(struct filter_scratch *s)
{
    *s = (struct filter_scratch){0};
    buf_init(&s->request.decoded, CODING_OUT_BYTES);
    buf_init(&s->response.decoded, CODING_OUT_BYTES);
    buf_init(&s->text, SCRATCH_TEXT_BYTES);
}

void filter_scratch_forget(struct filter_scratch *s)
{
    s->flow = NULL;
}

void filter_scratch_release(struct filter_scratch *s)
{
    buf_release(&s->request.decoded);
    buf_release(&s->response.decoded);
    buf_release(&s->text);
}

/* The place of byte `at` as people count. */
static struct mark mark_of(struct bytes text, size_t at)
{
    struct mark m = {1, 1};

    for (size_t i = 0; i < at && i < text.len; i++) {
        if (text.ptr[i] == '\n')
            m = (struct mark){m.line + 1, 1};
        else if ((text.ptr[i] & 0xc0) != 0x80)
            m.column++;
    }
    return m;
}

static uint32_t width_of(struct bytes text, size_t at, size_t len)
{
    struct bytes part = bytes_until(bytes_from(text, at), len);
    uint32_t width = 0;

    for (size_t i = 0; i < part.len; i++)
        width += (part.ptr[i] & 0xc0) != 0x80;
    return width ? width : 1;
}

void filter_put_fault(const struct filter_fault *fault, struct bytes text, bool colour,
                      struct buf *out)
{
    struct source source = {.name = "filter", .text = text};
    struct diags diags;

    diags_init(&diags);
    diag_add(&diags, DIAG_ERROR, &source, mark_of(text, fault->at),
             width_of(text, fault->at, fault->len), "%s", fault->text);
    diags_put(&diags, DIAG_PRETTY, colour, out);
    diags_release(&diags);
}
