#include "tls/pem_read.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "tls/openssl_failure.h"

/* Answers "no passphrase": OpenSSL would ask on the terminal. */
static int no_passphrase(char *ret_text, int cap, int writing, void *self)
{
    (void)ret_text;
    (void)cap;
    (void)writing;
    (void)self;
    return -1;
}

static enum status bio_over(struct bytes in, BIO **ret_memory)
{
    BIO *memory = NULL;

    if (in.len == 0 || in.len > INT32_MAX)
        return STATUS_BAD_INPUT;
    memory = BIO_new_mem_buf(in.ptr, (int)in.len);
    if (!memory)
        return openssl_failure();
    *ret_memory = memory;
    return STATUS_OK;
}

/* Why nothing was read. */
static enum status read_failure(void)
{
    return openssl_failure() == STATUS_NO_MEMORY ? STATUS_NO_MEMORY : STATUS_BAD_INPUT;
}

static enum status read_rest(BIO *memory, STACK_OF(X509) * rest)
{
    while (sk_X509_num(rest) < PEM_CHAIN) {
        X509 *next = PEM_read_bio_X509(memory, NULL, no_passphrase, NULL);

        if (!next)
            break; /* at the end there is "no start line" */
        if (!sk_X509_push(rest, next)) {
            X509_free(next);
            return STATUS_NO_MEMORY;
        }
    }
    return openssl_failure() == STATUS_NO_MEMORY ? STATUS_NO_MEMORY : STATUS_OK;
}

enum status pem_read_certs(struct bytes pem, X509 **ret_first, STACK_OF(X509) * *ret_rest)
{
    STACK_OF(X509) *rest = NULL;
    X509 *first;
    BIO *memory = NULL;
    enum status st;

    st = bio_over(pem, &memory);
    if (st)
        return st;
    first = PEM_read_bio_X509(memory, NULL, no_passphrase, NULL);
    if (first)
        rest = sk_X509_new_null();
    st = first && rest ? read_rest(memory, rest) : read_failure();
    BIO_free(memory);
    if (st) {
        X509_free(first);
        sk_X509_pop_free(rest, X509_free);
        return st;
    }
    *ret_first = first;
    *ret_rest = rest;
    return STATUS_OK;
}

enum status pem_read_key(struct bytes pem, EVP_PKEY **ret_key)
{
    EVP_PKEY *key;
    BIO *memory = NULL;
    enum status st;

    st = bio_over(pem, &memory);
    if (st)
        return st;
    key = PEM_read_bio_PrivateKey(memory, NULL, no_passphrase, NULL);
    BIO_free(memory);
    if (!key)
        return read_failure();
    ERR_clear_error(); /* of the kinds that were tried in vain */
    *ret_key = key;
    return STATUS_OK;
}
