/* bench_h1: what HTTP/1 costs per message, in nanoseconds: a browser's request
 * of about 700 bytes parsed, carried through a codec, and written again.
 * bench_h1 [WORD]: only the rows whose name holds the word. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/codec.h"
#include "http/h1_chunked.h"
#include "http/h1_head.h"
#include "http/h1_writer.h"

enum { ROUNDS = 10 * 1000, REPEATS = 100, BODY_BYTES = 64 * 1024 };

static const char request[] =
    "GET /wp-content/uploads/2010/03/hello-kitty-darth-vader-pink.jpg HTTP/1.1\r\n"
    "Host: www.kittyhell.test\r\n"
    "User-Agent: Mozilla/5.0 (Macintosh; U; Intel Mac OS X 10.6; ja-JP-mac; rv:1.9.2.3) "
    "Gecko/20100401 Firefox/3.6.3 Pathtraq/0.9\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: ja,en-us;q=0.7,en;q=0.3\r\n"
    "Accept-Encoding: gzip,deflate\r\n"
    "Accept-Charset: Shift_JIS,utf-8;q=0.7,*;q=0.7\r\n"
    "Keep-Alive: 115\r\n"
    "Connection: keep-alive\r\n"
    "Cookie: wp_ozh_wsa_visits=2; wp_ozh_wsa_visit_lasttime=xxxxxxxxxx; "
    "__utma=xxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.x; "
    "__utmz=xxxxxxxxx.xxxxxxxxxx.x.x.utmccn=(referral)|utmcsr=reader.livedoor.test|"
    "utmcct=/reader/|utmcmd=referral|padding=under-calculating\r\n"
    "\r\n";

static const struct codec_limits limits = {
    .head_bytes = HTTP_HEAD_BYTES,
    .fields = HTTP_FIELDS,
    .request_line_bytes = HTTP_REQUEST_LINE_BYTES,
};

struct bench {
    struct chunk_pool pool;
    struct h1_scratch *scratch;
    struct codec *codec;
    const char *word;
    uint64_t seen; /* so that nothing is optimised away */
};

static void require(enum status st)
{
    if (st) {
        fprintf(stderr, "bench_h1: %s\n", status_sentence(st));
        exit(1);
    }
}

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* The best of some runs, which is the one least disturbed. */
static void measure(const char *name, void (*round)(struct bench *b), struct bench *b, int rounds)
{
    int64_t best = INT64_MAX;

    if (strstr(name, b->word) == NULL)
        return;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        int64_t start = now_ns(), took;

        for (int i = 0; i < rounds; i++)
            round(b);
        took = now_ns() - start;
        best = took < best ? took : best;
    }
    printf("%-44s %8.1f ns\n", name, (double)best / rounds);
}

static void parse_request(struct bench *b)
{
    struct codec_fault fault;
    struct h1_reader r;

    h1_reader_init(&r, HTTP_REQUEST, &limits, b->scratch, bytes_make(request, sizeof(request) - 1),
                   &fault);
    require(h1_head_parse(&r, NULL));
    b->seen += b->scratch->head.fields.count;
}

static void copy_head(struct bench *b)
{
    struct arena a;
    struct head copy;

    arena_init(&a, 1024 * 1024);
    require(head_copy(&a, &b->scratch->head, &copy));
    b->seen += copy.fields.count;
    arena_release(&a);
}

static void write_request(struct bench *b)
{
    struct h1_plan plan = {.frame = H1_FRAME_NONE};
    struct bytes out;

    require(h1_write_head(b->scratch, &b->scratch->head, &plan, &out));
    b->seen += out.len;
}

static void on_event(void *self, uint32_t stream, const struct message_event *ev)
{
    struct bench *b = self;

    (void)stream;
    b->seen += ev->kind;
}

static void on_credit(void *self, uint32_t stream, size_t content_bytes)
{
    struct bench *b = self;

    (void)stream;
    b->seen += content_bytes;
}

static void answer(struct bench *b, uint32_t stream)
{
    static const struct head head = {
        .side = HTTP_RESPONSE, .framing = HTTP_LENGTH, .length = 0, .status = 200};
    size_t bytes;

    require(
        codec_send(b->codec, stream, &(struct message_event){.kind = MESSAGE_HEAD, .head = &head}));
    require(codec_send(b->codec, stream, &(struct message_event){.kind = MESSAGE_END}));
    bytes = codec_out(b->codec)->bytes;
    slice_queue_consume(codec_out(b->codec), bytes);
    codec_sent(b->codec, bytes);
}

static uint32_t feed(struct bench *b, const char *text, size_t len, uint32_t stream)
{
    size_t used;

    require(codec_feed(b->codec, slice_of(bytes_make(text, len)), &used));
    b->seen += used;
    return stream;
}

static uint32_t next_stream(struct bench *b)
{
    static uint32_t stream;

    (void)b;
    return ++stream;
}

static void serve_request(struct bench *b)
{
    answer(b, feed(b, request, sizeof(request) - 1, next_stream(b)));
}

static void serve_request_by_bytes(struct bench *b)
{
    uint32_t stream = next_stream(b);

    for (size_t i = 0; i < sizeof(request) - 1; i++)
        feed(b, request + i, 1, stream);
    answer(b, stream);
}

static void parse_field_names(struct bench *b)
{
    static const struct bytes names[] = {
        BYTES_INIT("Host"),         BYTES_INIT("User-Agent"),      BYTES_INIT("Accept"),
        BYTES_INIT("Content-Type"), BYTES_INIT("Accept-Encoding"), BYTES_INIT("X-Request-Id"),
        BYTES_INIT("Keep-Alive"),   BYTES_INIT("Connection"),      BYTES_INIT("Cookie"),
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        b->seen += field_id_of(names[i]);
}

static void read_chunks(struct bench *b)
{
    static uint8_t body[BODY_BYTES];
    struct h1_chunked d;
    struct bytes in, data;

    if (body[0] == 0) {
        for (size_t at = 0; at + 1032 < sizeof(body); at += 1031)
            memcpy(body + at, "400\r\n", 5), memcpy(body + at + 1029, "\r\n", 2);
    }
    h1_chunked_init(&d, false);
    in = bytes_make(body, (sizeof(body) - 1) / 1031 * 1031);
    while (h1_chunked_next(&d, &in, &data) == STATUS_OK)
        b->seen += data.len;
}

int main(int argc, char **argv)
{
    static const struct codec_user user = {on_event, on_credit, NULL};
    struct bench b = {.word = argc > 1 ? argv[1] : ""};

    chunk_pool_init(&b.pool, 16);
    require(h1_scratch_new(HTTP_FIELDS, &b.scratch));
    require(h1_codec_new(HTTP_REQUEST, &limits, b.scratch, &b.pool, &user, &b, &b.codec));
    printf("a request of %zu bytes:\n", sizeof(request) - 1);
    parse_request(&b); /* its head is what the next rows copy and write */
    measure("parse", parse_request, &b, ROUNDS);
    measure("copy its head into an arena", copy_head, &b, ROUNDS);
    measure("write it again", write_request, &b, ROUNDS);
    measure("feed to a codec and answer", serve_request, &b, ROUNDS);
    measure("the same byte by byte", serve_request_by_bytes, &b, ROUNDS / 20);
    measure("look 9 field names up", parse_field_names, &b, ROUNDS);
    measure("take 64 KiB out of chunks of 1 KiB", read_chunks, &b, ROUNDS / 20);
    codec_free(b.codec);
    h1_scratch_free(b.scratch);
    chunk_pool_release(&b.pool);
    return b.seen == 0;
}
