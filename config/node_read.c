#include "config/node_read.h"

#include <string.h>

static struct mark mark_of(yaml_mark_t mark)
{
    return (struct mark){(uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

/* libyaml's places come in order, nearly, so walking from the last one is cheap. */
size_t node_read_offset(struct node_reader *p, size_t index)
{
    const uint8_t *text = p->text.ptr;

    while (p->cursor_index < index && p->cursor_offset < p->text.len) {
        p->cursor_offset++;
        while (p->cursor_offset < p->text.len && (text[p->cursor_offset] & 0xc0) == 0x80)
            p->cursor_offset++;
        p->cursor_index++;
    }
    while (p->cursor_index > index && p->cursor_offset > 0) {
        p->cursor_offset--;
        while (p->cursor_offset > 0 && (text[p->cursor_offset] & 0xc0) == 0x80)
            p->cursor_offset--;
        p->cursor_index--;
    }
    return p->cursor_offset;
}

static struct range event_range(struct node_reader *p, const yaml_event_t *event)
{
    struct range range;

    range.from = node_read_offset(p, event->start_mark.index);
    range.to = node_read_offset(p, event->end_mark.index);
    return range;
}

void node_read_report(struct node_reader *p, enum diag_level level, struct range range,
                      const char *format, ...)
{
    struct mark at = {0, 0};
    uint32_t width = 1;
    va_list args;

    if (!diags_full(p->diags, level)) {
        at = shape_mark(p->text, range.from);
        width = shape_width(p->text, range);
    }
    va_start(args, format);
    diag_vadd(p->diags, level, p->source, at, width, format, args);
    va_end(args);
}

static bool in_flow(const struct node_reader *p)
{
    return p->depth > 0 && p->frames[p->depth - 1].flow;
}

/* Anchors, tags and aliases: most often a text that starts with such a sign. */
static void report_sign(struct node_reader *p, size_t at, const char *what)
{
    struct range value = {at, at + 1};

    p->spoiled = true;
    if (!diags_full(p->diags, DIAG_ERROR))
        value.to = shape_value_end(p->text, at, at + 1, in_flow(p));
    node_read_report(p, DIAG_ERROR, value,
                     "%s are not used here: for a text that starts with '%c', put single quotes "
                     "around %s",
                     what, shape_at(p->text, at),
                     shape_quoted(shape_bytes(p->original, value)).text);
}

static void check_signs(struct node_reader *p, size_t at, const yaml_char_t *anchor,
                        const yaml_char_t *tag)
{
    if (anchor || tag)
        report_sign(p, at, shape_at(p->text, at) == '&' ? "anchors" : "tags");
}

static struct node *node_new(struct node_reader *p, const yaml_event_t *event, enum node_kind kind)
{
    struct node *n = arena_alloc(p->arena, sizeof(*n));

    if (!n)
        return NULL;
    n->kind = kind;
    n->source = p->source;
    n->at = mark_of(event->start_mark);
    n->end = mark_of(event->end_mark);
    return n;
}

/* Links a value into what holds it. */
static void attach(struct node_reader *p, struct node *n)
{
    struct node_frame *frame = p->depth ? &p->frames[p->depth - 1] : NULL;

    if (!frame) {
        p->root = n;
        return;
    }
    if (frame->node->kind == NODE_MAP) {
        frame->has_key = false;
        if (frame->key_refused)
            return;
        n->key = frame->key;
        n->key_at = frame->key_at;
    }
    if (frame->last)
        frame->last->next = n;
    else
        frame->node->first = n;
    frame->last = n;
    frame->node->count++;
}

/* The entry in hand is a key of a flow map without a colon, as "is busy" in
 * "{ text: order is ready, is busy }": remembered with the value before it. */
static void note_bare_key(struct node_frame *frame)
{
    if (frame->bare.to == 0) {
        frame->bare = frame->key_range;
        frame->bare_key = frame->key_range;
        if (frame->last_range.to)
            frame->bare.from = frame->last_range.from;
        frame->bare_open = true;
    } else if (frame->bare_open) {
        frame->bare.to = frame->key_range.to;
    }
}

static bool has_colon_after(const struct node_reader *p, size_t at)
{
    while (at < p->text.len && shape_is_blank(p->text.ptr[at]))
        at++;
    return shape_at(p->text, at) == ':';
}

/* After a value was attached: what it tells about missing quotes. */
static void watch_value(struct node_reader *p, const struct node *n, struct range range)
{
    struct node_frame *frame = p->depth ? &p->frames[p->depth - 1] : NULL;
    bool nothing = n->kind == NODE_SCALAR && n->plain && n->text.len == 0;

    if (!frame || !frame->flow || frame->node->kind != NODE_MAP)
        return;
    if (nothing && frame->key_plain && !has_colon_after(p, frame->key_range.to)) {
        note_bare_key(frame);
        return;
    }
    frame->bare_open = false;
    frame->last_range = n->plain ? range : (struct range){0, 0};
}

/* "order #5": YAML cuts the text there. Comments are seldom written that way. */
static void warn_of_comment(struct node_reader *p, struct range range)
{
    struct bytes rest = bytes_from(p->text, range.to);

    if (range.to == range.from || !bytes_starts_with(rest, BYTES(" #")) ||
        shape_is_blank(shape_at(rest, 2)) || shape_at(rest, 2) == '#')
        return;
    if (!diags_full(p->diags, DIAG_WARNING))
        range.to = shape_line(p->text, range.from).to;
    node_read_report(p, DIAG_WARNING, range,
                     "what follows ' #' is a comment: if it belongs to the text, put single "
                     "quotes around %s",
                     shape_quoted(shape_bytes(p->original, range)).text);
}

static enum status read_key(struct node_reader *p, const yaml_event_t *event, struct range range)
{
    struct node_frame *frame = &p->frames[p->depth - 1];
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    struct bytes text = bytes_make(event->data.scalar.value, event->data.scalar.length);

    frame->has_key = true;
    frame->key_plain = plain;
    frame->key_range = range;
    frame->key_at = mark_of(event->start_mark);
    frame->key = arena_copy(p->arena, text);
    if (!frame->key.ptr)
        return STATUS_NO_MEMORY;
    frame->key_refused = plain && (text.len == 0 || bytes_equal(text, BYTES("<<")));
    if (!frame->key_refused)
        return STATUS_OK;
    p->spoiled = true;
    if (text.len == 0)
        node_read_report(p, DIAG_ERROR, range, "a key is missing before ':'");
    else
        node_read_report(p, DIAG_ERROR, range, "merge keys ('<<') are not used here");
    return STATUS_OK;
}

static bool awaits_key(const struct node_reader *p)
{
    const struct node_frame *frame = p->depth ? &p->frames[p->depth - 1] : NULL;

    return frame && frame->node->kind == NODE_MAP && !frame->has_key;
}

static enum status count_node(struct node_reader *p, struct range range)
{
    if (p->nodes++ < CONFIG_NODES)
        return STATUS_OK;
    node_read_report(p, DIAG_ERROR, range, "more than %d values", CONFIG_NODES);
    return STATUS_BAD_CONFIG;
}

static enum status read_scalar(struct node_reader *p, const yaml_event_t *event)
{
    struct range range = event_range(p, event);
    struct node *n;
    enum status st = count_node(p, range);

    if (st)
        return st;
    check_signs(p, range.from, event->data.scalar.anchor, event->data.scalar.tag);
    if (awaits_key(p))
        return read_key(p, event, range);
    n = node_new(p, event, NODE_SCALAR);
    if (!n)
        return STATUS_NO_MEMORY;
    n->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    n->text = arena_copy(p->arena, bytes_make(event->data.scalar.value, event->data.scalar.length));
    if (!n->text.ptr)
        return STATUS_NO_MEMORY;
    attach(p, n);
    watch_value(p, n, range);
    if (n->plain)
        warn_of_comment(p, range);
    return STATUS_OK;
}

/* Stands for an empty text, so that reading can go on. */
static enum status read_alias(struct node_reader *p, const yaml_event_t *event)
{
    struct range range = event_range(p, event);
    struct node *n;

    report_sign(p, range.from, "aliases");
    if (awaits_key(p)) {
        p->frames[p->depth - 1].has_key = true;
        p->frames[p->depth - 1].key_refused = true;
        return STATUS_OK;
    }
    n = node_new(p, event, NODE_SCALAR);
    if (!n)
        return STATUS_NO_MEMORY;
    attach(p, n);
    watch_value(p, n, range);
    return STATUS_OK;
}

static enum status open_node(struct node_reader *p, const yaml_event_t *event, enum node_kind kind,
                             bool flow)
{
    struct range range = event_range(p, event);
    struct node *n;
    bool is_key = awaits_key(p);
    enum status st = count_node(p, range);

    if (st)
        return st;
    if (p->depth == CONFIG_DEPTH) {
        node_read_report(p, DIAG_ERROR, range, "nested deeper than %d levels", CONFIG_DEPTH);
        return STATUS_BAD_CONFIG;
    }
    n = node_new(p, event, kind);
    if (!n)
        return STATUS_NO_MEMORY;
    if (!is_key) {
        attach(p, n);
        watch_value(p, n, range);
    }
    p->frames[p->depth++] =
        (struct node_frame){.node = n, .from = range.from, .flow = flow, .is_key = is_key};
    return STATUS_OK;
}

/* What follows a closing bracket when nothing is wrong with it. */
static bool ends_well(const struct node_reader *p, size_t at)
{
    uint8_t c = shape_at(p->text, at);

    return shape_is_blank(c) || c == ',' || c == ']' || c == '}';
}

/* "head:5s" for "head: 5s", but not a URL. */
static bool lacks_space(struct bytes key)
{
    return bytes_find(key, ':') > 0 && bytes_find(key, ' ') < 0 &&
           bytes_search(key, BYTES("://")) < 0;
}

static void report_bare_key(struct node_reader *p, const struct node_frame *frame, size_t end)
{
    struct range all = {frame->from, end};
    bool goes_on = frame->bare.from < frame->bare_key.from;

    p->spoiled = true;
    if (lacks_space(shape_bytes(p->original, frame->bare_key)))
        node_read_report(p, DIAG_ERROR, frame->bare_key, "a space is missing after ':' in %s",
                         shape_quoted(shape_bytes(p->original, frame->bare_key)).text);
    else if (frame->node->count == 1)
        node_read_report(p, DIAG_ERROR, all,
                         "a text that starts with '{' needs quotes: put single quotes around %s",
                         shape_quoted(shape_bytes(p->original, all)).text);
    else if (goes_on)
        node_read_report(p, DIAG_ERROR, frame->bare,
                         "within { } a text that holds ',' needs quotes: put single quotes "
                         "around %s",
                         shape_quoted(shape_bytes(p->original, frame->bare)).text);
    else
        node_read_report(p, DIAG_ERROR, frame->bare, "%s lacks a value: write 'key: value'",
                         shape_quoted(shape_bytes(p->original, frame->bare)).text);
}

/* A list or map in the place of a key: most often "{{ name }}". */
static void report_key_kind(struct node_reader *p, const struct node_frame *frame, size_t end)
{
    const struct node_frame *above = frame - 1;
    struct range range = {frame->from, end};

    p->spoiled = true;
    if (above->flow && above->from + 1 == range.from && shape_at(p->text, end) == '}')
        range = (struct range){above->from, end + 1};
    node_read_report(p, DIAG_ERROR, range,
                     "a key must be a text: if this is one, put single quotes around %s",
                     shape_quoted(shape_bytes(p->original, range)).text);
}

static enum status close_node(struct node_reader *p, const yaml_event_t *event)
{
    struct node_frame *frame = &p->frames[p->depth - 1];
    size_t end = node_read_offset(p, event->end_mark.index);
    enum status st = STATUS_OK;

    frame->node->end = mark_of(event->end_mark);
    if (frame->bare.to && !frame->is_key && ends_well(p, end))
        report_bare_key(p, frame, end);
    if (frame->node->kind == NODE_MAP)
        st = node_check_keys(frame->node, p->diags);
    p->depth--;
    if (frame->is_key) {
        struct node_frame *above = &p->frames[p->depth - 1];

        report_key_kind(p, frame, end);
        above->has_key = true;
        above->key_refused = true;
        above->key_plain = false;
    }
    return st;
}

static enum status open_document(struct node_reader *p, const yaml_event_t *event)
{
    struct range range = event_range(p, event);

    if (p->documented) {
        range.to = range.from + 3;
        node_read_report(p, DIAG_ERROR, range, "a second document starts here: only one is read");
        return STATUS_BAD_CONFIG;
    }
    p->documented = true;
    if (event->data.document_start.version_directive ||
        event->data.document_start.tag_directives.start !=
            event->data.document_start.tag_directives.end) {
        range.to = shape_line(p->text, range.from).to;
        node_read_report(p, DIAG_ERROR, range,
                         "YAML directives (lines that start with '%%') are not used here");
    }
    return STATUS_OK;
}

static enum status read_event(struct node_reader *p, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return open_document(p, event);
    case YAML_ALIAS_EVENT:
        return read_alias(p, event);
    case YAML_SCALAR_EVENT:
        return read_scalar(p, event);
    case YAML_SEQUENCE_START_EVENT:
        check_signs(p, node_read_offset(p, event->start_mark.index),
                    event->data.sequence_start.anchor, event->data.sequence_start.tag);
        return open_node(p, event, NODE_LIST,
                         event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE);
    case YAML_MAPPING_START_EVENT:
        check_signs(p, node_read_offset(p, event->start_mark.index),
                    event->data.mapping_start.anchor, event->data.mapping_start.tag);
        return open_node(p, event, NODE_MAP,
                         event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_node(p, event);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return STATUS_OK;
}

/* Maps that were still open when reading stopped have not been looked at. */
static enum status check_open(struct node_reader *p)
{
    enum status st = STATUS_OK;

    for (uint32_t i = 0; i < p->depth && !st; i++) {
        if (p->frames[i].node->kind == NODE_MAP)
            st = node_check_keys(p->frames[i].node, p->diags);
    }
    return st;
}

static enum status read_events(struct node_reader *p)
{
    enum status st = STATUS_OK;
    bool more = true;

    while (more && !st) {
        yaml_event_t event;

        if (!yaml_parser_parse(&p->yaml, &event))
            return p->yaml.error == YAML_MEMORY_ERROR ? STATUS_NO_MEMORY : STATUS_BAD_INPUT;
        more = event.type != YAML_STREAM_END_EVENT;
        st = read_event(p, &event);
        yaml_event_delete(&event);
    }
    return st;
}

void node_read_end(struct node_reader *p)
{
    yaml_parser_delete(&p->yaml);
}

enum status node_read(struct node_reader *p)
{
    enum status st, open;

    if (!yaml_parser_initialize(&p->yaml))
        return STATUS_NO_MEMORY;
    yaml_parser_set_encoding(&p->yaml, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&p->yaml, p->text.ptr ? p->text.ptr : (const uint8_t *)"",
                                 p->text.len);
    st = read_events(p);
    open = check_open(p);
    if (st == STATUS_BAD_INPUT && !open)
        return st; /* node_explain() asks libyaml what it was */
    node_read_end(p);
    return open ? open : st;
}
