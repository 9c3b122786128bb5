#include "logs/ulid.h"

#include <string.h>

enum { LETTER_BITS = 5, FIRST_LETTER_BITS = 3 }; /* 26 letters hold two bits too many */

/* -1: no letter of it; I, L, O and U are not. */
static int letter_value(uint8_t c)
{
    static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
    const char *at = c ? strchr(letters, byte_lower(c)) : NULL;

    return at ? (int)(at - letters) : -1;
}

enum status ulid_parse(struct bytes text, uint8_t ret_id[static ULID_BYTES])
{
    uint8_t id[ULID_BYTES];
    unsigned bits = 0, held = 0;
    size_t at = 0;

    if (text.len != ULID_LETTERS)
        return STATUS_BAD_INPUT;
    for (size_t i = 0; i < text.len; i++) {
        int value = letter_value(text.ptr[i]);

        if (value < 0 || (i == 0 && value >> FIRST_LETTER_BITS))
            return STATUS_BAD_INPUT;
        bits = (bits << LETTER_BITS | (unsigned)value) & 0xfff;
        held += i == 0 ? FIRST_LETTER_BITS : LETTER_BITS;
        if (held >= 8) {
            held -= 8;
            id[at++] = (uint8_t)(bits >> held);
        }
    }
    memcpy(ret_id, id, sizeof(id));
    return STATUS_OK;
}
