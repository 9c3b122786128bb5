#include "rules/delay_parse.h"

#include "base/sizes.h"

enum { SIGMA_MAX = 3 };

enum status delay_time_parse(struct rule_compiler *c, const struct rule_text *text, struct bytes in,
                             int64_t *ret_us)
{
    int64_t us;

    if (duration_parse(in, &us) || us > DELAY_MAX_US)
        return compiler_error(c, text, in,
                              "expected a time as 200ms or 5s, at most 24h, or `200ms to 800ms`");
    *ret_us = us;
    return STATUS_OK;
}

enum status delay_order_check(struct rule_compiler *c, const struct node *n,
                              const struct delay_range *range)
{
    if (range->low_us <= range->high_us)
        return STATUS_OK;
    node_error(c->reader.diags, n, "the shorter time comes first");
    return STATUS_BAD_CONFIG;
}

/* "0.4", without the C library's locale; at most three decimals. */
enum status delay_sigma_parse(struct rule_compiler *c, const struct rule_text *text,
                              struct bytes in, double *ret_sigma)
{
    ptrdiff_t dot = bytes_find(in, '.');
    struct bytes whole = dot < 0 ? in : bytes_until(in, (size_t)dot);
    struct bytes decimals = dot < 0 ? BYTES("0") : bytes_from(in, (size_t)dot + 1);
    uint64_t units = 0, thousandths = 0;

    if (bytes_to_u64(whole, SIGMA_MAX, &units) || decimals.len > 3 ||
        bytes_to_u64(decimals, 999, &thousandths))
        units = SIGMA_MAX + 1;
    for (size_t i = decimals.len; i < 3; i++)
        thousandths *= 10;
    if (units * 1000 + thousandths > SIGMA_MAX * 1000)
        return compiler_error(c, text, in, "expected a number from 0 to 3, as 0.4");
    *ret_sigma = (double)(units * 1000 + thousandths) / 1000.0;
    return STATUS_OK;
}

/* "normal 300ms sd 50ms", "lognormal 300ms sigma 0.4"; `rest` follows the first word. */
static enum status law_parse(struct rule_compiler *c, const struct rule_text *text,
                             struct bytes rest, struct delay_range *range)
{
    bool normal = range->law == DELAY_NORMAL;
    struct bytes word = normal ? BYTES(" sd ") : BYTES(" sigma ");
    ptrdiff_t at = bytes_search(rest, word);
    struct bytes spread = bytes_trim(bytes_from(rest, (size_t)(at < 0 ? 0 : at) + word.len));
    enum status st;

    if (at < 0)
        return compiler_error(c, text, text->all,
                              "expected normal 300ms sd 50ms, or lognormal 300ms sigma 0.4");
    st = delay_time_parse(c, text, bytes_trim(bytes_until(rest, (size_t)at)), &range->low_us);
    return status_worse(st, normal ? delay_time_parse(c, text, spread, &range->high_us)
                                   : delay_sigma_parse(c, text, spread, &range->sigma));
}

enum status delay_range_parse(struct rule_compiler *c, const struct rule_text *text,
                              struct bytes in, struct delay_range *range)
{
    static const struct bytes normal = BYTES_INIT("normal "), lognormal = BYTES_INIT("lognormal ");
    ptrdiff_t to = bytes_search(in, BYTES(" to "));
    enum status st;

    if (bytes_starts_with(in, normal)) {
        range->law = DELAY_NORMAL;
        return law_parse(c, text, bytes_from(in, normal.len), range);
    }
    if (bytes_starts_with(in, lognormal)) {
        range->law = DELAY_LOGNORMAL;
        return law_parse(c, text, bytes_from(in, lognormal.len), range);
    }
    if (to < 0) {
        st = delay_time_parse(c, text, in, &range->low_us);
        range->high_us = range->low_us;
        return st;
    }
    st = delay_time_parse(c, text, bytes_trim(bytes_until(in, (size_t)to)), &range->low_us);
    st = status_worse(
        st, delay_time_parse(c, text, bytes_trim(bytes_from(in, (size_t)to + 4)), &range->high_us));
    return st ? st : delay_order_check(c, text->node, range);
}
