#define PCRE2_CODE_UNIT_WIDTH 8
#include "rules/pattern.h"

#include <pcre2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "rules/compiler.h"

enum {
    JIT_FIRST_BYTES = 32 * 1024,
    LONG_SUBJECT = 1024, /* above it the clock is read after each slice */
    CALLS_PER_TICK = 8,  /* below it after so many calls */
};

struct pattern {
    pcre2_code *code; /* owned by the set */
    struct bytes text;
    bool anchored;
    size_t literal_len;
    uint8_t literal[PATTERN_LITERAL];
    uint32_t named;                  /* groups that are captures */
    uint8_t groups[RULE_CAPTURES];   /* their numbers */
    uint8_t captures[RULE_CAPTURES]; /* and where they go */
    struct pattern *next;
};

struct pattern_tools {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
};

struct pattern_set {
    struct pattern *patterns; /* in the ruleset's arena */
    uint32_t count;
    pthread_mutex_t lock; /* of `free_desks` */
    struct pattern_desk *free_desks;
    _Atomic uint64_t gave_up;
};

enum status pattern_set_new(struct pattern_set **ret_set)
{
    struct pattern_set *set = calloc(1, sizeof(*set));

    if (!set)
        return STATUS_NO_MEMORY;
    pthread_mutex_init(&set->lock, NULL);
    *ret_set = set;
    return STATUS_OK;
}

static void desk_free(struct pattern_desk *desk)
{
    pcre2_match_data_free(desk->tools->data);
    pcre2_match_context_free(desk->tools->context);
    pcre2_jit_stack_free(desk->tools->stack);
    free(desk->tools);
    buf_release(&desk->text);
    buf_release(&desk->url);
    free(desk);
}

void pattern_set_free(struct pattern_set *set)
{
    if (!set)
        return;
    while (set->free_desks) {
        struct pattern_desk *next = set->free_desks->next;

        desk_free(set->free_desks);
        set->free_desks = next;
    }
    for (struct pattern *p = set->patterns; p; p = p->next)
        pcre2_code_free(p->code);
    pthread_mutex_destroy(&set->lock);
    free(set);
}

uint64_t pattern_set_gave_up(const struct pattern_set *set)
{
    return atomic_load_explicit(&set->gave_up, memory_order_relaxed);
}

/* Without a JIT stack PCRE2 takes 32 KiB of the machine's: no failure. */
static struct pattern_desk *desk_new(void)
{
    struct pattern_desk *desk = calloc(1, sizeof(*desk));
    struct pattern_tools *tools = calloc(1, sizeof(*tools));

    if (!desk || !tools) {
        free(desk);
        free(tools);
        return NULL;
    }
    desk->tools = tools;
    buf_init(&desk->text, PATTERN_SUBJECT);
    buf_init(&desk->url, PATTERN_SUBJECT);
    tools->data = pcre2_match_data_create(PATTERN_GROUPS, NULL);
    tools->context = pcre2_match_context_create(NULL);
    if (!tools->data || !tools->context) {
        desk_free(desk);
        return NULL;
    }
    tools->stack = pcre2_jit_stack_create(JIT_FIRST_BYTES, PATTERN_JIT_BYTES, NULL);
    if (tools->stack)
        pcre2_jit_stack_assign(tools->context, NULL, tools->stack);
    pcre2_set_depth_limit(tools->context, PATTERN_DEPTH);
    pcre2_set_heap_limit(tools->context, PATTERN_HEAP_KIB);
    return desk;
}

struct pattern_desk *pattern_desk_take(struct pattern_set *set, int64_t (*tick_us)(void),
                                       int64_t budget_us)
{
    struct pattern_desk *desk;

    pthread_mutex_lock(&set->lock);
    desk = set->free_desks;
    if (desk)
        set->free_desks = desk->next;
    pthread_mutex_unlock(&set->lock);
    if (!desk)
        desk = desk_new();
    if (!desk)
        return NULL;
    desk->tick_us = tick_us;
    desk->end_us = tick_us ? tick_us() + budget_us : 0;
    desk->over = false;
    desk->brief = false;
    desk->calls = 0;
    buf_clear(&desk->text);
    buf_clear(&desk->url);
    return desk;
}

void pattern_desk_return(struct pattern_set *set, struct pattern_desk *desk)
{
    if (!desk)
        return;
    pthread_mutex_lock(&set->lock);
    desk->next = set->free_desks;
    set->free_desks = desk;
    pthread_mutex_unlock(&set->lock);
}

static enum status code_compile(struct rule_compiler *c, const struct rule_text *text,
                                struct bytes in, pcre2_code **ret_code)
{
    int error;
    PCRE2_SIZE at;
    PCRE2_UCHAR message[128];
    pcre2_code *code = pcre2_compile(in.ptr, in.len,
                                     PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_USE_OFFSET_LIMIT |
                                         PCRE2_NEVER_BACKSLASH_C,
                                     &error, &at, NULL);

    if (code) {
        *ret_code = code;
        return STATUS_OK;
    }
    if (error == PCRE2_ERROR_NOMEMORY || error == PCRE2_ERROR_HEAP_FAILED)
        return STATUS_NO_MEMORY;
    pcre2_get_error_message(error, message, sizeof(message));
    return compiler_error(c, text, bytes_until(bytes_from(in, at), 1), "bad pattern: %s",
                          (const char *)message);
}

/* Makes captures of the named groups. */
static enum status names_parse(struct rule_compiler *c, const struct rule_text *text,
                               struct bytes in, struct pattern *p)
{
    uint32_t count = 0, entry_size = 0, groups = 0;
    PCRE2_SPTR table = NULL;
    enum status st = STATUS_OK;

    pcre2_pattern_info(p->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    pcre2_pattern_info(p->code, PCRE2_INFO_NAMECOUNT, &count);
    pcre2_pattern_info(p->code, PCRE2_INFO_NAMEENTRYSIZE, &entry_size);
    pcre2_pattern_info(p->code, PCRE2_INFO_NAMETABLE, &table);
    if (groups >= PATTERN_GROUPS)
        return compiler_error(c, text, in, "a pattern has at most %d groups", PATTERN_GROUPS - 1);
    for (uint32_t i = 0; i < count && !st; i++) {
        PCRE2_SPTR entry = table + (size_t)i * entry_size;
        struct bytes name = bytes_of((const char *)entry + 2);
        ptrdiff_t at = bytes_search(in, name);
        int capture;

        if (at >= 0) /* for the caret */
            name = bytes_until(bytes_from(in, (size_t)at), name.len);
        st = compiler_capture(c, text, name, &capture);
        if (st)
            break;
        p->groups[p->named] = entry[1]; /* under PATTERN_GROUPS, so the high byte is 0 */
        p->captures[p->named++] = (uint8_t)capture;
    }
    return st;
}

enum status pattern_parse(struct rule_compiler *c, const struct rule_text *text, struct bytes in,
                          const struct pattern **ret_pattern)
{
    struct pattern_set *set = c->patterns;
    struct pattern *p = arena_alloc(c->arena, sizeof(*p));
    uint32_t options = 0;
    enum status st;

    if (!p)
        return STATUS_NO_MEMORY;
    if (in.len == 0)
        return compiler_error(c, text, text->all, "a pattern is missing after '~'");
    if (in.len > PATTERN_BYTES)
        return compiler_error(c, text, in, "a pattern has at most %d bytes", PATTERN_BYTES);
    st = code_compile(c, text, in, &p->code);
    if (st)
        return st;
    p->text = in;
    p->next = set->patterns; /* from here on the set frees the code */
    set->patterns = p;
    if (set->count++ < PATTERNS_JIT)
        pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE); /* refused by some systems: no failure */
    pcre2_pattern_info(p->code, PCRE2_INFO_ALLOPTIONS, &options);
    p->anchored = options & PCRE2_ANCHORED;
    p->literal_len = pattern_literal(in, p->literal);
    st = names_parse(c, text, in, p);
    if (st)
        return st;
    *ret_pattern = p;
    return STATUS_OK;
}

struct bytes pattern_text(const struct pattern *p)
{
    return p->text;
}

bool pattern_captures(const struct pattern *p)
{
    return p->named > 0;
}

static bool time_is_up(struct pattern_desk *desk, size_t subject_len)
{
    if (!desk->tick_us || (subject_len < LONG_SUBJECT && ++desk->calls % CALLS_PER_TICK))
        return false;
    desk->over = desk->tick_us() >= desk->end_us;
    return desk->over;
}

/* The last start position of the slice that begins at `from`, not within a character. */
static size_t slice_end(struct bytes subject, size_t from, size_t slice)
{
    size_t end = from + slice - 1;

    while (end + 1 < subject.len && (subject.ptr[end + 1] & 0xc0) == 0x80 && end < from + slice + 3)
        end++;
    return end;
}

/* PCRE2's answer, over all slices from there on. */
static int search(const struct pattern *p, struct pattern_desk *desk, struct bytes subject,
                  size_t from)
{
    struct pattern_tools *tools = desk->tools;
    uint32_t steps = PATTERN_STEPS + 4 * (uint32_t)subject.len;
    size_t slice = desk->brief ? PATTERN_BRIEF_SLICE : PATTERN_SLICE;
    int rc;

    if (desk->brief && steps > PATTERN_BRIEF_STEPS)
        steps = PATTERN_BRIEF_STEPS;
    pcre2_set_match_limit(tools->context, steps);
    for (;;) {
        size_t end = slice_end(subject, from, slice);

        pcre2_set_offset_limit(tools->context, end);
        rc = pcre2_match(p->code, subject.ptr, subject.len, from, 0, tools->data, tools->context);
        if (rc != PCRE2_ERROR_NOMATCH || p->anchored || end >= subject.len)
            break;
        if (time_is_up(desk, subject.len))
            return PCRE2_ERROR_MATCHLIMIT;
        from = end + 1;
    }
    time_is_up(desk, 0);
    if (desk->brief && (rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_DEPTHLIMIT))
        desk->over = true;
    return rc;
}

static void captures_write(const struct pattern *p, const struct pattern_desk *desk,
                           struct bytes subject, struct bytes *captures)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(desk->tools->data);

    for (uint32_t i = 0; i < p->named; i++) {
        PCRE2_SIZE start = at[2 * p->groups[i]], end = at[2 * p->groups[i] + 1];

        captures[p->captures[i]] = start == PCRE2_UNSET || end < start
                                       ? BYTES("")
                                       : bytes_make(subject.ptr + start, end - start);
    }
}

static enum pattern_found find_from(struct pattern_set *set, const struct pattern *p,
                                    struct pattern_desk *desk, struct bytes subject, size_t from)
{
    int rc = desk->over || subject.len > PATTERN_CONTENT ? PCRE2_ERROR_MATCHLIMIT
                                                         : search(p, desk, subject, from);

    if (rc >= 0)
        return PATTERN_YES;
    if (rc == PCRE2_ERROR_NOMATCH)
        return PATTERN_NO;
    if (rc == PCRE2_ERROR_NOMEMORY)
        return PATTERN_NO_MEMORY;
    if (!desk->brief) /* else it goes on elsewhere */
        atomic_fetch_add_explicit(&set->gave_up, 1, memory_order_relaxed);
    return PATTERN_GAVE_UP;
}

enum pattern_found pattern_find(struct pattern_set *set, const struct pattern *p,
                                struct pattern_desk *desk, struct bytes subject,
                                struct bytes *captures)
{
    enum pattern_found found;

    if (bytes_search(subject, bytes_make(p->literal, p->literal_len)) < 0)
        return PATTERN_NO;
    if (!subject.ptr)
        subject = BYTES("");
    found = find_from(set, p, desk, subject, 0);
    if (found == PATTERN_YES)
        captures_write(p, desk, subject, captures);
    return found;
}

enum pattern_found pattern_find_span(struct pattern_set *set, const struct pattern *p,
                                     struct pattern_desk *desk, struct bytes subject,
                                     struct pattern_span *span)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(desk->tools->data);
    enum pattern_found found;

    if (!subject.ptr)
        subject = BYTES("");
    found = find_from(set, p, desk, subject, span->end);
    if (found != PATTERN_YES)
        return found;
    if (at[1] < at[0] || at[0] < span->end) /* \K in a look-around: no place of its own */
        return PATTERN_NO;
    span->start = at[0];
    span->end = at[1];
    return PATTERN_YES;
}
