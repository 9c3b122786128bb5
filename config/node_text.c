#include <inttypes.h>

#include "base/text.h"
#include "config/node_read.h"

enum { TEXT_FAULTS = 10 }; /* places shown; a binary file has no end of them */

static const struct bytes utf8_mark = BYTES_INIT("\xef\xbb\xbf");

/* Line ends and characters that look like nothing, or like a line end to some
 * programs only, may stand in a text as an escape. */
static bool is_refused(uint32_t code)
{
    if (code < 0x20)
        return code != '\t' && code != '\n' && code != '\r';
    return (code >= 0x7f && code <= 0x9f) || code == 0x2028 || code == 0x2029 || code == 0xfeff ||
           code == 0xfffe || code == 0xffff;
}

/* Bytes of the next code point; what is wrong with it is reported. */
static size_t check_code_point(const struct source *source, struct diags *diags, struct bytes rest,
                               struct mark at)
{
    uint32_t code = 0;
    size_t len = utf8_decode(rest, &code);

    if (len == 0) {
        diag_add(diags, DIAG_ERROR, source, at, 1, "the byte 0x%02x is not UTF-8", rest.ptr[0]);
        return 1;
    }
    if (is_refused(code))
        diag_add(diags, DIAG_ERROR, source, at, 1,
                 "the character U+%04" PRIX32 " cannot stand here: write \\u%04" PRIx32
                 " in double quotes",
                 code, code);
    else if (code == '\r' && (rest.len < 2 || rest.ptr[1] != '\n'))
        diag_add(diags, DIAG_ERROR, source, at, 1,
                 "a carriage return without a line feed: end lines with a line feed");
    return len;
}

static bool is_plain_ascii(uint8_t c)
{
    return (c >= 0x20 && c < 0x7f) || c == '\t';
}

enum status node_check_text(const struct source *source, struct diags *diags,
                            struct bytes *ret_text)
{
    struct bytes text = source->text;
    struct mark at = {1, 1};
    uint32_t errors = diags->errors;
    size_t i = 0;

    if (text.len > CONFIG_BYTES) {
        diag_add(diags, DIAG_ERROR, source, (struct mark){0, 0}, 1,
                 "larger than %d MiB, the most a configuration may have",
                 CONFIG_BYTES / 1024 / 1024);
        return STATUS_BAD_CONFIG;
    }
    if (bytes_starts_with(text, BYTES("\xff\xfe")) || bytes_starts_with(text, BYTES("\xfe\xff"))) {
        diag_add(diags, DIAG_ERROR, source, (struct mark){0, 0}, 1,
                 "this is UTF-16: save it as UTF-8");
        return STATUS_BAD_CONFIG;
    }
    if (bytes_starts_with(text, utf8_mark))
        text = bytes_from(text, utf8_mark.len);
    while (i < text.len && diags->errors - errors < TEXT_FAULTS) {
        if (text.ptr[i] == '\n') {
            at = (struct mark){at.line + 1, 1};
            i++;
            continue;
        }
        i += is_plain_ascii(text.ptr[i]) ? 1
                                         : check_code_point(source, diags, bytes_from(text, i), at);
        at.column++;
    }
    if (diags->errors != errors)
        return STATUS_BAD_CONFIG;
    *ret_text = text;
    return STATUS_OK;
}
