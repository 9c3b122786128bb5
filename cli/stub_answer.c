/* What a recorded request is answered with: `raw`, so that nothing is added to it. */
#include "cli/stub_rules.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "cli/paths.h"
#include "logs/flow_clean.h"

struct maker {
    struct stub_rules *s;
    const struct flow *flow;
    const struct head *head;
    struct node *respond;
    bool decoded; /* the body goes without its codings */
};

/* ---- texts ------------------------------------------------------------------------------- */

struct node *stub_node_add(struct arena *a, struct node *parent, const char *key,
                           enum node_kind kind)
{
    struct node *n = arena_alloc(a, sizeof(*n)), **last = &parent->first;

    if (!n)
        return NULL;
    *n = (struct node){.kind = kind, .key = bytes_of(key)};
    while (*last)
        last = &(*last)->next;
    *last = n;
    parent->count++;
    return n;
}

/* Letters first, and no word that YAML or the schema takes for something. */
static bool is_unmistakable(struct bytes text)
{
    uint8_t first = text.len ? text.ptr[0] : 0;

    if (bytes_find(text, '\n') >= 0 || bytes_equal(text, BYTES("null")))
        return false;
    return (first >= '0' && first <= '9') ||
           (byte_lower(first) >= 'a' && byte_lower(first) <= 'z') || first == '/';
}

enum status stub_node_text(struct arena *a, struct node *parent, const char *key, struct bytes text)
{
    struct node *n = stub_node_add(a, parent, key, NODE_SCALAR);

    if (!n)
        return STATUS_NO_MEMORY;
    n->text = arena_copy(a, text);
    n->plain = is_unmistakable(text);
    return text.len && !n->text.ptr ? STATUS_NO_MEMORY : STATUS_OK;
}

/* "$(" and "$json(" mean something in a rule. */
static bool is_template(struct bytes text)
{
    return bytes_search(text, BYTES("$(")) >= 0 || bytes_search(text, BYTES("$json(")) >= 0;
}

/* ---- header fields --------------------------------------------------------------------------- */

static bool is_of_the_moment(const struct maker *m, const struct field *field)
{
    static const char *const names[] = {"Age", "Alt-Svc", "X-Weir-Rule"};
    static const char *const coded[] = {"Content-Encoding", "Content-Digest", "Repr-Digest",
                                        "Digest", "Content-MD5"};

    if (field->id == FIELD_DATE || fields_list_has(&m->head->fields, FIELD_CONNECTION, field->name))
        return true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (bytes_equal_icase(field->name, bytes_of(names[i])))
            return true;
    for (size_t i = 0; m->decoded && i < sizeof(coded) / sizeof(coded[0]); i++)
        if (bytes_equal_icase(field->name, bytes_of(coded[i])))
            return true;
    return false;
}

static bool is_wanted(const struct maker *m, const struct field *field)
{
    unsigned rules = field->id == FIELD_OTHER ? 0 : field_rules((enum field_id)field->id);
    const struct head *request = flow_message_head(&m->flow->request);

    if (field->id == FIELD_CONTENT_LENGTH)
        return http_method_is(request, "HEAD");
    if (rules & (FIELD_RULE_HOP | FIELD_RULE_FRAMING))
        return false;
    return !is_of_the_moment(m, field);
}

static enum status put_value(struct maker *m, struct node *parent, const char *key,
                             const struct field *field)
{
    struct arena *a = &m->s->arena;
    struct buf value;
    enum status st;

    buf_init(&value, HTTP_HEAD_BYTES * 4);
    redact_put_field(m->s->settings.redactor, field->name, field->value, &value);
    m->s->counts.redacted |= !bytes_equal(buf_bytes(&value), field->value);
    st = buf_status(&value);
    if (!st)
        st = stub_node_text(a, parent, key, buf_bytes(&value));
    buf_release(&value);
    return st;
}

static bool is_sayable(const struct field *field)
{
    return http_token_valid(field->name) && http_value_valid(field->value) &&
           utf8_valid(field->value) && !is_template(field->value);
}

/* All lines of a name: its value, or a list of them. */
static enum status put_lines(struct maker *m, struct node *map, const struct fields *fields,
                             uint32_t first)
{
    struct bytes name = fields->items[first].name;
    int at = (int)first, next = fields_find_name(fields, name, first + 1);
    const char *key = arena_text(&m->s->arena, name);
    struct node *list;
    enum status st = STATUS_OK;

    if (!key)
        return STATUS_NO_MEMORY;
    if (next < 0)
        return put_value(m, map, key, &fields->items[first]);
    list = stub_node_add(&m->s->arena, map, key, NODE_LIST);
    if (!list)
        return STATUS_NO_MEMORY;
    for (; at >= 0 && !st; at = fields_find_name(fields, name, (uint32_t)at + 1)) {
        if (is_sayable(&fields->items[at]))
            st = put_value(m, list, NULL, &fields->items[at]);
        else
            m->s->counts.fields_lost++;
    }
    return st;
}

static enum status put_fields(struct maker *m, struct node *map, const struct fields *fields,
                              unsigned refused_rules)
{
    enum status st = STATUS_OK;

    for (uint32_t i = 0; i < fields->count && !st; i++) {
        const struct field *field = &fields->items[i];
        unsigned rules = field->id == FIELD_OTHER ? 0 : field_rules((enum field_id)field->id);

        if (!is_wanted(m, field) || (rules & refused_rules) ||
            fields_find_name(fields, field->name, 0) != (int)i)
            continue;
        if (!is_sayable(field) || map->count >= STUB_FIELDS)
            m->s->counts.fields_lost++;
        else
            st = put_lines(m, map, fields, i);
    }
    return st;
}

static enum status put_headers(struct maker *m)
{
    struct node *map = arena_alloc(&m->s->arena, sizeof(*map)), *headers;
    enum status st;

    if (!map)
        return STATUS_NO_MEMORY;
    map->kind = NODE_MAP;
    st = put_fields(m, map, &m->head->fields, 0);
    if (st || !map->first)
        return st;
    headers = stub_node_add(&m->s->arena, m->respond, "headers", NODE_MAP);
    if (!headers)
        return STATUS_NO_MEMORY;
    headers->first = map->first;
    headers->count = map->count;
    return STATUS_OK;
}

/* ---- the body ----------------------------------------------------------------------------------
 */

static bool reads_well(struct bytes body)
{
    if (body.len > STUB_INLINE_BYTES || !utf8_valid(body) || is_template(body))
        return false;
    for (size_t i = 0; i < body.len; i++)
        if (body.ptr[i] < ' ' && body.ptr[i] != '\n')
            return false;
    return true;
}

/* The ending of a file of that type; the application does not matter. */
static const char *ending_of(struct bytes type)
{
    static const struct {
        const char *ending, *type;
    } rows[] = {
#define MEDIA_TYPE(ending, type) {ending, type},
#include "rules/media_types.def"
#undef MEDIA_TYPE
    };
    ptrdiff_t end = bytes_find(type, ';');
    struct bytes plain = bytes_trim(end < 0 ? type : bytes_until(type, (size_t)end));

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bytes known = bytes_of(rows[i].type);
        ptrdiff_t cut = bytes_find(known, ';');

        if (bytes_equal_icase(plain, cut < 0 ? known : bytes_until(known, (size_t)cut)))
            return rows[i].ending;
    }
    return "bin";
}

/* Its name is made of what is in it, so that equal ones are one file. */
static enum status put_file(struct maker *m, struct bytes body)
{
    const struct stub_settings *settings = &m->s->settings;
    char name[STUB_NAME_TEXT], path[PATHS_TEXT];
    char *shown;

    snprintf(name, sizeof(name), "%016" PRIx64 "%08" PRIx64 ".%s", bytes_hash(body, 1),
             bytes_hash(body, 2) & UINT32_MAX, ending_of(flow_content_type(&m->flow->response)));
    if (snprintf(path, sizeof(path), "%s/%s", settings->folder, name) >= (int)sizeof(path))
        return STATUS_LIMIT;
    if (mkdir(settings->folder, 0700) && errno != EEXIST)
        return STATUS_IO;
    if (!path_is_file(path)) {
        enum status st = file_write(path, 0600, body);

        if (st)
            return st;
        m->s->counts.files++;
    }
    shown = arena_printf(&m->s->arena, "%s/%s", settings->shown_folder, name);
    return shown ? stub_node_text(&m->s->arena, m->respond, "file", bytes_of(shown))
                 : STATUS_NO_MEMORY;
}

static enum status put_body(struct maker *m, struct bytes body)
{
    if (body.len == 0)
        return STATUS_OK;
    if (reads_well(body))
        return stub_node_text(&m->s->arena, m->respond, "text", body);
    return put_file(m, body);
}

/* Secrets may be in what cannot be decoded. */
static enum status open_body(struct maker *m, struct buf *decoded, struct bytes *ret_content)
{
    enum status st = flow_open_content(&m->flow->response, decoded, ret_content);

    if (st == STATUS_NO_MEMORY || st == STATUS_OK)
        return st;
    m->decoded = true;
    m->s->counts.sealed++;
    return STATUS_OK;
}

/* The content without its codings, if they can be undone, and without secrets. */
static enum status read_body(struct maker *m, struct buf *out)
{
    const struct flow_message *response = &m->flow->response;
    struct bytes content = {0};
    struct buf decoded;
    enum status st;

    if (http_status_bodiless(m->head->status))
        return STATUS_OK;
    buf_init(&decoded, STUB_BODY_BYTES);
    st = flow_content_view(response, &decoded, &content);
    m->decoded = !st;
    if (st && st != STATUS_NO_MEMORY) {
        buf_clear(&decoded);
        st = m->s->settings.redactor->on ? open_body(m, &decoded, &content)
                                         : flow_wire(response, &decoded, &content);
    }
    if (!st)
        redact_put_body(m->s->settings.redactor, flow_content_type(response), content, out);
    m->s->counts.redacted |= !bytes_equal(buf_bytes(out), content);
    buf_release(&decoded);
    return st ? st : buf_status(out);
}

/* ---- the whole ----------------------------------------------------------------------------------
 */

static enum status put_status(struct maker *m)
{
    struct arena *a = &m->s->arena;
    const struct http_status *known = http_status_find(m->head->status);
    struct bytes reason = m->head->reason;
    const char *code = arena_printf(a, "%u", m->head->status);
    enum status st;

    if (!code)
        return STATUS_NO_MEMORY;
    st = stub_node_text(a, m->respond, "status", bytes_of(code));
    if (!st && reason.len && (!known || !bytes_equal(reason, bytes_of(known->phrase))) &&
        utf8_valid(reason) && http_value_valid(reason) && !is_template(reason))
        st = stub_node_text(a, m->respond, "reason", reason);
    if (!st)
        st = stub_node_text(a, m->respond, "raw", BYTES("true"));
    if (!st && m->head->status == 304)
        st = stub_node_text(a, m->respond, "force", BYTES("true"));
    return st;
}

static enum status put_trailers(struct maker *m)
{
    const struct fields *trailers = m->flow->response.trailers;
    struct node *map;

    if (!trailers || trailers->count == 0 || http_status_bodiless(m->head->status))
        return STATUS_OK;
    map = stub_node_add(&m->s->arena, m->respond, "trailers", NODE_MAP);
    return map ? put_fields(m, map, trailers, FIELD_RULE_NO_TRAILER) : STATUS_NO_MEMORY;
}

enum status stub_answer_make(struct stub_rules *s, const struct flow *f, struct node **ret_node)
{
    struct maker m = {.s = s, .flow = f, .head = flow_message_head(&f->response)};
    struct node *step = arena_alloc(&s->arena, sizeof(*step));
    struct buf body;
    enum status st;

    if (!step)
        return STATUS_NO_MEMORY;
    step->kind = NODE_MAP;
    m.respond = stub_node_add(&s->arena, step, "respond", NODE_MAP);
    if (!m.respond)
        return STATUS_NO_MEMORY;
    buf_init(&body, STUB_BODY_BYTES);
    st = read_body(&m, &body);
    if (!st)
        st = put_status(&m);
    if (!st)
        st = put_headers(&m);
    if (!st)
        st = put_trailers(&m);
    if (!st)
        st = put_body(&m, buf_bytes(&body));
    buf_release(&body);
    if (!st)
        *ret_node = step;
    return st;
}
