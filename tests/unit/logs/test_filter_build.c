#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "logs/filter_impl.h"
#include "make_flow.h"

enum { ROUNDS = 3000, TEXT_BYTES = 4096, DEEPEST = 6 };

static struct filter *parse(const char *text)
{
    struct filter_fault fault = {0};
    struct filter *f = NULL;

    if (filter_parse(bytes_of(text), 0, &f, &fault))
        fail_msg("%s: %s", text, fault.text);
    return f;
}

static void cheap_terms_come_first(void **state)
{
    struct filter *f = parse("body:x login (request-body:y OR status:404) header:z status:200");

    (void)state;
    assert_int_equal(f->term_count, 6);
    assert_int_equal(f->terms[0].key, FILTER_STATUS);
    assert_int_equal(f->terms[0].values[0].from, 200);
    assert_int_equal(f->terms[1].key, FILTER_HEADER);
    assert_int_equal(f->terms[2].key, FILTER_URL);
    assert_int_equal(f->terms[3].key, FILTER_BODY);
    assert_int_equal(f->terms[4].key, FILTER_STATUS);
    assert_int_equal(f->terms[5].key, FILTER_REQUEST_BODY);
    filter_free(f);
}

static void a_term_knows_its_place(void **state)
{
    struct filter *f = parse("  login -status:404,5xx");

    (void)state;
    assert_int_equal(f->terms[0].at, 9);
    assert_int_equal(f->terms[0].len, strlen("status:404,5xx"));
    assert_true(f->terms[0].negated);
    assert_int_equal(f->terms[1].at, 2);
    filter_free(f);
}

static void negation_turns_and_and_or_round(void **state)
{
    static const enum filter_op ops[] = {FILTER_OP_TERM, FILTER_OP_TERM, FILTER_OP_AND,
                                         FILTER_OP_TERM, FILTER_OP_OR};
    struct filter *f = parse("NOT ((a OR b) c)");

    (void)state;
    assert_int_equal(f->item_count, 5);
    for (uint32_t i = 0; i < f->item_count; i++)
        assert_true(f->items[i].op != FILTER_OP_TERM || f->terms[f->items[i].term].negated);
    /* NOT c OR (NOT a AND NOT b), and the order of equals is kept */
    for (uint32_t i = 0; i < f->item_count; i++)
        assert_int_equal(f->items[i].op, ops[i]);
    filter_free(f);
}

/* ---- against the meaning ---- */

static uint32_t random_next(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 16;
}

/* Writes a random filter; true when a flow of status 200 at "/yes" fits it. */
static bool random_filter(char *out, size_t room, int depth, uint32_t *seed)
{
    static const char *const leaves[] = {"status:200", "status:404", "yes",         "no",
                                         "body:yes",   "body:no",    "header:host", "is:open"};
    static const bool truths[] = {true, false, true, false, true, false, true, false};
    char left[TEXT_BYTES / 2], right[TEXT_BYTES / 2];
    uint32_t pick = random_next(seed) % (depth ? 6 : 2);
    bool a, b;

    if (pick == 0) {
        uint32_t leaf = random_next(seed) % 8;

        snprintf(out, room, "%s", leaves[leaf]);
        return truths[leaf];
    }
    if (pick == 1) {
        uint32_t leaf = random_next(seed) % 8;

        snprintf(out, room, "-%s", leaves[leaf]);
        return !truths[leaf];
    }
    a = random_filter(left, sizeof(left) / 2, depth - 1, seed);
    b = random_filter(right, sizeof(right) / 2, depth - 1, seed);
    if (pick == 2 || pick == 3) {
        snprintf(out, room, pick == 2 ? "(%s %s)" : "-((%s) AND (%s))", left, right);
        return pick == 2 ? a && b : !(a && b);
    }
    snprintf(out, room, pick == 4 ? "(%s OR %s)" : "NOT (%s | (%s))", left, right);
    return pick == 4 ? a || b : !(a || b);
}

/* The postfix program, as a store would read it. */
static bool items_hold(const struct filter *f, const bool *terms)
{
    bool stack[FILTER_TERMS];
    size_t count = 0;

    for (uint32_t i = 0; i < f->item_count; i++) {
        if (f->items[i].op == FILTER_OP_TERM) {
            stack[count++] = terms[f->items[i].term];
            continue;
        }
        count--;
        if (f->items[i].op == FILTER_OP_AND)
            stack[count - 1] = stack[count - 1] && stack[count];
        else
            stack[count - 1] = stack[count - 1] || stack[count];
    }
    assert_int_equal(count, 1);
    return stack[0];
}

/* Each term alone. */
static void terms_ask(const struct filter *f, const struct flow *flow, bool *ret_terms)
{
    for (uint32_t i = 0; i < f->term_count; i++) {
        struct filter_term term = f->terms[i];
        struct filter one = {.terms = &term, .term_count = 1};
        struct filter_scratch scratch;

        term.if_true = FILTER_TAKES;
        term.if_false = FILTER_LEAVES;
        filter_scratch_init(&scratch);
        ret_terms[i] = filter_match(&one, flow, &scratch);
        filter_scratch_release(&scratch);
    }
}

static void jumps_and_program_mean_what_was_written(void **state)
{
    struct flow *flow = make_http_flow("GET", "/yes", 200, "text/plain");
    struct filter_scratch scratch;
    uint32_t seed = 7;
    int taken = 0;

    (void)state;
    make_body(flow, &flow->response, BYTES("yes"));
    filter_scratch_init(&scratch);
    for (int i = 0; i < ROUNDS; i++) {
        char text[TEXT_BYTES];
        bool terms[FILTER_TERMS], expected;
        struct filter *f;

        expected = random_filter(text, sizeof(text), (int)(random_next(&seed) % DEEPEST), &seed);
        if (strlen(text) > 400) /* it was cut on its way */
            continue;
        f = parse(text);
        terms_ask(f, flow, terms);
        if (filter_match(f, flow, &scratch) != expected || items_hold(f, terms) != expected)
            fail_msg("%s", text);
        taken += expected;
        filter_free(f);
    }
    assert_in_range(taken, ROUNDS / 8, ROUNDS);
    filter_scratch_release(&scratch);
    free_flow(flow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cheap_terms_come_first),
        cmocka_unit_test(a_term_knows_its_place),
        cmocka_unit_test(negation_turns_and_and_or_round),
        cmocka_unit_test(jumps_and_program_mean_what_was_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
