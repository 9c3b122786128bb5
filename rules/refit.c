#include "rules/refit.h"

void refit_frame(struct head *head, size_t content_bytes, bool trailers)
{
    head->framing = trailers ? HTTP_CHUNKED : HTTP_LENGTH;
    head->length = trailers ? -1 : (int64_t)content_bytes;
}

void refit_forget_digests(struct head *head)
{
    static const char *const names[] = {"Content-Encoding", "Digest",      "Content-Digest",
                                        "Repr-Digest",      "Content-MD5", "Accept-Ranges",
                                        "Transfer-Encoding"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        fields_remove(&head->fields, bytes_of(names[i]));
}

enum status refit_response(struct arena *a, struct head *head, const struct head *received)
{
    struct bytes name = field_name(FIELD_CACHE_CONTROL);
    struct bytes asked = fields_value(&head->fields, name);
    struct bytes came = fields_value(&received->fields, name);

    refit_forget_digests(head);
    fields_remove(&head->fields, field_name(FIELD_ETAG));
    fields_remove(&head->fields, BYTES("Last-Modified"));
    if (!bytes_equal(asked, came))
        return STATUS_OK;
    return fields_set(a, &head->fields, name, BYTES("no-store"));
}

const char *refit_fault(const struct head *response)
{
    struct bytes type = fields_value(&response->fields, field_name(FIELD_CONTENT_TYPE));

    if (response->status == 101)
        return "the protocol is switched";
    if (response->status == 206)
        return "the response is a part of the content (206)";
    if (bytes_equal_icase(bytes_until(type, 17), BYTES("text/event-stream")))
        return "an event stream has no end";
    return NULL;
}
