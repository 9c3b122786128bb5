"""Ending and reloading: by signals, and over the control socket."""

import json
import signal
import threading
import time
import unittest

from weirtest import Origin, Raw, Weir, curl_status, eventually, upstream_map

DRAIN_S = 10  # what runs is given this long after the first SIGTERM


class Slow:
    """An origin whose /slow answers half, and the rest when told."""

    def __init__(self):
        self.go = threading.Event()
        self.origin = Origin({"/slow": self.answer})

    def answer(self, wire, _):
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
        self.go.wait(60)
        wire.send("more")

    def __enter__(self):
        self.origin.__enter__()
        return self

    def __exit__(self, *args):
        self.go.set()
        self.origin.__exit__(*args)


def begin_slow(weir):
    """A client that has the first half of /slow."""
    client = Raw(weir.port)
    client.send("GET http://a.test/slow HTTP/1.1\r\nHost: a.test\r\n\r\n")
    client.read_until(b"\r\n\r\n")
    client.read_exactly(4)
    return client


def refuses_connections(weir):
    try:
        with Raw(weir.port, timeout=1) as client:
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            client.read_response()
            return False
    except (OSError, EOFError):
        return True


class Ending(unittest.TestCase):
    def test_finishes_what_runs_on_sigterm_and_sigint(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Slow() as slow, Weir(upstream_map({"a.test": slow.origin.port})) as weir:
                client = begin_slow(weir)
                weir.signal(number)
                eventually(lambda: refuses_connections(weir), "the end of accepting")
                slow.go.set()
                self.assertEqual(client.read_exactly(4), b"more")
                self.assertEqual(client.read_to_end(), b"")
                self.assertEqual(weir.wait(), 0)
                self.assertEqual([f["reason"] for f in weir.ended_flows(kind="http")], ["complete"])

    def test_does_not_wait_for_idle_clients(self):
        with Origin() as origin, Weir(upstream_map({"a.test": origin.port})) as weir:
            idle, silent = Raw(weir.port), Raw(weir.port)
            self.assertEqual(idle.get("http://a.test/x").status, 200)
            start = time.monotonic()
            weir.signal(signal.SIGTERM)
            self.assertEqual(weir.wait(DRAIN_S + 10), 0)
            self.assertLess(time.monotonic() - start, DRAIN_S - 2)
            self.assertEqual(idle.read_to_end(), b"")
            silent.drop()

    def test_ends_at_once_on_the_second_signal(self):
        with Slow() as slow, Weir(upstream_map({"a.test": slow.origin.port})) as weir:
            client = begin_slow(weir)
            start = time.monotonic()
            weir.signal(signal.SIGTERM)
            eventually(lambda: refuses_connections(weir), "the end of accepting")
            weir.signal(signal.SIGTERM)
            weir.expected_code = weir.wait(DRAIN_S + 10)
            self.assertLess(time.monotonic() - start, DRAIN_S - 2)
            self.assertIn(weir.expected_code, (0, 1, 128 + signal.SIGTERM, -signal.SIGTERM))
            client.drop()

    def test_cuts_what_does_not_end(self):
        with Slow() as slow, Weir(upstream_map({"a.test": slow.origin.port})) as weir:
            client = begin_slow(weir)
            weir.signal(signal.SIGTERM)
            self.assertEqual(weir.wait(DRAIN_S + 20), 0)
            self.assertEqual([f["reason"] for f in weir.ended_flows(kind="http")], ["shut_down"])
            client.drop()


class Reloading(unittest.TestCase):
    def setUp(self):
        self.origin = self.enterContext(Origin())
        self.map = upstream_map({"a.test": self.origin.port})
        self.weir = self.enterContext(Weir(self.rules(410)))

    def rules(self, status):
        return self.map + "rules:\n  - { name: gone, match: GET a.test/x, then: %d }\n" % status

    def status(self):
        return curl_status(self.weir, "http://a.test/x")[0]

    def test_takes_new_rules_on_sighup(self):
        self.assertEqual(self.status(), 410)
        self.weir.reload(self.rules(451))
        eventually(lambda: self.status() == 451, "the new rule")

    def test_keeps_the_rules_when_the_new_ones_are_bad(self):
        before = len(self.weir.stderr)
        self.weir.reload(self.rules(451).replace("then:", "than:"))
        line = self.weir.wait_stderr(r"proxy\.yaml:\d+:\d+", start=before)
        self.assertIn("proxy.yaml", line)
        self.assertTrue(any("than" in text for text in self.weir.stderr[before:]))
        self.assertEqual(self.status(), 410)
        self.weir.reload(self.rules(451))
        eventually(lambda: self.status() == 451, "the new rule")

    def test_loses_no_request_while_it_reloads(self):
        statuses, done = set(), threading.Event()

        def ask():
            with Raw(self.weir.port) as client:
                while not done.is_set():
                    statuses.add(client.get("http://a.test/x").status)

        clients = [threading.Thread(target=ask) for _ in range(4)]
        for client in clients:
            client.start()
        for status in [451, 404, 410] * 5:
            self.weir.reload(self.rules(status))
            time.sleep(0.05)
        done.set()
        for client in clients:
            client.join(30)
        self.assertLessEqual(statuses, {451, 404, 410})


class Control(unittest.TestCase):
    def setUp(self):
        self.origin = self.enterContext(Origin())
        self.map = upstream_map({"a.test": self.origin.port})
        self.weir = self.enterContext(Weir(self.map))

    def test_tells_how_it_is(self):
        curl_status(self.weir, "http://a.test/x")
        code, out, err = self.weir.cli("status", "--json")
        self.assertEqual(code, 0, err)
        self.assertIn(str(self.weir.port), json.dumps(json.loads(out)))
        code, out, err = self.weir.cli("status", "--instance", str(self.weir.port))
        self.assertEqual(code, 0, err)
        self.assertIn(str(self.weir.port), out)

    def test_reloads_when_told(self):
        self.weir.write_yaml(self.map + "rules:\n  - { match: GET a.test/x, then: 404 }\n")
        code, _, err = self.weir.cli("reload")
        self.assertEqual(code, 0, err)
        eventually(lambda: curl_status(self.weir, "http://a.test/x")[0] == 404, "the new rule")

    def test_says_what_is_wrong_with_a_reload(self):
        self.weir.write_yaml(self.map + "rules:\n  - { match: GET a.test/x, than: 404 }\n")
        code, out, err = self.weir.cli("reload")
        self.assertEqual(code, 3, err)
        self.assertIn("than", out + err)

    def test_stops_when_told(self):
        code, _, err = self.weir.cli("stop")
        self.assertEqual(code, 0, err)
        self.assertEqual(self.weir.wait(), 0)

    def test_says_that_nobody_is_there(self):
        self.weir.cli("stop")
        self.weir.wait()
        for verb in ("status", "reload", "stop"):
            code, _, err = self.weir.cli(verb)
            self.assertEqual(code, 5, err)
            self.assertTrue(err)


if __name__ == "__main__":
    unittest.main()
