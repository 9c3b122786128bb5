#include "proxy/core/rule_job.h"

#include <stdlib.h>

#include "proxy/core/filter_rules_impl.h"

struct rule_job *rule_job_new(struct filter_rules *r)
{
    struct rule_job *j = calloc(1, sizeof(*j));

    if (!j)
        return NULL;
    j->rules = r;
    j->set = r->filter.exchange->rules;
    ruleset_ref(j->set);
    arena_init(&j->arena, RULE_JOB_BYTES);
    return j;
}

void rule_job_free(struct rule_job *j)
{
    ruleset_unref(j->set);
    arena_release(&j->arena);
    free(j);
}

static void bury_rule_job(void *self)
{
    rule_job_free(self);
}

void rule_job_retire(struct rule_job *j)
{
    engine_retire(j->rules->filter.exchange->engine, &j->grave, bury_rule_job, j);
}

/* ---- at work, on a thread of the loop's pool --------------------------------- */

static void step_run(void *argument)
{
    struct rule_job *j = argument;

    rule_run_move(j->run, &j->arena);
    j->status = rules_step(j->run, &j->view, &j->effects, &j->need);
}

enum status rule_edits_make(struct rule_job *j)
{
    enum status st = STATUS_OK;
    struct buf note;

    j->edited = arena_alloc(&j->arena, (j->count + 1) * sizeof(*j->edited));
    if (!j->edited)
        return STATUS_NO_MEMORY;
    buf_init(&note, BODY_NOTE_BYTES);
    for (uint32_t i = 0; !st && i < j->count; i++) {
        struct edited *e = &j->edited[i];

        if (j->edits[i]->kind != EFFECT_EDIT_BODY)
            continue;
        st = body_draft_apply(j->draft, &j->arena, &j->edits[i]->body, j->content, &note,
                              &e->changed);
        e->note = arena_text(&j->arena, buf_bytes(&note));
        if (!e->note)
            st = STATUS_NO_MEMORY;
    }
    buf_release(&note);
    return st;
}

static void edits_run(void *argument)
{
    struct rule_job *j = argument;

    j->status = rule_edits_make(j);
}

/* ---- starting ------------------------------------------------------------------ */

static enum status job_start(struct rule_job *j, void (*run)(void *argument))
{
    struct exchange *ex = j->rules->filter.exchange;
    struct engine *e = ex->engine;
    struct command c = {.kind = COMMAND_JOB, .run = run, .argument = j};
    enum status st;

    j->number = c.job = ++e->jobs;
    st = engine_command(e, c);
    if (st)
        return st;
    j->next = e->rule_jobs;
    e->rule_jobs = j;
    ex->jobs++;
    return STATUS_OK;
}

static bool copy(struct rule_job *j, struct bytes *text)
{
    if (text->len)
        *text = arena_copy(&j->arena, *text);
    return text->ptr || !text->len;
}

enum status rule_job_step(struct rule_job *j, struct rule_run *run, const struct rule_view *view)
{
    j->run = run;
    j->view = *view;
    j->view.on_loop = false;
    if (!copy(j, &j->view.host) || !copy(j, &j->view.client) || !copy(j, &j->view.address))
        return STATUS_NO_MEMORY;
    if (view->tls) {
        j->tls = *view->tls;
        j->view.tls = &j->tls;
        if (!copy(j, &j->tls.version) || !copy(j, &j->tls.sni) || !copy(j, &j->tls.alpn) ||
            !copy(j, &j->tls.ja4))
            return STATUS_NO_MEMORY;
    }
    return job_start(j, step_run);
}

enum status rule_job_edits(struct rule_job *j)
{
    return job_start(j, edits_run);
}

/* ---- ending --------------------------------------------------------------------- */

bool rule_job_done(struct engine *e, uint32_t number)
{
    struct rule_job **at = &e->rule_jobs;
    struct rule_job *j;
    struct exchange *ex;

    while (*at && (*at)->number != number)
        at = &(*at)->next;
    j = *at;
    if (!j)
        return false;
    *at = j->next;
    ex = j->rules->filter.exchange;
    ex->jobs--;
    if (ex->over) {
        rule_job_retire(j);
        exchange_release_late(ex);
    } else {
        rules_job_done(j->rules, j);
    }
    return true;
}

void rule_job_free_all(struct engine *e)
{
    while (e->rule_jobs) {
        struct rule_job *j = e->rule_jobs;
        struct exchange *ex = j->rules->filter.exchange;

        e->rule_jobs = j->next;
        ex->jobs--;
        if (ex->over)
            exchange_release_late(ex);
        rule_job_free(j);
    }
}
