#include "http/h1_chunked.h"

#include "http/h1_scan.h"
#include "http/message.h"

enum { SIZE_DIGITS = 16 };

void h1_chunked_init(struct h1_chunked *d, bool forgives)
{
    *d = (struct h1_chunked){.state = H1_CHUNK_FIRST_DIGIT, .forgives = forgives};
}

/* -1 when it is no hexadecimal digit. */
static int hex_digit(uint8_t c)
{
    if (h1_is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum status take_digit(struct h1_chunked *d, int digit)
{
    if (digit < 0 || d->digits == SIZE_DIGITS)
        return STATUS_BAD_MESSAGE;
    d->digits++;
    d->left = d->left << 4 | (unsigned)digit;
    d->state = H1_CHUNK_DIGITS;
    /* A size over 2^63-1 is a trick on signed arithmetic somewhere else. */
    return d->left > INT64_MAX ? STATUS_BAD_MESSAGE : STATUS_OK;
}

/* What follows the digits of a size: white space is allowed before ';' only. */
static enum status take_after_size(struct h1_chunked *d, uint8_t c)
{
    if (c == ';') {
        d->state = H1_CHUNK_EXTENSION;
    } else if (h1_is_blank(c)) {
        d->state = H1_CHUNK_BLANKS;
    } else if (c == '\r') {
        if (d->state == H1_CHUNK_BLANKS && !d->forgives)
            return STATUS_BAD_MESSAGE;
        d->untidy = d->untidy || d->state == H1_CHUNK_BLANKS;
        d->state = H1_CHUNK_LINE_LF;
    } else {
        return STATUS_BAD_MESSAGE;
    }
    return STATUS_OK;
}

/* One byte of a chunk line, or of the CRLF after a chunk's data. */
static enum status take_byte(struct h1_chunked *d, uint8_t c)
{
    switch (d->state) {
    case H1_CHUNK_FIRST_DIGIT:
        return take_digit(d, hex_digit(c));
    case H1_CHUNK_DIGITS:
        return hex_digit(c) >= 0 ? take_digit(d, hex_digit(c)) : take_after_size(d, c);
    case H1_CHUNK_BLANKS:
        return take_after_size(d, c);
    case H1_CHUNK_EXTENSION:
        if (c == '\r')
            d->state = H1_CHUNK_LINE_LF;
        else if (h1_is_control(c))
            return STATUS_BAD_MESSAGE;
        return STATUS_OK;
    case H1_CHUNK_LINE_LF:
        d->state = d->left > 0 ? H1_CHUNK_DATA : H1_CHUNK_LAST;
        return c == '\n' ? STATUS_OK : STATUS_BAD_MESSAGE;
    case H1_CHUNK_DATA_CR:
        d->state = H1_CHUNK_DATA_LF;
        return c == '\r' ? STATUS_OK : STATUS_BAD_MESSAGE;
    case H1_CHUNK_DATA_LF:
        d->state = H1_CHUNK_FIRST_DIGIT;
        d->digits = 0;
        d->line_bytes = 0;
        return c == '\n' ? STATUS_OK : STATUS_BAD_MESSAGE;
    case H1_CHUNK_DATA:
    case H1_CHUNK_LAST:
        break;
    }
    return STATUS_BAD_MESSAGE;
}

enum status h1_chunked_next(struct h1_chunked *d, struct bytes *in, struct bytes *ret_data)
{
    while (d->state != H1_CHUNK_LAST) {
        enum status st;

        if (in->len == 0)
            return STATUS_NEED_MORE;
        if (d->state == H1_CHUNK_DATA) {
            *ret_data = bytes_until(*in, d->left < in->len ? (size_t)d->left : in->len);
            *in = bytes_from(*in, ret_data->len);
            d->left -= ret_data->len;
            if (d->left == 0)
                d->state = H1_CHUNK_DATA_CR;
            return STATUS_OK;
        }
        if (++d->line_bytes > HTTP_CHUNK_LINE_BYTES)
            return STATUS_BAD_MESSAGE;
        st = take_byte(d, in->ptr[0]);
        if (st)
            return st;
        in->ptr++;
        in->len--;
    }
    return STATUS_END;
}
