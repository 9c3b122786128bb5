/* URLs and parameters of redact.h (RFC 3986, and HTML's form encoding). */
#include "http/url.h"
#include "logs/redact_impl.h"
#include "logs/redact_names.h"

enum { VALUE_BYTES = 64 * 1024 }; /* of a parameter's value looked into */

/* Everything up to `end`; *rest goes on at it. */
static struct bytes take_until(struct bytes *rest, uint8_t end)
{
    struct bytes all = *rest;
    ptrdiff_t at = bytes_find(all, end);
    size_t len = at < 0 ? all.len : (size_t)at;

    *rest = bytes_from(all, len);
    return bytes_until(all, len);
}

/* The same with any of `ends`, for what is short. */
static struct bytes take_until_any(struct bytes *rest, struct bytes ends)
{
    struct bytes all = *rest;
    size_t len = 0;

    while (len < all.len && bytes_find(ends, all.ptr[len]) < 0)
        len++;
    *rest = bytes_from(all, len);
    return bytes_until(all, len);
}

void redact_put_encoded(const struct redactor *r, struct bytes value, struct buf *out)
{
    struct buf plain;

    buf_init(&plain, VALUE_BYTES);
    percent_decode(value, true, &plain);
    redact_put_secret(r, buf_status(&plain) ? value : buf_bytes(&plain), out);
    buf_release(&plain);
}

/* Has it "name=value" with the name of a secret? */
static bool has_secret_param(const struct redactor *r, struct bytes text)
{
    while (text.len) {
        struct bytes name = take_until_any(&text, BYTES("=?#&;"));

        if (text.len && text.ptr[0] == '=' && (redact_name_find(r->own, name) & REDACT_PARAM))
            return true;
        text = bytes_from(text, 1);
    }
    return false;
}

/* Is it JSON with a secret in it? */
static bool has_secret_member(const struct redactor *r, struct bytes text)
{
    struct buf out;
    bool changed;

    if (bytes_find(text, '"') < 0)
        return false;
    buf_init(&out, 4 * VALUE_BYTES);
    redact_put_json(r, true, text, &out);
    changed = buf_status(&out) || !bytes_equal(buf_bytes(&out), text);
    buf_release(&out);
    return changed;
}

/* Is the value a URL, a query or JSON of its own, encoded or not, with a secret in it?
 * Such a value goes as a whole. Nothing is decoded twice. */
static bool hides_secret(const struct redactor *r, struct bytes value)
{
    struct buf plain;
    bool found;

    if (bytes_find(value, '%') < 0 && bytes_find(value, '=') < 0 && bytes_find(value, '"') < 0)
        return false;
    buf_init(&plain, VALUE_BYTES);
    percent_decode(value, true, &plain);
    found = buf_status(&plain) || has_secret_param(r, buf_bytes(&plain)) ||
            has_secret_member(r, buf_bytes(&plain));
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
    if ((redact_name_find(r->own, name) & REDACT_PARAM) || hides_secret(r, value))
        redact_put_encoded(r, value, out);
    else
        redact_put_text(r, value, out);
}

void redact_put_params(const struct redactor *r, struct bytes params, struct buf *out)
{
    while (params.len) {
        put_param(r, take_until(&params, '&'), out);
        if (params.len)
            buf_put_byte(out, '&');
        params = bytes_from(params, 1);
    }
}

/* "user:password@", where there is one. */
static void put_userinfo(const struct redactor *r, struct bytes *url, struct buf *out)
{
    struct bytes rest = *url, authority;
    struct bytes scheme = take_until_any(&rest, BYTES("/?#"));
    size_t at;

    if (!bytes_starts_with(rest, BYTES("//")) ||
        (scheme.len && !bytes_ends_with(scheme, BYTES(":"))))
        return;
    buf_put(out, bytes_until(*url, scheme.len + 2));
    *url = bytes_from(*url, scheme.len + 2);
    rest = *url;
    authority = take_until_any(&rest, BYTES("/?#"));
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
        redact_put_text(r, take_until(&path, ';'), out);
        while (path.len && path.ptr[0] == ';') {
            buf_put_byte(out, ';');
            path = bytes_from(path, 1);
            put_param(r, take_until_any(&path, BYTES(";/")), out);
        }
    }
}

/* OAuth's implicit grant hands its token over here; some pages keep a whole URL in it. */
static void put_fragment(const struct redactor *r, struct bytes fragment, struct buf *out)
{
    while (fragment.len) {
        put_param(r, take_until_any(&fragment, BYTES("&?")), out);
        buf_put(out, bytes_until(fragment, 1));
        fragment = bytes_from(fragment, 1);
    }
}

void redact_put_location(const struct redactor *r, struct bytes url, struct buf *out)
{
    struct bytes path, query;

    if (bytes_find(url, '@') >= 0)
        put_userinfo(r, &url, out);
    query = take_until(&url, '#');
    path = take_until(&query, '?');
    put_path(r, path, out);
    if (query.len) {
        buf_put_byte(out, '?');
        redact_put_params(r, bytes_from(query, 1), out);
    }
    if (url.len) {
        buf_put_byte(out, '#');
        put_fragment(r, bytes_from(url, 1), out);
    }
}
