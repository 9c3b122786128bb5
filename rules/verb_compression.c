/* `compression: off`: the origin is asked for content without a coding (RFC 9110
 * §12.5.3). */
#include "rules/verb.h"

static enum status compression_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    struct rule_text text;
    enum status st = compiler_of_request(c, n);

    (void)args;
    c->effects++;
    if (!st)
        st = compiler_text(c, n, &text);
    if (st || bytes_equal(text.all, BYTES("off")))
        return st;
    return compiler_error(c, &text, text.all, "expected off");
}

static enum status compression_apply(const void *args, struct firing *f)
{
    (void)args;
    return firing_edit(f, (struct head_edit){.side = HTTP_REQUEST,
                                             .op = EDIT_SET,
                                             .part = EDIT_HEADER,
                                             .name = field_name(FIELD_ACCEPT_ENCODING),
                                             .value = BYTES("identity")});
}

const struct verb verb_compression = {
    .name = "compression",
    .help = "off: the origin is asked for content without a coding",
    .example = "off",
    .parse = compression_parse,
    .apply = compression_apply,
};
