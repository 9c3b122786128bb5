"""What weir refuses, and what it bears: ambiguous framing, limits, time, and size."""

import collections
import hashlib
import os
import threading
import time
import unittest

from rig import status
from weirtest import (
    Ground,
    Origin,
    Raw,
    Weir,
    early,
    eventually,
    release_binary,
    tunnel,
    upstream_map,
)

MIB = 1024 * 1024
BIG_BYTES = int(os.environ.get("WEIR_BIG_MIB", "256")) * MIB
RESIDENT_BYTES = 64 * MIB  # the most that any size of body may take
BLOCK = os.urandom(MIB)

HOST = b"Host: origin.test\r\n"
# (what is wrong, the lines after "POST http://origin.test/bad HTTP/1.1", status)
BAD_REQUESTS = [
    ("length and coding", HOST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", 400),
    ("coding and length", HOST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", 400),
    ("two lengths", HOST + b"Content-Length: 3\r\nContent-Length: 4\r\n", 400),
    ("lengths in a list", HOST + b"Content-Length: 3, 4\r\n", 400),
    ("signed length", HOST + b"Content-Length: +3\r\n", 400),
    ("negative length", HOST + b"Content-Length: -3\r\n", 400),
    ("hexadecimal length", HOST + b"Content-Length: 0x3\r\n", 400),
    ("empty length", HOST + b"Content-Length:\r\n", 400),
    ("length over 2^63", HOST + b"Content-Length: 9223372036854775808\r\n", 400),
    ("chunked twice", HOST + b"Transfer-Encoding: chunked, chunked\r\n", 400),
    ("chunked not last", HOST + b"Transfer-Encoding: chunked, gzip\r\n", 400),
    ("unknown coding", HOST + b"Transfer-Encoding: xchunked\r\n", (400, 501)),
    ("empty coding", HOST + b"Transfer-Encoding:\r\n", 400),
    ("Kelvin sign", HOST + b"Transfer-Encoding: chun\xe2\x84\xaaed\r\n", 400),
    ("vertical tab", HOST + b"Transfer-Encoding:\x0bchunked\r\n", 400),
    ("space before colon", HOST + b"Content-Length : 3\r\n", 400),
    ("empty name", HOST + b": 3\r\n", 400),
    ("name of odd characters", HOST + b"X(y): 3\r\n", 400),
    ("folded line", HOST + b"X-A: 1\r\n 2\r\n", 400),
    ("leading space", b" X-A: 1\r\n" + HOST, 400),
    ("bare LF", HOST + b"X-A: 1\nX-B: 2\r\n", 400),
    ("bare CR", HOST + b"X-A: 1\rX-B: 2\r\n", 400),
    ("NUL", HOST + b"X-A: a\x00b\r\n", 400),
    ("no Host", b"X-A: 1\r\n", 400),
    ("two Hosts", HOST + b"Host: other.test\r\n", 400),
    ("Host of odd characters", b"Host: a/b\r\n", 400),
    ("Connection names Host", HOST + b"Connection: host\r\n", 400),
    (
        "Connection names the length",
        HOST + b"Connection: content-length\r\nContent-Length: 0\r\n",
        400,
    ),
    ("too many fields", HOST + b"X-A: 1\r\n" * 300, 431),
    ("too large a head", HOST + b"X-A: " + b"x" * 70000 + b"\r\n", 431),
]
BAD_LINES = [
    ("odd version", b"GET http://origin.test/ HTTP/1.x", 400),
    ("version 2", b"GET http://origin.test/ HTTP/2.0", 505),
    ("no version", b"GET http://origin.test/", 400),
    ("two spaces", b"GET  http://origin.test/ HTTP/1.1", 400),
    ("space in the target", b"GET http://origin.test/a b HTTP/1.1", 400),
    ("control in the target", b"GET http://origin.test/a\x01 HTTP/1.1", 400),
    ("method of odd characters", b"G(T http://origin.test/ HTTP/1.1", 400),
    ("user in the target", b"GET http://me@origin.test/ HTTP/1.1", 400),
    ("fragment in the target", b"GET http://origin.test/#f HTTP/1.1", 400),
    ("no target at all", b"GET x HTTP/1.1", 400),
    ("long line", b"GET http://origin.test/" + b"a" * 17000 + b" HTTP/1.1", 414),
]
BAD_RESPONSES = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX-A: a\x00b\r\n\r\n",
    b"HTTP/1.1 2000 OK\r\n\r\n",
    b"HTTP/3.1 200 OK\r\n\r\n",
    b"hello there\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n(x): 1\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX-A: " + b"x" * 70000 + b"\r\nContent-Length: 0\r\n\r\n",
]


class BadFraming(Ground):
    def refused(self, client, data, status):
        client.send(data)
        got = client.read_response()
        self.assertIn(got.status, status if isinstance(status, tuple) else (status,))
        try:
            self.assertEqual(client.read_to_end(), b"")  # it closes: nothing after is guessed
        except ConnectionResetError:
            pass

    def test_refuses_ambiguous_requests(self):
        tail = b"\r\nabcGET http://origin.test/smuggled HTTP/1.1\r\nHost: origin.test\r\n\r\n"
        for what, lines, status in BAD_REQUESTS:
            with self.subTest(what):
                self.refused(
                    self.raw(), b"POST http://origin.test/bad HTTP/1.1\r\n" + lines + tail, status
                )
        with self.subTest("coding in HTTP/1.0"):
            self.refused(
                self.raw(),
                b"POST http://origin.test/bad HTTP/1.0\r\n"
                + HOST
                + b"Transfer-Encoding: chunked\r\n"
                + tail,
                400,
            )
        self.assertEqual(self.origin.requests, [])
        flows = self.weir.flows(len(BAD_REQUESTS) + 1, kind="refused")
        for flow in flows:
            self.assertIn(flow["reason"], ("bad_request", "head_too_large", "bad_target"))
            self.assertTrue(flow["error"])

    def test_refuses_them_inside_tls_as_well(self):
        for what, lines, status in BAD_REQUESTS[:8]:
            with self.subTest(what):
                self.refused(self.tunnel(), b"POST /bad HTTP/1.1\r\n" + lines + b"\r\nabc", status)
        self.assertEqual(self.secure.requests, [])

    def test_refuses_bad_request_lines(self):
        for what, line, status in BAD_LINES:
            with self.subTest(what):
                self.refused(self.raw(), line + b"\r\n" + HOST + b"\r\n", status)
        self.assertEqual(self.origin.requests, [])

    def test_refuses_other_schemes(self):
        got = self.ask(self.raw(), "ftp://origin.test/")
        self.assertEqual(got.status, 400)

    def test_refuses_bad_chunks(self):
        for chunk in (
            b"-1\r\n",
            b"0x1\r\na\r\n",
            b"1 \x00\r\n",
            b"g\r\n",
            b"fffffffffffffffff\r\n",
            b"1\na\r\n",
            b"1\r\nab\r\n",
            b"1;" + b"x" * 5000 + b"\r\na\r\n",
            b"\r\n",
        ):
            with self.subTest(chunk[:20]):
                client = self.raw()
                client.send(
                    b"POST http://origin.test/chunk HTTP/1.1\r\n"
                    + HOST
                    + b"Transfer-Encoding: chunked\r\n\r\n"
                    + chunk
                    + b"0\r\n\r\n"
                )
                try:
                    self.assertEqual(client.read_response().status, 400)
                except (EOFError, ConnectionResetError):
                    pass  # the request was on its way already
        self.assertTrue(all(not request.body for request in self.origin.requests))

    def test_refuses_ambiguous_responses(self):
        for number, response in enumerate(BAD_RESPONSES):
            with self.subTest(response[:60]):

                def answer(wire, _, response=response):
                    wire.send(response)
                    wire.read_to_end()  # it is for weir to close

                self.origin.routes["/bad%d" % number] = answer
                got = self.exchange(
                    self.raw(),
                    "GET http://origin.test/bad%d HTTP/1.1\r\n"
                    "Host: origin.test\r\n\r\n" % number,
                )
                self.assertEqual(got.status, 502)
                self.assertEqual(self.flow_of("/bad%d" % number)["reason"], "bad_response")

    def test_collapses_and_flags_equal_lengths(self):
        self.origin.routes["/twice"] = lambda wire, _: wire.send(
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok"
        )
        got = self.exchange(
            self.raw(),
            "POST http://origin.test/twice HTTP/1.1\r\nHost: origin.test\r\n"
            "Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
        )
        self.assertEqual(got.all("content-length"), ["2"])
        self.assertEqual(self.origin.last.all("content-length"), ["0"])
        self.assertIn("repeated_length", self.flow_of("/twice")["anomalies"])

    def test_uses_no_connection_again_that_said_too_much(self):
        self.origin.routes["/excess"] = lambda wire, _: wire.send(
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
        )
        client = self.raw()
        for path, body in (("/excess", b"ok"), ("/next", b"GET /next")):
            got = self.exchange(
                client, "GET http://origin.test%s HTTP/1.1\r\nHost: origin.test\r\n\r\n" % path
            )
            self.assertEqual(got.body, body)
        self.assertEqual(len({request.connection for request in self.origin.requests}), 2)


class Lenient(Ground):
    yaml = "http: { lenient: [origin.test] }\n"

    def test_passes_and_flags_what_is_only_untidy(self):
        got = self.exchange(
            self.tunnel(),
            "GET /untidy HTTP/1.1\r\nHost: origin.test\r\nX-A : 1\r\nX-B: 2\r\n\r\n",
        )
        self.assertEqual(got.status, 200)
        self.assertIn("space_before_colon", self.flow_of("/untidy")["anomalies"])
        self.assertNotIn(b"X-A :", self.secure.last.head)

    def test_never_passes_what_is_ambiguous(self):
        got = self.exchange(
            self.raw(),
            "POST http://origin.test/two HTTP/1.1\r\nHost: origin.test\r\n"
            "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        )
        self.assertEqual(got.status, 400)
        self.assertEqual(self.origin.requests, [])


class Time(Ground):
    yaml = "timeouts: { head: 400ms, client_idle: 600ms, response_head: 700ms, body_idle: 700ms }\n"

    def test_does_not_wait_for_ever_for_a_head(self):
        client = self.raw()
        client.send("GET http://origin.test/ HTTP/1.1\r\nHost: or")
        self.assertEqual(client.read_response().status, 408)
        self.assert_failed(self.weir.flow(reason="client_slow"), "client_slow")

    def test_closes_an_idle_client(self):
        client = self.raw()
        self.ask(client, "http://origin.test/")
        self.assertEqual(client.read_to_end(), b"")

    def test_does_not_wait_for_ever_for_a_response(self):
        self.origin.routes["/mute"] = lambda wire, _: wire.read_to_end()
        got = self.ask(self.raw(), "http://origin.test/mute")
        self.assertEqual(got.status, 504)
        self.assertEqual(self.flow_of("/mute")["reason"], "origin_slow")

    def test_does_not_wait_for_ever_for_a_body(self):
        def answer(wire, _):
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            wire.read_to_end()

        self.origin.routes["/stuck"] = answer
        client = self.raw()
        client.send("GET http://origin.test/stuck HTTP/1.1\r\nHost: origin.test\r\n\r\n")
        with self.assertRaises((EOFError, ConnectionResetError)):
            client.read_response()
        self.assertEqual(self.flow_of("/stuck")["reason"], "body_idle")


def send_big(wire, _):
    """BIG_BYTES of content, and how far it came."""
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % BIG_BYTES)
    wire.sent = 0
    while wire.sent < BIG_BYTES:
        wire.send(BLOCK)
        wire.sent += len(BLOCK)


@early
def take_big(wire, request):
    wire.reply(200, read_digest(wire, int(request.get("content-length"))).encode())


def read_digest(stream, count):
    digest = hashlib.sha256()
    while count > 0:
        data = stream.read_some()
        if not data:
            raise EOFError("%d bytes too early" % count)
        digest.update(data)
        count -= len(data)
    return digest.hexdigest()


def big_digest():
    digest = hashlib.sha256()
    for _ in range(BIG_BYTES // MIB):
        digest.update(BLOCK)
    return digest.hexdigest()


class Sizes(Ground):
    """Run with the release build where there is one: only that has a memory to measure."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.expected = big_digest()

    def setUp(self):
        super().setUp()
        self.program = release_binary()
        self.measured = self.enterContext(Weir(self.configuration(), program=self.program))
        for origin in (self.origin, self.secure):
            origin.routes.update({"/down": send_big, "/up": take_big})

    def clients(self):
        client = Raw(self.measured.port)
        self.addCleanup(client.drop)
        yield client, "http://origin.test"
        client = tunnel(self.measured, "origin.test:443")
        self.addCleanup(client.drop)
        yield client, ""

    def assert_small(self):
        if self.program:
            self.assertLess(self.measured.memory_peak_bytes(), RESIDENT_BYTES)

    def test_passes_a_big_download_in_little_memory(self):
        for client, prefix in self.clients():
            client.send("GET %s/down HTTP/1.1\r\nHost: origin.test\r\n\r\n" % prefix)
            client.read_until(b"\r\n\r\n")
            self.assertEqual(read_digest(client, BIG_BYTES), self.expected)
            self.assert_small()

    def test_passes_a_big_upload_in_little_memory(self):
        for client, prefix in self.clients():
            client.send(
                "PUT %s/up HTTP/1.1\r\nHost: origin.test\r\nContent-Length: %d\r\n\r\n"
                % (prefix, BIG_BYTES)
            )
            for _ in range(BIG_BYTES // MIB):
                client.send(BLOCK)
            self.assertEqual(client.read_response().body.decode(), self.expected)
            self.assert_small()

    def sent_by(self, origin):
        return getattr(origin.wires[-1], "sent", 0) if origin.wires else 0

    def assert_stands_still(self, origin):
        """The origin could send no more for a second, and far less than all."""
        last = -1
        deadline = time.monotonic() + 30
        while (now := self.sent_by(origin)) != last:
            self.assertLess(time.monotonic(), deadline, "the origin goes on sending")
            last = now
            time.sleep(1)
        self.assertLess(last, BIG_BYTES - 32 * MIB)
        return last

    @unittest.skipIf(BIG_BYTES < 128 * MIB, "the kernel's buffers hold that much")
    def test_holds_the_origin_back_for_a_reader_that_stops(self):
        for origin, (client, prefix) in zip((self.origin, self.secure), self.clients()):
            client.send("GET %s/down HTTP/1.1\r\nHost: origin.test\r\n\r\n" % prefix)
            client.read_until(b"\r\n\r\n")
            self.assert_stands_still(origin)
            self.assert_small()
            self.assertEqual(read_digest(client, BIG_BYTES), self.expected)  # and it goes on

    def test_stays_small_for_a_slow_reader(self):
        for client, prefix in self.clients():
            client.send("GET %s/down HTTP/1.1\r\nHost: origin.test\r\n\r\n" % prefix)
            client.read_until(b"\r\n\r\n")
            for _ in range(30):  # 10 KiB/s for three seconds
                client.read_exactly(1024)
                time.sleep(0.1)
            self.assert_small()

    def test_holds_the_client_back_for_an_origin_that_does_not_read(self):
        go = threading.Event()

        @early
        def answer(wire, request):
            go.wait(60)
            take_big(wire, request)

        for origin, (client, prefix) in zip((self.origin, self.secure), self.clients()):
            go.clear()
            origin.routes["/late"] = answer
            client.send(
                "PUT %s/late HTTP/1.1\r\nHost: origin.test\r\nContent-Length: %d\r\n\r\n"
                % (prefix, BIG_BYTES)
            )
            sender = threading.Thread(
                target=lambda: [client.send(BLOCK) for _ in range(BIG_BYTES // MIB)]
            )
            sender.start()
            sender.join(2)
            if BIG_BYTES >= 128 * MIB:
                self.assertTrue(sender.is_alive(), "everything was taken though nobody read it")
            self.assert_small()
            go.set()
            sender.join(120)
            self.assertEqual(client.read_response().body.decode(), self.expected)

    def test_gives_back_every_descriptor(self):
        def idle():
            return self.measured.descriptors() <= before + 4

        for client, prefix in self.clients():
            self.ask(client, prefix + "/x")
            client.close()
        before = self.measured.descriptors()
        clients = [Raw(self.measured.port) for _ in range(100)]
        for client in clients:
            client.send(
                "GET http://origin.test/x HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n\r\n"
            )
        for client in clients:
            self.assertEqual(client.read_response().status, 200)
            client.drop()
        for wire in list(self.origin.wires):
            wire.drop()
        eventually(idle, "the end of all connections")


class IdleUpstreams(unittest.TestCase):
    """Connections to origins that nobody uses are kept for the next burst, and then for a
    while in a number that is bounded."""

    KEPT = 256
    CLIENTS = 300

    def setUp(self):
        self.origin = self.enterContext(Origin())
        yaml = upstream_map({"origin.test:80": self.origin.port})
        self.weir = self.enterContext(Weir(yaml, ["--workers", "1"]))

    def idle(self):
        return status(self.weir)["traffic"]["upstreams_idle"]

    def burst(self):
        """One request of each client; the origin answers when all have arrived."""
        for client in self.clients:
            client.send("GET http://origin.test/all HTTP/1.1\r\nHost: origin.test\r\n\r\n")
        for client in self.clients:
            self.assertEqual(client.read_response().status, 200)

    def test_keeps_a_burst_of_them_for_the_next_one_and_few_in_the_end(self):
        together = threading.Barrier(self.CLIENTS)

        def answer(wire, request):
            together.wait(30)
            wire.reply(200, b"")

        self.origin.routes["/all"] = answer
        self.clients = [self.enterContext(Raw(self.weir.port)) for _ in range(self.CLIENTS)]
        self.burst()
        self.burst()
        used = collections.Counter(r.connection for r in self.origin.requests)
        self.assertEqual(set(used.values()), {2})
        eventually(lambda: self.idle() == self.KEPT, "closing the others")


class Connections(unittest.TestCase):
    def test_takes_no_more_connections_than_it_may(self):
        with Weir("limits: { connections: 2 }\n" + upstream_map({"a.test": 1})) as weir:
            first, second = Raw(weir.port), Raw(weir.port)
            for client in (first, second):
                client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                self.assertEqual(client.read_response().status, 200)
            third = Raw(weir.port, timeout=2)
            third.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            with self.assertRaises((EOFError, OSError)):
                third.read_response()
            first.close()
            second.close()
            third.close()
            eventually(lambda: self.served(weir), "room for another")

    def served(self, weir):
        with Raw(weir.port, timeout=2) as client:
            try:
                client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                return client.read_response().status == 200
            except (EOFError, OSError):
                return False


if __name__ == "__main__":
    unittest.main()
