#include "cli/verdicts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "cli/place.h"

enum { FAULT_BYTES = 64 * 1024 };

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int refuse_filter(const struct cli *cli, const struct filter_fault *fault, struct bytes text)
{
    struct buf out;

    buf_init(&out, FAULT_BYTES);
    filter_put_fault(fault, text, cli->colour_err, &out);
    fputs(buf_text(&out), stderr);
    buf_release(&out);
    return cli_usage(cli, "--fail-if wants a filter, as in --fail-if 'status:5xx'");
}

static int add_fail_ifs(const struct cli *cli, struct expects *expects)
{
    const char *text;
    int at = 0;

    while ((text = options_next(&cli->options, OPTION_FAIL_IF, &at))) {
        struct filter_fault fault = {0};
        struct filter *filter = NULL;
        enum status st = filter_parse(bytes_of(text), now_us(), &filter, &fault);

        if (st == STATUS_BAD_INPUT || st == STATUS_LIMIT)
            return refuse_filter(cli, &fault, bytes_of(text));
        if (!st)
            st = expects_add_never(expects, filter, "--fail-if");
        if (!st)
            continue;
        filter_free(filter);
        cli_error(cli, "--fail-if: %s", status_sentence(st));
        return CODE_FAILED;
    }
    return CODE_OK;
}

int verdicts_begin(struct verdicts *v, const struct cli *cli, struct expects *expects,
                   const struct redactor *redactor)
{
    int code = add_fail_ifs(cli, expects);

    *v = (struct verdicts){.cli = cli, .expects = expects};
    if (code)
        return code;
    if (!expects->count && !options_has(&cli->options, OPTION_JUNIT) &&
        !options_has(&cli->options, OPTION_REPORT))
        return CODE_OK;
    v->verdict = verdict_new(expects, redactor);
    if (v->verdict)
        return CODE_OK;
    cli_error(cli, "out of memory");
    return CODE_FAILED;
}

void verdicts_finish(struct verdicts *v)
{
    if (v->verdict && !v->finished)
        verdict_finish(v->verdict);
    v->finished = true;
}

int verdicts_write(const struct cli *cli, const char *path, struct bytes content)
{
    struct place p;
    enum status st = place_open(&p, path);

    if (!st && !place_write(&p, content)) {
        int error = errno;

        (void)!place_close(&p, false);
        errno = error;
        st = STATUS_IO;
    } else if (!st) {
        st = place_close(&p, true);
    }
    if (!st)
        return CODE_OK;
    cli_error(cli, "cannot write %s: %s", path,
              st == STATUS_IO ? strerror(errno) : status_sentence(st));
    return CODE_FAILED;
}

/* A form of the report, to the file of an option when that is given. */
static int write_file(const struct verdicts *v, enum option option,
                      void (*put)(const struct verdict *, struct buf *))
{
    const char *path = options_value(&v->cli->options, option);
    struct buf out;
    int code;

    if (!path)
        return CODE_OK;
    buf_init(&out, VERDICT_TEXT_BYTES);
    put(v->verdict, &out);
    if (option == OPTION_REPORT)
        buf_put_byte(&out, '\n');
    if (buf_status(&out)) {
        cli_error(v->cli, "cannot write %s: %s", path, status_sentence(buf_status(&out)));
        code = CODE_FAILED;
    } else {
        code = verdicts_write(v->cli, path, buf_bytes(&out));
    }
    buf_release(&out);
    return code;
}

int verdicts_report(struct verdicts *v, int code)
{
    int written, also;
    struct buf out;

    if (!v->verdict)
        return code;
    verdicts_finish(v);
    buf_init(&out, VERDICT_TEXT_BYTES);
    verdict_put_text(v->verdict, v->cli->colour_err, &out);
    fputs(buf_text(&out), stderr);
    if (buf_status(&out))
        cli_error(v->cli, "no report of the expectations: %s", status_sentence(buf_status(&out)));
    buf_release(&out);
    written = write_file(v, OPTION_JUNIT, verdict_put_junit);
    also = write_file(v, OPTION_REPORT, verdict_put_json);
    if (code)
        return code;
    if (verdict_outcome(v->verdict) != VERDICT_PASSED)
        return CODE_NO_MATCH;
    return written ? written : also;
}

void verdicts_put_answer(const struct verdicts *v, struct buf *out)
{
    struct buf text;

    if (!v->verdict)
        return;
    buf_init(&text, VERDICT_TEXT_BYTES);
    buf_put_text(out, "{\"outcome\":");
    text_put_json(out, bytes_of(verdict_outcome_text(verdict_outcome(v->verdict))));
    verdict_put_text(v->verdict, false, &text);
    buf_put_text(out, ",\"report\":");
    text_put_json(out, buf_bytes(&text));
    if (!buf_status(&text))
        buf_clear(&text);
    verdict_put_junit(v->verdict, &text);
    buf_put_text(out, ",\"junit\":");
    text_put_json(out, buf_bytes(&text));
    buf_put_text(out, ",\"verdicts\":");
    verdict_put_json(v->verdict, out);
    buf_put_byte(out, '}');
    if (buf_status(&text))
        out->status = buf_status(&text);
    buf_release(&text);
}

void verdicts_release(struct verdicts *v)
{
    verdict_free(v->verdict);
    v->verdict = NULL;
}
