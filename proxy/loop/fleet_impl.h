/* fleet_impl: what fleet.c and fleet_api.c share. */
#ifndef WEIR_PROXY_LOOP_FLEET_IMPL_H
#define WEIR_PROXY_LOOP_FLEET_IMPL_H

#include <uv.h>

#include "proxy/loop/control.h"
#include "proxy/loop/fleet.h"
#include "proxy/loop/loop.h"
#include "proxy/loop/watch.h"

enum { FLEET_SIGNALS = 3 };

struct fleet {
    struct fleet_env env;
    uv_loop_t uv;
    struct loop *loops[FLEET_WORKERS];
    uint32_t loop_count;
    struct acceptor *acceptor;
    struct control *control;
    struct watch *watch;   /* or NULL */
    struct ruleset *rules; /* the current ones; a reference */
    char listen[LISTENERS][ENDPOINT_TEXT];
    uint32_t listen_count;
    uint64_t started_ns;

    uv_async_t news;
    uv_signal_t signals[FLEET_SIGNALS];
    uv_timer_t deadline;
    uint32_t handles; /* of the above, not yet closed */
    bool stopping, over;
    int status;

    uv_work_t warm_up;
    uv_work_t reload_work;
    bool warming, reloading;
    struct fleet_reload reloaded;
    bool reload_told;                       /* people hear of it, not an asker */
    struct control_request *reload_askers;  /* of the run under way */
    struct control_request *reload_waiters; /* of the next one */
    bool reload_again, reload_again_told;
    bool reload_again_asked; /* by somebody: not only because something may have changed */
    struct control_request *stop_askers;   /* until the log has stopped */
    struct control_request *status_askers; /* until all loops have given their stats */
};

/* fleet.c */
/* Starts a reload, or one more when one is under way. `asker` may be NULL: then
 * people are told. */
void fleet_reload(struct fleet *f, struct control_request *asker);
/* fleet_api.c */
void fleet_api(void *self, struct control_request *request);
/* All stats are there, or may be: answers who asked for the status. */
void fleet_api_status_news(struct fleet *f);
/* Answers whoever still waits, but for the end itself: it has come. */
void fleet_api_end(struct fleet *f);
/* The log has stopped: answers who asked for the end. */
void fleet_api_stopped(struct fleet *f);
/* fleet_rules.c: the rules as they are now, and their switches. */
void fleet_answer_rules(struct fleet *f, struct control_request *request);
void fleet_answer_on(struct fleet *f, struct control_request *request);
void fleet_answer_off(struct fleet *f, struct control_request *request);
void fleet_api_reloaded(struct control_request *askers, const struct ruleset *rules,
                        struct bytes text);

#endif
