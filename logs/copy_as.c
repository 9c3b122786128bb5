#include "logs/copy_as.h"

#include <string.h>

#include "logs/copy_form.h"
#include "logs/flow_clean.h"
#include "logs/flow_make.h"

static const struct copy_form *const forms[] = {
#define COPY_FORM(name) &copy_form_##name,
#include "logs/copy_forms.def"
#undef COPY_FORM
};

enum { FORM_COUNT = sizeof(forms) / sizeof(forms[0]) };

const struct copy_form *copy_form_find(const char *name)
{
    for (size_t i = 0; i < FORM_COUNT; i++)
        if (strcmp(forms[i]->name, name) == 0)
            return forms[i];
    return NULL;
}

void copy_form_put_names(struct buf *out)
{
    for (size_t i = 0; i < FORM_COUNT; i++)
        buf_putf(out, "%s%s", i == 0 ? "" : i + 1 < FORM_COUNT ? ", " : " or ", forms[i]->name);
}

void copy_note(struct copy_request *r, const char *sentence)
{
    buf_put_text(r->notes, sentence);
    buf_put_byte(r->notes, '\n');
}

bool copy_has(const struct copy_request *r, enum field_id id)
{
    return fields_find(&r->fields, id, 0) >= 0;
}

bool copy_join(const struct copy_request *r, uint32_t at, struct buf *out)
{
    struct bytes name = r->fields.items[at].name;
    bool cookie = r->fields.items[at].id == FIELD_COOKIE;
    int i = fields_find_name(&r->fields, name, 0);

    if (i != (int)at)
        return false;
    buf_clear(out);
    for (; i >= 0; i = fields_find_name(&r->fields, name, (uint32_t)i + 1)) {
        if (i != (int)at)
            buf_put_text(out, cookie ? "; " : ", ");
        buf_put(out, r->fields.items[i].value);
    }
    return true;
}

/* "/a/../b": what most programs would shorten. */
static bool has_dot_segments(struct bytes target)
{
    ptrdiff_t query = bytes_find(target, '?');
    struct bytes path = query < 0 ? target : bytes_until(target, (size_t)query);

    return bytes_search(path, BYTES("/./")) >= 0 || bytes_search(path, BYTES("/../")) >= 0 ||
           bytes_ends_with(path, BYTES("/.")) || bytes_ends_with(path, BYTES("/.."));
}

void copy_put_url_ascii(struct copy_request *r, struct buf *out)
{
    bool encoded = false;

    for (size_t i = 0; i < r->url.len; i++) {
        uint8_t c = r->url.ptr[i];

        if (c > ' ' && c < 0x7f) {
            buf_put_byte(out, c);
        } else {
            buf_putf(out, "%%%02X", c);
            encoded = true;
        }
    }
    if (encoded)
        copy_note(r, "Bytes of the URL that are not ASCII go out percent-encoded.");
    if (has_dot_segments(r->target))
        copy_note(r, "The path has . or .. segments, which go out resolved.");
    if (bytes_find(r->target, '#') >= 0)
        copy_note(r, "The path has a #: what follows it is not sent.");
    if (bytes_equal(r->target, BYTES("*")))
        copy_note(r, "The request was for *, which cannot be asked for here.");
}

/* ---- a flow's request ---------------------------------------------------------------- */

struct preparation {
    const struct flow *flow;
    const struct redactor *redactor;
    struct copy_request *r;
    struct buf work;
    bool redacted; /* something was taken out */
};

/* The text in `work`, kept. */
static enum status keep(struct preparation *p, struct bytes *ret_text)
{
    struct bytes text = buf_bytes(&p->work);
    struct bytes copy = arena_copy(p->r->arena, text);

    if (buf_status(&p->work))
        return buf_status(&p->work);
    if (text.len && !copy.ptr)
        return STATUS_NO_MEMORY;
    *ret_text = copy.ptr ? copy : BYTES("");
    return STATUS_OK;
}

static void keep_if_redacted(struct preparation *p, struct bytes before)
{
    if (!bytes_equal(buf_bytes(&p->work), before))
        p->redacted = true;
}

static enum status prepare_url(struct preparation *p, const struct head *head)
{
    struct bytes path = flow_path(p->flow);
    enum status st;

    p->r->target = BYTES("*");
    if (!bytes_equal(head->path, BYTES("*"))) {
        buf_clear(&p->work);
        redact_put_url(p->redactor, path, &p->work);
        keep_if_redacted(p, path);
        st = keep(p, &p->r->target);
        if (st)
            return st;
    }
    buf_clear(&p->work);
    flow_put_origin(p->flow, &p->work);
    if (p->r->target.len == 0 || p->r->target.ptr[0] != '/')
        buf_put_byte(&p->work, '/');
    if (!bytes_equal(p->r->target, BYTES("*")))
        buf_put(&p->work, p->r->target);
    return keep(p, &p->r->url);
}

/* Is it named by Connection (RFC 9110 §7.6.1)? */
static bool is_nominated(const struct head *head, struct bytes name)
{
    return fields_list_has(&head->fields, FIELD_CONNECTION, name);
}

static bool is_left_out(const struct preparation *p, const struct head *head,
                        const struct field *field, struct bytes authority)
{
    unsigned rules = field->id == FIELD_OTHER ? 0 : field_rules((enum field_id)field->id);

    if (p->r->upgrade && (field->id == FIELD_UPGRADE || field->id == FIELD_CONNECTION))
        return false;
    if (rules & (FIELD_RULE_HOP | FIELD_RULE_FRAMING))
        return true;
    if (field->id == FIELD_HOST)
        return bytes_equal_icase(field->value, authority);
    return field->id == FIELD_EXPECT || is_nominated(head, field->name);
}

/* HTTP/2 may cut Cookie into lines, which belong together (RFC 9113 §8.2.3). */
static enum status join_cookies(struct preparation *p, const struct head *head)
{
    struct fields *fields = &p->r->fields;
    int at = head->version == HTTP_2 ? fields_find(fields, FIELD_COOKIE, 0) : -1;
    struct bytes joined = {0};
    enum status st;

    if (at < 0 || fields_find(fields, FIELD_COOKIE, (uint32_t)at + 1) < 0 ||
        !copy_join(p->r, (uint32_t)at, &p->work))
        return STATUS_OK;
    st = keep(p, &joined);
    return st ? st : fields_set(p->r->arena, fields, fields->items[at].name, joined);
}

static enum status prepare_fields(struct preparation *p, const struct head *head)
{
    struct bytes authority = {0};
    enum status st;

    buf_clear(&p->work);
    flow_put_authority(p->flow, &p->work);
    st = keep(p, &authority);
    for (uint32_t i = 0; !st && i < head->fields.count; i++) {
        const struct field *field = &head->fields.items[i];
        struct bytes value = {0};

        if (is_left_out(p, head, field, authority))
            continue;
        buf_clear(&p->work);
        redact_put_field(p->redactor, field->name, field->value, &p->work);
        keep_if_redacted(p, field->value);
        st = keep(p, &value);
        if (!st)
            st = fields_append(p->r->arena, &p->r->fields, field->name, value);
    }
    return st ? st : join_cookies(p, head);
}

static enum status prepare_body(struct preparation *p, const struct flow_message *m)
{
    struct flow_cleaned cleaned = {0};
    enum status st;

    buf_clear(&p->work);
    st = flow_clean_body(p->redactor, m, &p->work, &cleaned);
    if (st)
        return st;
    p->redacted |= cleaned.changed;
    if (cleaned.left)
        copy_note(p->r,
                  "The body is here as far as it can be decoded; --redact=none has it whole.");
    if (cleaned.decoded)
        fields_remove(&p->r->fields, BYTES("Content-Encoding"));
    return keep(p, &p->r->body);
}

static void note_body(struct preparation *p)
{
    const struct flow_body *body = &p->flow->request.body;
    struct buf *notes = p->r->notes;

    if (!flow_body_cut(body) && !p->flow->body_not_captured)
        return;
    buf_putf(notes, "The body is not whole: %lld", (long long)body->captured_bytes);
    if (body->wire_bytes > body->captured_bytes)
        buf_putf(notes, " of %lld", (long long)body->wire_bytes);
    buf_put_text(notes, " bytes were kept.\n");
}

static bool has_body(const struct copy_request *r, const struct head *head)
{
    const struct http_method *method = http_method_find(r->method);

    if (r->body.len)
        return true;
    return head->framing == HTTP_LENGTH && head->length == 0 && method && method->request_body;
}

static enum status prepare(struct preparation *p, const struct head *head)
{
    struct copy_request *r = p->r;
    enum status st;

    r->method = head->method;
    r->upgrade = head->upgrade;
    st = prepare_url(p, head);
    if (!st)
        st = prepare_fields(p, head);
    if (!st)
        st = prepare_body(p, &p->flow->request);
    if (st)
        return st;
    r->has_body = has_body(r, head);
    note_body(p);
    if (p->redacted)
        copy_note(r, "Secrets are replaced by pseudonyms; --redact=none keeps them.");
    return STATUS_OK;
}

/* ---- the text ---------------------------------------------------------------------------- */

static void put_notes(const struct copy_form *form, struct bytes notes, struct buf *out)
{
    while (notes.len) {
        ptrdiff_t end = bytes_find(notes, '\n');
        size_t len = end < 0 ? notes.len : (size_t)end;

        buf_put_text(out, form->comment);
        buf_put(out, bytes_until(notes, len));
        buf_put_byte(out, '\n');
        notes = bytes_from(notes, len + 1);
    }
}

static enum status put_form(const struct copy_form *form, struct copy_request *r, struct buf *out)
{
    struct buf command;
    enum status st;

    if (!form->comment)
        return form->put(r, out);
    buf_init(&command, COPY_AS_BYTES);
    st = form->put(r, &command);
    put_notes(form, buf_bytes(r->notes), out);
    buf_put(out, buf_bytes(&command));
    if (!st)
        st = buf_status(&command);
    buf_release(&command);
    return st;
}

enum status copy_as_put(const struct copy_form *form, const struct redactor *redactor,
                        const struct flow *f, struct buf *out, struct buf *notes)
{
    const struct head *head = f->kind == FLOW_HTTP ? flow_message_head(&f->request) : NULL;
    struct copy_request r = {0};
    struct preparation p = {.flow = f, .redactor = redactor, .r = &r};
    struct arena arena;
    struct buf own_notes;
    enum status st;

    if (!head || head->method.len == 0)
        return STATUS_NOT_FOUND;
    arena_init(&arena, COPY_AS_BYTES);
    buf_init(&p.work, FLOW_MAKE_BYTES);
    buf_init(&own_notes, COPY_NOTES_BYTES);
    r.arena = &arena;
    r.notes = form->comment ? &own_notes : notes;
    st = prepare(&p, head);
    if (!st)
        st = put_form(form, &r, out);
    if (!st)
        st = buf_status(out);
    if (!st)
        st = buf_status(r.notes);
    buf_release(&own_notes);
    buf_release(&p.work);
    arena_release(&arena);
    return st;
}
