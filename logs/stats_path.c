/* Paths folded, so that those of one shape stand together. */
#include "logs/stats.h"

enum { UUID_LEN = 36, HEX_LEAST = 8, WORD_LEAST = 16, DATE_LEN = 10 };

struct letters {
    size_t digits, hex, letters, capitals, dashes, others;
};

static struct letters letters_count(struct bytes in)
{
    struct letters l = {0};

    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.ptr[i], lower = byte_lower(c);

        if (c >= '0' && c <= '9')
            l.digits++;
        else if (lower >= 'a' && lower <= 'f')
            l.hex++;
        else if (lower > 'f' && lower <= 'z')
            l.letters++;
        else if (c == '-' || c == '_')
            l.dashes++;
        else
            l.others++;
        l.capitals += c >= 'A' && c <= 'Z';
    }
    return l;
}

/* 8-4-4-4-12 hexadecimal digits (RFC 9562 §4) */
static bool is_uuid(struct bytes in, const struct letters *l)
{
    return in.len == UUID_LEN && l->dashes == 4 && l->digits + l->hex == UUID_LEN - 4 &&
           in.ptr[8] == '-' && in.ptr[13] == '-' && in.ptr[18] == '-' && in.ptr[23] == '-';
}

static bool is_date(struct bytes in, const struct letters *l)
{
    return in.len == DATE_LEN && l->digits == 8 && l->dashes == 2 && in.ptr[4] == '-' &&
           in.ptr[7] == '-';
}

/* Numbers, hashes, tokens: what differs from one to the next while the rest stays. */
static bool is_id(struct bytes in)
{
    struct letters l = letters_count(in);

    if (in.len == 0 || l.others)
        return false;
    if (l.digits == in.len || is_uuid(in, &l))
        return true;
    if (in.len >= HEX_LEAST && l.digits && l.digits + l.hex == in.len)
        return true;
    return in.len >= WORD_LEAST && l.digits >= 2 && (l.capitals || l.digits >= in.len / 4);
}

void stats_fold_path(struct bytes path, struct buf *out)
{
    ptrdiff_t query = bytes_find(path, '?');

    if (query >= 0)
        path = bytes_until(path, (size_t)query);
    while (path.len) {
        struct bytes part = path;
        struct letters l;
        ptrdiff_t end;

        if (path.ptr[0] == '/') {
            buf_put_byte(out, '/');
            path = bytes_from(path, 1);
            continue;
        }
        end = bytes_find(path, '/');
        if (end >= 0)
            part.len = (size_t)end;
        l = letters_count(part);
        if (is_date(part, &l))
            buf_put_text(out, "{date}");
        else if (is_id(part))
            buf_put_text(out, "{id}");
        else
            buf_put(out, part);
        path = bytes_from(path, part.len);
    }
}
