/* playbook: tests of the engine as scripts: what comes in, what must go out. The
 * wires are named C1, C2, … (clients) and U1, U2, … (dialled, in their order). Every
 * script is played with each input in one piece and cut into pieces of 1, 2, 3 … 64
 * bytes (with TLS: into some of these), with a kernel that takes bytes at once and
 * with one that takes them late, and must do the same each time. No socket, no
 * clock. */
#ifndef WEIR_TESTS_PLAYBOOK_H
#define WEIR_TESTS_PLAYBOOK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/core/engine.h"

enum side_name { C1 = 0, C2, C3, C4, U1 = 16, U2, U3, U4, U5, U6, PLAYBOOK_WIRES = 32 };

enum step_kind {
    STEP_ACCEPT,         /* a client connects */
    STEP_IN,             /* bytes come from that peer; within its TLS, if it has any */
    STEP_IN_TILL_CLOSED, /* the same, as long as it is not closed */
    STEP_EOF,            /* its FIN; of a TLS peer without close_notify */
    STEP_RESET,          /* its RST */
    STEP_OUT,            /* exactly these bytes went to that peer since the last OUT */
    STEP_OUT_CHUNKED,    /* the same for one message whose chunks count as one */
    STEP_OUT_ANY,        /* whatever went out, if anything */
    STEP_OUT_BEGINS,     /* what went out begins like this */
    STEP_OUT_COUNT,      /* .number bytes went out, whatever they are */
    STEP_PAGE,           /* that page of weir's went to it: .text status, .text2 sentence */
    STEP_FIN,            /* our FIN went to it, after a close_notify if it has TLS */
    STEP_RST,            /* our RST did */
    STEP_CLOSED,         /* the wire was closed, without RST */
    STEP_SILENT,         /* nothing went to it */
    STEP_RESOLVE,        /* the name is asked for; answered with .text2, or fails if NULL */
    STEP_LOOKUP,         /* the name is asked for; nothing happens yet */
    STEP_NOT_BEGUN,      /* … it had not begun when nobody wanted it any more */
    STEP_RESOLVED,       /* … now it is answered */
    STEP_DIAL,           /* that address is dialled; it stands */
    STEP_DIAL_BAD,       /* that address is dialled; it fails with .text2 */
    STEP_DIAL_OPEN,      /* that address is dialled; nothing happens yet */
    STEP_CONNECTED,      /* … now it stands */
    STEP_REFUSED,        /* … now it fails with .text2 */
    STEP_DIALLED_NOT,    /* no further dial and no further look-up is asked for */
    STEP_WAIT,           /* .number ms pass */
    STEP_FLOW,           /* the oldest flow not yet looked at reads like this */
    STEP_FLOW_STARTS,    /* … begins like this */
    STEP_SENTENCE,       /* … and that is the sentence of the one looked at last */
    STEP_NO_FLOW,
    STEP_RULES, /* the rules are replaced by this YAML */
    STEP_DRAIN,
    STEP_DRAINED,     /* (1) or not yet (0) */
    STEP_HOLD,        /* that peer takes nothing from now on (SENT stays away) */
    STEP_TAKE,        /* it takes all there is */
    STEP_READS,       /* the wire is (1) or is not (0) read from */
    STEP_IN_REPEATED, /* .number bytes 'x' come, as long as they are read */
    STEP_FLOOD,       /* .number bytes 'x' go from .wire to .to, who takes only when nothing
                       * else goes on; memory stays under PLAYBOOK_FLOOD_BYTES */
    STEP_PACED,       /* .number bytes 'x' go from .wire to .to; time passes while it is not
                       * read; no more is held than a wire may hold, and a read */
    STEP_LOG_HOLD,    /* flows are not written yet: the log is slow */
    STEP_LOG_BACK,    /* … now they are */
    STEP_LOG_FULL,
    STEP_JOB_HOLD, /* jobs are not done yet */
    STEP_JOB_BACK, /* … now they are */
    STEP_LOG_ROOM,
    STEP_TLS_CLIENT,  /* that peer begins TLS as a client: see struct tls_role */
    STEP_TLS_ORIGIN,  /* that peer begins TLS as a server */
    STEP_TLS_READY,   /* its handshake is done; .text: the ALPN protocol, or NULL */
    STEP_TLS_BROKEN,  /* its handshake failed on its side */
    STEP_TLS_ALERTED, /* it was sent a fatal alert; .number: that one, 0: any */
    STEP_TLS_WAITS,   /* its handshake goes on */
    STEP_TLS_REFUSES, /* a client does not take weir's certificate; .text: OpenSSL's reason */
    STEP_TLS_VERSION, /* .text: the version that is spoken */
    STEP_TLS_RESUMED, /* a session was resumed */
    STEP_TLS_SPEAK,   /* a mute peer speaks again */
    STEP_TLS_END,     /* its close_notify */
};

enum { PLAYBOOK_FLOOD_BYTES = 1024 * 1024 };
enum { PACED_BYTES_MS = 10240 }; /* the pace of PACED, which must be kept within a twentieth */

/* How a peer speaks TLS. Session tickets live as long as one playing of a script
 * for clients (by `resumes`), and for ever between weir and origins: a test of a bad
 * certificate needs a host of its own. */
struct tls_role {
    const char *host;   /* client: the name verified; origin: the name in its certificate */
    const char *sni;    /* client; NULL: none */
    const char *alpn;   /* wire format; NULL: none */
    const char *before; /* client: said in the clear in one breath with the TLS */
    bool careless;      /* client: takes any certificate */
    bool distrusts;     /* client: does not know weir's CA */
    bool knows_origins; /* client: knows the CA of origins instead */
    bool resumes;       /* client: uses the session of the last one */
    bool forged;        /* origin: its CA is unknown to weir */
    bool expired;       /* origin: its certificate has ended */
    bool old;           /* speaks TLS 1.2 at most */
    bool mute;          /* says nothing any more, a client after its ClientHello */
};

struct step {
    enum step_kind kind;
    enum side_name wire, to;
    const char *text, *text2, *text3;
    size_t len; /* of .text, if that holds a NUL */
    int64_t number;
    bool closes, bodiless; /* PAGE */
    struct tls_role tls;
    int line;
};

#define STEP(k, ...)                                                                               \
    {                                                                                              \
        .kind = STEP_##k, .line = __LINE__, __VA_ARGS__                                            \
    }
#define ACCEPT(w) STEP(ACCEPT, .wire = (w))
#define IN(w, t) STEP(IN, .wire = (w), .text = (t))
#define IN_BYTES(w, t) STEP(IN, .wire = (w), .text = (t), .len = sizeof(t) - 1)
#define IN_TILL_CLOSED(w, t) STEP(IN_TILL_CLOSED, .wire = (w), .text = (t), .len = sizeof(t) - 1)
#define PEER_EOF(w) STEP(EOF, .wire = (w))
#define PEER_RESET(w) STEP(RESET, .wire = (w))
#define OUT(w, t) STEP(OUT, .wire = (w), .text = (t))
#define OUT_BYTES(w, t) STEP(OUT, .wire = (w), .text = (t), .len = sizeof(t) - 1)
#define OUT_CHUNKED(w, t) STEP(OUT_CHUNKED, .wire = (w), .text = (t))
#define OUT_BEGINS(w, t) STEP(OUT_BEGINS, .wire = (w), .text = (t), .len = sizeof(t) - 1)
#define OUT_ANY(w) STEP(OUT_ANY, .wire = (w))
#define OUT_COUNT(w, n) STEP(OUT_COUNT, .wire = (w), .number = (n))
/* The connection goes on after it; it is closed; no body, to HEAD. */
#define PAGE(w, status, sentence, word)                                                            \
    STEP(PAGE, .wire = (w), .text = (status), .text2 = (sentence), .text3 = (word))
#define PAGE_CLOSE(w, status, sentence, word)                                                      \
    STEP(PAGE, .wire = (w), .text = (status), .text2 = (sentence), .text3 = (word), .closes = true)
#define PAGE_HEAD(w, status, sentence, word)                                                       \
    STEP(PAGE, .wire = (w), .text = (status), .text2 = (sentence), .text3 = (word),                \
         .bodiless = true)
#define FIN(w) STEP(FIN, .wire = (w))
#define RST(w) STEP(RST, .wire = (w))
#define CLOSED(w) STEP(CLOSED, .wire = (w))
#define SILENT(w) STEP(SILENT, .wire = (w))
/* `addresses`: one, or several with a space between them. */
#define RESOLVE(name, addresses) STEP(RESOLVE, .text = (name), .text2 = (addresses))
#define RESOLVE_FAILS(name) STEP(RESOLVE, .text = (name))
#define LOOKUP(name) STEP(LOOKUP, .text = (name))
#define RESOLVED(name, addresses) STEP(RESOLVED, .text = (name), .text2 = (addresses))
#define NOT_BEGUN(name) STEP(NOT_BEGUN, .text = (name))
#define DIAL(w, address) STEP(DIAL, .wire = (w), .text = (address))
/* Our end of it has the address of that client. */
#define DIAL_FROM(w, address, client)                                                              \
    STEP(DIAL, .wire = (w), .text = (address), .number = 50001 + (int)(client))
#define DIAL_FAILS(w, address, why) STEP(DIAL_BAD, .wire = (w), .text = (address), .text2 = (why))
#define DIAL_OPEN(w, address) STEP(DIAL_OPEN, .wire = (w), .text = (address))
#define CONNECTED(w) STEP(CONNECTED, .wire = (w))
#define REFUSED(w, why) STEP(REFUSED, .wire = (w), .text2 = (why))
#define NO_DIAL STEP(DIALLED_NOT, .number = 0)
#define WAIT(ms) STEP(WAIT, .number = (ms))
#define FLOW(t) STEP(FLOW, .text = (t))
#define FLOW_STARTS(t) STEP(FLOW_STARTS, .text = (t))
#define SENTENCE(t) STEP(SENTENCE, .text = (t))
#define NO_FLOW STEP(NO_FLOW, .number = 0)
#define RULES_ARE(yaml) STEP(RULES, .text = (yaml))
#define DRAIN_NOW STEP(DRAIN, .number = 0)
#define DRAINED STEP(DRAINED, .number = 1)
#define NOT_DRAINED STEP(DRAINED, .number = 0)
#define HOLD(w) STEP(HOLD, .wire = (w))
#define TAKE(w) STEP(TAKE, .wire = (w))
#define READS(w, yes) STEP(READS, .wire = (w), .number = (yes))
#define IN_REPEATED(w, n) STEP(IN_REPEATED, .wire = (w), .number = (n))
#define FLOOD(w, target, n) STEP(FLOOD, .wire = (w), .to = (target), .number = (n))
#define PACED(w, target, n) STEP(PACED, .wire = (w), .to = (target), .number = (n))
#define LOG_HOLD STEP(LOG_HOLD, .number = 0)
#define LOG_BACK STEP(LOG_BACK, .number = 0)
#define JOB_HOLD STEP(JOB_HOLD, .number = 0)
#define JOB_BACK STEP(JOB_BACK, .number = 0)
#define LOG_FULL STEP(LOG_FULL, .number = 0)
#define LOG_ROOM STEP(LOG_ROOM, .number = 0)
#define TLS_CLIENT(w, name) STEP(TLS_CLIENT, .wire = (w), .tls = {.host = (name), .sni = (name)})
#define TLS_CLIENT_AS(w, ...) STEP(TLS_CLIENT, .wire = (w), .tls = {__VA_ARGS__})
#define TLS_ORIGIN(w, name) STEP(TLS_ORIGIN, .wire = (w), .tls = {.host = (name)})
#define TLS_ORIGIN_AS(w, ...) STEP(TLS_ORIGIN, .wire = (w), .tls = {__VA_ARGS__})
#define TLS_READY(w) STEP(TLS_READY, .wire = (w))
#define TLS_READY_WITH(w, protocol) STEP(TLS_READY, .wire = (w), .text = (protocol))
#define TLS_BROKEN(w) STEP(TLS_BROKEN, .wire = (w))
#define TLS_ALERTED(w) STEP(TLS_ALERTED, .wire = (w))
#define TLS_ALERTED_BY(w, n) STEP(TLS_ALERTED, .wire = (w), .number = (n))
#define TLS_WAITS(w) STEP(TLS_WAITS, .wire = (w))
#define TLS_REFUSES(w, why) STEP(TLS_REFUSES, .wire = (w), .text = (why))
#define TLS_SPEAKS(w, version) STEP(TLS_VERSION, .wire = (w), .text = (version))
#define TLS_RESUMED(w, yes) STEP(TLS_RESUMED, .wire = (w), .number = (yes))
#define TLS_SPEAK(w) STEP(TLS_SPEAK, .wire = (w))
#define TLS_END(w) STEP(TLS_END, .wire = (w))

/* `change` may alter the settings before the engine is made; NULL: none. */
void play(const struct step *steps, size_t count,
          void (*change)(struct settings *settings, struct arena *arena));
/* The same with few cuts only: for scripts that move much. */
void play_few(const struct step *steps, size_t count);
#define PLAY_FEW(steps) play_few(steps, sizeof(steps) / sizeof((steps)[0]))
/* The same with a CA whose key takes so long that certificates are made by jobs. */
void play_slowly(const struct step *steps, size_t count);
#define PLAY_SLOWLY(steps) play_slowly(steps, sizeof(steps) / sizeof((steps)[0]))
#define PLAY(steps) play(steps, sizeof(steps) / sizeof((steps)[0]), NULL)
#define PLAY_WITH(steps, setup) play(steps, sizeof(steps) / sizeof((steps)[0]), setup)

#endif
