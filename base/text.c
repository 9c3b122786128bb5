#include "base/text.h"

#include <string.h>

#define REPLACEMENT BYTES("\xef\xbf\xbd") /* U+FFFD */

/* How one kind of place wants its text. */
struct text_style {
    uint64_t ascii[2]; /* a bit for every ASCII byte that may stand as it is */
    bool by_words;     /* do they hold all that word_is_plain() lets pass? */
    /* May this code point beyond ASCII stand as it is? */
    bool (*passes)(uint32_t code);
    /* Writes one that may not. */
    void (*put_code)(struct buf *out, uint32_t code);
    /* Writes a byte that is no UTF-8. */
    void (*put_bad)(struct buf *out, uint8_t byte);
};

#define BIT(c) (UINT64_C(1) << ((c)&63))
#define PRINTABLE_LOW (~UINT64_C(0) << 32)         /* space to '?' */
#define PRINTABLE_HIGH (~UINT64_C(0) & ~BIT(0x7f)) /* '@' to '~' */

/* C1 controls steer terminals, bidirectional controls turn the order of what is
 * read, separators break the line: none may come from the network. */
static bool is_harmless(uint32_t code)
{
    return code > 0x9f && code != 0x061c && code != 0x200e && code != 0x200f &&
           (code < 0x2028 || code > 0x202e) && (code < 0x2066 || code > 0x2069);
}

/* Eight bytes at once: printable ASCII without '"' and '\\'. */
static bool word_is_plain(const uint8_t *at)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t tops = ones << 7;
    uint64_t word, quotes, backslashes, bad;

    memcpy(&word, at, sizeof(word));
    quotes = word ^ ones * '"'; /* zero where one stands */
    backslashes = word ^ ones * '\\';
    bad = word | (word + ones);          /* 0x7f and above */
    bad |= (word - ones * 0x20) & ~word; /* below 0x20 */
    bad |= (quotes - ones) & ~quotes;    /* below 1 */
    bad |= (backslashes - ones) & ~backslashes;
    return (bad & tops) == 0;
}

static bool ascii_passes(const struct text_style *style, uint8_t c)
{
    return c < 0x80 && (style->ascii[c >> 6] & BIT(c));
}

/* Bytes off the front that pass as they are. *ret_code is the code point after
 * them, *ret_len its length, which is 0 when it is no UTF-8. */
static size_t plain_len(const struct text_style *style, struct bytes in, uint32_t *ret_code,
                        size_t *ret_len)
{
    size_t at = 0;

    while (at < in.len) {
        if (style->by_words && in.len - at >= 8 && word_is_plain(in.ptr + at)) {
            at += 8;
        } else if (ascii_passes(style, in.ptr[at])) {
            at++;
        } else {
            *ret_len = utf8_decode(bytes_from(in, at), ret_code);
            if (*ret_len < 2 || !style->passes(*ret_code))
                return at;
            at += *ret_len;
        }
    }
    return at;
}

static void put_styled(struct buf *out, struct bytes in, const struct text_style *style)
{
    while (in.len && !buf_status(out)) {
        uint32_t code = 0;
        size_t code_len = 0;
        size_t len = plain_len(style, in, &code, &code_len);

        buf_put(out, bytes_until(in, len));
        in = bytes_from(in, len);
        if (in.len == 0)
            return;
        if (code_len)
            style->put_code(out, code);
        else
            style->put_bad(out, in.ptr[0]);
        in = bytes_from(in, code_len ? code_len : 1);
    }
}

static void terminal_put_bad(struct buf *out, uint8_t byte)
{
    buf_putf(out, "\\x%02x", byte);
}

static void terminal_put_code(struct buf *out, uint32_t code)
{
    switch (code) {
    case '\n':
        buf_put_text(out, "\\n");
        return;
    case '\r':
        buf_put_text(out, "\\r");
        return;
    case '\t':
        buf_put_text(out, "\\t");
        return;
    case 0x1b:
        buf_put_text(out, "\\e");
        return;
    }
    if (code < 0x80)
        terminal_put_bad(out, (uint8_t)code);
    else
        buf_putf(out, "\\u{%04x}", code);
}

void text_put_terminal(struct buf *out, struct bytes in)
{
    static const struct text_style style = {
        .ascii = {PRINTABLE_LOW, PRINTABLE_HIGH},
        .by_words = true,
        .passes = is_harmless,
        .put_code = terminal_put_code,
        .put_bad = terminal_put_bad,
    };

    put_styled(out, in, &style);
}

void text_put_terminal_lines(struct buf *out, struct bytes in)
{
    static const struct text_style style = {
        .ascii = {PRINTABLE_LOW | BIT('\n') | BIT('\t'), PRINTABLE_HIGH},
        .by_words = true,
        .passes = is_harmless,
        .put_code = terminal_put_code,
        .put_bad = terminal_put_bad,
    };

    put_styled(out, in, &style);
}

static void json_put_code(struct buf *out, uint32_t code)
{
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* pairs: byte, its letter */

    for (size_t i = 0; i + 1 < sizeof(letters); i += 2) {
        if (code == (uint8_t)letters[i]) {
            uint8_t escape[2] = {'\\', (uint8_t)letters[i + 1]};

            buf_put(out, bytes_make(escape, 2));
            return;
        }
    }
    buf_putf(out, "\\u%04x", code);
}

static void put_replacement(struct buf *out, uint8_t byte)
{
    (void)byte;
    buf_put(out, REPLACEMENT);
}

/* Escapes more than JSON asks for: its lines are shown on terminals too. */
void text_put_json(struct buf *out, struct bytes in)
{
    static const struct text_style style = {
        .ascii = {PRINTABLE_LOW & ~BIT('"'), PRINTABLE_HIGH & ~BIT('\\')},
        .by_words = true,
        .passes = is_harmless,
        .put_code = json_put_code,
        .put_bad = put_replacement,
    };

    buf_put_byte(out, '"');
    put_styled(out, in, &style);
    buf_put_byte(out, '"');
}

static bool is_no_c1(uint32_t code)
{
    return code > 0x9f;
}

static void html_put_code(struct buf *out, uint32_t code)
{
    switch (code) {
    case '&':
        buf_put_text(out, "&amp;");
        return;
    case '<':
        buf_put_text(out, "&lt;");
        return;
    case '>':
        buf_put_text(out, "&gt;");
        return;
    case '"':
        buf_put_text(out, "&quot;");
        return;
    case '\'':
        buf_put_text(out, "&#39;");
        return;
    }
    buf_put(out, REPLACEMENT); /* controls have no place in HTML */
}

void text_put_html(struct buf *out, struct bytes in)
{
    static const struct text_style style = {
        .ascii = {(PRINTABLE_LOW | BIT('\n') | BIT('\r') | BIT('\t')) &
                      ~(BIT('&') | BIT('<') | BIT('>') | BIT('"') | BIT('\'')),
                  PRINTABLE_HIGH},
        .passes = is_no_c1,
        .put_code = html_put_code,
        .put_bad = put_replacement,
    };

    put_styled(out, in, &style);
}

static bool is_shell_plain(uint8_t c)
{
    uint8_t letter = byte_lower(c);

    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') ||
           bytes_find(BYTES("@%+=:,./_-"), c) >= 0;
}

static bool is_shell_word(struct bytes in)
{
    for (size_t i = 0; i < in.len; i++) {
        if (!is_shell_plain(in.ptr[i]))
            return false;
    }
    return in.len > 0;
}

void text_put_shell(struct buf *out, struct bytes in)
{
    if (is_shell_word(in)) {
        buf_put(out, in);
        return;
    }
    buf_put_byte(out, '\'');
    for (size_t i = 0; i < in.len; i++) {
        if (in.ptr[i] == '\'')
            buf_put_text(out, "'\\''");
        else if (in.ptr[i]) /* no word of a shell can hold a NUL */
            buf_put_byte(out, in.ptr[i]);
    }
    buf_put_byte(out, '\'');
}
