#include "http/punycode.h"

#include "http/host.h"

/* RFC 3492 §5 */
enum {
    BASE = 36,
    T_MIN = 1,
    T_MAX = 26,
    SKEW = 38,
    DAMP = 700,
    INITIAL_BIAS = 72,
    INITIAL_N = 128,
};

static uint8_t digit_of(uint32_t value)
{
    return (uint8_t)(value < 26 ? 'a' + value : '0' + (value - 26));
}

/* RFC 3492 §6.1 */
static uint32_t bias_adapt(uint32_t delta, uint32_t points, bool first)
{
    uint32_t k = 0;

    delta = first ? delta / DAMP : delta / 2;
    delta += delta / points;
    for (; delta > ((BASE - T_MIN) * T_MAX) / 2; k += BASE)
        delta /= BASE - T_MIN;
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static void delta_put(uint32_t delta, uint32_t bias, struct buf *out)
{
    uint32_t q = delta;

    for (uint32_t k = BASE;; k += BASE) {
        uint32_t t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;

        if (q < t)
            break;
        buf_put_byte(out, digit_of(t + (q - t) % (BASE - t)));
        q = (q - t) / (BASE - t);
    }
    buf_put_byte(out, digit_of(q));
}

static uint32_t smallest_from(const uint32_t *code_points, size_t count, uint32_t n)
{
    uint32_t smallest = UINT32_MAX;

    for (size_t i = 0; i < count; i++) {
        if (code_points[i] >= n && code_points[i] < smallest)
            smallest = code_points[i];
    }
    return smallest;
}

static uint32_t basic_put(const uint32_t *code_points, size_t count, struct buf *out)
{
    uint32_t basic = 0;

    for (size_t i = 0; i < count; i++) {
        if (code_points[i] < INITIAL_N) {
            buf_put_byte(out, (uint8_t)code_points[i]);
            basic++;
        }
    }
    if (basic > 0)
        buf_put_byte(out, '-');
    return basic;
}

/* RFC 3492 §6.3. With at most 63 points under 0x110000 `delta` stays below
 * 0x110000 * 64, so the overflow checks of the RFC are not needed. */
enum status punycode_encode(const uint32_t *code_points, size_t count, struct buf *out)
{
    uint32_t n = INITIAL_N, delta = 0, bias = INITIAL_BIAS, basic, handled;

    if (count > HOST_LABEL_BYTES)
        return STATUS_BAD_INPUT;
    basic = basic_put(code_points, count, out);
    for (handled = basic; handled < count; delta++, n++) {
        uint32_t m = smallest_from(code_points, count, n);

        delta += (m - n) * (handled + 1);
        n = m;
        for (size_t i = 0; i < count; i++) {
            if (code_points[i] < n)
                delta++;
            if (code_points[i] != n)
                continue;
            delta_put(delta, bias, out);
            bias = bias_adapt(delta, handled + 1, handled == basic);
            delta = 0;
            handled++;
        }
    }
    return buf_status(out);
}
