/* Redaction: it reads within its input, ends, and does nothing when off; and what it
 * has redacted once it leaves as it is: pseudonyms are no secrets. JSON stays JSON. */
#include <stdlib.h>

#include "http/json.h"
#include "logs/redact.h"

#include "fuzz.h"

enum { OUT_BYTES = 64 * 1024 * 1024 };

static const struct redactor on = {.on = true, .key = {1, 2, 3}};
static const struct redactor off = {.on = false};

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* What came of it stays as it is. */
static void check_again(const char *type, struct bytes out)
{
    struct buf again;

    buf_init(&again, OUT_BYTES);
    redact_put_body(&on, bytes_of(type), out, &again);
    require(bytes_equal(buf_bytes(&again), out));
    buf_release(&again);
}

static void check_body(const char *type, struct bytes in)
{
    struct json_fault fault;
    struct buf out;

    buf_init(&out, OUT_BYTES);
    redact_put_body(&on, bytes_of(type), in, &out);
    require(buf_status(&out) == STATUS_OK);
    check_again(type, buf_bytes(&out));
    if (json_media_type(bytes_of(type)) && json_check(in, &fault) == STATUS_OK)
        require(json_check(buf_bytes(&out), &fault) == STATUS_OK);
    buf_clear(&out);
    redact_put_body(&off, bytes_of(type), in, &out);
    require(bytes_equal(buf_bytes(&out), in));
    buf_release(&out);
}

/* The quick look must never say no where something would be changed. */
static void check_field(struct bytes name, struct bytes value)
{
    struct field field = {.name = name, .value = value, .id = (uint16_t)field_id_of(name)};
    struct buf out, again;

    buf_init(&out, OUT_BYTES);
    buf_init(&again, OUT_BYTES);
    redact_put_field(&on, name, value, &out);
    if (!redact_field_maybe(&on, &field))
        require(bytes_equal(buf_bytes(&out), value));
    redact_put_field(&on, name, buf_bytes(&out), &again);
    require(bytes_equal(buf_bytes(&again), buf_bytes(&out)));
    buf_release(&out);
    buf_release(&again);
}

static void check_url(struct bytes in)
{
    struct buf out, again;

    buf_init(&out, OUT_BYTES);
    buf_init(&again, OUT_BYTES);
    redact_put_url(&on, in, &out);
    require(buf_status(&out) == STATUS_OK);
    redact_put_url(&on, buf_bytes(&out), &again);
    require(bytes_equal(buf_bytes(&again), buf_bytes(&out)));
    buf_release(&again);
    buf_clear(&out);
    redact_put_url(&off, in, &out);
    require(bytes_equal(buf_bytes(&out), in));
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes in = bytes_make(data, len);
    ptrdiff_t colon = bytes_find(in, ':');
    size_t name = colon < 0 ? 0 : (size_t)colon;

    check_body("application/json", in);
    check_body("application/x-www-form-urlencoded", in);
    check_body("multipart/form-data; boundary=b", in);
    check_body("text/html", in);
    check_body("application/javascript", in);
    check_url(in);
    check_field(bytes_until(in, name), bytes_from(in, name + 1));
    check_field(BYTES("Cookie"), in);
    check_field(BYTES("Set-Cookie"), in);
    check_field(BYTES("Authorization"), in);
    check_field(BYTES("X-Whatever"), in);
    check_field(BYTES("Sec-WebSocket-Protocol"), in);
    return 0;
}
