#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/launch.h"
#include "cli/trust.h"

enum { TRUST_PEM_BYTES = 1024 * 1024 };

enum { STORE_SYSTEM = 1, STORE_NSS = 2 };

/* TRUST_STORES, as mkcert has it. */
static int chosen_stores(const struct cli *cli, unsigned *ret_stores)
{
    const char *said = getenv("TRUST_STORES");
    struct bytes list = bytes_of(said), name;
    unsigned stores = 0;

    while (bytes_next_listed(&list, &name)) {
        if (bytes_equal(name, BYTES("system")))
            stores |= STORE_SYSTEM;
        else if (bytes_equal(name, BYTES("nss")))
            stores |= STORE_NSS;
        else
            return cli_usage(cli, "TRUST_STORES names system and nss in this version, not '%.*s'",
                             (int)name.len, name.ptr);
    }
    *ret_stores = stores ? stores : STORE_SYSTEM | STORE_NSS;
    return CODE_OK;
}

/* The base64 between the lines of dashes. */
static void put_body(struct buf *out, struct bytes pem)
{
    while (pem.len) {
        ptrdiff_t end = bytes_find(pem, '\n');
        struct bytes line = end < 0 ? pem : bytes_until(pem, (size_t)end);

        pem = bytes_from(pem, line.len + 1);
        if (!bytes_starts_with(line, BYTES("-----")))
            buf_put(out, bytes_trim(line));
    }
}

/* "1F:AE:…" as lower-case digits, at most as many as names have. */
static size_t put_mark(char mark[static TRUST_MARK_TEXT], struct bytes fingerprint)
{
    size_t len = 0;

    for (size_t i = 0; i < fingerprint.len && len < TRUST_MARK_TEXT - 1; i++)
        if (isxdigit(fingerprint.ptr[i]))
            mark[len++] = (char)byte_lower(fingerprint.ptr[i]);
    mark[len] = '\0';
    return len;
}

enum status trust_about(struct trust *t, const struct ca *ca, const char *path)
{
    struct buf pem, fingerprint;
    enum status st;

    buf_init(&pem, TRUST_PEM_BYTES);
    buf_init(&fingerprint, TRUST_PEM_BYTES);
    snprintf(t->ca_path, sizeof(t->ca_path), "%s", path);
    st = ca_cert_pem(ca, &pem);
    if (!st)
        st = ca_fingerprint(ca, &fingerprint);
    put_body(&t->body, buf_bytes(&pem));
    put_mark(t->mark, buf_bytes(&fingerprint));
    buf_release(&pem);
    buf_release(&fingerprint);
    return st ? st : buf_status(&t->body);
}

static int take_own_ca(struct trust *t)
{
    const struct cli *cli = t->tool.cli;
    char path[PATHS_TEXT];
    struct ca *ca = NULL;
    int code = launch_ca_only(cli, &ca, path);

    if (code)
        return code;
    if (trust_about(t, ca, path)) {
        cli_error(cli, "the CA cannot be read");
        code = CODE_FAILED;
    }
    ca_free(ca);
    return code;
}

static int take_fingerprint(struct trust *t, const char *text)
{
    enum { FEWEST = 8 }; /* digits that are clear enough */

    for (const char *c = text; *c; c++)
        if (!isxdigit((unsigned char)*c) && *c != ':')
            return cli_usage(t->tool.cli, "'%.60s' is no fingerprint", text);
    if (put_mark(t->mark, bytes_of(text)) < FEWEST)
        return cli_usage(t->tool.cli, "a fingerprint has at least %d digits here", FEWEST);
    return CODE_OK;
}

static int report(const struct trust *t, const char *done, const char *nothing)
{
    if (t->failed)
        return CODE_FAILED;
    if (!t->tool.dry)
        cli_say(t->tool.cli, "%s", t->done ? done : nothing);
    return CODE_OK;
}

static struct trust *trust_new(const struct cli *cli)
{
    struct trust *t = calloc(1, sizeof(*t));

    if (!t) {
        cli_error(cli, "out of memory");
        return NULL;
    }
    t->tool = (struct tool){.cli = cli, .dry = options_has(&cli->options, OPTION_DRY_RUN)};
    buf_init(&t->body, TRUST_PEM_BYTES);
    return t;
}

static void trust_free(struct trust *t)
{
    buf_release(&t->body);
    free(t);
}

int command_trust(const struct cli *cli)
{
    unsigned stores = 0;
    struct trust *t;
    int code = chosen_stores(cli, &stores);

    if (!code && cli->options.operand_count)
        code = cli_usage(cli, "'weir trust' takes no operand");
    if (code)
        return code;
    t = trust_new(cli);
    if (!t)
        return CODE_FAILED;
    code = take_own_ca(t);
    if (!code && stores & STORE_SYSTEM)
        trust_system_add(t);
    if (!code && stores & STORE_NSS)
        trust_nss_add(t);
    if (!code)
        code = report(t, "the CA is trusted; browsers that run must be started again",
                      "the CA is trusted already");
    trust_free(t);
    return code;
}

int command_untrust(const struct cli *cli)
{
    unsigned stores = 0;
    struct trust *t;
    int code = chosen_stores(cli, &stores);

    if (!code && cli->options.operand_count > 1)
        code = cli_usage(cli, "one fingerprint at a time");
    if (code)
        return code;
    t = trust_new(cli);
    if (!t)
        return CODE_FAILED;
    code =
        cli->options.operand_count ? take_fingerprint(t, cli->options.operands[0]) : take_own_ca(t);
    if (!code && stores & STORE_SYSTEM)
        trust_system_remove(t);
    if (!code && stores & STORE_NSS)
        trust_nss_remove(t);
    if (!code)
        code = report(t, "the CA is trusted no more", "no store has it");
    trust_free(t);
    return code;
}
