#include "cli/completion.h"

static const struct {
    const char *name;
    enum completion_kind kind;
} completion_names[] = {
    {"FILE", COMPLETE_FILES},       {"PATH", COMPLETE_FILES},    {"DIR", COMPLETE_FOLDERS},
    {"FOLDER", COMPLETE_FOLDERS},   {"FILTER", COMPLETE_FILTER}, {"CMD", COMPLETE_PROGRAM},
    {"COMMAND", COMPLETE_COMMANDS},
};

static enum completion_kind kind_of(struct bytes name)
{
    for (size_t i = 0; i < sizeof(completion_names) / sizeof(completion_names[0]); i++) {
        if (bytes_equal(name, bytes_of(completion_names[i].name)))
            return completion_names[i].kind;
    }
    return COMPLETE_NOTHING;
}

/* Words stand in small letters; what stands for something in capitals. */
static bool is_word(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return name.len > 0;
}

static bool next_part(struct bytes *name, struct bytes *ret_part)
{
    ptrdiff_t bar = bytes_find(*name, '|');

    if (name->len == 0)
        return false;
    *ret_part = bytes_until(*name, bar < 0 ? name->len : (size_t)bar);
    *name = bytes_from(*name, bar < 0 ? name->len : (size_t)bar + 1);
    return true;
}

bool completion_next_word(struct bytes *name, struct bytes *ret_word)
{
    struct bytes part;

    while (next_part(name, &part)) {
        if (is_word(part)) {
            *ret_word = part;
            return true;
        }
    }
    return false;
}

struct completion completion_of(struct bytes name)
{
    struct completion c = {.name = name};
    struct bytes rest = name, part;

    while (next_part(&rest, &part)) {
        if (c.kind == COMPLETE_NOTHING)
            c.kind = kind_of(part);
        c.has_words |= is_word(part);
    }
    return c;
}

void completion_put_words(struct buf *out, const struct completion *c, bool led)
{
    struct bytes rest = c->name, word;

    for (; completion_next_word(&rest, &word); led = true) {
        if (led)
            buf_put_byte(out, ' ');
        buf_put(out, word);
    }
}

/* "[FILE…]" without its brackets and dots. */
static struct bytes bare_operand(struct bytes word, bool *ret_repeats)
{
    static const struct bytes dots = BYTES_INIT("…");

    if (word.len && word.ptr[0] == '[')
        word = bytes_from(word, 1);
    if (word.len && word.ptr[word.len - 1] == ']')
        word = bytes_until(word, word.len - 1);
    *ret_repeats = bytes_ends_with(word, dots);
    return *ret_repeats ? bytes_until(word, word.len - dots.len) : word;
}

size_t completion_operands(const char *operands,
                           struct completion ret_operands[COMPLETION_OPERANDS])
{
    struct bytes rest = bytes_of(operands);
    size_t count = 0;

    while (rest.len && count < COMPLETION_OPERANDS) {
        ptrdiff_t space = bytes_find(rest, ' ');
        struct bytes word = bytes_until(rest, space < 0 ? rest.len : (size_t)space);
        bool repeats;

        rest = bytes_from(rest, space < 0 ? rest.len : (size_t)space + 1);
        if (bytes_equal(word, BYTES("--")))
            continue;
        word = bare_operand(word, &repeats);
        ret_operands[count] = completion_of(word);
        ret_operands[count++].repeats = repeats;
    }
    return count;
}

const struct option_row *completion_next_option(enum subcommand command, int *at)
{
    while (*at < OPTION_COUNT) {
        const struct option_row *row = &option_rows[(*at)++];

        if (row->commands >> command & 1)
            return row;
    }
    return NULL;
}

void completion_put_filter_keys(struct buf *out, const char *between)
{
    static const char *const keys[] = {
#define FILTER_KEY(id, name, ...) name,
#include "logs/filter_keys.def"
#undef FILTER_KEY
    };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        buf_putf(out, "%s%s:", i ? between : "", keys[i]);
}

void completion_put_quoted(struct buf *out, struct bytes text, bool fish)
{
    buf_put_byte(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];

        if (fish && (c == '\'' || c == '\\'))
            buf_putf(out, "\\%c", c);
        else if (c == '\'')
            buf_put_text(out, "'\\''");
        else
            buf_put_byte(out, c);
    }
    buf_put_byte(out, '\'');
}
