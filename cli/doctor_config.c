/* What was said by hand: the configuration, and where it listens. */
#include <errno.h>
#include <string.h>

#include "cli/doctor.h"
#include "proxy/loop/endpoint.h"

enum { DIAG_BYTES = 1024 * 1024 };

/* The first problem only: `weir check` shows all of them, with their lines. */
static void say_first_problem(struct doctor *d, enum status st)
{
    struct bytes all;
    ptrdiff_t end;
    struct buf text;

    buf_init(&text, DIAG_BYTES);
    diags_put(&d->config.diags, DIAG_SHORT, false, &text);
    all = buf_bytes(&text);
    end = bytes_find(all, '\n');
    if (end > 0)
        doctor_say(d, DOCTOR_BROKEN, "%.*s", (int)end, (const char *)all.ptr);
    else
        doctor_say(d, DOCTOR_BROKEN, "it cannot be read: %s", status_sentence(st));
    buf_release(&text);
    doctor_advise(d, "to see all that is wrong: weir check");
}

void doctor_config(struct doctor *d)
{
    enum status st = config_load(&d->config, &d->cli->options, d->rules);
    size_t rules;

    d->config_ok = st == STATUS_OK;
    if (st) {
        say_first_problem(d, st);
        return;
    }
    rules = config_rule_count(&d->config);
    if (d->config.path[0])
        doctor_say(d, DOCTOR_OK, "%s is valid, with %zu rule%s", d->config.path, rules,
                   rules == 1 ? "" : "s");
    else
        doctor_say(d, DOCTOR_OK, "there is no file: all is as it is by default");
}

static void say_port_taken(struct doctor *d, const struct sockaddr_storage *address)
{
    char text[ENDPOINT_TEXT], pid[LAUNCH_OWNER_TEXT], comm[LAUNCH_OWNER_TEXT];
    uint16_t port = endpoint_port(address);

    endpoint_text(address, text);
    if (launch_port_owner(port, pid, comm))
        doctor_say(d, DOCTOR_BROKEN, "%s is in use by '%s' (process %s)", text, comm, pid);
    else
        doctor_say(d, DOCTOR_BROKEN, "%s is in use, by a program of another user perhaps", text);
    doctor_advise(d, "end that program, or take another port: weir run --listen 127.0.0.1:%u",
                  port < 65535 ? port + 1u : 0u);
}

static void look_at_port(struct doctor *d, const struct sockaddr_storage *address)
{
    struct listeners trial = {0};
    struct listen_fault fault = {0};
    char text[ENDPOINT_TEXT];

    endpoint_text(address, text);
    if (listeners_open(address, 1, &trial, &fault) == STATUS_OK) {
        listeners_close(&trial);
        doctor_say(d, DOCTOR_OK, "%s is free", text);
    } else if (fault.error == EADDRINUSE) {
        say_port_taken(d, address);
    } else {
        doctor_say(d, DOCTOR_BROKEN, "weir cannot listen on %s: %s", text, strerror(fault.error));
        doctor_advise(d, "name another address: weir run --listen 127.0.0.1:8080");
    }
}

void doctor_port(struct doctor *d)
{
    if (d->running) {
        endpoint_text(&d->address, d->address_text);
        doctor_say(d, DOCTOR_OK, "a weir runs at %s", d->address_text);
        return;
    }
    for (uint32_t i = 0; i < d->config.listen_count; i++)
        look_at_port(d, &d->config.listen[i]);
    if (d->config.listen_count == 0) {
        doctor_say(d, DOCTOR_REMARK, "it is not known which one: the configuration is broken");
        return;
    }
    d->address = d->config.listen[0];
    endpoint_text(&d->address, d->address_text);
}
