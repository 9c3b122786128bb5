#include "cli/env.h"

#include <string.h>

#include "base/text.h"
#include "http/url.h"

enum env_value {
    ENV_VALUE_URL,
    ENV_VALUE_CA,
    ENV_VALUE_BUNDLE,
    ENV_VALUE_EMPTY,
    ENV_VALUE_YES,
    ENV_VALUE_NO,
    ENV_VALUE_WGETRC,
};

static const struct env_row {
    const char *name;
    enum env_value value;
} rows[] = {
#define VARIABLE(name, value) {name, ENV_VALUE_##value},
#include "cli/env_vars.def"
#undef VARIABLE
};

static struct bytes value_of(enum env_value value, const struct env_files *f, struct bytes url)
{
    switch (value) {
    case ENV_VALUE_URL:
        return url;
    case ENV_VALUE_CA:
        return bytes_of(f->ca);
    case ENV_VALUE_BUNDLE:
        return bytes_of(f->bundle);
    case ENV_VALUE_EMPTY:
        return BYTES("");
    case ENV_VALUE_YES:
        return BYTES("1");
    case ENV_VALUE_NO:
        return BYTES("false");
    case ENV_VALUE_WGETRC:
        return bytes_of(f->wgetrc);
    }
    return BYTES("");
}

static enum status env_add(struct env *env, const char *name, struct bytes value)
{
    char *text = arena_text(env->memory, value);

    if (!text)
        return STATUS_NO_MEMORY;
    if (env->count == ENV_VARIABLES)
        return STATUS_LIMIT;
    env->items[env->count++] = (struct env_variable){name, bytes_make(text, value.len)};
    return STATUS_OK;
}

/* Node reads backslashes and quotes in NODE_OPTIONS. */
static enum status env_add_hook(struct env *env, const struct env_files *f, const char *before)
{
    struct buf value;
    enum status st;

    buf_init(&value, ENV_VALUE_BYTES);
    if (before && before[0])
        buf_putf(&value, "%s ", before);
    buf_put_text(&value, "--require \"");
    for (const char *c = f->hook; *c; c++) {
        if (*c == '"' || *c == '\\')
            buf_put_byte(&value, '\\');
        buf_put_byte(&value, (uint8_t)*c);
    }
    buf_put_byte(&value, '"');
    st = buf_status(&value);
    if (!st)
        st = env_add(env, "NODE_OPTIONS", buf_bytes(&value));
    buf_release(&value);
    return st;
}

void env_put_proxy_url(struct bytes auth, const char *address, struct buf *out)
{
    ptrdiff_t colon = bytes_find(auth, ':');

    buf_put_text(out, "http://");
    if (colon > 0) {
        percent_encode(bytes_until(auth, (size_t)colon), "", out);
        buf_put_byte(out, ':');
        percent_encode(bytes_from(auth, (size_t)colon + 1), "", out);
        buf_put_byte(out, '@');
    }
    buf_put_text(out, address);
}

enum status env_make(struct env *env, struct arena *memory, const struct env_files *f,
                     struct bytes proxy_url, const char *(*getenv_old)(const char *name))
{
    *env = (struct env){.memory = memory};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum status st = env_add(env, rows[i].name, value_of(rows[i].value, f, proxy_url));

        if (st)
            return st;
    }
    /* Run in a shell that has it already: once is enough. */
    if (f->hook[0]) {
        const char *before = getenv_old("NODE_OPTIONS");

        if (!before || !strstr(before, f->hook))
            return env_add_hook(env, f, before);
    }
    return STATUS_OK;
}

/* ---- shells ---- */

enum status env_shell_find(const char *name, enum env_shell *ret_shell)
{
    static const char *const names[] = {
        [ENV_SH] = "sh",         [ENV_FISH] = "fish", [ENV_PWSH] = "pwsh",
        [ENV_DOCKER] = "docker", [ENV_JSON] = "json",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) != 0)
            continue;
        *ret_shell = (enum env_shell)i;
        return STATUS_OK;
    }
    return STATUS_BAD_INPUT;
}

/* In single quotes, in which only those of `escaped` mean anything. */
static void put_quoted(struct buf *out, struct bytes in, const char *escaped, const char *before)
{
    buf_put_byte(out, '\'');
    for (size_t i = 0; i < in.len; i++) {
        if (strchr(escaped, in.ptr[i]))
            buf_put_text(out, before);
        buf_put_byte(out, in.ptr[i]);
    }
    buf_put_byte(out, '\'');
}

static void put_sh(const struct env_variable *v, struct buf *out)
{
    buf_putf(out, "export %s=", v->name);
    text_put_shell(out, v->value);
    buf_put_byte(out, '\n');
}

static void put_fish(const struct env_variable *v, struct buf *out)
{
    buf_putf(out, "set -gx %s ", v->name);
    put_quoted(out, v->value, "'\\", "\\");
    buf_put_byte(out, '\n');
}

static void put_pwsh(const struct env_variable *v, struct buf *out)
{
    buf_putf(out, "${env:%s} = ", v->name);
    put_quoted(out, v->value, "'", "'");
    buf_put_byte(out, '\n');
}

/* Loopback is another machine inside a container. */
static void put_docker(const struct env_variable *v, struct buf *out)
{
    struct bytes loopback = BYTES("127.0.0.1");
    struct bytes value = v->value;
    ptrdiff_t at = bytes_search(value, loopback);

    buf_putf(out, "%s=", v->name);
    if (at >= 0 && bytes_starts_with(value, BYTES("http://"))) {
        buf_put(out, bytes_until(value, (size_t)at));
        buf_put_text(out, "host.docker.internal");
        value = bytes_from(value, (size_t)at + loopback.len);
    }
    buf_put(out, value);
    buf_put_byte(out, '\n');
}

static void put_json_member(const struct env_variable *v, bool first, struct buf *out)
{
    buf_put_text(out, first ? "  " : ",\n  ");
    text_put_json(out, bytes_of(v->name));
    buf_put_text(out, ": ");
    text_put_json(out, v->value);
}

static void put_begin(enum env_shell shell, struct buf *out)
{
    if (shell == ENV_JSON)
        buf_put_text(out, "{\n");
    if (shell == ENV_DOCKER)
        buf_put_text(
            out, "# docker run --env-file THIS --add-host host.docker.internal:host-gateway \\\n"
                 "#   -v FOLDER:FOLDER:ro …, with the folder of the files named below.\n"
                 "# weir must listen where containers reach it: --listen, --allow-remote.\n");
}

void env_put(const struct env *env, enum env_shell shell, struct buf *out)
{
    put_begin(shell, out);
    for (uint32_t i = 0; i < env->count; i++) {
        const struct env_variable *v = &env->items[i];

        switch (shell) {
        case ENV_SH:
            put_sh(v, out);
            break;
        case ENV_FISH:
            put_fish(v, out);
            break;
        case ENV_PWSH:
            put_pwsh(v, out);
            break;
        case ENV_DOCKER:
            put_docker(v, out);
            break;
        case ENV_JSON:
            put_json_member(v, i == 0, out);
            break;
        }
    }
    if (shell == ENV_JSON)
        buf_put_text(out, "\n}\n");
}
