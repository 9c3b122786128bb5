/* The `expect` section, read from its nodes. */
#include <string.h>

#include "base/sizes.h"
#include "config/shape.h"
#include "logs/expect_impl.h"

/* The values of one expectation as they stand there; NULL: it is not said. */
struct expect_nodes {
    const struct node *name, *match, *count, *never, *status, *ok, *under, *in_order, *retried;
};

static enum status keep_node(const struct config_reader *r, const struct node *n, void *field)
{
    (void)r;
    *(const struct node **)field = n;
    return STATUS_OK;
}

/* clang-format off */
static const struct config_key expect_keys[] = {
#define EXPECT_KEY(key, field, text)                                                               \
    {.name = key, .type = CONFIG_CUSTOM, .offset = offsetof(struct expect_nodes, field),           \
     .parse = keep_node, .help = text},
#include "logs/expect_keys.def"
#undef EXPECT_KEY
};
/* clang-format on */

static const struct config_section section = {"expect", expect_keys,
                                              sizeof(expect_keys) / sizeof(expect_keys[0])};
const struct config_section *const expect_section = &section;

/* One expectation being read. */
struct reading {
    struct expects *to;
    const struct config_reader *reader;
    struct expect_nodes nodes;
    int64_t now_us;
    enum status all; /* BAD_CONFIG when anything was wrong */
    struct expect expect;
};

/* Only want of memory ends the reading. */
static enum status note(struct reading *x, enum status st)
{
    if (st == STATUS_NO_MEMORY)
        return st;
    if (st)
        x->all = STATUS_BAD_CONFIG;
    return STATUS_OK;
}

/* ---- filters ---- */

/* The fault's own place, where the filter stands in the file as it is. */
static void filter_refuse(const struct reading *x, const struct node *n, struct bytes text,
                          const struct filter_fault *fault)
{
    size_t at = n->source ? shape_offset(n->source->text, n->at) : 0;
    struct bytes there = n->source ? bytes_from(n->source->text, at) : text;
    size_t quote = !n->plain && there.len ? 1 : 0;
    struct range range;

    if (!n->source || !bytes_starts_with(bytes_from(there, quote), text)) {
        node_error(x->reader->diags, n, "the filter is wrong: %s", fault->text);
        return;
    }
    range.from = at + quote + (fault->at < text.len ? fault->at : text.len);
    range.to = range.from + fault->len;
    diag_add(x->reader->diags, DIAG_ERROR, n->source, shape_mark(n->source->text, range.from),
             fault->len ? shape_width(n->source->text, range) : 1, "the filter is wrong: %s",
             fault->text);
}

static enum status read_filter(struct reading *x, const struct node *n, struct filter **ret_filter)
{
    struct filter_fault fault = {0};
    struct bytes text;
    enum status st = config_text(x->reader, n, &text);

    if (!st)
        st = filter_parse(text, x->now_us, ret_filter, &fault);
    else if (st != STATUS_NO_MEMORY)
        st = STATUS_BAD_CONFIG;
    if (st == STATUS_BAD_INPUT || st == STATUS_LIMIT)
        filter_refuse(x, n, text, &fault);
    return st;
}

static enum status read_match(struct reading *x)
{
    struct filter_fault fault;

    if (!x->nodes.match)
        return filter_parse(BYTES(""), x->now_us, &x->expect.match, &fault);
    return read_filter(x, x->nodes.match, &x->expect.match);
}

static enum status read_in_order(struct reading *x)
{
    const struct node *n = x->nodes.in_order;
    enum status st = STATUS_OK;

    if (!n)
        return STATUS_OK;
    if (n->kind != NODE_LIST || n->count < 2 || n->count > EXPECT_STEPS) {
        node_error(x->reader->diags, n, "'in order' is a list of 2 to %d filters", EXPECT_STEPS);
        return STATUS_BAD_CONFIG;
    }
    x->expect.checks |= 1U << EXPECT_ORDER;
    for (n = n->first; n && !st; n = n->next) {
        st = read_filter(x, n, &x->expect.steps[x->expect.step_count]);
        x->expect.step_count += st == STATUS_OK;
        st = note(x, st);
    }
    return st;
}

/* ---- phrases ---- */

static enum status read_count(struct reading *x)
{
    const struct node *n = x->nodes.count;
    struct bytes text;
    enum status st;

    if (!n)
        return STATUS_OK;
    x->expect.checks |= 1U << EXPECT_COUNT;
    st = config_text(x->reader, n, &text);
    if (!st && expect_count_parse(text, &x->expect.count)) {
        node_error(x->reader->diags, n,
                   "a count is 'at least 1', 'at most 3', 'exactly 2' or 'between 1 and 3'");
        st = STATUS_BAD_CONFIG;
    }
    return st;
}

static enum status read_statuses(struct reading *x)
{
    struct config_texts texts = {0};
    enum status st;

    if (!x->nodes.status)
        return STATUS_OK;
    x->expect.checks |= 1U << EXPECT_STATUS;
    st = config_texts(x->reader, x->nodes.status, &texts);
    if (!st && texts.count > EXPECT_STATUSES) {
        node_error(x->reader->diags, x->nodes.status, "at most %d statuses", EXPECT_STATUSES);
        st = STATUS_BAD_CONFIG;
    }
    for (uint32_t i = 0; !st && i < texts.count; i++) {
        st = expect_status_parse(texts.items[i], &x->expect.statuses[i]);
        if (st)
            node_error(x->reader->diags, texts.nodes[i], "a status is 200, 2xx or 200-204");
    }
    x->expect.status_count = st ? 0 : texts.count;
    return st;
}

static enum status read_retried(struct reading *x)
{
    const struct node *n = x->nodes.retried;
    struct bytes text;
    enum status st;

    if (!n)
        return STATUS_OK;
    if (x->to->retried == EXPECT_RETRIED) {
        node_error(x->reader->diags, n, "only %d expectations can have 'retried'", EXPECT_RETRIED);
        return STATUS_BAD_CONFIG;
    }
    x->expect.checks |= 1U << EXPECT_RETRIES;
    x->expect.retried = x->to->retried++;
    st = config_text(x->reader, n, &text);
    if (!st && expect_retries_parse(text, &x->expect.retries)) {
        node_error(x->reader->diags, n,
                   "'retried' is as in 'at most 3 times with backoff'; also: with jitter, "
                   "obeying Retry-After, safely");
        st = STATUS_BAD_CONFIG;
    }
    return st;
}

/* ---- the other values ---- */

static enum status read_never(struct reading *x)
{
    bool never = false;
    enum status st;

    if (!x->nodes.never)
        return STATUS_OK;
    st = config_bool(x->reader, x->nodes.never, &never);
    if (st || !never)
        return st;
    if (x->nodes.count) {
        node_error(x->reader->diags, x->nodes.never, "'never' and 'count' contradict each other");
        return STATUS_BAD_CONFIG;
    }
    x->expect.checks |= 1U << EXPECT_COUNT;
    x->expect.count = (struct expect_count){0, 0};
    return STATUS_OK;
}

static enum status read_ok(struct reading *x)
{
    if (!x->nodes.ok)
        return STATUS_OK;
    x->expect.checks |= 1U << EXPECT_OK;
    return config_bool(x->reader, x->nodes.ok, &x->expect.ok);
}

static enum status read_under(struct reading *x)
{
    const struct node *n = x->nodes.under;
    enum status st;

    if (!n)
        return STATUS_OK;
    x->expect.checks |= 1U << EXPECT_UNDER;
    st = config_duration(x->reader, n, &x->expect.under_us);
    if (!st && x->expect.under_us <= 0) {
        node_error(x->reader->diags, n, "nothing takes less time than none");
        st = STATUS_BAD_CONFIG;
    }
    return st;
}

/* What the report calls it: its name, else its filter, else what it is about. */
static enum status read_name(struct reading *x)
{
    const struct expect_nodes *n = &x->nodes;
    const struct node *from = n->name ? n->name : n->match;
    struct bytes text = BYTES_INIT(""), copy;
    enum status st = from ? config_text(x->reader, from, &text) : STATUS_OK;

    if (st && from != n->name) /* said already, by the filter's reader */
        return st == STATUS_NO_MEMORY ? st : STATUS_OK;
    if (st)
        return st;
    if (!text.len)
        text = bytes_of(n->retried ? "retried" : n->in_order ? "in order" : "all requests");
    copy = arena_copy(&x->to->arena, text);
    if (!copy.ptr)
        return STATUS_NO_MEMORY;
    x->expect.name = copy;
    return STATUS_OK;
}

/* ---- one expectation ---- */

/* Unless it says otherwise, an expectation about requests that never came has failed:
 * else a filter with a slip in it would pass for ever. */
static void default_count(struct expect *x)
{
    const unsigned others = 1U << EXPECT_COUNT | 1U << EXPECT_ORDER | 1U << EXPECT_RETRIES;

    if (x->checks & others)
        return;
    x->checks |= 1U << EXPECT_COUNT;
    x->count = (struct expect_count){1, EXPECT_NO_MAX};
}

/* Are all those statuses on the other side of 400? */
static bool contradicts_ok(const struct expect *x)
{
    for (uint32_t i = 0; i < x->status_count; i++)
        if (x->ok ? x->statuses[i].from < 400 : x->statuses[i].to >= 400)
            return false;
    return x->status_count > 0;
}

static void warn_of_idle_checks(const struct reading *x)
{
    const struct expect_nodes *n = &x->nodes;
    const struct {
        const char *name;
        const struct node *node;
    } idle[] = {{"status", n->status}, {"ok", n->ok}, {"under", n->under}};
    struct diags *diags = x->reader->diags;

    for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++) {
        if (idle[i].node && x->expect.checks & 1U << EXPECT_COUNT && x->expect.count.max == 0)
            node_warning(diags, idle[i].node, "'%s' is never looked at: nothing may match anyway",
                         idle[i].name);
    }
    if (n->ok && n->status && contradicts_ok(&x->expect))
        node_warning(diags, n->ok, "no flow can have both this and that 'status'");
    if (n->retried && x->expect.retries.counted && x->expect.retries.count.max == 0 &&
        (x->expect.retries.backoff || x->expect.retries.jitter || x->expect.retries.retry_after))
        node_warning(diags, n->retried, "what is never tried again has no pauses");
}

static enum status read_parts(struct reading *x)
{
    enum status (*const parts[])(struct reading *) = {read_name,  read_match,    read_count,
                                                      read_never, read_statuses, read_ok,
                                                      read_under, read_in_order, read_retried};
    enum status st = STATUS_OK;

    for (size_t i = 0; !st && i < sizeof(parts) / sizeof(parts[0]); i++)
        st = note(x, parts[i](x));
    return st;
}

static enum status place(struct reading *x, const struct node *n)
{
    x->expect.line = n->at.line;
    x->expect.file = arena_text(&x->to->arena, bytes_of(n->source ? n->source->name : ""));
    return x->expect.file ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status read_one(struct reading *x, const struct node *n)
{
    enum status st = expects_room(x->to);

    if (st == STATUS_LIMIT)
        node_error(x->reader->diags, n, "at most %d expectations", EXPECTS);
    if (st)
        return st == STATUS_LIMIT ? STATUS_BAD_CONFIG : st;
    x->all = config_read(x->reader, &section, n, &x->nodes);
    if (x->all == STATUS_NO_MEMORY)
        return x->all;
    st = place(x, n);
    if (!st)
        st = read_parts(x);
    if (!st && !x->all) {
        default_count(&x->expect);
        warn_of_idle_checks(x);
        x->to->items[x->to->count++] = x->expect;
    } else {
        expect_drop(&x->expect);
    }
    return st ? st : x->all;
}

static void warn_of_names(const struct expects *e, const struct config_reader *r,
                          const struct node *list)
{
    const struct node *n = list->first;

    for (uint32_t i = 0; n && i < e->count; i++, n = n->next)
        for (uint32_t k = 0; node_find(n, "name") && k < i; k++)
            if (bytes_equal(e->items[i].name, e->items[k].name)) {
                node_warning(r->diags, n,
                             "an expectation of that name is there already, in line %u",
                             (unsigned)e->items[k].line);
                break;
            }
}

enum status expects_read(struct expects *e, const struct config_reader *r, const struct node *list,
                         int64_t now_us)
{
    enum status all = STATUS_OK;

    if (list->kind != NODE_LIST) {
        node_error(r->diags, list, "'expect' is a list: put '- ' before each expectation");
        return STATUS_BAD_CONFIG;
    }
    for (const struct node *n = list->first; n; n = n->next) {
        struct reading x = {.to = e, .reader = r, .now_us = now_us};
        enum status st = STATUS_BAD_CONFIG;

        if (n->kind == NODE_MAP)
            st = read_one(&x, n);
        else
            node_error(r->diags, n, "an expectation has keys: name, match, count, status, …");
        if (st == STATUS_NO_MEMORY)
            return st;
        if (st)
            all = st;
    }
    if (!all)
        warn_of_names(e, r, list);
    return all;
}
