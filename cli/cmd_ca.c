#include <string.h>

#include "base/text.h"
#include "cli/launch.h"

enum { CA_TEXT_BYTES = 256 * 1024 };

/* {"path": …, "fingerprint": …, "pem": …} */
static void put_json(const struct ca *ca, const char *path, struct buf *out)
{
    struct buf part;

    buf_init(&part, CA_TEXT_BYTES);
    buf_put_text(out, "{\"path\":");
    text_put_json(out, bytes_of(path));
    buf_put_text(out, ",\"fingerprint\":");
    if (ca_fingerprint(ca, &part) == STATUS_OK)
        text_put_json(out, buf_bytes(&part));
    buf_clear(&part);
    buf_put_text(out, ",\"pem\":");
    if (ca_cert_pem(ca, &part) == STATUS_OK)
        text_put_json(out, buf_bytes(&part));
    buf_put_text(out, "}\n");
    buf_release(&part);
}

static enum status put_shown(const struct cli *cli, const struct ca *ca, const char *path,
                             struct buf *out)
{
    enum status st;

    if (options_has(&cli->options, OPTION_JSON)) {
        put_json(ca, path, out);
        return STATUS_OK;
    }
    st = ca_describe(ca, out);
    buf_putf(out, "file: %s\n", path);
    return st;
}

int command_ca(const struct cli *cli)
{
    const struct options *o = &cli->options;
    bool show = o->operand_count == 1 && strcmp(o->operands[0], "show") == 0;
    bool export = o->operand_count == 1 && strcmp(o->operands[0], "export") == 0;
    char path[PATHS_TEXT];
    struct ca *ca = NULL;
    struct buf out;
    int code;

    if (!show && !export)
        return cli_usage(cli, "'weir ca' wants show or export");
    buf_init(&out, CA_TEXT_BYTES);
    code = launch_ca_only(cli, &ca, path);
    if (!code && (show ? put_shown(cli, ca, path, &out) : ca_cert_pem(ca, &out))) {
        cli_error(cli, "the certificate cannot be shown");
        code = CODE_FAILED;
    }
    if (!code)
        code = cli_print(cli, &out);
    buf_release(&out);
    ca_free(ca);
    return code;
}
