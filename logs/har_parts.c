#include "logs/har_parts.h"

#include "http/url.h"
#include "logs/jsonl_facts.h"
#include "logs/media.h"

enum { US_PER_MS = 1000, US_PER_S = 1000 * 1000 };

/* ---- times ------------------------------------------------------------------------- */

/* value / unit as a decimal number without trailing zeros. */
static void put_decimal(int64_t value, int64_t unit, struct json_put *p)
{
    char digits[8];
    size_t len = 0;
    int64_t rest = value % unit;

    json_put_i64(p, value / unit);
    for (int64_t ten = unit / 10; rest && ten; ten /= 10) {
        digits[len++] = (char)('0' + rest / ten);
        rest %= ten;
    }
    if (!len)
        return;
    JSON_PUT(p, ".");
    json_put_raw(p, digits, len);
}

void har_put_ms(int64_t us, struct json_put *p)
{
    if (us < 0)
        JSON_PUT(p, "-1");
    else
        put_decimal(us, US_PER_MS, p);
}

static int64_t known(int64_t us)
{
    return us > 0 ? us : 0;
}

/* What rules held it up for is waiting, too: a HAR has no other place for it. */
static int64_t blocked(const struct flow_timings *t)
{
    return t->injected > 0 ? known(t->blocked) + t->injected : t->blocked;
}

/* In a HAR the time for TLS is a part of that for connecting. */
static int64_t connecting(const struct flow_timings *t)
{
    return t->tls > 0 ? known(t->connect) + t->tls : t->connect;
}

void har_put_time_all(const struct flow_timings *t, struct json_put *p)
{
    JSON_PUT(p, ",\"time\":");
    har_put_ms(known(blocked(t)) + known(t->dns) + known(connecting(t)) + known(t->send) +
                   known(t->wait) + known(t->receive),
               p);
}

void har_put_timings(const struct flow_timings *t, struct json_put *p)
{
    JSON_PUT(p, ",\"timings\":{\"blocked\":");
    har_put_ms(blocked(t), p);
    JSON_PUT(p, ",\"dns\":");
    har_put_ms(t->dns, p);
    JSON_PUT(p, ",\"connect\":");
    har_put_ms(connecting(t), p);
    JSON_PUT(p, ",\"send\":");
    har_put_ms(known(t->send), p);
    JSON_PUT(p, ",\"wait\":");
    har_put_ms(known(t->wait), p);
    JSON_PUT(p, ",\"receive\":");
    har_put_ms(known(t->receive), p);
    JSON_PUT(p, ",\"ssl\":");
    har_put_ms(t->tls, p);
    JSON_PUT(p, "}");
}

/* ---- lists ------------------------------------------------------------------------- */

static void put_pair(struct bytes name, struct bytes value, struct json_put *p)
{
    JSON_PUT(p, "{\"name\":");
    json_put_string(p, name);
    JSON_PUT(p, ",\"value\":");
    json_put_string(p, value);
}

/* The value of a field; in the flow or in scratch. */
static struct bytes clean_value(struct har_format *h, const struct field *field)
{
    struct jsonl_format *j = &h->json;

    if (!redact_field_maybe(&j->redactor, field))
        return field->value;
    buf_clear(&j->clean);
    redact_put_field(&j->redactor, field->name, field->value, &j->clean);
    return buf_bytes(&j->clean);
}

void har_put_fields(struct har_format *h, const struct fields *fields, struct json_put *p)
{
    JSON_PUT(p, "[");
    for (uint32_t i = 0; i < fields->count; i++) {
        if (i)
            JSON_PUT(p, ",");
        put_pair(fields->items[i].name, clean_value(h, &fields->items[i]), p);
        JSON_PUT(p, "}");
    }
    JSON_PUT(p, "]");
}

/* Takes what stands before the next ';' off *rest, trimmed. */
static struct bytes take_part(struct bytes *rest)
{
    ptrdiff_t end = bytes_find(*rest, ';');
    size_t len = end < 0 ? rest->len : (size_t)end;
    struct bytes part = bytes_trim(bytes_until(*rest, len));

    *rest = bytes_from(*rest, len + (end >= 0));
    return part;
}

/* "name=value"; without '=' it is all value (RFC 6265 §5.2 has it ignored). */
static void split_pair(struct bytes part, struct bytes *ret_name, struct bytes *ret_value)
{
    ptrdiff_t equals = bytes_find(part, '=');
    size_t len = equals < 0 ? 0 : (size_t)equals;

    *ret_name = bytes_trim(bytes_until(part, len));
    *ret_value = bytes_trim(bytes_from(part, len + (equals >= 0)));
}

void har_put_cookies(struct har_format *h, const struct fields *fields, struct json_put *p)
{
    int at = fields_find(fields, FIELD_COOKIE, 0);
    bool first = true;

    JSON_PUT(p, "[");
    for (; at >= 0; at = fields_find(fields, FIELD_COOKIE, (uint32_t)at + 1)) {
        struct bytes rest = clean_value(h, &fields->items[at]), name, value;

        while (rest.len) {
            split_pair(take_part(&rest), &name, &value);
            if (!name.len && !value.len)
                continue;
            if (!first)
                JSON_PUT(p, ",");
            put_pair(name, value, p);
            JSON_PUT(p, "}");
            first = false;
        }
    }
    JSON_PUT(p, "]");
}

/* What is told of a cookie besides its name and value. */
struct attributes {
    struct bytes path, domain, same_site;
    int64_t expires; /* seconds since 1970 */
    bool has_expires, has_age, http_only, secure;
};

static void take_age(struct bytes value, int64_t now_us, struct attributes *a)
{
    enum { AGE_MAX_S = 400 * 24 * 3600 }; /* as browsers have it (RFC 6265bis §5.5) */
    bool past = bytes_starts_with(value, BYTES("-"));
    uint64_t age = 0;
    enum status st = bytes_to_u64(past ? bytes_from(value, 1) : value, AGE_MAX_S, &age);

    if (st && st != STATUS_LIMIT)
        return;
    a->has_age = a->has_expires = true; /* it wins over Expires (RFC 6265 §5.3) */
    if (past)
        a->expires = 0;
    else
        a->expires = known(now_us) / US_PER_S + (st ? AGE_MAX_S : (int64_t)age);
}

static void take_attribute(struct bytes part, int64_t now_us, struct attributes *a)
{
    struct bytes name, value;

    split_pair(part, &name, &value);
    if (!name.len)
        name = value;
    if (bytes_equal_icase(name, BYTES("path")))
        a->path = value;
    else if (bytes_equal_icase(name, BYTES("domain")))
        a->domain = value;
    else if (bytes_equal_icase(name, BYTES("samesite")))
        a->same_site = value;
    else if (bytes_equal_icase(name, BYTES("httponly")))
        a->http_only = true;
    else if (bytes_equal_icase(name, BYTES("secure")))
        a->secure = true;
    else if (bytes_equal_icase(name, BYTES("max-age")))
        take_age(value, now_us, a);
    else if (bytes_equal_icase(name, BYTES("expires")) && !a->has_age)
        a->has_expires |= !har_cookie_date(value, &a->expires);
}

static void put_attributes(struct har_format *h, const struct attributes *a, struct json_put *p)
{
    if (a->path.len) {
        JSON_PUT(p, ",\"path\":");
        json_put_string(p, a->path);
    }
    if (a->domain.len) {
        JSON_PUT(p, ",\"domain\":");
        json_put_string(p, a->domain);
    }
    if (a->has_expires) {
        JSON_PUT(p, ",\"expires\":");
        jsonl_put_time(&h->json, a->expires * US_PER_S, p);
    }
    JSON_PUT(p, ",\"httpOnly\":");
    json_put_bool(p, a->http_only);
    JSON_PUT(p, ",\"secure\":");
    json_put_bool(p, a->secure);
    if (a->same_site.len) {
        JSON_PUT(p, ",\"sameSite\":");
        json_put_string(p, a->same_site);
    }
}

void har_put_set_cookies(struct har_format *h, const struct fields *fields, int64_t now_us,
                         struct json_put *p)
{
    int at = fields_find(fields, FIELD_SET_COOKIE, 0);
    bool first = true;

    JSON_PUT(p, "[");
    for (; at >= 0; at = fields_find(fields, FIELD_SET_COOKIE, (uint32_t)at + 1)) {
        struct bytes rest = clean_value(h, &fields->items[at]), name, value;
        struct attributes a = {0};

        split_pair(take_part(&rest), &name, &value);
        while (rest.len)
            take_attribute(take_part(&rest), now_us, &a);
        if (!first)
            JSON_PUT(p, ",");
        put_pair(name, value, p);
        put_attributes(h, &a, p);
        JSON_PUT(p, "}");
        first = false;
    }
    JSON_PUT(p, "]");
}

void har_put_query(struct har_format *h, struct json_put *p)
{
    struct bytes url = buf_bytes(&h->url), query, name, value;
    ptrdiff_t mark = bytes_find(url, '?');
    struct buf *plain = &h->json.content;
    bool first = true;

    query = mark < 0 ? bytes_make(NULL, 0) : bytes_from(url, (size_t)mark + 1);
    JSON_PUT(p, "[");
    for (; url_query_next(&query, &name, &value); first = false) {
        size_t len;

        buf_clear(plain);
        percent_decode(name, true, plain);
        len = plain->len;
        percent_decode(value, true, plain);
        if (!first)
            JSON_PUT(p, ",");
        put_pair(bytes_until(buf_bytes(plain), len), bytes_from(buf_bytes(plain), len), p);
        JSON_PUT(p, "}");
    }
    JSON_PUT(p, "]");
}

void har_put_messages(struct har_format *h, const struct flow *f, struct json_put *p)
{
    if (!f->messages)
        return;
    JSON_PUT(p, ",\"_webSocketMessages\":[");
    for (const struct flow_socket_message *m = f->messages; m; m = m->next) {
        JSON_PUT(p, "{\"type\":");
        jsonl_put_word(p, m->from_client ? "send" : "receive");
        JSON_PUT(p, ",\"time\":");
        put_decimal(known(m->time_us), US_PER_S, p);
        JSON_PUT(p, ",\"opcode\":");
        json_put_u64(p, m->opcode);
        JSON_PUT(p, ",\"data\":");
        if (m->opcode == JSONL_OPCODE_TEXT)
            json_put_string(p, jsonl_message_text(&h->json, m->data));
        else
            json_put_base64(p, m->data);
        JSON_PUT(p, "}");
        if (m->next)
            JSON_PUT(p, ",");
    }
    JSON_PUT(p, "]");
}

/* ---- what kind of thing it is --------------------------------------------------------- */

/* Words of Sec-Fetch-Dest (Fetch Metadata §2.1), with Chrome's for them. */
static const char *const destinations[][2] = {
    {"document", "document"}, {"iframe", "document"},     {"script", "script"},
    {"style", "stylesheet"},  {"image", "image"},         {"font", "font"},
    {"audio", "media"},       {"video", "media"},         {"track", "texttrack"},
    {"manifest", "manifest"}, {"websocket", "websocket"}, {"empty", "fetch"},
};

static const char *type_of_media(struct bytes type)
{
    struct bytes name = media_type(type);

    if (bytes_equal_icase(name, BYTES("text/html")))
        return "document";
    if (bytes_equal_icase(name, BYTES("text/css")))
        return "stylesheet";
    if (bytes_ends_with(name, BYTES("javascript")))
        return "script";
    if (bytes_starts_with(name, BYTES("font/")))
        return "font";
    if (bytes_starts_with(name, BYTES("audio/")) || bytes_starts_with(name, BYTES("video/")))
        return "media";
    switch (media_kind_of(type)) {
    case MEDIA_IMAGE:
        return "image";
    case MEDIA_JSON:
        return "fetch";
    case MEDIA_NONE:
    case MEDIA_FORM:
    case MEDIA_MULTIPART:
    case MEDIA_TEXT:
    case MEDIA_OTHER:
        break;
    }
    return "other";
}

const char *har_resource_type(const struct flow *f)
{
    const struct head *request = f->request.received;
    struct bytes said = {0};

    if (f->messages || (f->status == 101 && f->kind == FLOW_HTTP))
        return "websocket";
    if (request)
        said = fields_value(&request->fields, BYTES("sec-fetch-dest"));
    for (size_t i = 0; i < sizeof(destinations) / sizeof(destinations[0]); i++) {
        if (bytes_equal_icase(said, bytes_of(destinations[i][0])))
            return destinations[i][1];
    }
    return type_of_media(flow_content_type(&f->response));
}
