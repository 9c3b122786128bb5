#include "base/sizes.h"

#include <inttypes.h>

enum { FRACTION_MAX_DIGITS = 9 };

struct unit {
    const char *name;
    int64_t size;
};

enum { BITS_OF_BYTE = 8 };

#define MINUTE_US (60 * INT64_C(1000000))
#define HOUR_US (60 * MINUTE_US)
#define DAY_US (24 * HOUR_US)
#define KIB INT64_C(1024)

static const struct unit duration_units[] = {
    {"us", 1},        {"\xc2\xb5s", 1}, {"ms", 1000},  {"s", 1000 * 1000},
    {"m", MINUTE_US}, {"h", HOUR_US},   {"d", DAY_US},
};

static const struct unit size_units[] = {
    {"", 1},
    {"B", 1},
    {"k", 1000},
    {"kB", 1000},
    {"KiB", KIB},
    {"M", 1000 * 1000},
    {"MB", 1000 * 1000},
    {"MiB", KIB *KIB},
    {"G", 1000 * 1000 * 1000},
    {"GB", 1000 * 1000 * 1000},
    {"GiB", KIB *KIB *KIB},
    {"T", INT64_C(1000) * 1000 * 1000 * 1000},
    {"TB", INT64_C(1000) * 1000 * 1000 * 1000},
    {"TiB", KIB *KIB *KIB *KIB},
};

static const struct unit bit_units[] = {
    {"bit", 1},
    {"kbit", 1000},
    {"Mbit", 1000 * 1000},
    {"Gbit", 1000 * 1000 * 1000},
};

/* Takes the digits off the front of `in`. */
static struct bytes take_digits(struct bytes *in)
{
    struct bytes all = *in;
    size_t len = 0;

    while (len < all.len && all.ptr[len] >= '0' && all.ptr[len] <= '9')
        len++;
    *in = bytes_from(all, len);
    return bytes_until(all, len);
}

static const struct unit *unit_find(struct bytes name, const struct unit *units, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal(name, bytes_of(units[i].name)))
            return &units[i];
    }
    return NULL;
}

/* 0.digits of `unit`, rounded up: what is not nothing never becomes nothing. */
static int64_t fraction_of(struct bytes digits, int64_t unit)
{
    int64_t rest = 0;

    for (size_t i = digits.len; i-- > 0;) {
        int64_t tenths = (digits.ptr[i] - '0') * unit + rest;

        rest = tenths / 10 + (tenths % 10 != 0);
    }
    return rest;
}

static enum status quantity_parse(struct bytes in, const struct unit *units, size_t count,
                                  int64_t *ret_value)
{
    struct bytes whole = take_digits(&in), fraction = {0};
    const struct unit *unit;
    uint64_t value;
    int64_t part;
    enum status st;

    if (bytes_starts_with(in, BYTES("."))) {
        in = bytes_from(in, 1);
        fraction = take_digits(&in);
        if (fraction.len == 0 || fraction.len > FRACTION_MAX_DIGITS)
            return STATUS_BAD_INPUT;
    }
    unit = unit_find(in, units, count);
    if (!unit || (fraction.len && unit->size == 1)) /* there is no half a byte */
        return STATUS_BAD_INPUT;
    st = bytes_to_u64(whole, INT64_MAX, &value);
    if (st)
        return st;
    part = fraction_of(fraction, unit->size);
    if (value > (uint64_t)((INT64_MAX - part) / unit->size))
        return STATUS_LIMIT;
    *ret_value = (int64_t)value * unit->size + part;
    return STATUS_OK;
}

enum status duration_parse(struct bytes in, int64_t *ret_us)
{
    if (bytes_equal(in, BYTES("0"))) {
        *ret_us = 0;
        return STATUS_OK;
    }
    return quantity_parse(in, duration_units, sizeof(duration_units) / sizeof(duration_units[0]),
                          ret_us);
}

enum status size_parse(struct bytes in, int64_t *ret_bytes)
{
    return quantity_parse(in, size_units, sizeof(size_units) / sizeof(size_units[0]), ret_bytes);
}

enum status rate_parse(struct bytes in, int64_t *ret_bytes_s)
{
    static const struct bytes end = BYTES_INIT("/s");
    struct bytes amount;
    int64_t bits;
    enum status st;

    if (!bytes_ends_with(in, end))
        return STATUS_BAD_INPUT;
    amount = bytes_until(in, in.len - end.len);
    if (!bytes_ends_with(amount, BYTES("bit")))
        return size_parse(amount, ret_bytes_s);
    st = quantity_parse(amount, bit_units, sizeof(bit_units) / sizeof(bit_units[0]), &bits);
    if (!st)
        *ret_bytes_s = bits / BITS_OF_BYTE;
    return st;
}

/* Cut, not rounded, so that no value rolls over into the next unit ("60.0 s"). */
void duration_put(struct buf *out, int64_t us)
{
    if (us < 0)
        buf_put_text(out, "-");
    else if (us < 1000)
        buf_putf(out, "%" PRId64 " \xc2\xb5s", us);
    else if (us < 1000 * 1000)
        buf_putf(out, "%" PRId64 " ms", us / 1000);
    else if (us < MINUTE_US)
        buf_putf(out, "%" PRId64 ".%" PRId64 " s", us / 1000000, us / 100000 % 10);
    else if (us < HOUR_US)
        buf_putf(out, "%" PRId64 " m %" PRId64 " s", us / MINUTE_US, us % MINUTE_US / 1000000);
    else if (us < DAY_US)
        buf_putf(out, "%" PRId64 " h %" PRId64 " m", us / HOUR_US, us % HOUR_US / MINUTE_US);
    else if (us < 100 * DAY_US)
        buf_putf(out, "%" PRId64 " d %" PRId64 " h", us / DAY_US, us % DAY_US / HOUR_US);
    else if (us < 1000000 * DAY_US)
        buf_putf(out, "%" PRId64 " d", us / DAY_US);
    else
        buf_put_text(out, ">999999 d");
}

void size_put(struct buf *out, int64_t bytes)
{
    static const char prefixes[] = "KMGTPE";
    uint64_t value = (uint64_t)bytes;
    unsigned prefix = 0, shift = 10;
    uint64_t tenths;

    if (bytes < 0) {
        buf_put_text(out, "-");
        return;
    }
    if (bytes < KIB) {
        buf_putf(out, "%" PRId64 " B", bytes);
        return;
    }
    while (value >> shift >= 1024) {
        shift += 10;
        prefix++;
    }
    tenths = (value >> (shift - 10) & 1023) * 10 >> 10;
    buf_putf(out, "%" PRIu64 ".%" PRIu64 " %ciB", value >> shift, tenths, prefixes[prefix]);
}
