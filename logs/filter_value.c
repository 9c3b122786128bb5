/* What stands behind a key: lists of values, each read by the key's kind. */
#include <string.h>

#include "base/sizes.h"
#include "base/text.h"
#include "config/diag.h"
#include "http/message.h"
#include "logs/filter_impl.h"

enum { STATUS_MAX = 999, ULID_LETTERS = 26, ULID_LEAST = 4, SIZE_TEXT_BYTES = 32 };

/* ---- pieces ---- */

static bool piece_ends(uint8_t c, uint32_t open, bool listed)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (listed && c == ',') || (c == ')' && !open);
}

/* Within quotes a backslash takes a quote or another backslash. */
static bool is_escape(struct bytes in, size_t at)
{
    return in.ptr[at] == '\\' && at + 1 < in.len &&
           (in.ptr[at + 1] == '"' || in.ptr[at + 1] == '\\');
}

/* The end of the piece at `r->at`. BAD_INPUT: a quote is open. */
static enum status piece_end(struct filter_reader *r, bool listed, size_t *ret_end)
{
    size_t at = r->at, quote = 0;
    bool quoted = false;
    uint32_t open = 0;

    for (; at < r->in.len; at++) {
        uint8_t c = r->in.ptr[at];

        if (quoted && is_escape(r->in, at)) {
            at++;
        } else if (c == '"') {
            quoted = !quoted;
            quote = at;
        } else if (!quoted) {
            if (piece_ends(c, open, listed))
                break;
            open += c == '(';
            open -= c == ')';
        }
    }
    if (quoted)
        return filter_refuse(r, quote, r->in.len - quote, "this quote is never closed");
    *ret_end = at;
    return STATUS_OK;
}

enum status filter_read_piece(struct filter_reader *r, bool listed, struct bytes *ret_piece)
{
    bool quoted = false;
    size_t len = 0, end = 0;
    uint8_t *out;
    enum status st = piece_end(r, listed, &end);

    if (st)
        return st;
    out = arena_alloc(r->arena, end - r->at + 1);
    if (!out)
        return STATUS_NO_MEMORY;
    for (; r->at < end; r->at++) {
        if (quoted && is_escape(r->in, r->at))
            out[len++] = r->in.ptr[++r->at];
        else if (r->in.ptr[r->at] == '"')
            quoted = !quoted;
        else
            out[len++] = byte_lower(r->in.ptr[r->at]);
    }
    *ret_piece = bytes_make(out, len);
    return STATUS_OK;
}

/* ---- numbers ---- */

static enum status read_plain(struct bytes in, int64_t *ret_number)
{
    uint64_t value;
    enum status st = bytes_to_u64(in, INT64_MAX, &value);

    if (!st)
        *ret_number = (int64_t)value;
    return st;
}

/* The piece is in lower case by now, and the units of sizes mind their case. */
static enum status read_size(struct bytes in, int64_t *ret_number)
{
    uint8_t spelled[SIZE_TEXT_BYTES];

    if (in.len > sizeof(spelled))
        return STATUS_BAD_INPUT;
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.ptr[i];
        bool capital = c == 'm' || c == 'g' || c == 't' || c == 'b' ||
                       (c == 'k' && i + 1 < in.len && in.ptr[i + 1] == 'i');

        spelled[i] = (uint8_t)(capital ? c - 'a' + 'A' : c);
    }
    return size_parse(bytes_make(spelled, in.len), ret_number);
}

/* One end of a range, in the unit of the kind. */
static enum status read_number(enum filter_kind kind, struct bytes in, int64_t *ret_number)
{
    if (kind == FILTER_KIND_SIZE)
        return read_size(in, ret_number);
    return kind == FILTER_KIND_DURATION ? duration_parse(in, ret_number)
                                        : read_plain(in, ret_number);
}

/* ">1" ">=1" "<1" "<=1". What is not known is -1 in a flow, so in none of these. */
static enum status read_comparison(enum filter_kind kind, struct bytes in, struct filter_value *v)
{
    bool or_equal = in.len > 1 && in.ptr[1] == '=';
    int64_t number = 0;
    enum status st = read_number(kind, bytes_from(in, or_equal ? 2 : 1), &number);

    if (st)
        return st;
    if (in.ptr[0] == '>') {
        v->from = or_equal || number == INT64_MAX ? number : number + 1;
        v->to = INT64_MAX;
    } else {
        v->from = 0;
        v->to = or_equal ? number : number - 1;
    }
    return STATUS_OK;
}

/* "200-299" "10k..1M": where the sign between the ends stands, or -1. */
static ptrdiff_t range_sign(struct bytes in, size_t *ret_len)
{
    ptrdiff_t dots = bytes_search(in, BYTES(".."));

    *ret_len = dots >= 0 ? 2 : 1;
    return dots >= 0 ? dots : bytes_find(in, '-');
}

static enum status read_range(enum filter_kind kind, struct bytes in, struct filter_value *v)
{
    size_t sign_len;
    ptrdiff_t sign = range_sign(in, &sign_len);
    enum status st;

    v->how = FILTER_RANGE;
    if (in.ptr[0] == '<' || in.ptr[0] == '>')
        return read_comparison(kind, in, v);
    if (sign < 0) {
        st = read_number(kind, in, &v->from);
        v->to = v->from;
        return st;
    }
    st = read_number(kind, bytes_until(in, (size_t)sign), &v->from);
    if (!st)
        st = read_number(kind, bytes_from(in, (size_t)sign + sign_len), &v->to);
    return !st && v->to < v->from ? STATUS_BAD_INPUT : st;
}

/* ---- values, by kind ---- */

/* Where the value stands in the source, for what is said of it. */
struct place {
    size_t at, len;
    enum filter_key key;
};

static enum status refuse_value(struct filter_reader *r, const struct place *at, struct bytes value,
                                const char *wanted)
{
    return filter_refuse(r, at->at, at->len, "'%s' is no value of %s: %s", excerpt(value).text,
                         filter_key_rows[at->key].name, wanted);
}

static enum status value_number(struct filter_reader *r, const struct place *at, struct bytes in,
                                struct filter_value *v)
{
    enum filter_kind kind = filter_key_rows[at->key].kind;

    if (!read_range(kind, in, v))
        return STATUS_OK;
    if (kind == FILTER_KIND_SIZE)
        return refuse_value(r, at, in, "write 10k, >1MB, <64KiB or 10k-1MB");
    if (kind == FILTER_KIND_DURATION)
        return refuse_value(r, at, in, "write >1s, <=200ms or 100ms-1s");
    return refuse_value(r, at, in, "write a number, >=N, <N or N-M");
}

static enum status value_duration(struct filter_reader *r, const struct place *at, struct bytes in,
                                  struct filter_value *v)
{
    enum status st = value_number(r, at, in, v);

    if (!st && v->from == v->to && in.ptr[0] != '<' && in.ptr[0] != '>')
        return refuse_value(r, at, in, "nothing lasts exactly so long; write >1s, <1s or 1s-2s");
    return st;
}

static enum status value_status(struct filter_reader *r, const struct place *at, struct bytes in,
                                struct filter_value *v)
{
    v->how = FILTER_RANGE;
    if (bytes_equal(in, BYTES("none"))) {
        v->from = v->to = 0;
        return STATUS_OK;
    }
    if (in.len == 3 && in.ptr[0] >= '1' && in.ptr[0] <= '9' && in.ptr[1] == 'x' &&
        in.ptr[2] == 'x') {
        v->from = (in.ptr[0] - '0') * 100;
        v->to = v->from + 99;
        return STATUS_OK;
    }
    if (read_range(FILTER_KIND_NUMBER, in, v) || v->from > STATUS_MAX ||
        (v->from == v->to && v->to < 100))
        return refuse_value(r, at, in, "write 404, 5xx, 400-499, >=400 or none");
    if (v->from < 1)
        v->from = 1; /* 0 is no status, so it is not below 400 either */
    return STATUS_OK;
}

static enum status value_bound(struct filter_reader *r, const struct place *at, struct bytes in,
                               struct filter_value *v)
{
    int64_t bytes = 0;

    v->how = FILTER_RANGE;
    if (read_size(in, &bytes))
        return refuse_value(r, at, in, "write a size as 10k, 64KiB or 1.5MB");
    if (filter_key_rows[at->key].kind == FILTER_KIND_LARGER) {
        v->from = bytes < INT64_MAX ? bytes + 1 : bytes;
        v->to = INT64_MAX;
    } else {
        v->from = 0;
        v->to = bytes - 1;
    }
    return STATUS_OK;
}

static enum status value_version(struct filter_reader *r, const struct place *at, struct bytes in,
                                 struct filter_value *v)
{
    static const struct {
        const char *text;
        enum http_version version;
    } names[] = {{"1.0", HTTP_1_0}, {"1.1", HTTP_1_1}, {"2", HTTP_2}, {"2.0", HTTP_2}};
    struct bytes number = in;

    if (bytes_starts_with(in, BYTES("http/")))
        number = bytes_from(in, 5);
    else if (bytes_starts_with(in, BYTES("h")))
        number = bytes_from(in, 1);
    v->how = FILTER_RANGE;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!bytes_equal(number, bytes_of(names[i].text)))
            continue;
        v->from = v->to = names[i].version;
        return STATUS_OK;
    }
    return refuse_value(r, at, in, "write 1.0, 1.1 or 2");
}

static enum status value_host(struct filter_reader *r, const struct place *at, struct bytes in,
                              struct filter_value *v)
{
    size_t front = 0;

    v->how = FILTER_EQUALS;
    if (bytes_starts_with(in, BYTES("*."))) {
        v->how = FILTER_BELOW;
        front = 2;
    } else if (bytes_starts_with(in, BYTES("."))) {
        v->how = FILTER_AT_BELOW;
        front = 1;
    }
    v->text = bytes_from(in, front);
    if (bytes_starts_with(v->text, BYTES("[")) && bytes_ends_with(v->text, BYTES("]")))
        v->text = bytes_until(bytes_from(v->text, 1), v->text.len - 2);
    else if (bytes_find(v->text, ':') == (ptrdiff_t)v->text.len - 1 ||
             (bytes_find(v->text, ':') > 0 && bytes_find(v->text, '.') > 0))
        return refuse_value(r, at, in, "the port is a key of its own, as in port:8080");
    if (v->text.len == 0 || bytes_find(v->text, '*') >= 0 || bytes_find(v->text, '/') >= 0)
        return refuse_value(r, at, in,
                            "write shop.test, .shop.test with those below it, or "
                            "*.shop.test for only those");
    return STATUS_OK;
}

static enum status value_mime(struct bytes in, struct filter_value *v)
{
    ptrdiff_t slash = bytes_find(in, '/');

    v->text = in;
    v->how = slash < 0 ? FILTER_PART : FILTER_EQUALS;
    if (slash >= 0 && bytes_ends_with(in, BYTES("/*")))
        v->text.len--;
    if (slash >= 0 && bytes_ends_with(v->text, BYTES("/")))
        v->how = FILTER_MAJOR;
    return STATUS_OK;
}

static enum status value_field(struct filter_reader *r, const struct place *at, struct bytes in,
                               struct filter_value *v)
{
    ptrdiff_t equals = bytes_find(in, '=');

    v->text = in;
    v->how = FILTER_NAMED;
    if (equals >= 0) {
        v->how = FILTER_NAMED_HAS;
        v->text = bytes_until(in, (size_t)equals);
        v->part = bytes_from(in, (size_t)equals + 1);
    }
    if (!http_token_valid(v->text))
        return refuse_value(r, at, in, "write a name, or name=text for what its value holds");
    return STATUS_OK;
}

static enum status value_anomaly(struct filter_reader *r, const struct place *at, struct bytes in,
                                 struct filter_value *v)
{
    const char *words[HTTP_ANOMALY_COUNT + 1], *near;

    v->how = FILTER_ANY_BIT;
    for (int i = 0; i < HTTP_ANOMALY_COUNT; i++) {
        words[i] = http_anomaly_text((enum http_anomaly_place)i);
        if (bytes_equal(in, bytes_of(words[i])))
            v->from = INT64_C(1) << i;
    }
    words[HTTP_ANOMALY_COUNT] = "any";
    if (bytes_equal(in, BYTES("any")))
        v->from = UINT32_MAX;
    if (v->from)
        return STATUS_OK;
    near = text_nearest(in, words, HTTP_ANOMALY_COUNT + 1);
    if (near)
        return filter_refuse(r, at->at, at->len, "no such anomaly '%s'; did you mean '%s'?",
                             excerpt(in).text, near);
    return refuse_value(r, at, in, "write any, or a word of http/anomalies as repeated_host");
}

/* Numbers are short and never start in 0; ULIDs of our time do. */
static enum status value_id(struct filter_reader *r, const struct place *at, struct bytes in,
                            struct filter_value *v)
{
    bool letters = true;

    for (size_t i = 0; i < in.len; i++)
        letters &= (in.ptr[i] >= 'a' && in.ptr[i] <= 'z') || (in.ptr[i] >= '0' && in.ptr[i] <= '9');
    if ((in.ptr[0] != '0' || !letters) && !read_range(FILTER_KIND_NUMBER, in, v))
        return STATUS_OK;
    if (!letters || in.len > ULID_LETTERS || in.len < ULID_LEAST)
        return refuse_value(r, at, in,
                            "write 120, 120-140, >120, or four letters and more of "
                            "its ULID");
    v->how = FILTER_PREFIX;
    v->text = in;
    return STATUS_OK;
}

static enum status value_choice(struct filter_reader *r, const struct place *at, struct bytes in,
                                struct filter_value *v)
{
    const char *key = filter_key_rows[at->key].name, *near;
    enum filter_word word;

    if (filter_word_find(at->key, in, &word)) {
        v->how = FILTER_ONE_WORD;
        v->from = word;
        return STATUS_OK;
    }
    near = filter_word_nearest(at->key, in);
    if (near)
        return filter_refuse(r, at->at, at->len, "no such word '%s' for %s; did you mean '%s'?",
                             excerpt(in).text, key, near);
    return filter_refuse(r, at->at, at->len,
                         "no such word '%s' for %s; 'weir help filters' has them all",
                         excerpt(in).text, key);
}

static enum status value_time(struct filter_reader *r, const struct place *at, struct bytes in,
                              struct filter_value *v)
{
    bool since = filter_key_rows[at->key].kind == FILTER_KIND_SINCE;
    int64_t us;

    if (filter_when(in, r->now_us, &us))
        return refuse_value(r, at, in,
                            "write 10m (ago), 10:00 (today, UTC), 2026-11-23 or "
                            "2026-11-23T10:00");
    v->how = FILTER_RANGE;
    v->from = since ? us : 0;
    v->to = since ? INT64_MAX : us;
    return STATUS_OK;
}

static enum status value_read(struct filter_reader *r, const struct place *at, struct bytes in,
                              struct filter_value *v)
{
    switch (filter_key_rows[at->key].kind) {
    case FILTER_KIND_TEXT:
        v->how = FILTER_CONTAINS;
        v->text = in;
        return STATUS_OK;
    case FILTER_KIND_WORD:
        v->how = FILTER_EQUALS;
        v->text = in;
        return STATUS_OK;
    case FILTER_KIND_HOST:
        return value_host(r, at, in, v);
    case FILTER_KIND_STATUS:
        return value_status(r, at, in, v);
    case FILTER_KIND_MIME:
        return value_mime(in, v);
    case FILTER_KIND_NUMBER:
    case FILTER_KIND_SIZE:
        return value_number(r, at, in, v);
    case FILTER_KIND_DURATION:
        return value_duration(r, at, in, v);
    case FILTER_KIND_VERSION:
        return value_version(r, at, in, v);
    case FILTER_KIND_LARGER:
    case FILTER_KIND_SMALLER:
        return value_bound(r, at, in, v);
    case FILTER_KIND_FIELD:
        return value_field(r, at, in, v);
    case FILTER_KIND_ANOMALY:
        return value_anomaly(r, at, in, v);
    case FILTER_KIND_ID:
        return value_id(r, at, in, v);
    case FILTER_KIND_CHOICE:
        return value_choice(r, at, in, v);
    case FILTER_KIND_SINCE:
    case FILTER_KIND_UNTIL:
        return value_time(r, at, in, v);
    }
    return STATUS_BAD_INPUT;
}

/* ---- lists ---- */

static enum status read_listed(struct filter_reader *r, struct filter_term *term,
                               struct filter_value *v)
{
    struct place place = {.at = r->at, .key = term->key};
    struct bytes piece;
    enum status st = filter_read_piece(r, true, &piece);

    if (st)
        return st;
    place.len = r->at - place.at;
    if (piece.len == 0)
        return filter_refuse(r, term->at, r->at - term->at,
                             "%s wants a value right after it, as in %s",
                             filter_key_rows[term->key].name, filter_key_rows[term->key].example);
    return value_read(r, &place, piece, v);
}

enum status filter_read_values(struct filter_reader *r, struct filter_term *term)
{
    struct filter_value values[FILTER_VALUES] = {0};
    uint32_t count = 0;

    for (;;) {
        enum status st;

        if (count == FILTER_VALUES) {
            (void)filter_refuse(r, term->at, r->at - term->at, "a list has more than %d values",
                                FILTER_VALUES);
            return STATUS_LIMIT;
        }
        st = read_listed(r, term, &values[count]);
        if (st)
            return st;
        count++;
        if (r->at == r->in.len || r->in.ptr[r->at] != ',')
            break;
        r->at++;
    }
    term->values = arena_alloc(r->arena, count * sizeof(*values));
    if (!term->values)
        return STATUS_NO_MEMORY;
    memcpy(term->values, values, count * sizeof(*values));
    term->value_count = count;
    return STATUS_OK;
}
