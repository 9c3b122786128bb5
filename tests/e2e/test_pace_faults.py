"""Faults of pace and shape with real clients, over HTTP and over HTTPS: throttling,
dribbling, stalls, cuts, interim responses, copies of requests, requests that wait for each
other. Only lower bounds on time are asserted."""

import threading
import time
import unittest

from weirtest import Ground, Raw, curl, eventually, tunnel

SOME = 64 * 1024
CURL_PARTIAL, CURL_TIMEOUT = 18, 28


def answer(body, *fields):
    lines = ["HTTP/1.1 200 OK", "Content-Length: %d" % len(body), *fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Faults(Ground):
    def timed(self, *args):
        """curl's exit code, what it wrote, and how long it took."""
        begin = time.monotonic()
        code, out, _ = curl(self.weir, *args)
        return code, out, time.monotonic() - begin

    def bases(self):
        return ("http://origin.test", "https://origin.test")

    def serve(self, path, response):
        for origin in (self.origin, self.secure):
            origin.routes[path] = response

    def note_of(self, part, **wanted):
        return [rule["note"] for rule in self.flow_of(part, **wanted)["rules"]]


class Throttle(Faults):
    yaml = """
rules:
  - { name: down, match: /down, then: { throttle: 128KiB/s } }
  - { name: up,   match: /up,   then: { throttle: { request: 128KiB/s } } }
  - { name: made, match: /made, then: [throttle: { response: 80kbit/s }, respond: { text: '%s' }] }
""" % ("x" * 5000)

    def test_takes_its_time_over_a_response(self):
        self.serve("/down", lambda wire, _: wire.send(answer(b"d" * SOME)))
        for base in self.bases():
            code, out, took = self.timed(base + "/down")
            self.assertEqual((code, out), (0, b"d" * SOME))
            self.assertGreaterEqual(took, 0.4)
        flow = self.flow_of("/down")
        self.assertIn("response at 128.0 KiB/s", flow["rules"][0]["note"])
        self.assertGreaterEqual(flow["timings_us"]["injected"], 400000)

    def test_takes_its_time_over_an_upload(self):
        body = b"u" * SOME
        for base in self.bases():
            code, out, took = self.timed(base + "/up", "--data-binary", body.decode(), "-H",
                                         "Expect:")
            self.assertEqual((code, out), (0, b"POST /up"))
            self.assertGreaterEqual(took, 0.4)
        for origin in (self.origin, self.secure):
            self.assertEqual(origin.last.body, body)

    def test_takes_its_time_over_an_answer_of_a_rule(self):
        for base in self.bases():
            code, out, took = self.timed(base + "/made")
            self.assertEqual((code, out), (0, b"x" * 5000))
            self.assertGreaterEqual(took, 0.4)


class Dribble(Faults):
    yaml = """
rules:
  - { name: body,   match: /body,   then: { dribble: 2 B every 50ms } }
  - { name: head,   match: /head,   then: { dribble: { bytes: 8, every: 50ms, head: true } } }
  - { name: chunks, match: /chunks, then: { delay: { chunks: 400ms to 500ms } } }
"""

    def test_lets_a_body_dribble(self):
        self.serve("/body", lambda wire, _: wire.send(answer(b"0123456789" * 2)))
        for base in self.bases():
            code, out, took = self.timed(base + "/body")
            self.assertEqual((code, out), (0, b"0123456789" * 2))
            self.assertGreaterEqual(took, 0.4)

    def test_lets_a_head_dribble(self):
        self.serve("/head", lambda wire, _: wire.send(answer(b"hi")))
        for origin, client, base in self.both():
            with self.subTest(base=base):
                begin = time.monotonic()
                client.send("GET %s/head HTTP/1.1\r\nHost: origin.test\r\n\r\n" % base)
                first = client.read_some()
                self.assertTrue(b"HTTP/1.1".startswith(first[:8]) and len(first) < 30, first)
                client.pending = first
                self.assertEqual(client.read_response().body, b"hi")
                self.assertGreaterEqual(time.monotonic() - begin, 0.2)

    def test_holds_each_piece(self):
        def pieces(wire, _):
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n")
            for piece in ("ab", "cd", "ef"):
                wire.send(piece)
                time.sleep(0.02)

        self.serve("/chunks", pieces)
        for base in self.bases():
            code, out, took = self.timed(base + "/chunks")
            self.assertEqual((code, out), (0, b"abcdef"))
            self.assertGreaterEqual(took, 0.4)  # however many pieces came in one moment


class Stall(Faults):
    yaml = """
rules:
  - { name: body,  match: /body,  then: { stall: 5 } }
  - { name: head,  match: /head,  then: { stall: { head: true } } }
  - { name: while, match: /while, then: { stall: { after: 5, for: 400ms } } }
  - { name: made,  match: /made,  then: [stall: 5, respond: { text: 0123456789 }] }
"""

    def check_stall(self, base, path, sent, *args):
        code, out, _ = self.timed(base + path, "--max-time", "1", *args)
        self.assertEqual((code, out), (CURL_TIMEOUT, sent))
        scheme = base.split(":")[0]
        flow = self.flow_of(scheme + "://origin.test" + path)
        self.assertIn(flow["reason"], ("aborted_by_rule", "client_reset"))
        self.assertIn("stalled ", flow["rules"][0]["note"])

    def test_stops_within_a_body(self):
        self.serve("/body", lambda wire, _: wire.send(answer(b"0123456789")))
        for base in self.bases():
            self.check_stall(base, "/body", b"01234")

    def test_stops_before_the_head(self):
        self.serve("/head", lambda wire, _: wire.send(answer(b"0123456789")))
        for base in self.bases():
            self.check_stall(base, "/head", b"", "--include",
                             "--suppress-connect-headers")

    def test_stops_an_answer_of_a_rule(self):
        for base in self.bases():
            self.check_stall(base, "/made", b"01234")

    def test_goes_on_after_a_time(self):
        self.serve("/while", lambda wire, _: wire.send(answer(b"0123456789")))
        for base in self.bases():
            code, out, took = self.timed(base + "/while")
            self.assertEqual((code, out), (0, b"0123456789"))
            self.assertGreaterEqual(took, 0.4)


class Truncate(Faults):
    yaml = """
rules:
  - { name: cut,   match: /cut/*,  then: { truncate: 5 } }
  - { name: made,  match: /made,   then: [truncate: 0, respond: { text: hello }] }
  - { name: short, match: /short,  then: { truncate: 5 } }
"""

    def test_leaves_a_response_incomplete(self):
        self.serve("/cut/length", lambda wire, _: wire.send(answer(b"0123456789")))
        self.serve("/cut/chunks", lambda wire, _: wire.send(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n"))
        for path, sent in (("/cut/length", b"01234"), ("/cut/chunks", b"01234"), ("/made", b"")):
            for base in self.bases():
                code, out, _ = self.timed(base + path)
                self.assertEqual((code, out), (CURL_PARTIAL, sent), path)
                scheme = base.split(":")[0]
                flow = self.flow_of(scheme + "://origin.test" + path)
                self.assertEqual(flow["reason"], "aborted_by_rule")

    def test_leaves_a_short_body_alone(self):
        self.serve("/short", lambda wire, _: wire.send(answer(b"01234")))
        for base in self.bases():
            code, out, _ = self.timed(base + "/short")
            self.assertEqual((code, out), (0, b"01234"))
        self.assertIn("skipped: the body was too short", self.note_of("/short"))


class Shape(Faults):
    yaml = """
rules:
  - { name: hints, match: /hints, then: { info: { status: 103, headers: { link: '</a.css>; rel=preload' } } } }
  - { name: twice, match: /twice, then: { duplicate: 2 } }
"""

    def test_sends_an_interim_response(self):
        for origin, client, base in self.both():
            with self.subTest(base=base):
                client.send("GET %s/hints HTTP/1.1\r\nHost: origin.test\r\n\r\n" % base)
                early = client.read_response()
                self.assertEqual((early.status, early.get("link")), (103, "</a.css>; rel=preload"))
                self.assertEqual(early.get("x-weir-rule"), "hints")
                final = client.read_response()
                self.assertEqual((final.status, final.body), (200, b"GET /hints"))
        flow = self.flow_of("/hints")
        self.assertEqual([(i["status_code"], i["injected"]) for i in flow["interim"]],
                         [(103, True)])

    def test_sends_a_request_several_times(self):
        for base, origin in (("http://origin.test", self.origin),
                             ("https://origin.test", self.secure)):
            with self.subTest(base=base):
                code, out, _ = self.timed(base + "/twice", "--data-binary", "order=7")
                self.assertEqual((code, out), (0, b"POST /twice"))
                eventually(lambda: len(origin.requests) == 3, "three requests")
                self.assertEqual({r.body for r in origin.requests}, {b"order=7"})
                self.assertEqual({r.get("host") for r in origin.requests}, {"origin.test"})

                def mine():
                    flows = [f for f in self.weir.ended_flows() if f["url"] == base + "/twice"]
                    return len(flows) == 3 and flows

                flows = eventually(mine, "three flows")
                original = [f for f in flows if "duplicate_of" not in f]
                copies = [f for f in flows if f.get("duplicate_of") == original[0]["id"]]
                self.assertEqual(len(copies), 2)
                self.assertEqual({f["status_code"] for f in copies}, {200})


class Gather(Ground):
    """On several loops: the requests of one rule wait for each other wherever they are."""

    yaml = """
rules:
  - { name: race,    match: /race,    then: { gather: { count: 8, timeout: 60s } } }
  - { name: reverse, match: /reverse, then: { gather: { count: 8, order: reverse, timeout: 60s } } }
  - { name: few,     match: /few,     then: { gather: { count: 8, timeout: 300ms } } }
"""
    arguments = ("--workers", "4")

    def ask_all(self, path, count):
        """The bodies that `count` clients get, each on a connection of its own."""
        bodies = []

        def ask(number):
            with Raw(self.weir.port) if number % 2 else tunnel(self.weir, "origin.test:443") as raw:
                base = "http://origin.test" if number % 2 else ""
                bodies.append(self.ask(raw, "%s%s?%d" % (base, path, number)).body)

        threads = [threading.Thread(target=ask, args=(i,)) for i in range(count)]
        for thread in threads[:-1]:
            thread.start()
        time.sleep(0.3)
        early = len(bodies)
        threads[-1].start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(set(bodies)), count)
        return early

    def notes(self, path):
        flows = [f for f in self.weir.flows(8) if path in f["url"]]
        return [rule["note"] for flow in flows for rule in flow["rules"]]

    def test_lets_all_go_when_the_last_one_has_come(self):
        for path in ("/race", "/reverse"):
            with self.subTest(path=path):
                self.assertEqual(self.ask_all(path, 8), 0)
                self.assertNotIn("let go before all had come", self.notes(path))

    def test_lets_those_go_that_have_come_in_time(self):
        self.ask_all("/few", 2)
        eventually(lambda: "let go before all had come" in self.notes("/few"), "a note")


if __name__ == "__main__":
    unittest.main()
