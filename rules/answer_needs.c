#include "rules/answer_build.h"

struct status_need {
    uint16_t code;
    enum status (*see_to)(struct answer_builder *b, const struct status_need *need);
    const char *source;
};

static enum status need_no_content(struct answer_builder *b, const struct status_need *need)
{
    const struct node *bodies[] = {b->form->text, b->form->json, b->form->file, b->form->html,
                                   b->form->problem};

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        if (bodies[i]) {
            node_key_error(b->c->reader.diags, bodies[i], "%u has no content (%s)", need->code,
                           need->source);
            return STATUS_BAD_CONFIG;
        }
    }
    return STATUS_OK;
}

static enum status need_location(struct answer_builder *b, const struct status_need *need)
{
    if (b->plan.raw || b->no_location || answer_has(b, field_name(FIELD_LOCATION)))
        return STATUS_OK;
    node_error(b->c->reader.diags, b->at,
               "%u needs a Location: redirect: { status: %u, to: URL }, or `to: none` (%s)",
               need->code, need->code, need->source);
    return STATUS_BAD_CONFIG;
}

static enum status need_challenge(struct answer_builder *b, const struct status_need *need)
{
    struct bytes name =
        field_name(need->code == 407 ? FIELD_PROXY_AUTHENTICATE : FIELD_WWW_AUTHENTICATE);

    if (b->plan.raw || answer_has(b, name))
        return STATUS_OK;
    return answer_add_text(b, name, "Basic realm=\"weir\"");
}

static enum status need_allow(struct answer_builder *b, const struct status_need *need)
{
    (void)need;
    b->plan.default_allow = !b->plan.raw && !answer_has(b, field_name(FIELD_ALLOW));
    return STATUS_OK;
}

/* "bytes 'star'/0": nothing is known of the length, so none of it can be asked for. */
static enum status need_range(struct answer_builder *b, const struct status_need *need)
{
    (void)need;
    if (b->plan.raw || answer_has(b, field_name(FIELD_CONTENT_RANGE)))
        return STATUS_OK;
    return answer_add_text(b, field_name(FIELD_CONTENT_RANGE), "bytes */0");
}

static enum status need_upgrade(struct answer_builder *b, const struct status_need *need)
{
    enum status st = STATUS_OK;

    (void)need;
    if (b->plan.raw)
        return STATUS_OK;
    if (!answer_has(b, field_name(FIELD_UPGRADE)))
        st = answer_add_text(b, field_name(FIELD_UPGRADE), "TLS/1.2");
    if (!st && !answer_has(b, field_name(FIELD_CONNECTION))) /* RFC 9110 §7.8 */
        st = answer_add_text(b, field_name(FIELD_CONNECTION), "Upgrade");
    return st;
}

static enum status need_retry_after(struct answer_builder *b, const struct status_need *need)
{
    if (!b->plan.raw && !answer_has(b, field_name(FIELD_RETRY_AFTER)))
        node_warning(b->c->reader.diags, b->at,
                     "%u without retry_after does not tell clients when to come back (%s)",
                     need->code, need->source);
    return STATUS_OK;
}

static const struct status_need needs[] = {
#define STATUS_NEED(code, need, source) {code, need_##need, source},
#include "rules/status_needs.def"
#undef STATUS_NEED
};

/* RFC 9110 §15.5, §15.6: errors carry an explanation. */
static enum status explain(struct answer_builder *b)
{
    const struct http_status *known = http_status_find(b->plan.status);
    const char *text;

    if (b->plan.raw || b->plan.body || b->plan.status < 400)
        return STATUS_OK;
    if (known)
        text = arena_printf(b->c->arena, "%u %s\n%s\n", (unsigned)known->code, known->phrase,
                            known->meaning);
    else
        text = arena_printf(b->c->arena, "%u\nA status of the class \"%s\".\n",
                            (unsigned)b->plan.status, http_status_class(b->plan.status));
    if (!text)
        return STATUS_NO_MEMORY;
    if (!b->has_type)
        b->plan.media_type = BYTES("text/plain; charset=utf-8");
    return template_literal(b->c, bytes_of(text), TEMPLATE_TEXT, &b->plan.body);
}

enum status answer_needs(struct answer_builder *b)
{
    enum status st = STATUS_OK;

    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        if (needs[i].code == b->plan.status)
            st = status_worse(st, needs[i].see_to(b, &needs[i]));
    }
    return st ? st : explain(b);
}
