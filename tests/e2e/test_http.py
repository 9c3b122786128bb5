"""HTTP/1 through weir, plain and inside TLS: what comes out is what went in."""

import gzip
import hashlib
import json
import os
import socket
import threading
import time
import unittest

from weirtest import Ground, Nginx, curl, curl_status, early, node_get, run, urllib_open

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW", "M-SEARCH"]


def digest(data):
    return hashlib.sha256(data).hexdigest()


class RealClientsAndServers(Ground):
    """curl, Python and Node against nginx."""

    @classmethod
    def targets(cls):
        cls.nginx = cls.enterClassContext(Nginx(cls.pki.leaf("origin.test")))
        return {"origin.test:80": cls.nginx.port, "origin.test:443": cls.nginx.tls_port}

    def test_carries_every_method_over_http_and_https(self):
        for scheme in ("http", "https"):
            for method in METHODS:
                with self.subTest(scheme=scheme, method=method):
                    path = "/echo/%s/%s" % (scheme, method)
                    args = ["-X", method] + (["-d", "a=1"] if method in ("POST", "PATCH") else [])
                    status, body = curl_status(
                        self.weir, "%s://origin.test%s" % (scheme, path), *args
                    )
                    self.assertEqual((status, body), (200, ("%s %s" % (method, path)).encode()))
                    flow = self.flow_of(path)
                    self.assertEqual(flow["kind"], "http")
                    self.assertEqual(flow["method"], method)
                    self.assertEqual(flow["url"], "%s://origin.test%s" % (scheme, path))
                    self.assertEqual(flow["response"]["status_code"], 200)
                    self.assertEqual(flow["reason"], "complete")
                    self.assertTrue(flow["response"]["ok"])

    def test_carries_head_without_a_body(self):
        for scheme in ("http", "https"):
            done = curl(self.weir, scheme + "://origin.test/echo/head", "-I")
            self.assertEqual(done.code, 0, done.err)
            self.assertIn(b"200 OK", done.out)
            self.assertIn(b"Content-Length: 15", done.out)

    def test_changes_nothing_that_curl_sees(self):
        """The same response by way of weir and without it."""
        for path in ("/echo", "/moved", "/empty", "/missing"):
            direct = run(
                "curl",
                "-q",
                "-sS",
                "-i",
                "--noproxy",
                "*",
                "-H",
                "Host: origin.test",
                "http://127.0.0.1:%d%s" % (self.nginx.port, path),
            )
            for scheme in ("http", "https"):
                proxied = curl(
                    self.weir,
                    "%s://origin.test%s" % (scheme, path),
                    "-i",
                    "--suppress-connect-headers",
                )
                self.assertEqual(self.comparable(proxied.out), self.comparable(direct.out))

    def comparable(self, text):
        """Its lines without the time and what is hop by hop."""
        return [
            line
            for line in text.split(b"\r\n")
            if not line.startswith((b"Date: ", b"Connection: "))
        ]

    def test_uploads_and_downloads_a_file_unchanged(self):
        data = os.urandom(3 * 1024 * 1024 + 7)
        for scheme in ("http", "https"):
            url = "%s://origin.test/files/%s.bin" % (scheme, scheme)
            for headers in ([], ["-H", "Transfer-Encoding: chunked"]):
                status, _ = curl_status(self.weir, url, "-T", "-", *headers, stdin=data)
                self.assertIn(status, (201, 204))
                status, body = curl_status(self.weir, url)
                self.assertEqual(status, 200)
                self.assertEqual(digest(body), digest(data))

    def test_passes_a_coded_body_untouched(self):
        self.nginx.write("gzip/t.txt", b"weir " * 1000)
        for scheme in ("http", "https"):
            done = curl(
                self.weir, scheme + "://origin.test/gzip/t.txt", "-H", "Accept-Encoding: gzip"
            )
            self.assertEqual(gzip.decompress(done.out), b"weir " * 1000)

    def test_answers_a_range_request_with_the_part(self):
        self.nginx.write("range.bin", bytes(range(256)) * 16)
        for scheme in ("http", "https"):
            status, body = curl_status(
                self.weir, scheme + "://origin.test/range.bin", "-r", "250-260"
            )
            self.assertEqual((status, body), (206, bytes(range(250, 256)) + bytes(range(5))))

    def test_serves_pythons_urllib(self):
        for scheme in ("http", "https"):
            with urllib_open(
                self.weir, scheme + "://origin.test/echo/urllib", data=b"x=1"
            ) as answer:
                self.assertEqual(answer.read(), b"POST /echo/urllib")

    def test_serves_node(self):
        for scheme in ("http", "https"):
            done = node_get(self.weir, scheme + "://origin.test/echo/node")
            self.assertEqual(done.code, 0, done.err)
            self.assertEqual(json.loads(done.out), {"status": 200, "text": "GET /echo/node"})


class Heads(Ground):
    def test_keeps_order_spelling_and_spacing_of_a_request(self):
        for origin, client, prefix in self.both():
            lines = (
                "Host: origin.test\r\nX-b: 1\r\nx-A:\t two  \r\nX-b: 2\r\nACCEPT:*/*\r\n"
                "user-Agent: odd/1\r\nX-Empty:\r\n\r\n"
            )
            self.exchange(client, "GET %s/order?b=1&a=%%20 HTTP/1.1\r\n%s" % (prefix, lines))
            self.assertEqual(origin.last.head.decode(), "GET /order?b=1&a=%20 HTTP/1.1\r\n" + lines)

    def test_keeps_order_spelling_and_spacing_of_a_response(self):
        head = (
            "HTTP/1.1 200 Fine By Me\r\nX-Z: 1\r\ncontent-LENGTH: 2\r\nx-z:2\r\n"
            "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Odd: \xe9\r\n\r\n"
        )
        for origin, client, prefix in self.both():
            origin.routes["/order"] = lambda wire, _: wire.send(head, b"ok")
            answer = self.ask(client, prefix + "/order")
            self.assertEqual(answer.head, head.encode("latin-1"))
            self.assertEqual(answer.body, b"ok")

    def test_strips_what_is_hop_by_hop_in_a_request(self):
        for origin, client, prefix in self.both():
            self.exchange(
                client,
                "GET %s/hop HTTP/1.1\r\nHost: origin.test\r\nX-Mine: 1\r\n"
                "Connection: keep-alive, x-mine\r\nKeep-Alive: timeout=5\r\n"
                "Proxy-Connection: keep-alive\r\nProxy-Authorization: Basic eDp5\r\n"
                "TE: deflate\r\nX-Stays: 1\r\n\r\n" % prefix,
            )
            names = [name.lower() for name, _ in origin.last.headers]
            self.assertEqual(names, ["host", "x-stays"])

    def test_strips_what_is_hop_by_hop_in_a_response(self):
        for origin, client, prefix in self.both():
            origin.routes["/hop"] = lambda wire, _: wire.reply(
                200,
                b"ok",
                [
                    ("Connection", "X-Mine"),
                    ("X-Mine", "1"),
                    ("Keep-Alive", "timeout=5"),
                    ("Proxy-Authenticate", "Basic"),
                    ("X-Stays", "1"),
                ],
            )
            answer = self.ask(client, prefix + "/hop")
            names = [name.lower() for name, _ in answer.headers]
            self.assertEqual(names, ["x-stays", "content-length"])

    def test_keeps_te_trailers(self):
        for origin, client, prefix in self.both():
            self.exchange(
                client,
                "GET %s/te HTTP/1.1\r\nHost: origin.test\r\n"
                "Connection: TE\r\nTE: trailers\r\n\r\n" % prefix,
            )
            self.assertEqual(origin.last.get("TE"), "trailers")

    def test_lets_the_target_win_over_host(self):
        """RFC 9112 §3.2.2"""
        self.exchange(
            self.raw(), "GET http://origin.test/host HTTP/1.1\r\nhost: other.test\r\n\r\n"
        )
        self.assertEqual(self.origin.last.all("host"), ["origin.test"])
        self.assertIn("host_not_target", self.flow_of("/host")["anomalies"])

    def test_makes_a_star_of_options_without_a_path(self):
        """RFC 9112 §3.2.4"""
        self.ask(self.raw(), "http://origin.test", method="OPTIONS")
        self.assertEqual(self.origin.last.target, "*")
        self.exchange(self.tunnel(), "OPTIONS * HTTP/1.1\r\nHost: origin.test\r\n\r\n")
        self.assertEqual(self.secure.last.target, "*")

    def test_sends_an_empty_path_as_a_slash(self):
        self.ask(self.raw(), "http://origin.test?q=1")
        self.assertEqual(self.origin.last.target, "/?q=1")

    def test_passes_trace_without_its_secrets(self):
        for origin, client, prefix in self.both():
            self.exchange(
                client,
                "TRACE %s/trace HTTP/1.1\r\nHost: origin.test\r\nCookie: a=1\r\n"
                "Authorization: Basic eDp5\r\nX-Stays: 1\r\n\r\n" % prefix,
            )
            self.assertEqual([name for name, _ in origin.last.headers], ["Host", "X-Stays"])

    def test_adds_no_field(self):
        self.ask(self.raw(), "http://origin.test/bare")
        self.assertEqual(self.origin.last.head, b"GET /bare HTTP/1.1\r\nHost: origin.test\r\n\r\n")


class ViaHeader(Ground):
    yaml = "http: { via: on }\n"

    def test_adds_via_when_it_is_on(self):
        """RFC 9110 §7.6.3"""
        self.exchange(
            self.raw(),
            "GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n" "Via: 1.0 first\r\n\r\n",
        )
        self.assertEqual(
            ", ".join(self.origin.last.all("via")).split(" ")[:3], ["1.0", "first,", "1.1"]
        )


class Bodies(Ground):
    def test_carries_a_chunked_response_and_its_trailers(self):
        def answer(wire, _):
            wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n")
            wire.chunk(b"hello ", ";name=value")
            wire.chunk(b"world")
            wire.end_chunks([("X-Sum", "7"), ("x-other", "8")])

        for origin, client, prefix in self.both():
            origin.routes["/chunked"] = answer
            got = self.ask(client, prefix + "/chunked")
            self.assertTrue(got.chunked)
            self.assertEqual(got.body, b"hello world")
            self.assertEqual(got.trailers, [("X-Sum", "7"), ("x-other", "8")])
            self.assertNotIn(b"name=value", got.raw_body)

    def test_carries_a_chunked_request_and_its_trailers(self):
        for origin, client, prefix in self.both():
            self.exchange(
                client,
                "POST %s/up HTTP/1.1\r\nHost: origin.test\r\n"
                "Transfer-Encoding: chunked\r\n\r\n5;x=1\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 7\r\n\r\n"
                % prefix,
            )
            self.assertEqual(origin.last.body, b"hello!")
            self.assertEqual(origin.last.trailers, [("X-Sum", "7")])

    def test_streams_a_response_as_it_comes(self):
        """The first part is here before the origin sends the second."""
        for origin, client, prefix in self.both():
            go = threading.Event()

            def answer(wire, _):
                wire.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none")
                wire.send("two" if go.wait(20) else "bad")

            origin.routes["/stream"] = answer
            client.send("GET %s/stream HTTP/1.1\r\nHost: origin.test\r\n\r\n" % prefix)
            client.read_until(b"\r\n\r\n")
            self.assertEqual(client.read_exactly(3), b"one")
            go.set()
            self.assertEqual(client.read_exactly(3), b"two")

    def test_streams_a_request_as_it_comes(self):
        @early
        def answer(wire, request):
            wire.send("HTTP/1.1 100 Continue\r\n\r\n" if wire.read_exactly(3) == b"one" else "bad")
            wire.reply(200, wire.read_exactly(3))

        for origin, client, prefix in self.both():
            origin.routes["/stream"] = answer
            client.send(
                "POST %s/stream HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 6\r\n\r\none"
                % prefix
            )
            self.assertEqual(client.read_response().status, 100)
            client.send("two")
            self.assertEqual(client.read_response().body, b"two")

    def test_ends_a_response_that_runs_until_close(self):
        def answer(wire, _):
            wire.send("HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\nuntil the end")
            wire.close()

        for origin, client, prefix in self.both():
            origin.routes["/close"] = answer
            got = self.ask(client, prefix + "/close")
            self.assertEqual(got.body, b"until the end")

    def test_has_no_body_after_head_204_and_304(self):
        for origin, client, prefix in self.both():
            origin.routes["/204"] = lambda wire, _: wire.reply(204)
            origin.routes["/304"] = lambda wire, _: wire.send(
                "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"
            )
            origin.routes["/head"] = lambda wire, request: wire.send(
                "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
            )
            for path, method, status in (
                ("/204", "GET", 204),
                ("/304", "GET", 304),
                ("/head", "HEAD", 200),
            ):
                got = self.exchange(
                    client, "%s %s%s HTTP/1.1\r\nHost: origin.test\r\n\r\n" % (method, prefix, path)
                )
                self.assertEqual(got.status, status)
            # The connection is in step still.
            got = self.ask(client, prefix + "/after")
            self.assertEqual(got.body, b"GET /after")

    def test_shows_a_body_cut_short_as_cut_short(self):
        def cut_length(wire, _):
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
            wire.close()

        def cut_chunk(wire, _):
            wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n")
            wire.close()

        for scheme, origin in (("http", self.origin), ("https", self.secure)):
            origin.routes.update({"/cut_length": cut_length, "/cut_chunk": cut_chunk})
            for path in ("/cut_length", "/cut_chunk"):
                with self.subTest(scheme=scheme, path=path):
                    done = curl(self.weir, scheme + "://origin.test" + path)
                    self.assertIn(done.code, (18, 56), done.err)
                    self.assertEqual(done.out, b"short")
                    flow = self.flow_of(scheme + "://origin.test" + path)
                    self.assertEqual(flow["reason"], "origin_truncated")
                    self.assertTrue(flow["error"])

    def test_carries_a_reset_over(self):
        def answer(wire, _):
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
            wire.reset()

        self.origin.routes["/reset"] = answer
        done = curl(self.weir, "http://origin.test/reset")
        self.assertIn(done.code, (18, 56), done.err)
        self.assertIn(self.flow_of("/reset")["reason"], ("origin_reset", "origin_truncated"))

    def test_gives_the_early_answer_to_a_long_upload(self):
        @early
        def answer(wire, _):
            wire.reply(413, b"too much", [("Connection", "close")])
            wire.finish()
            wire.sock.settimeout(5)
            wire.read_to_end()

        for scheme, origin in (("http", self.origin), ("https", self.secure)):
            origin.routes["/early"] = answer
            status, body = curl_status(
                self.weir,
                scheme + "://origin.test/early",
                "-H",
                "Expect:",
                "--data-binary",
                "@-",
                stdin=bytes(4 * 1024 * 1024),
            )
            self.assertEqual((status, body), (413, b"too much"))


class Interim(Ground):
    def test_passes_every_interim_response(self):
        def answer(wire, _):
            wire.send(
                "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
            )
            wire.reply(200, b"ok")

        for origin, client, prefix in self.both():
            origin.routes["/hints"] = answer
            got = self.ask(client, prefix + "/hints")
            self.assertEqual(got.status, 102)
            got = client.read_response()
            self.assertEqual((got.status, got.get("link")), (103, "</a.css>"))
            self.assertEqual(client.read_response().body, b"ok")

    def test_keeps_interim_responses_from_an_http_1_0_client(self):
        """RFC 9110 §15.2"""
        self.origin.routes["/hints"] = lambda wire, _: wire.send(
            "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        )
        got = self.exchange(
            self.raw(), "GET http://origin.test/hints HTTP/1.0\r\nHost: origin.test\r\n\r\n"
        )
        self.assertEqual((got.status, got.body), (200, b"ok"))

    def test_carries_expect_100_continue_both_ways(self):
        """RFC 9110 §10.1.1"""

        @early
        def answer(wire, request):
            wire.send("HTTP/1.1 100 Continue\r\n\r\n")
            wire.reply(200, wire.read_request_body(request))

        for origin, client, prefix in self.both():
            origin.routes["/expect"] = answer
            client.send(
                "PUT %s/expect HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 4\r\n"
                "Expect: 100-continue\r\n\r\n" % prefix
            )
            self.assertEqual(client.read_response().status, 100)
            client.send("body")
            self.assertEqual(client.read_response().body, b"body")
            self.assertEqual(origin.last.get("expect"), "100-continue")

    def test_gives_the_final_answer_to_an_expectation(self):
        @early
        def answer(wire, _):
            wire.reply(417, b"no", [("Connection", "close")])
            wire.close()

        for origin, client, prefix in self.both():
            origin.routes["/expect"] = answer
            client.send(
                "PUT %s/expect HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 4\r\n"
                "Expect: 100-continue\r\n\r\n" % prefix
            )
            got = client.read_response()
            self.assertEqual((got.status, got.body), (417, b"no"))

    def test_lets_curl_upload_with_an_expectation(self):
        data = os.urandom(2 * 1024 * 1024)

        @early
        def answer(wire, request):
            wire.send("HTTP/1.1 100 Continue\r\n\r\n")
            wire.reply(200, digest(wire.read_request_body(request)).encode())

        for scheme, origin in (("http", self.origin), ("https", self.secure)):
            origin.routes["/expect"] = answer
            status, body = curl_status(
                self.weir,
                scheme + "://origin.test/expect",
                "-H",
                "Expect: 100-continue",
                "--expect100-timeout",
                "20",
                "--data-binary",
                "@-",
                stdin=data,
            )
            self.assertEqual((status, body), (200, digest(data).encode()))


class Connections(Ground):
    def test_answers_pipelined_requests_in_their_order(self):
        def slow(wire, _):
            time.sleep(0.2)
            wire.reply(200, b"slow " * 1000)

        for origin, client, prefix in self.both():
            origin.routes["/1"] = slow
            client.send(
                "".join(
                    "GET %s/%d HTTP/1.1\r\nHost: origin.test\r\n\r\n" % (prefix, n)
                    for n in range(1, 21)
                )
            )
            self.assertEqual(client.read_response().body, b"slow " * 1000)
            for n in range(2, 21):
                self.assertEqual(client.read_response().body, b"GET /%d" % n)

    def test_keeps_the_connection_to_the_origin(self):
        for origin, client, prefix in self.both():
            for n in range(3):
                self.ask(client, prefix + "/keep")
            self.assertEqual(len({request.connection for request in origin.requests}), 1)

    def test_asks_again_when_a_kept_connection_was_closed(self):
        def answer(wire, request):
            wire.reply(200, b"once")
            wire.close()

        for origin, client, prefix in self.both():
            origin.routes["/once"] = answer
            for n in range(3):
                got = self.ask(client, prefix + "/once")
                self.assertEqual((got.status, got.body), (200, b"once"))

    def test_closes_when_the_client_asks(self):
        for _, client, prefix in self.both():
            got = self.exchange(
                client,
                "GET %s/x HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n\r\n" % prefix,
            )
            self.assertEqual(got.status, 200)
            self.assertEqual(client.read_to_end(), b"")

    def test_answers_after_the_client_finished_sending(self):
        """A half-close after a complete request is no abort."""
        client = self.raw()
        client.send("GET http://origin.test/half HTTP/1.1\r\nHost: origin.test\r\n\r\n")
        client.finish()
        self.assertEqual(client.read_response().body, b"GET /half")

    def test_speaks_http_1_0_to_a_client(self):
        def answer(wire, _):
            wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            wire.chunk(b"in pieces")
            wire.end_chunks()

        self.origin.routes["/old"] = answer
        client = self.raw()
        got = self.exchange(client, "GET http://origin.test/old HTTP/1.0\r\n\r\n")
        self.assertEqual(got.body, b"in pieces")
        self.assertFalse(got.chunked)
        self.assertEqual(client.read_to_end(), b"")

    def test_keeps_an_http_1_0_connection_only_if_asked(self):
        client = self.raw()
        for _ in range(2):
            got = self.exchange(
                client,
                "GET http://origin.test/old HTTP/1.0\r\nHost: origin.test\r\n"
                "Connection: keep-alive\r\n\r\n",
            )
            self.assertEqual(got.body, b"GET /old")
        self.exchange(client, "GET http://origin.test/old HTTP/1.0\r\nHost: origin.test\r\n\r\n")
        self.assertEqual(client.read_to_end(), b"")

    def test_speaks_to_an_http_1_0_origin(self):
        def answer(wire, _):
            wire.send("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nold but fine")
            wire.close()

        for origin, client, prefix in self.both():
            origin.routes["/old"] = answer
            got = self.ask(client, prefix + "/old")
            self.assertEqual((got.version, got.body), ("HTTP/1.1", b"old but fine"))

    def test_becomes_a_tunnel_on_101(self):
        def answer(wire, _):
            wire.send(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nhello "
            )
            while data := wire.read_some():
                wire.send(data.upper())

        for origin, client, prefix in self.both():
            origin.routes["/up"] = answer
            got = self.exchange(
                client,
                "GET %s/up HTTP/1.1\r\nHost: origin.test\r\nUpgrade: echo\r\n"
                "Connection: Upgrade\r\n\r\n" % prefix,
            )
            self.assertEqual((got.status, got.get("upgrade")), (101, "echo"))
            self.assertEqual(origin.last.get("upgrade"), "echo")
            client.send(b"\x00one")
            self.assertEqual(client.read_exactly(10), b"hello \x00ONE")
            client.send(b"two")
            self.assertEqual(client.read_exactly(3), b"TWO")
            client.close()
        self.assertEqual(self.flow_of("/up")["reason"], "upgraded")

    def test_goes_on_when_an_upgrade_is_declined(self):
        for _, client, prefix in self.both():
            for path in ("/no", "/more"):
                got = self.exchange(
                    client,
                    "GET %s%s HTTP/1.1\r\nHost: origin.test\r\nUpgrade: echo\r\n"
                    "Connection: Upgrade\r\n\r\n" % (prefix, path),
                )
                self.assertEqual(got.body, b"GET " + path.encode())

    def test_reads_plain_http_inside_connect(self):
        client = self.raw()
        self.assertEqual(client.connect("origin.test:80").status, 200)
        got = self.exchange(client, "GET /inside HTTP/1.1\r\nHost: origin.test\r\n\r\n")
        self.assertEqual(got.body, b"GET /inside")
        self.assertEqual(self.flow_of("/inside")["url"], "http://origin.test/inside")

    def test_takes_a_request_in_single_bytes(self):
        for _, client, prefix in self.both():
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in (
                "POST %s/slow HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 2\r\n\r\nok" % prefix
            ).encode():
                client.send(bytes([byte]))
            self.assertEqual(client.read_response().body, b"POST /slow")


class Pages(Ground):
    """What weir says by itself."""

    @classmethod
    def targets(cls):
        cls.refusing = cls.enterClassContext(socket.socket())  # bound, and not listening
        cls.refusing.bind(("127.0.0.1", 0))
        return {**super().targets(), "refused.test": cls.refusing.getsockname()[1]}

    def assert_page(self, got, status, text):
        self.assertEqual(got.status, status)
        self.assertIn(text.encode(), got.body)

    def test_says_that_nobody_listens(self):
        got = self.exchange(
            self.raw(), "GET http://refused.test/ HTTP/1.1\r\nHost: refused.test\r\n\r\n"
        )
        self.assert_page(got, 502, "No connection to the host could be made")
        flow = self.flow_of("refused.test")
        self.assertEqual((flow["reason"], flow["response"]["status_code"]), ("connect_failed", 502))
        self.assertTrue(flow["error"])

    def test_says_inside_tls_that_nobody_listens(self):
        client = self.tunnel("refused.test:443")
        got = self.exchange(client, "GET / HTTP/1.1\r\nHost: refused.test\r\n\r\n")
        self.assert_page(got, 502, "No connection to the host could be made")

    def test_says_that_a_name_is_not_known(self):
        got = self.exchange(
            self.raw(), "GET http://nowhere.invalid/ HTTP/1.1\r\nHost: nowhere.invalid\r\n\r\n"
        )
        self.assertIn(got.status, (502, 504))
        self.assertIn(self.flow_of("nowhere.invalid")["reason"], ("dns_failed", "dns_timeout"))

    def test_says_that_the_origin_closed_without_an_answer(self):
        self.origin.routes["/mute"] = lambda wire, _: wire.close()
        got = self.ask(self.raw(), "http://origin.test/mute")
        self.assert_page(got, 502, "The origin closed the connection without an answer")
        self.assertEqual(self.flow_of("/mute")["reason"], "origin_closed")

    def test_speaks_html_to_who_wants_it_and_escapes_all(self):
        for accept, kind in (("text/html,*/*;q=0.8", "text/html"), ("*/*", "text/plain")):
            got = self.exchange(
                self.raw(),
                "GET http://refused.test/%%3Cb%%3E?<script> HTTP/1.1\r\nHost: refused.test\r\n"
                "Accept: %s\r\nX-Secret: hunter2\r\nCookie: id=hunter2\r\n\r\n" % accept,
            )
            self.assert_page(got, 502, "No connection to the host could be made")
            self.assertTrue(got.get("content-type").startswith(kind))
            self.assertNotIn(b"<script>", got.body)
            self.assertNotIn(b"hunter2", got.body)

    def test_has_no_body_on_the_page_for_head(self):
        client = self.raw()
        got = self.exchange(
            client, "HEAD http://refused.test/ HTTP/1.1\r\nHost: refused.test\r\n\r\n"
        )
        self.assertEqual(got.status, 502)
        got = self.ask(client, "http://origin.test/next")
        self.assertEqual(got.body, b"GET /next")

    def test_welcomes_on_the_proxy_port_itself(self):
        host = "127.0.0.1:%d" % self.weir.port
        got = self.exchange(self.raw(), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % host)
        self.assert_page(got, 200, "weir")
        got = self.exchange(self.raw(), "GET /other HTTP/1.1\r\nHost: %s\r\n\r\n" % host)
        self.assertEqual(got.status, 400)
        got = self.exchange(self.raw(), "GET /x HTTP/1.1\r\nHost: origin.test\r\n\r\n")
        self.assertEqual(got.status, 400)
        self.assertEqual(self.origin.requests, [])

    def test_never_forwards_to_itself(self):
        for host in ("127.0.0.1", "[::ffff:127.0.0.1]"):
            url = "http://%s:%d/" % (host, self.weir.port)
            got = self.exchange(
                self.raw(), "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (url, url[7:-1])
            )
            self.assertEqual(got.status, 403, host)
        self.assertEqual(self.weir.flow(reason="own_address")["response"]["status_code"], 403)


if __name__ == "__main__":
    unittest.main()
