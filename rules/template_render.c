#include <string.h>

#include "base/text.h"
#include "http/json.h"
#include "http/url.h"
#include "rules/template_part.h"

static void put_json_inside(struct buf *out, struct bytes value, struct buf *scratch)
{
    buf_clear(scratch);
    text_put_json(scratch, value);
    if (buf_status(scratch)) {
        out->status = buf_status(scratch);
        return;
    }
    buf_put(out, bytes_make(scratch->ptr + 1, scratch->len - 2)); /* without its quotes */
}

/* A capture after the '?' keeps its %XX, but not what would end its parameter. */
static void put_in_query(struct buf *out, struct bytes value)
{
    static const char *const encoded[] = {"%26", "%2B", "%3D"};
    static const char ends[] = "&+=";

    for (size_t i = 0; i < value.len; i++) {
        const char *end = value.ptr[i] ? strchr(ends, value.ptr[i]) : NULL;

        if (end)
            buf_put_text(out, encoded[end - ends]);
        else
            url_put_legal(out, bytes_make(value.ptr + i, 1), "");
    }
}

static void put_url(struct buf *out, const struct template_part *part, struct bytes value)
{
    bool capture = part->kind == TEMPLATE_CAPTURE;
    bool sent = capture || (part->source && part->source->sent);

    if (part->in_query && capture)
        put_in_query(out, value);
    else if (part->first || (sent && !part->in_query))
        url_put_legal(out, value, "");
    else
        percent_encode(value, "", out);
}

static void put_value(struct buf *out, enum template_use use, const struct template_part *part,
                      struct bytes value, struct buf *encoded)
{
    switch (use) {
    case TEMPLATE_TEXT:
    case TEMPLATE_HEADER:
        buf_put(out, value);
        break;
    case TEMPLATE_HTML:
        text_put_html(out, value);
        break;
    case TEMPLATE_JSON:
        put_json_inside(out, value, encoded);
        break;
    case TEMPLATE_URL:
        put_url(out, part, value);
        break;
    case TEMPLATE_QUERY:
        if (part->kind == TEMPLATE_CAPTURE)
            put_in_query(out, value);
        else
            percent_encode(value, "", out);
        break;
    }
}

/* Two buffers that every value may need: one it is made in, one it is encoded in. */
struct render {
    struct buf out, value, encoded;
};

static struct bytes part_value(struct render *r, const struct template_part *part, struct firing *f)
{
    buf_clear(&r->value);
    switch (part->kind) {
    case TEMPLATE_LITERAL:
    case TEMPLATE_VARIABLE:
        return part->text;
    case TEMPLATE_CAPTURE:
        return f->captures[part->capture];
    case TEMPLATE_SOURCED:
        return part->source->value(part, f, &r->value);
    case TEMPLATE_RANDOM:
        buf_putf(&r->value, "%lld", (long long)firing_draw(f, part->low, part->high));
        break;
    }
    return buf_bytes(&r->value);
}

/* As it is when it is JSON, else as a JSON string. */
static void put_json_value(struct render *r, enum template_use use,
                           const struct template_part *part, struct bytes value)
{
    struct json_fault fault;

    if (json_check(value, &fault)) {
        buf_clear(&r->encoded);
        text_put_json(&r->encoded, value);
        if (buf_status(&r->encoded))
            r->out.status = buf_status(&r->encoded);
        value = buf_bytes(&r->encoded);
    }
    put_value(&r->out, use == TEMPLATE_JSON ? TEMPLATE_TEXT : use, part, value, NULL);
}

static void part_put(struct render *r, const struct template *t, const struct template_part *part,
                     struct firing *f)
{
    struct bytes value = part_value(r, part, f);

    if (buf_status(&r->value))
        r->out.status = buf_status(&r->value);
    if (part->kind == TEMPLATE_LITERAL)
        buf_put(&r->out, value);
    else if (part->json)
        put_json_value(r, t->use, part, value);
    else
        put_value(&r->out, t->use, part, value, &r->encoded);
}

struct bytes template_fixed(const struct template *t)
{
    if (t->count == 0)
        return BYTES("");
    if (t->count == 1 && t->parts[0].kind == TEMPLATE_LITERAL)
        return t->parts[0].text;
    return bytes_make(NULL, 0);
}

static enum status render_end(struct render *r, const struct template *t, struct firing *f,
                              struct bytes *ret_text)
{
    struct bytes text = buf_bytes(&r->out);

    if (buf_status(&r->out))
        return buf_status(&r->out);
    if (t->use == TEMPLATE_HEADER) {
        text = bytes_trim(text);
        if (!http_value_valid(text))
            return STATUS_REFUSED;
    }
    text = arena_copy(f->arena, text);
    if (!text.ptr)
        return STATUS_NO_MEMORY;
    *ret_text = text;
    return STATUS_OK;
}

enum status template_render(const struct template *t, struct firing *f, struct bytes *ret_text)
{
    bool short_text =
        t->use == TEMPLATE_HEADER || t->use == TEMPLATE_URL || t->use == TEMPLATE_QUERY;
    size_t max = short_text ? HTTP_HEAD_BYTES : RULE_BODY_BYTES;
    struct bytes fixed = template_fixed(t);
    struct render r;
    enum status st;

    if (fixed.ptr) {
        *ret_text = fixed;
        return STATUS_OK;
    }
    buf_init(&r.out, max);
    buf_init(&r.value, max);
    buf_init(&r.encoded, max);
    for (uint32_t i = 0; i < t->count && !buf_status(&r.out); i++)
        part_put(&r, t, &t->parts[i], f);
    st = render_end(&r, t, f, ret_text);
    buf_release(&r.out);
    buf_release(&r.value);
    buf_release(&r.encoded);
    return st;
}
