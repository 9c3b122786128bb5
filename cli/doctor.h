/* doctor: what keeps traffic from going through weir. Each check of doctor_checks.def
 * says what it found, and what to do about it. */
#ifndef WEIR_CLI_DOCTOR_H
#define WEIR_CLI_DOCTOR_H

#include "cli/launch.h"
#include "cli/trust.h"

enum {
    DOCTOR_FINDINGS = 256,
    DOCTOR_BYTES = 4 * 1024 * 1024, /* of their texts */
    DOCTOR_URL_TEXT = 128,
};

enum doctor_state {
    DOCTOR_OK,
    DOCTOR_REMARK, /* it may be meant so */
    DOCTOR_BROKEN,
};

struct doctor_row {
    const char *name, *title;
};

struct doctor_finding {
    const struct doctor_row *row;
    enum doctor_state state;
    const char *text;
    const char *advice; /* what to do; NULL: nothing */
};

/* What is known by now. */
struct doctor {
    const struct cli *cli;
    struct arena memory; /* of the texts */
    const struct doctor_row *row;
    struct doctor_finding findings[DOCTOR_FINDINGS];
    uint32_t count;
    struct rule_state *rules;
    struct config config;
    bool config_ok;
    bool running;                     /* the weir that is asked for */
    char running_ca[PATHS_TEXT];      /* its certificate; "": unknown */
    struct sockaddr_storage address;  /* where it listens, or would */
    char address_text[ENDPOINT_TEXT]; /* "127.0.0.1:8080" */
    char ca_cert[PATHS_TEXT], ca_key[PATHS_TEXT];
    struct ca *ca; /* NULL: there is none, or it is of no use */
    struct trust trust;
};

/* A finding of the check that is made; text and advice in the manner of printf. */
void doctor_say(struct doctor *d, enum doctor_state state, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What to do about the last finding. */
void doctor_advise(struct doctor *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* doctor_environment.c: host and port of the URL of a proxy, without its password. */
struct bytes doctor_authority(struct bytes url);
/* Is that where weir listens, or would? */
bool doctor_is_weir(const struct doctor *d, struct bytes url);

#define CHECK(name, title) void doctor_##name(struct doctor *d);
#include "cli/doctor_checks.def"
#undef CHECK

#endif
