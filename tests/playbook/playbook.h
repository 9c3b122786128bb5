/* playbook: tests of the engine as scripts: what comes in, what must go out. The
 * wires are named C1, C2, … (clients) and U1, U2, … (dialled, in their order). Every
 * script is played with each input in one piece and cut into pieces of 1, 2, 3 … 64
 * bytes, and must do the same each time. No socket, no clock. */
#ifndef WEIR_TESTS_PLAYBOOK_H
#define WEIR_TESTS_PLAYBOOK_H

#include "proxy/core/engine.h"

enum side_name { C1 = 0, C2, C3, C4, U1 = 16, U2, U3, U4, PLAYBOOK_WIRES = 32 };

enum step_kind {
    STEP_END,
    STEP_ACCEPT,   /* a client connects */
    STEP_IN,       /* bytes come from that peer */
    STEP_EOF,      /* its FIN */
    STEP_RESET,    /* its RST */
    STEP_OUT,      /* exactly these bytes went to that peer since the last OUT */
    STEP_OUT_CHUNKED, /* the same for one message whose chunks count as one */
    STEP_FIN,      /* our FIN went to it */
    STEP_RST,      /* our RST did */
    STEP_CLOSED,   /* the wire was closed */
    STEP_SILENT,   /* nothing went to it */
    STEP_RESOLVE,  /* the name is asked for; answered with .text2, or fails if NULL */
    STEP_DIAL,     /* that address is dialled; it stands */
    STEP_DIAL_BAD, /* that address is dialled; it fails with .text2 */
    STEP_DIAL_OPEN,/* that address is dialled; nothing happens yet */
    STEP_CONNECTED,/* … now it stands */
    STEP_DIALLED_NOT, /* no dial and no look-up is asked for */
    STEP_WAIT,     /* .number ms pass */
    STEP_FLOW,     /* the oldest flow not yet looked at reads like this */
    STEP_NO_FLOW,
    STEP_RULES,    /* the rules are replaced by this YAML */
    STEP_DRAIN,
    STEP_DRAINED,
    STEP_HOLD,     /* that peer takes nothing from now on (SENT stays away) */
    STEP_TAKE,     /* it takes all there is */
    STEP_READS,    /* the wire is (1) or is not (0) read from */
    STEP_IN_REPEATED, /* .number bytes 'x' come */
    STEP_OUT_COUNT,   /* .number bytes went out, whatever they are */
};

struct step {
    enum step_kind kind;
    enum side_name wire;
    const char *text, *text2;
    int64_t number;
    int line;
};

#define STEP(k, ...) {.kind = STEP_##k, .line = __LINE__, __VA_ARGS__}
#define ACCEPT(w) STEP(ACCEPT, .wire = (w))
#define IN(w, t) STEP(IN, .wire = (w), .text = (t))
#define PEER_EOF(w) STEP(EOF, .wire = (w))
#define PEER_RESET(w) STEP(RESET, .wire = (w))
#define OUT(w, t) STEP(OUT, .wire = (w), .text = (t))
#define OUT_CHUNKED(w, t) STEP(OUT_CHUNKED, .wire = (w), .text = (t))
#define FIN(w) STEP(FIN, .wire = (w))
#define RST(w) STEP(RST, .wire = (w))
#define CLOSED(w) STEP(CLOSED, .wire = (w))
#define SILENT(w) STEP(SILENT, .wire = (w))
#define RESOLVE(name, address) STEP(RESOLVE, .text = (name), .text2 = (address))
#define RESOLVE_FAILS(name) STEP(RESOLVE, .text = (name))
#define DIAL(w, address) STEP(DIAL, .wire = (w), .text = (address))
#define DIAL_FAILS(w, address, why) STEP(DIAL_BAD, .wire = (w), .text = (address), .text2 = (why))
#define DIAL_OPEN(w, address) STEP(DIAL_OPEN, .wire = (w), .text = (address))
#define CONNECTED(w) STEP(CONNECTED, .wire = (w))
#define NO_DIAL STEP(DIALLED_NOT, .number = 0)
#define WAIT(ms) STEP(WAIT, .number = (ms))
#define FLOW(t) STEP(FLOW, .text = (t))
#define NO_FLOW STEP(NO_FLOW, .number = 0)
#define RULES_ARE(yaml) STEP(RULES, .text = (yaml))
#define DRAIN_NOW STEP(DRAIN, .number = 0)
#define DRAINED STEP(DRAINED, .number = 0)
#define HOLD(w) STEP(HOLD, .wire = (w))
#define TAKE(w) STEP(TAKE, .wire = (w))
#define READS(w, yes) STEP(READS, .wire = (w), .number = (yes))
#define IN_REPEATED(w, n) STEP(IN_REPEATED, .wire = (w), .number = (n))
#define OUT_COUNT(w, n) STEP(OUT_COUNT, .wire = (w), .number = (n))

/* `change` may alter the settings before the engine is made; NULL: none. */
void play(const struct step *steps, size_t count,
          void (*change)(struct settings *settings, struct arena *arena));
#define PLAY(steps) play(steps, sizeof(steps) / sizeof((steps)[0]), NULL)
#define PLAY_WITH(steps, setup) play(steps, sizeof(steps) / sizeof((steps)[0]), setup)

#endif
