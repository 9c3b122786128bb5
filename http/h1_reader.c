#include "http/h1_reader.h"

#include <stdlib.h>
#include <string.h>

#include "http/h1_scan.h"

enum status h1_scratch_new(uint32_t max_fields, struct h1_scratch **ret_scratch)
{
    struct h1_scratch *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return STATUS_NO_MEMORY;
    s->max_fields = max_fields;
    s->fields = calloc((size_t)max_fields + 1, sizeof(*s->fields));
    if (s->fields == NULL) {
        free(s);
        return STATUS_NO_MEMORY;
    }
    *ret_scratch = s;
    return STATUS_OK;
}

void h1_scratch_free(struct h1_scratch *s)
{
    if (s == NULL)
        return;
    free(s->fields);
    free(s->made);
    free(s->out);
    free(s);
}

void h1_reader_init(struct h1_reader *r, enum http_side side, const struct codec_limits *limits,
                    struct h1_scratch *scratch, struct bytes in, struct codec_fault *fault)
{
    *r = (struct h1_reader){
        .begin = in.ptr,
        .at = in.ptr,
        .end = in.ptr + in.len,
        .side = side,
        .limits = limits,
        .scratch = scratch,
        .fields = &scratch->head.fields,
        .fault = fault,
    };
    scratch->made_len = 0;
    scratch->head.fields = (struct fields){scratch->fields, 0, scratch->max_fields + 1};
}

enum status h1_refuse(struct h1_reader *r, uint16_t status, enum http_anomaly_place place)
{
    *r->fault = (struct codec_fault){
        .status = r->side == HTTP_RESPONSE ? 502 : status,
        .anomaly = UINT32_C(1) << place,
        .sentence = http_anomaly_sentence(place),
    };
    return STATUS_BAD_MESSAGE;
}

enum status h1_refuse_size(struct h1_reader *r, uint16_t status, const char *sentence)
{
    h1_refuse(r, status, HTTP_ANOMALY_PLACE_TOO_LARGE);
    r->fault->sentence = sentence;
    return STATUS_LIMIT;
}

enum status h1_object(struct h1_reader *r, bool pass, enum http_anomaly_place place)
{
    if (!pass)
        return h1_refuse(r, 400, place);
    r->anomalies |= UINT32_C(1) << place;
    return STATUS_OK;
}

bool h1_forgives(const struct h1_reader *r)
{
    return r->side == HTTP_RESPONSE || r->limits->lenient;
}

enum status h1_read_line_end(struct h1_reader *r)
{
    if (*r->at == '\n') {
        r->at++;
        return h1_object(r, h1_forgives(r), HTTP_ANOMALY_PLACE_BARE_LF);
    }
    if (r->end - r->at < 2)
        return STATUS_NEED_MORE;
    if (r->at[1] != '\n')
        return h1_refuse(r, 400, HTTP_ANOMALY_PLACE_BARE_CR);
    r->at += 2;
    return STATUS_OK;
}

/* A value from r->at to the end of its line, trimmed; passes the line's end. */
static enum status read_value(struct h1_reader *r, struct bytes *ret_value, const uint8_t **ret_end)
{
    const uint8_t *start, *stop;

    while (r->at < r->end && h1_is_blank(*r->at))
        r->at++;
    start = r->at;
    for (;;) {
        enum status st;

        r->at = h1_scan_value(r->at, r->end);
        if (r->at == r->end)
            return STATUS_NEED_MORE;
        if (*r->at == '\r' || *r->at == '\n')
            break;
        if (*r->at == 0)
            return h1_refuse(r, 400, HTTP_ANOMALY_PLACE_NUL_BYTE);
        st = h1_object(r, r->limits->lenient, HTTP_ANOMALY_PLACE_CONTROL_IN_VALUE);
        if (st)
            return st;
        r->at++;
    }
    stop = r->at;
    *ret_end = stop;
    while (stop > start && h1_is_blank(stop[-1]))
        stop--;
    *ret_value = bytes_make(start, (size_t)(stop - start));
    return h1_read_line_end(r);
}

/* A line as nearly all are, name ":" OWS value OWS CRLF: read at once. False,
 * and nothing moved, when it is anything else. */
static bool read_tidy_field(struct h1_reader *r, struct field *f)
{
    const uint8_t *line = r->at, *end = r->end, *start, *stop, *at;

    at = h1_scan_token(line, end);
    if (at == end || *at != ':' || at == line)
        return false;
    f->name = (struct bytes){line, (size_t)(at - line)};
    at++;
    while (at < end && h1_is_blank(*at))
        at++;
    start = at;
    at = h1_scan_value(at, end);
    if (end - at < 2 || at[0] != '\r' || at[1] != '\n')
        return false;
    stop = at;
    while (stop > start && h1_is_blank(stop[-1]))
        stop--;
    f->value = (struct bytes){start, (size_t)(stop - start)};
    f->line = (struct bytes){line, (size_t)(at - line)};
    r->at = at + 2;
    return true;
}

/* A line that is not whole, or not tidy. */
static enum status read_odd_field(struct h1_reader *r, struct field *f)
{
    const uint8_t *line = r->at, *end = NULL;
    bool spaced = false;
    enum status st;

    r->at = h1_scan_token(r->at, r->end);
    f->name = bytes_make(line, (size_t)(r->at - line));
    while (r->at < r->end && h1_is_blank(*r->at)) {
        r->at++;
        spaced = true;
    }
    if (r->at == r->end)
        return STATUS_NEED_MORE;
    if (*r->at != ':' || f->name.len == 0)
        return h1_refuse(r, 400, HTTP_ANOMALY_PLACE_BAD_FIELD_NAME);
    /* RFC 9112 §5.1: a request so spaced MUST be refused, and a response MUST
     * lose the space before it is passed on. */
    if (spaced) {
        st = h1_object(r, h1_forgives(r), HTTP_ANOMALY_PLACE_SPACE_BEFORE_COLON);
        if (st)
            return st;
    }
    r->at++;
    st = read_value(r, &f->value, &end);
    if (st)
        return st;
    f->line = spaced ? (struct bytes){NULL, 0} : bytes_make(line, (size_t)(end - line));
    return STATUS_OK;
}

static enum status read_field(struct h1_reader *r)
{
    struct field *f = &r->fields->items[r->fields->count]; /* one more than max_fields are there */

    if (!read_tidy_field(r, f)) {
        enum status st = read_odd_field(r, f);

        if (st)
            return st;
    }
    if (r->fields->count >= r->limits->fields || r->fields->count >= r->scratch->max_fields)
        return h1_refuse_size(r, 431, "there are too many field lines");
    f->id = (uint16_t)field_id_of(f->name);
    f->never_index = false;
    r->again |= r->seen & UINT64_C(1) << f->id;
    r->seen |= UINT64_C(1) << f->id;
    r->fields->count++;
    return STATUS_OK;
}

uint8_t *h1_made_room(struct h1_reader *r)
{
    struct h1_scratch *s = r->scratch;
    size_t need = (size_t)(r->end - r->begin);

    /* Grown only while empty: made values are pointed at. */
    if (s->made_cap < need && s->made_len == 0) {
        uint8_t *made = realloc(s->made, need);

        if (made == NULL)
            return NULL;
        s->made = made;
        s->made_cap = need;
    }
    return s->made + s->made_len;
}

/* RFC 9112 §5.2: a line that goes on in the next; each fold becomes one space. */
static enum status unfold(struct h1_reader *r, struct field *f, struct bytes more)
{
    struct h1_scratch *s = r->scratch;
    uint8_t *room = h1_made_room(r);

    if (room == NULL)
        return STATUS_NO_MEMORY;
    f->line = (struct bytes){NULL, 0};
    if (more.len == 0)
        return STATUS_OK;
    if (f->value.len == 0) {
        f->value = more;
        return STATUS_OK;
    }
    if (f->value.ptr + f->value.len != room) { /* not made by the fold before */
        memcpy(room, f->value.ptr, f->value.len);
        f->value.ptr = room;
        s->made_len += f->value.len;
    }
    s->made[s->made_len++] = ' ';
    memcpy(s->made + s->made_len, more.ptr, more.len);
    s->made_len += more.len;
    f->value.len += 1 + more.len;
    return STATUS_OK;
}

static enum status read_fold(struct h1_reader *r)
{
    struct bytes more = {NULL, 0};
    const uint8_t *end;
    enum status st;

    if (r->fields->count == 0)
        return h1_refuse(r, 400, HTTP_ANOMALY_PLACE_LEADING_SPACE);
    st = h1_object(r, h1_forgives(r), HTTP_ANOMALY_PLACE_FOLDED_FIELD);
    if (!st)
        st = read_value(r, &more, &end);
    if (!st)
        st = unfold(r, &r->fields->items[r->fields->count - 1], more);
    return st;
}

enum status h1_read_fields(struct h1_reader *r)
{
    for (;;) {
        enum status st;

        if (r->at == r->end)
            return STATUS_NEED_MORE;
        if (*r->at == '\r' || *r->at == '\n')
            return h1_read_line_end(r);
        st = h1_is_blank(*r->at) ? read_fold(r) : read_field(r);
        if (st)
            return st;
    }
}

size_t h1_search_end(enum h1_search *search, struct bytes in)
{
    size_t at = 0;

    while (at < in.len) {
        uint8_t c = in.ptr[at];

        if (*search != H1_SEARCH_IN_LINE && c == '\n')
            return at + 1;
        if (*search == H1_SEARCH_LINE_START && c == '\r') {
            *search = H1_SEARCH_CR;
            at++;
            continue;
        }
        const uint8_t *lf = memchr(in.ptr + at, '\n', in.len - at);

        *search = lf == NULL ? H1_SEARCH_IN_LINE : H1_SEARCH_LINE_START;
        at = lf == NULL ? in.len : (size_t)(lf - in.ptr) + 1;
    }
    return 0;
}
