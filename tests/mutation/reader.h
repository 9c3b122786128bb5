/* reader: a second, separate reader of HTTP/1 messages (RFC 9112), strict where weir's
 * own may forgive. It judges what weir was given and what weir made of it. Of weir's
 * code it uses nothing but struct bytes. Everything read points into the input, or,
 * for a folded value, into the message itself. */
#ifndef WEIR_TESTS_MUTATION_READER_H
#define WEIR_TESTS_MUTATION_READER_H

#include "base/bytes.h"

enum {
    READ_FIELDS = 96,
    READ_TRAILERS = 32,
    READ_MADE_BYTES = 4096, /* of folded values */
    READ_CHUNK_LINE_BYTES = 4096,
    READ_EMPTY_LINES = 4, /* before a request line */
};

/* What may stand besides the one strict form. */
enum read_rules {
    READ_STRICT = 0,   /* what weir may send on */
    READ_RECEIVED = 1, /* what the RFC lets a peer send: extensions, empty lines, versions … */
    READ_UNTIDY = 2,   /* bare LF, obs-fold, space before a colon: of lenient hosts, of answers */
    READ_CONTROLS = 4, /* controls in values: of lenient hosts */
};

enum reading {
    READING_GOOD,
    READING_SHORT, /* the input ends in the midst of it */
    READING_BAD,   /* it must be refused; see .why */
};

enum read_framing { READ_NO_BODY, READ_LENGTH, READ_CHUNKED, READ_UNTIL_CLOSE };

struct read_field {
    struct bytes name, value;
};

struct read_message {
    struct bytes method, target; /* request */
    struct bytes host;           /* of the target, else of Host; may be empty */
    struct bytes path;           /* of the target: what an origin is asked for; may be empty */
    struct bytes scheme;         /* of an absolute target */
    unsigned status;             /* response */
    unsigned minor;              /* of HTTP/1.x */
    struct read_field fields[READ_FIELDS];
    size_t count;
    struct read_field trailers[READ_TRAILERS];
    size_t trailer_count;
    enum read_framing framing;
    uint64_t length;    /* READ_LENGTH */
    uint64_t body_hash; /* of the content read so far */
    size_t body_len;
    size_t end;       /* where it ends in the input; when GOOD */
    size_t stopped;   /* where reading stopped; when BAD */
    bool in_lines;    /* … among lines that an empty one ends */
    bool head_whole;  /* its head was read and is good */
    bool close;       /* the connection ends behind it */
    bool upgrade;     /* it asks for another protocol */
    bool outer;       /* a coding beneath chunked */
    bool odd;         /* it has one meaning, but may also be refused */
    bool untidy_head; /* its head needed READ_UNTIDY or READ_CONTROLS */
    const char *why;
    uint8_t made[READ_MADE_BYTES];
    size_t made_len;
};

/* The request that an answer is to. */
struct read_asked {
    bool head, connect, upgrade;
};

/* One message that starts at `at`. */
enum reading read_request(struct bytes in, size_t at, unsigned rules, struct read_message *ret);
/* The same of a response; an interim one is a message of its own. `eof`: nothing
 * comes behind the input. */
enum reading read_response(struct bytes in, size_t at, unsigned rules,
                           const struct read_asked *asked, bool eof, struct read_message *ret);

bool read_same(struct bytes a, const char *text); /* any case */
/* The value of the first field of that name, or NULL. */
const struct bytes *read_value(const struct read_message *m, const char *name);

/* FNV-1a; start with READ_HASH_SEED. */
#define READ_HASH_SEED UINT64_C(0xcbf29ce484222325)
uint64_t read_hash(uint64_t hash, struct bytes in);
/* Does this field frame the message, or the connection? Those weir writes anew. */
bool read_reframed(struct bytes name);
/* Of all fields but those, in order. */
uint64_t read_fields_hash(const struct read_message *m);

/* May that stand for "host[:port]"? */
enum host_reading { HOST_GOOD, HOST_ODD, HOST_BAD };
enum host_reading read_authority(struct bytes in);

#endif
