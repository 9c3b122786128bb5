#include <stdlib.h>
#include <string.h>

#include "config/node_read.h"

/* Mistakes of syntax are mended, so that the next one is seen too. */
enum {
    REPAIRS = 16,
    REPAIR_BYTES = 16 * 1024 * 1024, /* read again for that, in all */
};

/* Makes one harmless word of a text that should have been quoted. The count of
 * code points stays, so that later places are right. */
static void blank_out(uint8_t *text, struct range range)
{
    for (size_t i = range.from; i < range.to; i++) {
        if (text[i] < 0x80)
            text[i] = 'x';
    }
}

/* After a pass that libyaml gave up: what was wrong, then the rest of the file as
 * if it were mended. p->diags hold what the last pass found. `copy` is a copy of
 * the text. */
static enum status explain_all(struct node_reader *p, uint8_t *copy, struct diags *diags)
{
    struct diags *found = p->diags;
    struct arena scratch; /* for trees that nobody will see */
    enum status st = STATUS_BAD_INPUT;
    uint32_t repairs = 0;

    arena_init(&scratch, p->arena->max);
    while (st == STATUS_BAD_INPUT) {
        struct range range = {0, 0};
        bool again;

        p->diags = diags;
        again =
            node_explain(p, &range) && repairs++ < REPAIRS && repairs * p->text.len <= REPAIR_BYTES;
        node_read_end(p);
        if (!again)
            break;
        diags_release(found); /* the next pass finds all of it again */
        arena_release(&scratch);
        blank_out(copy, range);
        *p = (struct node_reader){.arena = &scratch,
                                  .source = p->source,
                                  .original = p->original,
                                  .text = bytes_make(copy, p->text.len),
                                  .diags = found};
        st = node_read(p);
    }
    arena_release(&scratch);
    return st == STATUS_NO_MEMORY ? st : STATUS_BAD_CONFIG;
}

static enum status give_up(struct node_reader *p, struct diags *diags)
{
    uint8_t *copy = malloc(p->text.len + 1);
    enum status st = STATUS_NO_MEMORY;

    if (copy) {
        if (p->text.len)
            memcpy(copy, p->text.ptr, p->text.len);
        st = explain_all(p, copy, diags);
    } else {
        node_read_end(p);
    }
    free(copy);
    return st;
}

static bool is_nothing(const struct node *n)
{
    return !n || (n->kind == NODE_SCALAR && n->plain && n->text.len == 0);
}

static enum status read_text(struct node_reader *p, struct diags *diags, struct node **ret_root)
{
    enum status st = node_read(p);

    if (st == STATUS_BAD_INPUT)
        return give_up(p, diags);
    if (st)
        return st;
    if (p->diags->errors == 0 || !p->spoiled)
        *ret_root = is_nothing(p->root) ? NULL : p->root;
    return p->diags->errors ? STATUS_BAD_CONFIG : STATUS_OK;
}

enum status node_parse(struct arena *arena, const struct source *source, struct diags *diags,
                       struct node **ret_root)
{
    struct diags found;
    struct node_reader reader = {.arena = arena, .source = source, .diags = &found};
    enum status st = node_check_text(source, diags, &reader.original);

    if (st)
        return st;
    reader.text = reader.original;
    diags_init(&found);
    st = read_text(&reader, diags, ret_root);
    diags_move(diags, &found);
    return st;
}
