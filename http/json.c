#include "http/json.h"

#include "base/text.h"

enum json_token_kind {
    JSON_OPEN,  /* { or [ */
    JSON_CLOSE, /* } or ] */
    JSON_COLON,
    JSON_COMMA,
    JSON_SCALAR, /* a string, number, true, false or null */
    JSON_NAME,   /* a string that names a member */
    JSON_DONE,
};

/* What the grammar waits for (RFC 8259 §2). */
enum json_wait {
    WAIT_VALUE,
    WAIT_VALUE_OR_CLOSE,
    WAIT_NAME,
    WAIT_NAME_OR_CLOSE,
    WAIT_COLON,
    WAIT_COMMA_OR_CLOSE,
    WAIT_END,
};

struct json_walk {
    struct bytes in;
    size_t at;
    enum json_wait wait;
    unsigned depth;
    bool object[JSON_DEPTH]; /* what is open, outermost first */
    const char *sentence;    /* of the fault */
};

struct json_token {
    enum json_token_kind kind;
    struct bytes text;
};

static bool walk_fail(struct json_walk *w, const char *sentence)
{
    w->sentence = sentence;
    return false;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* The byte at w->at, or 0 at the end (a NUL stands nowhere in JSON). */
static uint8_t walk_byte(const struct json_walk *w)
{
    return w->at < w->in.len ? w->in.ptr[w->at] : 0;
}

static bool digits_skip(struct json_walk *w)
{
    size_t start = w->at;

    while (is_digit(walk_byte(w)))
        w->at++;
    return w->at > start || walk_fail(w, "a digit must stand here");
}

/* RFC 8259 §6 */
static bool number_skip(struct json_walk *w)
{
    if (walk_byte(w) == '-')
        w->at++;
    if (walk_byte(w) == '0') {
        w->at++;
        if (is_digit(walk_byte(w)))
            return walk_fail(w, "a number does not start with 0");
    } else if (!digits_skip(w)) {
        return false;
    }
    if (walk_byte(w) == '.') {
        w->at++;
        if (!digits_skip(w))
            return false;
    }
    if (walk_byte(w) == 'e' || walk_byte(w) == 'E') {
        w->at++;
        if (walk_byte(w) == '+' || walk_byte(w) == '-')
            w->at++;
        return digits_skip(w);
    }
    return true;
}

static bool escape_skip(struct json_walk *w)
{
    uint64_t value;

    w->at++;
    if (walk_byte(w) != 'u') {
        if (walk_byte(w) == 0 || bytes_find(BYTES("\"\\/bfnrt"), walk_byte(w)) < 0)
            return walk_fail(w, "not an escape of JSON");
        w->at++;
        return true;
    }
    w->at++;
    if (w->in.len - w->at < 4 || bytes_hex_to_u64(bytes_make(w->in.ptr + w->at, 4), &value))
        return walk_fail(w, "four hexadecimal digits must follow \\u");
    w->at += 4;
    return true;
}

/* RFC 8259 §7 */
static bool string_skip(struct json_walk *w)
{
    uint32_t code_point;

    w->at++;
    while (w->at < w->in.len) {
        uint8_t c = w->in.ptr[w->at];
        size_t len = 1;

        if (c == '"') {
            w->at++;
            return true;
        }
        if (c == '\\') {
            if (!escape_skip(w))
                return false;
            continue;
        }
        if (c < 0x20)
            return walk_fail(w, "a control character in a string must be escaped");
        if (c >= 0x80)
            len = utf8_decode(bytes_from(w->in, w->at), &code_point);
        if (len == 0)
            return walk_fail(w, "the text is not UTF-8");
        w->at += len;
    }
    return walk_fail(w, "the string has no end");
}

static bool literal_skip(struct json_walk *w)
{
    static const struct bytes literals[] = {BYTES_INIT("true"), BYTES_INIT("false"),
                                            BYTES_INIT("null")};

    for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++) {
        if (bytes_starts_with(bytes_from(w->in, w->at), literals[i])) {
            w->at += literals[i].len;
            return true;
        }
    }
    return walk_fail(w, "a value must stand here");
}

static bool walk_open(struct json_walk *w)
{
    if (w->depth == JSON_DEPTH)
        return walk_fail(w, "too many arrays and objects within each other");
    w->object[w->depth++] = walk_byte(w) == '{';
    w->wait = walk_byte(w) == '{' ? WAIT_NAME_OR_CLOSE : WAIT_VALUE_OR_CLOSE;
    w->at++;
    return true;
}

static void walk_after_value(struct json_walk *w)
{
    w->wait = w->depth > 0 ? WAIT_COMMA_OR_CLOSE : WAIT_END;
}

static bool walk_closes(const struct json_walk *w)
{
    return w->depth > 0 && walk_byte(w) == (w->object[w->depth - 1] ? '}' : ']');
}

static bool walk_close(struct json_walk *w, enum json_token_kind *ret_kind)
{
    *ret_kind = JSON_CLOSE;
    w->at++;
    w->depth--;
    walk_after_value(w);
    return true;
}

static bool walk_value(struct json_walk *w, enum json_token_kind *ret_kind)
{
    uint8_t c = walk_byte(w);
    bool ok;

    if (c == '{' || c == '[') {
        *ret_kind = JSON_OPEN;
        return walk_open(w);
    }
    *ret_kind = JSON_SCALAR;
    if (c == '"')
        ok = string_skip(w);
    else if (c == '-' || is_digit(c))
        ok = number_skip(w);
    else
        ok = literal_skip(w);
    walk_after_value(w);
    return ok;
}

static bool walk_name(struct json_walk *w, enum json_token_kind *ret_kind)
{
    if (walk_byte(w) != '"')
        return walk_fail(w, "a name in double quotes must stand here");
    *ret_kind = JSON_NAME;
    w->wait = WAIT_COLON;
    return string_skip(w);
}

static bool walk_comma(struct json_walk *w, enum json_token_kind *ret_kind)
{
    bool object = w->object[w->depth - 1];

    if (walk_closes(w))
        return walk_close(w, ret_kind);
    if (walk_byte(w) != ',')
        return walk_fail(w,
                         object ? "a comma or } must stand here" : "a comma or ] must stand here");
    *ret_kind = JSON_COMMA;
    w->at++;
    w->wait = object ? WAIT_NAME : WAIT_VALUE;
    return true;
}

static bool walk_step(struct json_walk *w, enum json_token_kind *ret_kind)
{
    switch (w->wait) {
    case WAIT_VALUE_OR_CLOSE:
        return walk_closes(w) ? walk_close(w, ret_kind) : walk_value(w, ret_kind);
    case WAIT_VALUE:
        return walk_value(w, ret_kind);
    case WAIT_NAME_OR_CLOSE:
        return walk_closes(w) ? walk_close(w, ret_kind) : walk_name(w, ret_kind);
    case WAIT_NAME:
        return walk_name(w, ret_kind);
    case WAIT_COLON:
        if (walk_byte(w) != ':')
            return walk_fail(w, "a colon must stand here");
        *ret_kind = JSON_COLON;
        w->at++;
        w->wait = WAIT_VALUE;
        return true;
    case WAIT_COMMA_OR_CLOSE:
        return walk_comma(w, ret_kind);
    case WAIT_END:
        break;
    }
    *ret_kind = JSON_DONE;
    return w->at == w->in.len || walk_fail(w, "nothing may follow the value");
}

/* The next token; false with w->at and w->sentence when there is none. */
static bool walk_next(struct json_walk *w, struct json_token *ret_token)
{
    size_t start;

    while (walk_byte(w) != 0 && bytes_find(BYTES(" \t\n\r"), walk_byte(w)) >= 0)
        w->at++;
    start = w->at;
    if (start == w->in.len && w->wait != WAIT_END)
        return walk_fail(w, "the text ends too early");
    if (!walk_step(w, &ret_token->kind))
        return false;
    ret_token->text = bytes_make(w->in.ptr + start, w->at - start);
    return true;
}

/* Line and column of byte `at`, in code points; other bytes count as one. */
static void fault_place(struct bytes in, struct json_fault *fault)
{
    fault->line = 1;
    fault->column = 1;
    for (size_t i = 0; i < fault->at; i++) {
        if (in.ptr[i] == '\n') {
            fault->line++;
            fault->column = 1;
        } else if ((in.ptr[i] & 0xc0) != 0x80) {
            fault->column++;
        }
    }
}

enum status json_check(struct bytes in, struct json_fault *ret_fault)
{
    struct json_walk w = {.in = in};
    struct json_token token;

    do {
        if (!walk_next(&w, &token)) {
            ret_fault->at = w.at;
            ret_fault->sentence = w.sentence;
            fault_place(in, ret_fault);
            return STATUS_BAD_INPUT;
        }
    } while (token.kind != JSON_DONE);
    return STATUS_OK;
}

enum status json_compact(struct bytes in, struct buf *out)
{
    struct json_walk w = {.in = in};
    struct json_fault fault;
    struct json_token token;

    if (json_check(in, &fault))
        return STATUS_BAD_INPUT;
    while (walk_next(&w, &token) && token.kind != JSON_DONE)
        buf_put(out, token.text);
    return buf_status(out);
}

static void line_break(struct buf *out, unsigned depth)
{
    buf_put_byte(out, '\n');
    for (unsigned i = 0; i < depth; i++)
        buf_put_text(out, "  ");
}

enum status json_indent(struct bytes in, struct buf *out)
{
    struct json_walk w = {.in = in};
    struct json_token token = {.kind = JSON_DONE};
    struct json_fault fault;
    enum json_token_kind before;

    if (json_check(in, &fault))
        return STATUS_BAD_INPUT;
    for (before = JSON_COLON; walk_next(&w, &token) && token.kind != JSON_DONE;
         before = token.kind) {
        /* An empty {} or [] stays on its line. */
        if (token.kind == JSON_CLOSE ? before != JSON_OPEN : before == JSON_OPEN)
            line_break(out, w.depth - (token.kind == JSON_OPEN ? 1 : 0));
        buf_put(out, token.text);
        if (token.kind == JSON_COLON)
            buf_put_byte(out, ' ');
        if (token.kind == JSON_COMMA)
            line_break(out, w.depth);
    }
    return buf_status(out);
}

bool json_media_type(struct bytes content_type)
{
    ptrdiff_t semicolon = bytes_find(content_type, ';');
    struct bytes type =
        bytes_trim(semicolon < 0 ? content_type : bytes_until(content_type, (size_t)semicolon));
    ptrdiff_t slash = bytes_find(type, '/');
    struct bytes subtype = bytes_from(type, (size_t)(slash + 1));

    if (slash <= 0)
        return false;
    if (bytes_equal_icase(subtype, BYTES("json")))
        return true;
    return subtype.len > 5 &&
           bytes_equal_icase(bytes_from(subtype, subtype.len - 5), BYTES("+json"));
}
