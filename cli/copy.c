#include "cli/copy.h"

#include <unistd.h>

#include "base/text.h"

int copy_form_named(const struct cli *cli, const char *name, const struct copy_form **ret_form)
{
    struct buf names;
    int code;

    *ret_form = copy_form_find(name);
    if (*ret_form)
        return CODE_OK;
    buf_init(&names, COPY_NOTES_BYTES);
    copy_form_put_names(&names);
    code = cli_usage(cli, "there is no form '%.40s' to copy as: %s", name, buf_text(&names));
    buf_release(&names);
    return code;
}

static int print_text(const struct cli *cli, const struct copy_form *form, struct buf *text)
{
    struct buf shown;
    int code;

    if (form->comment || !isatty(STDOUT_FILENO))
        return cli_print(cli, text); /* the other forms have nothing a terminal acts on */
    buf_init(&shown, COPY_AS_BYTES);
    text_put_terminal_lines(&shown, buf_bytes(text));
    code = cli_print(cli, &shown);
    buf_release(&shown);
    return code;
}

int copy_print(const struct cli *cli, const struct copy_form *form, const struct redactor *r,
               const struct flow *f)
{
    struct buf text, notes;
    enum status st;
    int code = CODE_FAILED;

    buf_init(&text, COPY_AS_BYTES);
    buf_init(&notes, COPY_NOTES_BYTES);
    st = copy_as_put(form, r, f, &text, &notes);
    if (st == STATUS_NOT_FOUND) {
        cli_error(cli, "flow %s has no request to copy", f->id);
        code = CODE_NO_MATCH;
    } else if (st) {
        cli_error(cli, "flow %s cannot be copied: %s", f->id, status_sentence(st));
    } else {
        if (notes.len)
            cli_put_shown(buf_text(&notes));
        code = print_text(cli, form, &text);
    }
    buf_release(&text);
    buf_release(&notes);
    return code;
}
