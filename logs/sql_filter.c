#include "logs/sql_filter.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "logs/filter_impl.h"
#include "logs/ulid.h"

enum { INDEX_LETTERS = 3 /* the fewest that the index finds */ };

static const char pointer_type[] = "weir filter value";

/* What is known of the flows that a part of the filter takes. */
struct part {
    const char *sql; /* NULL: nothing, it may take all */
    bool exact;      /* it takes no other flows than these */
    bool is_or;      /* alternatives, without parentheses around them */
};

struct maker {
    struct sql_filter *out;
    int64_t index;
    enum status status;
};

/* ---- functions of SQL ---- */

static struct bytes value_bytes(sqlite3_value *v)
{
    const void *ptr = sqlite3_value_blob(v); /* of a text: its bytes as they are kept */

    return bytes_make(ptr, ptr ? (size_t)sqlite3_value_bytes(v) : 0);
}

static const struct filter_value *value_filter(sqlite3_value *v)
{
    return sqlite3_value_pointer(v, pointer_type);
}

static void on_contains(sqlite3_context *c, int count, sqlite3_value **args)
{
    const struct filter_value *v = value_filter(args[1]);

    (void)count;
    sqlite3_result_int(c, v && filter_contains(value_bytes(args[0]), v->text));
}

static void on_host(sqlite3_context *c, int count, sqlite3_value **args)
{
    const struct filter_value *v = value_filter(args[1]);

    (void)count;
    sqlite3_result_int(c, v && filter_value_host(v, value_bytes(args[0])));
}

static void on_mime(sqlite3_context *c, int count, sqlite3_value **args)
{
    const struct filter_value *v = value_filter(args[1]);

    (void)count;
    sqlite3_result_int(c, v && filter_value_mime(v, value_bytes(args[0])));
}

/* in_url(kind, scheme, host, port, path, value): as flow_put_url() has it. */
static void on_url(sqlite3_context *c, int count, sqlite3_value **args)
{
    const struct filter_value *v = value_filter(args[5]);
    struct head request = {.path = value_bytes(args[4])};
    struct flow f = {
        .kind = (enum flow_kind)sqlite3_value_int(args[0]),
        .scheme = value_bytes(args[1]),
        .host = value_bytes(args[2]),
        .port = (uint16_t)sqlite3_value_int(args[3]),
        .request.received = &request,
    };
    struct buf url;

    (void)count;
    buf_init(&url, SQL_FILTER_BYTES);
    flow_put_url(&f, &url);
    if (buf_status(&url))
        sqlite3_result_error_nomem(c);
    else
        sqlite3_result_int(c, v && filter_contains(buf_bytes(&url), v->text));
    buf_release(&url);
}

enum status sql_filter_install(sqlite3 *db)
{
    static const struct {
        const char *name;
        int arguments;
        void (*call)(sqlite3_context *c, int count, sqlite3_value **args);
    } functions[] = {
        {"flow_contains", 2, on_contains},
        {"flow_host", 2, on_host},
        {"flow_mime", 2, on_mime},
        {"flow_url", 6, on_url},
    };
    const int how = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;

    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        int code = sqlite3_create_function(db, functions[i].name, functions[i].arguments, how, NULL,
                                           functions[i].call, NULL, NULL);

        if (code != SQLITE_OK)
            return code == SQLITE_NOMEM ? STATUS_NO_MEMORY : STATUS_IO;
    }
    return STATUS_OK;
}

/* ---- values ---- */

/* Its place in the statement; 0 when there is no room for more. */
static int bind_value(struct maker *m, struct sql_value value)
{
    if (m->out->count == SQL_FILTER_VALUES)
        return 0;
    m->out->values[m->out->count] = value;
    return SQL_FILTER_FIRST_VALUE + (int)m->out->count++;
}

static int bind_number(struct maker *m, int64_t number)
{
    return bind_value(m, (struct sql_value){.kind = SQL_VALUE_NUMBER, .number = number});
}

static int bind_text(struct maker *m, struct bytes text)
{
    return bind_value(m, (struct sql_value){.kind = SQL_VALUE_TEXT, .bytes = text});
}

static int bind_filter(struct maker *m, const struct filter_value *v)
{
    return bind_value(m, (struct sql_value){.kind = SQL_VALUE_FILTER, .filter = v});
}

static const struct part nothing = {0};

/* NULL text: out of memory. */
static struct part known(struct maker *m, bool exact, const char *sql)
{
    if (!sql)
        m->status = STATUS_NO_MEMORY;
    return (struct part){.sql = sql, .exact = exact};
}

/* ---- terms ---- */

static struct part by_range(struct maker *m, const char *column, const struct filter_value *v,
                            bool exact)
{
    int from = bind_number(m, v->from), to = bind_number(m, v->to);

    if (!from || !to)
        return nothing;
    return known(m, exact,
                 arena_printf(&m->out->arena, "%s BETWEEN ?%d AND ?%d", column, from, to));
}

static struct part by_function(struct maker *m, const char *function, const char *columns,
                               const struct filter_value *v, bool exact)
{
    int place = bind_filter(m, v);

    if (!place)
        return nothing;
    return known(m, exact, arena_printf(&m->out->arena, "%s(%s,?%d)", function, columns, place));
}

static struct part by_word(struct maker *m, const char *column, const struct filter_value *v,
                           bool exact)
{
    int place = bind_text(m, v->text);

    if (!place)
        return nothing;
    return known(m, exact, arena_printf(&m->out->arena, "%s=?%d COLLATE NOCASE", column, place));
}

/* The ULIDs that start so, and flows that have none. */
static struct part by_id(struct maker *m, const struct filter_value *v)
{
    char letters[2][ULID_LETTERS];
    uint8_t ids[2][ULID_BYTES];
    int places[2];

    if (v->how == FILTER_RANGE)
        return by_range(m, "number", v, true);
    if (v->text.len > ULID_LETTERS)
        return nothing;
    for (int i = 0; i < 2; i++) {
        struct bytes id;

        memset(letters[i], i ? 'z' : '0', ULID_LETTERS);
        memcpy(letters[i], v->text.ptr, v->text.len);
        if (ulid_parse(bytes_make(letters[i], ULID_LETTERS), ids[i]))
            return nothing;
        id = arena_copy(&m->out->arena, bytes_make(ids[i], ULID_BYTES));
        places[i] = bind_value(m, (struct sql_value){.kind = SQL_VALUE_BYTES, .bytes = id});
        if (!id.ptr)
            m->status = STATUS_NO_MEMORY;
        if (!id.ptr || !places[i])
            return nothing;
    }
    return known(m, false,
                 arena_printf(&m->out->arena, "(id BETWEEN ?%d AND ?%d OR id=zeroblob(%d))",
                              places[0], places[1], ULID_BYTES));
}

static struct part by_type(struct maker *m, enum filter_word word)
{
    static const struct filter_value image = {.how = FILTER_PART, .text = BYTES_INIT("image")},
                                     json = {.how = FILTER_PART, .text = BYTES_INIT("json")},
                                     html = {.how = FILTER_PART, .text = BYTES_INIT("html")};
    const struct filter_value *v = word == FILTER_IS_IMAGE  ? &image
                                   : word == FILTER_IS_JSON ? &json
                                                            : &html;

    return by_function(m, "flow_mime", "mime", v, true);
}

/* Words that the narrow table answers as it is. */
static const struct {
    enum filter_word word;
    bool exact;
    const char *sql;
} word_rows[] = {
    {FILTER_KIND_HTTP, true, "kind=0"},
    {FILTER_KIND_TUNNEL, true, "kind=1"},
    {FILTER_IS_TUNNEL, true, "kind=1"},
    {FILTER_KIND_REFUSED, true, "kind=2"},
    {FILTER_IS_REFUSED, true, "kind=2"},
    {FILTER_IS_INJECTED, true, "injected"},
    {FILTER_IS_ERROR, true, "error"},
    {FILTER_IS_OK, true, "status BETWEEN 1 AND 399"},
    {FILTER_IS_WEBSOCKET, false, "(websocket OR status=101)"},
    {FILTER_IS_REUSED, true, "reused"},
    {FILTER_IS_CACHED, true, "status=304"},
    {FILTER_IS_REDIRECT, true, "status IN (301,302,303,307,308)"},
    {FILTER_HAS_RESPONSE, true, "status<>0"},
    {FILTER_HAS_RULE, false, "rules<>''"},
    {FILTER_HAS_TAG, false, "tags<>''"},
    {FILTER_HAS_ANOMALY, true, "anomalies<>0"},
    {FILTER_HAS_USER, false, "user<>''"},
};
_Static_assert(FLOW_HTTP == 0 && FLOW_TUNNEL == 1 && FLOW_REFUSED == 2, "as in word_rows");

static struct part by_choice(struct maker *m, const struct filter_value *v)
{
    enum filter_word word = (enum filter_word)v->from;

    if (word == FILTER_IS_IMAGE || word == FILTER_IS_JSON || word == FILTER_IS_HTML)
        return by_type(m, word);
    for (size_t i = 0; i < sizeof(word_rows) / sizeof(word_rows[0]); i++)
        if (word_rows[i].word == word)
            return known(m, word_rows[i].exact, word_rows[i].sql);
    return nothing;
}

/* ---- the full-text index ---- */

static bool index_finds(struct bytes text)
{
    size_t letters = 0;

    for (size_t at = 0; at < text.len; letters++) {
        uint32_t code;
        size_t len = utf8_decode(bytes_from(text, at), &code);

        if (len == 0 || code == 0)
            return false;
        at += len;
    }
    return letters >= INDEX_LETTERS;
}

/* `text` in that column; with `or_more` also flows of whose bodies the index has not all. */
static struct part by_index(struct maker *m, const char *column, struct bytes text, bool or_more)
{
    struct buf match;
    struct bytes kept;
    int place;

    if (m->index < 0 || !index_finds(text))
        return nothing;
    buf_init(&match, SQL_FILTER_BYTES);
    buf_putf(&match, "{%s} : \"", column);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            buf_put_byte(&match, '"');
        buf_put_byte(&match, text.ptr[i]);
    }
    buf_put_text(&match, or_more ? "\" OR {more} : \"more\"" : "\"");
    kept = arena_copy(&m->out->arena, buf_bytes(&match));
    if (buf_status(&match) || !kept.ptr)
        m->status = STATUS_NO_MEMORY;
    buf_release(&match);
    if (m->status)
        return nothing;
    place = bind_text(m, kept);
    if (!place)
        return nothing;
    m->out->uses_index = true;
    return known(m, false,
                 arena_printf(&m->out->arena,
                              "number IN (SELECT rowid FROM fts_%" PRId64 " WHERE fts_%" PRId64
                              " MATCH ?%d AND rowid BETWEEN ?1 AND ?2)",
                              m->index, m->index, place));
}

static struct part by_field(struct maker *m, const struct filter_value *v)
{
    return by_index(m, "head", v->how == FILTER_NAMED_HAS ? v->part : v->text, false);
}

/* The index finds it quickly, the function says for sure. */
static struct part by_url(struct maker *m, const struct filter_value *v)
{
    struct part sure = by_function(m, "flow_url", "kind,scheme,host,port,path", v, true);
    struct part found = sure.sql ? by_index(m, "url", v->text, false) : nothing;

    if (!found.sql)
        return sure;
    return known(m, true, arena_printf(&m->out->arena, "(%s AND %s)", found.sql, sure.sql));
}

/* ---- putting it together ---- */

static struct part part_of(struct maker *m, enum filter_key key, const struct filter_value *v)
{
    switch (key) {
    case FILTER_URL:
        return by_url(m, v);
    case FILTER_HOST:
        return v->how == FILTER_EQUALS ? by_word(m, "host", v, true)
                                       : by_function(m, "flow_host", "host", v, true);
    case FILTER_PATH:
        return by_function(m, "flow_contains", "path", v, true);
    case FILTER_METHOD: /* of a request that only went out the filter sees none */
        return by_word(m, "method", v, false);
    case FILTER_STATUS:
        return by_range(m, "status", v, true);
    case FILTER_MIME:
        return by_function(m, "flow_mime", "mime", v, true);
    case FILTER_SCHEME:
        return by_word(m, "scheme", v, true);
    case FILTER_PORT:
        return by_range(m, "port", v, true);
    case FILTER_VERSION:
        return by_range(m, "version", v, false);
    case FILTER_SIZE:
    case FILTER_LARGER_THAN:
    case FILTER_SMALLER_THAN: /* without a response there is no size, the table says 0 */
        return by_range(m, "response_bytes", v, false);
    case FILTER_DURATION:
        return by_range(m, "duration_us", v, true);
    case FILTER_HEADER:
    case FILTER_REQUEST_HEADER:
    case FILTER_RESPONSE_HEADER:
    case FILTER_COOKIE:
        return by_field(m, v);
    case FILTER_BODY:
    case FILTER_REQUEST_BODY:
    case FILTER_RESPONSE_BODY:
        return by_index(m, "body", v->text, true);
    case FILTER_CLIENT:
        return by_function(m, "flow_contains", "client", v, true);
    case FILTER_USER:
        return by_function(m, "flow_contains", "user", v, true);
    case FILTER_RULE: /* joined by line feeds, across which nothing should be found */
        return by_function(m, "flow_contains", "rules", v, false);
    case FILTER_TAG:
        return by_function(m, "flow_contains", "tags", v, false);
    case FILTER_REASON:
        return by_function(m, "flow_contains", "reason", v, true);
    case FILTER_ANOMALY:
        return known(m, true, arena_printf(&m->out->arena, "anomalies&%" PRId64 "<>0", v->from));
    case FILTER_ID:
        return by_id(m, v);
    case FILTER_KIND:
    case FILTER_IS:
    case FILTER_HAS:
        return by_choice(m, v);
    case FILTER_SINCE:
    case FILTER_UNTIL:
        return by_range(m, "started_us", v, true);
    case FILTER_UPSTREAM:
    case FILTER_KEY_COUNT:
        break;
    }
    return nothing;
}

static struct part join(struct maker *m, struct part a, struct part b, bool is_or)
{
    const char *sql;
    bool inner_a = !is_or && a.is_or, inner_b = !is_or && b.is_or;

    if (!a.sql || !b.sql) {
        struct part one = is_or ? nothing : a.sql ? a : b;

        one.exact = false;
        return one;
    }
    sql = arena_printf(&m->out->arena, "%s%s%s %s %s%s%s", inner_a ? "(" : "", a.sql,
                       inner_a ? ")" : "", is_or ? "OR" : "AND", inner_b ? "(" : "", b.sql,
                       inner_b ? ")" : "");
    a = known(m, a.exact && b.exact, sql);
    a.is_or = is_or;
    return a;
}

static struct part term_part(struct maker *m, const struct filter_term *t)
{
    struct part all = nothing;

    for (uint32_t i = 0; i < t->value_count && !m->status; i++) {
        struct part one = part_of(m, t->key, &t->values[i]);

        all = i ? join(m, all, one, true) : one;
    }
    if (!t->negated || !all.sql)
        return all;
    if (!all.exact)
        return nothing;
    return known(m, true, arena_printf(&m->out->arena, "(%s) IS NOT TRUE", all.sql));
}

static struct part filter_part(struct maker *m, const struct filter *f)
{
    struct part *stack = arena_alloc(&m->out->arena, (f->item_count + 1) * sizeof(*stack));
    uint32_t depth = 0;

    if (!stack)
        m->status = STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < f->item_count && !m->status; i++) {
        const struct filter_item *item = &f->items[i];

        if (item->op == FILTER_OP_TERM) {
            stack[depth++] = term_part(m, &f->terms[item->term]);
        } else {
            depth--;
            stack[depth - 1] = join(m, stack[depth - 1], stack[depth], item->op == FILTER_OP_OR);
        }
    }
    return m->status || depth == 0 ? nothing : stack[0];
}

enum status sql_filter_make(const struct filter *f, int64_t index, struct sql_filter *s)
{
    struct maker m = {.out = s, .index = index};
    struct part all = nothing;

    arena_init(&s->arena, SQL_FILTER_BYTES);
    s->count = 0;
    s->uses_index = false;
    if (f)
        all = filter_part(&m, f);
    s->where = all.sql ? all.sql : "1";
    if (m.status)
        sql_filter_release(s);
    return m.status;
}

void sql_filter_release(struct sql_filter *s)
{
    arena_release(&s->arena);
    s->where = "1";
    s->count = 0;
}

static int bind_one(sqlite3_stmt *stmt, int place, const struct sql_value *v)
{
    switch (v->kind) {
    case SQL_VALUE_NUMBER:
        return sqlite3_bind_int64(stmt, place, v->number);
    case SQL_VALUE_BYTES:
        return sqlite3_bind_blob64(stmt, place, v->bytes.ptr, v->bytes.len, SQLITE_STATIC);
    case SQL_VALUE_TEXT:
        return sqlite3_bind_text64(stmt, place, (const char *)v->bytes.ptr, v->bytes.len,
                                   SQLITE_STATIC, SQLITE_UTF8);
    case SQL_VALUE_FILTER:
        return sqlite3_bind_pointer(stmt, place, (void *)(uintptr_t)v->filter, pointer_type, NULL);
    }
    return SQLITE_MISUSE;
}

enum status sql_filter_bind(const struct sql_filter *s, sqlite3_stmt *stmt)
{
    for (uint32_t i = 0; i < s->count; i++) {
        int code = bind_one(stmt, SQL_FILTER_FIRST_VALUE + (int)i, &s->values[i]);

        /* of a part that was dropped again there is no place */
        if (code != SQLITE_OK && code != SQLITE_RANGE)
            return code == SQLITE_NOMEM ? STATUS_NO_MEMORY : STATUS_IO;
    }
    return STATUS_OK;
}

bool sql_filter_wants_bodies(const struct filter *f)
{
    for (uint32_t i = 0; f && i < f->term_count; i++)
        if (filter_key_rows[f->terms[i].key].cost == FILTER_COST_BODY)
            return true;
    return false;
}
