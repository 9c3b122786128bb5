/* URLs and parameters of redact.h (RFC 3986, and HTML's form encoding). */
#include "http/url.h"
#include "logs/redact_impl.h"
#include "logs/redact_names.h"

enum { VALUE_BYTES = 64 * 1024 }; /* of a parameter's value looked into */

/* Everything up to the first of `ends`, at most three; *rest goes on at it. */
static struct bytes take_until(struct bytes *rest, const char *ends)
{
    struct bytes all = *rest;
    uint8_t a = (uint8_t)ends[0];
    uint8_t b = ends[1] ? (uint8_t)ends[1] : a;
    uint8_t c = ends[1] && ends[2] ? (uint8_t)ends[2] : a;
    size_t len = 0;

    while (len < all.len && all.ptr[len] != a && all.ptr[len] != b && all.ptr[len] != c)
        len++;
    *rest = bytes_from(all, len);
    return bytes_until(all, len);
}

/* The secret itself and not its encoding gets the pseudonym, so that it is the same
 * as in a header or in JSON. */
static void put_encoded_secret(const struct redactor *r, struct bytes value, struct buf *out)
{
    struct buf plain;

    buf_init(&plain, VALUE_BYTES);
    percent_decode(value, true, &plain);
    redact_put_secret(r, buf_status(&plain) ? value : buf_bytes(&plain), out);
    buf_release(&plain);
}

/* Up to what may stand before or behind a parameter's name. */
static struct bytes take_name(struct bytes *rest)
{
    struct bytes all = *rest;
    size_t len = 0;

    while (len < all.len && bytes_find(BYTES("=?#&;"), all.ptr[len]) < 0)
        len++;
    *rest = bytes_from(all, len);
    return bytes_until(all, len);
}

/* Is the value a URL or query of its own, encoded or not, with a secret in it? Such a
 * value goes as a whole. Nothing is decoded twice. */
static bool hides_secret(struct bytes value)
{
    struct bytes rest, name;
    struct buf plain;
    bool found = false;

    if (bytes_find(value, '%') < 0 && bytes_find(value, '=') < 0)
        return false;
    buf_init(&plain, VALUE_BYTES);
    percent_decode(value, true, &plain);
    rest = buf_bytes(&plain);
    while (!found && rest.len) {
        name = take_name(&rest);
        found = rest.len && rest.ptr[0] == '=' && (redact_name_find(name) & REDACT_PARAM);
        rest = bytes_from(rest, 1);
    }
    found = found || buf_status(&plain);
    buf_release(&plain);
    return found;
}

/* "name=value" */
static void put_param(const struct redactor *r, struct bytes param, struct buf *out)
{
    ptrdiff_t equals = bytes_find(param, '=');
    struct bytes name, value;

    if (equals < 0) {
        redact_put_text(r, param, out);
        return;
    }
    name = bytes_until(param, (size_t)equals);
    value = bytes_from(param, (size_t)equals + 1);
    buf_put(out, bytes_until(param, (size_t)equals + 1));
    if ((redact_name_find(name) & REDACT_PARAM) || hides_secret(value))
        put_encoded_secret(r, value, out);
    else
        redact_put_text(r, value, out);
}

/* Parameters with what stands between them, up to a slash if that is one of `ends`. */
static void put_params_until(const struct redactor *r, struct bytes *rest, const char *ends,
                             struct buf *out)
{
    while (rest->len) {
        put_param(r, take_until(rest, ends), out);
        if (rest->len == 0 || rest->ptr[0] == '/')
            return;
        buf_put(out, bytes_until(*rest, 1));
        *rest = bytes_from(*rest, 1);
    }
}

void redact_put_params(const struct redactor *r, struct bytes params, struct buf *out)
{
    put_params_until(r, &params, "&", out);
}

/* "user:password@", where there is one. */
static void put_userinfo(const struct redactor *r, struct bytes *url, struct buf *out)
{
    struct bytes rest = *url, authority;
    struct bytes scheme = take_until(&rest, "/?#");
    size_t at;

    if (!bytes_starts_with(rest, BYTES("//")) ||
        (scheme.len && !bytes_ends_with(scheme, BYTES(":"))))
        return;
    buf_put(out, bytes_until(*url, scheme.len + 2));
    *url = bytes_from(*url, scheme.len + 2);
    rest = *url;
    authority = take_until(&rest, "/?#");
    at = authority.len;
    while (at > 0 && authority.ptr[at - 1] != '@')
        at--;
    if (at == 0)
        return;
    redact_put_secret(r, bytes_until(authority, at - 1), out);
    buf_put_byte(out, '@');
    *url = bytes_from(*url, at);
}

/* Segments, each with parameters: "/a;jsessionid=1/b" (RFC 3986 §3.3). */
static void put_path(const struct redactor *r, struct bytes path, struct buf *out)
{
    while (path.len) {
        redact_put_text(r, take_until(&path, ";"), out);
        if (path.len == 0)
            return;
        buf_put_byte(out, ';');
        path = bytes_from(path, 1);
        put_params_until(r, &path, ";/", out);
    }
}

void redact_put_url(const struct redactor *r, struct bytes url, struct buf *out)
{
    struct bytes query;

    if (!r->on) {
        buf_put(out, url);
        return;
    }
    put_userinfo(r, &url, out);
    put_path(r, take_until(&url, "?#"), out);
    if (url.len && url.ptr[0] == '?') {
        buf_put_byte(out, '?');
        url = bytes_from(url, 1);
        query = take_until(&url, "#");
        put_params_until(r, &query, "&", out);
    }
    if (url.len) { /* OAuth's implicit grant hands its token over in the fragment */
        buf_put_byte(out, '#');
        url = bytes_from(url, 1);
        put_params_until(r, &url, "&?", out);
    }
}
