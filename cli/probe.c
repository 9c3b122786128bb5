#include "cli/probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/probe_server.h"
#include "cli/probe_stream.h"
#include "proxy/loop/endpoint.h"

#define PROBE_HOST "127.0.0.1"

enum { REQUEST_BYTES = 8 * 1024 };

static void say_failure(struct probe_answer *a, const char *doing, enum status st)
{
    if (st == STATUS_END)
        snprintf(a->error, sizeof(a->error), "%s: it closed the connection", doing);
    else if (st == STATUS_IO && errno == EAGAIN)
        snprintf(a->error, sizeof(a->error), "%s: nothing came for %d seconds", doing,
                 PROBE_SECONDS);
    else
        snprintf(a->error, sizeof(a->error), "%s: %s", doing,
                 st == STATUS_IO ? strerror(errno) : status_sentence(st));
}

static bool connect_proxy(const struct probe_ask *ask, struct probe_stream *s,
                          struct probe_answer *a)
{
    int fd = socket(ask->proxy->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        say_failure(a, "making a socket", STATUS_IO);
        return false;
    }
    probe_stream_init(s, fd);
    if (connect(fd, (const void *)ask->proxy, endpoint_len(ask->proxy)) == 0)
        return true;
    say_failure(a, "connecting to weir", STATUS_IO);
    probe_stream_close(s);
    return false;
}

static void put_auth(const struct probe_ask *ask, struct buf *out)
{
    if (!ask->auth.len)
        return;
    buf_put_text(out, "Proxy-Authorization: Basic ");
    text_put_base64(out, ask->auth);
    buf_put_text(out, "\r\n");
}

/* "HTTP/1.1 200 OK" */
static unsigned status_of(struct bytes head)
{
    uint64_t status = 0;

    if (!bytes_starts_with(head, BYTES("HTTP/1.")) || head.len < 12 ||
        bytes_to_u64(bytes_until(bytes_from(head, 9), 3), 999, &status))
        return 0;
    return (unsigned)status;
}

/* Through CONNECT into the proxy's TLS. */
static bool open_tunnel(const struct probe_ask *ask, uint16_t port, struct probe_stream *s,
                        struct probe_answer *a)
{
    const struct tls_target target = {.host = BYTES(PROBE_HOST), .port = port, .verify = true};
    struct buf text;
    enum status st;

    buf_init(&text, PROBE_ANSWER_BYTES);
    buf_putf(&text, "CONNECT " PROBE_HOST ":%u HTTP/1.1\r\nHost: " PROBE_HOST ":%u\r\n",
             (unsigned)port, (unsigned)port);
    put_auth(ask, &text);
    buf_put_text(&text, "\r\n");
    st = probe_stream_write(s, buf_bytes(&text));
    buf_clear(&text);
    if (!st)
        st = probe_stream_read_head(s, &text);
    if (st)
        say_failure(a, "CONNECT", st);
    a->status = st ? 0 : status_of(buf_bytes(&text));
    buf_release(&text);
    if (a->status != 200)
        return false;
    st = probe_stream_connect(s, ask->tls, &target);
    if (st == STATUS_TLS)
        snprintf(a->error, sizeof(a->error), "TLS: %s", tlsio_error(s->tls));
    else if (st)
        say_failure(a, "TLS", st);
    a->encrypted = st == STATUS_OK;
    return a->encrypted;
}

/* All of the answer: the connection is closed after it. */
static void ask_and_read(const struct probe_ask *ask, uint16_t port, struct probe_stream *s,
                         struct probe_answer *a)
{
    struct buf text;
    enum status st;

    buf_init(&text, PROBE_ANSWER_BYTES);
    buf_put_text(&text, "GET ");
    if (!ask->https)
        buf_putf(&text, "http://" PROBE_HOST ":%u", (unsigned)port);
    buf_putf(&text,
             "/ HTTP/1.1\r\nHost: " PROBE_HOST ":%u\r\nUser-Agent: weir-doctor\r\n"
             "Connection: close\r\n",
             (unsigned)port);
    if (!ask->https)
        put_auth(ask, &text);
    buf_put_text(&text, "\r\n");
    st = probe_stream_write(s, buf_bytes(&text));
    buf_clear(&text);
    while (!st)
        st = probe_stream_read(s, &text);
    a->status = status_of(buf_bytes(&text));
    a->from_server = bytes_search(buf_bytes(&text), BYTES(PROBE_SAYS)) >= 0;
    a->by_rule = bytes_search(buf_bytes(&text), BYTES("\r\nx-weir-rule:")) >= 0;
    if (!a->status)
        say_failure(a, "waiting for the answer", st);
    buf_release(&text);
}

static void talk(const struct probe_ask *ask, uint16_t port, struct probe_answer *a)
{
    struct probe_stream s;

    if (!connect_proxy(ask, &s, a))
        return;
    if (!ask->https || open_tunnel(ask, port, &s, a))
        ask_and_read(ask, port, &s, a);
    probe_stream_close(&s);
}

void probe_run(const struct probe_ask *ask, struct probe_answer *ret_answer)
{
    const struct leaf_request request = {.host = BYTES(PROBE_HOST), .now = time(NULL)};
    struct probe_server *server;
    struct leaf *leaf = NULL;

    *ret_answer = (struct probe_answer){0};
    if (ask->https && ca_leaf(ask->ca, &request, &leaf)) {
        snprintf(ret_answer->error, sizeof(ret_answer->error), "no certificate could be made");
        return;
    }
    server = probe_server_new(ask->tls, leaf);
    if (server)
        talk(ask, probe_server_port(server), ret_answer);
    else
        say_failure(ret_answer, "starting a test server", STATUS_IO);
    probe_server_free(server);
    leaf_unref(leaf);
}
