#include "http/h1_head.h"

#include <string.h>

#include "http/h1_scan.h"

enum { VERSION_BYTES = 8 }; /* "HTTP/1.1" */

static enum status bad_line(struct h1_reader *r)
{
    return h1_refuse(r, 400, HTTP_ANOMALY_PLACE_BAD_START_LINE);
}

/* RFC 9112 §2.3. A higher minor version is read as 1.1 (RFC 9110 §2.5). */
static enum status read_version(struct h1_reader *r, enum http_version *ret_version)
{
    const uint8_t *v = r->at;
    size_t left = (size_t)(r->end - r->at);

    if (left < VERSION_BYTES)
        return memchr(v, '\n', left) != NULL ? bad_line(r) : STATUS_NEED_MORE;
    if (memcmp(v, "HTTP/", 5) != 0 || !h1_is_digit(v[5]) || v[6] != '.' || !h1_is_digit(v[7]))
        return bad_line(r);
    if (v[5] != '1') {
        h1_refuse(r, 505, HTTP_ANOMALY_PLACE_BAD_START_LINE);
        r->fault->sentence = "the version of HTTP is not 1.0 or 1.1";
        return STATUS_BAD_MESSAGE;
    }
    *ret_version = v[7] == '0' ? HTTP_1_0 : HTTP_1_1;
    r->at += VERSION_BYTES;
    return STATUS_OK;
}

static enum status read_end_of_start_line(struct h1_reader *r)
{
    if (r->at == r->end)
        return STATUS_NEED_MORE;
    if (*r->at != '\r' && *r->at != '\n')
        return bad_line(r);
    return h1_read_line_end(r);
}

static enum status read_request_line(struct h1_reader *r)
{
    struct head *h = &r->scratch->head;
    const uint8_t *start = r->at;
    enum status st;

    r->at = h1_scan_token(start, r->end);
    if (r->at == r->end)
        return STATUS_NEED_MORE;
    h->method = bytes_make(start, (size_t)(r->at - start));
    if (h->method.len == 0 || *r->at != ' ')
        return bad_line(r);
    start = ++r->at;
    r->at = h1_scan_target(start, r->end);
    if (r->at == r->end)
        return STATUS_NEED_MORE;
    h->target = bytes_make(start, (size_t)(r->at - start));
    if (*r->at == '\r' || *r->at == '\n') /* HTTP/0.9, or no target at all */
        return bad_line(r);
    if (*r->at != ' ' || h->target.len == 0)
        return h1_refuse(r, 400, HTTP_ANOMALY_PLACE_BAD_TARGET);
    r->at++;
    st = read_version(r, &h->version);
    if (!st)
        st = read_end_of_start_line(r);
    if (!st)
        st = h1_judge_target(r);
    return st;
}

/* RFC 9112 §4. The space after the code may be missing with the reason. */
static enum status read_status_line(struct h1_reader *r)
{
    struct head *h = &r->scratch->head;
    const uint8_t *code, *start;
    enum status st = read_version(r, &h->version);

    if (st)
        return st;
    code = r->at;
    if (r->end - code < 5) /* SP, code, and what follows it */
        return memchr(code, '\n', (size_t)(r->end - code)) != NULL ? bad_line(r) : STATUS_NEED_MORE;
    if (code[0] != ' ' || !h1_is_digit(code[1]) || !h1_is_digit(code[2]) || !h1_is_digit(code[3]) ||
        code[1] == '0')
        return bad_line(r);
    h->status = (uint16_t)((code[1] - '0') * 100 + (code[2] - '0') * 10 + (code[3] - '0'));
    r->at = code + 4;
    if (*r->at == ' ')
        r->at++;
    else if (*r->at != '\r' && *r->at != '\n')
        return bad_line(r);
    start = r->at;
    r->at = h1_scan_value(start, r->end);
    h->reason = bytes_make(start, (size_t)(r->at - start));
    return read_end_of_start_line(r);
}

/* Is the start line whole, within the limit? */
static enum status start_line_ended(struct h1_reader *r)
{
    size_t len = (size_t)(r->end - r->begin);
    size_t max = r->limits->head_bytes;

    if (r->side == HTTP_REQUEST && r->limits->request_line_bytes < max)
        max = r->limits->request_line_bytes;
    if (memchr(r->begin, '\n', len < max ? len : max) != NULL)
        return STATUS_OK;
    if (len < max)
        return STATUS_NEED_MORE;
    if (r->side == HTTP_REQUEST)
        return h1_refuse_size(r, 414, "the request line is too long");
    return h1_refuse_size(r, 502, "the head is too large");
}

enum status h1_start_line_parse(struct h1_reader *r)
{
    struct head *h = &r->scratch->head;
    struct fields fields = h->fields;
    enum status st;

    *h = (struct head){.side = r->side, .length = -1, .fields = fields};
    st = r->side == HTTP_REQUEST ? read_request_line(r) : read_status_line(r);
    if (st ||
        (r->side == HTTP_REQUEST && (size_t)(r->at - r->begin) > r->limits->request_line_bytes)) {
        struct codec_fault fault = *r->fault;
        enum status ended = start_line_ended(r);

        if (ended)
            return ended;
        *r->fault = fault;
    }
    return st;
}

/* Of a head that is not whole, or whose fields are bad. */
static enum status judge_unfinished(struct h1_reader *r, enum status st)
{
    enum h1_search search = H1_SEARCH_IN_LINE;
    size_t len = (size_t)(r->end - r->begin);

    if (st == STATUS_NO_MEMORY)
        return st;
    if (st != STATUS_NEED_MORE && h1_search_end(&search, bytes_make(r->begin, len)) > 0)
        return st;
    if (len >= r->limits->head_bytes)
        return h1_refuse_size(r, 431, "the head is too large");
    return STATUS_NEED_MORE;
}

enum status h1_head_parse(struct h1_reader *r, const struct h1_asked *asked)
{
    struct head *h = &r->scratch->head;
    enum status st;

    if ((size_t)(r->end - r->begin) > r->limits->head_bytes)
        r->end = r->begin + r->limits->head_bytes;
    st = h1_start_line_parse(r);
    if (st)
        return st;
    st = h1_read_fields(r);
    if (st)
        return judge_unfinished(r, st);
    h->head_bytes = (uint32_t)(r->at - r->begin);
    st = r->side == HTTP_REQUEST ? h1_judge_request(r) : h1_judge_response(r, asked);
    h->anomalies = r->anomalies;
    return st;
}
