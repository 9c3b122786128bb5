/* `cache: off`: neither the client nor the origin answers from a cache, nor fills one
 * (RFC 9111 §5.2). `cache: 1h`: whoever gets the response may keep it so long. */
#include <string.h>

#include "base/sizes.h"
#include "rules/verb.h"

enum { CACHE_EFFECTS = 10, SECOND_US = 1000 * 1000 };

struct cache_args {
    bool request; /* the request has not gone yet */
    bool off;
    struct bytes control; /* Cache-Control of the response */
};

static enum status time_parse(struct rule_compiler *c, const struct rule_text *text,
                              struct cache_args *a)
{
    const char *control;
    int64_t us;

    if (duration_parse(text->all, &us))
        return compiler_error(c, text, text->all, "expected off, or a time as 1h");
    control = arena_printf(c->arena, "max-age=%lld", (long long)(us / SECOND_US));
    if (!control)
        return STATUS_NO_MEMORY;
    a->control = bytes_of(control);
    return STATUS_OK;
}

static enum status cache_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    struct cache_args *a = args;
    struct rule_text text;
    enum status st = compiler_text(c, n, &text);

    c->effects += CACHE_EFFECTS;
    a->request = !c->response_pass;
    a->off = !st && bytes_equal(text.all, BYTES("off"));
    a->control = BYTES("no-store");
    return st || a->off ? st : time_parse(c, &text, a);
}

static enum status put(struct firing *f, enum http_side side, enum edit_op op, const char *name,
                       struct bytes value)
{
    return firing_edit(
        f,
        (struct head_edit){
            .side = side, .op = op, .part = EDIT_HEADER, .name = bytes_of(name), .value = value});
}

static enum status names_remove(struct firing *f, enum http_side side, const char *const *names)
{
    enum status st = STATUS_OK;

    for (; !st && *names; names++)
        st = put(f, side, EDIT_REMOVE, *names, BYTES(""));
    return st;
}

static enum status request_apply(struct firing *f)
{
    static const char *const conditions[] = {"If-None-Match", "If-Modified-Since", NULL};
    enum status st = names_remove(f, HTTP_REQUEST, conditions);

    return st ? st : put(f, HTTP_REQUEST, EDIT_SET, "Cache-Control", BYTES("no-cache"));
}

static enum status cache_apply(const void *args, struct firing *f)
{
    static const char *const ages[] = {"Expires", "Pragma", NULL};
    static const char *const validators[] = {"ETag", "Last-Modified", NULL};
    const struct cache_args *a = args;
    enum status st = a->off && a->request ? request_apply(f) : STATUS_OK;

    if (!st)
        st = put(f, HTTP_RESPONSE, EDIT_SET, "Cache-Control", a->control);
    if (!st)
        st = names_remove(f, HTTP_RESPONSE, ages);
    return st || !a->off ? st : names_remove(f, HTTP_RESPONSE, validators);
}

const struct verb verb_cache = {
    .name = "cache",
    .help = "off: nothing comes from a cache or goes into one; a time: it may be kept so long",
    .example = "off",
    .args_size = sizeof(struct cache_args),
    .parse = cache_parse,
    .apply = cache_apply,
};
