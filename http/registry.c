#include <stdlib.h>
#include <string.h>

#include "http/message.h"

static const struct http_status statuses[] = {
#define STATUS_CODE(code, phrase, meaning) {code, phrase, meaning},
#include "http/statuses.def"
#undef STATUS_CODE
};

static const struct http_method methods[] = {
#define METHOD(name, safe, idempotent, request_body, meaning)                                      \
    {name, safe, idempotent, request_body, meaning},
#include "http/methods.def"
#undef METHOD
};

static const struct {
    const char *text, *sentence;
} anomalies[] = {
#define ANOMALY(name, text, sentence) {text, sentence},
#include "http/anomalies.def"
#undef ANOMALY
};
_Static_assert(HTTP_ANOMALY_COUNT <= 32, "an anomaly is a bit of 32");

const char *http_anomaly_text(enum http_anomaly_place place)
{
    return place < HTTP_ANOMALY_COUNT ? anomalies[place].text : "unknown";
}

const char *http_anomaly_sentence(enum http_anomaly_place place)
{
    return place < HTTP_ANOMALY_COUNT ? anomalies[place].sentence : "unknown";
}

static int status_compare(const void *key, const void *row)
{
    unsigned code = *(const unsigned *)key;
    const struct http_status *s = row;

    return (code > s->code) - (code < s->code);
}

const struct http_status *http_status_find(unsigned code)
{
    return bsearch(&code, statuses, sizeof(statuses) / sizeof(*statuses), sizeof(*statuses),
                   status_compare);
}

const char *http_status_class(unsigned code)
{
    switch (code / 100) {
    case 1:
        return "informational";
    case 2:
        return "successful";
    case 3:
        return "redirection";
    case 4:
        return "client error";
    case 5:
        return "server error";
    default: /* a number, not a state */
        return "unknown";
    }
}

bool http_status_bodiless(unsigned code)
{
    return code / 100 == 1 || code == 204 || code == 304;
}

const struct http_method *http_method_find(struct bytes name)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
        const char *known = methods[i].name;

        if (name.len > 0 && name.ptr[0] == (uint8_t)known[0] && strlen(known) == name.len &&
            memcmp(known, name.ptr, name.len) == 0)
            return &methods[i];
    }
    return NULL;
}

bool http_method_is(const struct head *request, const char *name)
{
    size_t len = strlen(name);

    return request->method.len == len && memcmp(request->method.ptr, name, len) == 0;
}
