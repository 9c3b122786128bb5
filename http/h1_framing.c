#include "http/h1_head.h"

#include "http/h1_scan.h"

static enum status bad_framing(struct h1_reader *r, enum http_anomaly_place place)
{
    return h1_refuse(r, 400, place);
}

/* RFC 9110 §8.6: several equal ones are one. */
static enum status collapse_lengths(struct h1_reader *r, uint32_t first)
{
    struct fields *f = r->fields;

    for (int next; (next = fields_find(f, FIELD_CONTENT_LENGTH, first + 1)) >= 0;) {
        if (!bytes_equal(f->items[first].value, f->items[next].value))
            return bad_framing(r, HTTP_ANOMALY_PLACE_BAD_LENGTH);
        fields_remove_at(f, (uint32_t)next);
        r->anomalies |= HTTP_ANOMALY(REPEATED_LENGTH);
    }
    return STATUS_OK;
}

static enum status read_length(struct h1_reader *r, struct head *h)
{
    int first = fields_find(r->fields, FIELD_CONTENT_LENGTH, 0);
    uint64_t length = 0;

    if (bytes_to_u64(r->fields->items[first].value, INT64_MAX, &length))
        return bad_framing(r, HTTP_ANOMALY_PLACE_BAD_LENGTH);
    h->framing = HTTP_LENGTH;
    h->length = (int64_t)length;
    return h1_saw_again(r, FIELD_CONTENT_LENGTH) ? collapse_lengths(r, (uint32_t)first) : STATUS_OK;
}

static bool coding_known(struct bytes name)
{
    static const struct bytes known[] = {
        BYTES_INIT("gzip"),   BYTES_INIT("deflate"),    BYTES_INIT("compress"),
        BYTES_INIT("x-gzip"), BYTES_INIT("x-compress"),
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (bytes_equal_icase(name, known[i]))
            return true;
    }
    return false;
}

/* One element of the list; `sofar` is what those before it came to. No coding that is
 * known has parameters (RFC 9112 §7.2: SHOULD be treated as an error), and two readers
 * may disagree on where one with a quote ends. */
static enum h1_codings judge_coding(struct bytes element, enum h1_codings sofar, bool *chunked)
{
    ptrdiff_t semicolon = bytes_find(element, ';');
    struct bytes name = element;

    if (semicolon >= 0)
        name = bytes_trim(bytes_until(element, (size_t)semicolon));
    if (*chunked || !http_token_valid(name))
        return H1_CODINGS_BAD;
    if (bytes_equal_icase(name, BYTES("chunked"))) {
        *chunked = true;
        return semicolon >= 0 ? H1_CODINGS_BAD : sofar;
    }
    if (sofar == H1_CODINGS_UNKNOWN || !coding_known(name))
        return H1_CODINGS_UNKNOWN;
    return semicolon >= 0 ? H1_CODINGS_BAD : H1_CODINGS_OUTER;
}

/* Unlike other lists, an empty element is bad here: it is how lists that two
 * readers understand differently are made. */
enum h1_codings h1_codings_of(const struct fields *f)
{
    enum h1_codings found = H1_CODINGS_CHUNKED;
    bool chunked = false;

    for (int at = fields_find(f, FIELD_TRANSFER_ENCODING, 0); at >= 0;
         at = fields_find(f, FIELD_TRANSFER_ENCODING, (uint32_t)at + 1)) {
        struct bytes list = f->items[at].value;

        for (;;) {
            ptrdiff_t comma = bytes_find(list, ',');
            struct bytes element = comma < 0 ? list : bytes_until(list, (size_t)comma);

            found = judge_coding(bytes_trim(element), found, &chunked);
            if (found == H1_CODINGS_BAD)
                return found;
            if (comma < 0)
                break;
            list = bytes_from(list, (size_t)comma + 1);
        }
    }
    return chunked ? found : H1_CODINGS_BAD;
}

static enum status read_codings(struct h1_reader *r, struct head *h)
{
    if (h1_saw(r, FIELD_CONTENT_LENGTH))
        return bad_framing(r, HTTP_ANOMALY_PLACE_LENGTH_AND_CODING);
    if (h->version == HTTP_1_0) { /* RFC 9112 §6.1: the framing is faulty */
        enum status st =
            h1_object(r, r->side == HTTP_RESPONSE, HTTP_ANOMALY_PLACE_CODING_IN_HTTP10);

        if (st)
            return st;
    }
    switch (h1_codings_of(r->fields)) {
    case H1_CODINGS_CHUNKED:
        break;
    case H1_CODINGS_OUTER:
        r->anomalies |= HTTP_ANOMALY(OUTER_CODING);
        break;
    case H1_CODINGS_UNKNOWN:
        h1_refuse(r, 501, HTTP_ANOMALY_PLACE_BAD_CODING);
        r->fault->sentence = "Transfer-Encoding names a coding that is not known";
        return STATUS_BAD_MESSAGE;
    case H1_CODINGS_BAD:
        return bad_framing(r, HTTP_ANOMALY_PLACE_BAD_CODING);
    }
    h->framing = HTTP_CHUNKED;
    return STATUS_OK;
}

static enum status read_framing(struct h1_reader *r, struct head *h, enum http_framing otherwise)
{
    if (h1_saw(r, FIELD_TRANSFER_ENCODING))
        return read_codings(r, h);
    if (h1_saw(r, FIELD_CONTENT_LENGTH))
        return read_length(r, h);
    h->framing = otherwise;
    return STATUS_OK;
}

struct connection {
    bool close, keep_alive;
    unsigned options;
};

/* RFC 9110 §7.6.1. Options that would take away what frames or routes the
 * message are refused, and so are more than anyone honest sends. */
static enum status read_options(struct h1_reader *r, struct bytes list, struct connection *c)
{
    struct bytes option;

    while (bytes_next_listed(&list, &option)) {
        if (bytes_equal_icase(option, BYTES("keep-alive"))) {
            c->keep_alive = true;
        } else if (bytes_equal_icase(option, BYTES("close"))) {
            c->close = true;
        } else {
            enum field_id id = field_id_of(option);

            if (id == FIELD_CONTENT_LENGTH || id == FIELD_TRANSFER_ENCODING || id == FIELD_HOST)
                return h1_refuse(r, 400, HTTP_ANOMALY_PLACE_BAD_CONNECTION);
        }
        if (++c->options > HTTP_CONNECTION_OPTIONS)
            return h1_refuse(r, 400, HTTP_ANOMALY_PLACE_BAD_CONNECTION);
    }
    return STATUS_OK;
}

static enum status read_connection(struct h1_reader *r, struct head *h)
{
    const struct fields *f = r->fields;
    struct connection c = {.close = false};
    int at = h1_saw(r, FIELD_CONNECTION) ? fields_find(f, FIELD_CONNECTION, 0) : -1;

    while (at >= 0) {
        enum status st = read_options(r, f->items[at].value, &c);

        if (st)
            return st;
        at = h1_saw_again(r, FIELD_CONNECTION) ? fields_find(f, FIELD_CONNECTION, (uint32_t)at + 1)
                                               : -1;
    }
    h->keep_alive = !c.close && (h->version != HTTP_1_0 || c.keep_alive); /* RFC 9112 §9.3 */
    return STATUS_OK;
}

/* RFC 9110 §10.1.1: ignored in HTTP/1.0. */
static void read_expect(struct h1_reader *r, struct head *h)
{
    const struct fields *f = r->fields;
    int first = fields_find(f, FIELD_EXPECT, 0);

    if (!bytes_equal_icase(f->items[first].value, BYTES("100-continue")) ||
        h1_saw_again(r, FIELD_EXPECT))
        r->anomalies |= HTTP_ANOMALY(BAD_EXPECT);
    else
        h->expect_continue = h->version != HTTP_1_0;
}

/* RFC 9110 §9.3.6: CONNECT has no content. */
static enum status judge_connect_framing(struct h1_reader *r, struct head *h)
{
    if (h->framing == HTTP_NO_BODY)
        return STATUS_OK;
    if (h->framing != HTTP_LENGTH || h->length != 0)
        return bad_framing(r, HTTP_ANOMALY_PLACE_BODY_NOT_ALLOWED);
    r->anomalies |= HTTP_ANOMALY(BODY_NOT_ALLOWED);
    h->framing = HTTP_NO_BODY;
    h->length = -1;
    return STATUS_OK;
}

enum status h1_judge_request(struct h1_reader *r)
{
    struct head *h = &r->scratch->head;
    enum status st = read_connection(r, h);

    if (!st)
        st = read_framing(r, h, HTTP_NO_BODY);
    if (!st && h->form == TARGET_AUTHORITY)
        st = judge_connect_framing(r, h);
    if (!st)
        st = h1_judge_host(r);
    if (st)
        return st;
    if (h1_saw(r, FIELD_EXPECT))
        read_expect(r, h);
    if (h1_saw(r, FIELD_UPGRADE)) /* RFC 9110 §7.8: ignored in HTTP/1.0 */
        h->upgrade = h->version != HTTP_1_0 && fields_want_upgrade(r->fields);
    return STATUS_OK;
}

enum status h1_judge_response(struct h1_reader *r, const struct h1_asked *asked)
{
    struct head *h = &r->scratch->head;
    bool tunnel = asked->connect && h->status / 100 == 2;
    enum status st = read_connection(r, h);

    if (!st)
        st = read_framing(r, h, HTTP_UNTIL_CLOSE);
    if (st)
        return st;
    if (tunnel || http_status_bodiless(h->status)) {
        bool framed = h1_saw(r, FIELD_TRANSFER_ENCODING) || h1_saw(r, FIELD_CONTENT_LENGTH);

        /* RFC 9112 §6.1 and RFC 9110 §8.6 forbid both here; a 304 may have them. */
        if (framed && h->status != 304) {
            r->anomalies |= HTTP_ANOMALY(BODY_NOT_ALLOWED);
            h->keep_alive = h->keep_alive && h->framing == HTTP_LENGTH && h->length == 0;
        }
        h->framing = HTTP_NO_BODY;
    } else if (asked->head) {
        h->framing = HTTP_NO_BODY;
    }
    /* RFC 9112 §6.1: closed after it, however the rest looks. */
    if ((r->anomalies & HTTP_ANOMALY(CODING_IN_HTTP10)) != 0 || h->framing == HTTP_UNTIL_CLOSE)
        h->keep_alive = false;
    if (h->framing == HTTP_NO_BODY)
        h->length = -1;
    return STATUS_OK;
}
