#include "base/sizes.h"
#include "rules/verb.h"

/* As written; `bytes` and `every_us` are 1 byte and 100 ms unless they are. */
struct dribble_args {
    int64_t bytes, every_us;
    bool head;
};

enum { DRIBBLE_EVERY_US = 100 * 1000 };

static const struct config_key dribble_keys[] = {
    {.name = "bytes",
     .type = CONFIG_SIZE,
     .offset = offsetof(struct dribble_args, bytes),
     .min = 1,
     .max = INT64_MAX,
     .help = "how large a piece is; 1 byte when absent"},
    {.name = "every",
     .type = CONFIG_DURATION,
     .offset = offsetof(struct dribble_args, every_us),
     .min = 1,
     .max = DELAY_MAX_US,
     .help = "from one piece to the next; 100ms when absent"},
    {.name = "head",
     .type = CONFIG_BOOL,
     .offset = offsetof(struct dribble_args, head),
     .help = "the head goes like that, too"},
};

static const struct config_section dribble_section = {
    "dribble", dribble_keys, sizeof(dribble_keys) / sizeof(dribble_keys[0])};

/* "1 B", "10", "4KiB": a blank may stand before the unit. */
static enum status piece_parse(struct bytes in, int64_t *ret_bytes)
{
    ptrdiff_t blank = bytes_find(in, ' ');
    struct bytes digits = bytes_until(in, blank < 0 ? in.len : (size_t)blank);
    struct bytes unit = blank < 0 ? BYTES("") : bytes_trim(bytes_from(in, (size_t)blank));
    int64_t count, size = 1;
    char one[16] = "1";
    enum status st = size_parse(digits, &count);

    if (st || !unit.len)
        goto out;
    if (unit.len + 2 > sizeof(one) || digits.ptr[digits.len - 1] > '9')
        return STATUS_BAD_INPUT;
    for (size_t i = 0; i < unit.len; i++)
        one[i + 1] = (char)unit.ptr[i];
    st = size_parse(bytes_make(one, unit.len + 1), &size);
    if (!st && count > INT64_MAX / size)
        st = STATUS_LIMIT;
out:
    if (!st)
        *ret_bytes = count * size;
    return st;
}

/* "1 B every 100ms" */
static enum status text_parse(struct rule_compiler *c, const struct node *n, struct dribble_args *a)
{
    static const struct bytes every = BYTES_INIT(" every ");
    struct rule_text text;
    ptrdiff_t at;
    enum status st = compiler_text(c, n, &text);

    if (st)
        return st;
    at = bytes_search(text.all, every);
    if (at < 0 || piece_parse(bytes_until(text.all, (size_t)at), &a->bytes) || a->bytes < 1 ||
        duration_parse(bytes_from(text.all, (size_t)at + every.len), &a->every_us) ||
        a->every_us < 1 || a->every_us > DELAY_MAX_US)
        return compiler_error(c, &text, text.all,
                              "expected pieces and a pause as `1 B every 100ms`");
    return STATUS_OK;
}

static enum status dribble_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    struct dribble_args *a = args;

    c->effects++;
    a->bytes = 1;
    a->every_us = DRIBBLE_EVERY_US;
    if (!n)
        return STATUS_OK;
    return n->kind == NODE_MAP ? config_read(&c->reader, &dribble_section, n, a)
                               : text_parse(c, n, a);
}

static enum status dribble_apply(const void *args, struct firing *f)
{
    const struct dribble_args *a = args;
    struct effect *e = firing_effect(f, EFFECT_DRIBBLE);

    if (!e)
        return STATUS_NO_MEMORY;
    e->dribble = (struct dribble){.bytes = a->bytes, .every_us = a->every_us, .head = a->head};
    return STATUS_OK;
}

const struct verb verb_dribble = {
    .name = "dribble",
    .help = "let the response's body go in small pieces with pauses; `head: true` the head, too",
    .example = "1 B every 100ms",
    .traits = VERB_BARE,
    .args_size = sizeof(struct dribble_args),
    .parse = dribble_parse,
    .apply = dribble_apply,
};
