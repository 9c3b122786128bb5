/* `weir log --format curl`: a command for each request, to be run by a shell. */
#include "cli/log_format.h"
#include "logs/copy_as.h"

static enum status curl_flow(struct log_writer *w, const struct flow *f)
{
    struct buf notes;
    enum status st;

    buf_init(&notes, COPY_NOTES_BYTES);
    st = copy_as_put(&copy_form_curl, &w->redactor, f, &w->out, &notes);
    buf_release(&notes);
    return st == STATUS_NOT_FOUND ? STATUS_OK : st; /* a tunnel has no request */
}

const struct log_format log_format_curl = {
    .name = "curl",
    .help = "curl commands that send the requests again",
    .bodies = true,
    .flow = curl_flow,
};
