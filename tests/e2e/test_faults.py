"""What goes wrong around weir, one fault after the other: slow and broken peers, dead name
servers, no descriptors, full disks, terminals that stand still, clocks that jump.

Each test shows that weir lives on, that what is healthy goes on, and that the log tells the
truth. The table of all of them is in docs/testing.md."""

import contextlib
import os
import pty
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from badcerts import Issuer, server_context
from rig import NameServer, WrappedWeir, can_mount, client_hello, status, tmpfs
from weirtest import (
    Ground,
    Origin,
    Raw,
    RawServer,
    TlsOrigin,
    Weir,
    curl_status,
    early,
    eventually,
    tunnel,
    upstream_map,
)

KIB = 1024
HERE = os.path.dirname(os.path.abspath(__file__))
GONE = (EOFError, OSError)  # how the other side's end looks
EACH_BYTE = os.environ.get("WEIR_EACH_BYTE") == "1"  # cut TLS at every byte, not at some


def get_text(path, host="origin.test", prefix="http://origin.test"):
    return "GET %s%s HTTP/1.1\r\nHost: %s\r\n\r\n" % (prefix, path, host)


class SlowPeers(Ground):
    """Slow loris in the head, in the ClientHello, in the body and in reading. The healthy
    client beside them is served all the time."""

    yaml = (
        "timeouts: { head: 600ms, client_idle: 900ms, body_idle: 1500ms, tls: 900ms,"
        " peek: 300ms }\n"
    )

    def healthy(self):
        with Raw(self.weir.port) as client:
            self.assertEqual(client.get("http://origin.test/healthy").status, 200)

    def drip(self, clients, text, until):
        """Each client sends a byte of `text` in turn, until the time has come."""
        deadline = time.monotonic() + 15
        for byte in text.encode("latin-1"):
            if until() or time.monotonic() > deadline:
                break
            for client in clients:
                with contextlib.suppress(OSError):
                    client.send(bytes([byte]))
            self.healthy()
            time.sleep(0.05)
        self.assertTrue(until(), "they are still served")

    def test_ends_heads_that_come_byte_by_byte(self):
        clients = [self.raw() for _ in range(30)]
        text = "GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\nX-A: " + "a" * 300
        self.drip(clients, text, lambda: len(self.weir.ended_flows(reason="client_slow")) >= 30)
        for client in clients:
            with contextlib.suppress(OSError):
                self.assertEqual(client.read_response().status, 408)
        self.assertEqual([r for r in self.origin.requests if r.target == "/"], [])

    def test_ends_client_hellos_that_come_byte_by_byte(self):
        hello = client_hello("origin.test")
        clients = [self.raw() for _ in range(20)]
        for client in clients:
            self.assertEqual(client.connect("origin.test:443").status, 200)

        def over():
            return all(self.is_closed(client) for client in clients)

        self.drip(clients, hello.decode("latin-1"), over)

    def test_ends_handshakes_that_stand_still(self):
        hello = client_hello("origin.test")
        clients = [self.raw() for _ in range(20)]
        for client in clients:
            client.connect("origin.test:443")
            client.send(hello)
        self.healthy()
        eventually(lambda: all(self.is_closed(client) for client in clients), "their end")
        self.healthy()

    def is_closed(self, client):
        """Has weir ended this connection? What came before the end is thrown away."""
        client.sock.settimeout(0)
        try:
            while client.sock.recv(65536):
                pass
            return True
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            return True
        finally:
            client.sock.settimeout(30)

    def test_ends_a_request_whose_body_stands_still(self):
        for origin, client, prefix in self.both():
            aborted = []

            @early
            def take(wire, request):
                try:
                    wire.read_request_body(request)
                except GONE:
                    aborted.append(True)
                    raise

            origin.routes["/up"] = take
            client.send(
                "POST %s/up HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 10\r\n\r\nabc" % prefix
            )
            self.assertEqual(client.read_response().status, 408)
            self.healthy()
            eventually(lambda: aborted, "the end at the origin")
        self.assertEqual(len(self.weir.flows(2, reason="client_slow", method="POST")), 2)

    def test_bears_an_upload_that_is_slow_but_goes_on(self):
        for origin, client, prefix in self.both():
            origin.routes["/up"] = lambda wire, request: wire.reply(200, request.body)
            client.send(
                "POST %s/up HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 8\r\n\r\n" % prefix
            )
            for byte in b"patience":
                time.sleep(0.2)
                client.send(bytes([byte]))
            self.assertEqual(client.read_response().body, b"patience")

    def test_ends_a_client_that_does_not_read(self):
        block = b"x" * (256 * KIB)

        def pour(wire, _):
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (400 * len(block)))
            for _ in range(400):
                wire.send(block)

        for origin, client, prefix in self.both():
            origin.routes["/pour"] = pour
            client.send("GET %s/pour HTTP/1.1\r\nHost: origin.test\r\n\r\n" % prefix)
            self.healthy()
        flows = self.weir.flows(2, reason="body_idle")
        self.assertTrue(all(flow["error"] for flow in flows))
        self.healthy()

    def test_bears_a_reader_that_is_slow_but_goes_on(self):
        body = os.urandom(1024 * KIB)
        for origin, client, prefix in self.both():
            origin.routes["/pour"] = lambda wire, _: wire.reply(200, body)
            client.send("GET %s/pour HTTP/1.1\r\nHost: origin.test\r\n\r\n" % prefix)
            client.read_until(b"\r\n\r\n")
            got = b""
            while len(got) < len(body):
                got += client.read_exactly(min(128 * KIB, len(body) - len(got)))
                time.sleep(0.2)
            self.assertEqual(got, body)


SIGNATURES_DIFFER = 8  # so many bytes, at most, between two handshakes of ECDSA
CUT_RESPONSES = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nX-A: 1\r\n\r\nhello there\n",
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n7\r\n there\n\r\n0\r\nX-Sum: 1\r\n\r\n",
}


class CutByTheOrigin(Ground):
    """The origin ends the connection after each byte of a small response."""

    @classmethod
    def targets(cls):
        names = ["c%d.test" % n for n in range(4)]
        leaf = cls.pki.leaf("origin.test", *names)
        cls.other = cls.enterClassContext(TlsOrigin(leaf.server_context()))
        return {**super().targets(), **{name: cls.other.port for name in names}}

    def answer(self, response, count, ending):
        def cut(wire, _):
            if count:
                wire.send(response[:count])
            getattr(wire, ending)()

        return cut

    def ask_cut(self, client, prefix, path, response, count):
        """What the client has of it: the whole, a page of weir's, or a visible fault."""
        client.send(get_text(path, prefix=prefix))
        try:
            got = client.read_response()
        except GONE:
            return "broken"
        if got.status == 502:
            return "page"
        self.assertEqual(got.status, 200)
        self.assertEqual(got.body, b"hello there\n")
        return "whole"

    def check_cut(self, kind, origin, make_client, prefix, ending):
        response = CUT_RESPONSES[kind]
        head = response.index(b"\r\n\r\n") + 4
        for count in range(len(response) + 1):
            path = "/%s-%s-%d" % (kind, ending, count)
            origin.routes[path] = self.answer(response, count, ending)
            client = make_client()
            with self.subTest(path=path):
                seen = self.ask_cut(client, prefix, path, response, count)
                if count < head:
                    self.assertEqual(seen, "page")
                elif count < len(response):
                    self.assertEqual(seen, "broken")
                elif ending == "close":
                    self.assertEqual(seen, "whole")
            client.drop()
        return len(response)

    def assert_flows(self, kind, ending, scheme, length):
        """The log says of each one how it ended."""
        part = "%s://origin.test/%s-%s-" % (scheme, kind, ending)

        def mine():
            return [f for f in self.weir.ended_flows(kind="http") if part in f["url"]]

        eventually(lambda: len(mine()) > length, "all flows of " + part)
        self.assertEqual(len(mine()), length + 1)
        for flow in mine():
            count = int(flow["url"].rpartition("-")[2])
            whole = count == length and flow["reason"] == "complete"
            reasons = ("origin_closed", "origin_truncated", "origin_reset")
            self.assertTrue(whole or flow["reason"] in reasons, flow["reason"])
            self.assertEqual(flow["error"] is None, whole)
            if count < length:
                self.assertFalse(whole)

    def test_shows_each_cut_of_a_plain_response(self):
        for kind in CUT_RESPONSES:
            for ending in ("close", "reset"):
                length = self.check_cut(kind, self.origin, self.raw, "http://origin.test", ending)
                self.assert_flows(kind, ending, "http", length)

    def test_shows_each_cut_of_a_response_inside_tls(self):
        for kind in CUT_RESPONSES:
            for ending in ("close", "drop", "reset"):
                length = self.check_cut(kind, self.secure, self.tunnel, "", ending)
                self.assert_flows(kind, ending, "https", length)

    def test_passes_a_reset_on_where_only_the_end_frames_the_body(self):
        """A FIN would make half a body look whole."""

        def half(wire, _):
            wire.send("HTTP/1.1 200 OK\r\n\r\nhalf of it")
            wire.reset()

        self.origin.routes["/until"] = half
        client = self.raw()
        client.send("GET http://origin.test/until HTTP/1.0\r\nHost: origin.test\r\n\r\n")
        with self.assertRaises(ConnectionResetError):
            client.read_response()


class CutTls(Ground):
    """A relay before a TLS origin lets so many bytes of its ciphertext through, then ends the
    connection: in the handshake, between records, within them."""

    STEP = 1 if EACH_BYTE else 23

    @classmethod
    def targets(cls):
        names = ["n%d.cut.test" % n for n in range(2000)]
        context = cls.pki.leaf("*.cut.test").server_context()
        context.num_tickets = 0  # a resumed connection would be shorter than the others
        cls.origin_of_all = cls.enterClassContext(TlsOrigin(context, default=cls.answer_once))
        cls.relay = cls.enterClassContext(RawServer(cls.pass_some))
        cls.limit, cls.ending = None, "drop"
        return {**super().targets(), **{name + ":443": cls.relay.port for name in names}}

    @staticmethod
    def answer_once(wire, _):
        """Only close_notify says that this is all of it."""
        wire.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nthe whole answer")
        wire.close()

    @classmethod
    def pass_some(cls, wire):
        """One thread for both ways: nobody else may hold the socket when it is reset."""
        limit, ending, sent = cls.limit, cls.ending, 0
        with socket.create_connection(("127.0.0.1", cls.origin_of_all.port)) as onward:
            while limit is None or sent < limit:
                ready, _, _ = select.select([wire.sock, onward], [], [], 30)
                if wire.sock in ready:
                    data = wire.sock.recv(65536)
                    if not data:
                        break
                    onward.sendall(data)
                if onward in ready:
                    data = onward.recv(65536 if limit is None else limit - sent)
                    if not data:
                        break
                    wire.sock.sendall(data)
                    sent += len(data)
        cls.passed = sent
        getattr(wire, ending if limit is not None else "drop")()

    def ask(self, number, path):
        """The status that a client sees at the host of that number; 0: a visible fault."""
        host = "n%d.cut.test" % number
        try:
            client = tunnel(self.weir, host + ":443")
        except GONE:
            return 0
        try:
            client.send("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (path, host))
            return client.read_response().status
        except GONE:
            return 0
        finally:
            client.drop()

    def test_never_takes_a_cut_connection_for_a_whole_one(self):
        kinds = type(self)
        kinds.limit = None
        self.assertEqual(self.ask(0, "/whole"), 200)
        eventually(lambda: getattr(kinds, "passed", 0), "the length of a whole connection")
        whole, seen, number = kinds.passed, [], 1
        self.assertGreater(whole, 500)
        for kinds.ending in ("drop", "reset"):
            for kinds.limit in range(0, whole - SIGNATURES_DIFFER, self.STEP):
                seen.append(self.ask(number, "/cut"))
                number += 1
        self.assertLessEqual(set(seen), {0, 502})
        self.assertIn(502, seen)
        self.assertEqual(self.ask_origin(), 200)
        reasons = {flow["reason"] for flow in self.weir.ended_flows() if flow["error"]}
        self.assertLessEqual(
            reasons,
            # the last: a reset that came before weir had seen that the connection stood
            {"tls_failed", "origin_closed", "origin_truncated", "origin_reset", "connect_failed"},
        )

    def ask_origin(self):
        return curl_status(self.weir, "https://origin.test/after")[0]


class CutByTheClient(Ground):
    """The client ends the connection after each byte of a small request."""

    REQUEST = (
        "POST http://origin.test/cut HTTP/1.1\r\nHost: origin.test\r\n"
        "Content-Length: 4\r\n\r\nbody"
    )

    def test_never_forwards_a_request_that_was_cut_in_its_head(self):
        head = self.REQUEST.index("\r\n\r\n") + 4
        for ending in ("finish", "drop", "reset"):
            for count in range(head):
                client = self.raw()
                client.send(self.REQUEST[:count])
                getattr(client, ending)()
        with self.raw() as client:
            self.assertEqual(client.get("http://origin.test/after").status, 200)
        self.assertEqual([r.target for r in self.origin.requests], ["/after"])

    def test_shows_the_origin_a_body_that_was_cut(self):
        head = self.REQUEST.index("\r\n\r\n") + 4
        cut = []

        @early
        def take(wire, request):
            try:
                wire.read_request_body(request)
            except GONE:
                cut.append(True)
                raise

        self.origin.routes["/cut"] = take
        for count in range(head, len(self.REQUEST)):
            for ending in ("drop", "reset"):
                client = self.raw()
                client.send(self.REQUEST[:count])
                eventually(lambda: len(self.origin.requests) > len(cut), "the request's head")
                getattr(client, ending)()
                eventually(lambda: len(cut) == len(self.origin.requests), "its end")
        for flow in self.weir.flows(len(cut), method="POST"):
            self.assertIn(flow["reason"], ("client_truncated", "client_reset"))


class HalfClose(Ground):
    """One side has said all that it has to say, and still listens."""

    def test_answers_a_client_that_has_said_all(self):
        go = threading.Event()

        def late(wire, _):
            go.wait(20)
            wire.reply(200, b"late but whole")

        self.origin.routes["/late"] = late
        client = self.raw()
        client.send(get_text("/late"))
        client.finish()
        eventually(lambda: self.origin.requests, "the request")
        go.set()
        self.assertEqual(client.read_response().body, b"late but whole")
        self.assertEqual(client.read_to_end(), b"")
        self.assertEqual(self.flow_of("/late")["reason"], "complete")

    def test_answers_a_client_inside_tls_that_has_said_all(self):
        client = self.raw()
        client.connect("origin.test:443")
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=self.weir.ca)
        tls = context.wrap_bio(incoming, outgoing, server_hostname="origin.test")

        def step(call):
            while True:
                try:
                    return call()
                except ssl.SSLWantReadError:
                    client.send(outgoing.read())
                    incoming.write(client.sock.recv(65536))

        step(tls.do_handshake)
        tls.write(get_text("/tls", prefix="").encode())
        with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLError):
            tls.unwrap()  # close_notify goes out, theirs is not waited for
        client.send(outgoing.read())
        client.sock.shutdown(socket.SHUT_WR)
        eventually(lambda: self.secure.requests, "the request")
        self.assertGreater(len(client.read_to_end()), 50)
        self.assertEqual(self.flow_of("/tls")["reason"], "complete")

    def test_passes_an_answer_whose_origin_closes_before_the_upload_ends(self):
        @early
        def refuse(wire, _):
            wire.reply(413, b"too much", [("Connection", "close")])
            wire.finish()
            wire.read_to_end()

        for origin, client, prefix in self.both():
            origin.routes["/early"] = refuse
            client.send(
                "POST %s/early HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 100000\r\n\r\nx"
                % prefix
            )
            got = client.read_response()
            self.assertEqual((got.status, got.body), (413, b"too much"))


@unittest.skipUnless(can_mount(), "another resolv.conf for one process needs root")
class DeadNameServer(unittest.TestCase):
    """Names that nobody answers for, many at once, beside hosts that are well."""

    DEAD = 400

    def setUp(self):
        self.origin = self.enterContext(Origin())
        self.names = self.enterContext(NameServer({"alive.test": "127.0.0.1", "late.test": "127.0.0.1"}))
        folder = tempfile.TemporaryDirectory(prefix="weir-names-")
        self.addCleanup(folder.cleanup)
        yaml = (
            upstream_map({"mapped.test": self.origin.port})
            + "timeouts: { dns: 3s }\n"
            + "rules:\n  - { name: stub, match: answered.dead.test, then: 204 }\n"
        )
        before = self.names.before(folder.name)
        self.weir = self.enterContext(WrappedWeir(yaml, ["--workers", "1"], before=before))

    def ask(self, url):
        with Raw(self.weir.port) as client:
            return client.get(url).status

    def ask_for_the_dead(self):
        clients = []
        for number in range(self.DEAD):
            clients.append(Raw(self.weir.port))
            self.addCleanup(clients[-1].drop)
            clients[-1].send(get_text("/", prefix="http://n%d.dead.test" % number))
        eventually(lambda: len(self.names.asked) > 10, "lookups on their way")
        return clients

    def test_ends_while_lookups_hang(self):
        self.ask_for_the_dead()
        self.weir.signal(signal.SIGTERM)
        self.assertEqual(self.weir.wait(), 0)

    def test_serves_healthy_hosts_while_dead_names_are_looked_up(self):
        direct = "http://127.0.0.1:%d/" % self.origin.port
        local = "http://localhost:%d/" % self.origin.port
        by_name = "http://alive.test:%d/" % self.origin.port
        self.assertEqual(self.ask(by_name), 200)  # known from now on, for half a minute
        clients = self.ask_for_the_dead()
        for _ in range(20):
            for url in ("http://mapped.test/", direct, by_name, local):
                self.assertEqual(self.ask(url), 200)
            self.assertEqual(self.ask("http://answered.dead.test/"), 204)
        self.assertEqual(self.weir.ended_flows(reason="dns_timeout"), [])  # all that in time
        for client in clients:
            self.assertIn(client.read_response().status, (502, 504))
        # The look-ups that nobody waits for any more do not stand in the way of the next one.
        late = "http://late.test:%d/" % self.origin.port
        eventually(lambda: self.ask(late) == 200, "a name that was never asked for")


class FewDescriptors(unittest.TestCase):
    """EMFILE: connections that stand live on, new ones wait, and are served when there is room."""

    LIMIT = 64

    def setUp(self):
        self.origin = self.enterContext(Origin())
        hosts = ["host%d.test" % number for number in range(2 * self.LIMIT)]
        self.weir = self.enterContext(
            WrappedWeir(
                upstream_map({name: self.origin.port for name in ["a.test", *hosts]}),
                before="ulimit -n %d && exec" % self.LIMIT,
            )
        )

    def test_lets_new_connections_wait_while_old_ones_live(self):
        old = [Raw(self.weir.port) for _ in range(5)]
        for client in old:
            self.addCleanup(client.drop)
            self.assertEqual(client.get("http://a.test/old").status, 200)
        crowd = [Raw(self.weir.port) for _ in range(2 * self.LIMIT)]
        for client in crowd:
            self.addCleanup(client.drop)
        self.weir.wait_stderr("limit of client connections|no file descriptors left")
        for _ in range(5):
            for client in old:
                self.assertEqual(client.get("http://a.test/old").status, 200)
        self.assertLessEqual(self.weir.descriptors(), self.LIMIT)
        late = Raw(self.weir.port)
        self.addCleanup(late.drop)
        late.send(get_text("/late", "a.test", "http://a.test"))
        for client in crowd:
            client.drop()
        self.assertEqual(late.read_response().status, 200)

    def test_gives_idle_connections_up_for_new_ones(self):
        """One client asks many hosts: what the pool keeps of them must not stop the next."""
        with Raw(self.weir.port) as client:
            for number in range(2 * self.LIMIT):
                got = client.get("http://host%d.test/" % number)
                self.assertEqual(got.status, 200, got.body)
            with Raw(self.weir.port) as another:
                self.assertEqual(another.get("http://a.test/").status, 200)
        self.assertLess(self.weir.descriptors(), self.LIMIT)


class FullDisk(unittest.TestCase):
    """No room for the JSON Lines: traffic goes on, what was lost is counted, and the file is
    whole again when there is room."""

    def setUp(self):
        self.origin = self.enterContext(Origin({"/big": self.big}))

    def big(self, wire, _):
        wire.reply(200, b"0123456789abcdef" * 256)

    def start(self, path):
        weir = Weir(upstream_map({"a.test": self.origin.port}))
        weir.jsonl_path = path
        return self.enterContext(weir)

    def ask(self, weir, count):
        with Raw(weir.port) as client:
            for _ in range(count):
                self.assertEqual(client.get("http://a.test/big").status, 200)

    def settled(self, weir, flows):
        """The status, once the log has taken so many flows."""
        eventually(lambda: status(weir)["log"]["flows"] >= flows, "%d flows" % flows)
        return status(weir)["log"]

    def told(self, weir):
        """(flows in the file, flows that its gap records tell of)"""
        records = weir.records()
        flows = [r for r in records if r["schema"] == "weir.flow/1" and not r.get("live")]
        gaps = [r for r in records if r["schema"] == "weir.gap/1"]
        return len(flows), sum(gap["flows"] for gap in gaps)

    def test_goes_on_and_counts_when_the_disk_is_full_and_recovers(self):
        folder = tempfile.mkdtemp(prefix="weir-full-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        mounted = self.enterContext(tmpfs(folder, 256 * KIB))
        if not mounted:
            self.without_mount()
            return
        ballast = os.path.join(folder, "ballast")
        with open(ballast, "wb") as file:
            file.write(b"x" * (128 * KIB))
        weir = self.start(os.path.join(folder, "flows.jsonl"))
        self.ask(weir, 100)
        full = self.settled(weir, 100)
        self.assertGreater(full["sink_failures"], 0)
        os.unlink(ballast)
        self.ask(weir, 2)
        eventually(lambda: self.told(weir)[1] > 0, "a gap record")
        log = self.settled(weir, 102)
        flows, lost = self.told(weir)
        self.assertEqual(flows + lost, 102)
        self.assertEqual(lost, log["sink_failures"] + log["dropped_flows"])
        self.assertEqual(len(self.origin.requests), 102)

    def without_mount(self):
        """The same fault where nothing may be mounted; nothing to recover then."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "flows.jsonl")
            os.symlink("/dev/full", path)
            weir = self.start(path)
            self.ask(weir, 50)
            eventually(lambda: status(weir)["log"]["sink_failures"] == 50, "an exact count")

    def test_counts_every_flow_that_a_device_refuses(self):
        self.without_mount()


class StalledTerminal(unittest.TestCase):
    """A terminal, and a pipe, that stop reading: nobody waits for them, and what their queue
    could not hold is told of in its place."""

    ROUNDS = 400  # more than the queue holds

    def setUp(self):
        self.origin = self.enterContext(Origin({"/big": self.big}))
        self.yaml = upstream_map({"a.test": self.origin.port})

    def big(self, wire, _):
        line = bytes(range(32, 127)) + b"\n"
        wire.reply(200, line * 1000, [("Content-Type", "text/plain")])

    def check(self, target, after):
        """All is served while nobody reads; after() is called then."""
        weir = WrappedWeir(
            self.yaml, ["-vv", "--console", "pretty", "--color", "never"], after=">" + target
        )
        with weir:
            with Raw(weir.port) as client:
                for _ in range(self.ROUNDS):
                    self.assertEqual(client.get("http://a.test/big").status, 200)
            self.assertEqual(len(weir.flows(self.ROUNDS)), self.ROUNDS)  # the other sink has all
            after(weir)

    def read_and_count(self, weir, descriptor):
        """Reads what waits, and finds every flow in it: shown, or in a gap."""
        got = []

        def read():
            with contextlib.suppress(OSError):
                while data := os.read(descriptor, 65536):
                    got.append(data)

        threading.Thread(target=read, daemon=True).start()
        with Raw(weir.port) as client:  # the gap is told when there is something to tell
            eventually(lambda: self.is_shown(client, got), "the last line")
        text = b"".join(got)
        gaps = sum(int(n) for n in re.findall(rb"not logged: (\d+) flows", text))
        shown = len(re.findall(rb"^\S+ +200 +GET +a.test/big", text, re.MULTILINE))
        self.assertEqual(shown + gaps, self.ROUNDS)
        self.assertGreater(gaps, 0)
        self.assertEqual(status(weir)["log"]["sink_failures"], gaps)

    def is_shown(self, client, got):
        self.assertEqual(client.get("http://a.test/after").status, 200)
        return b"a.test/after" in b"".join(got)

    def test_serves_all_while_a_pipe_is_not_read(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "pipe")
            os.mkfifo(path)
            reader = os.open(path, os.O_RDWR)
            self.addCleanup(os.close, reader)
            self.check(path, lambda weir: self.read_and_count(weir, reader))

    def test_serves_all_while_a_terminal_is_not_read_and_ends_all_the_same(self):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        self.check(os.ttyname(slave), lambda weir: None)


SKEWED_CLOCK = os.path.join(HERE, "skewed_clock.c")
DAY_S = 86400


class JumpingClock(unittest.TestCase):
    """The clock on the wall jumps by days and years while weir runs. What measures time does
    not: a library in its place shows another time of day, and the same monotonic clock."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="weir-clock-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.library = os.path.join(cls.folder, "skewed_clock.so")
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-O1", "-o", cls.library, SKEWED_CLOCK], check=True
        )
        issuer = Issuer(cls.folder)
        cls.authority = issuer.root("long lived", days=(-2000, 2000))
        cls.leaf = issuer.leaf("a.test", cls.authority, days=(-1000, 1000))

    def setUp(self):
        self.offset = os.path.join(self.folder, "offset")
        self.jump(0)
        self.origin = self.enterContext(Origin())
        self.secure = self.enterContext(TlsOrigin(server_context(self.leaf)))
        yaml = (
            upstream_map({"a.test:80": self.origin.port, "a.test:443": self.secure.port})
            + "tls: { upstream_ca: '%s' }\n" % self.authority.cert
            + "timeouts: { client_idle: 20s, head: 1s }\n"
        )
        env = {
            "LD_PRELOAD": self.library,
            "WEIR_CLOCK_OFFSET": self.offset,
        }
        self.weir = Weir(yaml, ["--workers", "1"], env=env)
        self.weir.env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
        self.enterContext(self.weir)

    def jump(self, days):
        path = self.offset + ".new"
        with open(path, "w") as file:
            file.write("%d\n" % (days * DAY_S))
        os.rename(path, self.offset)

    def shown_dates(self):
        """(from, to) of the leaf that weir shows for the host, in seconds."""
        client = Raw(self.weir.port)
        self.addCleanup(client.drop)
        client.connect("a.test:443")
        context = ssl.create_default_context(cafile=self.weir.ca)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        client.start_tls("a.test", context=context)
        client.send(get_text("/tls", "a.test", ""))
        self.assertEqual(client.read_response().status, 200)
        path = os.path.join(self.folder, "leaf.pem")
        with open(path, "w") as file:
            file.write(ssl.DER_cert_to_PEM_cert(client.sock.getpeercert(True)))
        shown = ssl._ssl._test_decode_cert(path)
        return [ssl.cert_time_to_seconds(shown[k]) for k in ("notBefore", "notAfter")]

    def test_goes_on_through_jumps_of_the_clock(self):
        idle = Raw(self.weir.port)
        self.addCleanup(idle.drop)
        self.assertEqual(idle.get("http://a.test/before").status, 200)
        for days in (1, 40, 400, -400, 0):
            self.jump(days)
            with self.subTest(days=days):
                self.assertEqual(idle.get("http://a.test/day%d" % days).status, 200)
                with Raw(self.weir.port) as client:
                    self.assertEqual(client.get("http://a.test/new%d" % days).status, 200)
        flows = self.weir.flows(11)
        for flow in flows:
            self.assertEqual(flow["reason"], "complete")
            for name, value in flow["timings_us"].items():
                self.assertLess(value, 10_000_000, name)
        order = [flow["sequence"] for flow in flows]
        self.assertEqual(order, sorted(order))

    def test_waits_as_long_as_before_whatever_the_clock_says(self):
        client = Raw(self.weir.port)
        self.addCleanup(client.drop)
        client.send("GET http://a.test/slow HTTP/1.1\r\n")
        self.jump(-400)
        self.assertEqual(client.read_response().status, 408)

    def test_makes_leaves_anew_that_the_clock_has_left_behind(self):
        for days in (0, 40, 300, 0):
            self.jump(days)
            eventually(lambda: self.shows_good_dates(time.time() + days * DAY_S), "a good leaf")

    def shows_good_dates(self, now):
        begin, end = self.shown_dates()
        return begin < now and now + DAY_S < end


if __name__ == "__main__":
    unittest.main()
