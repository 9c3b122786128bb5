#include "tls/ja4.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    JA4_HASH_CHARS = 12, /* of a SHA-256 in hex */
    JA4_MOST = 99,       /* a count has two digits */
    ITEM_CHARS = 5,      /* "c02b," */
    LIST_CHARS = ITEM_CHARS * CLIENT_HELLO_CIPHERS,
    EXT_SNI = 0x0000,
    EXT_ALPN = 0x0010,
};

/* One list as it is hashed: four hex digits an item, commas between. */
struct hex_list {
    char text[LIST_CHARS];
    size_t len;
};

bool is_grease(uint16_t value)
{
    return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

static uint16_t u16_at(struct bytes list, size_t index)
{
    return (uint16_t)(list.ptr[2 * index] << 8 | list.ptr[2 * index + 1]);
}

static void list_put(struct hex_list *list, uint16_t value, char separator)
{
    static const char hex[] = "0123456789abcdef";

    if (list->len + ITEM_CHARS > sizeof(list->text))
        return;
    if (list->len)
        list->text[list->len++] = separator;
    for (int shift = 12; shift >= 0; shift -= 4)
        list->text[list->len++] = hex[(value >> shift) & 15];
}

static int by_value(const void *a, const void *b)
{
    uint16_t left, right;

    memcpy(&left, a, sizeof(left));
    memcpy(&right, b, sizeof(right));
    return (left > right) - (left < right);
}

static const char *version_text(uint16_t version)
{
    switch (version) {
    case 0x0304:
        return "13";
    case 0x0303:
        return "12";
    case 0x0302:
        return "11";
    case 0x0301:
        return "10";
    case 0x0300:
        return "s3";
    default:
        return "00";
    }
}

static bool is_alphanumeric(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* The first and the last character of the first ALPN name; when one of them is
 * not alphanumeric, those of the name in hex. */
static void alpn_ends(struct bytes name, char ret_ends[3])
{
    static const char hex[] = "0123456789abcdef";

    memcpy(ret_ends, "00", 3);
    if (name.len == 0)
        return;
    if (is_alphanumeric(name.ptr[0]) && is_alphanumeric(name.ptr[name.len - 1])) {
        ret_ends[0] = (char)name.ptr[0];
        ret_ends[1] = (char)name.ptr[name.len - 1];
    } else {
        ret_ends[0] = hex[name.ptr[0] >> 4];
        ret_ends[1] = hex[name.ptr[name.len - 1] & 15];
    }
}

static enum status list_hash(const struct hex_list *list, char ret_hash[JA4_HASH_CHARS + 1])
{
    uint8_t digest[EVP_MAX_MD_SIZE];

    if (list->len == 0) {
        memset(ret_hash, '0', JA4_HASH_CHARS);
        ret_hash[JA4_HASH_CHARS] = '\0';
        return STATUS_OK;
    }
    if (!EVP_Digest(list->text, list->len, digest, NULL, EVP_sha256(), NULL))
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < JA4_HASH_CHARS / 2; i++)
        snprintf(ret_hash + 2 * i, 3, "%02x", digest[i]);
    return STATUS_OK;
}

/* Sorted, without GREASE; *ret_count is how many there are. */
static enum status hash_ciphers(const struct ja4_facts *facts, char ret_hash[JA4_HASH_CHARS + 1],
                                size_t *ret_count)
{
    uint16_t sorted[CLIENT_HELLO_CIPHERS];
    struct hex_list list = {.len = 0};
    size_t count = 0;

    for (size_t i = 0; i < facts->ciphers.len / 2 && count < CLIENT_HELLO_CIPHERS; i++) {
        uint16_t cipher = u16_at(facts->ciphers, i);

        if (!is_grease(cipher))
            sorted[count++] = cipher;
    }
    qsort(sorted, count, sizeof(sorted[0]), by_value);
    for (size_t i = 0; i < count; i++)
        list_put(&list, sorted[i], ',');
    *ret_count = count;
    return list_hash(&list, ret_hash);
}

/* The extensions sorted, without GREASE, SNI and ALPN; then the signature
 * algorithms in the client's order. *ret_count counts SNI and ALPN too. */
static enum status hash_extensions(const struct ja4_facts *facts, char ret_hash[JA4_HASH_CHARS + 1],
                                   size_t *ret_count)
{
    uint16_t sorted[CLIENT_HELLO_EXTENSIONS];
    struct hex_list list = {.len = 0};
    char separator = '_';
    size_t count = 0;

    for (size_t i = 0; i < facts->extension_count && count < CLIENT_HELLO_EXTENSIONS; i++)
        if (!is_grease(facts->extensions[i]))
            sorted[count++] = facts->extensions[i];
    qsort(sorted, count, sizeof(sorted[0]), by_value);
    for (size_t i = 0; i < count; i++)
        if (sorted[i] != EXT_SNI && sorted[i] != EXT_ALPN)
            list_put(&list, sorted[i], ',');
    *ret_count = count;
    for (size_t i = 0; i < facts->signature_algorithms.len / 2; i++) {
        uint16_t algorithm = u16_at(facts->signature_algorithms, i);

        if (is_grease(algorithm))
            continue;
        list_put(&list, algorithm, separator);
        separator = ',';
    }
    return list_hash(&list, ret_hash);
}

enum status ja4_text(const struct ja4_facts *facts, char ret_text[JA4_TEXT])
{
    char ciphers[JA4_HASH_CHARS + 1], extensions[JA4_HASH_CHARS + 1], alpn[3];
    size_t cipher_count, extension_count;
    enum status st;

    st = hash_ciphers(facts, ciphers, &cipher_count);
    if (!st)
        st = hash_extensions(facts, extensions, &extension_count);
    if (st)
        return st;
    alpn_ends(facts->first_alpn, alpn);
    if (cipher_count > JA4_MOST)
        cipher_count = JA4_MOST;
    if (extension_count > JA4_MOST)
        extension_count = JA4_MOST;
    snprintf(ret_text, JA4_TEXT, "t%s%c%02zu%02zu%s_%s_%s", version_text(facts->version),
             facts->has_sni ? 'd' : 'i', cipher_count, extension_count, alpn, ciphers, extensions);
    return STATUS_OK;
}
