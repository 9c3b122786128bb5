"""weir under load: reloads and the end in the middle of traffic, bombs of compression and of
patterns, and floods whose cost is held against what the attacker pays.

WEIR_FLOOD=N makes the floods N times as long. The table of all of them is in docs/testing.md."""

import base64
import contextlib
import gzip
import json
import os
import random
import re
import resource
import signal
import socket
import struct
import tempfile
import threading
import time
import unittest

from rig import (
    Load,
    WrappedWeir,
    client_hello,
    control,
    cpu_seconds,
    resident_bytes,
    status,
)
from weirtest import (
    Ground,
    Origin,
    Raw,
    TestPki,
    TlsOrigin,
    Weir,
    client_context,
    eventually,
    release_binary,
    tunnel,
    upstream_map,
)

KIB, MIB = 1024, 1024 * 1024
FLOOD = int(os.environ.get("WEIR_FLOOD", "1"))
AMPLIFICATION = 100  # the factor above which a cost is a bug of security (SECURITY.md)
STALL_S = 5  # an answer that takes longer than this was held up by somebody else


class Reloads(unittest.TestCase):
    """A hundred reloads under load, half of them of files that are broken in some way."""

    ROUNDS = 100
    BROKEN = [
        "rules: [",
        "rules:\n  - { name: r, match: a.test/x, than: 404 }\n",
        "rules:\n  - { name: r, match: '~(', then: 404 }\n",
        "rules:\n  - { name: r, match: a.test/x, then: 999999 }\n",
        "rules:\n  - &anchor { name: r, match: a.test/x, then: 404 }\n",
        "rules: " + "[" * 200 + "]" * 200 + "\n",
        "rules: []\nrules: []\n",
        "\x00\x01\x02\n",
        "no_such_key: 1\n",
        "rules:\n  - { name: r, match: a.test/x, then: { respond: { file: /no/such/file } } }\n",
    ]

    def setUp(self):
        self.origin = self.enterContext(Origin())
        self.map = upstream_map({"a.test": self.origin.port})
        self.weir = self.enterContext(Weir(self.rules(0)))

    def rules(self, number):
        rule = "{ name: r, match: a.test/x, then: { respond: { text: 'round %d' } } }" % number
        return self.map + "rules:\n  - %s\n" % rule

    def clients(self):
        """Each of them sees the numbers of the rounds in their order."""
        seen = [[] for _ in range(4)]
        raws = [Raw(self.weir.port) for _ in seen]
        for raw in raws:
            self.addCleanup(raw.drop)

        def ask(number):
            got = raws[number].get("http://a.test/x")
            seen[number].append(int(got.body.decode().removeprefix("round ")))
            return got.status

        return ask, seen

    def current(self):
        with Raw(self.weir.port) as client:
            return int(client.get("http://a.test/x").body.decode().removeprefix("round "))

    def reload_well(self, number):
        self.weir.write_yaml(self.rules(number))
        if number % 4 < 2:
            code, body = control(self.weir, "POST", "/v1/reload")
            self.assertEqual(code, 200, body)
        else:
            self.weir.signal(signal.SIGHUP)
        eventually(lambda: self.current() == number, "round %d" % number)

    def reload_badly(self, number):
        self.weir.write_yaml(self.map + self.BROKEN[number // 2 % len(self.BROKEN)])
        if number % 4 < 2:
            code, body = control(self.weir, "POST", "/v1/reload")
            self.assertEqual(code, 422, body)
            self.assertIn("proxy.yaml", body["diagnostics"])
        else:
            before = len(self.weir.stderr)
            self.weir.signal(signal.SIGHUP)
            self.weir.wait_stderr("error", start=before)
        self.assertEqual(self.current(), number - 1)

    def test_keeps_the_right_rules_through_good_and_bad_reloads(self):
        ask, seen = self.clients()
        with Load(ask) as load:
            for number in range(0, self.ROUNDS, 2):
                self.reload_well(number)
                self.reload_badly(number + 1)
        self.assertEqual(load.errors, [])
        self.assertEqual(set(load.results), {200})
        for numbers in seen:
            self.assertEqual(numbers, sorted(numbers))
            self.assertEqual(set(numbers) - set(range(0, self.ROUNDS, 2)), set())
        self.assertEqual(self.origin.requests, [])


class EndUnderLoad(unittest.TestCase):
    """SIGTERM in the middle of traffic: what was begun is finished, what was finished is in
    the log, and nothing is answered by half."""

    CLIENTS = 8

    def setUp(self):
        folder = self.enterContext(contextlib.closing(Folder()))
        pki = TestPki(folder.path)
        self.answered = lambda wire, request: wire.reply(200, request.target.encode() * 500)
        self.origin = self.enterContext(Origin(default=self.slowly))
        context = pki.leaf("a.test").server_context()
        self.secure = self.enterContext(TlsOrigin(context, default=self.slowly))
        self.yaml = (
            upstream_map({"a.test:80": self.origin.port, "a.test:443": self.secure.port})
            + "tls: { upstream_ca: '%s' }\n" % pki.ca
        )

    def slowly(self, wire, request):
        body = request.target.encode() * 500
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body), body[:100])
        time.sleep(0.02)
        wire.send(body[100:])

    def ask(self, number):
        """Requests on one connection until it is refused or closed: how many were answered.
        An answer by half is an error."""
        secure, prefix = number % 2, "" if number % 2 else "http://a.test"
        try:
            client = tunnel(self.weir, "a.test:443") if secure else Raw(self.weir.port)
        except (OSError, EOFError, AssertionError):
            return []
        whole = []
        try:
            for turn in range(20):
                path = "/%d-%d-%d" % (number, turn, random.getrandbits(40))
                client.received.clear()
                client.send("GET %s%s HTTP/1.1\r\nHost: a.test\r\n\r\n" % (prefix, path))
                got = client.read_response()
                if got.body != path.encode() * 500:
                    raise ValueError("%s: %r" % (path, got))
                whole.append(path)
        except (OSError, EOFError):
            if client.received:
                raise
        finally:
            client.drop()
        return whole

    def test_loses_nothing(self):
        with Weir(self.yaml) as self.weir, Load(self.ask, self.CLIENTS) as load:
            eventually(lambda: len(load.results) > self.CLIENTS, "some traffic")
            self.weir.signal(signal.SIGTERM)
            self.assertEqual(self.weir.wait(), 0)
            load.stop()
            flows = [f for f in self.weir.ended_flows(kind="http")]
        self.assertEqual(load.errors, [])
        answered = {path for whole in load.results for path in whole}
        reached = {r.target for r in self.origin.requests + self.secure.requests}
        logged = {f["url"].partition("a.test")[2] for f in flows if f["reason"] == "complete"}
        self.assertGreater(len(answered), 50)
        self.assertEqual(reached, answered)
        self.assertEqual(logged, answered)
        self.assertEqual({f["reason"] for f in flows}, {"complete"})


class IdleClients(unittest.TestCase):
    """Many clients, each with TLS inside its tunnel and one answered request behind it, that
    say nothing more: all are kept, none costs much, and few connections to servers are.

    WEIR_IDLE=10000 is the long form (20,000 descriptors, hard limit, here and there)."""

    CLIENTS = int(os.environ.get("WEIR_IDLE", "1000"))
    HOSTS = CLIENTS // 10  # certificates to make
    RESIDENT_BYTES = 30 * KIB  # for each client; the sanitizers have costs of their own
    UPSTREAMS = 256  # kept idle, of one loop

    def setUp(self):
        folder = self.enterContext(contextlib.closing(Folder()))
        pki = TestPki(folder.path)
        self.hosts = ["h%d.many.test" % number for number in range(self.HOSTS)]
        context = pki.leaf("*.many.test").server_context()
        answer = lambda wire, request: wire.reply(200, b"x" * KIB)
        self.origin = self.enterContext(TlsOrigin(context, default=answer))
        yaml = upstream_map({host: self.origin.port for host in self.hosts})
        self.weir = self.enterContext(
            WrappedWeir(
                yaml + "tls: { upstream_ca: '%s' }\n" % pki.ca,
                ["--workers", "1"],
                program=release_binary(),
                before="ulimit -n 20000 && exec",
            )
        )
        self.context = client_context(self.weir.ca)

    def connect(self, number):
        host = self.hosts[number % self.HOSTS]
        client = tunnel(self.weir, host + ":443", context=self.context)
        self.addCleanup(client.drop)
        self.ask(client, host)
        return client, host

    def ask(self, client, host):
        client.send("GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % host)
        self.assertEqual(client.read_response().body, b"x" * KIB)

    def test_are_all_kept_at_little_cost(self):
        self.connect(0)
        before = resident_bytes(self.weir)
        clients = [self.connect(number) for number in range(self.CLIENTS)]
        eventually(lambda: self.upstreams() <= self.UPSTREAMS, "the end of what is too many")
        each = (resident_bytes(self.weir) - before) / self.CLIENTS
        print("%d idle clients: %.1f KiB each, %d descriptors"
              % (self.CLIENTS, each / KIB, self.weir.descriptors()))  # fmt: skip
        if release_binary():
            self.assertLess(each, self.RESIDENT_BYTES)
        self.assertLess(self.weir.descriptors(), self.CLIENTS + self.UPSTREAMS + 100)
        for client, host in clients:
            self.ask(client, host)

    def upstreams(self):
        return status(self.weir)["traffic"]["upstreams"]


class Folder:
    """A temporary folder that contextlib.closing() takes away."""

    def __init__(self):
        self.held = tempfile.TemporaryDirectory(prefix="weir-load-")
        self.path = self.held.name

    def close(self):
        self.held.cleanup()


def zstd_bomb(blocks):
    """A Zstandard frame of so many blocks of 128 KiB, each of four bytes (RFC 8878 §3.1.1)."""
    block = struct.pack("<I", 128 * KIB << 3 | 1 << 1)[:3] + b"\0"
    last = struct.pack("<I", 128 * KIB << 3 | 1 << 1 | 1)[:3] + b"\0"
    return b"\x28\xb5\x2f\xfd\x00\x68" + block * (blocks - 1) + last


def gzip_layers(data, layers):
    for _ in range(layers):
        data = gzip.compress(data, mtime=0)
    return data


BROTLI_16_MIB = base64.b64decode(b"z///f/gnAOKxQCD3/n8=")  # 16 MiB of zeros


class CompressionBombs(Ground):
    """Bodies that become huge when they are decoded, while weir shows bodies (-vv). What is
    passed on stays as it came; what is shown is bounded."""

    RESIDENT_BYTES = 200 * MIB  # with the release build; one decoded body is 16 MiB at most
    SHOWN_BYTES = 4 * MIB  # on the console, for all of them

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bombs = cls.make_bombs()

    @staticmethod
    def make_bombs():
        zeros = gzip.compress(bytes(64 * MIB), mtime=0)
        return {
            "gzip": zeros,
            "gzip, gzip": gzip_layers(bytes(64 * MIB), 2),
            "gzip, gzip, gzip": gzip_layers(bytes(64 * MIB), 3),
            ", ".join(["gzip"] * 12): gzip_layers(b"x", 12),
            "zstd": zstd_bomb(8192),
            "zstd, gzip": gzip.compress(zstd_bomb(8192), mtime=0),
            "br": BROTLI_16_MIB,
            "deflate": zeros[10:-8],
            "gzip, unknown": zeros,
        }

    def test_passes_them_untouched_and_shows_little_of_them(self):
        weir = Weir(self.configuration(), ["-vv", "--color", "never"], program=release_binary())
        with weir, Raw(weir.port) as client:
            for number, (coding, body) in enumerate(self.bombs.items()):
                for kind in ("text/plain", "application/json"):
                    path = "/%d-%s" % (number, kind[0])
                    head = [("Content-Encoding", coding), ("Content-Type", kind)]
                    self.origin.routes[path] = lambda wire, _, b=body, h=head: wire.reply(200, b, h)
                    got = client.get("http://origin.test" + path)
                    self.assertEqual(got.body, body, coding)
                    got = client.request(
                        [
                            "POST http://origin.test/up HTTP/1.1",
                            "Host: origin.test",
                            "Content-Encoding: " + coding,
                            "Content-Length: %d" % len(body),
                        ],
                        body,
                    )
                    self.assertEqual(got.status, 200)
                    self.assertEqual(self.origin.last.body, body)
            flows = weir.flows(4 * len(self.bombs))
            self.assertEqual({flow["reason"] for flow in flows}, {"complete"})
            eventually(lambda: weir.stdout().count(b"GET ") >= 2 * len(self.bombs), "the console")
            self.assertLess(len(weir.stdout()), self.SHOWN_BYTES)
            if weir.program == release_binary():
                self.assertLess(weir.memory_peak_bytes(), self.RESIDENT_BYTES)

    def test_bears_them_under_the_sanitizers_too(self):
        with Weir(self.configuration(), ["-vv"]) as weir, Raw(weir.port) as client:
            for number, (coding, body) in enumerate(self.bombs.items()):
                path = "/%d" % number
                head = [("Content-Encoding", coding)]
                self.origin.routes[path] = lambda wire, _, b=body, h=head: wire.reply(200, b, h)
                self.assertEqual(client.get("http://origin.test" + path).body, body)
            weir.flows(len(self.bombs))


class PatternBombs(unittest.TestCase):
    """Patterns that backtrack for ever, over subjects as long as may be: a search ends by a
    clock, and those who wait behind it are served."""

    RULES = """
rules:
  - { name: h1, match: { header: { x-a: '~(a+)+b' } }, then: 404 }
  - { name: h2, match: { header: { x-a: '~a{0,200}a{0,200}[bc]' } }, then: 404 }
  - { name: u1, match: '~(a+)+b$', then: 404 }
  - { name: u2, match: '~a{0,200}a{0,200}[bc]x', then: 404 }
  - { name: u3, match: '~(?:a|aa)+$b', then: 404 }
"""
    ATTACKERS = 6

    def bomb(self, _):
        with Raw(self.weir.port) as client:
            url = "http://a.test/" + "a" * 15000
            return client.request(
                ["GET %s HTTP/1.1" % url, "Host: a.test", "X-A: " + "a" * 45000]
            ).status

    def test_serves_others_while_patterns_are_searched_in_vain(self):
        origin = self.enterContext(Origin())
        yaml = upstream_map({"a.test": origin.port}) + self.RULES
        self.weir = self.enterContext(Weir(yaml, ["--workers", "1"]))
        longest = 0
        with Load(self.bomb, self.ATTACKERS) as load, Raw(self.weir.port) as client:
            eventually(lambda: load.results, "the first bomb")
            for _ in range(20):
                begin = time.monotonic()
                self.assertEqual(client.get("http://a.test/healthy").status, 200)
                longest = max(longest, time.monotonic() - begin)
        self.assertEqual(load.errors, [])
        self.assertEqual(set(load.results), {200})
        self.assertLess(longest, STALL_S)
        flow = next(f for f in self.weir.ended_flows() if "aaa" in f["url"])
        self.assertIn("took too long", json.dumps(flow["rules"]))


class Floods(unittest.TestCase):
    """What an attacker sends, against what it costs weir: never a hundred times as much memory
    as he sends bytes, never a hundred times the processor time of ordinary requests of as many
    bytes, nor of his own. Meanwhile somebody else is served.

    Measured with the release build where there is one: the sanitizers have costs of their own;
    and without the store, which indexes what it keeps whenever there is time for it."""

    PACKETS_BYTES = 200  # of a TCP connection that carries nothing
    YAML = (
        "timeouts: { connect: 2s }\n"
        "logs: { store: off }\n"
        "rules:\n  - { name: stub, match: stub.test, then: 204 }\n"
    )
    TINY = b"GET http://stub.test/ HTTP/1.1\r\nHost:stub.test\r\n\r\n"

    def setUp(self):
        self.origin = self.enterContext(Origin())
        yaml = upstream_map({"a.test": self.origin.port}) + self.YAML
        self.weir = self.enterContext(Weir(yaml, program=release_binary()))
        self.held = []
        self.addCleanup(self.let_go)
        self.pipeline(self.TINY, 2000)  # what is made once is made now
        self.ordinary = self.ordinary_cost()

    def let_go(self):
        for sock in self.held:
            sock.close()
        self.held.clear()

    def ordinary_cost(self):
        """Processor time for each byte of requests that a browser may send, one by one."""
        head = ["GET http://stub.test/path/to/a/page HTTP/1.1", "Host: stub.test"]
        head += ["User-Agent: Mozilla/5.0 (X11; Linux x86_64)", "Accept: */*", "Accept-Language: en"]
        size = len("\r\n".join(head)) + 4
        before, count = cpu_seconds(self.weir.pid), 0
        with Raw(self.weir.port) as client:
            while count < 2000 or cpu_seconds(self.weir.pid) - before < 0.1:
                client.request(head)
                count += 1
        return (cpu_seconds(self.weir.pid) - before) / (count * size)

    def connect(self):
        sock = socket.create_connection(("127.0.0.1", self.weir.port))
        self.held.append(sock)
        return sock

    def pipeline(self, request, count, answers=True):
        """Many requests at once on one connection; their answers are thrown away."""
        sock, data = self.connect(), request * count
        sender = threading.Thread(target=self.send_all, args=(sock, data))
        sender.start()
        sock.settimeout(1)
        room = bytearray(MIB)
        with contextlib.suppress(OSError):
            while answers and sock.recv_into(room):
                pass
        sender.join()
        sock.close()
        return len(data)

    @staticmethod
    def send_all(sock, data):
        sock.settimeout(10)
        with contextlib.suppress(OSError):
            sock.sendall(data)

    def connections(self, count, say=lambda number: b"", keep=0):
        """Many connections that say something each; the last `keep` of them stay open."""
        sent = 0
        for number in range(count):
            data, sock = say(number), self.connect()
            sock.send(data)
            sent += self.PACKETS_BYTES + len(data)
            if len(self.held) > keep:
                self.held.pop(0).close()
        return sent

    def check(self, attack):
        """Both costs of attack(), which returns the bytes it sent."""
        cpu, memory, mine = cpu_seconds(self.weir.pid), resident_bytes(self.weir), time.process_time()
        waits = []
        with Load(lambda _: waits.append(self.healthy()), 1) as load:
            sent = attack()
            mine = time.process_time() - mine
            time.sleep(0.5)  # what it leaves to be done
        cpu = cpu_seconds(self.weir.pid) - cpu
        memory = resident_bytes(self.weir) - memory
        self.assertEqual(load.errors, [])
        self.assertLess(max(waits), STALL_S)
        self.assertLess(memory, AMPLIFICATION * sent)
        self.assertLess(cpu, AMPLIFICATION * sent * self.ordinary)
        self.assertLess(cpu, AMPLIFICATION * mine)
        self.let_go()

    def healthy(self):
        begin = time.monotonic()
        with Raw(self.weir.port) as client:
            self.assertEqual(client.get("http://stub.test/healthy").status, 204)
        time.sleep(0.05)
        return time.monotonic() - begin

    def test_tiny_requests(self):
        for request in (self.TINY, b"GET / HTTP/1.1\r\nHost:a\r\n\r\n"):
            self.check(lambda r=request: self.pipeline(r, 60000 * FLOOD))

    def test_tiny_requests_whose_answers_are_not_read(self):
        self.check(lambda: self.pipeline(self.TINY, 20000 * FLOOD, answers=False))

    def test_tiny_chunks(self):
        head = b"POST http://a.test/up HTTP/1.1\r\nHost:a.test\r\nTransfer-Encoding:chunked\r\n\r\n"
        body = b"1\r\na\r\n" * 50000 * FLOOD + b"0\r\n\r\n"
        self.check(lambda: self.pipeline(head + body, 1))

    def test_many_fields(self):
        request = self.TINY[:-2] + b"a:\r\n" * 250 + b"\r\n"
        self.check(lambda: self.pipeline(request, 1000 * FLOOD))

    def test_broken_requests(self):
        for data in (b"\r\n\x00\r\n", b"GET http://a b HTTP/1.1\r\n\r\n", b"\x16\x03\x01"):
            self.check(lambda d=data: self.connections(1000 * FLOOD, lambda _: d))

    def test_new_connections(self):
        self.check(lambda: self.connections(3000 * FLOOD))

    def test_connections_that_stay(self):
        for data in (b"", b"G", self.TINY):
            self.check(lambda d=data: self.connections(1500 * FLOOD, lambda _: d, keep=1500))

    def test_connects(self):
        for data in (
            b"CONNECT a.test:443 HTTP/1.1\r\n\r\n",  # then silence: the origin is dialled
            b"CONNECT a HTTP/1.1\r\n\r\n",
            b"CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n",
        ):
            self.check(lambda d=data: self.connections(1000 * FLOOD, lambda _: d, keep=500))

    def test_client_hellos(self):
        """Each for another host, so that each asks for a certificate."""
        hello = client_hello("any.test")

        def say(number):
            host = "127.%d.%d.1:1" % (1 + number // 250, number % 250)
            return b"CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n" % ((host.encode(),) * 2) + hello

        self.check(lambda: self.connections(1500 * FLOOD, say, keep=200))

    def test_halves_of_client_hellos(self):
        hello = b"CONNECT a.test:443 HTTP/1.1\r\n\r\n" + client_hello("a.test")[:-1]
        self.check(lambda: self.connections(1000 * FLOOD, lambda _: hello, keep=1000))


if __name__ == "__main__":
    unittest.main()
