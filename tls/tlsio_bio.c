/* Instead of a socket or a memory BIO: OpenSSL reads from the slices that were
 * fed, and writes into the queue that is sent. */
#include <openssl/bio.h>
#include <string.h>

#include "tls/tls_internal.h"

/* Nothing there is "try again", also after the peer's FIN: tlsio.c knows of that
 * and says it better than OpenSSL does. */
static int bio_read(BIO *bio, char *ret_data, size_t cap, size_t *ret_len)
{
    struct tlsio *t = BIO_get_data(bio);
    size_t len = 0;

    BIO_clear_retry_flags(bio);
    if (t->idle_messages > TLSIO_IDLE_MESSAGES)
        return -1; /* no retry: ends the call of OpenSSL that would read on and on */
    while (len < cap && t->in.bytes) {
        struct bytes part = bytes_until(slice_bytes(slice_queue_first(&t->in)), cap - len);

        memcpy(ret_data + len, part.ptr, part.len);
        slice_queue_consume(&t->in, part.len);
        len += part.len;
    }
    if (len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    *ret_len = len;
    return 1;
}

static int bio_write(BIO *bio, const char *data, size_t len, size_t *ret_len)
{
    struct tlsio *t = BIO_get_data(bio);
    enum status st;

    BIO_clear_retry_flags(bio);
    st = slice_queue_put(&t->out, t->pool, bytes_make(data, len));
    if (st) {
        t->cause = st;
        return -1;
    }
    *ret_len = len;
    return 1;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *tlsio_bio_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "slices");

    if (method && BIO_meth_set_read_ex(method, bio_read) &&
        BIO_meth_set_write_ex(method, bio_write) && BIO_meth_set_ctrl(method, bio_ctrl))
        return method;
    BIO_meth_free(method);
    return NULL;
}

BIO *tlsio_bio_new(const BIO_METHOD *method, struct tlsio *t)
{
    BIO *bio = BIO_new(method);

    if (!bio)
        return NULL;
    BIO_set_data(bio, t);
    BIO_set_init(bio, 1);
    return bio;
}
