/* The tables of proxy.yaml's keys, for config/schema.h. All sections read into one
 * struct config_values. */
#include "cli/config.h"

#define DURATION_MAX_US (INT64_C(366) * 24 * 3600 * 1000000)

static const char *const reject_words[] = {"explain", "passthrough", NULL};
static const char *const tls_version_words[] = {"1.2", "1.3", NULL};
static const char *const dial_words[] = {"eager", "lazy", NULL};
static const char *const http2_words[] = {"mirror", "off", NULL};
static const char *const console_words[] = {"pretty", "off", NULL};
static const char *const redact_words[] = {"default", "none", NULL};
static const char *const on_full_words[] = {"drop", "wait", NULL};

/* Read later on, by who knows what it means. */
static enum status parse_keep(const struct config_reader *r, const struct node *n, void *field)
{
    (void)r;
    *(const struct node **)field = n;
    return STATUS_OK;
}

static enum status parse_only_off(const struct config_reader *r, const struct node *n, void *field)
{
    struct bytes text = {0};
    enum status st = config_text(r, n, &text);

    (void)field;
    if (st || bytes_equal(text, BYTES("off")))
        return st;
    node_error(r->diags, n, "only 'off' is in this version");
    return STATUS_BAD_CONFIG;
}

/* clang-format off */
#define KEY(key, kind, field, def, text, ...)                                                      \
    {.name = key, .type = CONFIG_##kind, .offset = offsetof(struct config_values, field),          \
     .fallback = def, .help = text, __VA_ARGS__}
#define SECTION(id, text)                                                                          \
    static const struct config_section id##_section = {                                            \
        text, id##_keys, sizeof(id##_keys) / sizeof(id##_keys[0])}
/* clang-format on */

static const struct config_key ca_keys[] = {
#define CA_KEY(...) KEY(__VA_ARGS__),
#include "cli/config_keys.def"
};
SECTION(ca, "ca");

static const struct config_key tls_keys[] = {
#define TLS_KEY(...) KEY(__VA_ARGS__),
#include "cli/config_keys.def"
};
SECTION(tls, "tls");

static const struct config_key http_keys[] = {
#define HTTP_KEY(...) KEY(__VA_ARGS__),
#include "cli/config_keys.def"
};
SECTION(http, "http");

static const struct config_key upstream_keys[] = {
#define UPSTREAM_KEY(...) KEY(__VA_ARGS__),
#include "cli/config_keys.def"
};
SECTION(upstream, "upstream");

static const struct config_key timeouts_keys[] = {
#define TIMEOUT_KEY(...) KEY(__VA_ARGS__),
#include "cli/config_keys.def"
};
SECTION(timeouts, "timeouts");

static const struct config_key limits_keys[] = {
#define LIMIT_KEY(...) KEY(__VA_ARGS__),
#include "cli/config_keys.def"
};
SECTION(limits, "limits");

static const struct config_key keep_keys[] = {
#define KEEP_KEY(...) KEY(__VA_ARGS__),
#include "cli/config_keys.def"
};
SECTION(keep, "keep");

static const struct config_key logs_keys[] = {
#define LOG_KEY(...) KEY(__VA_ARGS__),
#include "cli/config_keys.def"
};
SECTION(logs, "logs");

static const struct config_key root_keys[] = {
#define ROOT_KEY(...) KEY(__VA_ARGS__),
#include "cli/config_keys.def"
};
SECTION(root, "");

enum status config_read_values(const struct config_reader *r, const struct node *root,
                               struct config_values *ret_values)
{
    *ret_values = (struct config_values){.on_full = ON_FULL_UNSAID};
    return config_read(r, &root_section, root, ret_values);
}
