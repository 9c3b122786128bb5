/* A request that goes the whole way: through the weir that runs, or one made for it. */
#include <stdlib.h>
#include <uv.h>

#include "cli/doctor.h"
#include "cli/probe.h"

enum { PEM_BYTES = 1024 * 1024 };

struct trial {
    struct doctor *doctor;
    struct launch launch; /* of a weir of our own */
    struct tls_shared *tls;
    struct sockaddr_storage proxy;
    struct ca *ca;
    struct probe_answer http, https;
    bool tried;
    struct fleet *fleet;
    uv_work_t work;
};

static void trial_ask(struct trial *t)
{
    struct probe_ask ask = {
        .proxy = &t->proxy,
        .auth = t->doctor->config.settings.auth,
        .ca = t->ca,
        .tls = t->tls,
    };

    probe_run(&ask, &t->http);
    ask.https = true;
    if (t->ca)
        probe_run(&ask, &t->https);
    t->tried = true;
}

/* ---- a weir of our own -------------------------------------------------- */

static void on_work(uv_work_t *work)
{
    trial_ask(work->data);
}

static void on_work_done(uv_work_t *work, int error)
{
    struct trial *t = work->data;

    (void)error;
    fleet_stop(t->fleet, 0);
}

static void on_ready(void *self, struct fleet *f)
{
    struct trial *t = self;

    t->fleet = f;
    t->work.data = t;
    if (uv_queue_work(fleet_uv(f), &t->work, on_work, on_work_done))
        fleet_stop(f, 0);
}

static void on_say(void *self, const char *text)
{
    (void)self;
    (void)text; /* how it is going is of no interest */
}

/* Certificates signed by `ca` are verified, of the proxy and of the test server. */
static enum status trust_only(const struct ca *ca, struct tls_shared **ret_tls)
{
    struct tls_settings settings = {.min_version = 0x0303};
    char error[TLS_ERROR_TEXT];
    struct buf pem;
    enum status st;

    buf_init(&pem, PEM_BYTES);
    st = ca_cert_pem(ca, &pem);
    settings.upstream_ca_pem = buf_bytes(&pem);
    if (!st)
        st = tls_shared_new(&settings, error, ret_tls);
    buf_release(&pem);
    return st;
}

static bool trial_start(struct trial *t)
{
    const struct launch_plan plan = {.console_fd = -1, .listen_any_port = true, .quiet = true};
    struct fleet_env env = {.on_ready = on_ready, .say = on_say, .self = t};
    struct tls_shared *own = NULL;

    if (launch_begin(&t->launch, t->doctor->cli, &plan) || trust_only(t->launch.ca, &t->tls) ||
        trust_only(t->launch.ca, &own)) {
        doctor_say(t->doctor, DOCTOR_BROKEN, "no weir could be started for it");
        doctor_advise(t->doctor, "weir run says why");
        return false;
    }
    tls_shared_free(t->launch.tls);
    t->launch.tls = own;
    t->launch.workers = 1;
    t->ca = t->launch.ca;
    t->proxy = t->launch.listen[0];
    (void)launch_run(&t->launch, &env); /* the answers tell how it went */
    return true;
}

/* ---- the weir that runs ------------------------------------------------- */

static bool trial_join(struct trial *t)
{
    struct doctor *d = t->doctor;

    t->ca = d->ca;
    t->proxy = d->address;
    if (d->ca && trust_only(d->ca, &t->tls)) {
        doctor_say(d, DOCTOR_BROKEN, "out of memory");
        return false;
    }
    trial_ask(t);
    return true;
}

/* ---- what came of it ---------------------------------------------------- */

static void say_strange(struct doctor *d, const char *scheme, const struct probe_answer *a)
{
    if (a->error[0]) {
        doctor_say(d, DOCTOR_BROKEN, "%s: %s", scheme, a->error);
        doctor_advise(d, "weir run -v shows what becomes of requests");
    } else if (a->status == 407) {
        doctor_say(d, DOCTOR_REMARK, "%s: weir asks for a password that is not known here", scheme);
        doctor_advise(d, "name its configuration: weir doctor -c FILE");
    } else if (a->by_rule) {
        doctor_say(d, DOCTOR_REMARK, "%s: a rule answered with %u", scheme, a->status);
        doctor_advise(d, "weir rules test GET %s://127.0.0.1/ shows which", scheme);
    } else {
        doctor_say(d, DOCTOR_BROKEN, "%s: weir answered with %u in the server's place", scheme,
                   a->status);
        doctor_advise(d, "weir run -v shows why");
    }
}

static void say_http(struct doctor *d, const struct probe_answer *a)
{
    if (a->from_server && a->status == 200)
        doctor_say(d, DOCTOR_OK, "http: went through weir to a server on this machine and back");
    else
        say_strange(d, "http", a);
}

/* The weir that runs does not know the test server's CA unless the system does: that it
 * refuses to go on is as it should be, and told within its own TLS. */
static void say_https(struct doctor *d, const struct probe_answer *a)
{
    if (a->from_server && a->status == 200)
        doctor_say(d, DOCTOR_OK, "https: opened up on the way, and verified with weir's CA");
    else if (a->encrypted && a->status == 502 && d->running && !a->by_rule)
        doctor_say(d, DOCTOR_OK, "https: opened up with a certificate that weir's CA verifies");
    else
        say_strange(d, "https", a);
}

void doctor_request(struct doctor *d)
{
    struct trial *t;

    if (!d->config_ok && !d->running) {
        doctor_say(d, DOCTOR_REMARK, "not tried, as the configuration is broken");
        return;
    }
    if (!d->running && !d->ca && path_is_file(d->ca_cert)) {
        doctor_say(d, DOCTOR_REMARK, "not tried, as the CA is broken");
        return;
    }
    t = calloc(1, sizeof(*t));
    if (!t) {
        doctor_say(d, DOCTOR_BROKEN, "out of memory");
        return;
    }
    t->doctor = d;
    if (d->running ? trial_join(t) : trial_start(t)) {
        if (t->tried)
            say_http(d, &t->http);
        else
            doctor_say(d, DOCTOR_BROKEN, "weir ended before it was done");
        if (t->tried && t->ca)
            say_https(d, &t->https);
    }
    if (t->launch.cli)
        launch_end(&t->launch, CODE_OK);
    tls_shared_free(t->tls);
    free(t);
}
