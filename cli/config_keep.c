/* logs.keep: how long flows stay in the store, by filters. */
#include <time.h>

#include "cli/config.h"

static const char *const class_words[] = {"filter", "age", NULL};

/* Underlines the place in the filter itself, where it stands as it was written. */
static void filter_error(struct config *c, const struct node *n, struct bytes text,
                         const struct filter_fault *fault)
{
    uint32_t quote = n->plain ? 0 : 1, width = (uint32_t)(fault->len ? fault->len : 1);
    struct mark at = n->at;

    if (n->at.line == n->end.line && bytes_equal(n->text, text) &&
        n->end.column - n->at.column == text.len + 2 * quote) {
        at.column += (uint32_t)fault->at + quote;
        diag_add(&c->diags, DIAG_ERROR, n->source, at, width, "%s", fault->text);
    } else {
        node_error(&c->diags, n, "%s", fault->text);
    }
}

static enum status class_filter(struct config *c, const struct node *n, struct filter **ret_filter)
{
    struct filter_fault fault;
    struct bytes text = {0};
    enum status st = config_text(&c->reader, n, &text);

    if (!st)
        st = filter_parse(text, (int64_t)time(NULL) * 1000000, ret_filter, &fault);
    else
        return st;
    if (!st || st == STATUS_NO_MEMORY)
        return st;
    filter_error(c, n, text, &fault);
    return STATUS_BAD_CONFIG;
}

static enum status join_class(struct config *c, const struct node *map)
{
    const struct node *filter = map->kind == NODE_MAP ? node_find(map, "filter") : NULL;
    const struct node *age = map->kind == NODE_MAP ? node_find(map, "age") : NULL;
    struct keep_class *class = &c->keep.classes[c->keep.class_count];
    struct filter *made = NULL;
    enum status st;

    if (!filter || !age) {
        node_error(&c->diags, map, "a class wants both: { filter: FILTER, age: DURATION }");
        return STATUS_BAD_CONFIG;
    }
    for (const struct node *n = map->first; n; n = n->next) {
        if (n != filter && n != age) {
            config_unknown_key(&c->reader, n, class_words, 2);
            return STATUS_BAD_CONFIG;
        }
    }
    st = config_duration(&c->reader, age, &class->age_us);
    if (!st)
        st = class_filter(c, filter, &made);
    if (st)
        return st;
    class->filter = made;
    c->keep.class_count++;
    return STATUS_OK;
}

enum status config_join_keep(struct config *c)
{
    const struct node *list = c->values.keep_classes;
    enum status all = STATUS_OK;

    c->keep.age_us = c->values.keep_age_us;
    c->keep.size_bytes = c->values.keep_bytes;
    if (!list)
        return STATUS_OK;
    if (list->kind != NODE_LIST || list->count > KEEP_CLASSES) {
        node_error(&c->diags, list,
                   "classes wants a list of { filter: FILTER, age: DURATION }, at most %d",
                   KEEP_CLASSES);
        return STATUS_BAD_CONFIG;
    }
    for (const struct node *n = list->first; n; n = n->next) {
        enum status st = join_class(c, n);

        if (st == STATUS_NO_MEMORY)
            return st;
        if (st)
            all = st;
    }
    return all;
}

void config_release_keep(struct config *c)
{
    while (c->keep.class_count)
        filter_free(c->keep.classes[--c->keep.class_count].filter);
}
