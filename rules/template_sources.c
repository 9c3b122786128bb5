#include <string.h>

#include "base/sip_hash.h"
#include "http/url.h"
#include "rules/cookie.h"
#include "rules/date.h"
#include "rules/match.h"
#include "rules/template_part.h"

void url_put_legal(struct buf *out, struct bytes in, const char *more)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.ptr[i], lower = byte_lower(c);

        if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
            (c && (strchr("-._~!$&'()*+,;=:@/?%", c) || strchr(more, c)))) {
            buf_put_byte(out, c);
            continue;
        }
        buf_put_byte(out, '%');
        buf_put_byte(out, (uint8_t)digits[c >> 4]);
        buf_put_byte(out, (uint8_t)digits[c & 15]);
    }
}

static struct bytes value_header(const struct template_part *part, struct firing *f,
                                 struct buf *scratch)
{
    (void)scratch;
    return fields_value(&f->draft->head.fields, part->text);
}

/* Decoded, as forms have it: the first parameter of that name. */
static struct bytes value_query(const struct template_part *part, struct firing *f,
                                struct buf *scratch)
{
    ptrdiff_t at = bytes_find(f->draft->head.path, '?');
    struct bytes query, name, value;

    if (at < 0)
        return BYTES("");
    query = bytes_from(f->draft->head.path, (size_t)at + 1);
    while (url_query_next(&query, &name, &value)) {
        buf_clear(scratch);
        percent_decode(name, true, scratch);
        if (!bytes_equal(buf_bytes(scratch), part->text))
            continue;
        buf_clear(scratch);
        percent_decode(value, true, scratch);
        return buf_bytes(scratch);
    }
    return BYTES("");
}

static struct bytes value_cookie(const struct template_part *part, struct firing *f,
                                 struct buf *scratch)
{
    (void)scratch;
    return cookie_value(&f->draft->head.fields, part->text);
}

static struct bytes value_method(const struct template_part *part, struct firing *f,
                                 struct buf *scratch)
{
    (void)part;
    (void)scratch;
    return f->draft->head.method;
}

static struct bytes value_url(const struct template_part *part, struct firing *f,
                              struct buf *scratch)
{
    (void)part;
    target_url_put(scratch, &f->draft->target, f->draft->head.path);
    return buf_bytes(scratch);
}

static struct bytes value_scheme(const struct template_part *part, struct firing *f,
                                 struct buf *scratch)
{
    (void)part;
    (void)scratch;
    return f->draft->target.scheme;
}

static struct bytes value_host(const struct template_part *part, struct firing *f,
                               struct buf *scratch)
{
    (void)part;
    (void)scratch;
    return f->draft->target.host;
}

static struct bytes value_port(const struct template_part *part, struct firing *f,
                               struct buf *scratch)
{
    (void)part;
    buf_put_u64(scratch, f->draft->target.port);
    return buf_bytes(scratch);
}

static struct bytes value_path(const struct template_part *part, struct firing *f,
                               struct buf *scratch)
{
    struct bytes path = f->draft->head.path;
    ptrdiff_t query = bytes_find(path, '?');

    (void)part;
    (void)scratch;
    return query < 0 ? path : bytes_until(path, (size_t)query);
}

/* A random UUID, RFC 9562 §5.4. */
static struct bytes value_uuid(const struct template_part *part, struct firing *f,
                               struct buf *scratch)
{
    uint64_t high = sip_hash_u64(*f->ids, 0), low = sip_hash_u64(*f->ids, 1);

    (void)part;
    *f->ids = sip_hash_u64(*f->ids, 2);
    high = (high & ~UINT64_C(0xf000)) | UINT64_C(0x4000);
    low = (low & ~(UINT64_C(3) << 62)) | UINT64_C(1) << 63;
    buf_putf(scratch, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(high >> 32),
             (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xffff), (unsigned)(low >> 48),
             (unsigned long long)(low & UINT64_C(0xffffffffffff)));
    return buf_bytes(scratch);
}

static struct bytes value_now(const struct template_part *part, struct firing *f,
                              struct buf *scratch)
{
    (void)part;
    date_put_rfc3339(scratch, f->view->now_us);
    return buf_bytes(scratch);
}

static struct bytes value_request_body(const struct template_part *part, struct firing *f,
                                       struct buf *scratch)
{
    (void)part;
    (void)scratch;
    return firing_request_body(f);
}

static struct bytes value_request_trailer(const struct template_part *part, struct firing *f,
                                          struct buf *scratch)
{
    const struct fields *trailers = f->view->request_body->trailers;

    (void)scratch;
    return trailers ? fields_value(trailers, part->text) : BYTES("");
}

static struct bytes value_response_status(const struct template_part *part, struct firing *f,
                                          struct buf *scratch)
{
    (void)part;
    buf_put_u64(scratch, f->view->response->status);
    return buf_bytes(scratch);
}

static struct bytes value_response_reason(const struct template_part *part, struct firing *f,
                                          struct buf *scratch)
{
    (void)part;
    (void)scratch;
    return f->view->response->reason;
}

static struct bytes value_response_header(const struct template_part *part, struct firing *f,
                                          struct buf *scratch)
{
    (void)scratch;
    return fields_value(&f->view->response->fields, part->text);
}

static struct bytes value_response_body(const struct template_part *part, struct firing *f,
                                        struct buf *scratch)
{
    (void)part;
    (void)scratch;
    return f->view->response_body->content;
}

const struct template_source template_sources[] = {
#define TEMPLATE_SOURCE(id, word, named, sent, needs) {word, named, sent, needs, value_##id},
#include "rules/template_sources.def"
#undef TEMPLATE_SOURCE
};
const size_t template_source_count = sizeof(template_sources) / sizeof(template_sources[0]);
