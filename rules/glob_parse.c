#include <string.h>

#include "http/url.h"
#include "rules/compiler.h"
#include "rules/glob.h"
#include "rules/rule_names.h"

struct glob_parser {
    struct rule_compiler *c;
    const struct rule_text *text;
    struct bytes in;
    size_t at;
    enum glob_kind kind;
    struct glob_piece *pieces; /* GLOB_PIECES of them */
    uint32_t count;
    struct buf literal; /* the text piece that grows */
};

static enum status piece_add(struct glob_parser *p, enum glob_piece_kind kind, int capture,
                             struct bytes text)
{
    if (p->count == GLOB_PIECES)
        return compiler_error(p->c, p->text, bytes_from(p->in, p->at),
                              "too many wildcards in one pattern");
    p->pieces[p->count++] = (struct glob_piece){kind, capture, text};
    return STATUS_OK;
}

/* Ends the literal text that stands before a wildcard or the end. */
static enum status literal_end(struct glob_parser *p)
{
    struct bytes text;

    if (buf_status(&p->literal))
        return buf_status(&p->literal);
    if (p->literal.len == 0)
        return STATUS_OK;
    text = arena_copy(p->c->arena, buf_bytes(&p->literal));
    if (!text.ptr)
        return STATUS_NO_MEMORY;
    buf_clear(&p->literal);
    return piece_add(p, GLOB_TEXT, -1, text);
}

static void literal_add(struct glob_parser *p)
{
    struct url_unit unit;

    if (p->kind == GLOB_HOST) {
        buf_put_byte(&p->literal, byte_lower(p->in.ptr[p->at++]));
        return;
    }
    unit = url_unit_read(p->in, p->at);
    buf_put(&p->literal, bytes_make(unit.bytes, unit.len));
    p->at += unit.raw;
}

static enum status star_parse(struct glob_parser *p)
{
    struct bytes rest = bytes_from(p->in, p->at);
    size_t run = 1;
    enum glob_piece_kind kind = p->kind == GLOB_VALUE ? GLOB_ACROSS : GLOB_WITHIN;
    bool after_slash = p->at > 0 && p->in.ptr[p->at - 1] == '/';

    while (run < rest.len && rest.ptr[run] == '*')
        run++;
    if (run > 2 || (run == 2 && p->kind == GLOB_HOST))
        return compiler_error(
            p->c, p->text, bytes_until(rest, run),
            p->kind == GLOB_HOST ? "'**' is for paths; .example.test takes a host and all below it"
                                 : "'*' stays within a segment, '**' goes across; no more of them");
    if (run == 2 || (p->kind == GLOB_PATH && run == rest.len && after_slash))
        kind = GLOB_ACROSS; /* a final slash and star: everything below */
    p->at += run;
    return piece_add(p, kind, -1, BYTES(""));
}

/* <name> or <name*> */
static enum status capture_parse(struct glob_parser *p)
{
    struct bytes rest = bytes_from(p->in, p->at), name;
    ptrdiff_t end = bytes_find(rest, '>');
    enum glob_piece_kind kind = p->kind == GLOB_VALUE ? GLOB_ACROSS : GLOB_NAME;
    enum status st;
    int capture;

    if (end < 0)
        return compiler_error(p->c, p->text, rest, "'<' without '>'; a capture is <name>");
    name = bytes_until(bytes_from(rest, 1), (size_t)end - 1);
    if (bytes_ends_with(name, BYTES("*"))) {
        if (p->kind != GLOB_PATH || (size_t)end + 1 < rest.len)
            return compiler_error(p->c, p->text, bytes_until(rest, (size_t)end + 1),
                                  "<name*> takes the rest of a path; it stands at its end only");
        name = bytes_until(name, name.len - 1);
        kind = GLOB_ACROSS;
    }
    st = compiler_capture(p->c, p->text, name, &capture);
    if (st)
        return st;
    p->at += (size_t)end + 1;
    return piece_add(p, kind, capture, BYTES(""));
}

static enum status pieces_parse(struct glob_parser *p)
{
    enum status st = STATUS_OK;

    while (!st && p->at < p->in.len) {
        uint8_t byte = p->in.ptr[p->at];

        if (byte != '*' && byte != '<') {
            literal_add(p);
            continue;
        }
        st = literal_end(p);
        if (!st)
            st = byte == '*' ? star_parse(p) : capture_parse(p);
    }
    return st ? st : literal_end(p);
}

static enum status glob_keep(struct glob_parser *p, const struct glob **ret_glob)
{
    struct glob *g = arena_alloc(p->c->arena, sizeof(*g));
    struct glob_piece *pieces = arena_alloc(p->c->arena, (p->count + 1) * sizeof(*pieces));

    if (!g || !pieces)
        return STATUS_NO_MEMORY;
    memcpy(pieces, p->pieces, p->count * sizeof(*pieces));
    *g = (struct glob){.kind = p->kind, .count = p->count, .pieces = pieces, .text = p->in};
    *ret_glob = g;
    return STATUS_OK;
}

/* The segments {id} and :id are captures in other languages; here they are themselves. */
static void warn_of_foreign_captures(const struct glob_parser *p)
{
    struct bytes rest = p->in;

    while (rest.len) {
        ptrdiff_t end = bytes_find(bytes_from(rest, 1), '/');
        struct bytes segment = bytes_until(rest, end < 0 ? rest.len : (size_t)end + 1);
        struct bytes name = bytes_from(segment, 2);
        bool braces = bytes_starts_with(segment, BYTES("/{")) && bytes_ends_with(name, BYTES("}"));

        rest = bytes_from(rest, segment.len);
        if (braces)
            name = bytes_until(name, name.len - 1);
        if ((braces || bytes_starts_with(segment, BYTES("/:"))) && rule_name_valid(name))
            compiler_warning(p->c, p->text, bytes_from(segment, 1),
                             "'%s' stands for itself; a capture is written <%s>",
                             excerpt(bytes_from(segment, 1)).text, excerpt(name).text);
    }
}

enum status glob_parse(struct rule_compiler *c, const struct rule_text *text, struct bytes in,
                       enum glob_kind kind, const struct glob **ret_glob)
{
    struct glob_piece pieces[GLOB_PIECES];
    struct glob_parser p = {.c = c, .text = text, .in = in, .kind = kind, .pieces = pieces};
    enum status st;

    if (in.len > GLOB_BYTES)
        return compiler_error(c, text, in, "a pattern has at most %d bytes", GLOB_BYTES);
    buf_init(&p.literal, 3 * GLOB_BYTES);
    st = pieces_parse(&p);
    if (!st && kind == GLOB_PATH)
        warn_of_foreign_captures(&p);
    buf_release(&p.literal);
    return st ? st : glob_keep(&p, ret_glob);
}
