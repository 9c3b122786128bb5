#include "logs/redact_own.h"

static enum status name_add(struct redact_name *names, uint32_t *count, struct bytes name,
                            const struct redact_name **ret_added)
{
    struct redact_name n;

    redact_name_fold(name, &n);
    if (n.cut || n.len < 2)
        return STATUS_BAD_INPUT;
    if (*count == REDACT_OWN_NAMES)
        return STATUS_LIMIT;
    names[*count] = n;
    *ret_added = &names[(*count)++];
    return STATUS_OK;
}

enum status redact_own_add(struct redact_own *own, struct bytes name)
{
    const struct redact_name *added = NULL;
    enum status st = name_add(own->names, &own->name_count, name, &added);

    if (!st)
        redact_places_add(&own->places, added);
    return st;
}

enum status redact_own_allow(struct redact_own *own, struct bytes name)
{
    const struct redact_name *added = NULL;

    return name_add(own->allowed, &own->allowed_count, name, &added);
}
