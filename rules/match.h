/* match: which requests a rule is about, compiled to a flat program of tests, each of
 * which names the one that comes next when it holds and when it does not. Jumps go
 * forward only, so a match costs at most its tests. They look at the request as it was
 * received. */
#ifndef WEIR_RULES_MATCH_H
#define WEIR_RULES_MATCH_H

#include "http/json_path.h"
#include "rules/compiler.h"
#include "rules/glob.h"
#include "rules/network.h"

enum {
    MATCH_TESTS = 64,    /* of one rule */
    MATCH_DEPTH = 8,     /* of `all`, `any` and `not` in each other */
    MATCH_CHOICES = 256, /* of one test */
    MATCH_METHODS = 9,   /* methods with a bit of their own */
};

/* What a request is, as bits: one of METHOD_*, and some of SCHEME_*. */
#define METHOD_OTHER (1U << MATCH_METHODS)
#define METHOD_PREFLIGHT (METHOD_OTHER << 1) /* OPTIONS that CORS asks with */
#define METHOD_CONNECT (METHOD_OTHER << 2)
#define METHOD_ALL ((METHOD_CONNECT << 1) - 1)
/* No method in `match` is every method but these two. */
#define METHOD_USUAL (METHOD_ALL & ~METHOD_CONNECT & ~METHOD_PREFLIGHT)
enum { SCHEME_HTTP = 1, SCHEME_HTTPS = 2, SCHEME_WS = 4, SCHEME_WSS = 8, SCHEME_ALL = 15 };

/* The quick look, kept apart from the rest for the processor's cache. */
struct match_gate {
    uint32_t methods;
    uint16_t port; /* 0: not one port */
    uint8_t schemes;
    bool wants_path; /* the request must have one; a literal prefix or a glob follows */
};

enum choice_kind {
    CHOICE_TEXT, /* equals */
    CHOICE_GLOB,
    CHOICE_BELOW,   /* host: this one or a subdomain of it */
    CHOICE_RANGE,   /* port */
    CHOICE_NETWORK, /* client */
    CHOICE_PATTERN,
    CHOICE_SPAN, /* size, duration */
    CHOICE_JSON, /* a value: number, true, false, null */
    CHOICE_PRESENT,
    CHOICE_ABSENT,
};

struct choice {
    enum choice_kind kind;
    union {
        struct bytes text;
        const struct glob *glob;
        const struct pattern *pattern;
        struct {
            uint16_t low, high;
        } range;
        const struct network *network;
        struct {
            int64_t low, high;
        } span;
    };
};

struct match_run;

/* Where a program ends. */
enum { MATCH_YES = UINT16_MAX, MATCH_NO = UINT16_MAX - 1 };

/* Cheap tests are tried first; any with a pattern comes after all without. */
enum test_cost {
    COST_FIXED,
    COST_HOST,
    COST_PATH,
    COST_QUERY,
    COST_HEADER,
    COST_PATTERN = 10,
    COST_RESPONSE = 30, /* after all that the request alone decides */
    COST_BODY = 60,
};

/* One test: any of its choices must hold. */
struct match_test {
    bool (*holds)(const struct match_test *t, struct match_run *run);
    int cost;         /* of enum test_cost, added up */
    uint16_t yes, no; /* the test that follows, or MATCH_YES or MATCH_NO */
    union {
        struct bytes name;     /* of the field, parameter or cookie */
        struct json_path path; /* of test_json() */
    };
    bool response; /* of the response, not of the request */
    union {
        const struct choice *choices;
        const struct match_gate *gate; /* of test_gate() */
    };
    union {
        uint32_t count;
        uint32_t forgets; /* of test_forget(): captures, as bits */
    };
};

struct match {
    struct match_gate gate;
    struct match_test *tests;
    uint32_t count;
    bool plain; /* no `any` or `not`: all tests must hold */
    /* One of these choices must hold of every request it takes, for the index; they need
     * not be a test of the program. NULL: any. */
    const struct match_test *host, *path;
    uint32_t captures;
};

/* What is looked at while rules are asked about one request. */
struct match_run {
    const struct rule_view *view;
    struct arena *arena; /* the exchange's, for captures of texts made for searching */
    struct pattern_set *patterns;
    struct pattern_desk *desk; /* taken when first needed; give it back */
    struct bytes path, query;  /* of the target; query ptr NULL when there is none */
    uint32_t method;
    uint8_t schemes;
    bool gave_up;        /* a pattern was too slow, since this was last cleared */
    unsigned needs;      /* what was not there, of NEEDS_*, since then: the answer is void */
    signed char json[2]; /* is the content of the request, of the response JSON? 0: not known */
    const char *fault;   /* why it cannot be had, since then: the answer is void */
    enum status status;  /* NO_MEMORY: what was answered is void */
    struct bytes captures[RULE_CAPTURES];
};

/* What a match, or a verb, looks at and a step may not have yet. */
enum {
    NEEDS_REQUEST_BODY = 1,
    NEEDS_RESPONSE = 2,
    NEEDS_RESPONSE_BODY = 4,
    NEEDS_TIME = 8, /* it is too slow for a loop */
};

void match_run_init(struct match_run *run, const struct rule_view *view, struct arena *arena,
                    struct pattern_set *patterns);
void match_run_release(struct match_run *run);
static inline bool match_gate_passes(const struct match_gate *g, const struct match_run *run)
{
    return (g->methods & run->method) && (g->schemes & run->schemes) &&
           (g->port == 0 || g->port == run->view->port) && (!g->wants_path || run->path.len);
}
/* All tests; the gate was passed. On true the captures are written. Clears gave_up, needs
 * and fault first. */
bool match_holds(const struct match *m, struct match_run *run);
/* The same, and which test decided: *ret_last, NULL when there is none to decide. */
bool match_holds_by(const struct match *m, struct match_run *run,
                    const struct match_test **ret_last);
/* Does the host alone satisfy the match? `pattern` choices count as yes. */
bool match_host_may_hold(const struct match *m, struct bytes host);

/* match_parse.c, match_keys.c: `n` is the value of `match`, in short or map form. */
MUST_USE enum status match_parse(struct rule_compiler *c, const struct node *n, struct match *ret);

/* The tests, for those who compile them. */
bool test_method(const struct match_test *t, struct match_run *run);
bool test_scheme(const struct match_test *t, struct match_run *run);
bool test_host(const struct match_test *t, struct match_run *run);
bool test_port(const struct match_test *t, struct match_run *run);
bool test_path(const struct match_test *t, struct match_run *run);
bool test_url(const struct match_test *t, struct match_run *run);
bool test_query_as_sent(const struct match_test *t, struct match_run *run);
bool test_query_decoded(const struct match_test *t, struct match_run *run);
bool test_header(const struct match_test *t, struct match_run *run);
bool test_cookie(const struct match_test *t, struct match_run *run);
bool test_client(const struct match_test *t, struct match_run *run);
bool test_version(const struct match_test *t, struct match_run *run);
bool test_tls(const struct match_test *t, struct match_run *run); /* is there any? */
bool test_tls_version(const struct match_test *t, struct match_run *run);
bool test_tls_sni(const struct match_test *t, struct match_run *run);
bool test_tls_alpn(const struct match_test *t, struct match_run *run); /* any that was offered */
bool test_tls_ja4(const struct match_test *t, struct match_run *run);
/* match_content.c: of the response, and of bodies. */
bool test_status(const struct match_test *t, struct match_run *run);
bool test_type(const struct match_test *t, struct match_run *run);
bool test_duration(const struct match_test *t, struct match_run *run);
bool test_size(const struct match_test *t, struct match_run *run);
bool test_body(const struct match_test *t, struct match_run *run);
bool test_json(const struct match_test *t, struct match_run *run);
/* For those tests: the head at hand, or NULL, which is noted in `needs`. */
const struct head *match_head(const struct match_test *t, struct match_run *run);
/* Is any of the choices this text? `made`: it does not outlive the test. */
bool match_choices_hold(const struct match_test *t, struct match_run *run, struct bytes subject,
                        bool made);
/* For all searches of a step. */
int64_t rule_pattern_us(const struct rule_view *view);
/* Takes the desk, unless it is there; false: out of memory, see status. */
bool match_desk(struct match_run *run);
bool match_accepts_absence(const struct match_test *t);
/* What a part of an `any` or `not` says of method, scheme and port. */
bool test_gate(const struct match_test *t, struct match_run *run);
/* Always holds: what an alternative captured that then did not hold is forgotten. */
bool test_forget(const struct match_test *t, struct match_run *run);
uint32_t method_bit(struct bytes name);

#endif
