/* h1_reader: a field section (of a head or of trailers) read in one go over
 * contiguous bytes, without a copy or an allocation per line. RFC 9112 §5.
 *
 * A loop owns one h1_scratch; what a reader finds lies in it and in the bytes
 * read, until the next reader starts. */
#ifndef WEIR_HTTP_H1_READER_H
#define WEIR_HTTP_H1_READER_H

#include "http/codec.h"

struct h1_scratch {
    struct head head;
    struct field *fields; /* room for max_fields and one Host of our own */
    uint32_t max_fields;
    uint8_t *made; /* values that had to be made: unfolded, or a path without its '/' */
    size_t made_len, made_cap;
    uint8_t *out; /* a head being serialised */
    size_t out_cap;
};

struct h1_reader {
    const uint8_t *begin, *at, *end;
    enum http_side side;
    const struct codec_limits *limits;
    struct h1_scratch *scratch;
    struct fields *fields;     /* being filled; its items are the scratch's */
    uint64_t seen, again;      /* 1 << enum field_id of each field so far; of those repeated */
    uint32_t anomalies;        /* HTTP_ANOMALY() bits of what passed */
    struct codec_fault *fault; /* filled when something is refused */
};

/* The room and the list of the scratch are taken over, emptied. */
void h1_reader_init(struct h1_reader *r, enum http_side side, const struct codec_limits *limits,
                    struct h1_scratch *scratch, struct bytes in, struct codec_fault *fault);

/* Fills the fault and answers STATUS_BAD_MESSAGE. A response is always a 502. */
enum status h1_refuse(struct h1_reader *r, uint16_t status, enum http_anomaly_place place);
/* The same with STATUS_LIMIT, for what is too large. */
enum status h1_refuse_size(struct h1_reader *r, uint16_t status, const char *sentence);
/* Refuses, or flags and passes when `pass`. */
enum status h1_object(struct h1_reader *r, bool pass, enum http_anomaly_place place);
/* What is only untidy passes in a response, and from a lenient host. */
bool h1_forgives(const struct h1_reader *r);

static inline bool h1_saw(const struct h1_reader *r, enum field_id id)
{
    return (r->seen >> id & 1) != 0;
}

static inline bool h1_saw_again(const struct h1_reader *r, enum field_id id)
{
    return (r->again >> id & 1) != 0;
}

/* Passes the end of a line at r->at, which stands on a CR or LF.
 * STATUS_NEED_MORE when the LF has not come. */
enum status h1_read_line_end(struct h1_reader *r);
/* Reads field lines through the empty line that ends them.
 * STATUS_OK, STATUS_NEED_MORE, STATUS_BAD_MESSAGE, STATUS_LIMIT, STATUS_NO_MEMORY. */
enum status h1_read_fields(struct h1_reader *r);
/* Room for bytes of a made value; all that is asked for while one section is
 * read must not pass the section's length. NULL when out of memory. */
uint8_t *h1_made_room(struct h1_reader *r);

/* Looks for the empty line that ends a section, piece by piece: each byte is
 * looked at once. */
enum h1_search {
    H1_SEARCH_LINE_START, /* where trailers begin */
    H1_SEARCH_IN_LINE,    /* where a head begins */
    H1_SEARCH_CR,
};
/* How many of `in` belong to the section, through its empty line; 0 when it
 * does not end here. */
size_t h1_search_end(enum h1_search *search, struct bytes in);

#endif
