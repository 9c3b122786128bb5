#include "rules/answer.h"
#include "rules/template.h"
#include "rules/verb.h"

enum { PROMISED_BYTES = 1024, GARBAGE_BYTES = 512 };

struct abort_args {
    int how; /* enum abort_kind */
    int whole;
    struct answer_plan plan; /* of EMPTY and BAD_CHUNK */
};

static const char *const kinds[] = {"close",     "reset",   "hang", "empty",
                                    "bad_chunk", "garbage", NULL}; /* as enum abort_kind */

static const char *const wholes[] = {"stream", "connection", NULL};

static enum status how_keep(const struct config_reader *r, const struct node *n, void *field)
{
    return config_word(r, n, kinds, field);
}

static const struct config_key abort_keys[] = {
    {.name = "how",
     .type = CONFIG_CUSTOM,
     .offset = offsetof(struct abort_args, how),
     .parse = how_keep,
     .help = "close (FIN), reset (RST), hang, empty, bad_chunk or garbage"},
    {.name = "whole",
     .type = CONFIG_WORD,
     .offset = offsetof(struct abort_args, whole),
     .fallback = "stream",
     .words = wholes,
     .help = "stream, or connection: HTTP/1 has one exchange at a time on a connection, so both "
             "are the same"},
};

static const struct config_section abort_section = {"abort", abort_keys,
                                                    sizeof(abort_keys) / sizeof(abort_keys[0])};

/* A good head, whose promise is then broken. */
static enum status plan_make(struct rule_compiler *c, struct abort_args *a)
{
    static const uint8_t promised[PROMISED_BYTES];

    a->plan = (struct answer_plan){.status = 200, .media_type = BYTES("application/octet-stream")};
    return template_literal(c, bytes_make(promised, sizeof(promised)), TEMPLATE_TEXT,
                            &a->plan.body);
}

static enum status abort_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    struct abort_args *a = args;
    enum status st;

    c->effects++;
    if (n->kind == NODE_MAP && !node_find(n, "how")) {
        node_error(c->reader.diags, n,
                   "'how' is missing: close, reset, hang, empty, bad_chunk or garbage");
        return STATUS_BAD_CONFIG;
    }
    st = n->kind == NODE_SCALAR ? config_word(&c->reader, n, kinds, &a->how)
                                : config_read(&c->reader, &abort_section, n, a);
    return st ? st : plan_make(c, a);
}

/* Its first byte begins no status line. */
static enum status garbage_make(struct firing *f, struct bytes *ret_bytes)
{
    uint8_t *garbage = arena_alloc(f->arena, GARBAGE_BYTES);

    if (!garbage)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < GARBAGE_BYTES; i++)
        garbage[i] = (uint8_t)firing_draw(f, 0, UINT8_MAX);
    garbage[0] |= 0x80;
    *ret_bytes = bytes_make(garbage, GARBAGE_BYTES);
    return STATUS_OK;
}

static enum status broken_make(const struct abort_args *a, struct firing *f, struct abort *abort)
{
    enum status st = answer_new(&a->plan, f, &abort->answer);

    if (st)
        return st;
    abort->answer->body = BYTES("");
    if (abort->kind == ABORT_EMPTY)
        return STATUS_OK;
    abort->bytes = BYTES("5\r\nhello\r\nno size\r\n");
    abort->answer->head.framing = HTTP_CHUNKED;
    abort->answer->head.length = -1;
    fields_remove(&abort->answer->head.fields, field_name(FIELD_CONTENT_LENGTH));
    return STATUS_OK;
}

static enum status abort_apply(const void *args, struct firing *f)
{
    const struct abort_args *a = args;
    struct abort abort = {.kind = (enum abort_kind)a->how};
    struct effect *e;
    enum status st = STATUS_OK;

    if (abort.kind == ABORT_EMPTY || abort.kind == ABORT_BAD_CHUNK)
        st = broken_make(a, f, &abort);
    else if (abort.kind == ABORT_GARBAGE)
        st = garbage_make(f, &abort.bytes);
    if (st)
        return st;
    e = firing_effect(f, EFFECT_ABORT);
    if (!e)
        return STATUS_NO_MEMORY;
    e->abort = abort;
    return STATUS_END;
}

const struct verb verb_abort = {
    .name = "abort",
    .help = "end the exchange without an answer: close (FIN), reset (RST), hang; or with a broken "
            "one: empty, bad_chunk, garbage",
    .example = "reset",
    .traits = VERB_TERMINAL | VERB_ANSWERS,
    .args_size = sizeof(struct abort_args),
    .parse = abort_parse,
    .apply = abort_apply,
};
