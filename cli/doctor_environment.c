/* The variables of the shell that weir was started from. */
#include <stdlib.h>
#include <string.h>

#include "cli/doctor.h"
#include "proxy/loop/endpoint.h"

static const char *const proxy_names[] = {"HTTP_PROXY",  "http_proxy", "HTTPS_PROXY",
                                          "https_proxy", "ALL_PROXY",  "all_proxy"};
static const char *const bypass_names[] = {"NO_PROXY", "no_proxy"};

enum { NAMES_BYTES = 4096 }; /* of variables */

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* By variables that hold a certificate. */
enum env_kind { KIND_URL, KIND_CA, KIND_BUNDLE, KIND_EMPTY, KIND_YES, KIND_NO, KIND_WGETRC };

static const struct {
    const char *name;
    enum env_kind kind;
} variables[] = {
#define VARIABLE(name, value) {name, KIND_##value},
#include "cli/env_vars.def"
#undef VARIABLE
};

static const char *value_of(const char *name)
{
    const char *value = getenv(name);

    return value && value[0] ? value : NULL;
}

/* "http://user:password@127.0.0.1:8080/" without all but host and port. */
struct bytes doctor_authority(struct bytes url)
{
    struct bytes all = url;
    ptrdiff_t scheme = bytes_search(all, BYTES("://"));
    ptrdiff_t slash, at;

    if (scheme >= 0)
        all = bytes_from(all, (size_t)scheme + 3);
    slash = bytes_find(all, '/');
    if (slash >= 0)
        all = bytes_until(all, (size_t)slash);
    while ((at = bytes_find(all, '@')) >= 0)
        all = bytes_from(all, (size_t)at + 1);
    return all;
}

/* localhost is 127.0.0.1 to endpoint_parse(). */
bool doctor_is_weir(const struct doctor *d, struct bytes url)
{
    struct sockaddr_storage address;
    char text[ENDPOINT_TEXT];

    if (endpoint_parse(doctor_authority(url), &address))
        return false;
    endpoint_text(&address, text);
    return strcmp(text, d->address_text) == 0;
}

/* Passwords are not shown. */
static void look_at_proxy(struct doctor *d, const char *name, bool *ret_other)
{
    const char *value = value_of(name);
    struct bytes authority = doctor_authority(bytes_of(value));

    if (doctor_is_weir(d, bytes_of(value)))
        return;
    *ret_other = true;
    doctor_say(d, DOCTOR_REMARK, "%s names another proxy: %.*s", name, (int)authority.len,
               (const char *)authority.ptr);
    doctor_advise(d, "eval \"$(weir env)\"");
}

static void look_at_proxies(struct doctor *d)
{
    bool any = false, other = false;
    bool https = value_of("HTTPS_PROXY") || value_of("https_proxy") || value_of("ALL_PROXY") ||
                 value_of("all_proxy");
    bool http = value_of("http_proxy") || value_of("ALL_PROXY") || value_of("all_proxy");

    for (size_t i = 0; i < COUNT(proxy_names); i++) {
        if (!value_of(proxy_names[i]))
            continue;
        any = true;
        look_at_proxy(d, proxy_names[i], &other);
    }
    if (!any) {
        doctor_say(d, DOCTOR_REMARK, "no proxy is set in this shell: its programs go past weir");
        doctor_advise(d, "weir exec -- CMD, or: eval \"$(weir env)\"");
    } else if (!https || !http) {
        doctor_say(d, DOCTOR_REMARK, "%s is not set: many programs go past weir %s",
                   https ? "http_proxy (in small letters)" : "HTTPS_PROXY",
                   https ? "to http://" : "to https://");
        doctor_advise(d, "eval \"$(weir env)\"");
    } else if (!other) {
        doctor_say(d, DOCTOR_OK, "the proxy variables name %s", d->address_text);
    }
}

static void look_at_bypass(struct doctor *d)
{
    for (size_t i = 0; i < COUNT(bypass_names); i++) {
        const char *value = value_of(bypass_names[i]);

        if (!value)
            continue;
        if (strcmp(value, "*") == 0)
            doctor_say(d, DOCTOR_BROKEN, "%s is *: nothing goes through a proxy", bypass_names[i]);
        else
            doctor_say(d, DOCTOR_REMARK, "%s lets these hosts go past weir: %s", bypass_names[i],
                       value);
        doctor_advise(d, "unset NO_PROXY no_proxy");
    }
}

/* A file that stands in for the system's roots, or adds to them, without our CA. */
static bool lacks_ca(const struct doctor *d, size_t i)
{
    const char *value = value_of(variables[i].name);

    return (variables[i].kind == KIND_CA || variables[i].kind == KIND_BUNDLE) && value &&
           path_is_file(value) && !trust_file_holds(&d->trust, value);
}

static void look_at_certificates(struct doctor *d)
{
    struct buf names;

    if (!d->trust.body.len)
        return;
    buf_init(&names, NAMES_BYTES);
    for (size_t i = 0; i < COUNT(variables); i++) {
        if (lacks_ca(d, i))
            buf_putf(&names, "%s%s", names.len ? ", " : "", variables[i].name);
    }
    if (names.len) {
        doctor_say(d, DOCTOR_REMARK, "a file without weir's CA is named by %s", buf_text(&names));
        doctor_advise(d, "eval \"$(weir env)\"");
    }
    buf_release(&names);
}

void doctor_environment(struct doctor *d)
{
    const char *keylog = value_of("SSLKEYLOGFILE");

    look_at_proxies(d);
    look_at_bypass(d);
    look_at_certificates(d);
    if (!keylog)
        return;
    doctor_say(d, DOCTOR_REMARK, "SSLKEYLOGFILE has the keys of all TLS written to %s", keylog);
    doctor_advise(d, "unset SSLKEYLOGFILE, unless another tool is to read the traffic");
}
