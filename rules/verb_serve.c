/* serve: files of a folder, as a small web server has them. */
#include "http/url.h"
#include "rules/answer.h"
#include "rules/body_file.h"
#include "rules/date.h"
#include "rules/serve_file.h"
#include "rules/template.h"
#include "rules/verb.h"

enum { SERVE_PATH_BYTES = 4096, SERVE_FIELDS = 2, PLAN_TEXT_BYTES = 64 };

/* What a file is answered with. */
struct serve_plan {
    struct answer_plan whole, unchanged;
    struct bytes etag, modified;
};

struct serve_args {
    struct served served;
    const struct serve_plan *plans; /* of the files, by place */
    const struct template *path;    /* beneath the folder; NULL: the request's own */
    struct bytes index;
    struct answer_plan absent, refused;
};

struct serve_form {
    const struct node *from, *index;
};

static const struct config_key serve_keys[] = {
    NODE_KEY(serve_form, from, "a file, or a folder; $(…) behind it names a file beneath it"),
    NODE_KEY(serve_form, index, "the file that stands for its folder; index.html if left out"),
};

static const struct config_section serve_section = {"serve", serve_keys, 2};

/* ---- at load -------------------------------------------------------------- */

static enum status kept_text(struct rule_compiler *c, struct buf *text, struct bytes *ret_text)
{
    *ret_text = arena_copy(c->arena, buf_bytes(text));
    buf_release(text);
    return ret_text->ptr ? STATUS_OK : STATUS_NO_MEMORY;
}

/* Of the content, so that the same file has the same tag everywhere. */
static enum status etag_make(struct rule_compiler *c, const struct served_file *file,
                             struct bytes *ret_etag)
{
    struct buf text;

    buf_init(&text, PLAN_TEXT_BYTES);
    buf_putf(&text, "\"%016llx-%zx\"", (unsigned long long)bytes_hash(file->content, 0),
             file->content.len);
    return kept_text(c, &text, ret_etag);
}

static enum status modified_make(struct rule_compiler *c, const struct served_file *file,
                                 struct bytes *ret_modified)
{
    struct buf text;

    buf_init(&text, PLAN_TEXT_BYTES);
    date_put_http(&text, file->modified_us);
    return kept_text(c, &text, ret_modified);
}

static enum status field_make(struct rule_compiler *c, struct bytes name, struct bytes value,
                              struct answer_field *field)
{
    field->name = name;
    return template_literal(c, value, TEMPLATE_HEADER, &field->value);
}

/* RFC 9110 §15.4.5: a 304 has the validators that the 200 would have. */
static enum status plan_make(struct rule_compiler *c, struct bytes name,
                             const struct served_file *file, struct serve_plan *plan)
{
    struct answer_field *fields = arena_alloc(c->arena, SERVE_FIELDS * sizeof(*fields));
    enum status st = fields ? etag_make(c, file, &plan->etag) : STATUS_NO_MEMORY;

    if (!st)
        st = modified_make(c, file, &plan->modified);
    if (!st)
        st = field_make(c, field_name(FIELD_ETAG), plan->etag, &fields[0]);
    if (!st)
        st = field_make(c, BYTES("Last-Modified"), plan->modified, &fields[1]);
    if (st)
        return st;
    plan->whole = (struct answer_plan){
        .status = 200,
        .has_etag = true,
        .media_type = body_file_media_type(name),
        .count = SERVE_FIELDS,
        .fields = fields,
    };
    plan->unchanged = (struct answer_plan){
        .status = 304, .force = true, .has_etag = true, .count = SERVE_FIELDS, .fields = fields};
    return template_literal(c, file->content, TEMPLATE_TEXT, &plan->whole.body);
}

static enum status plans_make(struct rule_compiler *c, struct bytes root, struct serve_args *a)
{
    struct serve_plan *plans =
        arena_alloc(c->arena, (a->served.count + (size_t)1) * sizeof(*plans));
    enum status st = plans ? STATUS_OK : STATUS_NO_MEMORY;

    for (uint32_t i = 0; i < a->served.count && !st; i++) {
        const struct served_file *file = &a->served.files[i];

        st = plan_make(c, file->path.len ? file->path : root, file, &plans[i]);
    }
    a->plans = plans;
    return st;
}

/* The folder ends before the part of a name that holds the first $(…). */
static struct bytes root_of(struct bytes all)
{
    ptrdiff_t dollar = bytes_search(all, BYTES("$("));
    size_t len = dollar < 0 ? all.len : (size_t)dollar;

    while (dollar >= 0 && len > 0 && all.ptr[len - 1] != '/')
        len--;
    while (len > 1 && all.ptr[len - 1] == '/')
        len--;
    return bytes_until(all, len);
}

static enum status from_parse(struct rule_compiler *c, const struct node *n, struct serve_args *a)
{
    struct rule_text text, path;
    struct bytes root;
    enum status st = compiler_template_text(c, n, &text);

    if (st)
        return st;
    root = root_of(text.all);
    path = text;
    path.all = bytes_from(text.all, root.len);
    if (root.len == 0)
        return compiler_error(c, &text, text.all,
                              "a folder stands before the first $(…), as in site/$(rest)");
    if (bytes_search(path.all, BYTES("$(")) >= 0)
        st = template_parse(c, &path, TEMPLATE_URL, &a->path);
    if (!st)
        st = serve_file_load(c, &text, root, &a->served);
    if (!st && a->path && !a->served.folder)
        st = compiler_error(c, &text, root, "'%s' is a file; nothing is beneath it",
                            excerpt(root).text);
    return st ? st : plans_make(c, root, a);
}

static enum status index_parse(struct rule_compiler *c, const struct node *n, struct serve_args *a)
{
    struct rule_text text;
    enum status st;

    a->index = BYTES("index.html");
    if (!n)
        return STATUS_OK;
    st = compiler_text(c, n, &text);
    if (!st && (text.all.len == 0 || bytes_find(text.all, '/') >= 0))
        return compiler_error(c, &text, text.all, "this is the name of a file, without a folder");
    if (!st)
        a->index = arena_copy(c->arena, text.all);
    return st || a->index.ptr ? st : STATUS_NO_MEMORY;
}

/* RFC 9110 §15.5.6: what is allowed instead. */
static enum status refused_make(struct rule_compiler *c, const struct node *n,
                                struct answer_plan *plan)
{
    struct answer_field *field = arena_alloc(c->arena, sizeof(*field));
    enum status st = field ? answer_of_status(c, n, 405, plan) : STATUS_NO_MEMORY;

    if (st)
        return st;
    plan->default_allow = false;
    plan->count = 1;
    plan->fields = field;
    return field_make(c, field_name(FIELD_ALLOW), BYTES("GET, HEAD"), field);
}

static enum status serve_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    struct serve_args *a = args;
    struct serve_form form = {.from = n};
    enum status st = STATUS_OK;

    c->effects++;
    if (n->kind == NODE_MAP) {
        form.from = NULL;
        st = config_read(&c->reader, &serve_section, n, &form);
    }
    if (!st && !form.from) {
        node_error(c->reader.diags, n, "'from' is missing: a file or a folder");
        return STATUS_BAD_CONFIG;
    }
    if (!st)
        st = index_parse(c, form.index, a);
    if (!st)
        st = from_parse(c, form.from, a);
    if (!st)
        st = answer_of_status(c, n, 404, &a->absent);
    return st ? st : refused_make(c, n, &a->refused);
}

/* ---- at work -------------------------------------------------------------- */

/* The path without empty and "." segments. It is sought among the files that were read,
 * none of which is called "..". BAD_INPUT when it holds a NUL. */
static enum status path_put(const struct serve_args *a, struct bytes decoded, struct buf *out)
{
    struct bytes rest = decoded;
    bool ends = decoded.len == 0 || bytes_ends_with(decoded, BYTES("/"));

    if (bytes_find(decoded, '\0') >= 0)
        return STATUS_BAD_INPUT;
    while (rest.len) {
        ptrdiff_t slash = bytes_find(rest, '/');
        struct bytes segment = slash < 0 ? rest : bytes_until(rest, (size_t)slash);

        rest = slash < 0 ? bytes_make(NULL, 0) : bytes_from(rest, (size_t)slash + 1);
        if (segment.len == 0 || bytes_equal(segment, BYTES(".")))
            continue;
        buf_put_text(out, out->len ? "/" : "");
        buf_put(out, segment);
    }
    if (ends) {
        buf_put_text(out, out->len ? "/" : "");
        buf_put(out, a->index);
    }
    return buf_status(out);
}

/* As it came, encoded, without the query. */
static enum status path_sent(const struct serve_args *a, struct firing *f, struct bytes *ret_path)
{
    struct bytes path = f->draft->head.path;
    ptrdiff_t query = bytes_find(path, '?');

    if (a->path)
        return template_render(a->path, f, ret_path);
    *ret_path = query < 0 ? path : bytes_until(path, (size_t)query);
    return STATUS_OK;
}

static enum status file_find(const struct serve_args *a, struct firing *f,
                             const struct served_file **ret_file)
{
    struct buf decoded, path;
    struct bytes sent;
    enum status st;

    *ret_file = a->served.folder ? NULL : a->served.files;
    if (!a->served.folder)
        return STATUS_OK;
    st = path_sent(a, f, &sent);
    if (st)
        return st == STATUS_NO_MEMORY ? st : STATUS_OK;
    buf_init(&decoded, SERVE_PATH_BYTES);
    buf_init(&path, SERVE_PATH_BYTES + a->index.len + 1);
    percent_decode(sent, false, &decoded);
    st = buf_status(&decoded) ? buf_status(&decoded) : path_put(a, buf_bytes(&decoded), &path);
    if (!st)
        *ret_file = served_find(&a->served, buf_bytes(&path));
    buf_release(&decoded);
    buf_release(&path);
    return st == STATUS_NO_MEMORY ? st : STATUS_OK;
}

/* RFC 9110 §13.1.2: If-None-Match, and only without it §13.1.3. A date is compared as the
 * text that was sent with the file. */
static bool is_unchanged(const struct serve_plan *plan, const struct head *request)
{
    struct bytes tags = fields_value(&request->fields, field_name(FIELD_IF_NONE_MATCH)), tag;

    if (!tags.ptr)
        return bytes_equal(fields_value(&request->fields, field_name(FIELD_IF_MODIFIED_SINCE)),
                           plan->modified);
    while (bytes_next_listed(&tags, &tag)) {
        if (bytes_starts_with(tag, BYTES("W/")))
            tag = bytes_from(tag, 2);
        if (bytes_equal(tag, plan->etag) || bytes_equal(tag, BYTES("*")))
            return true;
    }
    return false;
}

static enum status serve_apply(const void *args, struct firing *f)
{
    const struct serve_args *a = args;
    const struct head *request = f->view->request;
    const struct served_file *file;
    const struct serve_plan *plan;
    enum status st;

    if (!http_method_is(request, "GET") && !http_method_is(request, "HEAD"))
        return answer_make(&a->refused, f);
    st = file_find(a, f, &file);
    if (st)
        return st;
    if (!file)
        return answer_make(&a->absent, f);
    plan = &a->plans[file - a->served.files];
    return answer_make(is_unchanged(plan, request) ? &plan->unchanged : &plan->whole, f);
}

const struct verb verb_serve = {
    .name = "serve",
    .help = "answer with a file, or with the files of a folder, read when the rules are loaded",
    .example = "site/$(rest)",
    .traits = VERB_TERMINAL | VERB_ANSWERS,
    .args_size = sizeof(struct serve_args),
    .parse = serve_parse,
    .apply = serve_apply,
};
