#include "rules/conn_fault.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { WORDS_TEXT = 160 };

enum fault_value { VALUE_NONE, VALUE_NUMBER, VALUE_VERSION, VALUE_TIME };

static const struct fault_row {
    const char *verb, *word;
    enum fault_value value;
} rows[CONN_FAULTS] = {
#define CONN_FAULT(name, verb, word, value, note) {#verb, #word, VALUE_##value},
#include "rules/conn_faults.def"
#undef CONN_FAULT
};

/* The verb's words; `words` has room for all. */
static size_t words_of(const char *verb, const char *words[CONN_FAULTS])
{
    size_t count = 0;

    for (size_t i = 0; i < CONN_FAULTS; i++) {
        if (strcmp(rows[i].verb, verb) == 0)
            words[count++] = rows[i].word;
    }
    return count;
}

static bool word_find(const char *verb, struct bytes word, enum conn_fault_kind *ret_kind)
{
    for (size_t i = 0; i < CONN_FAULTS; i++) {
        if (strcmp(rows[i].verb, verb) == 0 && bytes_equal(word, bytes_of(rows[i].word))) {
            *ret_kind = (enum conn_fault_kind)i;
            return true;
        }
    }
    return false;
}

static enum status word_unknown(struct rule_compiler *c, const char *verb,
                                const struct rule_text *text, struct bytes word)
{
    const char *words[CONN_FAULTS];
    size_t count = words_of(verb, words);
    const char *near = text_nearest(word, words, count);
    char list[WORDS_TEXT] = "";
    int len = 0;

    if (near)
        return compiler_error(c, text, word, "'%s' cannot be '%s', did you mean '%s'?", verb,
                              excerpt(word).text, near);
    for (size_t i = 0; i < count && len >= 0 && len < WORDS_TEXT; i++)
        len += snprintf(list + len, sizeof(list) - (size_t)len, "%s%s", i ? ", " : "", words[i]);
    return compiler_error(c, text, word.len ? word : text->all, "'%s' is one of %s", verb, list);
}

/* RFC 8446 §6: 0 is close_notify, which is no error. */
static enum status alert_parse(struct rule_compiler *c, const struct rule_text *text,
                               struct bytes in, uint8_t *ret_alert)
{
    uint64_t number;

    if (bytes_to_u64(in, UINT8_MAX, &number) || number == 0)
        return compiler_error(c, text, in.len ? in : text->all,
                              "expected the number of an alert from 1 to 255, as alert 40 "
                              "(RFC 8446 section 6)");
    *ret_alert = (uint8_t)number;
    return STATUS_OK;
}

static enum status value_parse(struct rule_compiler *c, const struct rule_text *text,
                               struct bytes in, struct fault_args *a)
{
    const struct fault_row *row = &rows[a->kind];

    switch (row->value) {
    case VALUE_NONE:
        if (in.len == 0)
            return STATUS_OK;
        return compiler_error(c, text, in, "nothing stands behind '%s'", row->word);
    case VALUE_NUMBER:
        return alert_parse(c, text, in, &a->alert);
    case VALUE_VERSION:
        if (bytes_equal(in, BYTES("1.2")) || bytes_equal(in, BYTES("TLSv1.2")))
            return STATUS_OK;
        return compiler_error(c, text, in.len ? in : text->all,
                              "expected max 1.2: weir speaks TLS 1.2 and 1.3");
    case VALUE_TIME:
        if (in.len)
            return delay_range_parse(c, text, in, &a->held);
        return compiler_error(c, text, text->all, "a time is missing, as %s 2s", row->word);
    }
    return STATUS_OK;
}

/* { word: value } */
static enum status map_parse(struct rule_compiler *c, const char *verb, const struct node *n,
                             struct fault_args *a)
{
    const struct node *value = n->first;
    const char *words[CONN_FAULTS];
    struct rule_text text;
    enum status st;

    if (!value || value->next) {
        node_error(c->reader.diags, n, "expected one fault and its value");
        return STATUS_BAD_CONFIG;
    }
    if (!word_find(verb, value->key, &a->kind)) {
        config_unknown_key(&c->reader, value, words, words_of(verb, words));
        return STATUS_BAD_CONFIG;
    }
    if (rows[a->kind].value == VALUE_NONE) {
        node_key_error(c->reader.diags, value, "'%s' has no value: write { %s: %s }",
                       rows[a->kind].word, verb, rows[a->kind].word);
        return STATUS_BAD_CONFIG;
    }
    st = compiler_text(c, value, &text);
    return st ? st : value_parse(c, &text, text.all, a);
}

enum status fault_parse(struct rule_compiler *c, const char *verb, const struct node *n,
                        struct fault_args *args)
{
    struct bytes word, value = {0};
    struct rule_text text;
    ptrdiff_t space;
    enum status st;

    c->effects++;
    if (n->kind == NODE_MAP)
        return map_parse(c, verb, n, args);
    st = compiler_text(c, n, &text);
    if (st)
        return st;
    space = bytes_find(text.all, ' ');
    word = space < 0 ? text.all : bytes_until(text.all, (size_t)space);
    if (space >= 0)
        value = bytes_trim(bytes_from(text.all, (size_t)space));
    if (!word_find(verb, word, &args->kind))
        return word_unknown(c, verb, &text, word);
    return value_parse(c, &text, value, args);
}

enum status fault_apply(const void *args, struct firing *f)
{
    const struct fault_args *a = args;
    struct effect *e = firing_effect(f, EFFECT_CONN_FAULT);

    if (!e)
        return STATUS_NO_MEMORY;
    e->fault.kind = a->kind;
    e->fault.alert = a->alert;
    e->fault.us = delay_range_draw(&a->held, &f->dice);
    return STATUS_OK;
}
