/* Mutated HTTP/1 messages against the whole engine: what weir sends on has one meaning,
 * the one it logged, and nothing within a message becomes one of its own.
 *
 * WEIR_MUTATIONS=N plays so many instead of the usual number, WEIR_MUTATION_SEED=S
 * begins with that one; alone, it plays only that one and shows it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

enum { USUAL_MUTATIONS = 15000, FIRST_SEED = 1, SHOWN_BYTES = 8192 };

static struct mutant mutant;
static struct world world;
static bool in_play;

static struct {
    uint64_t mutants, sent_on, refused, relayed, answers_passed, answers_refused;
} counts;

/* ---- showing ------------------------------------------------------------ */

static void show_bytes(const char *title, struct bytes in)
{
    fprintf(stderr, "%s (%zu bytes):\n", title, in.len);
    for (size_t i = 0; i < in.len && i < SHOWN_BYTES; i++) {
        uint8_t c = in.ptr[i];

        if (c == '\r' || c == '\n')
            fputs(c == '\r' ? "\\r" : "\\n\n", stderr);
        else if (c < 0x20 || c >= 0x7f || c == '\\')
            fprintf(stderr, "\\x%02x", c);
        else
            fputc(c, stderr);
    }
    fputc('\n', stderr);
}

static void show_flows(void)
{
    for (int i = 0; i < world.flow_count; i++) {
        const struct noted *f = world.flows[i];

        fprintf(stderr, "flow %d: %s %.*s %.*s status %u %s%s%s, content %" PRId64 "/%" PRId64 "\n",
                i, flow_kind_text(f->kind), (int)f->method.len, (const char *)f->method.ptr,
                (int)f->target.len, (const char *)f->target.ptr, f->status, f->reason,
                f->sent ? ", sent on" : "", f->answered ? ", answered" : "", f->request_bytes,
                f->response_bytes);
    }
}

static void show_mutant(void)
{
    static const char *const ways[] = {"plain", "within CONNECT", "via a proxy"};

    fprintf(stderr,
            "\nseed %" PRIu64 ": repeat it by WEIR_MUTATION_SEED=%" PRIu64
            "\n%s%s%s%s%s, pieces of "
            "%zu, answer's of %zu%s; %s:%s\n",
            mutant.seed, mutant.seed, ways[mutant.way], mutant.lenient ? ", lenient" : "",
            mutant.client_eof ? ", client closes" : "", mutant.early ? ", early answer" : "",
            mutant.late ? ", late kernel" : "", mutant.piece, mutant.answer_piece,
            mutant.answer_eof ? ", origin closes" : "",
            mutant.answer_mutated ? "answer" : "request", mutant.story);
    if (mutant.rules)
        fprintf(stderr, "rule for a.test: %s\n", mutant.rules);
    show_bytes("--- client says", bytes_make(mutant.client, mutant.client_len));
    show_bytes("--- origin answers first", bytes_make(mutant.answer, mutant.answer_len));
    if (!world.stage.engine)
        return;
    for (int i = U1; i < PLAYBOOK_WIRES && world.stage.peers[i].number; i++) {
        fprintf(stderr, "U%d, %s\n", i - U1 + 1, world.origins[i].address);
        show_bytes("--- origin got", world_out(&world, i));
    }
    show_bytes("--- client got", world_out(&world, C1));
    show_flows();
}

/* Sanitizers end a process without a word on the mutant that was played. */
void at_sanitizer_death(void (*callback)(void)) __asm__("__sanitizer_set_death_callback")
    __attribute__((weak));

static void show_last_words(void)
{
    if (in_play)
        show_mutant();
}

/* ---- playing ------------------------------------------------------------ */

static void count(void)
{
    counts.mutants++;
    counts.sent_on += (uint64_t)world.asked_count;
    for (int i = 0; i < world.flow_count; i++) {
        const struct noted *f = world.flows[i];

        counts.relayed += f->kind == FLOW_TUNNEL;
        counts.refused += f->kind != FLOW_TUNNEL && !f->sent && f->status >= 400;
        counts.answers_passed += f->answered && !f->error;
        counts.answers_refused += f->sent && f->error;
    }
}

static void play_mutant(uint64_t seed, bool show)
{
    mutant_make(seed, &mutant);
    in_play = true;
    world_play(&world, &mutant);
    if (!world_check(&world)) {
        fprintf(stderr, "\n%s\n", world.complaint);
        fail();
    }
    if (show)
        show_mutant();
    in_play = false;
    count();
    world_close(&world);
}

static uint64_t number_of(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);

    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static void what_is_sent_on_has_one_meaning_and_it_is_the_one_logged(void **state)
{
    bool one = getenv("WEIR_MUTATION_SEED") && !getenv("WEIR_MUTATIONS");
    uint64_t seed = number_of("WEIR_MUTATION_SEED", FIRST_SEED);
    uint64_t mutations = one ? 1 : number_of("WEIR_MUTATIONS", USUAL_MUTATIONS);

    (void)state;
    for (uint64_t i = 0; i < mutations; i++)
        play_mutant(seed + i, one);
    print_message("%" PRIu64 " mutants: %" PRIu64 " requests sent on, %" PRIu64 " refused, %" PRIu64
                  " relayed raw; %" PRIu64 " answers passed on, %" PRIu64 " cut or refused\n",
                  counts.mutants, counts.sent_on, counts.refused, counts.relayed,
                  counts.answers_passed, counts.answers_refused);
    if (!one) { /* a run in which nothing passes, or all does, tells nothing */
        assert_true(counts.sent_on > mutations / 4);
        assert_true(counts.refused > mutations / 8);
        assert_true(counts.answers_passed > mutations / 8);
        assert_true(counts.answers_refused > mutations / 32);
    }
}

static int show_what_failed(void **state)
{
    (void)state;
    if (in_play) {
        show_mutant();
        stage_release(&world.stage);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_is_sent_on_has_one_meaning_and_it_is_the_one_logged,
                                  show_what_failed),
    };

    if (at_sanitizer_death)
        at_sanitizer_death(show_last_words);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
