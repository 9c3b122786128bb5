#include "tls/client_hello.h"

#include <string.h>

#include "tls/ja4.h"

enum {
    RECORD_HEADER_BYTES = 5,
    RECORD_MAX_BYTES = 1 << 14, /* RFC 8446 §5.1 */
    RECORD_HANDSHAKE = 22,
    HANDSHAKE_HEADER_BYTES = 4,
    HANDSHAKE_CLIENT_HELLO = 1,
    HELLO_RANDOM_BYTES = 32,
    SESSION_ID_MAX_BYTES = 32,
    NAME_TYPE_HOST = 0,
};

enum extension {
    EXT_SERVER_NAME = 0,
    EXT_SIGNATURE_ALGORITHMS = 13,
    EXT_ALPN = 16,
    EXT_SESSION_TICKET = 35,
    EXT_PRE_SHARED_KEY = 41,
    EXT_SUPPORTED_VERSIONS = 43,
    EXT_ENCRYPTED_CLIENT_HELLO = 0xfe0d,
};

/* Takes pieces off the front; once one is missing, it is bad and stays so. */
struct cursor {
    struct bytes rest;
    bool bad;
};

static struct bytes take(struct cursor *c, size_t len)
{
    struct bytes piece = bytes_until(c->rest, len);

    if (piece.len < len)
        c->bad = true;
    c->rest = bytes_from(c->rest, piece.len);
    return c->bad ? (struct bytes){0} : piece;
}

static size_t take_number(struct cursor *c, size_t width)
{
    struct bytes piece = take(c, width);
    size_t value = 0;

    for (size_t i = 0; i < piece.len; i++)
        value = value << 8 | piece.ptr[i];
    return value;
}

/* A vector: its length in `width` bytes, then that much. */
static struct bytes take_vector(struct cursor *c, size_t width)
{
    size_t len = take_number(c, width);

    return take(c, len);
}

/* Is this TLS at all? The first bytes decide (RFC 8446 §5.1). */
static enum status check_first_bytes(struct bytes in)
{
    if (in.len > 0 && in.ptr[0] != RECORD_HANDSHAKE)
        return STATUS_UNSUPPORTED;
    if (in.len > 1 && in.ptr[1] != 3)
        return STATUS_UNSUPPORTED;
    if (in.len > RECORD_HEADER_BYTES && in.ptr[RECORD_HEADER_BYTES] != HANDSHAKE_CLIENT_HELLO)
        return STATUS_BAD_MESSAGE;
    return in.len > RECORD_HEADER_BYTES ? STATUS_OK : STATUS_NEED_MORE;
}

/* The payload of the next record, or as much of it as has come. NEED_MORE when
 * its header is not whole. */
static enum status next_record(struct bytes *in, struct bytes *ret_payload)
{
    struct cursor c = {.rest = *in};
    size_t type = take_number(&c, 1);
    size_t major = take_number(&c, 1);
    size_t len;

    take(&c, 1); /* the minor version of a record says nothing */
    len = take_number(&c, 2);
    if (c.bad)
        return STATUS_NEED_MORE;
    /* §5.1: handshake records are not interleaved with others, and not empty */
    if (type != RECORD_HANDSHAKE || major != 3 || len == 0 || len > RECORD_MAX_BYTES)
        return STATUS_BAD_MESSAGE;
    *ret_payload = bytes_until(c.rest, len);
    *in = bytes_from(c.rest, len);
    return STATUS_OK;
}

/* Joins the records into `scratch` until the handshake message is whole. */
static enum status join_records(struct bytes in, struct buf *scratch, struct bytes *ret_body)
{
    const struct bytes all = in;
    size_t need = HANDSHAKE_HEADER_BYTES;

    while (scratch->len < need) {
        struct bytes payload = {0};
        enum status st = next_record(&in, &payload);

        if (st == STATUS_NEED_MORE && all.len > CLIENT_HELLO_BYTES)
            return STATUS_LIMIT;
        if (st)
            return st;
        buf_put(scratch, payload);
        if (buf_status(scratch))
            return buf_status(scratch);
        if (need == HANDSHAKE_HEADER_BYTES && scratch->len >= need) {
            struct cursor c = {.rest = bytes_from(buf_bytes(scratch), 1)};

            need += take_number(&c, 3);
            if (need > CLIENT_HELLO_BYTES)
                return STATUS_LIMIT;
        }
    }
    *ret_body = bytes_until(bytes_from(buf_bytes(scratch), HANDSHAKE_HEADER_BYTES),
                            need - HANDSHAKE_HEADER_BYTES);
    return STATUS_OK;
}

/* RFC 6066 §3: at most one name of a type. */
static bool read_server_name(struct bytes data, struct client_hello *hello)
{
    struct cursor outer = {.rest = data};
    struct cursor c = {.rest = take_vector(&outer, 2)};

    if (outer.bad || outer.rest.len || c.rest.len == 0)
        return false;
    while (c.rest.len) {
        size_t type = take_number(&c, 1);
        struct bytes name = take_vector(&c, 2);

        if (c.bad || (type == NAME_TYPE_HOST && (name.len == 0 || hello->sni.len)))
            return false;
        if (type == NAME_TYPE_HOST)
            hello->sni = name;
    }
    return true;
}

/* RFC 7301 §3.1: names are not empty. */
static bool read_alpn(struct bytes data, struct client_hello *hello, struct ja4_facts *facts)
{
    struct cursor outer = {.rest = data};
    struct bytes list = take_vector(&outer, 2);
    struct cursor c = {.rest = list};

    if (outer.bad || outer.rest.len || list.len == 0)
        return false;
    while (c.rest.len) {
        struct bytes name = take_vector(&c, 1);

        if (c.bad || name.len == 0)
            return false;
        if (facts->first_alpn.len == 0)
            facts->first_alpn = name;
    }
    hello->alpn = list;
    return true;
}

/* RFC 8446 §4.2.1. GREASE and drafts are passed over. */
static bool read_versions(struct bytes data, struct client_hello *hello)
{
    struct cursor outer = {.rest = data};
    struct cursor c = {.rest = take_vector(&outer, 1)};
    uint16_t highest = 0;

    if (outer.bad || outer.rest.len || c.rest.len == 0)
        return false;
    while (c.rest.len) {
        uint16_t version = (uint16_t)take_number(&c, 2);

        if (c.bad)
            return false;
        if (version >> 8 == 3 && version > highest)
            highest = version;
    }
    if (highest)
        hello->max_version = highest;
    return true;
}

static bool read_signature_algorithms(struct bytes data, struct ja4_facts *facts)
{
    struct cursor c = {.rest = data};
    struct bytes list = take_vector(&c, 2);

    facts->signature_algorithms = list;
    return !c.bad && list.len % 2 == 0 && list.len <= 2 * CLIENT_HELLO_SIGALGS;
}

static bool read_extension(uint16_t type, struct bytes data, struct client_hello *hello,
                           struct ja4_facts *facts)
{
    switch (type) {
    case EXT_SERVER_NAME:
        facts->has_sni = true;
        return read_server_name(data, hello);
    case EXT_ALPN:
        return read_alpn(data, hello, facts);
    case EXT_SUPPORTED_VERSIONS:
        return read_versions(data, hello);
    case EXT_SIGNATURE_ALGORITHMS:
        return read_signature_algorithms(data, facts);
    case EXT_SESSION_TICKET:
        hello->resumes |= data.len > 0;
        return true;
    case EXT_PRE_SHARED_KEY:
        hello->resumes = true;
        return true;
    case EXT_ENCRYPTED_CLIENT_HELLO:
        hello->ech = true;
        return true;
    default:
        return true;
    }
}

static bool seen_before(const struct ja4_facts *facts, uint16_t type)
{
    for (size_t i = 0; i < facts->extension_count; i++)
        if (facts->extensions[i] == type)
            return true;
    return false;
}

/* RFC 8446 §4.2: no extension stands twice. Two readers could take different
 * ones, and what we decided by would not be what the origin sees. */
static enum status read_extensions(struct bytes list, struct client_hello *hello,
                                   struct ja4_facts *facts)
{
    struct cursor c = {.rest = list};

    while (c.rest.len) {
        uint16_t type = (uint16_t)take_number(&c, 2);
        struct bytes data = take_vector(&c, 2);

        if (c.bad || seen_before(facts, type))
            return STATUS_BAD_MESSAGE;
        if (facts->extension_count == CLIENT_HELLO_EXTENSIONS)
            return STATUS_LIMIT;
        facts->extensions[facts->extension_count++] = type;
        if (!read_extension(type, data, hello, facts))
            return STATUS_BAD_MESSAGE;
    }
    return STATUS_OK;
}

/* RFC 8446 §4.1.2. */
static enum status read_body(struct bytes body, struct client_hello *hello, struct ja4_facts *facts)
{
    struct cursor c = {.rest = body};
    struct bytes session_id, compression, extensions = {0};

    hello->legacy_version = (uint16_t)take_number(&c, 2);
    hello->max_version = hello->legacy_version;
    take(&c, HELLO_RANDOM_BYTES);
    session_id = take_vector(&c, 1);
    facts->ciphers = take_vector(&c, 2);
    compression = take_vector(&c, 1);
    if (c.rest.len)
        extensions = take_vector(&c, 2);
    if (c.bad || c.rest.len || session_id.len > SESSION_ID_MAX_BYTES || compression.len == 0 ||
        facts->ciphers.len == 0 || facts->ciphers.len % 2)
        return STATUS_BAD_MESSAGE;
    if (facts->ciphers.len > 2 * CLIENT_HELLO_CIPHERS)
        return STATUS_LIMIT;
    return read_extensions(extensions, hello, facts);
}

enum status client_hello_parse(struct bytes in, struct buf *scratch, struct client_hello *ret_hello)
{
    struct client_hello hello = {0};
    struct ja4_facts facts = {0};
    struct bytes body = {0};
    enum status st;

    buf_clear(scratch);
    st = check_first_bytes(in);
    if (!st)
        st = join_records(in, scratch, &body);
    if (!st)
        st = read_body(body, &hello, &facts);
    if (st)
        return st;
    facts.version = hello.max_version;
    st = ja4_text(&facts, hello.ja4);
    if (st)
        return st;
    *ret_hello = hello;
    return STATUS_OK;
}

bool alpn_list_has(struct bytes list, struct bytes protocol)
{
    struct cursor c = {.rest = list};

    while (c.rest.len && !c.bad) {
        struct bytes name = take_vector(&c, 1);

        if (!c.bad && name.len && bytes_equal(name, protocol))
            return true;
    }
    return false;
}
