#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "logs/deadline.h"
#include "logs/sink_queue.h"

enum { MAX_BYTES = 1000, SOON_MS = 50, LONG_MS = 20 * 1000 };

/* A target that takes what it is given, fails, or hangs for ever in a system call. */
struct target {
    _Atomic bool fails, hangs;
    int pipe[2]; /* nobody writes: reading it hangs */
    struct buf text;
    _Atomic int reopened, closed;
};

static enum status target_write(void *self, struct bytes text)
{
    struct target *t = self;
    char byte;

    while (t->hangs && read(t->pipe[0], &byte, 1) != 0)
        ;
    if (t->fails)
        return STATUS_IO;
    buf_put(&t->text, text);
    return STATUS_OK;
}

static enum status target_reopen(void *self)
{
    struct target *t = self;

    t->reopened++;
    return STATUS_OK;
}

static void target_close(void *self)
{
    struct target *t = self;

    t->closed++;
}

static const struct sink target_sink = {
    .name = "target",
    .help = "for tests",
    .write = target_write,
    .reopen = target_reopen,
    .close = target_close,
};

struct fixture {
    struct target target;
    struct bell bell;
    struct sink_queue *queue;
};

static int setup(void **state)
{
    struct fixture *x = calloc(1, sizeof(*x));

    if (!x || pipe(x->target.pipe) || bell_init(&x->bell))
        return -1;
    buf_init(&x->target.text, 1024 * 1024);
    *state = x;
    return sink_queue_new(&target_sink, &x->target, MAX_BYTES, &x->bell, &x->queue);
}

static int teardown(void **state)
{
    struct fixture *x = *state;

    if (x->queue)
        sink_queue_free(x->queue);
    bell_release(&x->bell);
    close(x->target.pipe[0]);
    close(x->target.pipe[1]);
    buf_release(&x->target.text);
    free(x);
    return 0;
}

static enum status put(struct fixture *x, const char *text, uint64_t flows)
{
    const struct sink_load load = {.flows = flows, .told = {.flows = 100 * flows, .bodies = 1}};

    return sink_queue_put(x->queue, bytes_of(text), &load);
}

/* Flows lost at the end. */
static uint64_t stop(struct fixture *x)
{
    struct timespec deadline = deadline_in(LONG_MS);
    struct sink_load lost;

    assert_true(sink_queue_stop(x->queue, &deadline, &lost));
    assert_int_equal(x->target.closed, 0); /* that is for the caller to do */
    return lost.flows;
}

static void writes_in_order_what_was_put(void **state)
{
    struct fixture *x = *state;
    struct timespec deadline = deadline_in(LONG_MS);

    assert_int_equal(put(x, "one ", 1), STATUS_OK);
    assert_int_equal(put(x, "two ", 1), STATUS_OK);
    assert_int_equal(sink_queue_wait(x->queue, &deadline), STATUS_OK);
    assert_string_equal(buf_text(&x->target.text), "one two ");
    assert_int_equal(put(x, "three", 1), STATUS_OK);
    assert_int_equal(stop(x), 0);
    assert_string_equal(buf_text(&x->target.text), "one two three");
}

static void counts_what_a_failing_target_lost(void **state)
{
    struct fixture *x = *state;
    struct timespec deadline = deadline_in(LONG_MS);
    struct sink_load lost;

    x->target.fails = true;
    assert_int_equal(put(x, "one", 3), STATUS_OK);
    assert_int_equal(put(x, "two", 4), STATUS_OK);
    assert_int_equal(sink_queue_wait(x->queue, &deadline), STATUS_OK);
    lost = sink_queue_take_lost(x->queue);
    assert_int_equal(lost.flows, 7);
    assert_int_equal(lost.told.flows, 700);
    assert_int_equal(lost.told.bodies, 2);
    assert_int_equal(sink_queue_take_lost(x->queue).flows, 0);
    x->target.fails = false;
    assert_int_equal(put(x, "three", 1), STATUS_OK);
    assert_int_equal(stop(x), 0);
    assert_string_equal(buf_text(&x->target.text), "three");
}

static void refuses_what_does_not_fit_behind_a_target_that_hangs(void **state)
{
    static const char big[MAX_BYTES] = "";
    struct fixture *x = *state;
    struct timespec deadline = deadline_in(SOON_MS);
    const struct sink_load load = {.flows = 1};
    struct bytes text = bytes_make(big, MAX_BYTES / 2);

    x->target.hangs = true;
    assert_int_equal(sink_queue_put(x->queue, text, &load), STATUS_OK);
    assert_int_equal(sink_queue_put(x->queue, text, &load), STATUS_OK);
    assert_int_equal(sink_queue_put(x->queue, text, &load), STATUS_LIMIT);
    assert_int_equal(sink_queue_wait(x->queue, &deadline), STATUS_LIMIT);
    x->target.hangs = false;
    assert_int_equal(write(x->target.pipe[1], "", 1), 1); /* ends the read that hangs */
    assert_int_equal(stop(x), 0);
    assert_int_equal(x->target.text.len, MAX_BYTES);
}

static void leaves_a_writer_behind_that_hangs_for_ever(void **state)
{
    struct fixture *x = *state;
    struct timespec deadline = deadline_in(SOON_MS);
    struct sink_load lost;

    x->target.hangs = true;
    assert_int_equal(put(x, "one", 3), STATUS_OK);
    assert_int_equal(put(x, "two", 4), STATUS_OK);
    assert_false(sink_queue_stop(x->queue, &deadline, &lost));
    assert_int_equal(lost.flows, 7);
    x->queue = NULL; /* the writer's now */
    x->target.hangs = false;
    assert_int_equal(write(x->target.pipe[1], "", 1), 1);
    while (x->target.closed == 0)
        sched_yield();
}

static void takes_one_text_of_any_size_when_nothing_waits(void **state)
{
    static const char big[10 * MAX_BYTES] = "";
    struct fixture *x = *state;
    const struct sink_load load = {.flows = 1};

    assert_int_equal(sink_queue_put(x->queue, bytes_make(big, sizeof(big)), &load), STATUS_OK);
    assert_int_equal(stop(x), 0);
    assert_int_equal(x->target.text.len, sizeof(big));
}

static void rings_when_there_is_room_again(void **state)
{
    static const char big[MAX_BYTES] = "";
    struct fixture *x = *state;
    const struct sink_load load = {.flows = 1};

    x->target.hangs = true;
    assert_int_equal(put(x, "x", 1), STATUS_OK);
    assert_int_equal(sink_queue_put(x->queue, bytes_make(big, sizeof(big)), &load), STATUS_LIMIT);
    bell_doze(&x->bell);
    x->target.hangs = false;
    assert_int_equal(write(x->target.pipe[1], "", 1), 1); /* ends the read that hangs */
    bell_sleep(&x->bell, -1);                             /* would hang if nobody rang */
    bell_wake(&x->bell);
    assert_int_equal(sink_queue_put(x->queue, bytes_make(big, sizeof(big)), &load), STATUS_OK);
    assert_int_equal(stop(x), 0);
}

static void reopens_the_target(void **state)
{
    struct fixture *x = *state;

    sink_queue_reopen(x->queue);
    assert_int_equal(stop(x), 0);
    assert_int_equal(x->target.reopened, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_in_order_what_was_put, setup, teardown),
        cmocka_unit_test_setup_teardown(counts_what_a_failing_target_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_what_does_not_fit_behind_a_target_that_hangs, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(leaves_a_writer_behind_that_hangs_for_ever, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(takes_one_text_of_any_size_when_nothing_waits, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(rings_when_there_is_room_again, setup, teardown),
        cmocka_unit_test_setup_teardown(reopens_the_target, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
