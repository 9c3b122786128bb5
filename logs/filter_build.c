/* From the tree of a filter to its program and its chain of jumps. The tree's links lead
 * down, aside and up, so that each pass walks it in a loop. */
#include "logs/filter_impl.h"

static struct filter_node *leftmost(struct filter_node *n)
{
    while (n->child)
        n = n->child;
    return n;
}

/* After a node's children comes the node; NULL: all have been visited. */
static struct filter_node *next_upwards(const struct filter_node *n)
{
    return n->next ? leftmost(n->next) : n->parent;
}

/* Before a node's children comes the node. */
static struct filter_node *next_downwards(struct filter_node *n)
{
    if (n->child)
        return n->child;
    while (n && !n->next)
        n = n->parent;
    return n ? n->next : NULL;
}

/* Cheap ones first; equal ones keep their order. */
static void children_sort(struct filter_node *n)
{
    struct filter_node *sorted = NULL, *next;

    for (struct filter_node *c = n->child; c; c = next) {
        struct filter_node **at = &sorted;

        next = c->next;
        while (*at && (*at)->cost <= c->cost)
            at = &(*at)->next;
        c->next = *at;
        *at = c;
    }
    n->child = sorted;
}

static void cost_tell(struct filter_node *n)
{
    if (n->term)
        n->cost = filter_key_rows[n->term->key].cost;
    else
        children_sort(n);
    if (n->parent && n->parent->cost < n->cost)
        n->parent->cost = n->cost;
}

/* A node's cost is known only when all below it are, and then sorts it among its
 * brothers, whom this walk passes before their parent. */
static void tree_sort(struct filter_node *root)
{
    struct filter_node *n = leftmost(root);

    while (n) {
        struct filter_node *next = next_upwards(n);

        cost_tell(n);
        n = next;
    }
}

static void item_add(struct filter *f, enum filter_op op, uint32_t term)
{
    f->items[f->item_count++] = (struct filter_item){.op = op, .term = term};
}

/* Terms get their numbers in the order of evaluation. */
static void terms_number(struct filter *f, struct filter_node *root)
{
    for (struct filter_node *n = leftmost(root); n; n = next_upwards(n)) {
        if (n->term) {
            n->first_term = f->term_count;
            f->terms[f->term_count] = *n->term;
            n->term = &f->terms[f->term_count];
            item_add(f, FILTER_OP_TERM, f->term_count++);
        } else if (n->child) { /* as it always has */
            n->first_term = n->child->first_term;
        }
        if (n->parent && n->parent->child != n)
            item_add(f, n->parent->op, 0);
    }
}

/* Where it goes on behind each term: within an AND a true one leads to the next, a false
 * one to where the whole AND leads when it is false; within an OR the other way. */
static void jumps_set(struct filter_node *root)
{
    root->if_true = FILTER_TAKES;
    root->if_false = FILTER_LEAVES;
    for (struct filter_node *n = root; n; n = next_downwards(n)) {
        if (n->term) {
            n->term->if_true = n->if_true;
            n->term->if_false = n->if_false;
        }
        for (struct filter_node *c = n->child; c; c = c->next) {
            bool all = n->op == FILTER_OP_AND;

            c->if_true = all && c->next ? c->next->first_term : n->if_true;
            c->if_false = !all && c->next ? c->next->first_term : n->if_false;
        }
    }
}

enum status filter_build(struct filter *f, struct filter_node *root, uint32_t terms)
{
    f->terms = arena_alloc(&f->arena, terms * sizeof(*f->terms));
    f->items = arena_alloc(&f->arena, 2 * terms * sizeof(*f->items));
    if (!f->terms || !f->items)
        return STATUS_NO_MEMORY;
    tree_sort(root);
    terms_number(f, root);
    jumps_set(root);
    return STATUS_OK;
}
