#include "logs/flow_read.h"

#include <string.h>
#include <time.h>

#include "base/text.h"
#include "http/json_scan.h"
#include "http/url.h"
#include "logs/flow_read_impl.h"

#define NUMBER_MOST (INT64_C(1) << 53)
#define TIME_MOST_US (INT64_C(253402300800) * US_PER_S - 1) /* the year 9999 ends */

enum { US_PER_S = 1000 * 1000 };

enum status flow_read_refuse(struct flow_read *r, const char *fault)
{
    r->fault = fault;
    return STATUS_BAD_INPUT;
}

void *flow_read_alloc(struct flow_read *r, size_t len)
{
    void *made = arena_alloc(&r->f->arena, len);

    r->no_memory |= !made;
    return made;
}

struct bytes flow_read_text(struct flow_read *r, const json_t *text)
{
    struct bytes in, copy;

    if (!json_is_string(text))
        return bytes_make(NULL, 0);
    in = bytes_make(json_string_value(text), json_string_length(text));
    if (!in.len)
        return BYTES("");
    copy = arena_copy(&r->f->arena, in);
    r->no_memory |= !copy.ptr;
    return copy;
}

struct bytes flow_read_text_at(struct flow_read *r, const json_t *object, const char *key)
{
    return flow_read_text(r, json_object_get(object, key));
}

const char *flow_read_word_at(struct flow_read *r, const json_t *object, const char *key)
{
    const json_t *text = json_object_get(object, key);
    char *copy;

    if (!json_is_string(text))
        return NULL;
    copy = arena_text(&r->f->arena, bytes_make(json_string_value(text), json_string_length(text)));
    r->no_memory |= !copy;
    return copy;
}

int64_t flow_read_number_at(const json_t *object, const char *key)
{
    const json_t *number = json_object_get(object, key);
    json_int_t value = json_is_integer(number) ? json_integer_value(number) : -1;

    if (value < 0)
        return -1;
    return value < NUMBER_MOST ? (int64_t)value : NUMBER_MOST;
}

uint64_t flow_read_count_at(const json_t *object, const char *key)
{
    int64_t number = flow_read_number_at(object, key);

    return number > 0 ? (uint64_t)number : 0;
}

/* ---- time -------------------------------------------------------------------------- */

/* A number of exactly `digits` digits off the front. */
static bool take_digits(struct bytes *in, size_t digits, int *ret_number)
{
    uint64_t value;

    if (in->len < digits || bytes_to_u64(bytes_until(*in, digits), 9999, &value))
        return false;
    *in = bytes_from(*in, digits);
    *ret_number = (int)value;
    return true;
}

static void skip(struct bytes *in, const char *any)
{
    if (in->len && in->ptr[0] && strchr(any, in->ptr[0]))
        *in = bytes_from(*in, 1);
}

static int64_t take_fraction_us(struct bytes *in)
{
    int64_t us = 0, unit = US_PER_S / 10;

    if (!bytes_starts_with(*in, BYTES(".")) && !bytes_starts_with(*in, BYTES(",")))
        return 0;
    *in = bytes_from(*in, 1);
    for (; in->len && in->ptr[0] >= '0' && in->ptr[0] <= '9'; unit /= 10) {
        us += (in->ptr[0] - '0') * unit;
        *in = bytes_from(*in, 1);
    }
    return us;
}

/* "Z", "+01:00", "-0130"; in seconds. */
static int64_t take_zone_s(struct bytes in)
{
    int hours = 0, minutes = 0;
    bool west = bytes_starts_with(in, BYTES("-"));

    if (!west && !bytes_starts_with(in, BYTES("+")))
        return 0;
    skip(&in, "+-");
    if (!take_digits(&in, 2, &hours))
        return 0;
    skip(&in, ":");
    (void)take_digits(&in, 2, &minutes);
    return (west ? -1 : 1) * (int64_t)(hours * 3600 + minutes * 60);
}

static bool take_day(struct bytes *in, struct tm *tm)
{
    bool ok = take_digits(in, 4, &tm->tm_year);

    skip(in, "-");
    ok = ok && take_digits(in, 2, &tm->tm_mon);
    skip(in, "-");
    ok = ok && take_digits(in, 2, &tm->tm_mday);
    tm->tm_year -= 1900;
    tm->tm_mon -= 1;
    return ok && tm->tm_mon >= 0 && tm->tm_mon < 12 && tm->tm_mday >= 1 && tm->tm_mday <= 31;
}

static bool take_hour(struct bytes *in, struct tm *tm)
{
    bool ok = take_digits(in, 2, &tm->tm_hour);

    skip(in, ":");
    ok = ok && take_digits(in, 2, &tm->tm_min);
    skip(in, ":");
    ok = ok && take_digits(in, 2, &tm->tm_sec);
    return ok && tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec <= 60;
}

int64_t flow_read_time(const json_t *text)
{
    struct bytes in = bytes_make(json_string_value(text), json_string_length(text));
    struct tm tm = {0};
    int64_t us;

    if (!take_day(&in, &tm))
        return 0;
    skip(&in, "T ");
    if (!take_hour(&in, &tm))
        return 0;
    us = take_fraction_us(&in);
    us += ((int64_t)timegm(&tm) - take_zone_s(in)) * US_PER_S;
    if (us > TIME_MOST_US) /* by its zone */
        return TIME_MOST_US;
    return us > 0 ? us : 0;
}

bool flow_read_base64(struct flow_read *r, const json_t *text, struct bytes *ret_data)
{
    struct bytes in = bytes_make(json_string_value(text), json_string_length(text)), data = {0};
    struct buf out;
    enum status st;

    buf_init(&out, FLOW_MAKE_BYTES);
    st = text_base64_decode(&out, in);
    if (!st)
        data = arena_copy(&r->f->arena, buf_bytes(&out));
    r->no_memory |= st == STATUS_NO_MEMORY || (!st && out.len && !data.ptr);
    buf_release(&out);
    if (st)
        return false;
    *ret_data = data.ptr ? data : BYTES("");
    return true;
}

/* ---- fields ------------------------------------------------------------------------ */

void flow_read_field(struct flow_read *r, struct fields *fields, struct bytes name,
                     struct bytes value)
{
    if (!http_token_valid(name)) /* HTTP/2's pseudo-fields, too: the URL says the same */
        return;
    do {
        ptrdiff_t end = bytes_find(value, '\n');
        size_t len = end < 0 ? value.len : (size_t)end;
        struct bytes line = bytes_trim(bytes_until(value, len));

        if (http_value_valid(line) && fields->count < FLOW_READ_FIELDS)
            r->no_memory |= fields_append(&r->f->arena, fields, name, line) != STATUS_OK;
        value = bytes_from(value, len + (end >= 0));
    } while (value.len);
}

enum status flow_read_pairs(struct flow_read *r, const json_t *list, struct fields *fields)
{
    const json_t *pair;
    size_t i;

    if (json_array_size(list) > FLOW_READ_FIELDS)
        return flow_read_refuse(r, "it has more than 4096 headers");
    json_array_foreach(list, i, pair)
    {
        flow_read_field(r, fields, flow_read_text(r, json_array_get(pair, 0)),
                        flow_read_text(r, json_array_get(pair, 1)));
    }
    return STATUS_OK;
}

/* ---- URLs -------------------------------------------------------------------------- */

struct bytes flow_read_scheme(struct bytes scheme)
{
    if (bytes_equal_icase(scheme, BYTES("http")) || bytes_equal_icase(scheme, BYTES("ws")))
        return BYTES("http");
    if (bytes_equal_icase(scheme, BYTES("https")) || bytes_equal_icase(scheme, BYTES("wss")))
        return BYTES("https");
    return bytes_make(NULL, 0);
}

enum status flow_read_host(struct flow_read *r, struct bytes text)
{
    struct buf host;
    enum status st;

    buf_init(&host, HOST_BYTES + 1);
    st = host_normalise(text, &host);
    if (!st) {
        r->f->host = arena_copy(&r->f->arena, buf_bytes(&host));
        r->no_memory |= !r->f->host.ptr;
    }
    buf_release(&host);
    return st;
}

enum status flow_read_url(struct flow_read *r, struct bytes text, struct bytes *ret_target)
{
    struct url url;
    char *made;

    if (url_parse(text, &url) || !url.authority.host.len)
        return flow_read_refuse(r, "its url is not one of http or https");
    r->f->scheme = flow_read_scheme(url.scheme);
    if (flow_read_host(r, url.authority.host))
        return flow_read_refuse(r, "its url is not one of http or https");
    r->f->port =
        url.authority.port > 0 ? (uint16_t)url.authority.port : url_default_port(r->f->scheme);
    made = arena_printf(&r->f->arena, "%s%.*s%s%.*s",
                        bytes_starts_with(url.path, BYTES("/")) ? "" : "/", (int)url.path.len,
                        url.path.len ? (const char *)url.path.ptr : "", url.query.ptr ? "?" : "",
                        (int)url.query.len, url.query.ptr ? (const char *)url.query.ptr : "");
    r->no_memory |= !made;
    *ret_target = bytes_of(made);
    return STATUS_OK;
}

/* ---- heads ------------------------------------------------------------------------- */

enum http_version flow_read_version(struct bytes text)
{
    if (bytes_equal_icase(text, BYTES("HTTP/1.0")))
        return HTTP_1_0;
    if (bytes_starts_with(text, BYTES("HTTP/2")) || bytes_starts_with(text, BYTES("http/2")) ||
        bytes_equal_icase(text, BYTES("h2")))
        return HTTP_2;
    return HTTP_1_1;
}

struct bytes flow_read_reason(struct flow_read *r, const json_t *object, const char *key)
{
    struct bytes reason = flow_read_text_at(r, object, key);

    return http_value_valid(reason) ? reason : BYTES("");
}

struct flow_read_line flow_read_line(struct flow_read *r, const json_t *object)
{
    int64_t status = flow_read_number_at(object, "status_code");

    return (struct flow_read_line){
        .status = status > 0 && status <= 999 ? (uint16_t)status : 0,
        .reason = flow_read_reason(r, object, "reason"),
        .version = flow_read_version(flow_read_text_at(r, object, "version")),
    };
}

/* Path and query of a URL; empty when it has none. */
static struct bytes path_of_url(struct bytes url)
{
    ptrdiff_t scheme = bytes_search(url, BYTES("://"));
    ptrdiff_t at = scheme < 0 ? -1 : bytes_find(bytes_from(url, (size_t)scheme + 3), '/');

    return at < 0 ? bytes_make(NULL, 0) : bytes_from(url, (size_t)scheme + 3 + (size_t)at);
}

static enum target_form form_of(struct bytes method, struct bytes target)
{
    if (bytes_equal(method, BYTES("CONNECT")))
        return TARGET_AUTHORITY;
    if (bytes_equal(target, BYTES("*")))
        return TARGET_ASTERISK;
    return bytes_starts_with(target, BYTES("/")) ? TARGET_ORIGIN : TARGET_ABSOLUTE;
}

/* What would end a request line, or stand on lines of its own behind it. */
static bool is_target(struct bytes in)
{
    for (size_t i = 0; i < in.len; i++)
        if (in.ptr[i] <= ' ' || in.ptr[i] == 0x7f)
            return false;
    return true;
}

enum status flow_read_request(struct flow_read *r, const struct flow_read_asked *asked,
                              struct head **ret_head)
{
    struct bytes method = asked->method, target = asked->target, url = asked->url;
    struct head *head = flow_read_alloc(r, sizeof(*head));

    if (!head)
        return STATUS_NO_MEMORY;
    *head = (struct head){
        .side = HTTP_REQUEST,
        .version = HTTP_1_1,
        .length = -1,
        .keep_alive = true,
        .form = form_of(method, target),
        .method = method,
        .target = target,
        .path = target,
    };
    if (head->form == TARGET_ABSOLUTE)
        head->scheme = r->f->scheme;
    if (head->form == TARGET_ABSOLUTE)
        head->path = path_of_url(url);
    if (head->form == TARGET_AUTHORITY)
        head->path = bytes_make(NULL, 0);
    if (!is_target(target) || !is_target(head->path))
        return flow_read_refuse(r, "its target has spaces or controls");
    *ret_head = head;
    return STATUS_OK;
}

void flow_read_sides(struct flow_read *r, struct flow_message *m, const struct head *received,
                     const json_t *sent)
{
    struct head *out;

    m->received = received;
    m->sent = r->f->upstream.len ? received : NULL;
    if (!json_is_array(sent))
        return;
    out = flow_read_alloc(r, sizeof(*out));
    if (!out)
        return;
    *out = *received;
    out->fields = (struct fields){0};
    (void)!flow_read_pairs(r, sent, &out->fields);
    m->sent = out;
}

static struct head *response_head(struct flow_read *r, const struct flow_read_line *line,
                                  const struct fields *fields)
{
    struct head *head = flow_read_alloc(r, sizeof(*head));

    if (head)
        *head = (struct head){
            .side = HTTP_RESPONSE,
            .version = line->version,
            .length = -1,
            .keep_alive = true,
            .status = line->status,
            .reason = line->reason,
            .fields = *fields,
        };
    return head;
}

static bool same_line(const struct flow_read_line *a, const struct flow_read_line *b)
{
    return a->status == b->status && a->version == b->version && bytes_equal(a->reason, b->reason);
}

void flow_read_response(struct flow_read *r, const struct flow_read_line *shown,
                        const json_t *received, const struct fields *fields, const json_t *sent)
{
    struct flow_message *m = &r->f->response;
    struct flow_read_line came;
    struct fields out = {0};

    if (!json_is_object(received)) {
        m->sent = response_head(r, shown, fields);
        return;
    }
    came = flow_read_line(r, received);
    m->received = response_head(r, &came, fields);
    m->sent = m->received;
    if (json_is_array(sent) && !flow_read_pairs(r, sent, &out))
        m->sent = response_head(r, shown, &out);
    else if (!same_line(shown, &came))
        m->sent = response_head(r, shown, fields);
}

enum status flow_read_interim(struct flow_read *r, const json_t *list,
                              const struct flow_read_words *words)
{
    struct flow_interim **last = &r->f->interim;
    enum status st = STATUS_OK;
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        struct flow_interim *made = flow_read_alloc(r, sizeof(*made));
        struct head *head = flow_read_alloc(r, sizeof(*head));
        struct flow_read_line line = words->line(r, item);

        if (!made || !head)
            return STATUS_NO_MEMORY;
        *head = (struct head){.side = HTTP_RESPONSE,
                              .version = line.version,
                              .length = -1,
                              .status = line.status,
                              .reason = line.reason};
        st = words->fields(r, json_object_get(item, "headers"), &head->fields);
        if (st)
            return st;
        made->head = head;
        made->injected = json_is_true(json_object_get(item, "injected"));
        *last = made;
        last = &made->next;
    }
    return st;
}

/* ---- bodies ------------------------------------------------------------------------ */

void flow_read_body(struct flow_read *r, struct flow_message *m, const json_t *facts,
                    struct bytes content)
{
    struct flow_body *b = &m->body;
    int64_t captured = flow_read_number_at(facts, "captured_bytes");

    b->decoded = !json_is_true(json_object_get(facts, "body_coded"));
    b->cut = json_is_true(json_object_get(facts, "body_cut"));
    b->content_bytes = (int64_t)flow_read_count_at(facts, "content_bytes");
    if (!content.ptr)
        return;
    r->no_memory |= flow_make_content(r->f, m, content) != STATUS_OK;
    if (captured > 0) /* of the wire's bytes, which were not as many */
        b->captured_bytes = captured;
}

/* The heads are ours and in the flow's arena. */
static void frame(const struct head *head, int64_t wire_bytes)
{
    struct head *h = (struct head *)(uintptr_t)head;

    if (!h)
        return;
    h->framing = wire_bytes > 0 ? HTTP_LENGTH : HTTP_NO_BODY;
    h->length = wire_bytes > 0 ? wire_bytes : -1;
}

void flow_read_frame(struct flow_message *m)
{
    frame(m->received, m->body.wire_bytes);
    frame(m->sent, m->body.wire_bytes);
}

/* ---- records ----------------------------------------------------------------------- */

void flow_read_id(struct flow *f, struct bytes json, uint64_t number)
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint64_t ms = (uint64_t)(f->started_us / 1000);
    uint64_t bits[2] = {bytes_hash(json, number), bytes_hash(json, ~number)};

    if (f->id[0])
        return;
    for (int i = 9; i >= 0; i--, ms >>= 5)
        f->id[i] = digits[ms & 31];
    for (int i = 0; i < 16; i++)
        f->id[10 + i] = digits[(bits[i / 8] >> (5 * (i % 8))) & 31];
    f->id[26] = '\0';
}

/* Has it more values than may be read? At most one begins behind each of these signs. */
static bool has_too_many(struct bytes json)
{
    uint32_t count = 0;
    bool quoted = false;

    for (size_t i = 0; i < json.len && count < FLOW_READ_VALUES; i++) {
        uint8_t c = json.ptr[i];

        if (c == '"')
            quoted = !quoted;
        else if (quoted)
            i += c == '\\';
        else
            count += c == ',' || c == ':' || c == '{' || c == '[';
    }
    return count == FLOW_READ_VALUES;
}

enum status flow_read_record(struct bytes json, uint64_t number, flow_read_form *form,
                             struct flow **ret_flow, const char **ret_fault)
{
    struct flow_read r = {.f = flow_make(FLOW_HTTP)};
    json_error_t error = {0};
    json_t *root = NULL;
    enum status st = STATUS_OK;

    if (!r.f)
        return STATUS_NO_MEMORY;
    if (has_too_many(json))
        st = flow_read_refuse(&r, "it has more than a million values");
    else if (json_depth(json) <= FLOW_READ_DEPTH) /* the parser below recurses */
        root = json_loadb((const char *)json.ptr, json.len, JSON_ALLOW_NUL, &error);
    r.no_memory = json_error_code(&error) == json_error_out_of_memory;
    r.root = root;
    if (!st)
        st = json_is_object(root) ? form(&r) : flow_read_refuse(&r, "it is not a JSON object");
    if (!st)
        flow_read_id(r.f, json, number);
    json_decref(root);
    if (r.no_memory)
        st = STATUS_NO_MEMORY;
    if (!st) {
        *ret_flow = r.f;
        return st;
    }
    flow_free(r.f);
    if (st == STATUS_BAD_INPUT)
        *ret_fault = r.fault;
    return st;
}
