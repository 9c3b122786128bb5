/* world: a whole engine between one client, that says what a mutant has it say, and
 * origins that read what weir sends them with the suite's own reader and answer each
 * request they find. Everything that was said and logged is kept, to be judged. */
#ifndef WEIR_TESTS_MUTATION_WORLD_H
#define WEIR_TESTS_MUTATION_WORLD_H

#include "stage.h"

#include "mutant.h"
#include "reader.h"

enum { WORLD_FLOWS = 16, WORLD_REQUESTS = 16, NOTED_TEXT = 1024, COMPLAINT_BYTES = 512 };

/* A flow, as far as it is compared. */
struct noted {
    enum flow_kind kind;
    uint64_t sequence;
    bool received, sent;               /* there is a head of the request as … */
    bool answered, answer_sent;        /* there is a head of the response as received, as sent */
    struct bytes method, target, path; /* as received */
    struct bytes host;
    enum http_version version;
    unsigned status, answer_status;
    unsigned interims;
    char reason[32];
    bool error;
    int64_t request_bytes, response_bytes;
    uint64_t request_hash, response_hash;          /* of content */
    uint64_t sent_fields_hash, answer_fields_hash; /* as read_fields_hash() has it */
    uint8_t text[4 * NOTED_TEXT];
    size_t text_len;
};

/* A request as an origin saw it, and what it answered. */
struct asked {
    int wire;     /* among the stage's peers */
    size_t begin; /* in what came on it */
    bool whole;
    bool early; /* answered before it was whole */
    bool answered;
    bool lost; /* it came when the origin had said FIN */
    bool eof;  /* the origin closed behind its answer */
    uint8_t answer[MUTANT_BYTES];
    size_t answer_len, answer_fed;
    size_t answer_end; /* where its message ends; the rest comes in the same read */
};

struct origin {
    size_t at;     /* what came before was read */
    bool bad, raw; /* it cannot read on; it need not */
    bool closing;  /* it says FIN when it has said all */
    int asked;     /* the request being answered; -1: none */
    char address[STAGE_ADDRESS];
};

struct world {
    struct stage stage;
    const struct mutant *mutant;
    struct origin origins[PLAYBOOK_WIRES];
    struct asked asked[WORLD_REQUESTS];
    int asked_count;
    struct noted notes[WORLD_FLOWS];
    struct noted *flows[WORLD_FLOWS]; /* the same in the order of their requests */
    int flow_count;
    size_t client_fed;  /* of the mutant's bytes */
    size_t client_from; /* where answers begin in what came to the client, behind CONNECT's */
    bool client_ended;  /* weir had ended the client's connection before we took all away */
    char complaint[COMPLAINT_BYTES]; /* empty: all is well */
};

/* Plays it; what is left of the stage is closed by world_close(). */
void world_play(struct world *w, const struct mutant *m);
void world_close(struct world *w);

struct bytes world_out(const struct world *w, int wire);
/* False, for its caller to return. */
__attribute__((format(printf, 2, 3))) bool complain(struct world *w, const char *format, ...);

/* check.c: is what weir sent on one meaning, the one it logged? */
bool world_check(struct world *w);

#endif
