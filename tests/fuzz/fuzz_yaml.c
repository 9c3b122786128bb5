/* A text that parses is written as YAML that parses to an equal tree; one that
 * does not leaves a diagnostic that can be printed in every form. */
#include <stdlib.h>

#include "config/node.h"

#include "fuzz.h"

enum { ARENA_BYTES = 64 * 1024 * 1024, OUTPUT_BYTES = 64 * 1024 * 1024 };

static void require(bool ok)
{
    if (!ok)
        abort();
}

/* Two children of maps or lists that stand at the same place. */
static bool same_node(const struct node *a, const struct node *b)
{
    return a->kind == b->kind && a->count == b->count && bytes_equal(a->key, b->key) &&
           (a->kind != NODE_SCALAR || bytes_equal(a->text, b->text));
}

static void require_same(const struct node *a, const struct node *b)
{
    const struct node *left[CONFIG_DEPTH + 1] = {a}, *right[CONFIG_DEPTH + 1] = {b};
    uint32_t depth = 1;

    require(!a == !b);
    while (a && depth > 0) {
        const struct node *l = left[depth - 1], *r = right[depth - 1];

        require(!l == !r);
        if (!l) {
            depth--;
            continue;
        }
        require(same_node(l, r));
        left[depth - 1] = l->next;
        right[depth - 1] = r->next;
        if (l->first || r->first) {
            require(depth <= CONFIG_DEPTH);
            left[depth] = l->first;
            right[depth++] = r->first;
        }
    }
}

static void print_all(const struct diags *diags)
{
    struct buf out;

    for (int format = DIAG_PRETTY; format <= DIAG_JSON; format++) {
        buf_init(&out, OUTPUT_BYTES);
        diags_put(diags, (enum diag_format)format, true, &out);
        require(buf_status(&out) == STATUS_OK && out.len > 0);
        buf_release(&out);
    }
}

/* As JSON the two trees are the same to the byte: what was plain still is, where
 * it means something. */
static void require_same_json(const struct node *a, const struct node *b)
{
    struct buf left, right;

    buf_init(&left, OUTPUT_BYTES);
    buf_init(&right, OUTPUT_BYTES);
    require(!node_put_json(a, &left) && !node_put_json(b, &right));
    require(bytes_equal(buf_bytes(&left), buf_bytes(&right)));
    buf_release(&left);
    buf_release(&right);
}

static void round_trip(struct arena *arena, const struct node *root)
{
    struct source source = {.name = "again"};
    struct node *again = NULL;
    struct diags diags;
    struct buf out;

    buf_init(&out, OUTPUT_BYTES);
    diags_init(&diags);
    require(node_put_yaml(root, &out) == STATUS_OK);
    source.text = buf_bytes(&out);
    require(node_parse(arena, &source, &diags, &again) == STATUS_OK);
    require(diags.errors == 0 && diags.warnings == 0);
    require_same(root, again);
    if (root)
        require_same_json(root, again);
    diags_release(&diags);
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct source source = {.name = "fuzz", .text = bytes_make(data, len)};
    struct node *root = NULL;
    struct diags diags;
    struct arena arena;
    enum status st;

    arena_init(&arena, ARENA_BYTES);
    diags_init(&diags);
    st = node_parse(&arena, &source, &diags, &root);
    if (st == STATUS_OK)
        round_trip(&arena, root);
    else
        require(st == STATUS_BAD_CONFIG && diags.errors > 0);
    require((st == STATUS_OK) == (diags.errors == 0));
    if (diags.first)
        print_all(&diags);
    diags_release(&diags);
    arena_release(&arena);
    return 0;
}
