/* CORS as the Fetch standard has it: what a page may read of another origin. */
#include "base/text.h"
#include "http/url.h"
#include "rules/answer.h"
#include "rules/verb.h"

enum { CORS_EFFECTS = 8, PREFLIGHT_STATUS = 204 };

struct cors_args {
    bool off;
    struct bytes origin;          /* empty: the one that asks */
    struct answer_plan preflight; /* what it is answered with */
};

/* "https://app.test", without a path */
static enum status origin_parse(struct rule_compiler *c, const struct rule_text *text,
                                struct cors_args *a)
{
    static const char *const words[] = {"reflect", "off"};
    const char *near = text_nearest(text->all, words, sizeof(words) / sizeof(words[0]));
    struct url url;

    if (near)
        return compiler_error(c, text, text->all, "unknown word '%s', did you mean '%s'?",
                              excerpt(text->all).text, near);
    if (url_parse(text->all, &url) || url.scheme.len == 0 || url.path.len || url.query.ptr ||
        url.authority.userinfo)
        return compiler_error(c, text, text->all,
                              "expected reflect, off, or an origin as https://app.test");
    a->origin = arena_copy(c->arena, text->all);
    return a->origin.ptr ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status cors_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    struct cors_args *a = args;
    struct rule_text text;
    enum status st = compiler_text(c, n, &text);

    c->effects += CORS_EFFECTS;
    if (st)
        return st;
    a->off = bytes_equal(text.all, BYTES("off"));
    if (!a->off && !bytes_equal(text.all, BYTES("reflect")))
        st = origin_parse(c, &text, a);
    return st ? st : answer_of_status(c, n, PREFLIGHT_STATUS, &a->preflight);
}

static enum status put(struct firing *f, enum edit_op op, struct bytes name, struct bytes value)
{
    return firing_edit(
        f, (struct head_edit){
               .side = HTTP_RESPONSE, .op = op, .part = EDIT_HEADER, .name = name, .value = value});
}

/* A field of the request that may be sent back; else empty. */
static struct bytes asked(const struct firing *f, struct bytes name)
{
    struct bytes value = fields_value(&f->view->request->fields, name);

    return http_value_valid(value) ? value : bytes_make(NULL, 0);
}

/* Everything that a preflight asks for is allowed, and weir says so itself. */
static enum status preflight_answer(const struct cors_args *a, struct firing *f,
                                    struct bytes method)
{
    struct bytes fields = asked(f, BYTES("Access-Control-Request-Headers"));
    enum status st = put(f, EDIT_SET, BYTES("Access-Control-Allow-Methods"), method);

    if (!st && fields.len)
        st = put(f, EDIT_SET, BYTES("Access-Control-Allow-Headers"), fields);
    return st ? st : answer_make(&a->preflight, f);
}

static enum status cors_apply(const void *args, struct firing *f)
{
    const struct cors_args *a = args;
    struct bytes asks = asked(f, field_name(FIELD_ORIGIN));
    struct bytes method = asked(f, field_name(FIELD_ACCESS_CONTROL_REQUEST_METHOD));
    enum status st;

    f->cors = false; /* what is said here is said once */
    *f->cors_settled = true;
    if (a->off || asks.len == 0)
        return STATUS_OK;
    st = put(f, EDIT_SET, BYTES("Access-Control-Allow-Origin"), a->origin.len ? a->origin : asks);
    if (!st)
        st = put(f, EDIT_SET, BYTES("Access-Control-Allow-Credentials"), BYTES("true"));
    if (!st)
        st = put(f, EDIT_APPEND, field_name(FIELD_VARY), field_name(FIELD_ORIGIN));
    if (!st && method.len && http_method_is(f->view->request, "OPTIONS"))
        st = preflight_answer(a, f, method);
    return st;
}

const struct verb verb_cors = {
    .name = "cors",
    .help = "let pages read the response: reflect their origin, name one, or off",
    .example = "reflect",
    .args_size = sizeof(struct cors_args),
    .parse = cors_parse,
    .apply = cors_apply,
};
