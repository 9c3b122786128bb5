/* `weir export --format pcapng`. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/export.h"
#include "cli/paths.h"
#include "logs/pcapng.h"

static bool has_file(const struct cli *cli)
{
    const char *path = options_value(&cli->options, OPTION_OUTPUT);

    return (path && strcmp(path, "-") != 0) || !isatty(STDOUT_FILENO);
}

static void *packets_open(struct export *e)
{
    struct pcapng *p = NULL;

    if (!has_file(e->cli)) {
        (void)cli_usage(e->cli, "packets are nothing for a terminal: -o FILE, or into a pipe");
        return NULL;
    }
    p = pcapng_new(&e->redactor);
    if (!p)
        cli_error(e->cli, "%s", status_sentence(STATUS_NO_MEMORY));
    return p;
}

/* ---- the key log ---------------------------------------------------------------------- */

/* As many whole lines as fit into a block. */
static size_t lines_len(struct bytes text)
{
    size_t len = text.len < PCAPNG_SECRETS_BYTES ? text.len : PCAPNG_SECRETS_BYTES;

    while (len > 0 && text.ptr[len - 1] != '\n')
        len--;
    return len;
}

static enum status put_lines(struct pcapng *p, struct bytes text, struct buf *out)
{
    enum status st = STATUS_OK;

    while (!st && text.len) {
        size_t len = lines_len(text);

        if (len == 0) /* the last line is still being written; no line is so long */
            return text.len < PCAPNG_SECRETS_BYTES ? STATUS_OK : STATUS_BAD_INPUT;
        st = pcapng_secrets(p, bytes_until(text, len), out);
        text = bytes_from(text, len);
    }
    return st;
}

/* --keylog, else what SSLKEYLOGFILE names, which need not be there. */
static enum status put_keys(struct pcapng *p, struct export *e)
{
    const char *given = options_value(&e->cli->options, OPTION_KEYLOG);
    const char *path = given ? given : getenv("SSLKEYLOGFILE");
    struct buf keys;
    enum status st;

    if (!path || !path[0])
        return STATUS_OK;
    buf_init(&keys, PATHS_FILE_BYTES);
    st = file_read(path, &keys);
    if (st && given)
        cli_error(e->cli, "cannot read '%s': %s", path,
                  st == STATUS_LIMIT ? "it is too large" : strerror(errno));
    if (!st)
        st = put_lines(p, buf_bytes(&keys), &e->out);
    else if (!given && st == STATUS_NOT_FOUND)
        st = STATUS_OK;
    buf_release(&keys);
    return st;
}

/* ---- flows ------------------------------------------------------------------------------- */

static enum status packets_begin(void *self, struct export *e)
{
    enum status st = pcapng_begin(self, "weir " WEIR_VERSION, &e->out);

    return st ? st : put_keys(self, e);
}

static enum status packets_flow(void *self, struct export *e, const struct flow *f)
{
    enum status st = pcapng_flow(self, f, &e->out);

    return st == STATUS_NOT_FOUND ? STATUS_END : st;
}

static enum status packets_end(void *self, struct export *e)
{
    return pcapng_end(self, &e->out);
}

static void packets_close(void *self)
{
    pcapng_free(self);
}

const struct export_format export_pcapng = {
    .name = "pcapng",
    .help = "packets, for Wireshark: decrypted, with made up TCP around them",
    .open = packets_open,
    .begin = packets_begin,
    .flow = packets_flow,
    .end = packets_end,
    .close = packets_close,
};
