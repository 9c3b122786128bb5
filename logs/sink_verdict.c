/* sink_verdict: lets a verdict see each flow. The verdict is its owner's: settings.context;
 * it may be asked when the log has stopped. */
#include <stdio.h>

#include "logs/verdict.h"

static void *verdict_open(const struct sink_settings *settings, char *error)
{
    if (!settings->context)
        snprintf(error, SINK_ERROR_BYTES, "there is no verdict to be found");
    return settings->context;
}

static enum status verdict_take(void *self, const struct flow *f)
{
    verdict_flow(self, f);
    return STATUS_OK;
}

static enum status verdict_miss(void *self, const struct log_gap *gap)
{
    verdict_gap(self, gap);
    return STATUS_OK;
}

/* Nothing of it outlives the process. */
static enum status verdict_commit(void *self, bool now)
{
    (void)self;
    (void)now;
    return STATUS_OK;
}

static void verdict_close(void *self)
{
    (void)self;
}

const struct sink sink_verdict = {
    .name = "verdict",
    .help = "what came of expectations",
    .open = verdict_open,
    .flow = verdict_take,
    .gap = verdict_miss,
    .commit = verdict_commit,
    .close = verdict_close,
};
